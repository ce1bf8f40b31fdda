"""Choosing boxes: suppression of what overlaps, where the number of results is fixed (non_max_suppression_op.cc of TF 2.21).

Results of a fixed number are found one after the other: the best score that is left, without what overlaps it too much. What
gives as many as there are (``NonMaxSuppression`` to V3, and V4 and V5 without padding) has no size that a model could know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...recovery.functions import Operand, Refused
from ...recovery.functions.creation import stack_any
from .base import NodeCall, op
from .blocks import whole

NONE = np.float32(-1e30)  # the score of what is taken, overlaps, or is below the threshold
MOST = 256  # results of a class, each of which is written out


@op("NonMaxSuppressionV4", "NonMaxSuppressionV5")
def suppress(call: NodeCall) -> Operand:
    """The places of the best boxes, in V5 also their scores, and how many there are; zeros behind those."""
    ops = call.ops
    if not call.at["pad_to_max_output_size"]:
        raise Refused(f"the op {call.op} gives as many boxes as there are, which a Keras model cannot hold", "AK3060")
    if call.op.endswith("5") and call.number(5) != 0:
        raise Refused(f"the op {call.op} lowers scores softly, which AnyKeras does not do", "AK3060")
    boxes, scores = ops.as_tensor(call.given[0]), ops.as_tensor(call.given[1])
    found = _BoxSearch(call, boxes, scores, float(call.number(3)), float(call.number(4))).run(call.integer(2))
    places, best = (
        stack_any(ops, list(column), 0) for column in zip(*((place, score) for place, score, _ in found), strict=True)
    )
    valid = ops.op("greater", best, NONE / 2)
    many = ops.op("sum", ops.op("cast", valid, "int32"))
    return (places, many) if call.op.endswith("4") else (places, ops.op("where", valid, best, np.float32(0)), many)


@op("CombinedNonMaxSuppression")
def suppress_by_class(call: NodeCall) -> Operand:
    """For each image the best boxes of all classes, with scores and classes, and how many there are; zeros behind those."""
    ops = call.ops
    boxes, scores = ops.as_tensor(call.given[0]), ops.as_tensor(call.given[1])
    classes = whole(call, ops.shape(scores)[2])
    each, total = call.integer(2), call.integer(3)
    total = min(total, each * classes) if call.at["pad_per_class"] else total
    boxes = ops.op("transpose", boxes, axes=(0, 2, 1, 3))
    search = _BoxSearch(call, boxes, ops.op("transpose", scores, axes=(0, 2, 1)), call.number(4), call.number(5))
    found = search.run(each)
    best = stack_any(ops, [score for _, score, _ in found], -1)  # (images, classes, results of each)
    chosen = stack_any(ops, [search.box_of(marked) for _, _, marked in found], 2)
    best = ops.op("reshape", best, (-1, classes * each))
    chosen = ops.op("reshape", chosen, (-1, classes * each, 4))
    kept = min(total, classes * each)
    best, order = ops.op("top_k", best, kept, sorted=True)
    chosen = ops.op("take_along_axis", chosen, ops.op("expand_dims", order, -1), axis=1)
    named = ops.op("cast", ops.op("floor_divide", order, each), "float32")
    if call.at["clip_boxes"]:
        chosen = ops.op("minimum", ops.op("maximum", chosen, 0.0), 1.0)
    valid = ops.op("greater", best, NONE / 2)
    best, named = (_pad(call, ops.op("where", valid, value, np.float32(0)), total - kept) for value in (best, named))
    chosen = _pad(call, ops.op("where", ops.op("expand_dims", valid, -1), chosen, np.float32(0)), total - kept)
    return chosen, best, named, ops.op("sum", ops.op("cast", valid, "int32"), axis=-1)


def _pad(call: NodeCall, x: Operand, many: int) -> Operand:
    """Zeros behind the second axis."""
    edges = ((0, 0), (0, many), *((0, 0),) * (call.ops.rank(x) - 2))
    return call.ops.op("pad", x, edges) if many else x


class _BoxSearch:
    """The best boxes one after the other: `boxes` of (..., boxes, 4), `scores` of (..., boxes)."""

    def __init__(self, call: NodeCall, boxes: Operand, scores: Operand, overlap: float, least: float) -> None:
        self.ops, self.boxes = call.ops, boxes
        self.count = whole(call, self.ops.shape(scores)[-1])
        above = scores if np.isneginf(least) else self.ops.op("where", self.ops.op("greater", scores, least), scores, NONE)
        self.scores = above
        self.covers = self.ops.op("cast", self.ops.op("greater", self._overlaps(), overlap), "float32")

    def run(self, many: int) -> list[tuple[Operand, Operand, Operand]]:
        """The place of each result, its score, and the place as a row of zeros and a one (..., 1, boxes)."""
        if not 0 < many <= MOST:
            raise Refused(f"{many} boxes of each class, of which at most {MOST} are written out", "AK3063")
        ops, left, found = self.ops, self.scores, []
        numbers = np.arange(self.count, dtype="int32")
        for _ in range(many):
            place = ops.op("cast", ops.op("argmax", left, axis=-1), "int32")
            here = ops.op("equal", ops.op("expand_dims", place, -1), numbers)
            marked = ops.op("expand_dims", ops.op("cast", here, "float32"), -2)
            found.append((place, ops.op("max", left, axis=-1), marked))
            covered = ops.op("squeeze", ops.op("matmul", marked, self.covers), axis=-2)
            left = ops.op("where", ops.op("logical_or", here, ops.op("greater", covered, 0.5)), NONE, left)
        return found

    def box_of(self, marked: Operand) -> Operand:
        """The box that a row of zeros and a one means."""
        return self.ops.op("squeeze", self.ops.op("matmul", marked, self.boxes), axis=-2)

    def _overlaps(self) -> Operand:
        """How much of two boxes together both cover, (..., boxes, boxes); nothing for boxes without an area."""
        ops = self.ops

        def ends(one: int, other: int) -> Sequence[Operand]:
            start, end = (ops.getitem(self.boxes, (Ellipsis, slice(place, place + 1))) for place in (one, other))
            return ops.op("minimum", start, end), ops.op("maximum", start, end)

        sides, shared = [], []
        for low, high in (ends(0, 2), ends(1, 3)):
            sides.append(ops.op("subtract", high, low))
            near = ops.op("subtract", ops.op("minimum", high, _turn(ops, high)), ops.op("maximum", low, _turn(ops, low)))
            shared.append(ops.op("maximum", near, 0.0))
        area, both = ops.op("multiply", *sides), ops.op("multiply", *shared)
        union = ops.op("subtract", ops.op("add", area, _turn(ops, area)), both)
        real = ops.op("greater", ops.op("minimum", area, _turn(ops, area)), 0.0)
        return ops.op("where", real, ops.op("divide", both, ops.op("where", real, union, np.float32(1))), np.float32(0))


def _turn(ops: Operand, x: Operand) -> Operand:
    """A column as a row: the last two axes the other way round."""
    rank = ops.rank(x)
    return ops.op("transpose", x, axes=(*range(rank - 2), rank - 1, rank - 2))
