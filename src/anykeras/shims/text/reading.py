"""What the shims of this folder ask of a layer: its weights by the ends of their names, its arguments, its time."""

from __future__ import annotations

from collections.abc import Iterable

from ...document.model import Config, Era, Layer, Value
from ...migrations import Context
from ...tensors import Tensor
from ..stored import SHARED

_EVERY = SHARED | {"weights"}
_TRAINED = {"kernel": ("kernel_regularizer", "kernel_constraint"), "bias": ("bias_regularizer", "bias_constraint")}


def fits(layer: Layer, required: Iterable[str], optional: Iterable[str] = ()) -> bool:
    """Whether the arguments are just these, `required` ones all there."""
    needed = set(required)
    return needed <= layer.config.keys() <= needed | set(optional) | _EVERY


def weights_by_end(layer: Layer, *ends: str) -> list[Tensor] | None:
    """The weights whose names end so, in this order; None unless they are all the weights, one for each end."""
    found = [[tensor for name, tensor in layer.weights.items() if name.endswith(end)] for end in ends]
    if len(layer.weights) != len(ends) or any(len(one) != 1 for one in found):
        return None
    return [one[0] for one in found]


def trained(layer: Layer, bias: bool, activation: Value = "linear") -> Config:
    """Arguments of a Dense layer that is trained as the weights of `layer` were."""
    kinds = ("kernel", "bias") if bias else ("kernel",)
    kept = {key: layer.config[key] for kind in kinds for key in _TRAINED[kind] if layer.config.get(key) is not None}
    return {"use_bias": bias, "activation": activation, **kept}


def masks_about(context: Context) -> bool:
    """Whether anything in the model may make a mask, so that layers have to heed them."""
    return context.model is None or context.surroundings.makes_masks


def before_june_2020(context: Context) -> bool:
    """Whether the file is of the time when keras-self-attention was at 0.42 or before, and keras-bert at 0.82 or before.

    Later ones are of June 2020 and after (dates in their source archives). Keras 2.3.1 was the last Keras before, and
    TensorFlow 2.2 came out in May 2020.
    """
    writer = context.writer
    return writer.era in (Era.KERAS0, Era.KERAS1, Era.KERAS2) or (writer.era is Era.TF2 and () < writer.release < (2, 2))
