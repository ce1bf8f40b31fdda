"""The inputs of the operation cases as numbers, as stock Keras tensors, as recorded calls; and files made of them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from keras import ops
from keras.src.saving import serialization_lib

from anykeras.catalog.operations import split

BATCH = 3


def _numbers() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {"x": (4,), "y": (4,), "seq": (5, 4), "img": (8, 6, 2), "rgb": (8, 6, 3), "q": (5, 2, 4), "v": ()}
    made = {name: random.uniform(0.05, 0.95, (BATCH, *shape)).astype("float32") for name, shape in shapes.items()}
    half = random.uniform(0.1, 0.9, (BATCH, 4, 4))
    made["sq"] = (half @ half.transpose(0, 2, 1) + np.eye(4)).astype("float32")
    made["i"] = random.integers(0, 4, (BATCH, 4)).astype("int32")
    made["b"] = random.uniform(size=(BATCH, 4)) > 0.5
    return made


NUMBERS = _numbers()
CONSTANTS = {
    "K": np.linspace(-1, 1, 72).reshape(3, 3, 2, 4).astype("float32"),
    "D": np.linspace(-1, 1, 18).reshape(3, 3, 2, 1).astype("float32"),
    "P": np.linspace(-1, 1, 8).reshape(1, 1, 2, 4).astype("float32"),
    "W": np.linspace(-1, 1, 8).reshape(4, 2).astype("float32"),
    "F": np.linspace(0.5, 1, 4).astype("float32"),
    "S": np.array([0, 0, 1], "int32"),
    "TS": np.tile(np.array([1, 0, 1, 0, 1, 0, 0, 0], "float32"), (3, 1)),
    "KT": np.linspace(-1, 1, 72).reshape(3, 3, 4, 2).astype("float32"),
}


@dataclass
class Recorder:
    """Stands where ``keras.ops`` would: calls the real function, and keeps the name and the arguments of the call."""

    calls: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = field(default_factory=list)
    prefix: str = ""

    def __getattr__(self, name: str) -> Any:
        if name == "image":
            return Recorder(self.calls, "image.")
        function = getattr(ops.image if self.prefix else ops, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            made = function(*args, **kwargs)
            self.calls.append((self.prefix + name, args, kwargs, made))
            return made

        return call


def traced(case: str, batch: int | None = None) -> tuple[Recorder, dict[str, Any], Any]:
    """The case on symbolic tensors: what was called, the inputs, the outcome. Raises what Keras raises."""
    inputs = {
        name: keras.Input(batch_shape=(batch, *a.shape[1:]), dtype=a.dtype.name, name=name)
        for name, a in NUMBERS.items()
        if re.search(rf"\b{name}\b", case)
    }
    recorder = Recorder()
    return recorder, inputs, evaluate(case, recorder, inputs)


def computed(case: str) -> Any:
    """The case on numbers."""
    return evaluate(case, ops, NUMBERS)


def evaluate(case: str, functions: Any, values: dict[str, Any]) -> Any:
    """The outcome of the case's expression."""
    return eval(case, {"o": functions, **values, **CONSTANTS})


def node_of(tensor: Any) -> Any:
    """The stock Keras node that a symbolic tensor came from."""
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index]


def write(path: Path, recorder: Recorder, inputs: dict[str, Any], outcome: Any) -> list[str]:
    """A ``.keras`` file of the recorded calls, its nodes made by ``split`` alone; the names of the inputs it has."""
    places: dict[int, tuple[str, int]] = {id(t): (name, 0) for name, t in inputs.items()}
    used: list[str] = []
    layers: list[dict[str, Any]] = []
    for number, (function, args, kwargs, made) in enumerate(recorder.calls):
        node = split(function, args, kwargs)
        name = f"op_{number}"

        def place(value: Any) -> Any:
            if id(value) not in places:
                return serialization_lib.serialize_keras_object(value)
            layer, index = places[id(value)]
            used.extend([layer] if layer in inputs and layer not in used else [])
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": [layer, 0, index]}
            return {"class_name": "__keras_tensor__", "config": config}

        call = {"args": _mapped(list(node.args), place), "kwargs": _mapped(dict(node.kwargs), place)}
        layers.append(
            {
                "module": node.module,
                "class_name": node.class_name,
                "config": _mapped(dict(node.config), _plain),
                "registered_name": node.class_name,
                "name": name,
                "inbound_nodes": [call],
            }
        )
        for index, tensor in enumerate(keras.tree.flatten(made)):
            places[id(tensor)] = (name, index)
    _zip(path, _functional(used, inputs, layers, [places[id(t)] for t in keras.tree.flatten(outcome)]))
    return used


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _mapped(item, leaf) for key, item in value.items()}
    if isinstance(value, list | tuple):  # JSON, and Keras with it, knows no tuple
        return [_mapped(item, leaf) for item in value]
    return leaf(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _functional(used: list[str], inputs: dict[str, Any], layers: list[dict[str, Any]], outputs: Any) -> dict[str, Any]:
    heads = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "registered_name": None,
            "name": name,
            "inbound_nodes": [],
            "config": {"batch_shape": list(inputs[name].shape), "dtype": inputs[name].dtype, "name": name},
        }
        for name in used
    ]
    config = {
        "name": "case",
        "trainable": True,
        "layers": heads + layers,
        "input_layers": [[name, 0, 0] for name in used],
        "output_layers": [[name, 0, i] for name, i in outputs],
    }
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
    }


def _zip(path: Path, config: dict[str, Any]) -> None:
    weights = path.with_suffix(".weights.h5")
    with h5py.File(weights, "w") as file:
        file.create_group("_layer_checkpoint_dependencies")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__, "date_saved": ""}))
        archive.write(weights, "model.weights.h5")
