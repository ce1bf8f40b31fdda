"""Locally connected layers: convolutions with a kernel of their own at every position."""

from __future__ import annotations

import itertools
import math

from ...catalog.shapes import UNKNOWN, infer
from ...document.build import Builder
from ...document.edit import change_layers
from ...document.graph import iterate_steps
from ...document.model import Era, Layer, Ref, Slice, Value, refs
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Array, Tensor
from ..rulebook import RuleContext, rule

MOST_PLACES = 4096  # of a kernel; each becomes a slice of the input
_RANKS = {"LocallyConnected1D": 1, "LocallyConnected2D": 2}
_INNER = [
    "activation",
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
    "dtype",
    "trainable",
]


@rule(
    "AK2249",
    to=Era.KERAS3,
    after=("AK2202", "AK2210"),
    report=False,
)
def sizes_of_inputs(model: Layer, context: RuleContext) -> Layer | None:
    """`input_shape` on such layers where the shapes before them are known."""
    graph = model.graph
    wanting = [x for x in graph.layers if _wants_shape(x)] if graph is not None else []
    if graph is None or not wanting:
        return None
    specs = infer(model)
    names = {layer.name for layer in wanting}
    shapes: dict[str, tuple[int | None, ...]] = {}
    for layer, _, call in iterate_steps(graph):
        spec = specs.get(next(iter(refs(call.args)), Ref("")), UNKNOWN)
        if layer.name in names and spec.shape is not None and None not in spec.shape[1:]:
            shapes.setdefault(layer.name, tuple(spec.shape[1:]))
    changed = change_layers(model, lambda x: x.with_config(input_shape=shapes[x.name]) if x.name in shapes else x)
    return None if changed is model else changed


def _wants_shape(layer: Layer) -> bool:
    local = layer.class_name in _RANKS and not layer.config.get("input_shape")
    return local and (not layer.config.get("use_bias", True) or layer.config.get("padding") == "same")


@rule(
    "AK2250",
    to=Era.KERAS3,
    classes=tuple(_RANKS),
    after=("AK2249",),
)
def locally_connected(layer: Layer, context: RuleContext) -> Layer | None:
    """Pad, slice, join, multiply. Raises Unsupported where the output's size cannot be known."""
    rank = _RANKS[layer.class_name]
    kernel = layer.weights.get("kernel")
    if kernel is None:
        return None  # an architecture without weights
    shape = _Local(layer, rank, kernel)
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if shape.channels_first:
        x = sub.layer("Permute", {"dims": (*range(2, rank + 2), 1)}, x)
    if any(sum(pair) for pair in shape.padding):
        pads: Value = shape.padding[0] if rank == 1 else shape.padding
        x = sub.layer(f"ZeroPadding{rank}D", {"padding": pads}, x)
    patches = tuple(_slice(sub, x, place, shape) for place in itertools.product(*map(range, shape.kernel_size)))
    x = sub.layer("Concatenate", {"axis": -1}, patches) if len(patches) > 1 else patches[0]
    x = sub.add(_einsum(layer, shape), x)
    if shape.channels_first:
        x = sub.layer("Permute", {"dims": (rank + 1, *range(1, rank + 1))}, x)
    return sub.finish(x, bool(layer.config.get("trainable", True)))


class _Local:
    """The sizes of a locally connected layer, from its configuration and the shapes of its weights."""

    def __init__(self, layer: Layer, rank: int, kernel: Tensor) -> None:
        config = layer.config
        self.layer, self.rank = layer, rank
        self.kernel_size = _tuple(config.get("kernel_size"), rank)
        if math.prod(self.kernel_size) > MOST_PLACES:
            raise ValueError(f"a kernel of {self.kernel_size} places")
        self.strides = _tuple(config.get("strides", 1), rank)
        self.filters = _tuple(config.get("filters"), 1)[0]
        self.channels_first = config.get("data_format") == "channels_first"
        self.way = config.get("implementation") or 1
        bias = layer.weights.get("bias")
        said = _tuple(config.get("input_shape") or (), 0)
        self.inner = (said[1:] if self.channels_first else said[:-1]) if len(said) == rank + 1 else None
        self.sizes = self._sizes(kernel, bias)
        self.padding = self._padding(kernel)

    def _sizes(self, kernel: Tensor, bias: Tensor | None) -> tuple[int, ...]:
        """Positions along each axis."""
        if bias is not None and len(bias.shape) == self.rank + 1:
            return bias.shape[:-1]
        if self.way == 2:
            outer = kernel.shape[self.rank + 1 :]
            return outer[1:] if self.channels_first else outer[:-1]
        if self.inner is not None:
            whole = self.layer.config.get("padding") == "same"
            widths = (1,) * self.rank if whole else self.kernel_size
            return tuple((n - k) // s + 1 for n, k, s in zip(self.inner, widths, self.strides, strict=True))
        side = round(kernel.shape[0] ** (1 / self.rank))
        if self.way != 1 or side**self.rank != kernel.shape[0]:
            raise self._unknown("no bias tells how many positions each axis has")
        return (side,) * self.rank

    def _padding(self, kernel: Tensor) -> tuple[tuple[int, int], ...]:
        """Zeros before and after each axis. For ``same``, the window of size k around i begins at ``i - k // 2``.

        tf.keras 2.13 utils/conv_utils.py, `conv_connected_inputs`; not where TensorFlow's convolutions begin.
        """
        if self.layer.config.get("padding", "valid") != "same":
            return ((0, 0),) * self.rank
        if self.way == 2:
            inner: tuple[int, ...] = kernel.shape[1 : self.rank + 1] if self.channels_first else kernel.shape[: self.rank]
        elif self.inner is not None:
            inner = self.inner
        elif all(step == 1 for step in self.strides):
            inner = self.sizes
        else:
            raise self._unknown("padding `same` with strides needs the size of the input")
        pairs = []
        for size, out, step, width in zip(inner, self.sizes, self.strides, self.kernel_size, strict=True):
            before = width // 2
            pairs.append((before, max((out - 1) * step + width - before - size, 0)))
        return tuple(pairs)

    def _unknown(self, why: str) -> Unsupported:
        return Unsupported(
            "AK2250",
            f"the output of this {self.layer.class_name} has an unknown size: {why}",
            layer=self.layer.name,
            next_step="Save the model with use_bias=True, or with a square output, in the Keras that wrote it.",
        )


def _tuple(value: Value, rank: int) -> tuple[int, ...]:
    items = value if isinstance(value, tuple) else (value,) * rank
    return tuple(item for item in items if isinstance(item, int))


def _slice(sub: Builder, x: Ref, place: tuple[int, ...], shape: _Local) -> Ref:
    """The input that every position sees at one place of its kernel."""
    cuts = tuple(
        Slice(at, at + step * (size - 1) + 1, step) for at, step, size in zip(place, shape.strides, shape.sizes, strict=True)
    )
    return sub.op("get_item", x, (Slice(), *cuts, Slice()))


def _einsum(layer: Layer, shape: _Local) -> Layer:
    axes = "lmn"[: shape.rank]
    use_bias = "bias" in layer.weights
    config: dict[str, Value] = {key: layer.config[key] for key in _INNER if key in layer.config}
    config["equation"] = f"b{axes}f,{axes}fo->b{axes}o"
    config["output_shape"] = (*shape.sizes, shape.filters)
    config["bias_axes"] = f"{axes}o" if use_bias else None
    weights = {"kernel": _kernel(layer.weights["kernel"], shape)}
    if use_bias:
        weights["bias"] = _bias(layer.weights["bias"], shape)
    return Layer("EinsumDense", layer.name, config, weights, address=layer.address)


def _bias(bias: Tensor, shape: _Local) -> Tensor:
    """`bias_add` reshapes, and does not transpose, a bias with positions for ``channels_first`` images.

    keras 2.3.1 backend/tensorflow_backend.py; with three axes the shape is read backwards as well.
    """
    if not shape.channels_first:
        return bias
    turned = bias.reshape(shape.filters, *shape.sizes)
    return turned.transpose(*range(1, shape.rank + 1), 0)


def _kernel(kernel: Tensor, shape: _Local) -> Tensor:
    """Any of the three layouts as (positions..., place in the patch x channels, filters)."""
    if shape.way == 1:
        inputs = kernel.shape[1]
        if not shape.channels_first:
            return kernel.reshape(*shape.sizes, inputs, shape.filters)
        channels = inputs // math.prod(shape.kernel_size)
        split = kernel.reshape(kernel.shape[0], channels, *shape.kernel_size, shape.filters)
        last = split.transpose(0, *range(2, shape.rank + 2), 1, shape.rank + 2)
        return last.reshape(*shape.sizes, inputs, shape.filters)
    return _from_matrix(kernel, shape) if shape.way == 2 else _from_list(kernel, shape)


def _from_matrix(kernel: Tensor, shape: _Local) -> Tensor:
    """Implementation 2 holds a kernel from every input to every output, of which only the patches count."""
    rank = shape.rank
    first = shape.channels_first
    channels = kernel.shape[0] if first else kernel.shape[rank]
    made = (*shape.sizes, math.prod(shape.kernel_size) * channels, shape.filters)

    def read(array: Array) -> Array:
        if first:  # (channels, inputs..., filters, outputs...) -> (inputs..., channels, outputs..., filters)
            order = (*range(1, rank + 1), 0, *range(rank + 2, 2 * rank + 2), rank + 1)
            array = array.transpose(order)
        wide = np.zeros((*shape.sizes, *shape.kernel_size, channels, shape.filters), array.dtype)
        for out in np.ndindex(*shape.sizes):
            for place in np.ndindex(*shape.kernel_size):
                at = _input_place(out, place, shape)
                if all(0 <= a < n for a, n in zip(at, array.shape, strict=False)):
                    wide[(*out, *place)] = array[(*at, slice(None), *out)]
        return wide.reshape(made)

    return kernel.rearrange("implementation 2", made, read)


def _input_place(out: tuple[int, ...], place: tuple[int, ...], shape: _Local) -> tuple[int, ...]:
    return tuple(
        o * step + p - before for o, p, step, (before, _) in zip(out, place, shape.strides, shape.padding, strict=True)
    )


def _from_list(kernel: Tensor, shape: _Local) -> Tensor:
    """Implementation 3 holds the patches' numbers alone, sorted by output, then by input, each flattened."""
    counted = _pairs(shape)
    channels, rest = divmod(kernel.size, len(counted) * shape.filters)
    if rest:
        raise Unsupported("AK2250", "the kernel of implementation 3 has an unexpected length", layer=shape.layer.name)
    made = (*shape.sizes, math.prod(shape.kernel_size) * channels, shape.filters)

    def read(array: Array) -> Array:
        wide = np.zeros((*shape.sizes, *shape.kernel_size, channels, shape.filters), array.dtype)
        if shape.channels_first:  # outputs (filter, position), inputs (channel, place)
            order = sorted((f, out, c, place) for out, place in counted for f in range(shape.filters) for c in range(channels))
            index = [(*out, *place, c, f) for f, out, c, place in order]
        else:
            listed = sorted((out, f, place, c) for out, place in counted for f in range(shape.filters) for c in range(channels))
            index = [(*out, *place, c, f) for out, f, place, c in listed]
        wide[tuple(np.array(index).T)] = array
        return wide.reshape(made)

    return kernel.rearrange("implementation 3", made, read)


def _pairs(shape: _Local) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Each output position with each place of its kernel that lies inside the input."""
    inner = tuple(
        (size - 1) * step + width - before - after
        for size, step, width, (before, after) in zip(shape.sizes, shape.strides, shape.kernel_size, shape.padding, strict=True)
    )
    found = []
    for out in np.ndindex(*shape.sizes):
        for place in np.ndindex(*shape.kernel_size):
            if all(0 <= at < n for at, n in zip(_input_place(out, place, shape), inner, strict=True)):
                found.append((out, place))
    return found
