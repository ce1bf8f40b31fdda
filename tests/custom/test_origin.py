"""What a file writes is never taken for a mark of ours: whether a class is the user's, deferred or unresolved, no file says.

Each string of a genuine configuration is replaced by every word that once was a mark, and by a word that nobody knows; the
outcome has to be the same but for the word, whatever files were opened before.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import pytest

import anykeras
from anykeras.document.model import FROM_FILE, Deferred
from anykeras.shims import blocks
from genuine import FOLDER

LEGACY = FOLDER / "shims" / "keras2.1.5_reflection.h5"
ARCHIVE = FOLDER / "fixtures" / "tfkeras2.13" / "lion.keras"
NEUTRAL, NEUTRAL_PATH = "zzneutral", "zz.neutral._body"
MARKS = ("given", "standing", "foreign", "deferred")
BODIES = (
    "anykeras.shims.vision.networks._write_reflection_padding",
    "anykeras.shims.keras_contrib._make_pelu",
)


def read_config(path: Path) -> Any:
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read("config.json"))
    with h5py.File(path) as held:
        text = held.attrs["model_config"]
        return json.loads(text.decode() if isinstance(text, bytes) else text)


def write_config(path: Path, config: Any, to: Path) -> Path:
    """A copy of the file with another configuration."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(to, "w") as changed:
            for name in archive.namelist():
                changed.writestr(name, json.dumps(config) if name == "config.json" else archive.read(name))
        return to
    to.write_bytes(path.read_bytes())
    with h5py.File(to, "r+") as held:
        held.attrs["model_config"] = json.dumps(config)
    return to


def strings(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the strings of a configuration stand, those of absent modules and registered names as well."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        held = dict(value)
        if "class_name" in held:
            held = {"module": "", "registered_name": "", **held}
            held.update({key: "" for key in ("module", "registered_name") if held[key] is None})
        for key, item in held.items():
            yield from strings(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from strings(item, (*path, number))


def replaced(config: Any, path: Sequence[Any], word: str) -> Any:
    """A copy of the configuration with a word at a path."""
    config = deepcopy(config)
    held = config
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = word
    return config


def outcome(path: Path, config: Any, folder: Path, word: str) -> str:
    """What the file becomes, or why it is refused, with `word` taken out."""
    changed = write_config(path, config, folder / path.name)
    try:
        done = anykeras.convert(changed, folder / "out.keras", force=True)
    except anykeras.AnyKerasError as refusal:
        return f"{type(refusal).__name__} {refusal.code}"
    found = " ".join(f"{finding.code} {finding.fidelity}" for finding in done.findings)
    with zipfile.ZipFile(folder / "out.keras") as archive:
        text = archive.read("config.json").decode()
    return found + text.replace(word, "WORD").replace(word.replace(".", "_"), "WORD")  # no name in Keras has a dot


@pytest.mark.parametrize("path", [LEGACY, ARCHIVE], ids=lambda path: path.name)
def test_no_word_in_a_file_is_a_mark(path: Path, tmp_path: Path) -> None:
    config = read_config(path)
    anykeras.convert(LEGACY, tmp_path / "before.keras")  # its shims are deferred: nothing of that stays behind
    for where in strings(config):
        for neutral, words in ((NEUTRAL, MARKS), (NEUTRAL_PATH, BODIES)):
            wanted = outcome(path, replaced(config, where, neutral), tmp_path, neutral)
            for word in words:
                got = outcome(path, replaced(config, where, word), tmp_path, word)
                assert got == wanted, f"{word!r} at {where}"


@pytest.mark.parametrize("path", [LEGACY, ARCHIVE], ids=lambda path: path.name)
def test_a_star_is_part_of_a_name(path: Path, tmp_path: Path) -> None:
    """``Attention*`` once was a class of the user, named like the built-in Attention."""
    config = read_config(path)
    for where in (where for where in strings(config) if where[-1] == "class_name"):
        for name in ("Attention", "ReflectionPadding2D"):
            wanted = outcome(path, replaced(config, where, NEUTRAL), tmp_path, NEUTRAL)
            assert outcome(path, replaced(config, where, f"{name}*"), tmp_path, f"{name}*") == wanted


@pytest.mark.parametrize("module", MARKS)
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("path", [LEGACY, ARCHIVE], ids=lambda path: path.name)
def test_no_class_of_a_file_is_replaced_by_a_shim_that_it_names(path: Path, module: str, body: str, tmp_path: Path) -> None:
    """A module and the body of a shim together, on a class that nobody knows."""
    anykeras.convert(LEGACY, tmp_path / "before.keras")
    config = read_config(path)
    layers = config["config"]["layers"]
    layers[1] = {**layers[1], "class_name": "Nobodys", "module": module, "registered_name": body}
    changed = write_config(path, config, tmp_path / path.name)
    with pytest.raises(anykeras.AnyKerasError) as refusal:
        anykeras.convert(changed, tmp_path / "out.keras")
    assert refusal.value.code == "AK5011"


def test_what_a_parser_makes_comes_from_the_file() -> None:
    for path in (LEGACY, ARCHIVE):
        opened = anykeras.inspect(path)
        graph = opened.original.model.graph
        assert graph is not None and all(layer.origin is FROM_FILE for layer in graph.layers)


def test_a_deferred_layer_equals_one_that_is_deferred_to_the_same() -> None:
    from anykeras.document.model import Layer

    def make(layer: Layer, site: object) -> Layer:
        return layer

    layer, lift = Layer("Foo", "foo"), blocks.in_layers(make)
    assert blocks.defer(layer, lift) == blocks.defer(layer, lift) != layer
    assert blocks.defer(layer, lift).origin == Deferred(lift)
