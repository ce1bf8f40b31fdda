"""Classes of the running Keras that legacy code can derive from and construct as it did in its time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..catalog.signatures import find_signature, list_accepted_arguments
from ..document.model import Document, Era, Layer, Object, Value
from ..errors import Unsupported
from ..migrations import migrate
from .adapters import adapt_methods, adapt_tensor_method, adapt_training_class, as_legacy
from .layer import LegacyLayer, initialize_layer
from .runtime import LegacyRuntime
from .tensor import LegacyTensor

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
    runtime: LegacyRuntime, class_name: str, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> dict[str, Any]:
    """The arguments of today for a call of an old constructor.

    Raises:
        Unsupported: the old layer is not one layer any more.
    """
    old = find_signature(class_name, runtime.writer)
    names = _list_positional_names(runtime, class_name)
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


def _list_positional_names(runtime: LegacyRuntime, class_name: str) -> list[str]:
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


# Classes of the running Keras that legacy code can derive from and construct as it did in its time.


# Classes by the last part of their name, wherever an old library kept them: what the running Keras calls them.
_CLASSES: Mapping[str, str] = {
    "Layer": "layers.Layer",
    "Wrapper": "layers.Wrapper",
    "InputSpec": "layers.InputSpec",
    "Initializer": "initializers.Initializer",
    "Regularizer": "regularizers.Regularizer",
    "WeightRegularizer": "regularizers.L1L2",
    "ActivityRegularizer": "regularizers.L1L2",
    "Constraint": "constraints.Constraint",
    "Model": "models.Model",
    "Sequential": "models.Sequential",
    "Callback": "callbacks.Callback",
    "Optimizer": "optimizers.Optimizer",
    "Loss": "losses.Loss",
    "Metric": "metrics.Metric",
}
_BASES = frozenset({"Layer", "Wrapper"})
_TENSORS = frozenset({"Tensor", "TensorVariable", "KerasTensor", "SymbolicTensor"})


def find(runtime: LegacyRuntime, name: str) -> object:
    """The class of that canonical name, as legacy code uses it; None where Keras has all that it needs."""
    root, last = name.split(".")[0], name.rpartition(".")[2]
    if last in _TENSORS and name.count(".") < 4:
        return LegacyTensor
    if root != "keras" or last not in _CLASSES:
        return None
    home, _, current = _CLASSES[last].partition(".")
    return runtime.adapt(getattr(getattr(runtime.keras, home), current))


def adapt_class(runtime: LegacyRuntime, current: type) -> type:
    """The legacy form of a class of the running Keras: the class itself where nothing changed."""
    keras = runtime.keras
    if issubclass(current, keras.Model):
        return _adapt_model(runtime, current)
    if issubclass(current, keras.layers.Layer):
        return _adapt_layer(runtime, current)
    if issubclass(current, keras.initializers.Initializer | keras.regularizers.Regularizer | keras.constraints.Constraint):
        return _adapt_object(runtime, current)
    if issubclass(current, keras.losses.Loss | keras.metrics.Metric | keras.optimizers.schedules.LearningRateSchedule):
        return adapt_training_class(runtime, current)
    return current


def _adapt_layer(runtime: LegacyRuntime, current: type) -> type:
    built_in = current.__name__ not in _BASES and current.__module__.startswith("keras.")

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        if built_in:
            kwargs = translate_arguments(runtime, current.__name__, args, kwargs)
            args = ()
        initialize_layer(self, current, args, kwargs)

    return _derive(runtime, current, built_in, {"__init__": __init__})


def _adapt_model(runtime: LegacyRuntime, current: Any) -> type:
    """A model class: to derive from, or to make a model of inputs and outputs by."""

    def __new__(cls: type, *args: object, **kwargs: object) -> object:
        if cls is not adapted:
            return current.__new__(cls)
        with runtime.keras_code():
            return as_legacy(runtime, current(*runtime.unwrap(args), **runtime.unwrap(kwargs)))

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        initialize_layer(self, current, tuple(runtime.unwrap(args)), dict(runtime.unwrap(kwargs)))

    adapted = _derive(runtime, current, current is not runtime.keras.Model, {"__new__": __new__, "__init__": __init__})
    return adapted


def _derive(runtime: LegacyRuntime, current: type, built_in: bool, methods: Mapping[str, object]) -> type:
    body = {
        **methods,
        "legacy_runtime": runtime,
        "built_in": built_in,
        "__module__": current.__module__,
        "__doc__": current.__doc__,
        **adapt_methods(runtime, current),
    }
    return type(current.__name__, (LegacyLayer, current), body)


def _adapt_object(runtime: LegacyRuntime, current: type) -> type:
    def __init_subclass__(cls: type, **kwargs: object) -> None:
        adapt_callable(runtime, cls)

    wrap: Any = classmethod  # the class is made by hand, so that no type checker sees where this goes
    hook = wrap(__init_subclass__)
    body = {"__init_subclass__": hook, "__module__": current.__module__}
    return type(current.__name__, (current,), body)


def adapt_callable(runtime: LegacyRuntime, own_class: Any) -> Any:
    """A user's class without a base of Keras: its ``__call__`` is called by Keras, and runs as legacy code."""
    own = vars(own_class).get("__call__")
    if inspect.isfunction(own) and hasattr(own_class, "set_param"):
        own = _call_with_parameter(runtime, own)
    if inspect.isfunction(own) and not getattr(own, "is_legacy", False):
        own_class.__call__ = adapt_tensor_method(runtime, own)
    return own_class


def _call_with_parameter(runtime: LegacyRuntime, call: Callable[..., object]) -> Callable[..., object]:
    """A regularizer of Keras 1.0 as one of today: its parameter was set first, and it then added to the loss."""

    def run(self: Any, x: object) -> object:
        self.set_param(x)
        loss: object = runtime.wrap(runtime.keras.ops.zeros(())) if isinstance(x, LegacyTensor) else 0.0
        return call(self, loss)

    return run
