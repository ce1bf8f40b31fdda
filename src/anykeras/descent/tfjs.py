"""What TensorFlow.js needs of a whole model: one dtype, names that it takes, and no tensor twice in a call.

Sources: tfjs-layers 4.22.0 (engine/executor.js, engine/topology.js, common.js, initializers.js, and the layers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ..catalog.releases import Release
from ..catalog.shapes import infer
from ..catalog.signatures import list_classes
from ..document.edit import GraphEditor, UniqueNames, rename_layers
from ..document.graph import list_refs
from ..document.model import Call, Dtype, Layer, Object, Ref, Value
from ..document.walk import layers_of, rebuild
from ..fidelity import Fidelity
from ..findings import Finding
from .rulebook import refuse

_NAME: Final = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._/]*")
"""``tensorNameRegex`` of common.js."""
_WRAPPING: Final = ("int8", "uint8", "int16", "uint16")
_HALVES: Final = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")
_KINDS: Final = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}


def use_floats(model: Layer, release: Release) -> tuple[Layer, list[Finding]]:
    """The model with inputs of float32, which is what TensorFlow.js computes with, and layers without a dtype.

    Whole numbers up to 16,777,216 are the same as float32. Raises Unsupported for texts, and for what overflows otherwise.
    """
    specs = infer(model)
    layers = {layer.name: layer for layer in model.graph.layers} if model.graph is not None else {}
    for ref, spec in specs.items():
        layer = layers.get(ref.layer)
        if layer is not None and (layer.operation or layer.class_name in ("Add", "Multiply")) and spec.dtype in _WRAPPING:
            raise refuse(layer.name, f"it computes in {spec.dtype}, which overflows", release)
    findings: list[Finding] = []

    def change(layer: Layer) -> Layer:
        name = _find_dtype_name(layer.config.get("dtype"))
        if name in ("string", "complex64", "complex128"):
            raise refuse(layer.name, f"a layer of dtype {name}", release, "dtype")
        if name == "float64" or name in _HALVES:
            seen = f"dtype {name}"
            done = "computed in float32, the only floating point type of TensorFlow.js"
            findings.append(Finding("AK2462", layer.address or layer.name, seen, done, Fidelity.APPROXIMATE))
        return layer.with_config(dtype="float32") if layer.class_name == "InputLayer" else layer.without("dtype")

    return rebuild(model, change), findings[:1]


def _find_dtype_name(value: Value) -> str:
    said = value.config.get("name") if isinstance(value, Object) and isinstance(value.config, Mapping) else value
    return said.name if isinstance(said, Dtype) else str(said)


def leave_out_objects(model: Layer, release: Release) -> tuple[Layer, list[Finding]]:
    """The model without regularizers of activities, which stop TensorFlow.js, and objects that it does not have."""
    known = {kind: {*list_classes(release.signatures, kinds), "L1", "L2"} for kind, kinds in _KINDS.items()}
    known["initializer"] |= {"LecunNormal", "LecunUniform"}
    findings: list[Finding] = []

    def change(layer: Layer) -> Layer:
        dropped = [key for key, value in layer.config.items() if value is not None and _is_left_out(key, value, known)]
        for key in dropped:
            if not key.endswith("initializer"):  # the weights are in the file
                findings.append(Finding("AK2461", layer.address or layer.name, key, "left out", Fidelity.LOSSY))
        config = {key: _without_seed(value) for key, value in layer.config.items() if key not in dropped}
        return replace(layer, config=config)

    return rebuild(model, change), findings


def _is_left_out(key: str, value: Value, known: Mapping[str, set[str]]) -> bool:
    kind = key.rpartition("_")[2]
    if kind not in known:
        return False
    plain = isinstance(value, Object) and isinstance(value.config, Mapping)
    return key == "activity_regularizer" or not (plain and isinstance(value, Object) and value.class_name in known[kind])


def _without_seed(value: Value) -> Value:
    """An initializer without its seed, which the one of orthogonal matrices does not take."""
    if isinstance(value, Object) and isinstance(value.config, Mapping) and "seed" in value.config:
        return replace(value, config={key: item for key, item in value.config.items() if key != "seed"})
    return value


def settle_names(model: Layer) -> tuple[Layer, list[Finding]]:
    """The model with names that TensorFlow.js takes, none of them twice: weights are found by the names of their layers."""
    unique, findings = UniqueNames(), list[Finding]()
    taken = {layer.name for layer in model.graph.layers} if model.graph is not None else set()

    def visit(layer: Layer, top: bool) -> Layer:
        graph = layer.graph
        if graph is None:
            return _visit_inside(layer, lambda inner: visit(inner, False))
        names = {}
        for inner in graph.layers:
            wanted = inner.name if _NAME.fullmatch(inner.name) else _find_plain_name(inner.name)
            fits = top or inner.name not in taken
            names[inner.name] = unique.claim(wanted if fits else f"{layer.name}_{wanted}")
            if names[inner.name] != inner.name:
                seen = f"the name {inner.name!r}"
                done = f"the layer is called {names[inner.name]!r}"
                findings.append(Finding("AK2460", inner.address or inner.name, seen, done, Fidelity.EQUIVALENT))
        renamed = rename_layers(graph, names)
        return replace(layer, graph=replace(renamed, layers=tuple(visit(inner, False) for inner in renamed.layers)))

    return visit(model, True), findings


def _visit_inside(layer: Layer, visit: Callable[[Layer], Layer]) -> Layer:
    """A layer with the models in its configuration visited."""
    held = {key: value for key, value in layer.config.items() if isinstance(value, Layer)}
    return layer.with_config(**{key: visit(value) for key, value in held.items()}) if held else layer


def _find_plain_name(name: str) -> str:
    found = re.sub(r"[^-A-Za-z0-9._/]", "_", name)
    return found if found[:1].isalnum() and found.isascii() else f"layer{found}"


def separate_inputs(model: Layer) -> Layer:
    """The model with a copy wherever a call takes one tensor twice.

    TensorFlow.js frees a tensor when as many inputs of calls were read as it has readers, and counts such a call once.
    """

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or graph.sequential:
            return layer
        editor = GraphEditor(graph)
        for name, number, call in _list_doubled(layer):
            seen: set[Ref] = set()

            def copy(ref: Ref, seen: set[Ref] = seen, name: str = name) -> Ref:
                if ref not in seen:
                    seen.add(ref)
                    return ref
                return editor.add(Layer("Activation", f"{name}_copy", {"activation": "linear"}), ref)

            first = call.args[0]
            assert isinstance(first, tuple)
            args = tuple(copy(one) if isinstance(one, Ref) else one for one in first)
            editor.replace_call(name, number, replace(call, args=(args, *call.args[1:])))
        return replace(layer, graph=editor.finish())

    return rebuild(model, change)


def _list_doubled(layer: Layer) -> Iterator[tuple[str, int, Call]]:
    graph = layer.graph
    assert graph is not None
    for name, calls in list(graph.calls.items()):
        for number, call in enumerate(calls):
            given = list_refs(call.args[0]) if call.args and isinstance(call.args[0], tuple) else []
            if len(given) != len(set(given)):
                yield name, number, call


def check_calls(model: Layer, release: Release) -> None:
    """Refuse a model that TensorFlow.js cannot call: shapes that are not known, layers that are told to train."""
    for layer in layers_of(model):
        graph = layer.graph
        if graph is None:
            continue
        for name, calls in graph.calls.items():
            if any(call.kwargs.get("training") for call in calls):
                raise refuse(name, "it is called with training=True", release, "training")
        first = graph.layers[0] if graph.layers else None
        opens = first is None or (first.class_name != "InputLayer" and first.graph is None)
        if graph.sequential and opens and layer.config.get("build_input_shape") is None:
            raise refuse(layer.name, "the model does not say the shape of its input", release)
        for inner in graph.layers:
            shape = inner.config.get("batch_shape", ()) if inner.class_name == "InputLayer" else ()
            if shape is None:
                raise refuse(inner.name, "the shape of an input is not known", release)
