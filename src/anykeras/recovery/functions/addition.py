"""Sums that Keras on TensorFlow computes as they stand.

``add`` of keras/src/backend/tensorflow/numpy.py (3.15.1) takes its second operand for a bias wherever only one of its
sizes is not 1 and equals the size of axis 1 or of the last axis of the first: ``x (2, 4, 4) + y (1, 4, 1)`` is then added
along the last axis. Sizes are those at run time, so a batch as long as an axis, or of one, is enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from .base import Ops
from .values import Operand


def never_a_bias(first: Sequence[Operand], second: Sequence[Operand]) -> bool:
    """Whether the second of two shapes cannot be taken for a bias, or is one of the last axis."""
    known = [axis for axis, size in enumerate(second) if isinstance(size, int) and size != 1]
    if len(first) < 2 or len(known) > 1 or all(size == 1 for size in second):
        return True
    return bool(known) and known[0] == len(second) - 1 and second[-1] == first[-1]


def order_sum(ops: Ops, a: Operand, b: Operand) -> tuple[str, Operand, Operand]:
    """The operation and its operands for ``a + b``."""
    one, other = ops.shape(a), ops.shape(b)
    if never_a_bias(one, other):
        return "add", a, b
    if never_a_bias(other, one):
        return "add", b, a
    if not all("float" in ops.dtype(value) for value in (a, b)):
        return "add", a, b
    return "subtract", a, ops.negative(b)
