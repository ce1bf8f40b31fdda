"""Worked examples of the rules for minors of Keras 3."""

from __future__ import annotations

from anykeras.document.model import Config, Era, Layer, Writer
from anykeras.tensors import Tensor, constant
from rule_examples import Example, enter

TF = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")

enter(
    "AK2298",
    examples=[
        Example(
            Layer("DepthwiseConv2D", "d", {"kernel_size": (3, 3), "groups": 1, "kernel_initializer": "zeros"}),
            Layer("DepthwiseConv2D", "d", {"kernel_size": (3, 3)}),
            TF,
        ),
        Example(Layer("LSTM", "l", {"units": 2, "time_major": False}), Layer("LSTM", "l", {"units": 2}), TF),
        Example(
            Layer("MultiHeadAttention", "a", {"num_heads": 2, "key_dim": 3, "softmax_robust_masking": False}),
            Layer("MultiHeadAttention", "a", {"num_heads": 2, "key_dim": 3}),
            TF,
        ),
    ],
    leaves_alone=[
        Example(Layer("Conv2D", "c", {"groups": 2}), Layer("Conv2D", "c", {"groups": 2}), TF),
        Example(Layer("Mine", "m", {"groups": 2}), Layer("Mine", "m", {"groups": 2}), TF),
    ],
)

_MIXED = Layer("Dense", "d", {"units": 2, "dtype": "mixed_float16"})
_PLAIN_ARGUMENTS = Layer("Dense", "d", {"units": 2, "dtype": "float32"})

enter(
    "AK2296",
    examples=[Example(_MIXED, _MIXED, TF)],
    leaves_alone=[Example(_PLAIN_ARGUMENTS, _PLAIN_ARGUMENTS, TF)],
)

KERAS33 = Writer(Era.KERAS3, "keras", "3.3.3")
KERAS34 = Writer(Era.KERAS3, "keras", "3.4.1")
_ONE_HOT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "one_hot"})
_COUNT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "count"})


def _is_one_hot(made: Layer) -> bool:
    return made.graph is not None and made.graph.layers[-1].class_name == "one_hot"


enter(
    "AK2293",
    examples=[Example(_ONE_HOT, _is_one_hot, KERAS33)],
    leaves_alone=[Example(_ONE_HOT, _ONE_HOT, KERAS34), Example(_COUNT, _COUNT, KERAS33)],
)

K3 = Writer(Era.KERAS3, "keras", "3.6.0")
_KERNEL, _A, _B = constant([[1.0, 2.0]]), constant([[2.0]]), constant([[3.0, 4.0]])
_BOTH = {"lora_rank": 1, "lora_alpha": 0.5}


def _dense(**weights: Tensor) -> Layer:
    return Layer("Dense", "d", {"units": 2, "use_bias": False, **_BOTH}, weights)


enter(
    "AK2310",
    examples=[
        Example(
            _dense(kernel=_KERNEL, lora_kernel_a=_A, lora_kernel_b=_B),
            Layer("Dense", "d", {"units": 2, "use_bias": False}, {"kernel": constant([[4.0, 6.0]])}),
            K3,
        ),
        Example(_dense(kernel=_KERNEL), Layer("Dense", "d", {"units": 2, "use_bias": False}, {"kernel": _KERNEL}), K3),
    ],
    leaves_alone=[Example(Layer("Dense", "d", {"units": 2}), Layer("Dense", "d", {"units": 2}), K3)],
)

KERAS36 = Writer(Era.KERAS3, "keras", "3.6.0")
_PLAIN_TRANSPOSED: Config = {"filters": 3, "kernel_size": (4, 3), "strides": (3, 2), "padding": "same"}
_SEEN: Config = {**_PLAIN_TRANSPOSED, "recorded_shapes": ((None, 9, 8, 4), (None, 26, 16, 3))}
_USUAL: Config = {**_PLAIN_TRANSPOSED, "recorded_shapes": ((None, 9, 8, 4), (None, 27, 16, 3))}


def _layer(config: Config) -> Layer:
    return Layer("Conv2DTranspose", "c", config)


enter(
    "AK2294",
    examples=[
        Example(_layer(_SEEN), _layer({**_PLAIN_TRANSPOSED, "output_padding": (2, 1)}), KERAS36),
        Example(_layer(_USUAL), _layer(_PLAIN_TRANSPOSED), KERAS36),
    ],
    leaves_alone=[Example(_layer(_PLAIN_TRANSPOSED), _layer(_PLAIN_TRANSPOSED), KERAS36)],
)
