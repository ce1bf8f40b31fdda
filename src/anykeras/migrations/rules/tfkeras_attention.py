"""Attention layers of tf.keras."""

from __future__ import annotations

from dataclasses import replace

from ...catalog.shapes import masked
from ...document.model import Call, Config, Era, Graph, Layer, Ref, Value, Writer
from ...document.walk import map_refs
from ..rule import Context, Example, rule

TF = Writer(Era.TF2, "tf.keras", "2.6.0", "tensorflow")
_MASKED_HEADS = (2, 10)
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
        name: tuple(replace(call, kwargs={**call.kwargs, "use_causal_mask": True}) for call in made) if name in causal else made
        for name, made in graph.calls.items()
    }
    layers = tuple(x.without("causal") if x.name in causal else x for x in graph.layers)
    return replace(model, graph=replace(graph, layers=layers, calls=calls))


def _with_heads(*steps: str) -> Layer:
    """A masked embedding that attends to itself, with a copy in between or not."""
    layers = [
        Layer("InputLayer", "i", {"batch_shape": (None, 5)}),
        Layer("Embedding", "e", {"input_dim": 9, "output_dim": 4, "mask_zero": True}),
        Layer("MultiHeadAttention", "a", {"num_heads": 2, "key_dim": 2}),
    ]
    calls = {"i": (Call(),), "e": (Call((Ref("i"),)),)}
    seen = [Ref(steps[0] if steps else "e"), Ref(steps[1] if steps else "e")]
    for step in steps:
        layers.append(Layer("copy", step, operation=True))
        calls[step] = (Call((Ref("e"),)),)
    calls["a"] = (Call((seen[0],), {"value": seen[1]}),)
    return Layer("Functional", "m", graph=Graph(tuple(layers), calls, Ref("i"), Ref("a")))


@rule(
    "AK2266",
    "MultiHeadAttention did not read masks",
    to=Era.KERAS3,
    what="Before TensorFlow 2.10, MultiHeadAttention attended to every step, whatever the masks of its inputs.",
    why="Keras 3 leaves masked steps out.",
    changes="Inputs that carry a mask are copied, which leaves the mask behind.",
    versions="tf.keras 2.4 to 2.9",
    references=("tf.keras 2.10 layers/attention/multi_head_attention.py, `_compute_attention_mask`",),
    examples=[Example(_with_heads(), _with_heads("a_unmasked", "a_unmasked_2"), TF)],
    leaves_alone=[Example(_with_heads(), _with_heads(), Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow"))],
)
def unmasked_heads(model: Layer, context: Context) -> Layer | None:
    """Copies of the masked inputs of each such layer."""
    graph, release = model.graph, context.writer.release
    heads = {x.name for x in graph.layers if x.class_name == "MultiHeadAttention"} if graph is not None else set()
    if graph is None or not heads or not release or release >= _MASKED_HEADS:
        return None
    carrying = masked(model)
    made: dict[str, Ref] = {}

    def copied(owner: str, value: Value) -> Value:
        def copy(ref: Ref) -> Value:
            if ref not in carrying:
                return ref
            name, count = f"{owner}_unmasked", 1
            while name in made or name in graph.calls:
                count += 1
                name = f"{owner}_unmasked_{count}"
            made[name] = ref
            return Ref(name)

        return map_refs(value, copy)

    calls = dict(graph.calls)
    for name in sorted(heads & calls.keys()):
        calls[name] = tuple(
            Call(tuple(copied(name, arg) for arg in call.args), {k: copied(name, v) for k, v in call.kwargs.items()})
            for call in calls[name]
        )
    if not made:
        return None
    layers = (*graph.layers, *(Layer("copy", name, operation=True) for name in made))
    calls |= {name: (Call((ref,)),) for name, ref in made.items()}
    return replace(model, graph=replace(graph, layers=layers, calls=calls))
