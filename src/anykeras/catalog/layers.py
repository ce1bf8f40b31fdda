"""Layers of the catalog, family by family, with their variables in the order in which Keras 3 writes them.

Each family names its sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..document.model import Config, Era, Layer, Value
from ..document.walk import rebuild
from .base import ALL, LEGACY, MODERN, NOW, Mode, Role, alias, entry, flag, mode_of

_SCALED = ("kernel", "bias", "kernel_scale")
_CALIBRATED = ("bias", "quantized_kernel", "kernel_scale", "kernel_zero")
_KERNEL: Mapping[str, Sequence[str]] = {
    "": ("kernel", "bias"),
    "int8": _SCALED,
    "int4": _SCALED,
    "int4 in blocks": (*_SCALED, "kernel_zero", "g_idx"),
    "float8": (
        "kernel",
        "bias",
        *("inputs_scale", "inputs_amax_history", "kernel_scale", "kernel_amax_history"),
        *("outputs_grad_scale", "outputs_grad_amax_history"),
    ),
    "gptq": (*_CALIBRATED, "g_idx"),
    "awq": (*_CALIBRATED, "awq_scales", "g_idx"),
}
_TABLE: Mapping[str, Sequence[str]] = {
    "": ("embeddings",),
    "int8": ("embeddings", "embeddings_scale"),
    "int4": ("embeddings", "embeddings_scale"),
    "int4 in blocks": ("embeddings", "embeddings_scale", "embeddings_zero", "g_idx"),
}
_REVERSE: Mapping[str, Sequence[str]] = {
    "": ("reverse_embeddings",),
    "int8": ("reverse_embeddings", "reverse_embeddings_scale"),
    "int4": ("reverse_embeddings", "reverse_embeddings_scale"),
    "int4 in blocks": ("reverse_embeddings", "reverse_embeddings_scale", "reverse_embeddings_zero"),
}


def _make_roles(names: Mapping[str, Sequence[str]], mode: Mode) -> list[Role]:
    return [Role(name, trainable=mode == "" or name == "bias") for name in names.get(mode, ())]


def _list_dense_roles(layer: Layer) -> Sequence[Role]:
    roles = _make_roles(_KERNEL, mode_of(layer.config))
    return [role for role in roles if role.name != "bias" or layer.config.get("use_bias", True)]


def _list_einsum_roles(layer: Layer) -> Sequence[Role]:
    roles = _make_roles(_KERNEL, mode_of(layer.config))
    return [role for role in roles if role.name != "bias" or layer.config.get("bias_axes") is not None]


def _list_embedding_roles(layer: Layer) -> Sequence[Role]:
    return _make_roles(_TABLE, mode_of(layer.config))


def _list_reversible_roles(layer: Layer) -> Sequence[Role]:
    mode = mode_of(layer.config)
    return _make_roles(_TABLE, mode) + ([] if layer.config.get("tie_weights", True) else _make_roles(_REVERSE, mode))


_FUNCTION: Final = [("activation", "activation")]  # a model can stand for it

entry("Dense", MODERN, _list_dense_roles, children=_FUNCTION)
entry("EinsumDense", MODERN, _list_einsum_roles, children=_FUNCTION)
entry("Embedding", MODERN, _list_embedding_roles)
entry("ReversibleEmbedding", NOW, _list_reversible_roles)

for _name in ("InputLayer", "Masking", "Lambda"):
    entry(_name, MODERN)
entry("Wrapper", MODERN, children=[("layer", "layer")])
entry("Activation", MODERN, children=_FUNCTION)
entry("Identity", NOW)


# Layers that take several inputs: no variables (keras 3.15.1 ``layers/merging``).


for _name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"):
    entry(_name, MODERN)


# Activation layers: keras 3.15.1 ``layers/activations``, tf.keras 2.15 ``layers/activation``.


entry("PReLU", MODERN, [Role("alpha")])
for _name in ("ReLU", "LeakyReLU", "ELU", "Softmax"):
    entry(_name, MODERN)


# Dropout, noise and activity penalties: no variables (keras 3.15.1 ``layers/regularization``).


for _name in ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"):
    entry(_name, MODERN)
for _name in ("GaussianDropout", "GaussianNoise", "ActivityRegularization"):
    entry(_name, MODERN)


# Pooling, padding, cropping, resampling, reshaping: no variables (keras 3.15.1 ``layers/pooling``, ``reshaping``).


for _rank in (1, 2, 3):
    entry(f"MaxPooling{_rank}D", MODERN, aliases=[f"MaxPool{_rank}D"])
    entry(f"AveragePooling{_rank}D", MODERN, aliases=[f"AvgPool{_rank}D"])
    entry(f"GlobalMaxPooling{_rank}D", MODERN, aliases=[f"GlobalMaxPool{_rank}D"])
    entry(f"GlobalAveragePooling{_rank}D", MODERN, aliases=[f"GlobalAvgPool{_rank}D"])
    entry(f"ZeroPadding{_rank}D", MODERN)
    entry(f"Cropping{_rank}D", MODERN)
    entry(f"UpSampling{_rank}D", MODERN)
    entry(f"AdaptiveAveragePooling{_rank}D", NOW)
    entry(f"AdaptiveMaxPooling{_rank}D", NOW)

for _name in ("Flatten", "Reshape", "Permute", "RepeatVector"):
    entry(_name, MODERN)


# Convolutions. Names and order: keras 3.15.1 ``layers/convolutional``, tf.keras 2.15 ``layers/convolutional``.


_BIAS = Role("bias", when=flag("use_bias"))

for _rank in (1, 2, 3):
    entry(f"Conv{_rank}D", MODERN, [Role("kernel"), _BIAS], aliases=[f"Convolution{_rank}D"], children=_FUNCTION)
    entry(
        f"Conv{_rank}DTranspose", MODERN, [Role("kernel"), _BIAS], aliases=[f"Convolution{_rank}DTranspose"], children=_FUNCTION
    )

for _rank in (1, 2):
    # Keras 3 renamed the variable of a depthwise convolution (tf.keras 2.15 depthwise_conv2d.py: depthwise_kernel).
    entry(f"DepthwiseConv{_rank}D", LEGACY, [Role("depthwise_kernel", also=("kernel",)), _BIAS], children=_FUNCTION)
    entry(f"DepthwiseConv{_rank}D", NOW, [Role("kernel", also=("depthwise_kernel",)), _BIAS], children=_FUNCTION)
    entry(
        f"SeparableConv{_rank}D",
        MODERN,
        [Role("depthwise_kernel"), Role("pointwise_kernel"), _BIAS],
        aliases=[f"SeparableConvolution{_rank}D"],
        children=_FUNCTION,
    )


# Normalization layers: keras 3.15.1 ``layers/normalization``, tf.keras 2.15 ``layers/normalization``.


_SCALE, _CENTER = Role("gamma", when=flag("scale")), Role("beta", when=flag("center"))
_MOVING = [Role("moving_mean", trainable=False), Role("moving_variance", trainable=False)]
# Statistics of `renorm`: tf.keras 2.15 layers/normalization/batch_normalization.py, and Keras 3 from 3.14.
_RENORM = [
    Role(name, trainable=False, when=flag("renorm", False)) for name in ("moving_stddev", "renorm_mean", "renorm_stddev")
]

entry("BatchNormalization", MODERN, [_SCALE, _CENTER, *_MOVING, *_RENORM])
entry("SyncBatchNormalization", LEGACY, [_SCALE, _CENTER, *_MOVING])


def _list_layer_normalization_roles(layer: Layer) -> Sequence[Role]:
    """`rms_scaling` (Keras 3.0 to 3.10) keeps gamma alone, whatever `center` says."""
    rms = bool(layer.config.get("rms_scaling", False))
    return [r for r in (_SCALE, _CENTER) if (rms and r is _SCALE) or (not rms and r.when(layer.config))]


entry("LayerNormalization", MODERN, _list_layer_normalization_roles)
entry("GroupNormalization", MODERN, [_SCALE, _CENTER])
entry("UnitNormalization", MODERN)
entry("RMSNormalization", NOW, [Role("scale")])


def _list_spectral_roles(layer: Layer) -> Sequence[Role]:
    """The wrapper tracks the kernel of the layer inside as its own first variable, so files hold it twice."""
    inner = layer.config.get("layer")
    table = isinstance(inner, Layer) and inner.class_name in ("Embedding", "ReversibleEmbedding")
    kernel = Role("layer.embeddings" if table else "layer.kernel", copy=True)
    return [kernel, Role("vector_u", trainable=False, also=("sn_u",))]


entry("SpectralNormalization", NOW, _list_spectral_roles, children=[("layer", "layer")])
entry("SpectralNormalization", LEGACY, _list_spectral_roles, children=[("layer", "layer")])


# Attention layers: keras 3.15.1 ``layers/attention``, tf.keras 2.15 ``layers/attention``.


def _find_concat(config: object) -> bool:
    return isinstance(config, dict) and config.get("score_mode", "dot") == "concat"


def _list_projections(prefix: str, names: tuple[str, ...] = ("query", "key", "value", "output")) -> list[Role]:
    """A kernel and a bias for each projection; HDF5 files call them ``query/kernel``, ``attention_output/bias``."""
    roles = []
    for name in names:
        at, inside = f"{prefix}{name}_dense", "attention_output" if name == "output" else name
        roles.append(Role(f"{name}_kernel", at, also=(f"{inside}/kernel",)))
        roles.append(Role(f"{name}_bias", at, when=flag("use_bias"), also=(f"{inside}/bias",)))
    return roles


entry("MultiHeadAttention", LEGACY, _list_projections("_"))
entry("MultiHeadAttention", NOW, _list_projections(""))
entry(
    "GroupedQueryAttention",
    NOW,
    _list_projections("_"),
    aliases=["GroupQueryAttention"],
    exported="GroupQueryAttention",  # layers/attention/grouped_query_attention.py, `keras_export`
)
entry("Attention", MODERN, [Role("scale", when=flag("use_scale", False)), Role("concat_score_weight", when=_find_concat)])
entry("AdditiveAttention", MODERN, [Role("scale", when=flag("use_scale"))])


# Preprocessing layers. Their tables (vocabularies, boundaries) are configuration or assets, not weights.
#
# Sources: keras 3.15.1 ``layers/preprocessing``; the state of random layers (seed generators) is never stored.


def _is_adapted(config: Config) -> bool:
    """Statistics given as arguments are no variables (normalization.py, `build`)."""
    return config.get("mean") is None


entry(
    "Normalization",
    MODERN,
    [Role(name, trainable=False, when=_is_adapted) for name in ("mean", "variance", "count")],
)
entry("STFTSpectrogram", NOW, [Role("real_kernel"), Role("imag_kernel")])


def _weigh_roles(config: Config) -> bool:
    return config.get("output_mode") == "tf_idf"


# index_lookup.py, `save_own_variables`: the one state that is stored under a name.
_IDF = Role("idf_weights", trainable=False, when=_weigh_roles, stored="idf_weights")
for _name in ("IntegerLookup", "StringLookup"):
    entry(_name, MODERN, [_IDF])
entry("TextVectorization", MODERN, [_IDF, replace(_IDF, at="_lookup_layer", copy=True)])

for _name in (
    *("CategoryEncoding", "CenterCrop", "HashedCrossing", "Hashing"),
    *("RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomRotation", "RandomTranslation"),
    *("RandomZoom", "Rescaling", "Resizing"),
):
    entry(_name, MODERN)

for _name in (
    *("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix", "Equalization"),
    *("MaxNumBoundingBoxes", "MelSpectrogram", "MixUp", "RandAugment", "RandomColorDegeneration", "RandomColorJitter"),
    *("RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
    *("RandomPerspective", "RandomPosterization", "RandomSaturation", "RandomSharpness", "RandomShear", "Solarization"),
):
    entry(_name, NOW)

entry("Pipeline", NOW, children=[("layers", "_pipeline_layers")])
entry("Discretization", NOW)


# Recurrent layers and cells.
#
# Keras 3 and tf.keras keep the variables of ``LSTM`` on its cell (``layers/lstm/cell/vars/0``), HDF5 files of every
# era on the layer; here they belong to the layer and ``at`` says where Keras 3 puts them (keras 3.15.1 ``layers/rnn``).


def _make_recurrent_roles(at: str) -> list[Role]:
    return [Role("kernel", at), Role("recurrent_kernel", at), Role("bias", at, when=flag("use_bias"))]


for _name in ("SimpleRNN", "LSTM", "GRU"):
    entry(_name, MODERN, _make_recurrent_roles("cell"))
    entry(f"{_name}Cell", MODERN, _make_recurrent_roles(""))

entry("ConvLSTM2D", MODERN, _make_recurrent_roles("cell"))
for _name in ("ConvLSTM1D", "ConvLSTM3D"):
    entry(_name, MODERN, _make_recurrent_roles("cell"))

entry("RNN", MODERN, children=[("cell", "cell")])
entry("StackedRNNCells", MODERN, children=[("cells", "cells")])
entry("TimeDistributed", MODERN, children=[("layer", "layer")])


def _list_both_ways(layer: Layer) -> Layer:
    """A Bidirectional with the backward half that its constructor makes where it was not given one.

    Names and direction as in Keras 1.2.2 layers/wrappers.py to keras 3.15.1 layers/rnn/bidirectional.py.
    """
    forward = layer.config.get("layer")
    if not isinstance(forward, Layer):
        return layer
    stem = forward.name.removeprefix("forward_")
    halves: dict[str, Value] = {"layer": replace(forward, name=f"forward_{stem}")}
    if not isinstance(layer.config.get("backward_layer"), Layer):
        # Layers inside (the cells of an RNN) are made anew too: weights are given out by the identity of a layer.
        own = rebuild(forward, replace)
        backward = own.with_config(go_backwards=not forward.config.get("go_backwards", False))
        halves["backward_layer"] = replace(backward, name=f"backward_{stem}", address=f"{forward.address}_backward")
    return layer.with_config(**halves)


# Saved forward first in HDF5 files (`weights` of tf.keras 2.15 layers/rnn/bidirectional.py).
entry(
    "Bidirectional",
    ALL,
    children=[("layer", "forward_layer"), ("backward_layer", "backward_layer")],
    completed=_list_both_ways,
)


# Other names under which Keras 2 and tf.keras wrote classes that Keras 3 has.
#
# A file holds the name of the Python class. TensorFlow 1.13 to 1.15 had classes for its first and second behaviour side
# by side (``BatchNormalizationV1``, ``UnifiedLSTM``); tensorflow/python/keras/layers of those releases.


alias("BatchNormalization", LEGACY, "BatchNormalizationV1", "BatchNormalizationV2", "BatchNorm")
for _name in ("LSTM", "GRU"):
    alias(_name, LEGACY, f"Unified{_name}", f"{_name}V1", f"{_name}V2")
    alias(f"{_name}Cell", LEGACY, f"{_name}CellV1", f"{_name}CellV2")


# Layers of Keras 2 and tf.keras that Keras 3 no longer has: what they store, so that their weights find a place.
#
# Sources: keras 2.0.0 to 2.3.1 ``layers/local.py``, ``layers/cudnn_recurrent.py``, ``legacy/layers.py``; tf.keras 2.15
# ``layers/locally_connected``, ``layers/rnn/cudnn_*.py``, ``layers/kernelized.py``, ``layers/activation``.


for _rank in (1, 2):
    entry(f"LocallyConnected{_rank}D", LEGACY, [Role("kernel"), _BIAS])

for _name in ("CuDNNLSTM", "CuDNNGRU"):
    entry(_name, LEGACY, [Role("kernel"), Role("recurrent_kernel"), Role("bias")])

entry("ThresholdedReLU", LEGACY)
# tf.keras 2.15 layers/preprocessing/discretization.py: what `adapt` saw, where the bins were not given.
entry(
    "Discretization",
    LEGACY,
    [Role("summary", trainable=False, when=lambda config: config.get("bin_boundaries", config.get("bins")) is None)],
)
for _name in ("RandomHeight", "RandomWidth"):
    entry(_name, LEGACY)
entry("Identity", LEGACY)
# tf.keras 2.8 layers/legacy_rnn/rnn_cell_impl.py and tensorflow-addons 0.15 rnn/peephole_lstm_cell.py
_PEEPHOLES = [Role(f"{gate}_gate_peephole_weights") for gate in ("input", "forget", "output")]
entry("PeepholeLSTMCell", LEGACY, [*_make_recurrent_roles(""), *_PEEPHOLES], aliases=["Addons>PeepholeLSTMCell"])
entry("ConvLSTM2DCell", LEGACY, [Role("kernel"), Role("recurrent_kernel"), _BIAS])

# tf.keras 2.15 layers/kernelized.py: only the scale can be trained, so it is saved first.
entry(
    "RandomFourierFeatures",
    LEGACY,
    [Role("kernel_scale"), Role("unscaled_kernel", trainable=False), Role("bias", trainable=False)],
)

# keras 2.3.1 legacy/layers.py: the Keras 1 layers, unchanged.
_ONLY_KERAS2 = (Era.KERAS2,)
entry("MaxoutDense", _ONLY_KERAS2, [Role("W"), Role("b", when=flag("bias"))])
entry(
    "Highway",
    _ONLY_KERAS2,
    [Role("W"), Role("W_carry"), Role("b", when=flag("bias")), Role("b_carry", when=flag("bias"))],
)
