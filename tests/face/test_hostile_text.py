"""Text from a file is data: in the terminal, in messages, in findings and in the Python text that `stub` writes."""

from __future__ import annotations

import ast
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import anykeras
from anykeras.cli.main import app
from anykeras.errors import AnyKerasError
from anykeras.findings import Finding
from anykeras.texts import escape

PIECES = [
    '"""', "'''", "\\", "\n", "\r", "\x1b[2J", "\x1b]0;pwned\x07", "\u202e", "\u2066", "\u2028", "\x85", "\x0b", "\x00",
    "[red]", "[/red]", "[/]", "[link=http://x]", ":smile:", "\nimport os\nos.system('x')\n", '"""\nimport os\n"""', "#",
    "é", "a", "{x}", "%s", "\x7f", "\u200b", "\ufeff", "class", "self", "kwargs", "1", " ", "ﬁ", "²",
]  # fmt: skip


def hostile_file(path: Path, seed: int) -> Path:
    """A model of one unknown class whose every text is hostile."""
    rng = random.Random(seed)

    def text() -> str:
        return "".join(rng.choices(PIECES, k=rng.randint(1, 4)))

    arguments = {text(): rng.choice([text(), 1, 1e999, None, [text(), 2], {text(): text()}, True]) for _ in range(4)}
    if rng.random() < 0.3:
        arguments |= {"a-b": 1, "a_b": 2}
    package = rng.choice([None, f"{text()}>{text()}", text()])
    layer = {"module": rng.choice([None, text()]), "class_name": text(), "registered_name": package}
    dense = {"module": "keras.layers", "class_name": "Dense", "registered_name": None}
    layers: list[Any] = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "registered_name": None,
            "config": {"batch_shape": [None, 2], "dtype": "float32", "name": "in"},
        },
        {**layer, "config": {**arguments, "name": text()}},
        {**dense, "config": {"units": 2, "name": text()}},
    ]
    config = {"name": text(), "layers": layers}
    model = {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(model).replace("Infinity", "1.5"))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.6.0" + text()}))
    return path


def is_harmless(shown: str) -> bool:
    return (
        all(line.isprintable() for line in shown.split("\n"))
        and "\N{SMILING FACE WITH OPEN MOUTH AND SMILING EYES}" not in shown
    )


@pytest.mark.parametrize("seed", range(40))
def test_no_command_shows_text_of_a_file_raw(seed: int, tmp_path: Path) -> None:
    path = str(hostile_file(tmp_path / "model.keras", seed))
    output = str(tmp_path / "out.keras")
    for arguments in (["inspect", path], ["inspect", "--code", path], ["inspect", "--json", path], ["stub", path],
                      ["convert", path, output], ["convert", "--json", path, output]):  # fmt: skip
        shown = CliRunner().invoke(app, arguments)
        assert is_harmless(shown.output), arguments
        assert shown.exit_code in (0, 1, 2), shown.output
        assert "os.system" not in [line.strip() for line in shown.output.split("\n")]


@pytest.mark.parametrize("seed", range(200))
def test_a_stub_is_classes_and_nothing_else(seed: int, tmp_path: Path) -> None:
    path = hostile_file(tmp_path / 'mo\'"""\nimport os\n.keras', seed)
    text = anykeras.stub(path)
    assert "class " in text
    assert is_harmless(text)
    tree = ast.parse(text)
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef) for node in tree.body)
    assert "os" not in {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    calls = {ast.unparse(node.func).rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert calls <= {"super", "__init__", "add_weight", "build", "get_config", "NotImplementedError", "float", "int",
                     "register_keras_serializable"}  # fmt: skip


@pytest.mark.parametrize("name", ["class_markup", "name_esc"])
def test_markup_and_escapes_in_names(name: str, tmp_path: Path) -> None:
    hostile = {"class_markup": "[/red]Foo", "name_esc": "\x1b[2J\x1b]0;pwn\x07:smile:"}[name]
    layer = {"module": None, "class_name": hostile, "config": {"name": hostile}, "registered_name": hostile}
    start = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 2], "name": "in"}}
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": [start, layer]}}
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
    shown = CliRunner().invoke(app, ["inspect", str(tmp_path / "x.keras")])
    assert shown.exit_code == 2 and is_harmless(shown.output)
    assert escape(hostile) in shown.output.replace("\n", "")


def test_errors_and_findings_are_escaped() -> None:
    error = AnyKerasError(
        "AK0000", "seen\x1b[2J\nx", part="\u202epart", layer="\x07", key="k\n", writer="w\r", next_step="do\x1b"
    )
    assert is_harmless(str(error)) and len(str(error).split("\n")) == 3
    assert is_harmless(repr(Finding("AK2101", "a\x1b/b", "seen\u202e", "done\n")))
