"""What somebody does who has a file and no time: wrong words, wrong places, wrong installations; each is told what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import VERBS, app
from genuine import FIXTURES

MODEL = FIXTURES / "keras2.1-tf" / "nadam.h5"
RUN = CliRunner()


def say(*arguments: object, code: int = 2) -> str:
    """What a call prints, as one line; it has to end with that code."""
    shown = RUN.invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    assert shown.exit_code == code, shown.output
    return " ".join(shown.output.split())


def test_a_wrong_verb_and_a_file_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.h5").write_bytes(b"")
    assert "Did you mean 'inspect'?" in say("inpsect", "old.h5")
    assert "For a file: anykeras inspect old.h5" in say("old.h5")
    assert "Verbs are inspect, convert" in say("xyz")


def test_help_shows_brackets_and_what_to_type() -> None:
    assert "anykeras[report]" in say("report", "-h", code=0)
    assert "anykeras scan [OPTIONS] PATH..." in say("scan", "-h", code=0) and "[default: ROOT.scan.sqlite]" in say(
        "scan", "-h", code=0
    )
    assert "anykeras convert [OPTIONS] FILE... OUTPUT" in say("convert", "-h", code=0)
    for verb in VERBS:
        assert "{" not in say(verb, "-h", code=0).partition("Arguments")[0]


def test_a_mistyped_path_names_the_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "mnist_cnn.h5").write_bytes(b"")
    assert "Did you mean " in (said := say("inspect", tmp_path / "mnist_cn.h5")) and "mnist_cnn.h5?" in said
    assert "Did you mean" not in say("inspect", tmp_path / "other.keras")


@pytest.mark.parametrize(
    ("backend", "module", "says"),
    [
        ("nonsense", "", "Unable to import backend"),
        ("torch", "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')", "anykeras[torch]"),
        ("jax", "__version__ = '2.15.0'", "Keras 2.15.0 is installed"),
    ],
)
def test_a_wrong_keras_is_refused_and_says_what_to_install(tmp_path: Path, backend: str, module: str, says: str) -> None:
    if module:
        (tmp_path / "keras.py").write_text(module)
    path = os.pathsep.join((str(tmp_path), str(Path(anykeras.__file__).parents[1])))
    env = {**os.environ, "PYTHONPATH": path, "KERAS_BACKEND": backend}
    command = [sys.executable, "-m", "anykeras", "verify", str(MODEL), "--format", "json"]
    error = json.loads(subprocess.run(command, env=env, capture_output=True, text=True).stdout)["results"][0]["error"]
    assert error["code"] == "AK6013" and says in error["message"], error


def test_a_page_is_refused_another_suffix_without_a_word_of_keras(tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    said = say("report", MODEL, "-o", tmp_path / "page")
    assert "page.html" in said and "Keras opens" not in said
    assert "model.html" in say("report", MODEL, "-o", tmp_path)


def test_verifying_alone_says_what_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "give a second file, a recording, or several backends" in say("verify", MODEL, code=1)


def test_a_page_in_a_pipe_is_as_long_as_its_lines() -> None:
    said = RUN.invoke(app, ["explain", "AK2101"], env={"COLUMNS": "40"}).stdout
    assert said.startswith("# AK2101") and not any(line.endswith(" ") for line in said.splitlines())
    assert max(map(len, said.splitlines())) > 40


def test_a_message_with_several_causes_names_them_and_how_to_tell() -> None:
    shown = RUN.invoke(app, ["explain", "ValueError: Graph disconnected: cannot obtain value for tensor"]).stdout
    assert "or        In code that builds a model" in shown and len(shown.splitlines()) <= 10
    shown = RUN.invoke(app, ["explain", "OSError: Unable to open file (unable to lock file, errno = 11)"]).stdout
    assert "known as  locked-file" in shown and "no HDF5 file" not in shown
    assert anykeras.explain("ValueError: Shapes (4, 3) and (3, 3, 3, 3) are incompatible").as_dict()["others"]


def test_a_note_does_not_explain_the_error_after_it_and_words_around_it_decide_nothing() -> None:
    note = "UserWarning: No training configuration found in save file: the model was *not* compiled. Compile it manually.\n"
    assert anykeras.explain(note).known
    assert not anykeras.explain(f"{note}RuntimeError: the camera is busy").known
    before = anykeras.explain("ValueError: Unknown layer: CRF\n\nRuntimeError: the camera is busy")
    assert (
        before.earlier
        and "an error before the last one" in RUN.invoke(app, ["explain", before.message + "\nKeyError: 'x'"]).stdout
    )
    shown = anykeras.explain("print('bad marshal data')\nRuntimeError: the camera is busy")
    assert not shown.known and shown.nearest[0].id == "lambda-bytecode-version"
