"""What the Theano backend of Keras 2 computed otherwise."""

from __future__ import annotations

import numpy as np

from ...document.model import Era, Layer, Writer
from ...errors import Unsupported
from ...tensors import Tensor, constant
from ..rulebook import Example, RuleContext, rule

THEANO = Writer(Era.KERAS2, "keras", "2.2.4", "theano")
TENSORFLOW = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")

# Kernels that Theano flips, with the number of axes in which they slide. Those of depthwise convolutions the backend
# flips itself before the convolution (keras 2.1.5 `depthwise_conv2d`, 2.3.1 `_preprocess_conv2d_depthwise_kernel`).
_SLIDING = {
    **{(f"Conv{rank}D", "kernel"): rank for rank in (1, 2, 3)},
    **{(f"Conv{rank}DTranspose", "kernel"): rank for rank in (2, 3)},
    ("ConvLSTM2D", "kernel"): 2,
    ("ConvLSTM2D", "recurrent_kernel"): 2,
    ("ConvLSTM2DCell", "kernel"): 2,
    ("ConvLSTM2DCell", "recurrent_kernel"): 2,
}
_CLASSES = tuple(dict.fromkeys(class_name for class_name, _ in _SLIDING))
_UNDILATED = (None, 1, (1,), (1, 1), (1, 1, 1))
_RAMP = constant(np.arange(3).reshape(3, 1, 1))


def _is_reversed(layer: Layer) -> bool:
    return bool((layer.weights["kernel"].read().ravel() == [2, 1, 0]).all())


@rule(
    "AK2230",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
    classes=_CLASSES,
    examples=[Example(Layer("Conv1D", "c", {}, {"kernel": _RAMP}), _is_reversed, THEANO)],
    leaves_alone=[
        Example(Layer("Conv1D", "c", {}, {"kernel": _RAMP}), lambda layer: layer.weights["kernel"] is _RAMP, TENSORFLOW)
    ],
)
def flip_kernels(layer: Layer, context: RuleContext) -> Layer | None:
    """Spatial axes reversed."""
    if context.writer.backend != "theano":
        return None
    if layer.class_name.endswith("Transpose") and layer.config.get("dilation_rate") not in _UNDILATED:
        raise Unsupported(
            "AK2230",
            f"{layer.class_name} with dilation on Theano gave an image cut to the size that it has without",
            layer=layer.name,
            key="dilation_rate",
            writer=str(context.writer),
            next_step="Report the file: no layer of Keras 3 cuts as this one did.",
        )
    turned: dict[str, Tensor] = {
        role: tensor.flip(*range(rank))
        for role, tensor in layer.weights.items()
        if (rank := _SLIDING.get((layer.class_name, role))) and not any(s.startswith("flip") for s in tensor.steps)
    }
    return layer.with_weights(**turned) if turned else None
