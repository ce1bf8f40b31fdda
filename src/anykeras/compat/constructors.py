"""Old constructor arguments of built-in layers, in the words of the running Keras: by the rules that migrate files."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ..catalog.signatures import list_accepted_arguments, signature
from ..document.model import Document, Era, Layer, Object, Value
from ..errors import Unsupported
from ..migrations import migrate
from .runtime import LegacyRuntime

_HELD = "held by anykeras.compat"
# What Keras 0 and 1 took first (keras/layers/core.py, recurrent.py, embeddings.py, wrappers.py 1.2.2).
_FIRST = {
    **dict.fromkeys(("Dense", "SimpleRNN", "LSTM", "GRU"), ("output_dim",)),
    **dict.fromkeys(("Dropout", "GaussianDropout"), ("p",)),
    "Embedding": ("input_dim", "output_dim"),
    "Activation": ("activation",),
    **dict.fromkeys(("TimeDistributed", "Bidirectional"), ("layer",)),
}
_PLACE = ("batch_input_shape", "input_shape", "batch_size", "input_dtype", "weights")


def translate_arguments(
    runtime: LegacyRuntime, class_name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of today for a call of an old constructor.

    Raises:
        Unsupported: the old layer is not one layer any more.
    """
    old = signature(class_name, runtime.writer)
    names = _positional_names(runtime, class_name)
    if len(args) > len(names):
        raise Unsupported(
            "AK5010",
            f"{class_name} is called with {len(args)} positional arguments, more than AnyKeras can name: pass them by keyword",
        )
    call = {**dict(zip(names, args, strict=False)), **kwargs}
    if old is None or runtime.context.era is Era.KERAS3:
        return call
    kept = {key: call.pop(key) for key in _PLACE if key in call}
    objects: list[Any] = []
    config = {key: _to_document(runtime, key, value, objects) for key, value in call.items() if key != "name"}
    layer = Layer(class_name, str(call.get("name") or class_name.lower()), config)
    model = migrate(Document(layer, runtime.writer, runtime.writer.era))[0].model
    if model.class_name != class_name or model.graph is not None:
        raise Unsupported(
            "AK5010", f"{class_name} of {runtime.writer} is not a single layer in Keras 3, so a class cannot derive from it"
        )
    takes = list_accepted_arguments(class_name) | {"trainable", "dtype"}
    arguments = {key: _to_live(runtime, value, objects) for key, value in model.config.items() if key in takes}
    name = {"name": call["name"]} if call.get("name") else {}
    return {**{key: value for key, value in arguments.items() if value is not None or key in call}, **name, **kept}


def _positional_names(runtime: LegacyRuntime, class_name: str) -> list[str]:
    """The arguments that old code may give by place. Keras 2 and tf.keras had them in today's order."""
    if runtime.is_keras1:
        return list(_FIRST.get(class_name, ()))
    current = getattr(runtime.keras.layers, class_name)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in list(inspect.signature(current.__init__).parameters.values())[1:] if p.kind in kinds]


def _to_document(runtime: LegacyRuntime, key: str, value: object, objects: list[Any]) -> Value:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list) and all(isinstance(item, int | str | None) for item in value):
        return tuple(value)
    objects.append(value)
    return Object(_HELD, {"number": len(objects) - 1})


def _to_live(runtime: LegacyRuntime, value: Value, objects: list[Any]) -> Any:
    if isinstance(value, Object):
        if value.class_name == _HELD and isinstance(value.config, Mapping):
            return runtime.unwrap(objects[int(str(value.config["number"]))])
        config = value.config if isinstance(value.config, Mapping) else {}
        return {"class_name": value.class_name, "config": {k: _to_live(runtime, v, objects) for k, v in config.items()}}
    if isinstance(value, Layer):  # an activation that Keras 3 has no name for is a small model of that name
        return runtime.for_keras(runtime.find(f"keras.activations.{value.name}"))
    return value
