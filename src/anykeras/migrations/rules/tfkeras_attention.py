"""Attention layers of tf.keras."""

from __future__ import annotations

from dataclasses import replace

from ...document.model import Call, Era, Graph, Layer, Writer
from ...document.values import Config, Ref
from ..rule import Context, Example, rule

TF = Writer(Era.TF2, "tf.keras", "2.6.0", "tensorflow")
_CAUSAL = ("Attention", "AdditiveAttention")


def _model(config: Config, kwargs: Config) -> Layer:
    layers = (Layer("InputLayer", "x", {"batch_shape": (None, 3, 2)}), Layer("Attention", "a", config))
    calls = {"x": (Call(),), "a": (Call(((Ref("x"), Ref("x")),), kwargs),)}
    return Layer("Functional", "m", graph=Graph(layers, calls, Ref("x"), Ref("a")))


@rule(
    "AK2265",
    "Causal attention is asked for at the call",
    to=Era.KERAS3,
    what="`Attention(causal=True)` of tf.keras lets no position see later ones; from 2.10 on it is `use_causal_mask` "
    "of the call.",
    why="Keras 3 has the argument of the call alone.",
    versions="tf.keras 2.1 to 2.15",
    examples=[Example(_model({"causal": True}, {}), _model({}, {"use_causal_mask": True}), TF)],
    leaves_alone=[Example(_model({"causal": False}, {}), _model({"causal": False}, {}), TF)],
    report=False,
)
def causal_at_the_call(model: Layer, context: Context) -> Layer | None:
    """`use_causal_mask=True` on every call of such layers."""
    graph = model.graph
    if graph is None:
        return None
    causal = {x.name for x in graph.layers if x.class_name in _CAUSAL and x.config.get("causal")}
    if not causal:
        return None
    calls = {
        name: tuple(replace(call, kwargs={**call.kwargs, "use_causal_mask": True}) for call in made)
        if name in causal
        else made
        for name, made in graph.calls.items()
    }
    layers = tuple(x.without("causal") if x.name in causal else x for x in graph.layers)
    return replace(model, graph=replace(graph, layers=layers, calls=calls))
