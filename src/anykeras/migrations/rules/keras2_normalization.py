"""Batch normalization over more than one axis, and in virtual batches."""

from __future__ import annotations

import math

from ...document.build import Builder
from ...document.model import Era, Layer, Value, Writer
from ...errors import Unsupported
from ...tensors import ones
from ..rulebook import Example, RuleContext, rule

TF = Writer(Era.TF2, "tf.keras", "2.6.0", "tensorflow")


def _ghost(size: int | None, axis: Value, shape: tuple[int, ...]) -> Layer:
    config = {"axis": axis} if size is None else {"axis": axis, "virtual_batch_size": size}
    return Layer("BatchNormalization", "bn", config, {"gamma": ones(shape)})


def _is_plain(layer: Layer) -> bool:
    return layer.config == {"axis": 3} and layer.weights["gamma"].shape == (5,)


def _is_flattened(layer: Layer) -> bool:
    names = [inner.class_name for inner in layer.graph.layers] if layer.graph is not None else []
    return names == ["InputLayer", "Reshape", "BatchNormalization", "Reshape"]


@rule(
    "AK2260",
    to=Era.KERAS3,
    classes=("BatchNormalization",),
    examples=[Example(_ghost(8, (4,), (1, 1, 1, 1, 5)), _is_plain, TF)],
    leaves_alone=[Example(_ghost(None, 3, (5,)), lambda layer: layer.config == {"axis": 3}, TF)],
)
def use_whole_batches(layer: Layer, context: RuleContext) -> Layer | None:
    """Without `virtual_batch_size`, as if the layer had been made without it."""
    if layer.config.get("virtual_batch_size") is None:
        return None
    axis = layer.config.get("axis")
    axes = [a - 1 for a in (axis if isinstance(axis, tuple) else (axis,)) if isinstance(a, int)]
    layer = layer.without("virtual_batch_size").with_config(axis=axes[0] if len(axes) == 1 else tuple(axes))
    if len(axes) != 1:
        squeezed = {k: t.reshape(*(n for i, n in enumerate(t.shape) if i != 1)) for k, t in layer.weights.items()}
        return layer.with_weights(**squeezed)
    return layer.with_weights(**{role: tensor.reshape(tensor.size) for role, tensor in layer.weights.items()})


@rule(
    "AK2261",
    to=Era.KERAS3,
    classes=("BatchNormalization",),
    after=("AK2204", "AK2260"),
    examples=[Example(_ghost(None, (1, 2), (1, 3, 5)), _is_flattened, TF)],
    leaves_alone=[Example(_ghost(None, 3, (5,)), lambda layer: layer.config == {"axis": 3}, TF)],
)
def join_axes(layer: Layer, context: RuleContext) -> Layer | None:
    """A model that normalizes the joined axis. Raises Unsupported where the axes left over have unknown sizes."""
    axis = layer.config.get("axis")
    if not isinstance(axis, tuple):
        return None
    shape = next((t.shape for t in layer.weights.values()), ())
    axes = sorted(a % len(shape) for a in axis if isinstance(a, int)) if shape else []
    others = [a for a in range(1, len(shape)) if a not in axes]
    if not axes or 0 in axes or len(others) > 1:
        raise Unsupported(
            "AK2261",
            f"batch normalization over axes {axis}, whose other axes have sizes that the file does not tell",
            layer=layer.name,
            key="axis",
            next_step="Replace the layer in the Keras that wrote the file.",
        )
    order = (*others, *axes)
    sizes = tuple(shape[a] for a in axes)
    rest = (-1,) * len(others)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    turned = order != tuple(range(1, len(shape)))
    if turned:
        x = sub.layer("Permute", {"dims": order}, x)
    x = sub.layer("Reshape", {"target_shape": (*rest, math.prod(sizes))}, x)
    weights = {role: tensor.reshape(tensor.size) for role, tensor in layer.weights.items()}
    inner = Layer("BatchNormalization", layer.name, {**layer.config, "axis": -1}, weights, address=layer.address)
    x = sub.layer("Reshape", {"target_shape": (*rest, *sizes)}, sub.add(inner, x))
    if turned:
        x = sub.layer("Permute", {"dims": tuple(order.index(a) + 1 for a in range(1, len(shape)))}, x)
    return sub.finish(x, bool(layer.config.get("trainable", True)))
