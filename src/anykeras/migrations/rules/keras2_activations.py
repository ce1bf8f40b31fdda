"""Activations that mean something else under the same name, or that Keras 3 does not have."""

from __future__ import annotations

from ...catalog import find
from ...document.build import sequential
from ...document.model import Config, Era, Layer, Value, Writer
from ...errors import Unsupported
from ..rulebook import Example, RuleContext, rule

K2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
_ARGUMENTS = ("activation", "recurrent_activation")


def _hard_sigmoid(dtype: Value) -> Layer:
    typed: Config = {"dtype": dtype} if isinstance(dtype, str) else {}
    line = Layer("Rescaling", "hard_sigmoid_line", {"scale": 0.2, "offset": 0.5, **typed})
    clip = Layer("ReLU", "hard_sigmoid_clip", {"max_value": 1.0, **typed})
    return sequential("hard_sigmoid", line, clip)


def _is_clipped_line(layer: Layer) -> bool:
    held = layer.config["recurrent_activation"]
    return isinstance(held, Layer) and held.graph is not None and held.graph.layers[0].config["scale"] == 0.2


@rule(
    "AK2220",
    "hard_sigmoid had a steeper slope",
    to=Era.KERAS3,
    what="`hard_sigmoid` was `clip(0.2 x + 0.5, 0, 1)` in every Keras before 3; it is `relu6(x + 3) / 6` in Keras 3, "
    "which has slope 1/6. It is the default gate activation of every LSTM and GRU of Keras 0 to 2.",
    why="Keras 3 opens such files without a warning and computes another function, at every step of every LSTM.",
    changes="The activation becomes a small model without weights, `Rescaling(0.2, 0.5)` then `ReLU(max_value=1)`, "
    "held where the name stood. The layer's weights, masks and training stay as they were, and stock Keras opens it.",
    example="LSTM(recurrent_activation='hard_sigmoid') -> LSTM(recurrent_activation=<Sequential hard_sigmoid>)",
    versions="Keras 0.1 to 2.3, tf.keras to 2.15",
    references=(
        "keras 2.3.1 backend/tensorflow_backend.py, `hard_sigmoid`",
        "keras 3.15.1 src/backend/jax/nn.py, `hard_sigmoid`",
    ),
    examples=[
        Example(Layer("LSTM", "l", {"units": 2, "recurrent_activation": "hard_sigmoid"}), _is_clipped_line, K2),
    ],
    leaves_alone=[
        Example(
            Layer("LSTM", "l", {"recurrent_activation": "sigmoid"}),
            Layer("LSTM", "l", {"recurrent_activation": "sigmoid"}),
            K2,
        ),
        Example(Layer("Mine", "m", {"activation": "hard_sigmoid"}), Layer("Mine", "m", {"activation": "hard_sigmoid"}), K2),
    ],
)
def hard_sigmoid(layer: Layer, context: RuleContext) -> Layer | None:
    """The old function in place of its name, in every argument that takes an activation."""
    if find(layer.class_name, Era.KERAS3) is None:
        return None
    named = [key for key in _ARGUMENTS if layer.config.get(key) == "hard_sigmoid"]
    if not named:
        return None
    return layer.with_config(**{key: _hard_sigmoid(layer.config.get("dtype")) for key in named})


@rule(
    "AK2221",
    "ThresholdedReLU is a ReLU with a threshold",
    to=Era.KERAS3,
    classes=("ThresholdedReLU",),
    what="`ThresholdedReLU(theta)` gives `x` where `x > theta`, else 0; Keras 3 has no such class.",
    why="`ReLU(threshold=theta)` computes the same.",
    references=("keras 2.3.1 layers/advanced_activations.py", "keras 3.15.1 src/activations/activations.py, `ReLU`"),
    examples=[
        Example(Layer("ThresholdedReLU", "t", {"theta": 0.7}), Layer("ReLU", "t", {"threshold": 0.7}), K2),
    ],
    leaves_alone=[Example(Layer("ReLU", "r", {"max_value": 6}), Layer("ReLU", "r", {"max_value": 6}), K2)],
)
def thresholded_relu(layer: Layer, context: RuleContext) -> Layer | None:
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
