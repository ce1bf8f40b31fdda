"""Which operations are layers: rows by the function of ``keras.ops`` that reads a weight, and BatchNormalization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ..catalog.shapes import Spec
from ..document.model import Call, Layer, Ref, Value
from ..tensors import Tensor


@dataclass(frozen=True)
class View:
    """One call of a layer or operation, and the tensor that it makes."""

    ref: Ref
    layer: Layer
    call: Call

    @property
    def args(self) -> tuple[Value, ...]:
        """Its arguments by place."""
        return self.call.args


@dataclass(frozen=True)
class Held:
    """A weight as operations read it: the tensor in the graph, its values, whether it trains."""

    ref: Ref
    tensor: Tensor
    trainable: bool
    dtype: str = "float32"  # that it is computed with


@dataclass(frozen=True)
class Kernel:
    """What a layer is, without the tensors that it is called on."""

    class_name: str
    role: str
    held: Held
    config: Mapping[str, Value]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Kernel)
            and (self.class_name, self.held.ref, dict(self.config)) == (other.class_name, other.held.ref, dict(other.config))
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Match:
    """One call of a layer: its kernel, what it is called on, and the tensor that it makes."""

    kernel: Kernel
    x: Ref
    end: Ref
    reader: str = ""  # what reads the kernel, where that is not what makes the tensor


@dataclass(frozen=True)
class Normalisation:
    """A BatchNormalization: its weights by role, and the operations that it stands for."""

    x: Ref
    end: Ref
    axis: int
    epsilon: float
    weights: Mapping[str, Held]
    within: frozenset[str]

    @property
    def kind(self) -> tuple[object, ...]:
        """What calls of one layer have in common."""
        return (self.axis, self.epsilon, *sorted((role, held.ref.layer) for role, held in self.weights.items()))


class Graphs(Protocol):
    """What patterns ask of a graph."""

    def view(self, ref: Ref) -> View | None:
        """The call that makes a tensor."""

    def held(self, value: Value) -> Held | None:
        """The weight that a tensor is."""

    def spec(self, ref: Ref, dtype: str = "float32") -> Spec | None:
        """Shape and dtype of a tensor of that dtype."""

    def once(self, ref: Ref) -> bool:
        """Whether one call alone reads a tensor."""


def _operands(graph: Graphs, view: View, rank: int | None = None) -> tuple[Ref, Spec, Held] | None:
    """The tensor and the weight that a function takes first, both float32; None where they are something else."""
    if len(view.args) < 2 or not isinstance(view.args[0], Ref):
        return None
    held = graph.held(view.args[1])
    spec = graph.spec(view.args[0], held.dtype) if held is not None else None
    if held is None or spec is None or held.tensor.dtype != "float32" or graph.held(view.args[0]) is not None:
        return None
    return (view.args[0], spec, held) if rank is None or len(held.tensor.shape) == rank else None


def _dense(graph: Graphs, view: View) -> Match | None:
    """``matmul(x, kernel)``: the last axis of x times a matrix."""
    found = _operands(graph, view, 2)
    if found is None or len(found[1].known()) < 2 or view.call.kwargs:
        return None
    x, spec, held = found
    if spec.known()[-1] != held.tensor.shape[0]:
        return None  # a layer has to know its input
    return Match(Kernel("Dense", "kernel", held, {"units": held.tensor.shape[1], "use_bias": False}), x, view.ref)


def _window(view: View) -> dict[str, Value]:
    """Strides and so on, by place or by name."""
    names = ("strides", "padding", "data_format", "dilation_rate")
    return {**dict(zip(names, view.args[2:], strict=False)), **view.call.kwargs}


def _convolution(graph: Graphs, view: View) -> Match | None:
    """``conv(x, kernel)``; groups follow from the channels."""
    found = _operands(graph, view)
    if found is None:
        return None
    x, spec, held = found
    shape, how = held.tensor.shape, _window(view)
    channels, rest = (spec.known()[-1] or 0) // max(shape[-2], 1), (spec.known()[-1] or 0) % max(shape[-2], 1)
    if not 3 <= len(shape) <= 5 or len(spec.known()) != len(shape) or rest or not channels:
        return None
    if how.pop("data_format", "channels_last") not in ("channels_last", None):
        return None
    config: dict[str, Value] = {"filters": shape[-1], "kernel_size": shape[:-2], "use_bias": False, "groups": channels}
    config |= {"strides": how.pop("strides", 1), "padding": how.pop("padding", "valid")}
    config["dilation_rate"] = how.pop("dilation_rate", 1)
    return None if how else Match(Kernel(f"Conv{len(shape) - 2}D", "kernel", held, config), x, view.ref)


def _depthwise(graph: Graphs, view: View) -> Match | None:
    """``depthwise_conv(x, kernel)``."""
    found = _operands(graph, view, 4)
    if found is None:
        return None
    x, spec, held = found
    shape, how = held.tensor.shape, _window(view)
    if how.pop("data_format", "channels_last") not in ("channels_last", None) or spec.known()[-1] != shape[2]:
        return None
    config: dict[str, Value] = {"kernel_size": shape[:2], "depth_multiplier": shape[3], "use_bias": False}
    config |= {"strides": how.pop("strides", 1), "padding": how.pop("padding", "valid")}
    config["dilation_rate"] = how.pop("dilation_rate", 1)
    return None if how else Match(Kernel("DepthwiseConv2D", "kernel", held, config), x, view.ref)


def _einsum(graph: Graphs, view: View) -> Match | None:
    """``einsum("abc,cde->abde", x, kernel)``, where the axis of samples stands first and is not summed over."""
    if len(view.args) != 3 or not isinstance(view.args[0], str) or not isinstance(view.args[1], Ref) or view.call.kwargs:
        return None
    held, spec = graph.held(view.args[2]), graph.spec(view.args[1])
    letters, _, ends = view.args[0].replace(" ", "").partition("->")
    left, _, right = letters.partition(",")
    if held is None or spec is None or held.tensor.dtype != "float32" or not ends or not (left + right + ends).isalpha():
        return None
    if left[0] != ends[0] or left[0] in right or len(set(ends)) != len(ends) or len(left) != len(spec.known()):
        return None
    sizes = dict(zip(left, spec.known(), strict=True)) | dict(zip(right, held.tensor.shape, strict=True))
    config: dict[str, Value] = {"equation": f"{left},{right}->{ends}", "output_shape": tuple(sizes[one] for one in ends[1:])}
    return Match(Kernel("EinsumDense", "kernel", held, config), view.args[1], view.ref)


def _embedding(graph: Graphs, view: View) -> Match | None:
    """``take(table, indices, axis=0)``."""
    if len(view.args) < 2 or not isinstance(view.args[1], Ref):
        return None
    held = graph.held(view.args[0])
    axis = view.args[2] if len(view.args) > 2 else view.call.kwargs.get("axis")
    if held is None or axis != 0 or len(held.tensor.shape) != 2 or held.tensor.dtype != "float32":
        return None
    config: dict[str, Value] = {"input_dim": held.tensor.shape[0], "output_dim": held.tensor.shape[1]}
    return Match(Kernel("Embedding", "embeddings", held, config), view.args[1], view.ref)


Consume = Callable[[Graphs, View], Match | None]
CONSUMERS: Mapping[str, Consume] = {
    "matmul": _dense, "conv": _convolution, "depthwise_conv": _depthwise, "einsum": _einsum, "take": _embedding,
}  # fmt: skip

FUNCTIONS: Mapping[tuple[str, tuple[tuple[str, Value], ...]], str] = {
    **{(name, ()): name for name in ("relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "selu", "silu", "softmax")},
    ("softmax", (("axis", -1),)): "softmax",
    ("elu", ()): "elu",
    ("elu", (("alpha", 1.0),)): "elu",
}
"""Activations of Keras by the operation that they are (keras/src/activations/activations.py of 3.15.1)."""


def match_normalisation(graph: Graphs, view: View) -> Normalisation | None:
    """BatchNormalization that ends in a call: ``batch_normalization(...)``, or ``x * s + (beta - mean * s)`` spelled out."""
    found = _whole(graph, view) if view.layer.class_name == "batch_normalization" else _spelled_out(graph, view)
    if found is None:
        return None
    spec = graph.spec(found.x)
    flat = {role: _flatten(held) for role, held in found.weights.items()} if found.axis == -1 else found.weights
    found = replace(found, weights=flat)
    shape = found.weights["moving_mean"].tensor.shape
    same = all(held.tensor.shape == shape and held.dtype == held.tensor.dtype == "float32" for held in flat.values())
    if spec is None or not same or len(shape) != 1 or spec.known()[found.axis] != shape[0]:
        return None
    return found if not any(found.weights[role].trainable for role in ("moving_mean", "moving_variance")) else None


def _flatten(held: Held) -> Held:
    """A weight with ones in front of its only axis without them."""
    shape = held.tensor.shape
    return replace(held, tensor=held.tensor.reshape(shape[-1])) if len(shape) > 1 and held.tensor.size == shape[-1] else held


def _whole(graph: Graphs, view: View) -> Normalisation | None:
    names = ("x", "mean", "variance", "axis", "offset", "scale", "epsilon")
    given: dict[str, Value] = dict(zip(names, view.args, strict=False))
    given |= view.call.kwargs
    x, axis, epsilon = given.get("x"), given.get("axis"), given.get("epsilon", 1e-3)
    if not isinstance(x, Ref) or type(axis) is not int or not isinstance(epsilon, float):
        return None
    roles = {"moving_mean": "mean", "moving_variance": "variance", "beta": "offset", "gamma": "scale"}
    weights = {role: graph.held(given[key]) for role, key in roles.items() if given.get(key) is not None}
    known = {role: held for role, held in weights.items() if held is not None}
    if len(known) != len(weights) or not {"moving_mean", "moving_variance"} <= known.keys():
        return None
    return Normalisation(x, view.ref, axis, epsilon, known, frozenset((view.ref.layer,)))


def _pair(graph: Graphs, ref: Value, name: str, alone: bool = True) -> tuple[View, Value, Value] | None:
    """The two operands of a sum, product or difference."""
    view = graph.view(ref) if isinstance(ref, Ref) else None
    if view is None or not view.layer.operation or view.layer.class_name != name or len(view.args) != 2 or view.call.kwargs:
        return None
    return (view, *view.args) if graph.once(view.ref) or not alone else None


def _either(first: Value, second: Value) -> tuple[tuple[Value, Value], ...]:
    return ((first, second), (second, first))


def _spelled_out(graph: Graphs, view: View) -> Normalisation | None:
    """``tf.nn.batch_normalization``: the order of operands is open."""
    end = _pair(graph, view.ref, "add", alone=False)
    if end is None:
        return None
    for scaled, shift in _either(*end[1:]):
        product, rest = _pair(graph, scaled, "multiply"), _shift(graph, shift)
        if product is None or rest is None:
            continue
        for x, inverse in _either(*product[1:]):
            beta, moved, within = rest
            if inverse == moved[1] and isinstance(x, Ref):
                found = _inverse(graph, inverse)
                mean = graph.held(moved[0])
                if found is None or mean is None:
                    continue
                weights, epsilon, inside = found
                weights = {"moving_mean": mean, **weights, **({"beta": beta} if beta is not None else {})}
                names = frozenset((view.ref.layer, product[0].ref.layer, *within, *inside))
                return Normalisation(x, view.ref, -1, epsilon, weights, names)
    return None


def _shift(graph: Graphs, ref: Value) -> tuple[Held | None, tuple[Value, Value], tuple[str, ...]] | None:
    """``beta - mean * s``, or ``-(mean * s)``: (beta, (mean, s), the operations)."""
    difference = _pair(graph, ref, "subtract")
    view = graph.view(ref) if isinstance(ref, Ref) else None
    negated = view is not None and view.layer.operation and view.layer.class_name == "negative" and graph.once(view.ref)
    if view is None or (difference is None and not negated):
        return None
    beta = graph.held(difference[1]) if difference is not None else None
    product = _pair(graph, difference[2] if difference is not None else view.args[0], "multiply")
    if product is None or (difference is not None and beta is None):
        return None
    for mean, scale in _either(*product[1:]):
        if graph.held(mean) is not None and graph.held(scale) is None:
            return beta, (mean, scale), (view.ref.layer, product[0].ref.layer)
    return None


def _inverse(graph: Graphs, ref: Value) -> tuple[dict[str, Held], float, tuple[str, ...]] | None:
    """``rsqrt(variance + epsilon)``, times gamma where there is one."""
    inside: list[str] = []
    weights: dict[str, Held] = {}
    product = _pair(graph, ref, "multiply", alone=False)
    if product is not None:
        inside.append(product[0].ref.layer)
        for root, scale in _either(*product[1:]):
            gamma = graph.held(scale)
            if gamma is not None and graph.held(root) is None:
                weights["gamma"], ref = gamma, root
                break
        else:
            return None
    view = graph.view(ref) if isinstance(ref, Ref) else None
    if view is None or not view.layer.operation or view.layer.class_name != "rsqrt" or len(view.args) != 1:
        return None
    total = _pair(graph, view.args[0], "add")
    for variance, epsilon in _either(*total[1:]) if total is not None else ():
        held = graph.held(variance)
        if held is not None and isinstance(epsilon, float) and total is not None:
            weights["moving_variance"] = held
            return weights, epsilon, (*inside, view.ref.layer, total[0].ref.layer)
    return None
