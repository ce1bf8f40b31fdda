"""Dense layers that Keras dropped, written out with layers of today: MaxoutDense and Highway."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Era, Layer, Value
from ...errors import Unsupported
from ...tensors import Tensor
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD

_ERAS = (*OLD, Era.KERAS2)
_SHARED = {"W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
           "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint"}  # fmt: skip


def _keep_regularizers(layer: Layer, *left_out: str) -> dict[str, Value]:
    """Regularizers and constraints under their names of today."""
    held = {new: layer.config.get(old) for old, new in _SHARED.items() if old not in left_out}
    return {key: value for key, value in held.items() if value is not None}


def _trainable(layer: Layer) -> bool:
    return layer.config.get("trainable") is not False


def _weights(**tensors: Tensor | None) -> dict[str, Tensor]:
    return {role: tensor for role, tensor in tensors.items() if tensor is not None}


def _activity(layer: Layer) -> Config:
    """The activity regularizer belongs to what the layer gives in the end: ``linear`` carries it."""
    regularizer = layer.config.get("activity_regularizer")
    return {} if regularizer is None else {"activation": "linear", "activity_regularizer": regularizer}


def _whole(layer: Layer, key: str) -> int:
    value = layer.config.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Unsupported("AK2120", f"{layer.class_name} {layer.name!r} has {key} = {value!r}", layer=layer.name, key=key)
    return value


@rule(
    "AK2120",
    to=Era.TF2,
    eras=_ERAS,
    classes=("MaxoutDense",),
)
def _expand_maxout(layer: Layer, context: RuleContext) -> Layer | None:
    sub = Builder(layer.name, layer.address)
    config: dict[str, Value] = {
        "equation": "bi,fio->bfo",
        "output_shape": (_whole(layer, "nb_feature"), _whole(layer, "output_dim")),
        "kernel_initializer": "glorot_uniform",
        **_keep_regularizers(layer),
    }
    if layer.config.get("bias", True):
        config["bias_axes"] = "fo"
    weights = _weights(kernel=layer.weights.get("W"), bias=layer.weights.get("b"))
    mapped = sub.layer("EinsumDense", config, sub.input(), weights=weights, name=f"{layer.name}_features")
    out = sub.op("max", mapped, axis=1)
    activity = _activity(layer)
    return sub.finish(sub.layer("Activation", activity, out) if activity else out, _trainable(layer))


@rule(
    "AK2121",
    to=Era.TF2,
    eras=_ERAS,
    classes=("Highway",),
)
def _expand_highway(layer: Layer, context: RuleContext) -> Layer | None:
    weights = layer.weights
    width = _width(layer)
    bias = bool(layer.config.get("bias", True))
    sub = Builder(layer.name, layer.address)
    x = sub.input((width,))
    gate = sub.layer(
        "Dense",
        {"units": width, "activation": "sigmoid", "use_bias": bias},
        x,
        weights=_weights(kernel=weights.get("W_carry"), bias=weights.get("b_carry")),
        name=f"{layer.name}_carry",
    )
    act = sub.layer(
        "Dense",
        {
            "units": width,
            "activation": layer.config.get("activation") or "linear",
            "use_bias": bias,
            **_keep_regularizers(layer),
        },
        x,
        weights=_weights(kernel=weights.get("W"), bias=weights.get("b")),
        name=f"{layer.name}_transform",
    )
    kept = sub.op("multiply", sub.op("subtract", 1.0, gate), x)
    out = sub.op("add", sub.op("multiply", act, gate), kept)
    activity = _activity(layer)
    return sub.finish(sub.layer("Activation", activity, out) if activity else out, _trainable(layer))


def _width(layer: Layer) -> int:
    """The width in and out: of the weights, or as the file says."""
    kernel = layer.weights.get("W")
    if kernel is not None:
        return kernel.shape[-1]
    said = layer.config.get("input_dim")
    shape = layer.config.get("batch_input_shape")
    found = shape[-1] if isinstance(shape, tuple) and shape else said
    if not isinstance(found, int):
        raise Unsupported(
            "AK2121",
            f"the architecture alone does not say how wide Highway {layer.name!r} is",
            layer=layer.name,
            next_step="Give the weights too.",
        )
    return found
