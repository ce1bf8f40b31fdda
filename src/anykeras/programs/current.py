"""Programs of Keras 3: the live model that they make on the running Keras, as its configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ..containers.base import Json
from ..errors import MissingObject
from ..keras_private import iterate_inner_layers, list_downloaders
from .choices import Sliced
from .inert import Missing, stop_at_missing
from .layers import NUMBER, find_again
from .names import load_zeros
from .running import Program


def run_current(sliced: Sliced) -> tuple[Json, dict[str, Any]]:
    """The configuration of the one model that the program makes, and the program's own classes in it by name.

    Raises MissingObject where it makes none, or several.
    """
    import keras

    with _without_training(keras):
        outcome = Program(sliced.given.path, None).run(sliced.statements, sliced.expression, sliced.told, sliced.unknown)
    stop_at_missing(outcome)
    model = _find_model(outcome, sliced)
    with _numbered(list(iterate_inner_layers(model))) as objects:
        architecture, own = describe_live(model)
    return architecture, {**own, **objects}


def _find_model(outcome: object, sliced: Sliced) -> Any:
    """The model that an expression gave or holds."""
    import keras

    held = outcome if isinstance(outcome, list | tuple) else [outcome, *getattr(outcome, "__dict__", {}).values()]
    models = [outcome] if isinstance(outcome, keras.Model) else [item for item in held if isinstance(item, keras.Model)]
    if len(models) != 1:
        raise MissingObject(
            "AK1327",
            f"{sliced.expression} gives {len(models) or 'no'} models, and one is wanted",
            part=sliced.given.path,
            next_step="Give an expression that makes the model.",
        )
    return models[0]


@contextmanager
def _numbered(layers: list[Any]) -> Iterator[dict[str, Any]]:
    """The program's own classes by name. Layers whose class has no ``get_config`` say in their configuration which they are,
    and their class finds them by it: what Keras notes of their arguments need not be all that the constructor took.
    """
    strangers = [layer for layer in layers if type(layer).__module__.split(".")[0] != "keras"]
    own = [layer for layer in strangers if type(layer).get_config.__module__.split(".")[0] == "keras"]
    for number, layer in enumerate(own):
        config = {"name": layer.name, "trainable": layer.trainable, NUMBER: number}
        object.__setattr__(layer, "get_config", lambda config=config: config)
    try:
        yield {type(layer).__name__: type(layer) for layer in strangers} | {
            type(layer).__name__: find_again(type(layer), own) for layer in own
        }
    finally:
        for layer in own:
            object.__delattr__(layer, "get_config")


def describe_live(model: object) -> tuple[Json, dict[str, Any]]:
    """The configuration of a live model of the running Keras, and the classes in it that are not of Keras, by name."""
    import keras

    architecture: Json = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    if isinstance(architecture, dict):
        architecture.pop("compile_config", None)  # how it was trained
    layers = list(iterate_inner_layers(model))
    own = {type(layer).__name__: type(layer) for layer in layers if type(layer).__module__.split(".")[0] != "keras"}
    text = json.dumps(architecture)
    functions = {name: held for name, held in keras.saving.get_custom_objects().items() if not isinstance(held, type)}
    own |= {name: held for name, held in functions.items() if json.dumps(name) in text}
    return _unregister(architecture, own), own


def _unregister(value: Json, own: Mapping[str, type]) -> Json:
    """The configuration with own classes under their bare names: Keras prefers a class that was registered to one passed."""
    if isinstance(value, list):
        return [_unregister(item, own) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _unregister(item, own) for key, item in value.items()}
    if "registered_name" in found and found.get("class_name") in own:
        found["registered_name"] = found["class_name"]
    return found


@contextmanager
def _without_training(keras: Any) -> Iterator[None]:
    """Models of the running Keras neither train nor read or write files, and nothing is loaded from elsewhere."""
    names = ("fit", "evaluate", "predict", "load_weights", "save_weights", "save", "train_on_batch", "summary")

    def nothing(self: object, *args: object, **kwargs: object) -> None:
        return None

    def not_here(what: str) -> Any:
        step = "Give the value that depends on it before the expression, as in model.py:num_words=5000."
        return lambda *args, **kwargs: Missing(what, "nothing is downloaded for a model", "the source", step)

    data = [
        getattr(keras.datasets, name) for name in dir(keras.datasets) if hasattr(getattr(keras.datasets, name), "load_data")
    ]
    loads = {module.__name__.rpartition(".")[2]: module for module in data}
    patches: list[Any] = [patch.object(keras.Model, name, nothing) for name in names]
    patches += [patch.object(owner, "get_file", not_here("get_file()")) for owner in list_downloaders()]
    patches += [
        patch.object(module, "load_data", load_zeros(name) or not_here(f"{name}.load_data()")) for name, module in loads.items()
    ]
    for held in patches:
        held.start()
    try:
        yield
    finally:
        for held in patches:
            held.stop()
