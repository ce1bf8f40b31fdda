"""Convolutions with holes, as tf.keras spells them: every so many places to a sample of their own, and back behind it.

``BatchToSpaceND(Conv2D(SpaceToBatchND(x, block, paddings), kernel), block, crops)`` is ``Conv2D`` with `block` as dilation of x
with a border of ``paddings - crops``: that is how it is written, so that it becomes one layer, and so that sizes may be open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...recovery.functions import Dim, Operand, Refused
from ..values import Blocks, SizeTable
from .base import NodeCall, op


@op("SpaceToBatchND", "SpaceToBatch")
def space_to_batch(call: NodeCall) -> Operand:
    """Every so many places to a sample of their own."""
    block = call.integers(1) if "ND" in call.op else (int(call.at["block_size"]),) * 2
    edges = _pairs(call, 2 if "ND" in call.op else 1)
    made = Blocks(call.tensor(0), block, edges)
    return replace(made, spread=lambda: _spread(call, made))


def dilate(call: NodeCall) -> Blocks | None:
    """A convolution of what was spread, as one with holes; None for other convolutions."""
    blocks = call.given[0]
    if not isinstance(blocks, Blocks) or blocks.convolve is not None or str(call.at["padding"]) != "VALID":
        return None
    ones = all(set(call.at.get(key) or (1,)) == {1} for key in ("strides", "dilations"))
    kernel = call.array(1)
    if not ones or not str(call.at.get("data_format", "NHWC")).endswith("C") or call.ops.rank(kernel) != len(blocks.block) + 2:
        return None
    name = "depthwise_conv" if call.op.startswith("Depthwise") else "conv"
    reach = tuple((whole(call, k) - 1) * holes for k, holes in zip(call.ops.shape(kernel), blocks.block, strict=False))

    def convolve(x: Operand, padding: str) -> Operand:
        return call.ops.op(name, x, kernel, strides=1, padding=padding, data_format="channels_last", dilation_rate=blocks.block)

    made = replace(blocks, convolve=convolve, reach=reach)
    return replace(made, spread=lambda: _spread(call, made))


@op("BatchToSpaceND", "BatchToSpace")
def batch_to_space(call: NodeCall) -> Operand:
    """The way back."""
    block = call.integers(1) if "ND" in call.op else (int(call.at["block_size"]),) * 2
    crops = _pairs(call, 2 if "ND" in call.op else 1)
    held = call.given[0]
    if isinstance(held, Blocks) and held.block == block:
        pairs = zip(held.edges, crops, strict=True)
        return _bring_back(call, held, tuple((front - start, back - end) for (front, back), (start, end) in pairs))
    return _gather(call, call.tensor(0), block, crops)


def _bring_back(call: NodeCall, held: Blocks, edges: tuple[tuple[Operand, Operand], ...]) -> Operand:
    """What was spread, convolved, with a border that is wider than before or (negative) narrower."""
    if any(isinstance(side, Dim) for pair in edges for side in pair):
        raise Refused(f"the op {call.op} on an image of open size", "AK3062")
    n, x = len(held.block), held.x
    if held.convolve is not None and edges == tuple((reach // 2, reach - reach // 2) for reach in held.reach):
        return held.convolve(x, "same")
    if any(side > 0 for pair in edges for side in pair):
        widths = ((0, 0), *((max(front, 0), max(back, 0)) for front, back in edges), *[(0, 0)] * (call.ops.rank(x) - n - 1))
        x = call.ops.op("pad", x, widths, mode="constant")
    y = held.convolve(x, "valid") if held.convolve is not None else x
    key = [slice(max(-front, 0), min(back, 0) or None) for front, back in edges]
    return call.ops.getitem(y, (slice(None), *key, Ellipsis)) if any(side < 0 for pair in edges for side in pair) else y


def _spread(call: NodeCall, held: Blocks) -> Operand:
    """The samples that were put off, now."""
    ops, x, block = call.ops, _bring_back(call, held, held.edges), held.block
    known = ops.shape(x)[1:]
    sizes, rest = [whole(call, size) for size in known[: len(block)]], [whole(call, size) for size in known[len(block) :]]
    pieces = [part for size, width in zip(sizes, block, strict=True) for part in (size // width, width)]
    x = ops.op("reshape", x, (-1, *pieces, *rest))
    n = len(block)
    order = (*(2 + 2 * i for i in range(n)), 0, *(1 + 2 * i for i in range(n)), *range(1 + 2 * n, 1 + 2 * n + len(rest)))
    return ops.op("reshape", ops.op("transpose", x, axes=order), (-1, *pieces[::2], *rest))


def _gather(call: NodeCall, x: Operand, block: tuple[int, ...], crops: tuple[tuple[Operand, Operand], ...]) -> Operand:
    ops, n = call.ops, len(block)
    known = [whole(call, size) for size in ops.shape(x)[1:]]
    sizes, rest = known[:n], known[n:]
    x = ops.op("reshape", x, (*block, -1, *known))
    order = (n, *(part for i in range(n) for part in (n + 1 + i, i)), *range(2 * n + 1, 2 * n + 1 + len(rest)))
    wide = [size * width for size, width in zip(sizes, block, strict=True)]
    x = ops.op("reshape", ops.op("transpose", x, axes=order), (-1, *wide, *rest))
    key = [slice(whole(call, start), size - whole(call, end)) for (start, end), size in zip(crops, wide, strict=True)]
    return ops.getitem(x, (slice(None), *key, *[slice(None)] * len(rest))) if any(map(any, crops)) else x


def widen(call: NodeCall, axis: int) -> Operand:
    """What was spread, with one more axis of size one among those that were: how one axis is convolved as two."""
    return _reshaped(call, axis, (1,), ((0, 0),), lambda x: call.ops.op("expand_dims", x, axis=axis))


def narrow(call: NodeCall, axis: int) -> Operand:
    """Without such an axis."""
    return _reshaped(call, axis, (), (), lambda x: call.ops.op("squeeze", x, axis=axis))


def _reshaped(
    call: NodeCall, axis: int, width: tuple[int, ...], edge: tuple[tuple[int, int], ...], change: Callable[[Operand], Operand]
) -> Operand:
    held: Blocks = call.given[0]
    at, gone = axis - 1, 1 - len(width)
    spatial = 0 <= at < len(held.block) + len(width)
    if not spatial or (gone and (held.block[at] != 1 or held.edges[at] != (0, 0))):
        return change(call.ops.tensor(held))
    before = held.convolve
    made = replace(
        held,
        x=held.x if before is not None else change(held.x),
        block=(*held.block[:at], *width, *held.block[at + gone :]),
        edges=(*held.edges[:at], *edge, *held.edges[at + gone :]),
        reach=(*held.reach[:at], *held.reach[at + gone :]),
        convolve=None
        if before is None
        else lambda x, padding: change(before(call.ops.op("expand_dims", x, axis=axis), padding)),
    )
    if before is not None:
        made = replace(made, x=call.ops.op("squeeze", held.x, axis=axis))
    return replace(made, spread=lambda: _spread(call, made))


def _pairs(call: NodeCall, place: int) -> tuple[tuple[Operand, Operand], ...]:
    """Two numbers for each axis; those of a table may be open."""
    value = call.given[place]
    if isinstance(value, SizeTable):
        return tuple((front, back) for front, back in value.rows)
    edges = call.integers(place)
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def whole(call: NodeCall, size: Operand) -> int:
    """A size as a number. Raises Refused where it is open."""
    if not isinstance(size, int | np.integer):
        raise Refused(f"the op {call.op} on an image of open size", "AK3062")
    return int(size)
