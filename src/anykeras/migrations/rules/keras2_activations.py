"""Activations that mean something else under the same name, or that Keras 3 does not have."""

from __future__ import annotations

from ...catalog import find
from ...catalog.renames import HARD_SIGMOID
from ...document.build import sequential
from ...document.model import Config, Era, Layer, Value
from ...errors import Unsupported
from ..rulebook import RuleContext, rule

_ARGUMENTS = ("activation", "recurrent_activation")


def clipped_line(dtype: Value = None) -> Layer:
    typed: Config = {"dtype": dtype} if isinstance(dtype, str) else {}
    line = Layer("Rescaling", "hard_sigmoid_line", {"scale": HARD_SIGMOID["scale"], "offset": HARD_SIGMOID["offset"], **typed})
    clip = Layer("ReLU", "hard_sigmoid_clip", {"max_value": HARD_SIGMOID["max_value"], **typed})
    return sequential("hard_sigmoid", line, clip)


@rule(
    "AK2220",
    to=Era.KERAS3,
)
def hard_sigmoid(layer: Layer, context: RuleContext) -> Layer | None:
    """The old function in place of its name, in every argument that takes an activation."""
    if all(find(layer.class_name, era) is None for era in (Era.KERAS3, Era.KERAS2)):
        return None
    named = [key for key in _ARGUMENTS if layer.config.get(key) == "hard_sigmoid"]
    if not named:
        return None
    return layer.with_config(**{key: clipped_line(layer.config.get("dtype")) for key in named})


@rule(
    "AK2221",
    to=Era.KERAS3,
    classes=("ThresholdedReLU",),
    after=("AK2280", "AK2281"),  # ReLU ended masks in tf.keras up to 2.4, and this did not
)
def replace_thresholded_relu(layer: Layer, context: RuleContext) -> Layer | None:
    """The same layer as a ReLU. Raises Unsupported below 0, which ReLU does not take."""
    theta = layer.config.get("theta", 1.0)
    if not isinstance(theta, int | float) or theta < 0:
        raise Unsupported(
            "AK2221",
            f"ThresholdedReLU with theta {theta!r}: Keras 3 takes no threshold below 0",
            layer=layer.name,
            key="theta",
            next_step="Replace the layer in the Keras that wrote the file.",
        )
    kept = {key: value for key, value in layer.config.items() if key in ("dtype", "trainable")}
    return Layer("ReLU", layer.name, {**kept, "threshold": theta}, address=layer.address)
