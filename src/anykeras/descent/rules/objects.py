"""What only training reads and a release lacks: regularizers, constraints, initializers; layers that hand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ...catalog.releases import Since, exists_in_keras3
from ...catalog.signatures import find_signature
from ...document.build import Builder
from ...document.model import Layer, Object, Ref, Value
from ..forms import model_of, pass_through
from ..rulebook import LEGACY, NEVER, Place, back_rule

_SPELLED: Final = frozenset({"L1", "L2"})
"""Written as L1L2, which every release has."""
_ABS_MAX: Final[Mapping[str, Value]] = {"axis": None, "value_range": (-127, 127), "epsilon": 1e-07, "output_dtype": "int8"}
"""keras 3.15.1 quantizers/quantizers.py."""


@back_rule(
    "AK2463",
    since=NEVER,
    classes=("*",),
)
def leave_out_unknown(layer: Layer, place: Place) -> Layer | None:
    """Regularizers and constraints act in training alone."""
    if place.release.line == "tfjs":
        return None  # which leaves out more
    kinds = (("_regularizer", "regularizers"), ("_constraint", "constraints"))
    lacking = [key for ending, kind in kinds for key in _list_lacking(layer, place, ending, kind)]
    return layer.without(*lacking) if lacking else None


def _list_lacking(layer: Layer, place: Place, ending: str, kind: str) -> Sequence[str]:
    """The keys whose object is of a class of Keras that the release does not have."""
    said: list[tuple[str, Value]] = [(key, value) for key, value in layer.config.items() if key.endswith(ending)]
    return [
        key
        for key, value in said
        if isinstance(value, Object)
        and value.class_name not in _SPELLED
        and find_signature(value.class_name, kind=kind) is not None
        and find_signature(value.class_name, place.release.signatures, kind) is None
    ]


@back_rule(
    "AK2477",
    since=LEGACY,
    classes=("Identity",),
    report=False,
)
def hand_on(layer: Layer, place: Place) -> Layer | None:
    """A linear Activation gives what it gets."""
    if find_signature("Identity", place.release.signatures) is not None:
        return None
    return pass_through(layer)


@back_rule("AK2465", since=Since(tf="1.13", tfjs="4.22"), classes=("*",))
def check_numbers(layer: Layer, place: Place) -> Layer | None:
    """Keras 2 casts nothing between layers, and Flatten wants to know every size (keras 2.3.1 layers/core.py)."""
    said = layer.config.get("dtype")
    name = said.config.get("name") if isinstance(said, Object) and isinstance(said.config, Mapping) else said
    met = place.inputs[0].dtype if place.inputs else None
    floats = isinstance(name, str) and name.startswith("float") and met is not None and met.startswith("float")
    if floats and name != met and layer.weights:
        raise place.refuse(layer, f"it is of {name!r} and is called on {met!r}", "dtype")
    if layer.class_name == "Flatten" and place.shape is not None and None in place.shape[1:]:
        raise place.refuse(layer, "sizes that are open")
    return None


@back_rule("AK2464", since=exists_in_keras3("3.13"), classes=("Dense", "EinsumDense", "Embedding"), report=False)
def leave_out_quantizers(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.13 the policy alone said int8, and the quantizers were those that are the default now."""
    said = layer.config.get("quantization_config")
    config = said.config if isinstance(said, Object) and said.class_name == "Int8QuantizationConfig" else None
    if place.release.line != "keras3" or not isinstance(config, Mapping) or config.get("weight_quantizer") is not None:
        return None
    held = config.get("activation_quantizer")
    stated = held.config if isinstance(held, Object) and held.class_name == "AbsMaxQuantizer" else None
    usual = isinstance(stated, Mapping) and {**_ABS_MAX, **stated} == _ABS_MAX
    return layer.without("quantization_config") if usual else None


@back_rule("AK2464", since=exists_in_keras3("3.4"), classes=("TimeDistributed",))
def distribute_layers(layer: Layer, place: Place) -> Layer | None:
    """Before Keras 3.4 models do not tell TimeDistributed what they give: each layer of a chain in one of its own."""
    model = layer.config.get("layer")
    if not isinstance(model, Layer) or model.graph is None:
        return None
    chain = _list_chain(model)
    if chain is None or layer.weights or any(inner.graph is not None for inner in chain):
        raise place.refuse(layer, "it holds a model that is no chain of layers")

    def steps(builder: Builder, x: Ref) -> Ref:
        for inner in chain:
            x = builder.layer("TimeDistributed", {"layer": inner}, x, name=f"{layer.name}_{inner.name}")
        return x

    return model_of(layer, place, steps)


def _list_chain(model: Layer) -> list[Layer] | None:
    """The layers of a model in which each is called on the one before, without inputs; None for other graphs."""
    graph = model.graph
    assert graph is not None
    layers = [inner for inner in graph.layers if inner.class_name != "InputLayer"]
    if graph.sequential:
        return layers
    by_name, last, chain = {inner.name: inner for inner in layers}, graph.outputs, list[Layer]()
    while isinstance(last, Ref) and last.layer in by_name:
        inner, calls = by_name[last.layer], graph.calls.get(last.layer, ())
        if inner.operation or len(calls) != 1 or len(calls[0].args) != 1 or calls[0].kwargs:
            return None
        chain.insert(0, inner)
        last = calls[0].args[0]
    return chain if isinstance(last, Ref) and last == graph.inputs and len(chain) == len(layers) else None
