"""Audits: hostile files of every family are flagged, genuine ones are not, and nothing of a file runs meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import anykeras
import hostile
import hostile_denied
import hostile_further
from anykeras.cli.main import app
from genuine import FOLDER

MEDIUM = ("medium", "high", "critical")
FORBIDDEN = (
    "import",
    "exec",
    "os.system",
    "subprocess.Popen",
    "socket.connect",
    "os.exec",
    "os.posix_spawn",
    "marshal.loads",
    "pickle.find_class",
)


@pytest.fixture(scope="module")
def hostile_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    further = hostile_further.make_further(tmp_path_factory.mktemp("further"))
    denied = [make(tmp_path_factory.mktemp("denied")) for make in (hostile_denied.batch, hostile_denied.second_batch)]
    return [*hostile.make_all(tmp_path_factory.mktemp("hostile")), *further, *denied[0], *denied[1]]


def genuine_files() -> list[Path]:
    suffixes = (".h5", ".hdf5", ".keras", ".yaml", ".pkl", ".joblib", ".npz")
    found = [path for path in sorted(FOLDER.rglob("*")) if path.suffix in suffixes]
    return [*found, *(path.parent for path in sorted(FOLDER.rglob("saved_model.pb")))]


def test_hostile_files_are_flagged(hostile_files: list[Path]) -> None:
    assert len(hostile_files) > 1500
    missed = {path.stem for path in hostile_files if str(anykeras.audit(path).severity) not in MEDIUM}
    assert missed == hostile_denied.MISSED


STRANGERS = {
    "first": set(),
    "second": set(
        """zip2-sentencepiece_path.keras pickle2-keras_custom.pkl pickle2-billion.pkl pickle2-bytes_frame.pkl hdf5_2-enum.h5
        hdf5_2-url_attr.h5 graph2-device_remote folder2-conftest""".split()  # noqa: SIM905
    ),
    "third": {"code3-inf_for.h5", "code3-print_to.h5", "code3-tfp_pickle.json"},
    "ordinary": {"name-cmp.h5", "zip-comment.keras", "h5-extra_lzf.h5"},
}
"""What is judged otherwise than its author meant: hostile files that are not flagged, and ordinary ones that are."""


@pytest.mark.parametrize("batch", STRANGERS)
def test_files_of_strangers(batch: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parent / "strangers.zip") as archive:
        listed = [name for name in json.loads(archive.read("INDEX.json")) if name.startswith(f"{batch}/")]
        archive.extractall(tmp_path)
    assert len(listed) > 75
    flagged = {name for name in listed if str(anykeras.audit(tmp_path / name).severity) in MEDIUM}
    wrong = flagged if batch == "ordinary" else set(listed) - flagged
    assert {name.partition("/")[2] for name in wrong} == STRANGERS[batch]


def test_genuine_files_are_not() -> None:
    files = genuine_files()
    assert len(files) > 1000
    flagged = [path.name for path in files[::3] if str(anykeras.audit(path).severity) in MEDIUM]
    assert not flagged


def test_nothing_of_a_file_runs(hostile_files: list[Path], tmp_path: Path) -> None:
    """In a process of its own, under a hook that sees every import, process and connection, and that nothing else is opened."""
    script = f"""
import sys
import anykeras
from anykeras.auditing import audit
for path in sys.argv[1:]:
    audit(path)  # modules of ours and of Python are imported now
events = []
def watch(event, args):
    if watching and event in {FORBIDDEN!r}: events.append((event, repr(args)[:100]))
    if watching and event in ("open", "os.listdir", "os.scandir") and not str(args[0]).startswith(watching):
        events.append((event, args[0], watching))
watching = ""
sys.addaudithook(watch)
for path in sys.argv[1:]:
    watching = path
    audit(path)
    watching = ""
print(events)
print(sorted({{"keras", "tensorflow", "torch", "jax", "pickle5"}} & sys.modules.keys()))
"""
    files = [str(path) for path in hostile_files]
    env = {**os.environ, "PYTHONPATH": str(Path(anykeras.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", script, *files], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n[]\n"
    assert not list(tmp_path.iterdir())


def find(path: Path, code: str) -> Iterator[anykeras.auditing.Risk]:  # type: ignore[name-defined]
    return (risk for risk in anykeras.audit(path).risks if risk.code == code)


def test_an_audit_says_where_what_and_which_keras(tmp_path: Path) -> None:
    hostile.as_keras(hostile.sequential(hostile.lambda_layer(hostile.stored(lambda x: __import__("os").system("x") or x))))(
        tmp_path / "a"
    )
    [risk] = find(tmp_path / "a.keras", "AK8002")
    assert risk.where == "a.keras/config.json/config/layers[1]/config/function"
    assert "__import__" in risk.seen and "__import__('os').system('x')" in risk.source
    assert "CVE-2024-3660" in risk.loading.advisories and "refused" in risk.loading.safe


def test_arithmetic_is_shown_and_not_flagged(tmp_path: Path) -> None:
    hostile.as_keras(hostile.sequential(hostile.lambda_layer(hostile.stored(lambda x: x * 2 + 1))))(tmp_path / "a")
    found = anykeras.audit(tmp_path / "a.keras")
    assert (str(found.severity), found.functions) == ("info", 1)
    assert [risk.source for risk in found.risks] == ["lambda x: x * 2 + 1"]


ORDINARY: dict[str, Callable[..., Any]] = {
    "scale": lambda x: x / 255.0,
    "parsing": lambda x: tf.io.decode_raw(x, tf.uint8),  # type: ignore[name-defined]  # noqa: F821
    "class name": lambda x: x.__class__.__name__ and x,
    "constants": lambda x: x * 1e9 + 123456789,
    "sampling": lambda a: a[0] + K.exp(0.5 * a[1]) * K.random_normal(K.shape(a[0])),  # type: ignore[name-defined]  # noqa: F821
    "means": lambda x: x - np.array([103.939, 116.779, 123.68]),  # type: ignore[name-defined]  # noqa: F821
    "old shapes": lambda x: getattr(x, "_keras_shape", None) or x,
    "a module in a module": lambda x: K.tf.image.resize_bilinear(x, K.tf.shape(x)[1:3] * 2),  # type: ignore[name-defined]  # noqa: F821
    "printing": lambda x: tf.Print(K.print_tensor(x), [tf.shape(x)]),  # type: ignore[name-defined]  # noqa: F821
    "features": lambda x: tf.io.parse_example(x, {"a": tf.io.FixedLenFeature([4], tf.float32)})["a"],  # type: ignore[name-defined]  # noqa: F821
    "checks": lambda x: tf.debugging.assert_all_finite(x, "bad") or x,  # type: ignore[name-defined]  # noqa: F821
    "reversal": lambda x: tf.get_default_graph().gradient_override_map({"Identity": "Flip"}) and x,  # type: ignore[name-defined]  # noqa: F821
    "torch": lambda x: torch.nn.functional.normalize(torch.abs(x)),  # type: ignore[name-defined]  # noqa: F821
    "contrib": lambda x: tf.contrib.image.rotate(x, 0.3),  # type: ignore[name-defined]  # noqa: F821
    "patches": lambda x: tf.image.extract_patches(x, [1, 8, 8, 1], [1, 8, 8, 1], [1, 1, 1, 1], "VALID"),  # type: ignore[name-defined]  # noqa: F821
    "policies": lambda x: tf.cast(x, tf.keras.mixed_precision.global_policy().compute_dtype),  # type: ignore[name-defined]  # noqa: F821
    "einops": lambda x: einops.rearrange(x, "b h w c -> b (h w) c"),  # type: ignore[name-defined]  # noqa: F821
    "large numbers": lambda x: x - 1e12 * int(x.shape[1] / 2.0),
    "words": lambda x: keras.applications.mobilenet_v2.preprocess_input(x),  # type: ignore[name-defined]  # noqa: F821
}


@pytest.mark.parametrize("name", ORDINARY)
def test_functions_of_ordinary_models_are_not_flagged(name: str, tmp_path: Path) -> None:
    hostile.as_h5(hostile.sequential(hostile.lambda_layer(hostile.stored(ORDINARY[name]))))(tmp_path / "a")
    assert str(anykeras.audit(tmp_path / "a.h5").severity) not in MEDIUM


GETTING: dict[str, Callable[..., Any]] = {
    "an operation": lambda x: getattr(tf.raw_ops, "Write" + "File")(filename="a", contents=x),  # type: ignore[name-defined]  # noqa: F821
    "a module": lambda x: getattr(x, "__class__", None).__base__,
    "a name that is made": lambda x, name: getattr(tf.raw_ops, "Write" + name)(x),  # type: ignore[name-defined]  # noqa: F821
    "a name inside a call": lambda x, g: getattr(g(x, "shape"), x),
    "a template": lambda x: ("{0._" + x.name + "}").format(x) and x,
    "a configuration": lambda x: keras.initializers.get({"class_name": "system", "module": "os"})(x),  # type: ignore[name-defined]  # noqa: F821
    "words of a file": lambda x: keras.layers.StringLookup(vocabulary="../words.txt")(x),  # type: ignore[name-defined]  # noqa: F821
    "torch": lambda x: torch.load("a.pt"),  # type: ignore[name-defined]  # noqa: F821
    "a size": lambda x: [0] * int(1e13) and x,
    "steps": lambda x: [x for _ in range(int(9e15))],
    "a graph": lambda x: tf.get_default_graph().create_op("WriteFile", [], []),  # type: ignore[name-defined]  # noqa: F821
}


@pytest.mark.parametrize("name", GETTING)
def test_what_getattr_and_graphs_lead_to_is_flagged(name: str, tmp_path: Path) -> None:
    hostile.as_h5(hostile.sequential(hostile.lambda_layer(hostile.stored(GETTING[name]))))(tmp_path / "a")
    assert str(anykeras.audit(tmp_path / "a.h5").severity) in MEDIUM


def test_an_mlflow_folder_as_it_is_written_is_not_flagged(tmp_path: Path) -> None:
    hostile_further.as_folder(
        {
            "data/model.keras": hostile.keras_zip(hostile.sequential()),
            "data/keras_module.txt": "keras",
            "MLmodel": "artifact_path: model\nflavors:\n  keras:\n    data: data\n    keras_module: keras\n"
            "  python_function:\n    data: data\n    env: conda.yaml\n    loader_module: mlflow.keras\n",
            "conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - mlflow==2.9.2\n",
            "requirements.txt": "mlflow==2.9.2\nkeras==3.0.0\n",
        }
    )(tmp_path / "model")
    assert str(anykeras.audit(tmp_path / "model").severity) not in MEDIUM


def test_trusted_names_are_not_reported(tmp_path: Path) -> None:
    hostile.as_keras(hostile.sequential(hostile.thing("helpers", "download_all", {}, "download_all")))(tmp_path / "a")
    assert str(anykeras.audit(tmp_path / "a.keras").severity) == "medium"
    assert str(anykeras.audit(tmp_path / "a.keras", trust=["helpers.*"]).severity) == "info"


def test_one_bad_part_does_not_hide_the_rest(tmp_path: Path) -> None:
    hostile.as_h5(hostile.sequential(hostile.lambda_layer(hostile.stored(lambda x: exec("1") or x))))(tmp_path / "a")
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(whole[: len(whole) - 32])
    assert list(find(tmp_path / "a.h5", "AK8014")) and list(find(tmp_path / "a.h5", "AK8002"))


def test_the_verdict_comes_first_with_what_to_do_and_by_whom_it_is_run(tmp_path: Path) -> None:
    hostile.as_h5(hostile.sequential(hostile.lambda_layer(hostile.stored(lambda x: exec("1") or x))))(tmp_path / "a")
    shown = CliRunner().invoke(app, ["audit", str(tmp_path / "a.h5")]).output.splitlines()
    verdict, advice, where, seen, loaders = shown[:5]
    assert verdict.startswith("CRITICAL: dangerous: it is made to run code") and advice.startswith("    do: do not load it")
    assert "a.h5/model_config/config/layers[1]" in where and "it calls 'exec'" in seen
    assert all(mode in loaders for mode in ("safe_mode=True: ", "safe_mode=False: ", "old versions: "))


def test_the_command_line_ends_with_a_verdict_and_a_code(tmp_path: Path) -> None:
    hostile.as_keras(hostile.sequential(hostile.thing("os", "system")))(tmp_path / "bad")
    hostile.as_keras(hostile.sequential())(tmp_path / "good")
    run = CliRunner()
    bad, good = (run.invoke(app, ["audit", str(tmp_path / name)]) for name in ("bad.keras", "good.keras"))
    assert (bad.exit_code, good.exit_code) == (1, 0)
    assert "CRITICAL: dangerous" in bad.output and "INFO: nothing in it" in good.output
    assert run.invoke(app, ["audit", str(tmp_path / "none.keras")]).exit_code == 2
    data = json.loads(run.invoke(app, ["audit", "--json", str(tmp_path / "bad.keras")]).output)["results"][0]["data"]
    assert (data["severity"], data["risks"][0]["code"]) == ("critical", "AK8004")
