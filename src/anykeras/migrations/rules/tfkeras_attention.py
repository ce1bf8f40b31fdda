"""Attention layers of tf.keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ...catalog.shapes import find_masked, infer
from ...catalog.shapes.masks import find_met
from ...document.build import Builder
from ...document.edit import GraphEditor, change_calls, change_layers, replace_refs
from ...document.graph import count_readers
from ...document.model import Call, Era, Layer, Ref, Slice, Value, refs
from ...document.walk import map_call_refs, rebuild_paths
from ..rulebook import RuleContext, rule

_MASKED_HEADS = (2, 10)
_CAUSAL = ("Attention", "AdditiveAttention")


@rule(
    "AK2265",
    to=Era.KERAS3,
    report=False,
)
def causal_at_the_call(model: Layer, context: RuleContext) -> Layer | None:
    """`use_causal_mask=True` on every call of such layers."""

    def is_causal(layer: Layer) -> bool:
        return layer.class_name in _CAUSAL and bool(layer.config.get("causal"))

    def mask_call(layer: Layer, call: Call) -> Call:
        return replace(call, kwargs={**call.kwargs, "use_causal_mask": True}) if is_causal(layer) else call

    asked = change_calls(model, mask_call)
    changed = change_layers(asked, lambda layer: layer.without("causal") if is_causal(layer) else layer)
    return None if changed is model else changed


@rule(
    "AK2266",
    to=Era.KERAS3,
)
def unmasked_heads(model: Layer, context: RuleContext) -> Layer | None:
    """Copies of the masked inputs of each such layer, also in models that are called on masked tensors."""
    release = context.writer.release
    if not release or release >= _MASKED_HEADS or "MultiHeadAttention" not in model.class_names:
        return None
    met = find_met(model)
    changed = rebuild_paths(model, lambda path, layer: _unmask_heads(layer, met.get(path, ())) if layer.graph else layer)
    return None if changed is model else changed


def _unmask_heads(model: Layer, given: Sequence[bool]) -> Layer:
    assert model.graph is not None
    carrying, editor = find_masked(model, given), GraphEditor(model.graph)

    def copy(name: str, ref: Ref) -> Ref:
        return editor.op(f"{name}_unmasked", "copy", ref) if ref in carrying else ref

    for layer in model.graph.layers if not model.graph.sequential else ():
        for number, call in enumerate(editor.calls(layer.name) if layer.class_name == "MultiHeadAttention" else ()):
            if any(ref in carrying for ref in refs((call.args, call.kwargs))):
                editor.replace_call(layer.name, number, map_call_refs(call, partial(copy, layer.name)))
    return replace(model, graph=editor.finish()) if editor.changed else model


# MultiHeadAttention on masked tensors.


_HEADS = "MultiHeadAttention"
# What keras 3.8.0 and 3.14.0 changed (sources of the releases before and after).
_TAKES_MASKS_OFF = (3, 8)
_ZEROES = (3, 14)


def _before(context: RuleContext, release: tuple[int, ...]) -> bool:
    """Whether the writer's Keras is tf.keras, or Keras 3 before this release."""
    writer = context.writer
    return writer.era is Era.TF2 or (writer.era is Era.KERAS3 and bool(writer.release) and writer.release < release)


_Change = Callable[[GraphEditor, Layer, set[Ref]], None]


def _change_everywhere(model: Layer, change: _Change, entering: Sequence[bool] = ()) -> Layer:
    """`change` on the graph of the model and of models called in it, each with the tensors that carry a mask."""
    graph = model.graph
    if graph is None or not any(inner.class_name == _HEADS or inner.graph is not None for inner in graph.layers):
        return model
    carrying = find_masked(model, entering)

    def change_inner(layer: Layer) -> Layer:
        calls = graph.calls.get(layer.name, ())
        if layer.graph is None or not calls:
            return layer
        return _change_everywhere(layer, change, [ref in carrying for ref in refs(calls[-1].args)])

    model = change_layers(model, change_inner)
    editor = GraphEditor(model.graph or graph, model.address)
    change(editor, model, carrying)
    return replace(model, graph=editor.finish()) if editor.changed else model


def _of_heads(model: Layer) -> Iterator[tuple[Layer, int, Call]]:
    graph = model.graph
    if graph is not None:
        for layer in graph.layers:
            if layer.class_name == _HEADS:
                for number, call in enumerate(graph.calls.get(layer.name, ())):
                    yield layer, number, call


def _argument(call: Call, place: int, name: str) -> Value:
    return call.args[place] if len(call.args) > place else call.kwargs.get(name)


def _copy_shared(editor: GraphEditor, model: Layer, carrying: set[Ref]) -> None:
    """A copy of its own for each such layer, of each masked tensor that others read too."""
    assert model.graph is not None
    readers = count_readers(model.graph)
    for layer, number, call in _of_heads(model):
        shared = [ref for ref in dict.fromkeys(refs((call.args, call.kwargs))) if ref in carrying and readers[ref] > 1]
        copy = Layer("Rescaling", f"{layer.name}_own", {"scale": 1.0, "offset": 0.0})
        own = {ref: editor.add(copy, ref) for ref in shared}
        if own:
            editor.replace_call(layer.name, number, replace_refs(call, own))


@rule(
    "AK2284",
    to=Era.KERAS3,
    eras=(Era.TF2, Era.KERAS3),
    classes=("Functional",),
    after=("AK2280", "AK2281"),
)
def private_heads(model: Layer, context: RuleContext) -> Layer | None:
    """The model with copies before such layers."""
    if not _before(context, _TAKES_MASKS_OFF):
        return None
    changed = _change_everywhere(model, _copy_shared)
    return None if changed is model else changed


def _give_mean(editor: GraphEditor, model: Layer, carrying: set[Ref]) -> None:
    """Rows of attention that may look nowhere look everywhere alike."""
    hidden = [step for step in _of_heads(model) if _may_hide_all(step[0], step[2], carrying)]
    hidden = [step for step in hidden if not editor.calls(f"{step[0].name}_nowhere")]
    specs = infer(model) if hidden else {}
    for layer, number, call in hidden:
        query = _argument(call, 0, "query")
        spec = specs.get(query) if isinstance(query, Ref) else None
        if spec is None or spec.shape is None or len(spec.shape) == 3:
            _call_again(editor, layer, number, call, carrying)


def _may_hide_all(layer: Layer, call: Call, carrying: set[Ref]) -> bool:
    """Whether Keras 3 computes this call step by step, and a mask can hide every step from a row."""
    dropout = layer.config.get("dropout") or 0.0
    fused = not (isinstance(dropout, int | float) and dropout > 0) and not call.kwargs.get("return_attention_scores")
    explicit = _argument(call, 3, "attention_mask") is not None
    return not fused and (explicit or any(ref in carrying for ref in refs((call.args, call.kwargs))))


def _call_again(editor: GraphEditor, layer: Layer, number: int, call: Call, carrying: set[Ref]) -> None:
    """A second call on keys of zeros, for one row: its outcome stands in the rows whose scores are all zero."""
    name = layer.name
    query, value = _argument(call, 0, "query"), _argument(call, 1, "value")
    key = _argument(call, 2, "key")
    one = editor.op(f"{name}_row", "get_item", query, (Slice(), Slice(None, 1)))
    bare = editor.op(f"{name}_values", "copy", value)
    level = editor.op(f"{name}_level", "zeros_like", value if key is None else key)
    editor.replace_call(name, number, Call(call.args, {**call.kwargs, "return_attention_scores": True}))
    first = Ref(name, number)
    second = editor.append_call(name, Call((one,), {"value": bare, "key": level, "return_attention_scores": True}))
    seen = editor.op(f"{name}_seen", "greater", replace(first, tensor=1), 0.0)
    looks = editor.op(f"{name}_looks", "any", seen, axis=(1, 3))
    rows = editor.op(f"{name}_nowhere", "expand_dims", looks, axis=-1)
    out = editor.op(f"{name}_rows", "where", rows, first, second)
    wide = editor.op(f"{name}_heads", "expand_dims", rows, axis=1)
    scores = editor.op(f"{name}_scores", "where", wide, replace(first, tensor=1), replace(second, tensor=1))
    if isinstance(query, Ref) and query in carrying:
        out = _put_mask_on(editor, name, query, out)
    editor.replace_ref(first, out)
    editor.replace_ref(replace(first, tensor=1), scores)


def _put_mask_on(editor: GraphEditor, name: str, query: Ref, out: Ref) -> Ref:
    """`out` with the mask of the query: Attention gives zeros where its query is masked."""
    ones = editor.add(Layer("Rescaling", f"{name}_ones", {"scale": 0.0, "offset": 1.0}), query)
    plain = editor.op(f"{name}_plain", "ones_like", ones)
    kept = editor.add(Layer("Attention", f"{name}_kept", {}), (ones, plain))
    first = editor.op(f"{name}_first", "get_item", kept, (Slice(), Slice(), 0))
    mask = editor.op(f"{name}_mask", "not_equal", first, 0.0)
    sub = Builder(f"{name}_out", editor.address)
    return editor.add(sub.finish(sub.layer("Rescaling", {"scale": 1.0, "offset": 0.0}, sub.input())), out, mask=mask)


@rule(
    "AK2285",
    to=Era.KERAS3,
    eras=(Era.TF2, Era.KERAS3),
    classes=("Functional",),
    after=("AK2280", "AK2281", "AK2284"),
)
def rows_that_look_nowhere(model: Layer, context: RuleContext) -> Layer | None:
    """The model with a mean beside every such layer."""
    if not _before(context, _ZEROES):
        return None
    changed = _change_everywhere(model, _give_mean)
    return None if changed is model else changed


_NEARLY_NO_DROPOUT = 1e-12


@rule(
    "AK2268",
    to=Era.KERAS3,
    eras=(Era.TF2, Era.KERAS3),
    classes=(_HEADS,),
)
def wide_values(layer: Layer, context: RuleContext) -> Layer | None:
    """A rate of dropout too small to drop anything."""
    width = layer.config.get("value_dim")
    if width is None or width == layer.config.get("key_dim") or layer.config.get("dropout"):
        return None
    return layer.with_config(dropout=_NEARLY_NO_DROPOUT)
