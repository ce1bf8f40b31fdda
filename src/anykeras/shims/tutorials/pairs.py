"""Layers without weights: what siamese networks, autoencoders, OCR and vision transformers of tutorials compute."""

from __future__ import annotations

from collections.abc import Callable

from ...document.build import Builder
from ...document.model import Layer, Ref
from ...findings import Fidelity, Finding
from ...migrations import RuleContext
from ...recovery.functions import Operand, Refused
from ...recovery.graph_ops import GraphOps
from ..base import has_arguments, has_only, register_shim, tensors_taken
from ..blocks import defer, in_operations
from .parts import is_trainable


def _finish(layer: Layer, context: RuleContext, count: int, body: Callable[..., Operand]) -> Layer | None:
    """The model of `count` inputs that `body` writes, where the layer has neither arguments nor weights."""
    if not has_only(layer) or layer.weights or tensors_taken(layer, context) != count:
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(body(sub, *(sub.input() for _ in range(count))), is_trainable(layer))


@register_shim(
    "AK5168",
    classes=("L1Dist", "L1Distance", "L1DistanceLayer"),
    arguments=[("input_embedding", "validation_embedding"), ("x1", "x2"), ("anchor", "comparison"), ("input1", "input2")],
)
def l1_distance(layer: Layer, context: RuleContext) -> Layer | None:
    """abs(one - two)."""
    return _finish(layer, context, 2, lambda sub, one, two: sub.op("absolute", sub.op("subtract", one, two)))


@register_shim("AK5169", classes=("DistanceLayer",), arguments=[("anchor", "positive", "negative")])
def distances(layer: Layer, context: RuleContext) -> Layer | None:
    """sum((anchor - positive)^2), sum((anchor - negative)^2)."""

    def write(sub: Builder, anchor: Ref, *others: Ref) -> tuple[Ref, ...]:
        return tuple(sub.op("sum", sub.op("square", sub.op("subtract", anchor, x)), axis=-1) for x in others)

    return _finish(layer, context, 3, write)


@register_shim("AK5170", classes=("Sampling", "Sampler"), arguments=[("z_mean", "z_log_var")])
def sampling(layer: Layer, context: RuleContext) -> Layer | None:
    """mean + exp(log_variance / 2) * GaussianNoise(1)."""
    state = [role for role, tensor in layer.weights.items() if "seed_generator" not in role or tensor.shape != (2,)]
    if not has_only(layer, "seed") or state or tensors_taken(layer, context) != 2:
        return None
    sub = Builder(layer.name, layer.address)
    mean, variance = sub.input(), sub.input()
    noise = sub.layer("GaussianNoise", {"stddev": 1.0}, sub.op("zeros_like", mean), training=True)
    deviation = sub.op("exp", sub.op("multiply", variance, 0.5))
    done = "load_model draws them in every call; of a converted file, predict and evaluate of stock Keras do not"
    address = layer.address or layer.name
    context.findings.append(Finding("AK3016", address, "random numbers are drawn", done, Fidelity.APPROXIMATE))
    return sub.finish(sub.op("add", mean, sub.op("multiply", deviation, noise)))


@register_shim("AK5171", classes=("CustomVariationalLayer",), arguments=[("x", "z_decoded")])
def variational_layer(layer: Layer, context: RuleContext) -> Layer | None:
    """The first input."""
    return _finish(layer, context, 2, lambda sub, x, decoded: sub.op("copy", x))


@register_shim("AK5172", classes=("CTCLayer",), arguments=[("y_true", "y_pred")])
def ctc(layer: Layer, context: RuleContext) -> Layer | None:
    """The predictions (batch, time, characters) of two inputs."""
    known = has_only(layer) and not layer.weights and tensors_taken(layer, context) == 2
    return defer(layer, _write_predictions) if known else None


@in_operations
def _write_predictions(ops: GraphOps, inputs: Operand, layer: Layer) -> Operand:
    predictions = [x for x in inputs if ops.rank(x) == 3]
    if len(predictions) != 1:
        raise Refused("which of its inputs the predictions are does not show")
    return ops.op("copy", predictions[0])


@register_shim("AK5173", classes=("Patches",))
def patches(layer: Layer, context: RuleContext) -> Layer | None:
    """Reshapes and a transposition."""
    size = layer.config.get("patch_size")
    return (
        defer(layer, _write_patches)
        if has_arguments(layer, ("patch_size",)) and not layer.weights and isinstance(size, int)
        else None
    )


@in_operations
def _write_patches(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    size = int(str(layer.config["patch_size"]))
    match ops.shape(x):
        case (_, int(height), int(width), int(channels)) if size > 0:
            rows, columns = height // size, width // size
        case _:
            raise Refused("patches of an image of unknown size", "AK3043")
    if (height, width) != (rows * size, columns * size):
        x = ops.getitem(x, (slice(None), slice(0, rows * size), slice(0, columns * size)))
    x = ops.transpose(ops.reshape(x, (-1, rows, size, columns, size, channels)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, rows * columns, size * size * channels))
