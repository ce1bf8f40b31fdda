"""The public names: what they accept, raise, warn of and say about themselves."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import subprocess
import sys
import typing
import warnings
from pathlib import Path

import pytest

import anykeras
from anykeras import boundary, errors, findings, pipeline
from anykeras.containers import base
from anykeras.document import model
from anykeras.recovery import passes
from anykeras.verification.converted import compare_weights
from genuine import FIXTURES, FOLDER

SMALL = FIXTURES / "keras2.1-tf" / "nadam.h5"  # its optimizer is approximate: AK4004, AK4013
SHIMMED = FOLDER / "shims" / "tfkeras2.6_weight_norm_conv.h5"  # AK5052: a shim, lossy in training
RANDOM = FIXTURES / "keras1-tf" / "vae.h5"  # AK3016: approximate outputs
RANDOM_SIZE = FOLDER / "migrations" / "keras2" / "tf2.13-rand_RandomHeight.h5"  # AK2273: lossy in training
# What annotations name and no module needs to import for itself.
TYPES = {
    name: value
    for module in (model, base, pipeline, findings, passes)
    for name, value in vars(module).items()
    if not name.startswith("_")
}
VERBS = ("convert", "explain", "inspect", "load_model", "open", "stub", "verify")


def test_importing_the_package_loads_neither_frameworks_nor_the_rooms() -> None:
    text = (
        "import sys, anykeras\n"
        "heavy = {'keras', 'h5py', 'typer', 'rich'} | {f'anykeras.{room}' for room in"
        " ('api', 'pipeline', 'opened', 'containers', 'migrations', 'recovery', 'compat', 'shims', 'custom', 'targets')}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_converting_a_plain_file_loads_no_framework_and_no_legacy_runtime(tmp_path: Path) -> None:
    text = (
        "import sys, anykeras\n"
        f"anykeras.convert({str(SMALL)!r}, {str(tmp_path / 'x.keras')!r})\n"
        "sys.exit(', '.join(sorted({'keras', 'tensorflow', 'jax', 'torch', 'anykeras.compat'} & sys.modules.keys())) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there_and_typed() -> None:
    for name in anykeras.__all__:
        assert getattr(anykeras, name) is not None
    for name in VERBS:
        assert "return" in typing.get_type_hints(getattr(anykeras, name))
    for value in (anykeras.Opened, anykeras.Converted, anykeras.Inspection, anykeras.Report, anykeras.Finding):
        assert typing.get_type_hints(value, localns=TYPES)
        for _, member in inspect.getmembers(value, inspect.isfunction):
            typing.get_type_hints(member, localns=TYPES)
        assert value.__doc__
    assert isinstance(anykeras.limits.current(), anykeras.limits.Limits)
    with pytest.raises(AttributeError):
        anykeras.nothing  # noqa: B018


def test_load_model_has_the_signature_of_keras() -> None:
    parameters = list(inspect.signature(anykeras.load_model).parameters)
    assert parameters[:5] == ["filepath", "custom_objects", "compile", "safe_mode", "weights"]


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (errors.MissingFile, FileNotFoundError),
        (errors.NotAModel, ValueError),
        (errors.Malformed, ValueError),
        (errors.Unsupported, ValueError),
        (errors.MissingObject, ValueError),
        (errors.OutputExists, FileExistsError),
    ],
)
def test_errors_are_those_that_people_catch_and_can_be_pickled(
    error: type[errors.AnyKerasError], caught: type[Exception]
) -> None:
    raised = error("AK1001", "what happened", part="a/b", next_step="Do this.")
    assert isinstance(raised, caught)
    again = pickle.loads(pickle.dumps(raised))
    assert type(again) is error
    assert str(again) == str(raised)
    assert (again.code, again.part, again.next_step) == ("AK1001", "a/b", "Do this.")
    assert str(raised).splitlines()[-1] == "What to do: Do this."


@pytest.mark.parametrize("verb", ["open", "load_model", "inspect", "stub", "verify"])
def test_a_missing_file(verb: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"No such file: nowhere/x\.h5 \(current directory: ") as caught:
        getattr(anykeras, verb)("nowhere/x.h5")
    assert isinstance(caught.value, anykeras.AnyKerasError)
    assert caught.value.filename == "nowhere/x.h5"


def test_a_missing_recording() -> None:
    with pytest.raises(FileNotFoundError, match="No such file: nowhere"):
        anykeras.verify(SMALL, recording="nowhere.npz")


def test_a_wrong_call_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        anykeras.open()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        anykeras.open(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        anykeras.inspect(SMALL, colour="red")  # type: ignore[call-arg]


def test_path_is_the_former_name_of_filepath() -> None:
    with pytest.warns(DeprecationWarning, match="filepath") as caught, pytest.raises(FileNotFoundError):
        anykeras.load_model(path="nowhere.h5")  # type: ignore[call-arg]
    assert caught[0].filename == __file__
    with pytest.raises(TypeError, match="former name"):
        anykeras.load_model("a.h5", path="b.h5")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("inner", "outer", "code"),
    [
        (ZeroDivisionError("boom"), errors.Bug, "AK6009"),
        (KeyError("boom"), errors.Bug, "AK6009"),
        (MemoryError(), errors.LimitExceeded, "AK6019"),
        (RecursionError(), errors.LimitExceeded, "AK1209"),
        (OSError(28, "No space left on device"), errors.TargetError, "AK6022"),
    ],
)
def test_unexpected_exceptions_leave_as_ours_with_their_cause(
    monkeypatch: pytest.MonkeyPatch, inner: Exception, outer: type[errors.AnyKerasError], code: str
) -> None:
    from anykeras import pipeline

    def fail(*args: object) -> None:
        raise inner

    monkeypatch.setattr(pipeline, "migrate", fail)
    for verb in (anykeras.open, anykeras.load_model, anykeras.inspect, anykeras.stub, anykeras.verify):
        with pytest.raises(outer) as caught:
            verb(SMALL)
        assert caught.value.code == code
        assert caught.value.__cause__ is inner


def test_interruptions_and_warnings_turned_into_errors_pass() -> None:
    @boundary.guard_verb
    def verb(error: BaseException) -> None:
        raise error

    for error in (KeyboardInterrupt(), SystemExit(1), UserWarning("x")):
        with pytest.raises(type(error)):
            verb(error)


def test_opening_once_and_doing_several_things(tmp_path: Path) -> None:
    opened = anykeras.open(SMALL)
    assert {finding.code for finding in opened.findings} >= {"AK4004"}
    assert opened.fidelity == opened.training_fidelity == "approximate"
    assert opened.outputs_fidelity == "exact"
    done = opened.convert(tmp_path / "x.keras")
    assert Path(done.path).exists()
    assert done.findings == opened.findings
    with pytest.raises(FileExistsError, match="already exists"):
        opened.convert(tmp_path / "x.keras")
    opened.convert(tmp_path / "x.keras", force=True)


@pytest.mark.backend
def test_what_was_opened_with_custom_objects_is_converted_without_them(tmp_path: Path) -> None:
    file = FIXTURES / "keras2.1-tf" / "layer_with_weights.h5"
    source = file.with_name("layer_with_weights.custom.py")
    opened = anykeras.open(file, source)
    assert "AK5013" not in {finding.code for finding in opened.findings}
    done = opened.convert(tmp_path / "a.keras")
    assert "AK5013" in {finding.code for finding in done.findings}
    anykeras.convert(file, tmp_path / "b.keras", source)
    one, other = (anykeras.open(tmp_path / name).document.model for name in ("a.keras", "b.keras"))
    assert compare_weights(one, other).agrees


@pytest.mark.parametrize("strict", ["equivalent", {"training": "equivalent"}, {"outputs": "exact", "training": "exact"}])
def test_strict_writes_nothing_where_it_fails(tmp_path: Path, strict: typing.Any) -> None:
    with pytest.raises(errors.Unfaithful, match="AK4004"):
        anykeras.convert(SMALL, tmp_path / "x.keras", strict=strict)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("strict", ["approximate", {"outputs": "exact"}, {"outputs": "exact", "training": "approximate"}])
def test_strict_looks_at_what_it_is_asked_about(tmp_path: Path, strict: typing.Any) -> None:
    anykeras.convert(SMALL, tmp_path / "x.keras", strict=strict)
    assert (tmp_path / "x.keras").exists()


@pytest.mark.parametrize("strict", ["outputs", {"outputs": "right"}, {"layers": "exact"}])
def test_strict_asks_for_levels_that_exist(tmp_path: Path, strict: typing.Any) -> None:
    with pytest.raises(errors.Unsupported, match="AK6033"):
        anykeras.convert(SMALL, tmp_path / "x.keras", strict=strict)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("file", [SMALL, SHIMMED, RANDOM])
def test_representations_are_short(file: Path, tmp_path: Path) -> None:
    opened, inspection = anykeras.open(file), anykeras.inspect(file)
    converted = opened.convert(tmp_path / ("long" * 40 + ".keras"))
    outlook, page, scan = (
        anykeras.check(file),
        anykeras.explain("AK2101"),
        anykeras.scan(str(file), jobs=1, results=str(tmp_path / "r")),
    )
    for value in (opened, inspection, converted, anykeras.Report(), outlook, page, scan):
        assert len(repr(value)) < 300
        assert type(value).__name__ in repr(value)
    for finding in opened.findings:
        assert len(repr(finding)) < 300


def warned(file: Path, *, training: bool) -> list[str]:
    from anykeras.warning import warn_of_findings

    opened = anykeras.open(file)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_findings(opened.path, opened.findings, training=training)
    assert all(item.category is anykeras.AnyKerasWarning and item.filename == __file__ for item in caught)
    return [str(item.message) for item in caught]


def test_what_is_exact_stays_silent() -> None:
    assert warned(FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5", training=False) == []


def test_training_is_warned_of_where_it_matters() -> None:
    assert warned(SMALL, training=False) == []
    lines = warned(SMALL, training=True)
    assert any(line.startswith("[AK4004] ") for line in lines)
    assert all(line.endswith("Predictions are unaffected.") and line.lower().count("unaffected") == 1 for line in lines)
    assert warned(RANDOM_SIZE, training=False) == []
    assert any(line.startswith("[AK2273] ") for line in warned(RANDOM_SIZE, training=True))


def test_what_a_finding_affects_is_no_part_of_its_texts() -> None:
    package = Path(anykeras.__file__).parent
    said = [path for path in package.rglob("*.py") if "are unaffected" in path.read_text("utf-8")]
    assert said == [package / "warning.py"]


def test_outputs_and_shims_are_always_warned_of() -> None:
    assert any(line.startswith("[AK3016] ") for line in warned(RANDOM, training=False))
    assert any(line.startswith("[AK5052] ") for line in warned(SHIMMED, training=False))


def test_many_findings_are_grouped_and_cut() -> None:
    from anykeras.warning import warn_of_findings

    lossy = anykeras.Fidelity.LOSSY
    findings = [anykeras.Finding(f"AK30{n}", f"model/{i}", "seen", "done", lossy) for n in range(20, 28) for i in range(n)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_findings("a.h5", findings, training=True)
    lines = [str(item.message) for item in caught]
    assert lines[0] == "[AK3020] model/0 and 19 more: seen; done."
    assert len(lines) == 6
    assert lines[-1] == "and 3 more: anykeras inspect a.h5"


@pytest.mark.backend
def test_load_model_warns_at_the_line_that_called_it() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", anykeras.AnyKerasWarning)
        anykeras.load_model(SHIMMED, compile=False)
        anykeras.open(SHIMMED).build(compile=False)
    ours = [item for item in caught if issubclass(item.category, anykeras.AnyKerasWarning)]
    assert ours and ours[0].lineno != ours[-1].lineno
    assert {item.filename for item in ours} == {__file__}


UNCHOSEN = """
import sys
sys.modules["tensorflow"] = None  # as where it is not installed
import anykeras
anykeras.load_model(sys.argv[1])
print(sys.modules["keras"].backend.backend())
"""


@pytest.mark.framework
@pytest.mark.parametrize(("stated", "taken"), [(None, "jax"), ("tensorflow", "jax"), ("numpy", "numpy")])
def test_a_model_loads_on_the_backend_that_is_installed(tmp_path: Path, stated: str | None, taken: str) -> None:
    if stated:
        (tmp_path / "keras.json").write_text(json.dumps({"backend": stated}))
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | {"KERAS_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", UNCHOSEN, SMALL], capture_output=True, text=True, env=environment)
    assert done.stdout.strip().endswith(taken), done.stderr
