"""Which tensors of a model carry a Keras mask (``supports_masking``, ``compute_mask`` of keras/src/layers, 3.15.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ... import limits
from ...document.graph import iterate_leaves, iterate_steps, list_inputs, list_outputs
from ...document.model import FromUser, Layer, Member, Path, Ref, Writer
from ..masks import Outgoing, find_mask_rule
from .tables import option

Masks = Sequence[bool]
_MODEL_STEPS = 64  # of work, for a model that is called


def find_masked(model: Layer, given: Masks = ()) -> set[Ref]:
    """The refs of the model's graph whose tensors carry a mask when the model runs; `given` says which inputs do."""
    return {ref for ref, has in _graph(model, given).items() if has}


def infer_outgoing(layer: Layer, before: Masks) -> Masks:
    """Which outcomes of a layer carry a mask, when those of `before` of its inputs do."""
    return _infer_outcomes(layer, before)


def find_met(model: Layer, writer: Writer | None = None) -> dict[Path, Masks]:
    """For each layer (by its path) of a model and of the models in it: which tensors of its calls carry a mask.

    With a `writer`, as its Keras has it.
    """
    seen: dict[Path, Masks] = {}
    _graph(model, (), seen, writer=writer)
    return seen


def _graph(
    model: Layer, given: Masks, seen: dict[Path, Masks] | None = None, path: Path = (), writer: Writer | None = None
) -> dict[Ref, bool]:
    graph = model.graph
    if graph is None:
        return {}
    found = dict(zip(list_inputs(graph), given, strict=False))
    ways = {layer.name: step for step, layer in graph.members}
    again = Counter[str]()
    for layer, number, call in iterate_steps(graph):
        if layer.class_name == "InputLayer":
            found.setdefault(Ref(layer.name), False)
            continue
        first = call.args[0] if call.args else next(iter(call.kwargs.values()), None)
        refs = [leaf for leaf in iterate_leaves(first) if isinstance(leaf, Ref)]
        way = (Member(layer.name, again[layer.name]),) if graph.sequential else ways[layer.name]
        again[layer.name] += 1
        handed = layer.graph is not None and call.kwargs.get("mask") is not None  # a model puts it on its inputs
        made = _infer_outcomes(layer, [handed or found.get(ref, False) for ref in refs], seen, path + way, writer)
        found.update({Ref(layer.name, number, i): has for i, has in enumerate(made)})
    return found


def _infer_outcomes(
    layer: Layer, before: Masks, seen: dict[Path, Masks] | None = None, path: Path = (), writer: Writer | None = None
) -> Masks:
    if seen is not None:
        seen[path] = tuple(map(any, zip_longest(seen.get(path, ()), before, fillvalue=False)))
    if layer.graph is not None:
        limits.budget().charge(_MODEL_STEPS)  # a model called twice in one called twice is gone through four times
        inside = _graph(layer, before, seen, path, writer)
        return [inside.get(ref, False) for ref in iterate_leaves(list_outputs(layer.graph)) if isinstance(ref, Ref)]
    if layer.operation:
        return [False]
    if isinstance(layer.origin, FromUser):
        return [any(before)]  # its class may hand a mask on
    rule = _RULES.get(find_mask_rule(layer.class_name, writer).outgoing)
    return [False] if rule is None else rule(layer, before)


def _first(layer: Layer, before: Masks) -> Masks:
    return [bool(before and before[0])]


def _steps(layer: Layer, before: Masks) -> Masks:
    return [bool(before and before[0]) and bool(option(layer, "return_sequences", False))]


def _mask_wrapper(layer: Layer, before: Masks) -> Masks:
    inner: Any = option(layer, "layer")
    one = _steps(inner, before)[0] if isinstance(inner, Layer) else False
    return [one, one] if option(layer, "merge_mode", "concat") is None else [one]


_RULES: Mapping[Outgoing, Callable[[Layer, Masks], Masks]] = {
    Outgoing.KEPT: _first,
    Outgoing.COPIED: _first,
    Outgoing.STEPS: _steps,
    Outgoing.WRAPPED: _mask_wrapper,
    Outgoing.ANY: lambda layer, before: [all(before)],
    Outgoing.JOINED_ANY: lambda layer, before: [any(before)],
    Outgoing.EVERY: lambda layer, before: [any(before)],
    Outgoing.JOINED_EVERY: lambda layer, before: [any(before)],
    Outgoing.INTEGERS: lambda layer, before: [bool(option(layer, "mask_zero", False))],
    Outgoing.VECTORS: lambda layer, before: [True],
    Outgoing.ARGUMENT: lambda layer, before: [option(layer, "mask") is not None],
}
