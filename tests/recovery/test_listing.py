"""What `inspect --code` shows of code that is refused, and what the refusal of code that wants out advises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anykeras import recovery
from anykeras.document.model import Code, Object, Training
from anykeras.errors import AnyKerasError

from .made import document, recovered, stored

os = subprocess = urllib = posix = keras = None  # what the functions below name


def _calls_a_module(x):
    return os.system("touch canary")


def _imports(x):
    import os

    os.system("touch canary")
    return x


def _imports_by_name(x):
    return __import__("os").system("touch canary")


def _climbs(x):
    return x.__class__.__mro__[-1].__subclasses__()


def _evaluates(x):
    return eval("1")


def _opens(x):
    return open("canary").read()


def _starts_a_process(x):
    return subprocess.check_output("touch canary")


def _asks_the_network(x):
    return urllib.request.urlopen("http://canary")


def _by_the_name_below(x):
    return posix.system("touch canary")


def _downloads(x):
    return keras.utils.get_file("canary", "http://canary")


OUT: list[Callable[..., Any]] = [
    *(_calls_a_module, _imports, _imports_by_name, _climbs, _evaluates, _opens, _starts_a_process, _asks_the_network),
    *(_by_the_name_below, _downloads),
]


@pytest.mark.parametrize("function", OUT, ids=lambda f: f.__name__)
def test_code_that_wants_out_is_shown_and_no_one_is_told_to_give_it_what_it_asks_for(function: Callable[..., Any]) -> None:
    with pytest.raises(AnyKerasError) as raised:
        recovered(function)
    assert "before you trust it" in (raised.value.next_step or "")
    (record,) = recovery.read(document(function))
    assert record.layer == "own" and record.key == "function"
    assert any(name in record.source for name in function.__code__.co_names) and "\n" in record.source


def test_bytes_that_are_no_function_are_shown_as_they_are() -> None:
    held = document(_calls_a_module)
    graph = held.model.graph
    assert graph is not None
    layers = tuple(
        layer.with_config(function=Code(("not base64 at all", None, None), "lambda")) if layer.name == "own" else layer
        for layer in graph.layers
    )
    (record,) = recovery.read(replace(held, model=replace(held.model, graph=replace(graph, layers=layers))))
    assert "cannot be read" in record.source and "not base64" in record.source


def test_code_is_found_wherever_it_stands() -> None:
    held = document(lambda x: x, deep={"a": (stored(_imports), Object("L2", {"l2": stored(_opens)}))})
    held = replace(held, training=Training({"loss": stored(_evaluates)}))
    found = recovery.read(held)
    assert [(record.address, record.key) for record in found] == [
        ("model/own", "function"),
        ("model/own", "deep.a"),
        ("model/own", "deep.a.l2"),
        ("training/loss", "loss"),
    ]
    assert all(record.source for record in found)


def test_a_constant_that_shares_its_parts_is_not_written_out() -> None:
    code = _imports.__code__
    bomb: tuple[Any, ...] = ("x",)
    for _ in range(25):
        bomb = (bomb, bomb)

    def function(x):  # type: ignore[no-untyped-def]
        return x

    function.__code__ = code.replace(co_consts=(*code.co_consts, bomb))
    (record,) = recovery.read(document(function))
    assert len(record.source) < 20_000
