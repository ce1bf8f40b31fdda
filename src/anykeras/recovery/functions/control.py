"""Branches and loops of a graph, unrolled or chosen element by element."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from .arguments import dtype_of
from .base import Entry, Ops
from .values import Operand, Refused

_STEPS = 512
"""A loop over more steps than this is refused: each step is written out as nodes of its own."""


def runnable(ops: Ops, function: Operand) -> Callable[..., Operand]:
    """A function of the code, or one of the tables, as something to call."""
    return partial(function, ops) if isinstance(function, Entry) else function


def call_branch(branch: Operand) -> Operand:
    """A branch given as a value or as a function of nothing."""
    return branch() if callable(branch) else branch


def where(ops: Ops, condition: Operand, one: Operand, other: Operand) -> Operand:
    """Element by element, structures of tensors included."""
    if isinstance(one, list | tuple):
        return type(one)(where(ops, condition, a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return {key: where(ops, condition, one[key], other[key]) for key in one}
    return ops.where(as_bool(ops, condition), one, other)


def as_bool(ops: Ops, condition: Operand) -> Operand:
    """The condition as truth values."""
    if not ops.is_tensor(condition) or dtype_of(ops, condition) == "bool":
        return condition
    return ops.cast(condition, "bool")


def choose(ops: Ops, condition: Operand, one: Operand, other: Operand) -> Operand:
    """A branch on one truth value: plain ones decide now, tensors compute both sides."""
    if not ops.is_tensor(condition):
        return call_branch(one) if condition else call_branch(other)
    first, second = call_branch(one), call_branch(other)
    if first is None and second is None:
        return None
    return where(ops, condition, first, second)


def align_leading(ops: Ops, condition: Operand, rank: int) -> Operand:
    """`condition` with axes of size one added behind, so that it picks along its leading axes."""
    for _ in range(rank - ops.rank(condition)):
        condition = ops.expand_dims(condition, -1)
    return condition


def split_steps(ops: Ops, x: Operand, axis: int = 0) -> list[Operand]:
    """The slices of `x` along an axis of known size."""
    size = ops.shape(x)[axis]
    if not isinstance(size, int):
        raise Refused("a loop runs over an axis of unknown size", "AK3043")
    if size > _STEPS:
        raise Refused(f"a loop runs over {size} steps, each of which would be written out")
    front = (slice(None),) * axis
    return [ops.getitem(x, (*front, index, Ellipsis)) for index in range(size)]


def split_elements(ops: Ops, elems: Operand) -> list[Operand]:
    """What a mapped function is called with, one by one: slices, or tuples of slices."""
    if isinstance(elems, list | tuple):
        return [type(elems)(row) for row in zip(*(split_steps(ops, one) for one in elems), strict=True)]
    return split_steps(ops, elems)


def stack_rows(ops: Ops, rows: Sequence[Operand]) -> Operand:
    """Rows stacked, structure by structure."""
    if isinstance(rows[0], list | tuple):
        return type(rows[0])(stack_rows(ops, column) for column in zip(*rows, strict=True))
    return ops.stack(list(rows), axis=0)


def map_over(ops: Ops, function: Callable[..., Operand], elems: Operand) -> Operand:
    """``map_fn``: written out where the size is known, else left to the `Ops`."""
    function = runnable(ops, function)
    several = elems if isinstance(elems, list | tuple) else [elems]
    if not all(isinstance(ops.shape(one)[0], int) for one in several):
        return ops.map_rows(function, elems) if several is not elems else _map_together(ops, function, elems)
    return stack_rows(ops, [function(row) for row in split_elements(ops, elems)])


def _map_together(ops: Ops, function: Callable[..., Operand], elems: Operand) -> Operand:
    """Several tensors as one whose rows hold all their numbers, taken apart again for each row."""
    shapes = [ops.shape(one)[1:] for one in elems]
    sizes = [math.prod(shape) for shape in shapes if all(isinstance(size, int) for size in shape)]
    if len(sizes) != len(shapes) or len({dtype_of(ops, one) for one in elems}) != 1:
        raise Refused("a function is mapped over tensors that do not fit into one", "AK3043")
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    flat = [ops.reshape(one, (-1, size)) for one, size in zip(elems, sizes, strict=True)]

    def apart(row: Operand) -> Operand:
        parts = [ops.getitem(row, (slice(end - size, end),)) for size, end in zip(sizes, ends, strict=True)]
        return function(type(elems)(ops.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)))

    return ops.map_rows(apart, ops.concatenate(flat, axis=-1))


def fold(ops: Ops, function: Callable[..., Operand], elems: Operand, initial: Operand, backwards: bool) -> Operand:
    """``foldl`` and ``foldr``: function(so far, element)."""
    function = runnable(ops, function)
    rows = split_elements(ops, elems)
    rows = rows[::-1] if backwards else rows
    if initial is None:
        initial, rows = rows[0], rows[1:]
    for row in rows:
        initial = function(initial, row)
    return initial


def scan_over(ops: Ops, function: Callable[..., Operand], elems: Operand, initial: Operand, backwards: bool = False) -> Operand:
    """``tf.scan``: every intermediate outcome, stacked."""
    function = runnable(ops, function)
    rows = split_elements(ops, elems)
    rows = rows[::-1] if backwards else rows
    found = []
    if initial is None:
        initial, rows = rows[0], rows[1:]
        found.append(initial)
    for row in rows:
        initial = function(initial, row)
        found.append(initial)
    return stack_rows(ops, found[::-1] if backwards else found)


def run_recurrence(
    ops: Ops,
    step: Callable[..., Operand],
    inputs: Operand,
    states: Operand,
    *,
    backwards: bool = False,
    mask: Operand = None,
    constants: Operand = None,
    shows_state: bool = False,
) -> tuple[Operand, Operand, list[Operand]]:
    """``K.rnn``: (last output, outputs, last states); a masked step keeps the states and repeats the last output.

    With `shows_state` a masked step gives the first state in place of the last output.
    """
    kept = list(states)
    extra = list(constants or [])
    rows = split_steps(ops, inputs, 1)
    masks = split_steps(ops, mask, 1) if mask is not None else [None] * len(rows)
    order = list(zip(rows, masks, strict=True))
    outputs: list[Operand] = []
    for row, seen in order[::-1] if backwards else order:
        output, new = step(row, [*kept, *extra])
        if seen is not None:
            before = kept[0] if shows_state else outputs[-1] if outputs else ops.zeros_like(output)
            output = ops.where(align_leading(ops, as_bool(ops, seen), ops.rank(output)), output, before)
            new = [ops.where(align_leading(ops, as_bool(ops, seen), ops.rank(a)), a, b) for a, b in zip(new, kept, strict=True)]
        outputs.append(output)
        kept = list(new)
    return outputs[-1], ops.stack(outputs, axis=1), kept
