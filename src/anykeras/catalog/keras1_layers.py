"""Weights of the layers of Keras 0.x and Keras 1, in the order in which their writers saved them.

Sources: keras/layers/*.py of 0.3.3, 1.0.0 to 1.2.2 (``trainable_weights`` lists and ``add_weight`` calls). The names
are the last parts of the saved ones: ``dense_1_W`` is role ``W``. Files of Keras 0 have numbers only, so order is all.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..document.model import Era, Layer
from .base import OLD, Role, entry, flag

_BIAS = flag("bias")
_W_B = (Role("W"), Role("b", when=_BIAS))
_KERAS1 = (Era.KERAS1,)
_KERAS0 = (Era.KERAS0,)


def _list_gates(order: str) -> list[Role]:
    return [Role(f"{kind}_{gate}") for gate in order for kind in "WUb"]


def _make_gate_roles(order: str) -> list[Role]:
    """One matrix for all gates with ``consume_less="gpu"`` (1.0.2 on), else three tensors a gate."""
    return [
        *(Role(kind, when=lambda config: config.get("consume_less") == "gpu") for kind in "WUb"),
        *(Role(role.name, when=lambda config: config.get("consume_less") != "gpu") for role in _list_gates(order)),
    ]


def _list_frozen(names: str) -> list[Role]:
    return [Role(name, trainable=False) for name in names.split()]


for _name, *_aliases in (
    ("Dense",),
    ("TimeDistributedDense",),
    ("MaxoutDense",),
    ("Convolution1D", "Conv1D"),
    ("Convolution2D", "Conv2D"),
    ("Convolution3D", "Conv3D"),
    ("AtrousConvolution1D", "AtrousConv1D"),
    ("AtrousConvolution2D", "AtrousConv2D"),
    ("Deconvolution2D", "Deconv2D"),
    ("LocallyConnected1D",),
    ("LocallyConnected2D",),
):
    entry(_name, OLD, _W_B, aliases=_aliases)

entry(
    "SeparableConvolution2D",
    OLD,
    [Role("depthwise_kernel"), Role("pointwise_kernel"), Role("b", when=_BIAS)],
    aliases=["SeparableConv2D"],
)
entry("Embedding", OLD, [Role("W")])
entry("SimpleRNN", OLD, [Role("W"), Role("U"), Role("b")])
entry("LSTM", OLD, _make_gate_roles("icfo"))
entry("GRU", OLD, _make_gate_roles("zrh"))
entry("ConvLSTM2D", OLD, _list_gates("icfo"))
entry("BatchNormalization", OLD, [Role("gamma"), Role("beta"), *_list_frozen("running_mean running_std")])
entry("PReLU", OLD, [Role("alphas")])
entry("ParametricSoftplus", OLD, [Role("alphas"), Role("betas")])
entry("SReLU", OLD, [Role("t_left"), Role("a_left"), Role("t_right"), Role("a_right")])


def _list_highway_roles(layer: Layer) -> Sequence[Role]:
    """Names say which is which in Keras 1; Keras 0 saved each matrix with its bias."""
    return [Role(name) for name in ("W", "b", "W_carry", "b_carry") if layer.config.get("bias", True) or name[0] == "W"]


entry("Highway", OLD, _list_highway_roles)

entry("TimeDistributed", OLD, children=[("layer", "layer")])
entry("Merge", OLD, children=[("layers", "")])
entry("AutoEncoder", _KERAS0, children=[("encoder", ""), ("decoder", "")])

for _name in (
    "InputLayer",
    "Masking",
    "Dropout",
    "Activation",
    "Reshape",
    "Permute",
    "Flatten",
    "RepeatVector",
    "Lambda",
    "ActivityRegularization",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "GaussianNoise",
    "GaussianDropout",
    "LeakyReLU",
    "ELU",
    "ThresholdedReLU",
):
    entry(_name, OLD)

for _name in (
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
):
    entry(_name, _KERAS1)

for _name in ("TimeDistributedMerge", "ThresholdedLinear", "MaskedLambda", "LambdaMerge"):
    entry(_name, _KERAS0)
