"""Which tensors of a model carry a Keras mask (``supports_masking``, ``compute_mask`` of keras/src/layers, 3.15.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ...document.graph import inputs, leaves, outputs, steps
from ...document.model import FromUser, Layer, Ref
from ...document.walk import Member, Path, members
from .tables import option

Masks = Sequence[bool]

_PASSING = """Activation ELU LeakyReLU PReLU ReLU Softmax Dropout AlphaDropout GaussianDropout GaussianNoise
SpatialDropout1D SpatialDropout2D SpatialDropout3D ActivityRegularization BatchNormalization
LayerNormalization GroupNormalization UnitNormalization Normalization Rescaling Identity Dense
TimeDistributed MultiHeadAttention GroupQueryAttention GroupedQueryAttention Attention
AdditiveAttention"""
_PASS_ON = frozenset(_PASSING.split())
_RECURRENT = ("RNN", "SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_MERGING = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")


def masked(model: Layer, given: Masks = ()) -> set[Ref]:
    """The refs of the model's graph whose tensors carry a mask when the model runs; `given` says which inputs do."""
    return {ref for ref, has in _graph(model, given).items() if has}


def outgoing(layer: Layer, before: Masks) -> Masks:
    """Which outcomes of a layer carry a mask, when those of `before` of its inputs do."""
    return _outcomes(layer, before)


def met(model: Layer) -> dict[Path, Masks]:
    """For each layer (by its path) of a model and of the models in it: which tensors of its last call carry a mask."""
    seen: dict[Path, Masks] = {}
    _graph(model, (), seen)
    return seen


def _graph(model: Layer, given: Masks, seen: dict[Path, Masks] | None = None, path: Path = ()) -> dict[Ref, bool]:
    graph = model.graph
    if graph is None:
        return {}
    found = dict(zip(inputs(graph), given, strict=False))
    ways = {layer.name: step for step, layer in members(graph)}
    again = Counter[str]()
    for layer, number, call in steps(graph):
        if layer.class_name == "InputLayer":
            found.setdefault(Ref(layer.name), False)
            continue
        first = call.args[0] if call.args else next(iter(call.kwargs.values()), None)
        refs = [leaf for leaf in leaves(first) if isinstance(leaf, Ref)]
        way = (Member(layer.name, again[layer.name]),) if graph.sequential else ways[layer.name]
        again[layer.name] += 1
        made = _outcomes(layer, [found.get(ref, False) for ref in refs], seen, path + way)
        found.update({Ref(layer.name, number, i): has for i, has in enumerate(made)})
    return found


def _outcomes(layer: Layer, before: Masks, seen: dict[Path, Masks] | None = None, path: Path = ()) -> Masks:
    if seen is not None:
        seen[path] = tuple(before)
    if layer.graph is not None:
        inside = _graph(layer, before, seen, path)
        return [inside.get(ref, False) for ref in leaves(outputs(layer.graph)) if isinstance(ref, Ref)]
    if layer.operation:
        return [False]
    if isinstance(layer.origin, FromUser):
        return [any(before)]  # its class may hand a mask on
    if layer.class_name in _PASS_ON:
        return [bool(before and before[0])]
    rule = _RULES.get(layer.class_name)
    return [False] if rule is None else rule(layer, before)


def _recurrent(layer: Layer, before: Masks) -> Masks:
    return [bool(before and before[0]) and bool(option(layer, "return_sequences", False))]


def _bidirectional(layer: Layer, before: Masks) -> Masks:
    inner: Any = option(layer, "layer")
    one = _recurrent(inner, before)[0] if isinstance(inner, Layer) else False
    return [one, one] if option(layer, "merge_mode", "concat") is None else [one]


_RULES: dict[str, Callable[[Layer, Masks], Masks]] = {
    "Embedding": lambda layer, before: [bool(option(layer, "mask_zero", False))],
    "ReversibleEmbedding": lambda layer, before: [bool(option(layer, "mask_zero", False))],
    "Masking": lambda layer, before: [True],
    "Lambda": lambda layer, before: [option(layer, "mask") is not None],
    "Concatenate": lambda layer, before: [any(before)],
    "Bidirectional": _bidirectional,
    **dict.fromkeys(_MERGING, lambda layer, before: [all(before)]),
    **dict.fromkeys(_RECURRENT, _recurrent),
}
