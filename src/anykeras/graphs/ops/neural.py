"""Products, convolutions, pooling, normalisation and images."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from ...containers.savedmodel.restore import GraphVariable
from ...document.model import Layer
from ...recovery.functions import Dim, Operand, Refused
from ...recovery.functions.resampling import Grid, resize
from ...recovery.functions.shapes import product
from ...tensors import Tensor, constant
from ..writer import find_layer_name
from .base import OPS, NodeCall, op, rows
from .blocks import dilate, whole


@op("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def matmul(call: NodeCall) -> Operand:
    """A product, either side transposed where the node says so."""
    given = []
    for place, keys in enumerate((("transpose_a", "adj_x"), ("transpose_b", "adj_y"))):
        x = call.array(place)
        turned = any(call.at.get(key) for key in keys)
        given.append(call.ops.op("swapaxes", x, -1, -2) if turned else x)
    return call.keep(call.ops.op("matmul", *given), "T" if "T" in call.at else "Tout")


@op("Einsum")
def einsum(call: NodeCall) -> Operand:
    """A sum over letters, which are named anew: Keras cannot infer the shape for some capitals (3.15.1)."""
    equation = str(call.at["equation"])
    letters = [letter for letter in dict.fromkeys(equation) if letter.isalpha()]
    if len(letters) > 26:
        raise Refused("an einsum over more than 26 axes", "AK3062")
    named = equation.translate({ord(letter): "abcdefghijklmnopqrstuvwxyz"[place] for place, letter in enumerate(letters)})
    return call.ops.op("einsum", named, *(call.array(place) for place in range(len(call))))


@op("BiasAdd", "BiasAddV1")
def bias_add(call: NodeCall) -> Operand:
    """A number for each channel added."""
    return call.keep(call.call("nn.bias_add", call.array(0), call.array(1), data_format=call.at.get("data_format")))


def _window(call: NodeCall, *keys: str) -> dict[str, Operand]:
    return {key: call.at[key] for key in (*keys, "data_format") if call.at.get(key)}


def _bordered(call: NodeCall, x: Operand) -> tuple[Operand, str]:
    """The input with the border that the node spells out, and the padding that is left to do."""
    padding = str(call.at["padding"])
    if padding != "EXPLICIT":
        return x, padding
    given = call.at["explicit_paddings"]
    return call.ops.op("pad", x, tuple(zip(given[::2], given[1::2], strict=True)), mode="constant"), "VALID"


@op("Conv2D", "Conv3D")
def convolve(call: NodeCall) -> Operand:
    """A correlation; groups follow from the kernel."""
    dilated = dilate(call)
    if dilated is not None:
        return dilated
    x, padding = _bordered(call, call.array(0))
    kernel, name = call.array(1), f"nn.{call.op.lower()}"
    how = {"padding": padding, **_window(call, "strides", "dilations")}
    channel = 1 if str(call.at["data_format"]).startswith("NC") else -1
    groups, rest = divmod(whole(call, call.ops.shape(x)[channel]), whole(call, call.ops.shape(kernel)[-2]))
    if groups < 2 or rest or call.ops.variable_of(call.given[1]) is not None:  # a layer has groups
        return call.keep(call.call(name, x, kernel, **how))
    parts = zip(call.ops.op("split", x, groups, axis=channel), call.ops.op("split", kernel, groups, axis=-1), strict=True)
    return call.keep(call.ops.op("concatenate", [call.call(name, *part, **how) for part in parts], axis=channel))


@op("DepthwiseConv2dNative")
def depthwise(call: NodeCall) -> Operand:
    """One kernel a channel."""
    dilated = dilate(call)
    if dilated is not None:
        return dilated
    x, padding = _bordered(call, call.array(0))
    how = _window(call, "strides", "dilations")
    return call.keep(call.call("nn.depthwise_conv2d", x, call.array(1), padding=padding, **how))


@op("Conv2DBackpropInput", "Conv3DBackpropInputV2")
def convolve_transposed(call: NodeCall) -> Operand:
    """The gradient of a convolution, as the layer of Keras, which holds the kernel (keras.ops does not survive saving)."""
    ops, rank = call.ops, 2 if call.op.startswith("Conv2D") else 3
    variable = ops.variable_of(call.given[1])
    kernel = variable.tensor if variable is not None else _held(call, call.given[1])
    first = str(call.at["data_format"]).startswith("NC")
    strides, dilations = (_spatial(call, key, rank, first) for key in ("strides", "dilations"))
    lengths = call.sizes(0)[2:] if first else call.sizes(0)[1 : rank + 1]
    x = ops.op("transpose", call.tensor(2), axes=(0, *range(2, rank + 2), 1)) if first else call.tensor(2)
    config: dict[str, Operand] = {
        "filters": kernel.shape[-2], "kernel_size": kernel.shape[:rank], "strides": strides, "padding": "valid",
        "dilation_rate": dilations, "use_bias": False,
    }  # fmt: skip
    y = ops.add_layer(_layer(call, f"Conv{rank}DTranspose", config, kernel, variable), x)
    y = _trim(call, x, y, kernel.shape, strides, dilations, lengths)
    return ops.op("transpose", y, axes=(0, rank + 1, *range(1, rank + 1))) if first else y


def _held(call: NodeCall, value: Operand) -> Tensor:
    if call.ops.is_tensor(value) or not isinstance(value, np.ndarray):
        raise Refused("a transposed convolution has a kernel that is computed", "AK3062")
    return constant(value, str(value.dtype), call.name)


def _layer(
    call: NodeCall, class_name: str, config: dict[str, Operand], kernel: Tensor, variable: GraphVariable | None
) -> Layer:
    """A layer named after the scope of its variable, trained or not as that is."""
    scope = (kernel.origin if variable is not None else call.name).rpartition("/")[0]
    if variable is not None and not variable.trainable:
        config["trainable"] = False
    name = find_layer_name(scope) if scope else class_name.lower()
    return Layer(class_name, name, config, {"kernel": kernel}, address=call.name)


def _spatial(call: NodeCall, key: str, rank: int, first: bool) -> tuple[int, ...]:
    found = tuple(call.at.get(key) or (1,) * (rank + 2))
    return found[2:] if first else found[1 : rank + 1]


def _trim(
    call: NodeCall, x: Operand, y: Operand, kernel: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...],
    lengths: tuple[Operand, ...],
) -> Operand:  # fmt: skip
    """The whole outcome without the border that TensorFlow leaves out: half of it in front, the odd place behind."""
    window: list[Operand] = [slice(None)]
    beyond = [(0, 0)]
    for axis, (stride, holes, length) in enumerate(zip(strides, dilations, lengths, strict=True)):
        reach, before = (kernel[axis] - 1) * holes + 1, call.ops.shape(x)[axis + 1]
        whole = (before - 1) * stride + max(reach, stride)
        same = str(call.at["padding"]) == "SAME"
        over = (before - 1) * stride + reach - length
        if isinstance(over, Dim) and same and length == before * stride:
            over = reach - stride
        if not isinstance(over, int):
            raise Refused("a transposed convolution to a size that does not follow from its input", "AK3062")
        front = max(over, 0) // 2 if same else 0
        behind = length + front - whole
        if not isinstance(behind, int):
            raise Refused("a transposed convolution to a size that does not follow from its input", "AK3062")
        window.append(slice(front, behind if behind < 0 else None))
        beyond.append((0, max(behind, 0)))
    if any(part != slice(0, None) for part in window[1:]):
        y = call.ops.getitem(y, (*window, slice(None)))
    return call.ops.op("pad", y, (*beyond, (0, 0)), mode="constant") if any(map(any, beyond)) else y


@op("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D")
def pool(call: NodeCall) -> Operand:
    """The greatest or the mean of windows."""
    x, padding = call.array(0), str(call.at["padding"])
    if padding == "EXPLICIT":
        given = call.at["explicit_paddings"]
        widths = tuple(zip(given[::2], given[1::2], strict=True))
        lowest = float(np.finfo("float32").min)
        x, padding = call.ops.op("pad", x, widths, mode="constant", constant_values=lowest), "VALID"
    return _pool(call, x, call.at["ksize"], call.at["strides"], padding)


@op("MaxPoolV2")
def pool_by_inputs(call: NodeCall) -> Operand:
    """``MaxPool`` whose window is an input."""
    return _pool(call, call.array(0), call.integers(1), call.integers(2), str(call.at["padding"]))


def _pool(call: NodeCall, x: Operand, ksize: Operand, strides: Operand, padding: str) -> Operand:
    first = str(call.at.get("data_format", "")).startswith("NC")
    outside = (ksize[0], ksize[1] if first else ksize[-1])
    if outside != (1, 1):
        raise Refused("windows over samples or channels", "AK3062")
    kind = "max" if call.op.startswith("Max") else "avg"
    size = 3 if "3D" in call.op else 2
    how = {"ksize": tuple(ksize), "strides": tuple(strides), "padding": padding, "data_format": call.at.get("data_format")}
    return call.keep(call.call(f"nn.{kind}_pool{size}d", call.ops.as_tensor(x), **how))


@op("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(call: NodeCall) -> Operand:
    """By the statistics that were kept, or by those of the batch, of which tf.keras makes a LayerNormalization."""
    ops, x = call.ops, call.array(0)
    scale, offset, mean, variance = (call.array(place) for place in range(1, 5))
    first = str(call.at["data_format"]).startswith("NC")
    channel = 1 if first else ops.rank(x) - 1
    dtype = ops.dtype(x)
    if dtype != "float32":
        x = ops.op("cast", x, "float32")
    if call.at.get("is_training", True):
        axes = tuple(axis for axis in range(ops.rank(x)) if axis != channel)
        apart = ops.op("subtract", x, ops.op("mean", x, axis=axes, keepdims=True))
        mean, variance = ops.op("mean", x, axis=axes), ops.op("mean", ops.op("square", apart), axis=axes)
    y = ops.op("batch_normalization", x, mean, variance, channel, offset=offset, scale=scale, epsilon=float(call.at["epsilon"]))
    y = ops.op("cast", y, dtype) if dtype != "float32" else y
    return y, mean, _unbiased(call, x, channel, variance), mean, variance, mean


def _unbiased(call: NodeCall, x: Operand, channel: int, variance: Operand) -> Operand:
    """The variance that TensorFlow keeps for later, over one number less."""
    if not call.at.get("is_training", True):
        return variance
    count = product(size for axis, size in enumerate(call.ops.shape(x)) if axis != channel)
    if isinstance(count, int):
        return call.ops.op("multiply", variance, count / max(count - 1, 1))
    many = call.ops.op("cast", call.ops.tensor(count), "float32")
    return call.ops.op("multiply", variance, call.ops.op("divide", many, call.ops.op("subtract", many, 1.0)))


@op("LRN")
def local_response(call: NodeCall) -> Operand:
    """Divided by the numbers of the channels around."""
    keys = ("depth_radius", "bias", "alpha", "beta")
    return call.call("nn.local_response_normalization", call.tensor(0), **{key: call.at[key] for key in keys})


@op("DepthToSpace", "SpaceToDepth")
def regroup(call: NodeCall) -> Operand:
    """Channels to pixels, or pixels to channels."""
    name = "depth_to_space" if call.op == "DepthToSpace" else "space_to_depth"
    return call.call(f"nn.{name}", call.tensor(0), int(call.at["block_size"]), data_format=call.at["data_format"])


@op("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")
def resize_image(call: NodeCall) -> Operand:
    """Another size of images, by the rule of TensorFlow's kernels."""
    method = {"ResizeNearestNeighbor": "nearest"}.get(call.op, call.op.removeprefix("Resize").lower())
    grid = Grid(*(bool(call.at.get(key)) for key in ("align_corners", "half_pixel_centers")))
    x = call.tensor(0)
    if call.op != "ResizeNearestNeighbor" and call.ops.dtype(x) != "float32":
        x = call.ops.op("cast", x, "float32")
    return resize(call.ops, x, call.sizes(1), method, grid)


@op("ExtractImagePatches")
def patches(call: NodeCall) -> Operand:
    """The windows of an image."""
    names = {"ksizes": "sizes", "strides": "strides", "rates": "rates", "padding": "padding"}
    return call.call("image.extract_patches", call.tensor(0), **{name: call.at[key] for key, name in names.items()})


@op("AdjustContrastv2")
def contrast(call: NodeCall) -> Operand:
    """Further from the mean of each channel, or nearer to it."""
    return call.call("image.adjust_contrast", call.tensor(0), call.number(1))


@op("MatrixDiag", "MatrixDiagPart", "MatrixDeterminant", "MatrixInverse", "Cholesky", "Diag", "DiagPart")
def matrices(call: NodeCall) -> Operand:
    """Functions of matrices."""
    names = {
        "MatrixDiag": "linalg.diag", "MatrixDiagPart": "linalg.diag_part", "MatrixDeterminant": "linalg.det",
        "MatrixInverse": "linalg.inv", "Cholesky": "linalg.cholesky", "Diag": "diag", "DiagPart": "diag_part",
    }  # fmt: skip
    return call.keep(call.call(names[call.op], call.array(0)))


@op("MatrixSolve")
def solve(call: NodeCall) -> Operand:
    """Linear equations."""
    if call.at.get("adjoint"):
        raise Refused("linear equations with a matrix that is transposed first", "AK3062")
    return call.keep(call.call("linalg.solve", call.tensor(0), call.tensor(1)))


@op("MatrixBandPart")
def band(call: NodeCall) -> Operand:
    """A matrix around its diagonal."""
    return call.keep(call.call("linalg.band_part", call.array(0), call.integer(1), call.integer(2)))


@op("Cross")
def cross(call: NodeCall) -> Operand:
    """The product of vectors in space, by parts: ``keras.ops.cross`` takes another axis on torch."""
    ops, (one, other) = call.ops, map(call.ops.as_tensor, call.given)
    turned = [[ops.op("take", x, np.array(order, "int32"), axis=-1) for order in ((1, 2, 0), (2, 0, 1))] for x in (one, other)]
    there, back = (ops.op("multiply", turned[0][place], turned[1][1 - place]) for place in (0, 1))
    return call.keep(ops.op("subtract", there, back))


def _random(call: NodeCall) -> Operand:
    """Random numbers, drawn anew in every call."""
    name = {"RandomStandardNormal": "random_normal", "TruncatedNormal": "truncated_normal"}.get(call.op, "random_uniform")
    return call.keep(call.call(name, call.sizes(0)), "dtype")


rows({"RandomStandardNormal RandomUniform TruncatedNormal": _random})


@op("_FusedConv2D", "_FusedMatMul", "_FusedDepthwiseConv2dNative", "FusedDepthwiseConv2dNative")
def fused(call: NodeCall) -> Operand:
    """A product and what is done with it at once, as Grappler and TensorFlow.js write it (remapper.cc, fuse_prelu.py)."""
    plain = call.op.lstrip("_").removeprefix("Fused")
    y = OPS[plain](replace(call, op=plain, given=call.given[:2]))
    rest = iter(call.given[2:])
    for name in call.at["fused_ops"]:
        many = {"BiasAdd": 1, "FusedBatchNorm": 4, "Prelu": 1}.get(name, 0)
        at = {**call.at, "is_training": False, "alpha": call.at.get("leakyrelu_alpha", 0.2)}
        if name not in OPS:
            raise Refused(f"the op {call.op} ends in {name}", "AK3062")
        y = OPS[name](replace(call, op=name, given=(y, *itertools.islice(rest, many)), at=at))
        y = y[0] if isinstance(y, tuple) else y
    return y


@op("Prelu")
def prelu(call: NodeCall) -> Operand:
    """``relu(x) - alpha * relu(-x)``, an op of TensorFlow.js."""
    ops, x = call.ops, call.tensor(0)
    below = ops.op("multiply", ops.op("negative", call.array(1)), ops.op("relu", ops.op("negative", x)))
    return call.keep(ops.op("add", ops.op("relu", x), below))


@op("CropAndResize")
def crop_and_resize(call: NodeCall) -> Operand:
    """Boxes of images in one size: the pixels around each place, weighed by how near they are (crop_and_resize_op.cc)."""
    ops = call.ops
    x, boxes, owners = (ops.as_tensor(call.given[place]) for place in range(3))
    x = ops.op("cast", x, "float32") if ops.dtype(x) != "float32" else x
    inside, weights = [], []
    for axis, count in enumerate(call.integers(3)):
        size = whole(call, ops.shape(x)[axis + 1])
        places = _places(call, boxes, axis, count, size)
        within = ops.op("logical_and", ops.op("greater_equal", places, 0.0), ops.op("less_equal", places, float(size - 1)))
        inside.append(ops.op("expand_dims", within, axis=2 - axis))
        if call.at["method"] == "nearest":
            places = ops.op("floor", ops.op("add", places, 0.5))
        apart = ops.op("abs", ops.op("subtract", ops.op("expand_dims", places, axis=-1), np.arange(size, dtype="float32")))
        weights.append(ops.op("relu", ops.op("subtract", 1.0, apart)))
    chosen = ops.op("take", x, owners, axis=0)
    rows_ = ops.op("einsum", "nah,nhwc->nawc", weights[0], chosen)
    found = ops.op("einsum", "nbw,nawc->nabc", weights[1], rows_)
    within = ops.op("expand_dims", ops.op("logical_and", *inside), axis=-1)
    return ops.op("where", within, found, np.float32(call.at["extrapolation_value"]))


def _places(call: NodeCall, boxes: Operand, axis: int, count: int, size: int) -> Operand:
    """Where the rows or columns of each box are in the image, (boxes, count)."""
    ops = call.ops
    start, end = (ops.getitem(boxes, (slice(None), slice(place, place + 1))) for place in (axis, axis + 2))
    if count == 1:
        return ops.op("multiply", ops.op("add", start, end), 0.5 * (size - 1))
    step = ops.op("multiply", ops.op("subtract", end, start), (size - 1) / (count - 1))
    first = ops.op("multiply", start, float(size - 1))
    return ops.op("add", first, ops.op("multiply", step, np.arange(count, dtype="float32").reshape(1, -1)))
