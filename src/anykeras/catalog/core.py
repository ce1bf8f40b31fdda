"""Dense, embedding and structural layers.

Variables, in the order in which Keras 3 writes them: keras 3.15.1, ``layers/core/*.py``,
``variable_serialization_spec`` of each class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..document.model import Layer
from .base import MODERN, NOW, Role, entry
from .quantization import Mode, mode_of

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


def _roles(names: Mapping[str, Sequence[str]], mode: Mode) -> list[Role]:
    return [Role(name, trainable=mode == "" or name == "bias") for name in names.get(mode, ())]


def _dense(layer: Layer) -> Sequence[Role]:
    roles = _roles(_KERNEL, mode_of(layer.config))
    return [role for role in roles if role.name != "bias" or layer.config.get("use_bias", True)]


def _einsum(layer: Layer) -> Sequence[Role]:
    roles = _roles(_KERNEL, mode_of(layer.config))
    return [role for role in roles if role.name != "bias" or layer.config.get("bias_axes") is not None]


def _embedding(layer: Layer) -> Sequence[Role]:
    return _roles(_TABLE, mode_of(layer.config))


def _reversible(layer: Layer) -> Sequence[Role]:
    mode = mode_of(layer.config)
    return _roles(_TABLE, mode) + ([] if layer.config.get("tie_weights", True) else _roles(_REVERSE, mode))


entry("Dense", MODERN, _dense)
entry("EinsumDense", MODERN, _einsum)
entry("Embedding", MODERN, _embedding)
entry("ReversibleEmbedding", NOW, _reversible)

for _name in ("InputLayer", "Masking", "Lambda"):
    entry(_name, MODERN)
entry("Wrapper", MODERN, children=[("layer", "layer")])
entry("Activation", MODERN, children=[("activation", "activation")])  # a model can stand for the function
entry("Identity", NOW)
