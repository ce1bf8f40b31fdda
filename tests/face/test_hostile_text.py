"""Text from a file is data: in the terminal, in messages, in findings and in the Python text that `stub` writes."""

from __future__ import annotations

import ast
import csv
import json
import pickle
import random
import re
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import numpy as np
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


COMMANDS = [
    "::set-output name=x::y", "x\n::error::pwned", "%0A::add-mask::x", "##vso[task.setvariable variable=x]y",
    "##[stop-commands]t", "##teamcity[x]", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "]]>",
    "-->", "&amp;", "{{7*7}}", "{0}", "%n", "=HYPERLINK(1)", "+1+cmd|' /C x'!A0", "@SUM(1)", "-2+3", "\t=1",
    'a,b;c"d', "'; DROP TABLE files; --", "[bold]x[/bold]", "é\u202e",
]  # fmt: skip
"""What is a command, a formula or markup to programs that read what the verbs print and write."""
CONTAINERS = ("keras", "h5", "json", "yaml", "pkl", "tfjs", "npz")
_BUILD_SERVER = re.compile(r"^\s*::[\w-]+[^:]*::|##\w*\[", re.MULTILINE)
_ANNOTATION = re.compile(r"::(?:notice|warning|error) \w+=[^,:\s][^,:]*(?:,\w+=[^,:]+)*::\S.*")


def write_hostile(kind: str, folder: Path, seed: int) -> Path:
    """A model of that kind in which every name is hostile."""
    rng = random.Random(f"{kind} {seed}")

    def text() -> str:
        return "".join(rng.choices(PIECES, k=2)) * (rng.random() < 0.3) + "".join(rng.choices(COMMANDS, k=2))

    names, path = [text() for _ in range(3)], folder / f"model.{kind}"
    start = {"class_name": "Dense", "config": {"name": names[0], "units": 2, "batch_input_shape": [None, 2]}}
    custom = {"class_name": rng.choice((text(), "Dense", "Lambda")), "config": {"name": names[1], "units": 2, text(): text()}}
    code = {"class_name": "Lambda", "config": {"name": names[2], "function": text() * 3, "function_type": "lambda"}}
    config = {"name": text(), "layers": [start, custom, code][: rng.randint(1, 3)]}
    model = {"class_name": "Sequential", "config": config, "keras_version": "2.3.1" + text(), "backend": text()}
    if kind == "keras":
        return hostile_file(path, seed)
    if kind == "npz":
        np.savez(
            path, **{"".join(filter(str.isprintable, text())).replace("/", "_"): np.ones((2, 2), "float32") for _ in range(3)}
        )
    elif kind == "h5":
        _write_hdf5(path, model, names, text)
    elif kind == "pkl":
        path.write_bytes(
            pickle.dumps({"model_config": json.dumps(model), "model_weights": {"layer_names": [b"a"], text(): {}}})
        )
    elif kind == "tfjs":
        path.mkdir()
        listed = [{"name": text(), "shape": [2], "dtype": "float32"}]
        manifest = [{"paths": [rng.choice((text(), "weights.bin"))], "weights": listed}]
        topology = {"modelTopology": {"model_config": model, **model}, "format": "layers-model", "weightsManifest": manifest}
        (path / "model.json").write_text(json.dumps({**topology, "generatedBy": text(), "convertedBy": text()}))
        (path / "weights.bin").write_bytes(bytes(8))
    else:
        path.write_text(json.dumps(model))  # JSON is YAML, too
    return path


def _write_hdf5(path: Path, model: Any, names: list[str], text: Callable[[], str]) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(model), text().replace("\0", "")
        group = file.create_group("model_weights")
        named = [name.replace("\0", "").replace("/", "_").strip(".") or "a" for name in names]
        group.attrs["layer_names"] = [name.encode() for name in dict.fromkeys(named)]
        for name in dict.fromkeys(named):
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [
                (name + "/kernel:0").encode(),
                (text().replace("\0", "").replace("/", "_") + "b").encode(),
            ]
            for weight in inner.attrs["weight_names"]:
                inner.require_dataset(weight, (2, 2), "float32")


def calls_on(path: str, folder: Path) -> list[list[str]]:
    """Every verb that reads a file, as a command line."""
    o = {name: str(folder / name) for name in ("a.keras", "b.keras", "c.h5", "d", "e.html")}
    return [
        ["inspect", "--code", "--graph", path], ["audit", path], ["check", "--all", path], ["stub", path],
        ["convert", path, o["a.keras"]], ["explain", "Unknown layer: " + COMMANDS[0], "--file", path],
        ["transfer", path, "--into", path, "-o", o["b.keras"]], ["convert", "--target", "keras-2.3", path, o["c.h5"]],
        ["convert", "--target", "tfjs", path, o["d"]], ["report", path, "-o", o["e.html"]],
    ]  # fmt: skip


def run_as(form: str, call: list[str]) -> str:
    shown = CliRunner().invoke(app, [*call, "--format", form])
    assert shown.exit_code in (0, 1, 2), (call, shown.output, shown.exc_info)
    return shown.output if form == "text" else shown.stdout


def check_github(text: str) -> None:
    assert all(_ANNOTATION.fullmatch(line) for line in text.splitlines())


def check_junit(text: str) -> None:
    suite = ElementTree.fromstring(text)
    assert {one.tag for one in suite.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "error", "system-out"}


def check_sarif(text: str) -> None:
    assert len(json.loads(text)["runs"]) == 1


def check_json(text: str) -> None:
    assert len(json.loads(text)["results"]) == 1


FORMATS = {"json": check_json, "sarif": check_sarif, "github": check_github, "junit": check_junit}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_every_verb_and_format_holds_text_of_a_file_as_data(kind: str, tmp_path: Path) -> None:
    for seed, call in enumerate(calls_on("PATH", tmp_path)):
        (folder := tmp_path / f"{seed}").mkdir()
        path = str(write_hostile(kind, folder, seed))
        call = [path if word == "PATH" else word for word in call]
        assert is_harmless(text := run_as("text", call)) and not _BUILD_SERVER.search(text), call
        for form in list(FORMATS)[seed % 2 :: 2]:
            FORMATS[form](text := run_as(form, call))
            assert is_harmless(text) and (form == "github" or not _BUILD_SERVER.search(text)), (form, call)
            assert not re.search(r"##\w*\[", text), (form, call)


class _Page(HTMLParser):
    """Which elements there are, with which scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.scripts, self.handlers = Counter[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.handlers += [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.scripts.append(data)


def test_pages_and_tables_of_a_scan_hold_text_of_files_as_data(tmp_path: Path) -> None:
    root, pages = tmp_path / "models", tmp_path / "pages"
    for number, kind in enumerate(CONTAINERS):
        (folder := root / f"{number}" / "=1+1,<img src=x onerror=alert(1)>").mkdir(parents=True)
        write_hostile(kind, folder, number)
    exports = [str(tmp_path / name) for name in ("r.csv", "r.jsonl")]
    results = str(tmp_path / "r.sqlite")
    more = ["--html", str(pages), "--convert", str(tmp_path / "made"), "--everything", "-j", "1", "--results", results]
    shown = CliRunner().invoke(app, ["scan", str(root), *more, "--export", exports[0], "--export", exports[1]])
    assert shown.exit_code in (0, 1, 2) and is_harmless(shown.output) and not _BUILD_SERVER.search(shown.output)
    rows = [json.loads(line) for line in Path(exports[1]).read_text().splitlines()]
    assert len(rows) >= len(CONTAINERS)
    with Path(exports[0]).open(newline="") as file:
        table = list(csv.reader(file))
    assert len(table) == len(rows) + 1 and {len(row) for row in table} == {len(table[0])}
    assert not [
        cell for row in table for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@") and not cell.lstrip("-").isdigit()
    ]
    held = sqlite3.connect(results)
    assert held.execute("SELECT COUNT(*) FROM files").fetchone() == (len(rows),)
    plain = Counter[str]()
    for page in sorted(pages.rglob("*.html")):
        seen = _Page()
        seen.feed(page.read_text("utf8"))
        seen.close()
        assert not seen.handlers and not seen.tags.keys() & {"img", "iframe", "object", "embed", "link", "base", "form"}, page
        assert seen.tags["script"] == (2 if page.name == "index.html" and page.parent == pages else 3)
        assert isinstance(json.loads(seen.scripts[0]), dict)
        plain[page.name] += 1
    assert plain["index.html"] and plain.total() > 3
