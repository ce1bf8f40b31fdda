"""Every verb on files that name what no model may name: nothing of them runs, is imported, opened or written on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import app
from anykeras.errors import TargetError
from genuine import FIXTURES

HERE = Path(__file__).parent

SCRIPT = """
import os, sys, tempfile, zipfile
from pathlib import Path
import keras
import anykeras, hostile_names, measure_burdens as verbs
from anykeras.boundary import guard_verb

folder, outputs, every = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = hostile_names.make_all(Path(folder))[::every]
keras.config.enable_unsafe_deserialization()
verbs.import_all(True)
own = (sys.prefix, sys.base_prefix, os.path.dirname(anykeras.__path__[0]), folder, outputs, "/proc", "/dev/null")
known = {name.split(".")[0] for name in sys.modules} | set(sys.stdlib_module_names) | {"linkify_it", "ctags"}
watching = False

def watch(event, args):
    if not watching:
        return
    if event == "open" and isinstance(args[0], str):
        stays = args[0].startswith(own) and not (args[0].startswith(folder) and set(args[1] or "") & set("wax+"))
    elif event == "import":
        stays = args[0].split(".")[0] in known
    else:
        stays = not event.startswith(("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.", "socket.", "urllib.",
                                      "ctypes.", "pickle.", "sqlite3.", "http.", "webbrowser."))
    if not stays:
        print("EVENT", event, args)

sys.addaudithook(watch)
count = 0
for file in files:
    for name in VERBS:
        with tempfile.TemporaryDirectory(dir=outputs) as output:
            watching = True
            try:
                guard_verb(verbs.VERBS[name])(str(file), output)
            except anykeras.errors.Bug as error:
                print("BUG", name, file.name, repr(error.__cause__))
            except anykeras.AnyKerasError:
                pass
            watching = False
            count += 1
            for path in Path(output).rglob("*"):
                if path.suffix not in (".html", "") and path.is_file():
                    data = path.read_bytes() if path.suffix != ".keras" else zipfile.ZipFile(path).read("config.json")
                    if found := [mark for mark in hostile_names.MARKS if mark.encode() in data]:
                        print("WRITTEN", name, file.name, found)
print(count > 100, os.listdir("."))
"""


def _run(tmp_path: Path, verbs: str, every: int) -> str:
    for name in ("files", "outputs", "empty"):
        (tmp_path / name).mkdir()
    paths = [str(Path(anykeras.__file__).parents[1]), str(HERE), str(HERE.parent / "scripts")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "KERAS_BACKEND": "numpy", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-c",
        SCRIPT.replace("VERBS:", f"{verbs}:", 1),
        str(tmp_path / "files"),
        str(tmp_path / "outputs"),
    ]
    done = subprocess.run([*command, str(every)], capture_output=True, text=True, cwd=tmp_path / "empty", env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_nothing_of_a_file_runs_or_is_written_on(tmp_path: Path) -> None:
    assert (
        _run(tmp_path, '("convert", "tfjs", "older", "load_model", "verify", "report", "check", "explain")', 3) == "True []\n"
    )


def test_a_name_in_a_cell_is_written_for_no_release(tmp_path: Path) -> None:
    import hostile

    cell = hostile.thing("os", "system", {"command": "touch canary"})
    hostile.as_keras(hostile.sequential(hostile.layer("RNN", {"name": "rnn", "cell": cell})))(tmp_path / "x")
    assert zipfile.is_zipfile(tmp_path / "x.keras")
    for target, name in (("keras", "a.keras"), ("keras-3.6", "b.keras"), ("tf.keras-2.15", "c.h5"), ("tfjs", "d")):
        try:
            anykeras.convert(tmp_path / "x.keras", tmp_path / name, target=target)
        except anykeras.AnyKerasError as error:
            assert error.code in ("AK6002", "AK6040"), error
        assert not (tmp_path / name).exists()


SOURCE = FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5"


def test_a_scan_writes_over_nothing_that_it_reads(tmp_path: Path) -> None:
    model = tmp_path / "model.csv"
    model.write_bytes(SOURCE.read_bytes())
    os.link(model, tmp_path / "other.csv")
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "nothing")
    for name in ("model.csv", "other.csv", "nowhere.csv", "a\0.csv", "a" * 300 + ".csv"):
        with pytest.raises(TargetError):
            anykeras.scan([str(model)], results=str(tmp_path / "r.sqlite"), exports=[str(tmp_path / name)], jobs=1)
    for name in ("nowhere.csv", "a\0", "-"):
        with pytest.raises(TargetError):
            anykeras.scan([str(model)], results=str(tmp_path / name) if name != "-" else name, jobs=1)
    for name in ("=1+1.npz", "model.npz"):
        with pytest.raises(TargetError):
            anykeras.verify(model, record=tmp_path / f"a\0{name}")
    assert model.read_bytes() == SOURCE.read_bytes() and not (tmp_path / "nothing").exists()


def test_results_that_somebody_wrote_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results, model = tmp_path / "r.sqlite", tmp_path / "=cmd.h5"
    model.write_bytes(SOURCE.read_bytes())
    monkeypatch.chdir(tmp_path)
    anykeras.scan(["=cmd.h5"], results=str(results), exports=["out.csv"], jobs=1)
    assert "\n'=cmd.h5," in (tmp_path / "out.csv").read_text()
    with sqlite3.connect(results) as base:
        base.execute("UPDATE files SET task = '1', refusal = x'ff00'")
        base.execute("INSERT INTO findings SELECT path, 'AK1\x1b', 'x', 'y', 'nonsense', '', '' FROM files")
    shown = CliRunner().invoke(app, ["scan", "=cmd.h5", "-j", "1", "--results", str(results), "--format", "github"])
    assert shown.exit_code == 0 and "\x1b" not in shown.output, shown.output
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as base:
        base.execute("CREATE TABLE files (name TEXT)")
    before = foreign.read_bytes()
    with pytest.raises(TargetError, match="something else"):
        anykeras.scan(["=cmd.h5"], results=str(foreign), jobs=1)
    assert foreign.read_bytes() == before
