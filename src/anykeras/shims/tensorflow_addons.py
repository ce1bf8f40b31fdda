"""Layers of tensorflow-addons, which was archived in 2024 and needs tf.keras 2."""

from __future__ import annotations

import math

from ..document.build import Builder
from ..document.model import Config, Layer, Ref, Value
from ..lazily import np
from ..migrations import RuleContext
from ..recovery.functions import Operand, Refused
from ..recovery.graph_ops import GraphOps
from ..tensors import Array, Tensor, combine
from .base import SHARED, calls_of, combine_direction_and_length, register_shim, tensors_taken, unwrap
from .blocks import as_activation, defer, in_operations

EVERY = ("trainable", "dtype")


def is_of_addons(layer: Layer) -> bool:
    """Whether the class was registered by tensorflow-addons (``Addons>name``)."""
    return (layer.registered_name or "").startswith("Addons>")


@register_shim("AK5054", classes=("GELU",))
def gelu(layer: Layer, context: RuleContext) -> Layer | None:
    """``ops.gelu(x, approximate)``."""
    if not is_of_addons(layer):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("gelu", sub.input(), approximate=bool(layer.config.get("approximate", True))))


@register_shim("AK5051", classes=("InstanceNormalization",))
def instance_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """GroupNormalization(groups=-1)."""
    if not is_of_addons(layer):
        return None
    kept = {key: layer.config[key] for key in ("axis", "epsilon", "center", "scale", *EVERY) if key in layer.config}
    return Layer("GroupNormalization", layer.name, {"groups": -1, **kept}, layer.weights)


@register_shim("AK5153", classes=("Maxout",))
def maxout(layer: Layer, context: RuleContext) -> Layer | None:
    """The largest of the parts into which the axis is cut."""
    return defer(layer, _write_maxout) if is_of_addons(layer) and not layer.weights else None


@in_operations
def _write_maxout(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    units, axis = layer.config.get("num_units"), layer.config.get("axis", -1)
    if not isinstance(units, int) or not isinstance(axis, int):
        raise Refused("num_units and axis are no numbers")
    size = ops.shape(x)[axis]
    if not isinstance(size, int) or size % units:
        raise Refused(f"the axis has {size} channels, not a multiple of {units}")
    parts = ops.op("split", x, size // units, axis=axis)
    largest = parts[0]
    for part in parts[1:]:
        largest = ops.op("maximum", largest, part)
    return largest


_KERNELS = ("query_kernel", "key_kernel", "value_kernel", "projection_kernel")


@register_shim("AK5150", classes=("MultiHeadAttention",))
def multi_head_attention(layer: Layer, context: RuleContext) -> Layer | None:
    """EinsumDense for every projection, scaled products between."""
    weights, taken = layer.weights, tensors_taken(layer, context)
    bias = weights.get("projection_bias")
    wanted = {*_KERNELS, *(["projection_bias"] if layer.config.get("use_projection_bias", True) else [])}
    masked = any(set(call.kwargs) - {"training"} for call in calls_of(layer, context))
    if not is_of_addons(layer) or weights.keys() != wanted or taken not in (2, 3) or masked:
        return None
    sub = Builder(layer.name, layer.address)
    inputs = [sub.input() for _ in range(taken)]
    kept = {key: layer.config[key] for key in ("kernel_regularizer", "kernel_constraint") if layer.config.get(key) is not None}
    q, k, v = (_project(sub, x, weights[role], kept) for role, x in zip(_KERNELS, (*inputs, inputs[-1])[:3], strict=False))
    scaled = sub.op("divide", q, math.sqrt(weights["query_kernel"].shape[2]))
    shares = sub.op("softmax", sub.op("einsum", "anho,amho->ahnm", scaled, k), axis=-1)
    rate = layer.config.get("dropout")
    dropped = sub.layer("Dropout", {"rate": rate}, shares) if rate else shares
    joined = sub.op("einsum", "ahnm,amhi->anhi", dropped, v)
    kernel = weights["projection_kernel"]
    config: Config = {"equation": "abcd,cde->abe", "output_shape": (None, kernel.shape[2]),
                      "bias_axes": None if bias is None else "e", **kept}  # fmt: skip
    held = {"kernel": kernel, **({} if bias is None else {"bias": bias})}
    out = sub.layer("EinsumDense", config, joined, weights=held)
    both = (out, shares) if layer.config.get("return_attn_coef") else out
    return sub.finish(both, layer.config.get("trainable") is not False)


def _project(sub: Builder, x: Ref, kernel: Tensor, kept: Config) -> Ref:
    """(batch, time, features) to (batch, time, head, size), by a kernel (head, features, size)."""
    config: Config = {"equation": "abc,dce->abde", "output_shape": (None, kernel.shape[0], kernel.shape[2]), **kept}
    return sub.layer("EinsumDense", config, x, weights={"kernel": kernel})


_KEPT = ("units", "activation", "use_bias", "activity_regularizer", *EVERY)


@register_shim("AK5152", classes=("NoisyDense",))
def noisy_dense(layer: Layer, context: RuleContext) -> Layer | None:
    """Dense; further training draws no new noise."""
    roles = ("kernel", "bias") if layer.config.get("use_bias", True) is not False else ("kernel",)
    found = {role: [layer.weights.get(f"{part}_{role}") for part in ("mu", "sigma", "eps")] for role in roles}
    summed = {role: _add_noise([part for part in parts if part is not None]) for role, parts in found.items()}
    weights = {role: tensor for role, tensor in summed.items() if tensor is not None}
    if not is_of_addons(layer) or len(weights) != len(roles):
        return None
    return Layer("Dense", layer.name, {key: layer.config[key] for key in _KEPT if key in layer.config}, weights)


def _add_noise(parts: list[Tensor]) -> Tensor | None:
    def compute(mu: Array, sigma: Array, epsilon: Array) -> Array:
        return np.asarray(np.add(mu, np.multiply(sigma, epsilon))).astype(mu.dtype)

    return combine("noise", parts, parts[0].shape, compute) if len(parts) == 3 else None


@register_shim("AK5151", classes=("PolynomialCrossing",))
def polynomial_crossing(layer: Layer, context: RuleContext) -> Layer | None:
    """x0 * Dense(x) + x + b."""
    scale, bias = layer.config.get("diag_scale", 0.0), layer.weights.get("bias")
    kernels = [layer.weights[role] for role in ("kernel", "kernel_u", "kernel_v") if role in layer.weights]
    held = len(kernels) + (bias is not None)
    if not is_of_addons(layer) or not kernels or held != len(layer.weights) or not isinstance(scale, int | float):
        return None
    sub = Builder(layer.name, layer.address)
    first, x = sub.input(), sub.input()
    product = x
    for kernel in kernels:
        config: Config = {"units": kernel.shape[1], "use_bias": False,
                          "kernel_regularizer": layer.config.get("kernel_regularizer")}  # fmt: skip
        product = sub.layer("Dense", config, product, weights={"kernel": kernel})
    if scale:
        product = sub.op("add", product, sub.op("multiply", x, float(scale)))
    out = sub.op("add", sub.op("multiply", first, product), x)
    if bias is not None:
        out = _add_bias(sub, out, bias)
    return sub.finish(out, layer.config.get("trainable") is not False)


def _add_bias(sub: Builder, x: Ref, bias: Tensor) -> Ref:
    """x + bias: the only row of a table, looked up with zeros."""
    zeros = sub.op("cast", sub.op("zeros_like", sub.op("max", x, axis=-1)), "int32")
    config: Config = {"input_dim": 1, "output_dim": bias.shape[0]}
    row = sub.layer("Embedding", config, zeros, weights={"embeddings": bias.reshape(1, bias.shape[0])})
    return sub.op("add", x, row)


def write_sparsemax(sub: Builder, x: Ref, axis: int = -1) -> Ref:
    """The nearest point to `x` whose numbers are not negative and sum to 1 (Martins and Astudillo 2016)."""
    falling = sub.op("negative", sub.op("sort", sub.op("negative", x), axis=axis))
    number = sub.op("cumsum", sub.op("ones_like", x), axis=axis)
    reached = sub.op("cumsum", falling, axis=axis)
    above = sub.op("greater", sub.op("add", sub.op("multiply", number, falling), 1.0), reached)
    kept = sub.op("where", above, sub.op("ones_like", x), sub.op("zeros_like", x))
    count = sub.op("sum", kept, axis=axis, keepdims=True)
    total = sub.op("sum", sub.op("multiply", kept, falling), axis=axis, keepdims=True)
    threshold = sub.op("divide", sub.op("subtract", total, 1.0), count)
    return sub.op("relu", sub.op("subtract", x, threshold))


@register_shim("AK5155", classes=("Sparsemax",))
def sparsemax(layer: Layer, context: RuleContext) -> Layer | None:
    """relu(x - threshold)."""
    axis = layer.config.get("axis", -1)
    if not is_of_addons(layer) or not isinstance(axis, int):
        return None
    sub = Builder(layer.name, layer.address)
    return as_activation(layer, sub.finish(write_sparsemax(sub, sub.input(), axis)))


@register_shim("AK5106", classes=("SpatialPyramidPooling2D",))
def pyramid_means(layer: Layer, context: RuleContext) -> Layer | None:
    """``concatenate([reshape(mean(regions), (-1, rows * columns, channels)) ...], axis=1)``."""
    known = is_of_addons(layer) and layer.config.keys() <= {"name", "bins", "data_format", *SHARED}
    return defer(layer, _write_pyramid_means) if known and _bins(layer.config.get("bins")) else None


def _bins(value: Value) -> list[tuple[int, int]]:
    """Pairs (rows, columns); empty where it is something else."""
    found: list[tuple[int, int]] = []
    for item in value if isinstance(value, tuple) else ():
        match item:
            case (int(rows), int(columns)):
                found.append((rows, columns))
            case _:
                return []
    return found


@in_operations
def _write_pyramid_means(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    first = layer.config["data_format"] == "channels_first"
    if first:
        x = ops.transpose(x, (0, 2, 3, 1))
    match ops.shape(x):
        case (_, int(height), int(width), int(channels)):
            pass
        case _:
            raise Refused("regions of an image of unknown size", "AK3043")
    found = []
    for rows, columns in _bins(layer.config["bins"]):
        tall, wide = height // rows, width // columns
        cut = ops.getitem(x, (slice(None), slice(0, rows * tall), slice(0, columns * wide)))
        regions = ops.reshape(cut, (-1, rows, tall, columns, wide, channels))
        found.append(ops.reshape(ops.mean(regions, axis=(2, 4)), (-1, rows * columns, channels)))
    joined = ops.concatenate(found, axis=1) if len(found) > 1 else found[0]
    return ops.transpose(joined, (0, 2, 1)) if first else joined


@register_shim("AK5053", classes=("StochasticDepth",))
def stochastic_depth(layer: Layer, context: RuleContext) -> Layer | None:
    """Add(shortcut, Rescaling(p)(residual)); further training drops nothing."""
    scale = layer.config.get("survival_probability", 0.5)
    if not is_of_addons(layer) or not isinstance(scale, int | float):
        return None
    sub = Builder(layer.name, layer.address)
    shortcut, residual = sub.input(), sub.input()
    scaled = sub.layer("Rescaling", {"scale": float(scale), "offset": 0.0}, residual)
    return sub.finish(sub.layer("Add", {}, (shortcut, scaled)))


@register_shim("AK5154", classes=("TLU",))
def tlu(layer: Layer, context: RuleContext) -> Layer | None:
    """max(x, tau + alpha x)."""
    roles = ("tau", "alpha") if layer.config.get("affine") else ("tau",)
    if not is_of_addons(layer) or layer.weights.keys() != set(roles):
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": -1.0}, x)
    minus = [sub.layer("PReLU", {}, ones, weights={"alpha": layer.weights[role]}) for role in roles]
    least = sub.op("negative", minus[0])
    if len(minus) == 2:
        least = sub.op("subtract", least, sub.op("multiply", minus[1], x))
    return as_activation(layer, sub.finish(sub.op("maximum", x, least)))


@register_shim("AK5052", classes=("WeightNormalization",))
def weight_normalization(layer: Layer, context: RuleContext) -> Layer | None:
    """The wrapped layer; further training changes its kernel as a whole."""
    length, direction, started = (layer.weights.get(role) for role in ("g", "kernel", "initialized"))
    if not is_of_addons(layer) or length is None or direction is None or started is None or not started.read().all():
        return None
    return unwrap(layer, kernel=combine_direction_and_length(direction, length))
