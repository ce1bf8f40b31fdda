"""Batch normalization over more than one axis, in virtual batches, and in training mode at prediction."""

from __future__ import annotations

import math
from dataclasses import replace

from ...catalog.shapes import infer
from ...catalog.shapes.masks import find_met
from ...document.build import Builder
from ...document.edit import GraphEditor
from ...document.model import Call, Era, Layer, Member, Ref
from ...errors import Unsupported
from ...tensors import constant, zeros
from ..mask_flow import build_mask_carrier, build_mask_reader
from ..rulebook import RuleContext, rule


@rule(
    "AK2260",
    to=Era.KERAS3,
    classes=("BatchNormalization",),
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


@rule(
    "AK2302",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional",),
    after=("AK2202", "AK2203", "AK2204", "AK2260", "AK2281"),
)
def normalize_by_batch(model: Layer, context: RuleContext) -> Layer | None:
    """Operations in place of every BatchNormalization that is called with ``training=True``, and nothing else."""
    graph, writer = model.graph, context.writer
    if graph is None or graph.sequential:
        return None
    eager = writer.era is Era.TF2 and (writer.tensorflow or 2) >= 2  # where a layer that does not learn is in inference mode
    editor, specs, met = GraphEditor(graph), None, None
    for layer in graph.layers:
        calls = editor.calls(layer.name)
        learns = layer.config.get("trainable", True) or not eager
        if not learns or layer.class_name != "BatchNormalization" or not calls or not all(map(_is_training, calls)):
            continue
        specs = infer(model) if specs is None else specs
        spec = specs.get(calls[0].args[0]) if calls[0].args and isinstance(calls[0].args[0], Ref) else None
        axis, shape = layer.config.get("axis", -1), None if spec is None else spec.shape
        if shape is not None and isinstance(axis, int):
            axis %= len(shape)
        if layer.config.get("renorm") or not isinstance(axis, int) or (shape is None and axis != -1):
            raise Unsupported(
                "AK2302",
                f"BatchNormalization {layer.name!r} is called with training=True, with renorm or on a tensor of unknown rank",
                layer=layer.name,
                next_step="Replace the layer in the Keras that wrote the file.",
            )
        if "moving_variance" not in layer.weights:
            continue  # a finding says what becomes of the flag
        met = find_met(model) if met is None else met
        masked = any(met.get((Member(layer.name),), ()))
        editor.replace_layer(_normalize(layer, axis, None if shape is None else len(shape), masked))
        for number, call in enumerate(calls):
            editor.replace_call(layer.name, number, Call(call.args[:1]))
    return replace(model, graph=editor.finish()) if editor.changed else None


def _is_training(call: Call) -> bool:
    return call.kwargs.get("training") in (True, 1)


def _normalize(layer: Layer, axis: int, rank: int | None, masked: bool) -> Layer:
    """By the mean and variance of the batch, and then by a layer whose own are 0 and 1, for its gamma and beta."""
    shape = layer.weights["moving_variance"].shape
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    epsilon = layer.config.get("epsilon", 1e-3)
    epsilon = epsilon if isinstance(epsilon, float) else 1e-3

    def mean(value: Ref) -> Ref:
        if rank is None:  # over all axes but the last
            return sub.op("mean", sub.op("reshape", value, (-1, *shape)), axis=0)
        return sub.op("mean", value, axis=tuple(a for a in range(rank) if a != axis), keepdims=True)

    centered = sub.op("subtract", x, mean(x))
    spread = sub.op("add", mean(sub.op("square", centered)), epsilon)
    still = {"moving_mean": zeros(shape), "moving_variance": constant([1.0 - epsilon] * shape[0])}
    inner = layer.with_weights(**still).with_config(momentum=1.0)
    end = sub.add(inner, sub.op("divide", centered, sub.op("sqrt", spread)))
    if masked:
        mask = sub.add(build_mask_reader(f"{layer.name}_present"), x)
        end = sub.add(build_mask_carrier(f"{layer.name}_masked"), end, mask=mask)
    return sub.finish(end, bool(layer.config.get("trainable", True)))
