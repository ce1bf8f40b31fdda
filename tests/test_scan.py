"""Many files: what is found, what a bad file, a killed worker and a killed scan cost, and where results go."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
import hostile
from anykeras.cli.main import app
from anykeras.scanning import one_file
from genuine import FIXTURES

RUN = CliRunner()


def dense(units: int = 3, kind: str = "Dense") -> dict[str, Any]:
    return hostile.sequential(hostile.layer(kind, {"units": units, "name": "dense", "activation": "relu"}))


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """Six models in folders, one of them hostile and one cut off, beside files that are none."""
    root = tmp_path / "models"
    (root / "deep" / "er").mkdir(parents=True)
    for number in range(3):
        write_model(root / "deep" / f"m{number}.keras", number + 1)
    write_model(root / "deep" / "er" / "unknown_suffix", 4)
    hostile.as_keras(hostile.sequential(hostile.thing("os", "system")))(root / "evil")
    (root / "cut.keras").write_bytes((root / "deep" / "m0.keras").read_bytes()[:-300])
    (root / "notes.txt").write_text("class_names are listed here\n")
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    np.savez(root / "data.npz", x=np.zeros(3))
    return root


def write_model(path: Path, units: int) -> None:
    import io

    import h5py

    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        file["layers/dense/vars/0"] = np.full((4, units), 0.5, "float32")
        file["layers/dense/vars/1"] = np.zeros(units, "float32")
    path.write_bytes(hostile.keras_zip(dense(units), extra={"model.weights.h5": held.getvalue()}))


def rows(path: str) -> dict[str, dict[str, Any]]:
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    found = {os.path.basename(row["path"]): dict(row) for row in base.execute("SELECT * FROM files")}
    base.close()
    return found


def test_models_are_found_by_content_and_described(registry: Path, tmp_path: Path) -> None:
    names = ["all.jsonl", "all.csv"]
    found = anykeras.scan(
        str(registry), jobs=2, convert=str(tmp_path / "new"), exports=[str(tmp_path / name) for name in names]
    )
    assert (found.files, found.skipped, found.results) == (6, 0, f"{registry}.scan.sqlite")
    kept = rows(found.results)
    assert set(kept) == {"m0.keras", "m1.keras", "m2.keras", "unknown_suffix", "evil.keras", "cut.keras"}
    assert kept["m2.keras"]["status"] == "done" and kept["m2.keras"]["parameters"] == 15
    assert kept["evil.keras"]["severity"] == "critical" and kept["cut.keras"]["refusal_code"] == "AK1104"
    written = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*.keras")}
    assert written == {f"deep/m{number}.keras" for number in range(3)} | {"deep/er/unknown_suffix.keras"}
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert len(lines) == 6 and any(one["code"] == "AK8004" for line in lines for one in line["findings"])
    with open(tmp_path / "all.csv", newline="") as file:
        assert {row["status"] for row in csv.DictReader(file)} == {"done", "refused"}


def test_unchanged_files_are_skipped_and_changed_ones_are_not(registry: Path) -> None:
    results = str(registry.parent / "r.sqlite")
    anykeras.scan(str(registry), jobs=1, results=results)
    os.utime(registry / "deep" / "m0.keras", (1, 1))  # another date, the same content
    write_model(registry / "deep" / "m1.keras", 9)
    seen = []
    again = anykeras.scan(str(registry), jobs=1, results=results, progress=lambda state: seen.append(state.outcome))
    assert (again.files, again.skipped) == (2, 4)
    assert {(os.path.basename(one["path"]), one["same"]) for one in seen} == {("m0.keras", True), ("m1.keras", False)}
    assert rows(results)["m1.keras"]["parameters"] == 45 and rows(results)["m0.keras"]["parameters"] == 5
    assert anykeras.scan(str(registry), jobs=1, results=results).files == 0


def test_what_an_earlier_scan_wrote_is_known_to_a_later_one(registry: Path, tmp_path: Path) -> None:
    """Pages after conversions: the converted models stay in the results, and neither is made again."""
    pytest.importorskip("jinja2")
    results, new, pages = str(tmp_path / "r.sqlite"), str(tmp_path / "new"), str(tmp_path / "pages")
    anykeras.scan(str(registry), jobs=1, results=results, convert=new)
    assert anykeras.scan(str(registry), jobs=1, results=results, html=pages).files == 6
    kept = rows(results)["m1.keras"]
    assert kept["converted"] == os.path.join(new, "deep", "m1.keras") and kept["fidelity"] == "exact"
    assert os.path.isfile(os.path.join(pages, "deep", "m1.keras.html"))
    for done in ({"convert": new}, {"html": pages}, {"convert": new, "html": pages}, {}):
        assert anykeras.scan(str(registry), jobs=1, results=results, **done).files == 0  # type: ignore[arg-type]
    write_model(registry / "deep" / "m1.keras", 9)
    again = anykeras.scan(str(registry), jobs=1, results=results, html=pages)
    assert again.files == 1 and rows(results)["m1.keras"]["converted"] == ""  # that was another model


def test_what_a_scan_converts_inside_its_root_is_no_model_of_the_next(registry: Path) -> None:
    results, new = str(registry.parent / "r.sqlite"), str(registry / "new")
    done = {"jobs": 1, "results": results, "convert": new}
    assert anykeras.scan(str(registry), **done).files == 6  # type: ignore[arg-type]
    again = anykeras.scan(str(registry), **done)  # type: ignore[arg-type]
    assert (again.files, again.skipped) == (0, 6) and not os.path.exists(os.path.join(new, "new"))
    assert anykeras.scan(str(registry), jobs=1, results=results, convert=str(registry)).files == 10  # beside the originals


def test_what_a_killed_scan_had_written_is_its_own(registry: Path, tmp_path: Path) -> None:
    """A conversion whose outcome was not kept any more: written anew, where another scan refuses to write over it."""
    results, new = str(tmp_path / "r.sqlite"), str(tmp_path / "new")
    done = anykeras.scan(str(registry), jobs=1, results=results, convert=new).counts["status"]
    base = sqlite3.connect(results)
    base.execute("DELETE FROM files")
    base.commit()
    base.close()
    assert anykeras.scan(str(registry), jobs=1, results=results, convert=new).counts["status"] == done
    other = anykeras.scan(str(registry), jobs=1, results=str(tmp_path / "other.sqlite"), convert=new)
    assert dict(other.counts["refusal_code"])["AK6010"] == 4


def test_weights_alone_are_converted_as_convert_does(tmp_path: Path) -> None:
    """With the architecture of the same name beside them; else refused, not done."""
    root = tmp_path / "models"
    root.mkdir()
    for name in ("lambdas_in_submodels.json", "lambdas_in_submodels.weights.h5"):
        shutil.copy(FIXTURES / "keras2.2-tf" / name, root)
    shutil.copy(FIXTURES / "keras2.2-tf" / "shapes_and_noise.weights.h5", root / "other.weights.h5")
    found = anykeras.scan(str(root), jobs=1, convert=str(tmp_path / "new"))
    kept = rows(found.results)
    assert kept["lambdas_in_submodels.weights.h5"]["converted"].endswith("lambdas_in_submodels.weights.h5.keras")
    assert kept["other.weights.h5"]["status"] == "refused" and kept["other.weights.h5"]["refusal_code"]


def children() -> list[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    if not listed.exists():
        pytest.skip("children of a process are not listed here")
    found = [int(number) for number in listed.read_text().split()]
    return [one for one in found if b"anykeras.scanning.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGKILL, "crashed"), (signal.SIGSTOP, "stopped")])
def test_a_worker_that_dies_or_hangs_costs_one_file(tmp_path: Path, sent: int, status: str) -> None:
    root = tmp_path / "models"
    root.mkdir()
    for number in range(12):
        write_model(root / f"m{number:02}.keras", number + 1)

    def disturb(state: Any) -> None:
        if state.done == 4:  # the worker gets its next file and is gone before it answers
            os.kill(children()[0], sent)

    found = anykeras.scan(str(root), jobs=1, seconds=10, progress=disturb)
    counts = dict(found.counts["status"])
    assert found.files == 12 and counts["done"] == 11 and counts[status] == 1


def test_a_scan_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    root, results = tmp_path / "models", tmp_path / "r.sqlite"
    root.mkdir()
    for number in range(60):
        write_model(root / f"m{number:02}.keras", number + 1)
    command = [sys.executable, "-m", "anykeras", "scan", str(root), "-j", "1", "--results", str(results)]
    env = {**os.environ, "PYTHONPATH": str(Path(anykeras.__file__).parents[1])}
    running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    while running.poll() is None and count(results) < 5:
        time.sleep(0.02)
    running.kill()
    running.wait()
    kept = count(results)
    again = anykeras.scan(str(root), jobs=1, results=str(results))
    assert kept >= 5 and (again.skipped, again.files) == (kept, 60 - kept)
    assert dict(again.counts["status"]) == {"done": 60}


def count(path: Path) -> int:
    if not path.exists():
        return 0
    base = sqlite3.connect(path)
    try:
        return int(base.execute("SELECT COUNT(*) FROM files").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        base.close()


def test_the_command_line_sums_up(registry: Path) -> None:
    done = RUN.invoke(app, ["scan", str(registry), "-j", "1"])
    assert done.exit_code == 0, done.output
    assert "6 files" in done.output and "refusal code  AK1104 1" in done.output and "critical 1" in done.output
    data = json.loads(RUN.invoke(app, ["scan", str(registry), "-j", "1", "--json"]).output)
    summary, *files = data["results"]
    assert summary["data"]["skipped"] == 6 and summary["data"]["severity"]["critical"] == 1
    by_name = {os.path.basename(one["path"]): one for one in files}
    assert len(files) == 6 and by_name["m2.keras"]["data"]["parameters"] == 15
    assert by_name["cut.keras"]["data"]["refusal_code"] == "AK1104"
    assert "AK8004" in {one["code"] for one in by_name["evil.keras"]["notices"]}
    assert RUN.invoke(app, ["scan", str(registry / "nothing")]).exit_code == 2


def test_parquet(registry: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    anykeras.scan(str(registry), jobs=1, exports=[str(tmp_path / "all.parquet")])
    table = parquet.read_table(tmp_path / "all.parquet").to_pydict()
    assert len(table["path"]) == 6 and "AK8004" in {one["code"] for row in table["findings"] for one in row}


def test_verbs_take_folders_patterns_lists_and_standard_input(registry: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{registry / 'evil.keras'}\n{registry / 'deep' / 'm0.keras'}\n")
    asked: list[tuple[list[str], str | None, int]] = [
        ([str(registry)], None, 6),
        ([str(registry / "deep" / "*.keras")], None, 3),
        ([str(registry / "deep"), str(registry / "deep" / "m0.keras")], None, 4),
        ([f"@{listed}"], None, 2),
        (["-"], listed.read_text(), 2),
    ]
    for arguments, given, expected in asked:
        done = RUN.invoke(app, ["audit", *arguments, "--format", "json"], input=given)
        assert len(json.loads(done.output)["results"]) == expected
    done = RUN.invoke(app, ["inspect", str(registry), "--format", "json"])
    statuses = {os.path.basename(one["path"]): one["status"] for one in json.loads(done.output)["results"]}
    assert done.exit_code == 2 and statuses["m0.keras"] == "done" and statuses["cut.keras"] == "refused"


def test_convert_takes_several_files_and_a_folder(registry: Path, tmp_path: Path) -> None:
    done = RUN.invoke(app, ["convert", str(registry / "deep"), str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    written = sorted(str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file())
    assert written == ["er/unknown_suffix.keras", "m0.keras", "m1.keras", "m2.keras"]
    assert RUN.invoke(app, ["convert", str(registry / "cut.keras")]).exit_code == 2


def test_every_verb_takes_several_files(registry: Path, tmp_path: Path) -> None:
    """Those with an output write into a folder; a refusal of one file keeps no other from its result."""
    deep, new = str(registry / "deep"), str(tmp_path / "new")
    assert RUN.invoke(app, ["convert", deep, new]).exit_code == 0

    def call(*arguments: object) -> tuple[int, dict[str, str]]:
        done = RUN.invoke(app, [*(str(argument) for argument in arguments), "--format", "json"])
        results = json.loads(done.stdout)["results"]
        return done.exit_code, {os.path.basename(one["path"]): one["status"] for one in results}

    models = ["m0.keras", "m1.keras", "m2.keras", "unknown_suffix"]
    assert call("verify", deep, "--against", new) == (0, dict.fromkeys(models, "done"))
    code, seen = call("verify", str(registry / "deep" / "*.keras"))
    assert code == 1 and seen == dict.fromkeys(models[:3], "found")  # NOT VERIFIED: nothing to compare each with
    os.remove(tmp_path / "new" / "m1.keras")
    code, seen = call("verify", deep, "--against", new)
    assert code == 2 and seen == {**dict.fromkeys(models, "done"), "m1.keras": "refused"}
    shown = RUN.invoke(app, ["verify", deep, "--against", new]).stdout
    assert all(f"deep/{name}" in shown for name in ("m0.keras", "m2.keras"))
    assert call("check", deep, "--for", "keras-3.10")[1].keys() == set(models)
    into = str(registry / "deep" / "m0.keras")
    shutil.copy(into, tmp_path / "epoch2.keras")
    code, seen = call("transfer", into, tmp_path / "epoch2.keras", "--into", into, "-o", tmp_path / "filled")
    assert code == 0 and (tmp_path / "filled" / "epoch2.keras").is_file()
    pytest.importorskip("jinja2")
    code, seen = call("report", deep, "-o", tmp_path / "pages")
    assert code == 0 and seen == dict.fromkeys(models, "done") and (tmp_path / "pages" / "m0.keras.html").is_file()
    wrong = RUN.invoke(app, ["verify", deep, "--recording", "x.npz"])
    assert wrong.exit_code == 2 and "one file" in wrong.stderr


def test_urls_are_read_by_ranges(registry: Path, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe("/models/m0.keras", (registry / "deep" / "m0.keras").read_bytes())
    store.pipe("/models/evil.keras", (registry / "evil.keras").read_bytes())
    big = bytes(64 << 20)
    write_model(tmp_path / "big.keras", 3)
    store.pipe("/models/big.bin", (tmp_path / "big.keras").read_bytes()[:100] + big)
    try:
        assert anykeras.inspect("memory://models/m0.keras").as_dict()["layers"][-1]["class"] == "Dense"
        assert str(anykeras.audit("memory://models/evil.keras").severity) == "critical"
        anykeras.convert("memory://models/m0.keras", tmp_path / "m0.keras")
        assert (tmp_path / "m0.keras").stat().st_size > 1000
        with pytest.raises(anykeras.AnyKerasError, match="AK1001"):
            anykeras.inspect("memory://models/none.keras")
        fetched = []
        original = type(store).cat_file
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                type(store), "cat_file", lambda self, path, start=None, end=None: (
                    fetched.append(end - start), original(self, path, start=start, end=end))[1]
            )  # fmt: skip
            with pytest.raises(anykeras.AnyKerasError):
                anykeras.inspect("memory://models/big.bin")
        assert 0 < sum(fetched) < 4 << 20
        done = RUN.invoke(app, ["audit", "memory://models/", "--format", "json"])
        assert len(json.loads(done.output)["results"]) == 3
    finally:
        store.rm("/models", recursive=True)


RAY = """
import os, signal, sys, threading
import anykeras
import ray
if __name__ == "__main__":
    root, results, slow = sys.argv[1:]
    ray.init(num_cpus=2, log_to_driver=False, logging_level="error", include_dashboard=False)
    killed = []
    def disturb(state):
        if state.done in (3, 20):
            for number in os.listdir("/proc"):
                try:
                    line = open(f"/proc/{number}/cmdline").read()
                except OSError:
                    continue
                if number.isdigit() and line.startswith("ray::") and "process_all" in line and parent(number):
                    os.kill(int(number), signal.SIGKILL)
                    killed.append(number)
                    break
    def parent(number):
        seen = number
        while seen not in ("0", "1"):
            if seen == str(os.getpid()):
                return True
            seen = open(f"/proc/{seen}/stat").read().rsplit(")", 1)[1].split()[1]
        return False
    found = anykeras.scan(root, results=results, jobs=2, ray="local", progress=disturb)
    print(found.files, dict(found.counts["status"]), len(killed) > 0)
    found = anykeras.scan(slow, results=slow + ".sqlite", ray="local", seconds=3)
    print({os.path.basename(row["path"]): row["status"] for row in found.rows()})
"""


def test_ray_does_the_same_and_outlives_its_workers(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'anykeras[ray]'")
    if not Path("/proc/self/stat").exists():
        pytest.skip("processes are not listed here")
    root = tmp_path / "models"
    root.mkdir()
    for number in range(120):
        write_model(root / f"m{number:03}.keras", number % 7 + 1)
    script = tmp_path / "run.py"
    script.write_text(RAY)
    env = {**os.environ, "PYTHONPATH": str(Path(anykeras.__file__).parents[1])}
    slow = tmp_path / "slow"
    slow.mkdir()
    write_model(slow / "quick.keras", 3)
    many = (hostile.layer("Dense", {"units": 3, "name": f"d{number}"}) for number in range(40_000))
    (slow / "endless.keras").write_bytes(hostile.keras_zip(hostile.sequential(*many)))
    command = [sys.executable, str(script), str(root), str(tmp_path / "ray.sqlite"), str(slow)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stdout.splitlines() if "raylet" not in line]  # Ray tells of each worker that ended
    assert said == [
        "120 {'done': 120} True",
        "{'endless.keras': 'stopped', 'quick.keras': 'done'}",  # out of time, not crashed: as without Ray
    ]
    anykeras.scan(str(root), results=str(tmp_path / "own.sqlite"), jobs=2)
    one, other = rows(str(tmp_path / "ray.sqlite")), rows(str(tmp_path / "own.sqlite"))
    for table in (one, other):
        for row in table.values():
            del row["seconds"]
    assert one == other


def test_a_missing_package_is_named_with_its_extra(registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wording for every extra, whatever needs it."""
    asked = {
        "fsspec": lambda: anykeras.inspect("memory://models/m0.keras"),
        "pyarrow": lambda: anykeras.scan(str(registry), jobs=1, exports=[str(tmp_path / "all.parquet")]),
        "ray": lambda: anykeras.scan(str(registry), ray="local"),
        "jinja2": lambda: anykeras.report(registry / "deep" / "m0.keras", tmp_path / "page.html"),
    }
    extras = {"fsspec": "remote", "pyarrow": "parquet", "ray": "ray", "jinja2": "report"}
    for package, ask in asked.items():
        for name in [name for name in sys.modules if name.partition(".")[0] == package] + [package]:
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(anykeras.AnyKerasError, match=rf"AK6051.*{package}, which is not installed") as refused:
            ask()
        assert f"anykeras[{extras[package]}]" in str(refused.value)


def test_what_was_found_of_many_files_fails_and_is_reported(registry: Path, tmp_path: Path) -> None:
    command = ["scan", str(registry), "-j", "1", "--results", str(tmp_path / "r.sqlite")]
    assert RUN.invoke(app, command).exit_code == 0
    assert RUN.invoke(app, [*command, "--fail-on", "critical"]).exit_code == 1
    codes = {one["code"] for row in anykeras.scan(str(registry), results=command[-1]).rows() for one in row["findings"]}
    ignored = [part for code in codes for part in ("--ignore", code)]
    shown = RUN.invoke(app, [*command, "--fail-on", "critical", *ignored])
    assert shown.exit_code == 0 and "AK8004" not in shown.stdout
    sarif = json.loads(RUN.invoke(app, [*command, "--format", "sarif"]).stdout)["runs"][0]["results"]
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].rpartition("/")[2] for one in sarif}
    assert {"evil.keras", "cut.keras"} <= places and {"AK8004", "AK1104"} <= {one["ruleId"] for one in sarif}


@pytest.mark.parametrize("name", ["new.keras", "models/cut.keras"])
def test_several_files_do_not_go_into_one(registry: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = RUN.invoke(app, ["convert", str(registry / "deep"), name])
    assert shown.exit_code == 2 and "OUTPUT" in shown.stderr and not os.path.exists("new.keras"), shown.output


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A full or read-only disk is no crash of AnyKeras: here a file stands where the folder would be."""
    write_model(tmp_path / "model.h5", 3)
    (tmp_path / "made").write_text("mine")
    done = one_file.process({"path": str(tmp_path / "model.h5"), "convert_to": str(tmp_path / "made" / "x.keras")})
    assert (done["status"], done["refusal_code"]) == ("refused", "AK6022") and str(tmp_path / "made") in done["refusal"]
    assert (tmp_path / "made").read_text() == "mine"
