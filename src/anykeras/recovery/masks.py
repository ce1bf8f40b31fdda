"""The mask that an input carries, as a tensor of the graph.

Keras keeps the mask beside the tensor, where operations cannot reach it. One layer turns it into numbers:
``Attention`` multiplies its outcome by the mask of its query (keras/src/layers/attention/attention.py 3.15.1). With
ones for query and values its outcome is that mask.
"""

from __future__ import annotations

from collections.abc import Sequence

from .functions import Operand, Ops, Refused


def make_mask_input(ops: Ops, inputs: Operand, masked: Sequence[bool]) -> Operand:
    """What Keras gives for ``mask``: None where no input carries one, else a bool tensor, or one for each input."""
    if not any(masked):
        return None
    if isinstance(inputs, list):
        return [_mask(ops, x) if has else None for x, has in zip(inputs, masked, strict=True)]
    return _mask(ops, inputs)


def _mask(ops: Ops, x: Operand) -> Operand:
    if ops.rank(x) != 3:
        raise Refused(
            f"the function takes the mask of a tensor of rank {ops.rank(x)}; a mask becomes a tensor of the graph only "
            "for (batch, time, features)",
            "AK3011",
        )
    ones = ops.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    seen = ops.layer("Attention", {}, [ones, ones])
    return ops.op("not_equal", ops.getitem(seen, (slice(None), slice(None), 0)), 0)
