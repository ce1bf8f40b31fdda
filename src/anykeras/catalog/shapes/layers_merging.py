"""Shapes of merging and attention layers (keras/src/layers/merging, attention of 3.15.1)."""

from __future__ import annotations

from ...document.model import Layer
from .layers_core import output_spec
from .spec import Spec, broadcast, total
from .tables import Output, layer, option


@layer("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
def elementwise(layer: Layer, inputs: tuple[Spec, ...]) -> Spec:
    shapes = [s.known() for s in inputs]
    batches = {s[0] for s in shapes} - {None}
    batch = batches.pop() if len(batches) == 1 else None
    rank = max(map(len, shapes))
    own = [(1,) * (rank - len(s)) + s[1:] for s in shapes]
    broadcast(*own)
    return output_spec(layer, (batch, *(_merge(dims) for dims in zip(*own, strict=True))))


def _merge(dims: tuple[int | None, ...]) -> int | None:
    """An open dimension stays open here, even beside a known one."""
    return None if None in dims else max(d for d in dims if d is not None)


@layer("Concatenate")
def concatenate(layer: Layer, inputs: tuple[Spec, ...]) -> Spec:
    axis = option(layer, "axis", -1)
    shape = list(inputs[0].known())
    shape[axis] = total([s.known()[axis] for s in inputs])
    return output_spec(layer, shape)


@layer("Dot")
def dot(layer: Layer, inputs: tuple[Spec, Spec]) -> Spec:
    left, right = (list(s.known()) for s in inputs)
    axes = option(layer, "axes")
    first, second = (axes, axes) if isinstance(axes, int) else axes
    left.pop(first % len(left))
    right.pop(second % len(right))
    kept = left + right[1:]
    return output_spec(layer, kept if len(kept) > 1 else [*kept, 1])


@layer("Attention", "AdditiveAttention")
def attention(layer: Layer, inputs: tuple[Spec, ...], return_attention_scores: bool = False, **_: object) -> Output:
    query, value = inputs[0].known(), inputs[1].known()
    key = inputs[2].known() if len(inputs) > 2 else value
    found = output_spec(layer, (*query[:-1], value[-1]))
    return (found, output_spec(layer, (*query[:-1], key[-2]))) if return_attention_scores else found


@layer("MultiHeadAttention")
def multi_head_attention(
    layer: Layer, query: Spec, value: Spec, key: Spec | None = None, return_attention_scores: bool = False, **_: object
) -> Output:
    shape = query.known()
    stated = option(layer, "output_shape")
    last = (stated,) if isinstance(stated, int) else tuple(stated) if stated else shape[-1:]
    found = output_spec(layer, (*shape[:-1], *last))
    scores = output_spec(layer, (shape[0], option(layer, "num_heads"), shape[1], shape[1]))
    return (found, scores) if return_attention_scores else found


@layer("GroupQueryAttention", "GroupedQueryAttention")
def group_query_attention(
    layer: Layer, query: Spec, value: Spec, key: Spec | None = None, return_attention_scores: bool = False, **_: object
) -> Output:
    shape = query.known()
    length = (key or value).known()[1]
    scores = output_spec(layer, (shape[0], option(layer, "num_query_heads"), shape[1], length))
    return (output_spec(layer, shape), scores) if return_attention_scores else output_spec(layer, shape)
