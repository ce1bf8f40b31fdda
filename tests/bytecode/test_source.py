"""Readable source: what it says, evaluated by Python itself and by the machine, is what the old Python computed."""

from __future__ import annotations

import base64
import json
import lzma
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anykeras.bytecode import BytecodeError, CodeObject, CodeRaised, Machine, identify, write_source

from . import host, measure, numeric
from .corpus import Case, cases, versions
from .statements import ARGUMENTS, SOURCES


def _names() -> dict[str, Any]:
    """The stand-ins as real objects, for Python's own evaluation."""
    scope: dict[str, Any] = {"py2_div": lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b}
    for path, value in {**numeric.CONSTANTS, **numeric.FUNCTIONS}.items():
        first, *rest = path.split(".")
        if not rest:
            scope[first] = value
            continue
        place = scope.setdefault(first, SimpleNamespace())
        for part in rest[:-1]:
            place.__dict__.setdefault(part, SimpleNamespace())
            place = getattr(place, part)
        setattr(place, rest[-1], value)
    return scope


def _by_python(text: str, case: Case) -> object:
    scope = _names()
    if text.startswith("lambda"):
        function = eval(text, scope)
    else:
        exec(text, scope)
        function = scope[text[4 : text.index("(")]]
    if case.kwdefaults:
        function.__kwdefaults__ = case.kwdefaults
    return function(*numeric.inputs(case.kind))


@pytest.mark.parametrize("version", versions(), ids=str)
def test_shown_source_computes_what_the_function_computed(version: tuple[int, int]) -> None:
    shown = 0
    for case in cases(version):
        code = next(code for code in identify(case.code).candidates if code.version == version)
        try:
            text = write_source(code, case.defaults, case.closure).text
        except BytecodeError:
            continue
        assert numeric.same(numeric.canonical(_by_python(text, case)), case.expected), text
        assert numeric.same(numeric.canonical(measure.by_source(code, case)), case.expected), text
        shown += 1
    assert shown >= 0.75 * len(list(cases(version)))


def test_the_text_is_that_of_the_file_in_every_python() -> None:
    for name, expected in {
        "l2norm": "lambda x: x / K.sqrt(K.maximum(K.sum(K.square(x), axis=-1, keepdims=True), K.epsilon()))",
        "slice_newaxis": "lambda x: x[:, np.newaxis, None, :, 0]",
        "default_lambda": "lambda x, s=2.0, o=1: x * s + o",
        "cond_expr": "lambda x: x * 2 if K.ndim(x) == 3 else x * 3",
        "none_default": "lambda x, mask=None: x if mask is None else x * mask",
        "closure_pixshuf": "lambda x: tf.nn.depth_to_space(x, 2)",
        "raise_untaken": "def f(x):\n    # raises where x.ndim != 3\n    return x",
    }.items():
        for case in cases():
            if case.name == name and (name, case.version) != ("l2norm", (2, 7)):
                assert write_source(identify(case.code).best, case.defaults, case.closure).text == expected, case.id


def test_division_of_python_2_is_told_from_that_of_today() -> None:
    case = next(case for case in cases((2, 7)) if case.name == "l2norm")
    assert write_source(identify(case.code).best).text.startswith("lambda x: py2_div(x, K.sqrt(")


REFUSED = {
    "handler": "def f(x):\n    try: return x.a\n    except Exception: return 1",
    "loop": "def f(x): return [y for y in x]",
    "dropped call": "def f(x):\n    x.set_shape((1,))\n    return x",
    "item written": "def f(x):\n    x[0] = 1\n    return x",
    "list changed": "def f(x):\n    a = [1]\n    a += x\n    return a",
    "star args": "def f(*x): return x",
    "too many ways": "def f(x):\n    n = 0\n    for i in range(12):\n        if x[i]: n = n * 2 + x.a\n    return n",
}


@host.known
@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_source_is_refused(name: str) -> None:
    with pytest.raises(BytecodeError):
        write_source(host.code_of(host.compiled(REFUSED[name])))


IMPORTING = {
    "import tensorflow as tf\n    return tf.nn.relu(x)": "import tensorflow\n    return tensorflow.nn.relu(x)",
    "from os.path import join as j\n    return j(x)": "import os.path\n    return os.path.join(x)",
    "import os\n    return os.system('id') or x": "import os\n    return os.system('id') or x",
    "import os, sys\n    return sys if x else os": "import os\n    import sys\n    return sys if x else os",
}


@host.known
@pytest.mark.parametrize("text", IMPORTING)
def test_imports_are_shown_and_never_done(text: str) -> None:
    found = write_source(host.code_of(host.compiled(f"def f(x):\n    {text}")))
    assert found.text == f"def f(x):\n    {IMPORTING[text]}"


@host.known
def test_an_import_of_the_name_of_a_parameter_is_refused() -> None:
    with pytest.raises(BytecodeError):
        _ = write_source(host.code_of(host.compiled("def f(os):\n    import os as o\n    return o.system(os)"))).text


@host.known
def test_a_random_call_is_written_once_however_often_it_is_used() -> None:
    source = write_source(host.code_of(host.compiled("def f(x):\n    r = K.random_normal(x.shape)\n    return x + r * r")))
    assert source.text.count("random_normal") == 1


# Class and ``with`` statements, against what each Python made of them.


DATA = Path(__file__).parent / "data" / "statements.json.xz"
VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


@cache
def _recorded() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(lzma.decompress(DATA.read_bytes()))
    return loaded


def _outcome(code: CodeObject, n: int) -> list[str]:
    machine = Machine(code, numeric.NumbersDomain(numeric.environment()))
    try:
        return ["value", repr(machine.run(machine.function(), [n]))]
    except CodeRaised as error:
        return ["raises", error.exception]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_python_that_could_have_written_it_agrees(version: str) -> None:
    records = _recorded()[version]
    assert len(records) >= 14
    for name, record in records.items():
        for code in identify(base64.b64decode(record["code"])).candidates:
            for n, expected in record["runs"]:
                assert _outcome(code, n) == expected, (name, n, code)


@host.known
@pytest.mark.parametrize("name", SOURCES)
def test_the_running_python_agrees(name: str) -> None:
    for n in ARGUMENTS:
        assert repr(host.run(SOURCES[name], n)) == repr(host.compiled(SOURCES[name])(n))


@host.known
def test_a_symbol_goes_through_objects_as_it_is() -> None:
    source = """
def f(x):
    class Scale(object):
        def __init__(self, by): self.by = by
        def __call__(self, v): return v * self.by
        def __rmul__(self, v): return v
    return Scale(3)(x) + sum(map(Scale(2), [x, x]))"""
    x = numeric.inputs("x2")[0]
    assert numeric.same(numeric.canonical(host.run(source, x)), numeric.canonical(7 * x))


@host.known
def test_the_order_of_symbol_and_object_is_not_guessed() -> None:
    source = "def f(x):\n    class C:\n        def __rmul__(self, v): return v\n    return x * C()"
    with pytest.raises(BytecodeError, match="symbol"):
        host.run(source, numeric.inputs("x2")[0])
