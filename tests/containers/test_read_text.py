"""Architectures as text: JSON, and YAML against PyYAML's composer."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import container_samples as samples
import numpy as np
import pytest

from anykeras import containers, limits
from anykeras.containers.config_text.yaml import parse_yaml
from anykeras.containers.config_text.yaml.nodes import YamlNode, parse_nodes
from anykeras.errors import AnyKerasError
from genuine import CORPUS, FIXTURES

yaml = pytest.importorskip("yaml")
STANDARD = "tag:yaml.org,2002:"


def opened(path: Path, data: bytes) -> containers.Raw:
    path.write_bytes(data)
    return containers.open(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_json(tmp_path: Path, encoding: str, times: int) -> None:
    text: Any = {**samples.SEQUENTIAL, "keras_version": "2.1é"}
    expected = text
    for _ in range(times):
        text = json.dumps(text, ensure_ascii=False)
    raw = opened(tmp_path / "m.txt", text.encode(encoding))
    assert raw.match.name == "config_text" and raw.architecture == expected
    assert bool(raw.notes) == (times > 1)


def test_python_s_own_constants(tmp_path: Path) -> None:
    raw = opened(tmp_path / "m.json", b'{"class_name": "X", "a": NaN, "b": Infinity, "c": -Infinity}')
    assert isinstance(raw.architecture, dict)
    a, b, c = (raw.architecture[key] for key in "abc")
    assert math.isnan(a) and (b, c) == (math.inf, -math.inf)  # type: ignore[arg-type]
    assert "NaN" in raw.notes[0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"modelTopology": {"node": []}, "weightsManifest": []}', "AK1158"),
        ('{"metadata": {}, "weight_map": {}}', "AK1148"),
        ('{"model_type": "bert"}', "AK1121"),
        ("[1, 2]", "AK1121"),
        ('"text"', "AK1120"),
        ("name: conda\ndependencies:\n- numpy\n", "AK1121"),
        ("loss: [unclosed\n", "AK1123"),
    ],
)
def test_other_texts_are_named(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(AnyKerasError) as caught:
        opened(tmp_path / "m.json", text.encode())
    assert caught.value.code == code


def test_yaml(tmp_path: Path) -> None:
    raw = opened(tmp_path / "m.yaml", samples.YAML.encode())
    assert raw.architecture == {
        "backend": "tensorflow",
        "class_name": "Sequential",
        "config": [
            {
                "class_name": "Dense",
                "config": {
                    "batch_input_shape": [None, 4],
                    "name": "dense",
                    "units": 3,
                    "pool": [2, 2],
                    "strides": [2, 2],
                    "function": ["4wEAAA\x12", None],
                },
            }
        ],
        "keras_version": "2.2.4",
    }


def test_what_numpy_and_tensorflow_left_in_yaml() -> None:
    """Texts that PyYAML itself writes for numpy's numbers and arrays; the values come from numpy."""
    for value in (np.int64(18), np.float32(0.1), np.arange(6, dtype=">i2").reshape(2, 3), np.asfortranarray(np.eye(3))):
        text = yaml.dump({"class_name": "X", "value": value})
        assert "object/apply" in text
        assert parse_yaml(text, "p", []) == {"class_name": "X", "value": value.tolist()}
    wrapper = "!!python/object/apply:tensorflow.python.training.tracking.data_structures.ListWrapper\n- - 1\n"
    assert parse_yaml(wrapper, "p", []) == [1]
    assert parse_yaml("!!python/name:fam_k0.%3Clambda%3E ''", "p", []) == {"__python_name__": "fam_k0.<lambda>"}


def test_keys_as_json_writes_them() -> None:
    value = {7: "a", None: "b", True: "c", 2.5: "d"}
    assert parse_yaml(yaml.dump(value), "p", []) == json.loads(json.dumps(value))


def test_bytes_are_text_of_one_character_a_byte() -> None:
    value = bytes(range(256))
    text = parse_yaml(yaml.dump([value]), "p", [])
    assert isinstance(text, list) and isinstance(text[0], str) and text[0].encode("latin-1") == value


def compare(ours: YamlNode, theirs: Any, where: str = "") -> None:
    """Equal structure, tags, texts and implicit values as PyYAML's composer and its safe constructor give them."""
    kinds = {yaml.ScalarNode: "scalar", yaml.SequenceNode: "sequence", yaml.MappingNode: "mapping"}
    assert ours.kind == kinds[type(theirs)], where
    if ours.tag is not None and ours.tag != "!":
        assert ours.tag == theirs.tag, where
    if ours.kind == "scalar":
        assert ours.content == theirs.value, where
        if ours.tag is None:
            quoted = yaml.ScalarNode(STANDARD + "str", theirs.value)
            odd = theirs.tag in (STANDARD + "timestamp", STANDARD + "value", STANDARD + "merge")
            expected = yaml.SafeLoader("").construct_object(quoted if odd or not ours.plain else theirs)
            from anykeras.containers.config_text.yaml.values import to_value

            assert repr(to_value(ours, "p", [])) == repr(expected), where
        return
    assert len(ours.content) == len(theirs.value), where
    for mine, other in zip(ours.content, theirs.value, strict=True):
        if isinstance(mine, tuple):
            compare(mine[0], other[0], where + "/key")
            compare(mine[1], other[1], f"{where}/{other[0].value}")
        else:
            assert isinstance(mine, YamlNode)
            compare(mine, other, where + "/-")


YAMLS = [*sorted(CORPUS.glob("*/*.yaml")), *sorted(FIXTURES.glob("*/*.yaml"))]


def test_genuine_yaml_is_read_as_pyyaml_composes_it() -> None:
    assert YAMLS
    for path in YAMLS:
        text = path.read_text("utf-8")
        compare(parse_nodes(text, path.name), yaml.compose(text, Loader=yaml.SafeLoader))


WORDS = [
    "a", "b c", "null", "~", "true", "yes", "1", "-1", "1.5", "1e3", "1.0e-07", ".inf", "0x1F", "017", "#x",
    "a: b", "a #b", "it's", '"q"', "- a", "-", "?", "? x", "a:", "tab\tx", "é", "日本", "\x12\x00\x00", "[1]", "{a",
    "!t", "&a", "*a", "%d", "@x", "`x", "1:30", "2001-01-01", "=", "<<", ">", "|", "a,b", "a]b", "-a", "?a", ":a",
    "...", "---", "\\n", "a\\", "\r\n", "  lead", "trail ", "x\ny", "line1\nline2\n", "\nstart", "a\n\n b",
    "a\n   b\n  c", "  \n  x\n",
    "", "long " * 30, "x" * 200, "x" * 79 + " yy " + "z" * 90,
]  # fmt: skip


def some_value(rng: random.Random, depth: int) -> object:
    kind = rng.random() if depth else 0.0
    if kind < 0.5:
        return rng.choice([rng.choice(WORDS), rng.choice(WORDS) + rng.choice(WORDS), rng.randint(-5, 10**6),
                           rng.random() * 10 ** rng.randint(-9, 9), None, True, math.inf])  # fmt: skip
    if kind < 0.7:
        return [some_value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    if kind < 0.8:
        return tuple(some_value(rng, depth - 1) for _ in range(rng.randint(0, 3)))
    if kind < 0.85:
        return rng.randbytes(rng.randint(0, 90))
    names = [rng.choice(WORDS) + str(rng.randint(0, 99)) if rng.random() < 0.9 else rng.randint(0, 9) for _ in range(4)]
    return {name: some_value(rng, depth - 1) for name in names[: rng.randint(0, 4)]}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_pyyaml_dumps_is_read(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        value = some_value(rng, 5)
        text = yaml.dump(
            [value, value] if rng.random() < 0.2 else value,
            default_flow_style=rng.choice([None, True, False]),
            width=rng.choice([80, 80, 20, 1000]),
            indent=rng.choice([2, 4]),
            default_style=rng.choice([None, None, None, '"', "'", "|", ">"]),
        )
        compare(parse_nodes(text, "p"), yaml.compose(text, Loader=yaml.SafeLoader))


@pytest.mark.parametrize(
    "text",
    ["a: [b", 'a: "b', "a: 'b", "a: b\n  c: d", "a: *unknown", "a: b\n c: d", "[a]]", "a: @b", '"\\q"', "{a: b"],
)
def test_broken_yaml(text: str) -> None:
    with pytest.raises(AnyKerasError) as caught:
        parse_yaml(text, "p", [])
    assert caught.value.code == "AK1123"


def test_yaml_limits() -> None:
    with limits.override(config_depth=20), pytest.raises(AnyKerasError) as caught:
        parse_yaml("[" * 30 + "]" * 30, "p", [])
    assert caught.value.code == "AK1003"
    with pytest.raises(AnyKerasError) as caught:
        parse_yaml("- " * 3000 + "x", "p", [])
    assert caught.value.code in ("AK1003", "AK1123")
