"""SpatialPyramidPooling of keras-spp."""

from __future__ import annotations

from typing import Any

from ...document.model import Layer
from ...lazily import np
from ...migrations import RuleContext
from ...recovery.graph_ops import GraphOps
from ..base import has_only, register_shim
from ..deferred import defer, in_operations


@register_shim(
    "AK5100",
    classes=("SpatialPyramidPooling",),
    package="keras-spp 1.0",
    checked="keras-spp 1.0 on Keras 2.1.5",
    difference="3e-07",
)
def spatial_pyramid_pooling(layer: Layer, context: RuleContext) -> Layer | None:
    """``concatenate([max(region) ...])``."""
    pools = layer.config.get("pool_list")
    whole = isinstance(pools, tuple) and all(isinstance(n, int) for n in pools) and has_only(layer, "pool_list")
    return defer(layer, _write_spatial_pyramid_pooling) if whole and pools else None


@in_operations
def _write_spatial_pyramid_pooling(ops: GraphOps, x: Any, layer: Layer) -> Any:
    if ops.context.data_format == "channels_first":
        x = ops.transpose(x, (0, 2, 3, 1))
    pools = layer.config["pool_list"]
    assert isinstance(pools, tuple)
    down, across = _Axis(ops, x, 1), _Axis(ops, x, 2)
    found = []
    for count in (n for n in pools if isinstance(n, int)):
        columns = [across.stretch(number, count) for number in range(count)]
        for number in range(count):
            strip = down.largest(x, down.stretch(number, count), 1)
            found += [across.largest(strip, column, 1) for column in columns]
    return ops.concatenate(found, axis=-1) if len(found) > 1 else found[0]


class _Axis:
    """One axis of the image, cut into stretches; their borders are counted in float32, halves rounded to even."""

    def __init__(self, ops: GraphOps, x: Any, axis: int) -> None:
        self.ops, self.size = ops, ops.shape(x)[axis]
        if not isinstance(self.size, int):
            key = tuple(slice(None) if i == axis else 0 for i in range(ops.rank(x)))
            ones = ops.cast(ops.ones_like(ops.getitem(x, key)), "float32")
            self.total, self.places = ops.sum(ones), ops.subtract(ops.cumsum(ones), 1.0)

    def stretch(self, number: int, count: int) -> Any:
        """Stretch `number` of `count`: a slice, or where the size is open which places are inside."""
        ops = self.ops
        if isinstance(self.size, int):
            length = np.float32(self.size) / np.float32(count)
            return slice(*(int(np.round(place)) for place in (number * length, number * length + length)))
        length = ops.divide(self.total, float(count))
        first = ops.multiply(length, float(number))
        begun = ops.greater_equal(self.places, ops.round(first))
        return ops.logical_and(begun, ops.less(self.places, ops.round(ops.add(first, length))))

    def largest(self, x: Any, stretch: Any, axis: int) -> Any:
        """The largest values of `x` within the stretch, along `axis`, which goes."""
        ops = self.ops
        if isinstance(stretch, slice):
            return ops.max(ops.getitem(x, (*[slice(None)] * axis, stretch)), axis=axis)
        spread = tuple(-1 if i == axis else 1 for i in range(ops.rank(x)))
        return ops.max(ops.where(ops.reshape(stretch, spread), x, float(np.finfo("float32").min)), axis=axis)
