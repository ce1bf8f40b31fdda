"""Worked examples of the rules of the way back."""

from __future__ import annotations

from typing import Final

import numpy as np

from anykeras.descent.activations import OLD_HARD_SIGMOID
from anykeras.descent.rules.activations import _SLOPE
from anykeras.document.model import Layer, Object
from anykeras.tensors import constant
from rule_examples import Worked, enter_back

_WEIGHTS_ACTIVATIONS = {"kernel": constant(np.ones((2, 3))), "bias": constant(np.zeros(3))}


def _is_scaled(layer: Layer) -> bool:
    return bool(np.allclose(layer.weights["kernel"].read(), _SLOPE)) and layer.config["activation"] == OLD_HARD_SIGMOID


enter_back(
    "scale_for_hard_sigmoid",
    Worked(Layer("Dense", "d", {"units": 3, "activation": "hard_sigmoid"}, _WEIGHTS_ACTIVATIONS), _is_scaled, "tf.keras-2.8"),
)

enter_back(
    "express_activation",
    Worked(
        Layer("Activation", "a", {"activation": "relu6"}),
        lambda made: made.graph is not None and made.graph.layers[1].class_name == "ReLU",
        "tf.keras-2.8",
        (None, 4),
    ),
)

_GROUPED = constant(np.arange(12.0).reshape(1, 2, 6))

enter_back(
    "join_groups",
    Worked(
        Layer("Conv1D", "c", {"filters": 6, "groups": 2}, {"kernel": _GROUPED}),
        lambda made: made.weights["kernel"].shape == (1, 4, 6) and "groups" not in made.config,
        "tf.keras-2.2",
    ),
)

enter_back(
    "keep_dimensions",
    Worked(
        Layer("GlobalMaxPooling1D", "g", {"keepdims": True}),
        lambda made: made.graph is not None and made.graph.layers[-1].class_name == "Reshape",
        "tf.keras-2.3",
        (None, 4, 2),
        (None, 1, 2),
    ),
)

enter_back(
    "leave_out_augmentation",
    Worked(
        Layer("RandomFlip", "r", {"mode": "horizontal"}),
        Layer("Activation", "r", {"activation": "linear"}),
        "tf.keras-2.0",
    ),
)

enter_back(
    "resize_by_matrices",
    Worked(
        Layer("UpSampling2D", "u", {"size": (2, 2), "interpolation": "bilinear"}),
        lambda made: made.graph is not None and [x.class_name for x in made.graph.layers].count("Dense") == 2,
        "keras-2.3",
        (None, 3, 4, 2),
        (None, 6, 8, 2),
    ),
)


def _as_frozen(made: Layer) -> bool:
    return made.graph is not None and made.graph.layers[1].config["trainable"] is False


enter_back(
    "rescale_by_statistics",
    Worked(Layer("Rescaling", "r", {"scale": 0.5, "offset": 1.0}), _as_frozen, "tf.keras-2.0", (None, 4)),
)

enter_back(
    "normalize_by_root",
    Worked(
        Layer("RMSNormalization", "r", {"axis": -1, "epsilon": 1e-6}, {"scale": constant(np.ones(4))}),
        lambda made: made.graph is not None and made.graph.layers[-1].class_name == "BatchNormalization",
        "keras-3.6",
        (None, 4),
    ),
)

enter_back(
    "normalize_by_dot",
    Worked(
        Layer("LayerNormalization", "n", {"axis": (1, 2), "epsilon": 1e-6}, {"gamma": constant(np.ones((3, 4)))}),
        lambda made: made.graph is not None and sum(layer.config.get("normalize", False) for layer in made.graph.layers) == 1,
        "keras-2.1",
        (None, 3, 4),
    ),
)

_ORTHOGONAL: Final = Object("OrthogonalRegularizer", {"factor": 0.01}, module="keras.regularizers")

enter_back(
    "leave_out_unknown",
    Worked(
        Layer("Dense", "d", {"units": 2, "kernel_regularizer": _ORTHOGONAL}),
        Layer("Dense", "d", {"units": 2}),
        "tf.keras-2.8",
    ),
)

enter_back(
    "hand_on",
    Worked(Layer("Identity", "i"), Layer("Activation", "i", {"activation": "linear"}), "keras-2.3"),
)

enter_back(
    "look_up_in_integers",
    Worked(
        Layer("IntegerLookup", "l", {"output_mode": "int", "dtype": "float32"}),
        Layer("IntegerLookup", "l", {"output_mode": "int", "dtype": "int64"}),
        "tf.keras-2.8",
    ),
)

enter_back(
    "roll",
    Worked(Layer("GRU", "g", {"units": 2, "unroll": True}), Layer("GRU", "g", {"units": 2, "unroll": False}), "tf.keras-2.8"),
)

enter_back(
    "move_channels",
    Worked(
        Layer("MaxPooling2D", "m", {"pool_size": (2, 2), "data_format": "channels_first"}),
        lambda made: made.graph is not None and [x.class_name for x in made.graph.layers][1::2] == ["Permute", "Permute"],
        "tfjs",
        (None, 3, 4, 4),
        (None, 3, 2, 2),
    ),
)

_WEIGHTS_UNROLLED: Final = {
    "kernel": constant(np.ones((2, 9))), "recurrent_kernel": constant(np.ones((3, 9))), "bias": constant(np.ones((2, 9))),
}  # fmt: skip

enter_back(
    "unroll",
    Worked(
        Layer("GRU", "g", {"units": 3, "reset_after": True, "recurrent_activation": "sigmoid"}, _WEIGHTS_UNROLLED),
        lambda made: made.graph is not None and sum(x.class_name == "Cropping2D" for x in made.graph.layers) == 4,
        "tfjs",
        (None, 4, 2),
    ),
)
