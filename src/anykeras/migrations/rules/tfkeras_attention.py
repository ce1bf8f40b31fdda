"""Attention layers of tf.keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ...catalog.shapes.masks import find_masked, find_met
from ...document.edit import GraphEditor, change_calls, change_layers
from ...document.model import Call, Era, Layer, Ref, refs
from ...document.walk import layers_of, map_call_refs, rebuild_paths
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
    if not release or release >= _MASKED_HEADS or not any(x.class_name == "MultiHeadAttention" for x in layers_of(model)):
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
