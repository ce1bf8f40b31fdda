"""Why a graph cannot be brought to Keras, in one sentence each."""

from __future__ import annotations

from ..containers.wire.messages import NodeDef
from ..errors import Unsupported
from .effects import OutsideEffect, find_effect

_TEXT = ("String", "Regex", "Lookup", "HashTable", "ParseExample", "ParseSequenceExample", "DecodeRaw", "Unicode", "Ragged")
_SIZED = ("Where", "Unique", "UniqueV2", "UniqueWithCounts", "SparseFillEmptyRows", "DynamicPartition",
          "NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionWithOverlaps")  # fmt: skip
ELSE = "Save the model as .h5 or .keras where it was made, or report the file."


def make_op_error(node: NodeDef) -> Unsupported:
    """The refusal of an op that is in no table."""
    effect = find_effect(node.op)
    if effect is not None:
        seen = f"the op {node.op} {effect}, which AnyKeras never does for a file"
        return Unsupported("AK3065", seen, layer=node.name, next_step="Choose another signature, or another output.")
    if node.op.startswith(_TEXT) or "String" in node.op or "Sparse" in node.op:
        seen = f"the op {node.op} works on text, tables or sparse tensors, for which keras.ops has nothing"
        return Unsupported("AK3060", seen, layer=node.name, next_step="Choose a signature, or inputs, behind that op.")
    if node.op in _SIZED:
        seen = f"the op {node.op} gives a tensor whose size depends on values, which a Keras model cannot hold"
        return Unsupported("AK3060", seen, layer=node.name, next_step="Choose outputs before that op.")
    return Unsupported("AK3060", f"the op {node.op} is not one that AnyKeras can express", layer=node.name, next_step=ELSE)


def make_effect_error(effect: OutsideEffect) -> Unsupported:
    """The refusal of a signature that does something outside, though no output needs it, or of a file that does on loading."""
    seen = f"the op {effect.op} {effect.effect}, reached from {effect.reached_from}, which AnyKeras never does for a file"
    step = "Look at what the file does with `anykeras audit`."
    if effect.reached_from != "loading":
        step = f"Choose another signature. {step}"
    return Unsupported("AK3065", seen, layer=effect.node, next_step=step)


def make_fed_error(name: str) -> Unsupported:
    """The refusal of a placeholder that nothing feeds."""
    return Unsupported(
        "AK3066",
        f"the outputs need a value for the placeholder {name}, which the signature does not feed",
        layer=name,
        next_step=f'Name it among the inputs, with a value where it is constant: inputs=["{name}=1.0", ...] (--inputs).',
    )


def make_stateful_error(name: str) -> Unsupported:
    """The refusal of a variable without a value."""
    return Unsupported("AK3064", f"the variable {name} has no value in the checkpoint", layer=name, next_step=ELSE)


def make_changed_error(node: str, variable: str) -> Unsupported:
    """The refusal of a variable that is read after the same call changed it."""
    seen = f"the variable {variable} is changed by every call before it is read, which a Keras model does not do"
    return Unsupported("AK3064", seen, layer=node, next_step="Choose another signature, or other outputs.")
