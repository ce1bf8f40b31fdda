"""Layers that stand on many operations: found by what a part of the graph does with its weights, proven on random numbers.

A region has one tensor that it is called on, one that it makes, and weights that nothing else reads. Which operations it is
made of, and in which order, differs from version to version; so it is run on small random numbers and compared with the
formula of each layer that its weights fit. Nothing is taken from names alone.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..catalog.shapes import Spec
from ..document.model import Ellipsis_, Ref, Slice, Value, refs
from ..recovery.functions import Dim, Operand, Refused, folding
from ..recovery.functions.values import Quotient
from ..recovery.open_sizes import Open
from ..tensors import Array, Tensor
from ..texts import list_words
from .formulas import Formula, list_formulas
from .patterns import CallView, Graphs, HeldWeight

MOST_NODES = 80  # operations of one region
FEW = 1 << 16  # elements that a proof is made on; of larger tensors the axes in the middle are made short first
SIZES = (2, 3, 5, 4)  # of axes that are open
FILLS = {"ones_like": 1, "zeros_like": 0}
_ROOTS = {"rsqrt", "sqrt", "batch_normalization", "power", "relu", "maximum", "minimum", "where", "leaky_relu"}
_ENDS = {"add", "subtract", "multiply", "divide", "batch_normalization", "reshape", "where"}


class RegionGraphs(Graphs, Protocol):
    """What is asked of a graph in which regions are compared."""

    def sized(self, ref: Ref) -> Spec | None:
        """Shape, dtype and open sizes of a tensor of whatever dtype."""

    def readers(self, name: str) -> Sequence[str]:
        """The operations that read what a layer makes."""

    def moves(self, name: str) -> bool:
        """Whether what a layer makes depends on the inputs of the model."""


@dataclass(frozen=True)
class Region:
    """Operations in order, the tensor that goes in, the one that comes out, and the weights by their tensor.

    `fills` are tensors that hold one number everywhere, whatever goes in, so that only their shape matters.
    """

    x: Ref
    end: Ref
    views: tuple[CallView, ...]
    weights: Mapping[Ref, HeldWeight]
    fills: Mapping[Ref, float]

    @property
    def names(self) -> frozenset[str]:
        """The operations."""
        return frozenset(view.ref.layer for view in self.views)


@dataclass(frozen=True)
class FoundLayer:
    """A region that is a layer, with its weights by role."""

    region: Region
    formula: Formula
    roles: Mapping[str, HeldWeight]

    @property
    def kind(self) -> tuple[object, ...]:
        """What calls of one layer have in common."""
        config = sorted(self.formula.config.items(), key=lambda item: item[0])
        return (self.formula.class_name, repr(config), *sorted((role, held.ref.layer) for role, held in self.roles.items()))


def find_layer(graph: RegionGraphs, end: CallView, order: Mapping[str, int]) -> FoundLayer | None:
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
        found = _prove(graph, region, given)
        if found is not None:
            return found
    return None


def _list_regions(graph: RegionGraphs, end: CallView, order: Mapping[str, int]) -> Iterator[Region]:
    """The regions that end in a tensor, the smallest first: wherever all ways back to the inputs go through one tensor."""
    waiting, known = [(-order[end.ref.layer], end.ref.layer, end.ref)], {end.ref}
    fixed: list[Ref] = []  # what follows from weights and constants alone
    views: list[CallView] = []
    weights: dict[Ref, HeldWeight] = {}
    fills: dict[Ref, float] = {}
    while waiting and len(views) < MOST_NODES:
        ref = fixed.pop() if fixed else heapq.heappop(waiting)[2]
        if views and not waiting and not fixed and graph.moves(ref.layer):
            ordered = sorted(views, key=lambda view: order[view.ref.layer])
            yield Region(ref, end.ref, tuple(ordered), dict(weights), dict(fills))
        view = graph.view(ref)
        if view is not None and is_filled(graph, view):
            fills[ref] = FILLS.get(view.layer.class_name, 0)
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


def is_filled(graph: RegionGraphs, view: CallView) -> bool:
    """Whether a tensor holds one number everywhere, whatever goes in: ones, zeros, and the zero that constants hang on."""
    inner = graph.view(view.args[0]) if view.layer.class_name == "sum" and isinstance(view.args[0], Ref) else None
    return view.layer.class_name in FILLS or (inner is not None and inner.layer.class_name == "zeros_like")


def _is_closed(graph: RegionGraphs, region: Region) -> bool:
    """Whether nothing else reads what follows from the weights."""
    follows = {ref.layer for ref in region.weights}
    inside = region.names
    for view in region.views:
        if follows & {ref.layer for ref in refs((view.call.args, view.call.kwargs))}:
            follows.add(view.ref.layer)
            if view.ref != region.end and not set(graph.readers(view.ref.layer)) <= inside:
                return False
    return True


def _prove(graph: RegionGraphs, region: Region, spec: Spec) -> FoundLayer | None:
    """The layer that gives the same numbers for the same weights."""
    tensors = {ref: held.tensor for ref, held in region.weights.items()}
    plain = all(held.dtype == held.tensor.dtype == "float32" for held in region.weights.values())
    measure = _OpenSizes()
    known = measure.shape(spec)
    fills = {ref: measure.shape(graph.sized(ref)) for ref in region.fills}
    if not plain or len(tensors) > 4 or known is None or None in fills.values():
        return None
    for shape in _list_shapes(known):
        random = np.random.default_rng(0)
        x = random.standard_normal(shape).astype("float32") * _spread(shape)
        values = {ref: np.exp(random.uniform(-3, 1, tensor.shape)).astype("float32") for ref, tensor in tensors.items()}
        filled = {ref: np.full(fills[ref] or (), value, "float32") for ref, value in region.fills.items()}
        try:
            wanted = evaluate(region.views, {region.x: x, **values, **filled}, region.end)
        except (Refused, TypeError, ValueError, LookupError, AttributeError):
            continue  # it depends on sizes that were made short
        return _compare(region, x, values, wanted) if isinstance(wanted, np.ndarray) and wanted.shape == shape else None
    return None


def _spread(shape: tuple[int, ...]) -> Array:
    """Large and small samples by turns, so that an epsilon shows."""
    return np.where(np.arange(shape[0]) % 2, 0.01, 1).astype("float32").reshape(-1, *[1] * (len(shape) - 1))


class _OpenSizes:
    """Numbers for open sizes: the same for the same size, wherever it stands."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def shape(self, spec: Spec | None) -> tuple[int, ...] | None:
        """A shape of a spec; None where its size cannot be told, or is too much for a proof."""
        sizes = spec.sizes if spec is not None and spec.sizes is not None else spec.known() if spec is not None else (None,)
        try:
            found = tuple(self._size(size) for size in sizes)
        except Refused:
            return None
        return found if all(size > 0 for size in found) and math.prod(found) <= folding.MOST else None

    def _size(self, size: Operand) -> int:
        dim = size.dim if isinstance(size, Open) else size
        if isinstance(dim, Dim):
            whole = dim.scale * math.prod(self._source(source) for source in dim.sources) + dim.offset
            return int(whole)
        return self._source(object()) if size is None else int(size)

    def _source(self, source: Hashable) -> int:
        if isinstance(source, Quotient):
            return self._size(source.dim) // source.divisor
        return self._known.setdefault(source, SIZES[len(self._known) % len(SIZES)])


def _list_shapes(whole: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The shapes to try: short in the middle where there are many elements, then as it is."""
    short = (whole[0], *(min(size, 2 + place) for place, size in enumerate(whole[1:-1])), whole[-1])
    return [short, whole] if math.prod(whole) > FEW else [whole]


def _compare(region: Region, x: Array, values: Mapping[Ref, Array], wanted: Array) -> FoundLayer | None:
    constants = sorted(set(_list_numbers(region.views)))
    held = {ref: (one.tensor.shape, one.trainable) for ref, one in region.weights.items()}
    for formula, order in list_formulas(x.shape, held, constants):
        given = {role: values[ref].reshape(shape) for (role, shape), ref in zip(formula.roles.items(), order, strict=True)}
        with np.errstate(all="ignore"):
            if np.allclose(formula.run(x, given), wanted, 1e-4, 1e-5):
                return FoundLayer(region, formula, _list_roles(formula, [region.weights[ref] for ref in order]))
    return None


def _list_roles(formula: Formula, order: Sequence[HeldWeight]) -> dict[str, HeldWeight]:
    shaped: dict[str, HeldWeight] = {}
    for (role, shape), held in zip(formula.roles.items(), order, strict=True):
        tensor: Tensor = held.tensor if held.tensor.shape == shape else held.tensor.reshape(*shape)
        shaped[role] = HeldWeight(held.ref, tensor, held.trainable)
    return shaped


def _list_numbers(views: Sequence[CallView]) -> Iterator[float]:
    """The small numbers that stand in operations: one of them is the epsilon of a normalisation."""
    for view in views:
        for value in (*view.args, *view.call.kwargs.values()):
            if isinstance(value, Tensor) and value.size == 1:
                value = float(value.read().reshape(-1)[0])
            if isinstance(value, float) and 0 < value < 0.5:
                yield value


# -- numbers


def evaluate(views: Sequence[CallView], values: Mapping[Ref, Operand], end: Ref) -> Operand:
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


def _compute_by_numpy(name: str, args: list[Operand], kwargs: dict[str, Operand]) -> Operand:
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
        list_words(
            """add subtract multiply divide maximum minimum negative abs sqrt square power reciprocal mean var std sum max min
            prod reshape transpose swapaxes squeeze expand_dims cast where greater greater_equal less less_equal equal not_equal
            logical_and logical_not cumsum take concatenate outer zeros_like ones_like broadcast_to full_like repeat tile
            split"""
        ),
        _compute_by_numpy,
    ),
    **_SIMPLE,
}
"""The operations that a region may hold, as numpy does them."""
