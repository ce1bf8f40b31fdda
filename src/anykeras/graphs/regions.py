"""Layers that stand on many operations: found by what a part of the graph does with its weights, proven on random numbers.

A region has one tensor that it is called on, one that it makes, and weights that nothing else reads. Which operations it is
made of, and in which order, differs from version to version; so it is run on small random numbers and compared with the
formula of each layer that its weights fit. Nothing is taken from names alone.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..catalog.shapes import Spec
from ..document.model import Ellipsis_, Ref, Slice, Value, refs
from ..recovery.functions import Operand, Refused, folding
from ..tensors import Array, Tensor
from .formulas import Formula, list_formulas
from .patterns import Held, View

MOST_NODES = 40  # operations of one region
FEW = 1 << 16  # elements that a proof is made on; of larger tensors the axes in the middle are made short first
SAMPLES, OPEN = 2, 3
_ROOTS = {"rsqrt", "sqrt", "batch_normalization", "power", "relu", "maximum", "minimum", "where", "leaky_relu"}
_ENDS = {"add", "subtract", "multiply", "divide", "batch_normalization", "reshape", "where"}


class Graphs(Protocol):
    """What is asked of a graph."""

    def view(self, ref: Ref) -> View | None:
        """The call that makes a tensor."""

    def held(self, value: Value) -> Held | None:
        """The weight that a tensor is."""

    def spec(self, ref: Ref, dtype: str = "float32") -> Spec | None:
        """Shape and dtype of a tensor of that dtype."""

    def readers(self, name: str) -> Sequence[str]:
        """The operations that read what a layer makes."""

    def moves(self, name: str) -> bool:
        """Whether what a layer makes depends on the inputs of the model."""


@dataclass(frozen=True)
class Region:
    """Operations in order, the tensor that goes in, the one that comes out, and the weights by their tensor."""

    x: Ref
    end: Ref
    views: tuple[View, ...]
    weights: Mapping[Ref, Held]
    zeros: tuple[Ref, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The operations."""
        return frozenset(view.ref.layer for view in self.views)


@dataclass(frozen=True)
class Found:
    """A region that is a layer, with its weights by role."""

    region: Region
    formula: Formula
    roles: Mapping[str, Held]

    @property
    def kind(self) -> tuple[object, ...]:
        """What calls of one layer have in common."""
        config = sorted(self.formula.config.items(), key=lambda item: item[0])
        return (self.formula.class_name, repr(config), *sorted((role, held.ref.layer) for role, held in self.roles.items()))


def find_layer(graph: Graphs, end: View, order: Mapping[str, int]) -> Found | None:
    """The layer whose outcome a tensor is; None where the operations behind it are none. `order` is topological."""
    spec = graph.spec(end.ref)
    if end.layer.class_name not in _ENDS or spec is None:
        return None
    for region in _list_regions(graph, end, order):
        given = graph.spec(region.x)
        alike = given is not None and given.shape == spec.shape
        if given is None or not alike or not region.weights or not _ROOTS & {view.layer.class_name for view in region.views}:
            continue
        if not _is_closed(graph, region):
            continue
        found = _prove(region, given)
        if found is not None:
            return found
    return None


def _list_regions(graph: Graphs, end: View, order: Mapping[str, int]) -> Iterator[Region]:
    """The regions that end in a tensor, the smallest first: wherever all ways back to the inputs go through one tensor."""
    waiting, known = [(-order[end.ref.layer], end.ref.layer, end.ref)], {end.ref}
    fixed: list[Ref] = []  # what follows from weights and constants alone
    views: list[View] = []
    weights: dict[Ref, Held] = {}
    zeros: list[Ref] = []
    while waiting and len(views) < MOST_NODES:
        ref = fixed.pop() if fixed else heapq.heappop(waiting)[2]
        if views and not waiting and not fixed and graph.moves(ref.layer):
            ordered = sorted(views, key=lambda view: order[view.ref.layer])
            yield Region(ref, end.ref, tuple(ordered), dict(weights), tuple(zeros))
        view = graph.view(ref)
        if view is not None and is_zero(graph, view):
            zeros.append(ref)
            continue
        if view is None or not view.layer.operation or view.layer.class_name not in EVALUATED:
            return
        views.append(view)
        for one in refs((view.call.args, view.call.kwargs)):
            held = graph.held(one)
            if held is not None:
                weights[one] = held
            elif one not in known:
                known.add(one)
                fixed += [] if graph.moves(one.layer) else [one]
                if graph.moves(one.layer):
                    heapq.heappush(waiting, (-order[one.layer], one.layer, one))


def is_zero(graph: Graphs, view: View) -> bool:
    """Whether a node is the zero that constants hang on."""
    inner = graph.view(view.args[0]) if view.layer.class_name == "sum" and isinstance(view.args[0], Ref) else None
    return inner is not None and inner.layer.class_name == "zeros_like"


def _is_closed(graph: Graphs, region: Region) -> bool:
    """Whether nothing else reads what follows from the weights."""
    follows = {ref.layer for ref in region.weights}
    inside = region.names
    for view in region.views:
        if follows & {ref.layer for ref in refs((view.call.args, view.call.kwargs))}:
            follows.add(view.ref.layer)
            if view.ref != region.end and not set(graph.readers(view.ref.layer)) <= inside:
                return False
    return True


def _prove(region: Region, spec: Spec) -> Found | None:
    """The layer that gives the same numbers for the same weights."""
    tensors = {ref: held.tensor for ref, held in region.weights.items()}
    plain = all(held.dtype == held.tensor.dtype == "float32" for held in region.weights.values())
    if not plain or len(tensors) > 4 or math.prod(size or OPEN for size in spec.known()) > folding.MOST:
        return None
    for shape in _list_shapes(spec.known()):
        random = np.random.default_rng(0)
        x = random.standard_normal(shape).astype("float32") * np.float32([1, 0.01]).reshape(-1, *[1] * (len(shape) - 1))
        values = {ref: np.exp(random.uniform(-3, 1, tensor.shape)).astype("float32") for ref, tensor in tensors.items()}
        try:
            wanted = evaluate(region.views, {region.x: x, **values, **dict.fromkeys(region.zeros, np.float32(0))}, region.end)
        except (Refused, TypeError, ValueError, LookupError, AttributeError):
            continue  # it depends on sizes that were made short
        return _compare(region, x, values, wanted) if isinstance(wanted, np.ndarray) and wanted.shape == shape else None
    return None


def _list_shapes(known: Sequence[int | None]) -> list[tuple[int, ...]]:
    """The shapes to try: short in the middle where there are many elements, then as it is."""
    whole = (SAMPLES, *(OPEN + place if size is None else size for place, size in enumerate(known[1:])))
    short = (SAMPLES, *(min(size, 2 + place) for place, size in enumerate(whole[1:-1])), whole[-1])
    return [short, whole] if math.prod(whole) > FEW else [whole]


def _compare(region: Region, x: Array, values: Mapping[Ref, Array], wanted: Array) -> Found | None:
    constants = sorted(set(_list_numbers(region.views)))
    held = {ref: (one.tensor.shape, one.trainable) for ref, one in region.weights.items()}
    for formula, order in list_formulas(x.shape, held, constants):
        given = {role: values[ref].reshape(shape) for (role, shape), ref in zip(formula.roles.items(), order, strict=True)}
        with np.errstate(all="ignore"):
            if np.allclose(formula.run(x, given), wanted, 1e-4, 1e-5):
                return Found(region, formula, _roles(formula, [region.weights[ref] for ref in order]))
    return None


def _roles(formula: Formula, order: Sequence[Held]) -> dict[str, Held]:
    shaped: dict[str, Held] = {}
    for (role, shape), held in zip(formula.roles.items(), order, strict=True):
        tensor: Tensor = held.tensor if held.tensor.shape == shape else held.tensor.reshape(*shape)
        shaped[role] = Held(held.ref, tensor, held.trainable)
    return shaped


def _list_numbers(views: Sequence[View]) -> Iterator[float]:
    """The small numbers that stand in operations: one of them is the epsilon of a normalisation."""
    for view in views:
        for value in (*view.args, *view.call.kwargs.values()):
            if isinstance(value, Tensor) and value.size == 1:
                value = float(value.read().reshape(-1)[0])
            if isinstance(value, float) and 0 < value < 0.5:
                yield value


# -- numbers


def evaluate(views: Sequence[View], values: Mapping[Ref, Operand], end: Ref) -> Operand:
    """The numbers of a tensor. Raises Refused where numpy does not do what an operation does."""
    known = dict(values)
    for view in views:
        if view.ref in known:
            continue
        args = [_number(value, known) for value in view.args]
        kwargs = {key: _number(value, known) for key, value in view.call.kwargs.items()}
        with np.errstate(all="ignore"):
            known[view.ref] = np.asarray(EVALUATED[view.layer.class_name](view.layer.class_name, args, kwargs))
    return known[end]


def _number(value: Value, known: Mapping[Ref, Operand]) -> Operand:
    if isinstance(value, Ref):
        return known[value]
    if isinstance(value, Tensor):
        return value.read()
    if isinstance(value, Slice):
        return slice(*(_number(part, known) for part in (value.start, value.stop, value.step)))
    if isinstance(value, Ellipsis_):
        return Ellipsis
    return tuple(_number(one, known) for one in value) if isinstance(value, tuple) else value


Run = Callable[[str, list[Operand], dict[str, Operand]], Operand]


def _by_numpy(name: str, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    found = folding.fold(name, tuple(args), kwargs)
    if found is None:
        raise Refused(f"{name} is not evaluated")
    first = args[0]
    plain = isinstance(first, np.ndarray) and first.dtype == np.float32 and isinstance(found, np.ndarray)
    return found.astype("float32") if plain and found.dtype == np.float64 else found


def _normalise(name: str, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
    given = dict(zip(("x", "mean", "variance", "axis", "offset", "scale", "epsilon"), args, strict=False)) | kwargs
    x, axis = given["x"], given["axis"]

    def wide(value: Operand) -> Operand:
        return np.asarray(value).reshape([-1 if place == axis % x.ndim else 1 for place in range(x.ndim)])

    y = (x - wide(given["mean"])) / np.sqrt(wide(given["variance"]) + given.get("epsilon", 1e-3))
    y = y if given.get("scale") is None else y * wide(given["scale"])
    return (y if given.get("offset") is None else y + wide(given["offset"])).astype("float32")


_SIMPLE: Mapping[str, Run] = {
    "rsqrt": lambda name, args, kwargs: 1 / np.sqrt(args[0]),
    "relu": lambda name, args, kwargs: np.maximum(args[0], 0),
    "leaky_relu": lambda name, args, kwargs: np.where(args[0] > 0, args[0], args[0] * kwargs.get("negative_slope", 0.2)),
    "stop_gradient": lambda name, args, kwargs: args[0],
    "get_item": lambda name, args, kwargs: args[0][args[1]],
    "batch_normalization": _normalise,
}
EVALUATED: Mapping[str, Run] = {
    **dict.fromkeys(
        """add subtract multiply divide maximum minimum negative abs sqrt square power reciprocal mean var std sum max min prod
        reshape transpose swapaxes squeeze expand_dims cast where greater greater_equal less less_equal concatenate outer
        zeros_like ones_like broadcast_to full_like repeat tile split""".split(),
        _by_numpy,
    ),
    **_SIMPLE,
}  # fmt: skip
"""The operations that a region may hold, as numpy does them."""
