"""Images sampled between their pixels (DeepLab v3+, PSPNet, spatial transformers), pooled by keras-spp and by SegNet."""

from __future__ import annotations

import itertools

from ...document.model import Layer, Value, refs
from ...lazily import np
from ...migrations import RuleContext
from ...recovery.functions import Operand, Refused
from ...recovery.functions.resampling import Grid, resize
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim
from ..blocks import defer, in_operations

_KEYS = ("upsampling", "output_size", "data_format")


@register_shim("AK5093", classes=("BilinearUpsampling",))
def bilinear_upsampling(layer: Layer, context: RuleContext) -> Layer | None:
    """To `output_size`, or to `upsampling` times the size."""
    known = set(_KEYS) <= layer.config.keys() and has_only(layer, *_KEYS)
    if not known or layer.config["data_format"] not in (None, "channels_last"):
        return None
    return defer(layer, _write_bilinear_upsampling)


@in_operations
def _write_bilinear_upsampling(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    size = _pair(layer.config["output_size"])
    if size is None:
        factors = _pair(layer.config["upsampling"])
        height, width = ops.shape(x)[1:3]
        if factors is None or not (isinstance(height, int) and isinstance(width, int)):
            raise Refused("an image of unknown size is enlarged", "AK3043")
        size = (height * factors[0], width * factors[1])
    return resize(ops, x, size, "bilinear", Grid(align_corners=True))


def _pair(value: Value) -> tuple[int, int] | None:
    match value:
        case (int(height), int(width)):
            return height, width
    return None


_TWO_RULES = (2, 2, 4)


@register_shim("AK5094", classes=("Interp",))
def interp(layer: Layer, context: RuleContext) -> Layer | None:
    """To `new_size`."""
    size, written = layer.config.get("new_size"), context.writer.release
    if not has_only(layer, "new_size") or not written or written >= _TWO_RULES:
        return None
    match size:
        case (int(), int()):
            return defer(layer, _write_interp)
    return None


@in_operations
def _write_interp(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    return resize(ops, x, layer.config["new_size"], "bilinear", Grid(align_corners=True))


@register_shim("AK5122", classes=("BilinearInterpolation",))
def bilinear_interpolation(layer: Layer, context: RuleContext) -> Layer | None:
    """sum of area * take_along_axis(image, index)."""
    match layer.config.get("output_size"):
        case (int(), int()):
            return defer(layer, _write_bilinear_interpolation) if has_only(layer, "output_size") else None
    return None


@in_operations
def _write_bilinear_interpolation(ops: GraphOps, inputs: Operand, layer: Layer) -> Operand:
    image, moved = inputs
    match layer.config["output_size"], ops.shape(image):
        case (int(rows), int(columns)), (_, int(height), int(width), int(channels)):
            pass
        case _:
            raise Refused("an image of unknown size is sampled", "AK3043")
    across, down = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    grid = np.stack([across.ravel(), down.ravel(), np.ones(rows * columns)]).astype("float32")
    places = ops.matmul(ops.reshape(moved, (-1, 2, 3)), grid)
    x, x_low, x_high = _neighbours(ops, ops.getitem(places, (slice(None), 0)), width)
    y, y_low, y_high = _neighbours(ops, ops.getitem(places, (slice(None), 1)), height)
    flat = ops.reshape(image, (-1, height * width, channels))
    beside = (x_low, _gap(ops, x_high, x)), (x_high, _gap(ops, x, x_low))
    above = (y_low, _gap(ops, y_high, y)), (y_high, _gap(ops, y, y_low))
    total: Operand = 0.0
    for (column, width_left), (row, height_left) in itertools.product(beside, above):
        index = ops.tile(ops.expand_dims(ops.add(ops.multiply(row, width), column), -1), (1, 1, channels))
        area = ops.expand_dims(ops.multiply(height_left, width_left), -1)
        total = ops.add(ops.multiply(ops.take_along_axis(flat, index, axis=1), area), total)
    return ops.reshape(total, (-1, rows, columns, channels))


def _neighbours(ops: GraphOps, place: Operand, size: int) -> tuple[Operand, Operand, Operand]:
    """The place in pixels, and the pixels before and after it, held inside the image."""
    pixel = ops.multiply(ops.multiply(ops.add(place, 1.0), 0.5), float(size))
    low = ops.cast(pixel, "int32")
    return pixel, ops.clip(low, 0, size - 1), ops.clip(ops.add(low, 1), 0, size - 1)


def _gap(ops: GraphOps, high: Operand, low: Operand) -> Operand:
    """The distance of two places, either of them whole."""
    return ops.subtract(ops.cast(high, "float32"), ops.cast(low, "float32"))


# SpatialPyramidPooling of keras-spp.


@register_shim("AK5100", classes=("SpatialPyramidPooling",))
def spatial_pyramid_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """``concatenate([max(region) ...])``."""
    pools = layer.config.get("pool_list")
    whole = isinstance(pools, tuple) and all(isinstance(n, int) for n in pools) and has_only(layer, "pool_list")
    return defer(layer, _write_spatial_pyramid_pooling) if whole and pools else None


@in_operations
def _write_spatial_pyramid_pooling(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    if ops.context.data_format == "channels_first":
        x = ops.transpose(x, (0, 2, 3, 1))
    pools = layer.config["pool_list"]
    assert isinstance(pools, tuple)
    down, across = _ImageAxis(ops, x, 1), _ImageAxis(ops, x, 2)
    found = []
    for count in (n for n in pools if isinstance(n, int)):
        columns = [across.stretch(number, count) for number in range(count)]
        for number in range(count):
            strip = down.largest(x, down.stretch(number, count), 1)
            found += [across.largest(strip, column, 1) for column in columns]
    return ops.concatenate(found, axis=-1) if len(found) > 1 else found[0]


class _ImageAxis:
    """One axis of the image, cut into stretches; their borders are counted in float32, halves rounded to even."""

    def __init__(self, ops: GraphOps, x: Operand, axis: int) -> None:
        self.ops, self.size = ops, ops.shape(x)[axis]
        if not isinstance(self.size, int):
            key = tuple(slice(None) if i == axis else 0 for i in range(ops.rank(x)))
            ones = ops.cast(ops.ones_like(ops.getitem(x, key)), "float32")
            self.total, self.places = ops.sum(ones), ops.subtract(ops.cumsum(ones), 1.0)

    def stretch(self, number: int, count: int) -> Operand:
        """Stretch `number` of `count`: a slice, or where the size is open which places are inside."""
        ops = self.ops
        if isinstance(self.size, int):
            length = np.float32(self.size) / np.float32(count)
            return slice(*(int(np.round(place)) for place in (number * length, number * length + length)))
        length = ops.divide(self.total, float(count))
        first = ops.multiply(length, float(number))
        begun = ops.greater_equal(self.places, ops.round(first))
        return ops.logical_and(begun, ops.less(self.places, ops.round(ops.add(first, length))))

    def largest(self, x: Operand, stretch: Operand, axis: int) -> Operand:
        """The largest values of `x` within the stretch, along `axis`, which goes."""
        ops = self.ops
        if isinstance(stretch, slice):
            return ops.max(ops.getitem(x, (*[slice(None)] * axis, stretch)), axis=axis)
        spread = tuple(-1 if i == axis else 1 for i in range(ops.rank(x)))
        return ops.max(ops.where(ops.reshape(stretch, spread), x, float(np.finfo("float32").min)), axis=axis)


# The two layers of SegNet: a pooling that remembers where each value was, and its way back.


_POOLING, _BACK = "MaxPoolingWithArgmax2D", "MaxUnpooling2D"
_PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
_USUAL = {"pool_size": (2, 2), "strides": (2, 2), "size": (2, 2)}


def _is_two_by_two(layer: Layer) -> bool:
    """Windows of 2 by 2, which is what the class makes where its arguments are not in the file."""
    config = layer.config
    usual = all(config.get(key, value) == value for key, value in _USUAL.items())
    padding = config.get("padding", "same") in ("same", "SAME", "valid", "VALID")
    return usual and padding and has_only(layer, "padding", *_USUAL) and not layer.weights


@register_shim("AK5119", classes=(_POOLING,))
def pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """max and argmax over the four slices of every second row and column."""
    return defer(layer, _write_pooling) if _is_two_by_two(layer) else None


@register_shim("AK5120", classes=(_BACK,))
def unpooling(layer: Layer, context: RuleContext) -> Layer | None:
    """Four images, each with the values of one corner of the windows, laid between each other."""
    return defer(layer, _write_unpooling) if _is_two_by_two(layer) and _is_from_pooling(layer, context) else None


def _is_from_pooling(layer: Layer, context: RuleContext) -> bool:
    """Whether the second input of every call is the second output of a pooling."""
    graph = context.surroundings.graphs.get((layer.name, layer.class_name))
    if graph is None:
        return False
    kinds = {x.name: x.class_name for x in graph.layers}
    taken = [refs((call.args, call.kwargs)) for call in graph.calls.get(layer.name, ())]
    return all(len(ends) == 2 and kinds[ends[1].layer] == _POOLING and ends[1].tensor == 1 for ends in taken)


def _numbers(height: int, width: int, channels: int) -> tuple[Operand, Operand, Operand]:
    """What the first corner of each window counts, in three arrays to be added: by row, column, channel."""
    rows = (2 * np.arange(height) * 2 * width * channels).astype("int32")[:, None, None]
    columns = (2 * np.arange(width) * channels).astype("int32")[:, None]
    return rows, columns, np.arange(channels, dtype="int32")


def _divide_sizes(shape: tuple[Operand, ...], divided: int) -> tuple[int, int, int]:
    match shape:
        case (_, int(height), int(width), int(channels)) if not (height % divided or width % divided):
            return height // divided, width // divided, channels
    raise Refused("windows of 2 by 2 on an image whose sizes are odd or not known", "AK3043")


@in_operations
def _write_pooling(ops: GraphOps, x: Operand, layer: Layer) -> Operand:
    height, width, channels = _divide_sizes(ops.shape(x), 2)
    every = slice(None)
    corners = [ops.getitem(x, (every, slice(i, None, 2), slice(j, None, 2))) for i, j in _PLACES]
    four = ops.stack(corners, axis=-1)
    found = ops.cast(ops.argmax(four, axis=-1), "int32")
    down, across = ops.floor_divide(found, 2), ops.mod(found, 2)
    number = ops.add(ops.multiply(down, 2 * width * channels), ops.multiply(across, channels))
    for part in _numbers(height, width, channels):
        number = ops.add(number, part)
    return [ops.max(four, axis=-1), ops.cast(number, ops.dtype(x))]


@in_operations
def _write_unpooling(ops: GraphOps, inputs: Operand, layer: Layer) -> Operand:
    values, numbers = inputs
    height, width, channels = _divide_sizes(ops.shape(values), 1)
    corner = ops.cast(numbers, "int32")
    for part in _numbers(height, width, channels):
        corner = ops.subtract(corner, part)
    four = [ops.where(ops.equal(corner, (i * 2 * width + j) * channels), values, ops.zeros_like(values)) for i, j in _PLACES]
    spread = ops.reshape(ops.stack(four, axis=-1), (-1, height, width, channels, 2, 2))
    return ops.reshape(ops.transpose(spread, (0, 1, 4, 2, 5, 3)), (-1, 2 * height, 2 * width, channels))
