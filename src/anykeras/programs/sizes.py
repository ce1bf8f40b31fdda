"""Open sizes of noted tensors (``tf.shape(x)[0]``) among the arguments of a function: which tensors they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..recovery.functions.live import TensorAxis
from ..recovery.functions.values import Dim, Quotient, Remainder, Sizes


def list_axes(value: object) -> Iterator[TensorAxis]:
    """The axes of tensors that sizes in a structure are computed from."""
    if isinstance(value, TensorAxis):
        yield value
    for item in _parts(value):
        yield from list_axes(item)


def _parts(value: Any) -> tuple[Any, ...]:
    if isinstance(value, Dim):
        return tuple(value.sources)
    if isinstance(value, Quotient | Remainder):
        return (value.dim,)
    if isinstance(value, slice):
        return (value.start, value.stop, value.step)
    if isinstance(value, dict):
        return tuple(value.values())
    return tuple(value) if type(value) in (list, tuple) or isinstance(value, Sizes) else ()


def measure_again(value: Any, measure: Callable[[TensorAxis], object]) -> Any:
    """A structure with each axis in its sizes replaced."""
    if isinstance(value, TensorAxis):
        return measure(value)
    if not any(True for _ in list_axes(value)):
        return value
    parts = [measure_again(item, measure) for item in _parts(value)]
    if isinstance(value, Dim):
        return Dim(*parts, scale=value.scale, offset=value.offset)
    if isinstance(value, Quotient | Remainder):
        return replace(value, dim=parts[0])
    if isinstance(value, slice):
        return slice(*parts)
    return dict(zip(value, parts, strict=True)) if isinstance(value, dict) else type(value)(parts)
