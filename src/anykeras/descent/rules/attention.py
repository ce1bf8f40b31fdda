"""Attention, and products by equation, said by Dense layers and products of tensors of rank three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...catalog.masks import HEADS
from ...catalog.releases import Since
from ...catalog.signatures import find_signature
from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Tensor
from ..forms import find_affine, make_activation, model_of, reshape
from ..rulebook import NEVER, Place, back_rule

_HAVE_HEADS: Mapping[str, Since] = {"MultiHeadAttention": Since(tf="2.4")}
_KEEP_OUTPUT_SHAPE = Since("3.7", tf="2.4")
_HIDDEN = np.float32(-1e9)
CAUSAL = "causal"
"""What tf.keras before 2.10 calls an argument of attention that is one of its calls later, ``use_causal_mask``."""


@back_rule("AK2440", since=NEVER, classes=HEADS)
def heads_as_products(layer: Layer, place: Place) -> Layer | None:
    """Each head by itself: three Dense layers, a softmax of their products, and a Dense layer behind; then the sum."""
    known = _HAVE_HEADS.get(layer.class_name, Since()).holds(place.release)
    in_tables = (
        layer.class_name != "MultiHeadAttention" or find_signature(layer.class_name, place.release.signatures) is not None
    )
    plain = layer.config.get("output_shape") is None and not _asks_otherwise(place)
    if known and in_tables and (plain or _KEEP_OUTPUT_SHAPE.holds(place.release)) and not layer.config.get(CAUSAL):
        return None
    for key in ("use_gate", "sliding_window", "attention_axes"):
        if layer.config.get(key) and not (key == "attention_axes" and layer.config[key] == (1,)):
            raise place.refuse(layer, f"{key} has no expression there", key)
    inputs = list(place.inputs[:3]) if len(place.inputs) > 1 else list(place.inputs) * 2
    inputs = inputs if len(inputs) == 3 else [*inputs, inputs[-1]]
    if any(spec.shape is None or len(spec.shape) != 3 for spec in inputs) or not layer.weights:
        raise place.refuse(layer, "it is not called on sequences of vectors, or its weights are not in the file")
    place = replace(place, inputs=tuple(inputs))
    known_steps = count_steps(layer, place)
    return model_of(layer, place, lambda builder, *ends: _Heads(layer, builder, known_steps).attend(*ends), inputs=3)


def _asks_otherwise(place: Place) -> bool:
    """Whether query and value differ in width, which Keras 3 before 3.7 refuses (layers/attention/multi_head_attention.py)."""
    widths = {spec.shape[-1] for spec in place.inputs[:2] if spec.shape}
    return len(widths) > 1


class _Heads:
    """The weights of an attention layer, head by head."""

    def __init__(self, layer: Layer, builder: Builder, steps: tuple[int, int] | None) -> None:
        self.weights, self.builder, self.name, self.steps = layer.weights, builder, layer.name, steps
        self.heads, self.size = layer.weights["query_kernel"].shape[-2:]
        self.dropout = layer.config.get("dropout")
        self.activation = layer.config.get("trainable")

    def attend(self, query: Ref, value: Ref, key: Ref) -> Ref:
        builder, ends = self.builder, []
        for head in range(self.heads):
            asked = self._project("query", query, head, (1 / self.size) ** 0.5)
            scores = builder.layer("Dot", {"axes": (2, 2)}, (asked, self._project("key", key, head)))
            scores = hide_future(builder, scores, self.steps) if self.steps else scores
            shares = make_activation(builder, scores, "softmax")
            if self.dropout:
                shares = builder.layer("Dropout", {"rate": self.dropout}, shares)
            mixed = builder.layer("Dot", {"axes": (2, 1)}, (shares, self._project("value", value, head)))
            ends.append(self._give(mixed, head))
        return ends[0] if len(ends) == 1 else builder.layer("Add", {}, tuple(ends))

    def _project(self, kind: str, x: Ref, head: int, scale: float = 1.0) -> Ref:
        kernel = self.weights[f"{kind}_kernel"]
        head = head * kernel.shape[1] // self.heads  # several heads may share a key and a value
        weights = {"kernel": _pick(kernel, 1, head)}
        bias = self.weights.get(f"{kind}_bias")
        if bias is not None:
            weights["bias"] = _pick(bias, 0, head)
        if scale != 1.0:
            weights = {role: _scale(t, scale) for role, t in weights.items()}
        config: Config = {"units": kernel.shape[-1], "use_bias": bias is not None, "activation": "linear"}
        return self.builder.layer("Dense", config, x, weights=weights, name=f"{self.name}_{kind}_{head}")

    def _give(self, x: Ref, head: int) -> Ref:
        kernel, bias = self.weights["output_kernel"], self.weights.get("output_bias")
        if len(kernel.shape) != 3:
            raise ValueError("an output of several axes")
        weights = {"kernel": _pick(kernel, 0, head)}
        if bias is not None and head == 0:
            weights["bias"] = bias
        config: Config = {"units": kernel.shape[-1], "use_bias": "bias" in weights, "activation": "linear"}
        return self.builder.layer("Dense", config, x, weights=weights, name=f"{self.name}_output_{head}")


def _pick(tensor: Tensor, axis: int, at: int) -> Tensor:
    shape = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
    return tensor.part(axis, at, at + 1).reshape(*shape)


def _scale(tensor: Tensor, factor: float) -> Tensor:
    return tensor.compute("scale of the scores", tensor.shape, lambda a: (a * np.asarray(factor, a.dtype)).astype(a.dtype))


def count_steps(layer: Layer, place: Place) -> tuple[int, int] | None:
    """The steps of query and key where each step sees none behind it; None where all see all. Raises Unsupported."""
    if not layer.config.get(CAUSAL):
        return None
    query, key = place.inputs[0].shape, place.inputs[-1].shape
    if not query or not key or query[1] is None or key[1] is None:
        raise place.refuse(layer, "a causal mask over an unknown number of steps")
    return query[1], key[1]


def hide_future(builder: Builder, scores: Ref, steps: tuple[int, int]) -> Ref:
    """Scores of steps that come later are so low that their softmax is zero."""
    later = np.where(np.tri(*steps, dtype=bool), np.float32(0), _HIDDEN).reshape(-1)
    flat = find_affine(builder, reshape(builder, scores, (later.size,)), later.size, 1.0, later)
    return reshape(builder, flat, steps)


@back_rule("AK2441", since=Since(tf="2.1"), classes=("Attention",))
def attention_as_products(layer: Layer, place: Place) -> Layer | None:
    """Products of query and key, their softmax, and the products with the value."""
    known_steps = count_steps(layer, place)
    if layer.config.get("score_mode", "dot") != "dot":
        raise place.refuse(layer, "score_mode 'concat'", "score_mode")
    if any(spec.shape is None or len(spec.shape) != 3 for spec in place.inputs):
        raise place.refuse(layer, "it is not called on sequences of vectors")
    scale = float(np.asarray(layer.weights["scale"].read())) if "scale" in layer.weights else 1.0
    width = place.inputs[0].shape[-1] if place.inputs and place.inputs[0].shape else None
    dropout = layer.config.get("dropout")

    def steps(builder: Builder, query: Ref, value: Ref, key: Ref | None = None) -> Ref:
        if scale != 1.0:
            query = find_affine(builder, query, width or 0, scale)
        scores = builder.layer("Dot", {"axes": (2, 2)}, (query, value if key is None else key))
        scores = hide_future(builder, scores, known_steps) if known_steps else scores
        shares = make_activation(builder, scores, "softmax")
        if dropout:
            shares = builder.layer("Dropout", {"rate": dropout}, shares)
        return builder.layer("Dot", {"axes": (2, 1)}, (shares, value))

    return model_of(layer, place, steps, inputs=len(place.inputs))


@back_rule("AK2442", since=Since(tf="2.4"), classes=("EinsumDense",))
def equation_as_dense(layer: Layer, place: Place) -> Layer | None:
    """A product over the last axes is a Dense layer between two Reshapes."""
    equation, shape, out = layer.config.get("equation"), place.shape, place.output.shape
    if not isinstance(equation, str) or shape is None or out is None or not layer.weights:
        raise place.refuse(layer, "its shapes are not known")
    given, _, rest = equation.replace(" ", "").replace("...", "").partition(",")
    kernel_axes, _, result = rest.partition("->")
    kernel = layer.weights["kernel"]
    summed = "".join(label for label in given if label not in result)
    made = "".join(label for label in result if label not in given)
    fits = given.endswith(summed) and result == given[: len(given) - len(summed)] + made and summed + made == kernel_axes
    if not fits or not summed or any(size is None for size in (*shape[1:], *out[1:])):
        raise place.refuse(layer, f"the equation {equation!r} is no product over the last axes", "equation")
    units = int(np.prod(kernel.shape[len(summed) :]))
    weights = {"kernel": kernel.reshape(int(np.prod(kernel.shape[: len(summed)])), units)}
    bias = layer.weights.get("bias")
    if bias is not None:
        if bias.size != units:
            raise place.refuse(layer, "a bias along other axes than the last", "bias_axes")
        weights["bias"] = bias.reshape(units)
    config: dict[str, Value] = {
        "units": units,
        "use_bias": bias is not None,
        "activation": layer.config.get("activation") or "linear",
    }
    if len(made) > 1 and config["activation"] == "softmax":
        raise place.refuse(layer, "a softmax over one of several new axes", "activation")
    outer = [size for size in shape[1 : len(shape) - len(summed)] if size is not None]

    def steps(builder: Builder, x: Ref) -> Ref:
        flat = x if len(summed) == 1 else reshape(builder, x, (*outer, weights["kernel"].shape[0]))
        y = builder.layer("Dense", config, flat, weights=weights)
        sizes = [size for size in out[1:] if size is not None]
        return y if len(made) == 1 else reshape(builder, y, sizes)

    return model_of(layer, place, steps)


@back_rule("AK2441", since=Since(tf="2.1"), classes=("AdditiveAttention",))
def check_additive(layer: Layer, place: Place) -> Layer | None:
    """TensorFlow 2.0 has the layer and does not know it when it loads a file (measured; 1.15 and 2.1 do)."""
    if str(place.release) == "tf.keras-2.0":
        raise place.refuse(layer, "it is not known when files are loaded")
    return None
