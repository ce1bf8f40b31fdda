"""Worked examples of the rules of migration and of the way back: what each changes, and what it leaves alone.

A rule of migration is entered by its code, one of the way back by the name of its function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Generic, TypeVar

from anykeras.document.model import Layer, Writer
from anykeras.errors import AnyKerasError

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Example:
    """`after` is the layer expected, a check of what came out, or the error that refuses it."""

    before: Layer
    after: Layer | Callable[[Layer], bool] | type[AnyKerasError]
    writer: Writer


@dataclass(frozen=True)
class Worked:
    """On the way back: `after` is the layer expected, or a check of what came out, for a layer called on `shape`."""

    before: Layer
    after: Layer | Callable[[Layer], bool]
    release: str
    shape: Shape | None = None
    output: Shape | None = None


Kind = TypeVar("Kind", Example, Worked)


@dataclass(frozen=True)
class Examples(Generic[Kind]):
    """Of one rule: layers that it changes or refuses, and layers that it has to leave alone."""

    examples: Sequence[Kind] = ()
    leaves_alone: Sequence[Kind] = ()


_entered: dict[str, Examples[Example]] = {}
_entered_back: dict[str, Examples[Worked]] = {}


def enter(rule: str, examples: Sequence[Example], leaves_alone: Sequence[Example]) -> None:
    """Enter what a rule of migration changes and leaves alone."""
    assert rule not in _entered
    _entered[rule] = Examples(examples, leaves_alone)


def enter_back(rule: str, *examples: Worked) -> None:
    """Enter what a rule of the way back changes."""
    assert rule not in _entered_back
    _entered_back[rule] = Examples(examples)


def migration_examples() -> dict[str, Examples[Example]]:
    """The examples of each rule of migration by its code."""
    for name in ("keras1", "keras2", "keras2_masks", "keras3", "tf_keras"):
        import_module(f"rule_examples.{name}")
    return _entered


def way_back_examples() -> dict[str, Examples[Worked]]:
    """The examples of rules of the way back by the names of their functions."""
    import_module("rule_examples.way_back")
    return _entered_back
