"""What a lifter is: it turns one layer that holds code into native operations, given the shapes that reach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...document.model import GIVEN, Layer
from ..functions import FunctionContext
from ..lift import Lifted, Objects


@dataclass(frozen=True)
class CodeSite:
    """One call of a layer: its arguments with specs where tensors stand, who wrote it, and what was given for it.

    `masked` says which of the tensors carry a mask; `mask_consumed` whether any layer of the model uses masks.
    """

    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    context: FunctionContext
    objects: Objects
    masked: tuple[bool, ...] = ()
    mask_consumed: bool = False


Lifter = Callable[[Layer, CodeSite], Lifted]
Test = Callable[[Layer], bool]
_by_class: dict[str, Lifter] = {}
_by_test: list[tuple[Test, Lifter]] = []


def code_site(*class_names: str) -> Callable[[Lifter], Lifter]:
    """Enter a lifter for classes that are nothing but code."""

    def enter(lift: Lifter) -> Lifter:
        for name in class_names:
            _by_class[name] = lift
        return lift

    return enter


def code_site_where(test: Test) -> Callable[[Lifter], Lifter]:
    """Enter a lifter for layers of any class that pass a test."""

    def enter(lift: Lifter) -> Lifter:
        _by_test.append((test, lift))
        return lift

    return enter


def given(layer: Layer, site: CodeSite) -> Lifted:
    """A layer whose class the reader gave: ``objects[GIVEN]`` says what stands for it."""
    adopt: Lifter = site.objects[GIVEN]
    return adopt(layer, site)


def lifter(layer: Layer) -> Lifter | None:
    """The lifter of a layer, or None where it holds no code."""
    if layer.operation or layer.graph is not None:
        return None
    if layer.module == GIVEN:
        return given
    found = _by_class.get(layer.class_name)
    if found is not None:
        return found
    return next((lift for test, lift in _by_test if test(layer)), None)
