"""The graph of a signature computed on arrays, node by node, by NumPy: the second route of a file that is a graph alone.

With :func:`anykeras.graphs.translate` it shares the readers, the order of nodes and the table that says what an op of
TensorFlow means. It shares neither shapes that are inferred, nor layers that are recognised, nor folding, lowering and
Keras: conditions and loops go where the numbers send them, and every operation is computed here.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import limits
from ..containers.base import Raw
from ..containers.savedmodel.graph import GraphFile
from ..containers.savedmodel.restore import GraphVariable, read_variables
from ..document.build import Builder
from ..document.model import Layer
from ..recovery.functions import Operand, Refused, folding
from ..tensors import Array
from .engine import Engine
from .selection import NOTHING, Selection
from .signatures import Port, choose
from .translation import CONTEXT
from .values import require_output
from .writer import GraphWriter

MOST_WORK = 1 << 37  # multiplications of one product or convolution


@dataclass(frozen=True)
class NumberGraph:
    """The graph of a file, to be run on arrays; of the usual signature where `selection` does not say another."""

    raw: Raw
    selection: Selection = NOTHING

    def ports(self) -> tuple[Port, ...]:
        """What goes in. Raises MissingObject."""
        return choose(self._graph, self.selection).inputs

    @property
    def _graph(self) -> GraphFile:
        assert self.raw.graph is not None
        return self.raw.graph

    def run(self, inputs: Sequence[Array]) -> dict[str, Array]:
        """The outputs by their names in the signature, for `inputs` in the order of `ports`.

        Raises:
            Unsupported: the graph holds an op that is not computed here (AK3062, and the reasons of `translate`).
            Malformed, LimitExceeded: as for `translate`.
        """
        with limits.spend(self.raw.budget):
            signature = choose(self._graph, self.selection)
            given = zip(signature.inputs, inputs, strict=True)
            feeds = {port.ref.removesuffix(":0"): _feed(port, array) for port, array in given}
            constants = {ref.removesuffix(":0"): value for ref, value in signature.constants.items()}
            ops = ArrayOps(Builder("numbers"), CONTEXT)
            engine = Engine(self._graph, ops, read_variables(self._graph), {**feeds, **constants})
            values = engine.outputs([port.ref for port in signature.outputs])
            return {port.name: ops.finish(port.name, value) for port, value in zip(signature.outputs, values, strict=True)}


def _feed(port: Port, array: Array) -> Array:
    if array.dtype.kind not in "fiub":
        raise Refused("text is not computed on numbers", "AK3062")
    array = array.astype(port.dtype)
    return np.asarray(array[0]) if port.shape == () else array  # as in `translate`: one number is a row of one


class ArrayOps(GraphWriter):
    """The operations of ``keras.ops`` on arrays. Raises Refused for those that NumPy is not told here."""

    recognises = False

    def op(self, name: str, /, *args: Operand, **kwargs: Operand) -> Operand:
        """The outcome of ``keras.ops.<name>``, in the dtype that Keras gives it."""
        limits.budget().charge(sum(np.size(arg) for arg in args if isinstance(arg, np.ndarray)) >> 8)
        run = _RUN.get(name)
        with np.errstate(all="ignore"):
            found = run(*args, **kwargs) if run is not None else folding.fold(name, args, kwargs)
        if found is None:
            raise Refused(f"{name} is not computed on numbers", "AK3062")
        if name in _TYPED or "dtype" in kwargs:
            return found
        return _narrow(
            found, [arg for arg in folding.leaves([*args, *kwargs.values()]) if isinstance(arg, np.ndarray | np.generic)]
        )

    def weight(self, variable: GraphVariable) -> Operand:
        """The numbers of a variable."""
        return np.zeros(variable.tensor.shape, variable.tensor.dtype) if variable.state else variable.tensor.read()

    def constant_weight(self, name: str, array: Array, frozen: bool = False) -> Operand:
        """A constant stays one."""
        return array

    def anchor(self, value: Operand) -> Operand:
        """A number is a tensor already."""
        return self.constant(value)

    def constant(self, array: Operand, dtype: str | None = None) -> Operand:
        """Numbers as an array, of 32 bits where Python says nothing."""
        made = np.asarray(array, dtype) if dtype else np.asarray(array)
        typed = dtype or isinstance(array, np.ndarray | np.generic)
        return made if typed else _narrow(made, [])

    def layer(self, class_name: str, config: Operand, /, *args: Operand, weights: Operand = None, **kwargs: Operand) -> Operand:
        """Windows, which the table of ops writes as layers of Keras. Raises Refused for other layers."""
        run = next((_RUN[pool] for kind, pool in _POOLS.items() if class_name.startswith(kind)), None)
        if run is None:
            raise Refused(f"a {class_name} is not computed on numbers", "AK3062")
        return run(*args, **{key: value for key, value in config.items() if key in _WINDOW})

    def add_layer(self, layer: Layer, x: Operand, **kwargs: Operand) -> Operand:
        """As `layer`; but a transposed convolution, which the table of ops writes as one."""
        if not layer.class_name.startswith("Conv") or not layer.class_name.endswith("Transpose"):
            return self.layer(layer.class_name, layer.config, x)
        how = (layer.config[key] for key in ("strides", "dilation_rate"))
        return _spread(np.asarray(x), layer.weights["kernel"].read(), *how)

    def finish(self, name: str, value: Operand) -> Array:
        """An output as an array."""
        found: Array = self.constant(self.tensor(require_output(name, value)))
        return found


def _narrow(found: Operand, given: Sequence[Array | np.generic]) -> Operand:
    """The dtype that Keras gives: NumPy makes 64 bits of what has 32."""
    if isinstance(found, list | tuple):
        parts = [_narrow(one, given) for one in found]
        return parts if isinstance(found, list) else tuple(parts)
    made, before = np.asarray(found), {str(one.dtype) for one in given}
    if made.dtype == np.float64 and "float64" not in before:
        return made.astype("float16" if before and before <= {"float16", "bool"} else "float32")
    if made.dtype == np.int64 and not before & {"int64", "uint32", "uint64"}:
        return made.astype("int32")
    return made


# -- operations that NumPy does not have under a name of its own


def _check_work(count: int) -> None:
    if count > MOST_WORK:
        raise Refused("a product is too large to be computed twice", "AK3062")
    limits.budget().charge(count >> 20)


def _matmul(x: Operand, y: Operand) -> Operand:
    _check_work(math.prod(np.shape(x)) * (np.shape(y)[-1] if np.ndim(y) > 1 else 1))
    return np.matmul(x, y)


def _einsum(equation: str, *given: Operand) -> Operand:
    sizes = {letter: size for part, x in zip(equation.split("->")[0].split(","), given, strict=True)
             if "." not in part for letter, size in zip(part, np.shape(x), strict=True)}  # fmt: skip
    _check_work(math.prod(sizes.values()))
    return np.einsum(equation, *given)


def _all(value: Operand, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _windows(x: Array, size: Sequence[int], strides: Sequence[int], holes: Sequence[int], padding: str, fill: float) -> (
    list[tuple[tuple[int, ...], Array]]
):  # fmt: skip
    """What stands at each place of a window, for all windows: by the place, channels last."""
    reach = [(k - 1) * hole + 1 for k, hole in zip(size, holes, strict=True)]
    if padding.lower() == "same":
        over = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(x.shape[1:], strides, reach, strict=False)]
        x = np.pad(x, ((0, 0), *((n // 2, n - n // 2) for n in over), (0, 0)), constant_values=fill)
    many = [(n - r) // s + 1 for n, r, s in zip(x.shape[1:], reach, strides, strict=False)]
    found = []
    for place in itertools.product(*map(range, size)):
        first = [at * hole for at, hole in zip(place, holes, strict=True)]
        cut = [slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(first, many, strides, strict=True)]
        found.append((place, x[(slice(None), *cut)]))
    return found


def _last(x: Array, data_format: str | None) -> tuple[Array, Callable[[Array], Array]]:
    """Channels behind, and the way back."""
    if data_format != "channels_first":
        return x, lambda y: y
    return np.moveaxis(x, 1, -1), lambda y: np.moveaxis(y, -1, 1)


def _conv(
    x: Array,
    kernel: Array,
    strides: Operand = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Operand = 1,
) -> Array:
    """A correlation, in groups where the kernel takes fewer channels."""
    x, back = _last(np.asarray(x), data_format)
    rank = x.ndim - 2
    groups, filters = x.shape[-1] // kernel.shape[-2], kernel.shape[-1]
    y: Operand = 0
    for place, part in _windows(x, kernel.shape[:rank], _all(strides, rank), _all(dilation_rate, rank), padding, 0):
        _check_work(part.size * filters)
        split = part.reshape(*part.shape[:-1], groups, 1, -1)
        taps = kernel[place].reshape(-1, groups, filters // groups).transpose(1, 0, 2)
        y = y + np.matmul(split, taps).reshape(*part.shape[:-1], filters)
    return back(y)


def _depthwise(x: Array, kernel: Array, *how: Operand, **named: Operand) -> Array:
    """A kernel a channel: a correlation with a group for each."""
    return _conv(x, np.reshape(kernel, (*kernel.shape[:-2], 1, -1)), *how, **named)


def _spread(x: Array, kernel: Array, strides: Operand, holes: Operand) -> Array:
    """Each place of `x` put where a convolution would have taken it from, the gradient of one: all of it."""
    rank = x.ndim - 2
    size, steps, gaps = kernel.shape[:rank], _all(strides, rank), _all(holes, rank)
    whole = [(n - 1) * s + max((k - 1) * h + 1, s) for n, s, k, h in zip(x.shape[1:], steps, size, gaps, strict=False)]
    y = np.zeros((x.shape[0], *whole, kernel.shape[-2]), x.dtype)
    for place in itertools.product(*map(range, size)):
        cut = [slice(p * h, p * h + (n - 1) * s + 1, s) for p, h, n, s in zip(place, gaps, x.shape[1:], steps, strict=False)]
        y[(slice(None), *cut)] += np.matmul(x, kernel[place].T)
    return y


def _windows_of(
    x: Array, pool_size: Operand, strides: Operand, padding: str, data_format: str | None, fill: float
) -> tuple[list[Array], Callable[[Array], Array]]:
    x, back = _last(np.asarray(x), data_format)
    size = _all(pool_size, x.ndim - 2)
    steps = size if strides is None else _all(strides, x.ndim - 2)
    return [part for _, part in _windows(x, size, steps, (1,) * len(size), padding, fill)], back


def _max_pool(
    x: Array, pool_size: Operand, strides: Operand = None, padding: str = "valid", data_format: str | None = None
) -> Array:  # fmt: skip
    parts, back = _windows_of(x, pool_size, strides, padding, data_format, -math.inf)
    return back(np.asarray(np.max(parts, axis=0)))


def _average_pool(
    x: Array, pool_size: Operand, strides: Operand = None, padding: str = "valid", data_format: str | None = None
) -> Array:  # fmt: skip
    """The border does not count."""
    (parts, back), (inside, _) = (
        _windows_of(values, pool_size, strides, padding, data_format, 0) for values in (x, np.ones_like(x))
    )
    return back(np.asarray(np.sum(parts, axis=0) / np.sum(inside, axis=0)))


def _normalise(
    x: Array, mean: Array, variance: Array, axis: int, offset: Operand = None, scale: Operand = None, epsilon: float = 1e-3
) -> Operand:
    def wide(value: Operand) -> Operand:
        return np.reshape(value, [-1 if place == axis % x.ndim else 1 for place in range(x.ndim)])

    y = (x - wide(mean)) / np.sqrt(wide(variance) + np.asarray(epsilon, x.dtype))
    y = y if scale is None else y * wide(scale)
    return y if offset is None else y + wide(offset)


def _softmax(x: Operand, axis: Operand = -1) -> Operand:
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _log_softmax(x: Operand, axis: Operand = -1) -> Operand:
    lower = x - np.max(x, axis=axis, keepdims=True)
    return lower - np.log(np.sum(np.exp(lower), axis=axis, keepdims=True))


def _sigmoid(x: Operand) -> Operand:
    return 0.5 * (np.tanh(0.5 * np.asarray(x)) + 1)


def _elu(x: Operand, alpha: float = 1.0) -> Operand:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _erf(x: Operand) -> Operand:
    return np.vectorize(math.erf, otypes=["float64"])(x).astype(np.asarray(x).dtype)


def _gelu(x: Operand, approximate: bool = True) -> Operand:
    inner = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)) if approximate else _erf(x / math.sqrt(2))
    return 0.5 * x * (1 + inner)


def _one_hot(x: Operand, num_classes: int, axis: int = -1, dtype: str = "float32", sparse: bool = False) -> Operand:
    return (np.expand_dims(np.asarray(x), axis) == np.arange(num_classes).reshape(_along(np.ndim(x) + 1, axis))).astype(dtype)


def _along(rank: int, axis: int) -> list[int]:
    return [-1 if place == axis % rank else 1 for place in range(rank)]


def _cast(x: Operand, dtype: str) -> Operand:
    return np.asarray(x).astype(dtype)


def _index_of(best: Callable[..., Operand]) -> Callable[..., Operand]:
    return lambda x, axis=None, keepdims=False: np.asarray(best(x, axis=axis, keepdims=keepdims), "int32")


def _top_k(x: Operand, k: int, sorted: bool = True) -> Operand:
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k].astype("int32")
    return np.take_along_axis(x, order, -1), order


def _pad(x: Operand, pad_width: Operand, mode: Operand = "constant", constant_values: Operand = None) -> Operand:
    how = {"constant_values": constant_values or 0} if mode == "constant" else {}
    folding.check_size(math.prod(n + sum(pair) for n, pair in zip(np.shape(x), pad_width, strict=True)), "pad")
    return np.pad(x, pad_width, mode=mode, **how)


def _split(x: Operand, indices_or_sections: Operand, axis: int = 0) -> Operand:
    return folding.compute("split", (x, indices_or_sections), {"axis": axis})


def _erfinv(x: Operand) -> Operand:
    def invert(value: float) -> float:
        inside = statistics.NormalDist().inv_cdf((value + 1) / 2) / math.sqrt(2) if abs(value) < 1 else 0
        return inside if abs(value) < 1 else math.copysign(math.inf, value) if abs(value) == 1 else math.nan

    return np.vectorize(invert, otypes=["float64"])(x).astype(np.asarray(x).dtype)


def _patches(
    images: Array, size: Operand, strides: Operand = None, dilation_rate: Operand = 1, padding: str = "valid",
    data_format: str | None = None,
) -> Array:  # fmt: skip
    """What each window holds, in its place, channels last."""
    window, steps, holes = (_all(size if value is None else value, 2) for value in (size, strides, dilation_rate))
    x, back = _last(images, data_format)
    return back(np.concatenate([part for _, part in _windows(x, window, steps, holes, padding, 0)], -1))


def _in_top_k(targets: Operand, predictions: Operand, k: int) -> Operand:
    chosen = np.take_along_axis(predictions, targets[:, None], 1)
    return np.isfinite(chosen[:, 0]) & (np.sum(predictions > chosen, 1) < k)


def _scatter(indices: Operand, values: Operand, shape: Operand) -> Operand:
    found = np.zeros(tuple(shape), np.asarray(values).dtype)
    np.add.at(found, tuple(np.moveaxis(np.asarray(indices), -1, 0)), values)
    return found


def _scatter_update(inputs: Operand, indices: Operand, updates: Operand) -> Operand:
    found = np.array(inputs)
    found[tuple(np.moveaxis(np.asarray(indices), -1, 0))] = updates
    return found


def _segments(join: np.ufunc, least: bool = False) -> Callable[..., Array]:
    """Rows joined by the segment that each belongs to; rows of a negative one are left out."""

    def run(data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False) -> Array:
        many = int(np.max(segment_ids, initial=-1)) + 1 if num_segments is None else num_segments
        folding.check_size(many * math.prod(data.shape[1:]), "segments")
        info: Operand = np.finfo(data.dtype) if data.dtype.kind == "f" else np.iinfo(data.dtype)
        found = np.full((many, *data.shape[1:]), info.min if least else 0, data.dtype)
        join.at(found, segment_ids[segment_ids >= 0], data[segment_ids >= 0])
        return found

    return run


def _waves(transform: Callable[..., Operand]) -> Callable[..., Operand]:
    """A Fourier transform, as real and imaginary part."""

    def run(x: Operand, fft_length: int | None = None) -> Operand:
        found = transform(x[0] + 1j * x[1] if isinstance(x, tuple | list) else x, fft_length)
        return found.real, found.imag

    return run


_RUN: Mapping[str, Callable[..., Operand]] = {
    "erfinv": _erfinv, "image.extract_patches": _patches, "in_top_k": _in_top_k, "left_shift": np.left_shift,
    "right_shift": np.right_shift, "scatter": _scatter, "scatter_update": _scatter_update, "segment_sum": _segments(np.add),
    "segment_max": _segments(np.maximum, True), "fft": _waves(np.fft.fft), "rfft": _waves(np.fft.rfft),
    "irfft": lambda x, fft_length=None: np.fft.irfft(x[0] + 1j * x[1], fft_length),
    "matmul": _matmul, "einsum": _einsum, "conv": _conv, "depthwise_conv": _depthwise, "batch_normalization": _normalise,
    "max_pool": _max_pool, "average_pool": _average_pool, "softmax": _softmax, "log_softmax": _log_softmax,
    "sigmoid": _sigmoid, "elu": _elu, "gelu": _gelu, "erf": _erf, "one_hot": _one_hot, "cast": _cast, "pad": _pad,
    "argmax": _index_of(np.argmax), "argmin": _index_of(np.argmin), "top_k": _top_k, "split": _split,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x, negative_slope=0.2: np.where(x > 0, x, x * negative_slope),
    "selu": lambda x: 1.0507009873554805 * _elu(x, 1.6732632423543772),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": lambda x: np.logaddexp(x, np.zeros_like(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "stop_gradient": lambda x: x,
    "take_along_axis": lambda x, indices, axis=None: np.take_along_axis(x, indices, axis),
    "logical_not": lambda x: np.logical_not(x),
    "bitwise_not": lambda x: np.invert(x),
    "linalg.cholesky": lambda x: np.linalg.cholesky(x),
    "linalg.solve": lambda a, b: np.linalg.solve(a, b),
}  # fmt: skip
_POOLS = {"MaxPooling": "max_pool", "AveragePooling": "average_pool"}
_WINDOW = ("pool_size", "strides", "padding", "data_format")
_TYPED = ("cast", "one_hot", "argmax", "argmin")
