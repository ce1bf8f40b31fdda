"""A live Keras 3 model as a Document, by way of Keras's own configuration and live objects (no parser of ours)."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np

from anykeras.catalog import operations
from anykeras.document.model import Call, Document, Ellipsis_, Era, Graph, Layer, Object, Ref, Slice, Writer
from anykeras.tensors import Tensor, constant

_DENSES = ("query", "key", "value", "output")


def document(model: keras.Model) -> Document:
    """The model with all of its weights."""
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    return Document(_layer(config, model), Writer(Era.KERAS3), Era.KERAS3)


def _tensor(variable: Any) -> Tensor:
    value = np.asarray(keras.ops.convert_to_numpy(variable))
    return constant(value, str(value.dtype), variable.path)


def weights(layer: Any) -> dict[str, Tensor]:
    """The layer's own tensors by role."""
    if hasattr(layer, "_query_dense"):
        named = {n: getattr(layer, f"_{n}_dense") for n in _DENSES}
        return {f"{n}_{v.name}": _tensor(v) for n, dense in named.items() for v in dense.weights}
    own = layer._trainable_variables + layer._non_trainable_variables
    if isinstance(layer, keras.layers.SpectralNormalization):
        own = [layer.vector_u]
    if isinstance(layer, keras.layers.RNN) and type(layer) is not keras.layers.RNN:
        own = layer.cell.weights
    return {v.name: _tensor(v) for v in own}


def _layer(data: dict[str, Any], live: Any) -> Layer:
    config = dict(data["config"])
    name = config.pop("name", data.get("name"))
    if data["class_name"] in ("Functional", "Sequential"):
        kept = {k: v for k, v in config.items() if k in ("trainable", "dtype", "build_input_shape")}
        values = {k: value(v, None) for k, v in kept.items()}
        return Layer(data["class_name"], name, values, graph=_graph(data["class_name"], config, live))
    special = _held(data, live)
    made = {k: value(v, getattr(live, k, None)) for k, v in config.items() if k not in special} | special
    return Layer(data["class_name"], name, made, weights(live))


def _held(data: dict[str, Any], live: Any) -> dict[str, Any]:
    """Layers inside that are not found under the name of their argument."""
    for kind, key in (("StackedRNNCells", "cells"), ("Pipeline", "layers")):
        if data["class_name"] == kind:
            return {key: tuple(_layer(c, x) for c, x in zip(data["config"][key], getattr(live, key), strict=True))}
    if data["class_name"] == "Bidirectional":
        pair = {"layer": live.forward_layer, "backward_layer": live.backward_layer}
        return {k: _layer(json.loads(json.dumps(keras.saving.serialize_keras_object(x))), x) for k, x in pair.items()}
    return {}


def _graph(kind: str, config: dict[str, Any], live: Any) -> Graph:
    held = {x.name: x for x in (live._layers if kind == "Sequential" else live.operations)}
    layers, calls = [], {}
    for data in config["layers"]:
        name = data["config"].get("name", data.get("name"))
        nodes = [_call(node) for node in data.get("inbound_nodes", [])] or [Call()]
        if ".ops." in (data["module"] or ""):
            plain = {k: value(v, None) for k, v in data["config"].items()}
            function, args, kwargs = operations.join(data["module"], data["class_name"], plain, nodes[0].args, nodes[0].kwargs)
            layers.append(Layer(function, data["name"], operation=True))
            nodes = [Call(args, kwargs)]
        else:
            layers.append(_layer(data, held[name]))
        calls[name if ".ops." not in (data["module"] or "") else data["name"]] = tuple(nodes)
    if kind == "Sequential":
        return Graph(tuple(layers), sequential=True)
    nested = {layer.name for layer in layers if layer.class_name == "Functional"}
    return Graph(
        tuple(layers),
        calls,
        _ends(config["input_layers"], set()),
        _ends(config["output_layers"], nested),
    )


def _ends(data: Any, nested: set[str]) -> Any:
    if isinstance(data, dict):
        return {k: _ends(v, nested) for k, v in data.items()}
    if isinstance(data[0], str):
        return Ref(data[0], data[1] - (data[0] in nested), data[2])
    return tuple(_ends(item, nested) for item in data)


def _call(node: dict[str, Any]) -> Call:
    return Call(tuple(value(a, None) for a in node["args"]), {k: value(v, None) for k, v in node["kwargs"].items()})


def value(data: Any, live: Any) -> Any:
    """A JSON value of Keras 3 as a value of a document."""
    if isinstance(data, list):
        return tuple(value(item, None) for item in data)
    if not isinstance(data, dict):
        return data
    kind = data.get("class_name")
    if kind == "__keras_tensor__":
        return Ref(*data["config"]["keras_history"])
    if kind == "__slice__":
        return Slice(**{k: value(v, None) for k, v in data["config"].items()})
    if kind == "__ellipsis__":
        return Ellipsis_()
    if kind in ("__numpy__", "__tensor__"):
        return constant(data["config"]["value"], data["config"]["dtype"])
    if kind is None or "config" not in data:
        return {k: value(v, None) for k, v in data.items()}
    if (data["module"] or "").startswith(("keras.layers", "keras.src.models")) or kind == "Sequential":
        return _layer(data, live)
    return Object(kind, {k: value(v, None) for k, v in data["config"].items()}, data["module"], data["registered_name"])
