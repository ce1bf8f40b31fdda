"""``Layer`` as it was in Keras 0.3 to 2.15, over the Layer of the running Keras.

Legacy code and Keras share an object: `LegacyRuntime.in_legacy_code` says which of them runs. To the first, variables
and tensors that are attributes are legacy tensors; to the second they are its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..catalog.base import OLD
from ..errors import Unsupported
from ..keras_private import list_own_variables, list_own_weights, track_variable
from ..migrations.rules.keras1_spelling import ARGUMENTS
from .adapters import LegacyProxy, adapt_shape_method, adapt_tensor_method
from .keras0 import translate_methods
from .runtime import LegacyRuntime
from .tensor import LegacyTensor, to_legacy_shape, to_plain_shape

# Methods of built-in layers that those of Keras 3 do not call: what overrides them would be passed over in silence.
_HOOKS = frozenset(
    {"step", "get_constants", "preprocess_input", "get_initial_states", "pooling_function", "_pooling_function", "get_output"}
)
# What the attributes of Keras 1's layers are called since. A `bias` was there whether a layer has one (`_is_bias_flag`).
_ATTRIBUTES: Mapping[str, str] = {
    **{old: new for old, new in ARGUMENTS.items() if old != "bias"},
    "W": "kernel",
    "U": "recurrent_kernel",
    "b": "bias",
    "U_constraint": "recurrent_constraint",
}
# Arguments of every old Layer that Keras 3 does not take (keras/engine/topology.py 1.2.2, base_layer.py 2.3.1).
_DROPPED = ("input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length", "input_dtype",
            "create_input_layer", "dynamic", "experimental_autocast", "implementation")  # fmt: skip
_METHODS: Mapping[str, Callable[[LegacyRuntime, Callable[..., Any]], Callable[..., Any]]] = {
    **dict.fromkeys(("call", "compute_mask", "step", "preprocess_input", "get_initial_states"), adapt_tensor_method),
    **dict.fromkeys(("build", "compute_output_shape"), adapt_shape_method),
}


def _make_weights_property(name: str, trainable: bool) -> property:
    def read(self: LegacyLayer) -> object:
        return getattr(super(LegacyLayer, self), name)

    def assign(self: LegacyLayer, weights: Iterable[object]) -> None:
        self.keep_weights(weights, trainable)

    kind = "trainable" if trainable else "other"
    return property(read, assign, doc=f"The {kind} variables; assigning a list makes its members such.")


def _list_weights(trainable: bool) -> property:
    def read(self: LegacyLayer) -> WeightList:
        return WeightList(self, trainable)

    def assign(self: LegacyLayer, weights: Iterable[object]) -> None:
        self.keep_weights(weights, trainable)

    return property(read, assign)


class LegacyLayer(LegacyProxy):
    """Mixed into a layer class of the running Keras; `legacy_runtime` is that of the code which derives from it."""

    initial_weights: Any = None

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        if "legacy_runtime" in own:
            return
        for name, method in translate_methods(cls.legacy_runtime, own).items():
            setattr(cls, name, method)
        lost = sorted(_HOOKS & own.keys()) if getattr(cls, "built_in", False) else []
        if lost:
            raise Unsupported(
                "AK5010", f"{cls.__name__} overrides {', '.join(lost)} of a built-in layer, which Keras 3 does not call"
            )
        if "get_output_shape_for" in own and "compute_output_shape" not in own:
            cls.compute_output_shape = own["get_output_shape_for"]  # type: ignore[attr-defined]
        for name, adapt in _METHODS.items():
            method = vars(cls).get(name)
            if inspect.isfunction(method):
                setattr(cls, name, adapt(cls.legacy_runtime, method))

    def __getattribute__(self, name: str) -> Any:
        if name == "bias" and _is_bias_flag(self):
            name = "use_bias"
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        """What an old layer had under another name, or had before it was built."""
        runtime = type(self).legacy_runtime
        hidden = vars(self).get(f"_{name}")
        if hidden is not None and isinstance(getattr(type(self), name, None), property):
            return runtime.wrap(hidden) if runtime.in_legacy_code else hidden
        current = _ATTRIBUTES.get(name) if runtime.is_keras1 else None
        if current is None:
            find_inner = getattr(super(), "__getattr__", None)  # on torch a layer keeps the layers inside it apart
            if find_inner is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return type(self).present(find_inner(name))
        return runtime.wrap(super().__getattribute__(current)) if current == "bias" else getattr(self, current)

    def __setattr__(self, name: str, value: object) -> None:
        runtime = type(self).legacy_runtime
        if not isinstance(value, LegacyTensor):
            super().__setattr__(name, runtime.realize(value))
            return
        if runtime.context.tf_keras and isinstance(value.raw, runtime.keras.Variable):
            self._track_legacy(value.raw)  # tf.keras kept every variable that was an attribute
        current = getattr(type(self), name, None)
        read_only = isinstance(current, property) and current.fset is None
        object.__setattr__(self, f"_{name}" if read_only else name, value)

    def _track_legacy(self, raw: object) -> None:
        layer: Any = self
        if not any(raw is variable for variable in (*list_own_variables(layer), *layer.variables)):
            track_variable(layer, raw)

    def keep_weights(self, weights: Iterable[object], trainable: bool) -> None:
        """Make variables weights of the layer."""
        for weight in weights:
            raw = type(self).legacy_runtime.unwrap(weight)
            raw.trainable = trainable
            self._track_legacy(raw)

    trainable_weights = _make_weights_property("trainable_weights", True)
    non_trainable_weights = _make_weights_property("non_trainable_weights", False)
    _trainable_weights = _list_weights(True)
    _non_trainable_weights = _list_weights(False)

    def add_weight(self, *args: object, **kwargs: object) -> Any:
        """``add_weight(shape, initializer, name)`` of Keras 1, ``add_weight(name, shape, ...)`` of Keras 2."""
        runtime = type(self).legacy_runtime
        if not runtime.in_legacy_code:
            return super().add_weight(*args, **kwargs)  # type: ignore[misc]
        call = _read_weight_arguments(args, kwargs)
        call["initializer"] = _adapt_initializer(runtime, call.get("initializer"))
        with runtime.keras_code():
            variable = super().add_weight(**call)  # type: ignore[misc]
        return runtime.wrap(variable)

    add_variable = add_weight

    def add_update(self, updates: object, inputs: object = None) -> None:
        """Updates of variables, carried out in training."""
        runtime = type(self).legacy_runtime
        for update in updates if isinstance(updates, list) else [updates]:
            if isinstance(update, tuple) and runtime.context.training:
                variable, value = runtime.unwrap(update)
                variable.assign(value)

    def add_loss(self, losses: object, inputs: object = None) -> None:
        """A term of the training loss."""
        super().add_loss(type(self).legacy_runtime.unwrap(losses))  # type: ignore[misc]

    def add_metric(self, *args: object, **kwargs: object) -> None:
        """A number that was shown beside the loss."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer of a configuration that may have today's names for arguments of Keras 1: ``get_config`` of today wrote it."""
        takes = inspect.signature(cls.__init__).parameters
        names = {new: old for old, new in _ATTRIBUTES.items() if old in takes and old not in config and new not in takes}
        return super().from_config({names.get(key, key): value for key, value in config.items()})  # type: ignore[misc]

    def save_own_variables(self, store: object) -> None:
        """All variables in order: those of Keras' own layers file only what the built-in class has."""
        type(self).legacy_runtime.keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: object) -> None:
        """The counterpart."""
        type(self).legacy_runtime.keras.layers.Layer.load_own_variables(self, store)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        runtime, call = type(self).legacy_runtime, super().__call__  # type: ignore[misc]
        if args and isinstance(args[0], list | tuple) and len(args[0]) > 1 and isinstance(self, runtime.keras.layers.RNN):
            kwargs["initial_state"] = list(args[0][1:])  # as a file of Keras 2 has it
            args = (args[0][0], *args[1:])
        if not runtime.in_legacy_code:
            return call(*args, **kwargs)
        args, named = _name_flags(self, args)
        return runtime.call_keras(call, *args, **named, **kwargs)

    def get_output_shape_for(self, input_shape: object) -> object:
        """``compute_output_shape`` of Keras 1."""
        with type(self).legacy_runtime.keras_code():
            return to_legacy_shape(super().compute_output_shape(to_plain_shape(input_shape)))  # type: ignore[misc]


def _name_flags(layer: Any, args: tuple[object, ...]) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments up to the first that is no tensor by place, and the rest by name: Keras takes tensors alone by place."""
    first = next((i for i, arg in enumerate(args) if i and isinstance(arg, bool | int | float | str | None)), len(args))
    names = [name for name, p in inspect.signature(layer.call).parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    if first == len(args) or len(names) < len(args):
        return args, {}
    return args[:first], dict(zip(names[first:], args[first:], strict=False))


def initialize_layer(layer: Any, current: Any, args: tuple[object, ...], kwargs: dict[str, Any]) -> None:
    """Run the constructor of `current`, a class of Keras, without the arguments that only old layers took."""
    weights = kwargs.pop("weights", None)
    takes = inspect.signature(current.__init__).parameters
    for key in _DROPPED:
        if key not in takes:
            kwargs.pop(key, None)
    if isinstance(kwargs.get("dtype"), LegacyTensor | type):
        kwargs.pop("dtype")
    runtime = type(layer).legacy_runtime
    args, kwargs = runtime.realize(args), runtime.realize(kwargs)
    masked = runtime.writer.era in OLD and getattr(layer, "_supports_masking", False)  # Keras 2 reset what was set before
    with runtime.keras_code():
        current.__init__(layer, *args, **kwargs)
    if masked or not getattr(type(layer).compute_mask, "_is_default", False):
        layer.supports_masking = True  # before Keras 3 every layer's compute_mask was called
    object.__setattr__(layer, "initial_weights", weights)


class WeightList:
    """The list of a layer's weights, to which legacy code appends."""

    def __init__(self, layer: LegacyLayer, trainable: bool) -> None:
        self._layer, self._trainable = layer, trainable

    def append(self, weight: object) -> None:
        """One more weight."""
        self._layer.keep_weights([weight], self._trainable)

    def extend(self, weights: Iterable[object]) -> None:
        """Several more."""
        self._layer.keep_weights(weights, self._trainable)

    def __add__(self, weights: Iterable[object]) -> list[object]:
        return [*self, *weights]

    __iadd__ = __add__

    def __iter__(self) -> Iterator[object]:
        return iter(list_own_weights(self._layer, self._trainable))


def _is_bias_flag(layer: LegacyLayer) -> bool:
    """To code of Keras 1 the `bias` of a built-in layer was whether there is one, and `b` the variable."""
    runtime = type(layer).legacy_runtime
    keras1_code = runtime.in_legacy_code and runtime.is_keras1
    return keras1_code and getattr(type(layer), "built_in", False) and "use_bias" in vars(layer)


def _read_weight_arguments(args: tuple[object, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    shape_first = bool(args) and isinstance(args[0], tuple | list)
    order = ("shape", "initializer", "name", "trainable", "regularizer", "constraint") if shape_first else (
        "name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint"
    )  # fmt: skip
    call = {**dict(zip(order, args, strict=False)), **kwargs}
    known = ("name", "shape", "initializer", "trainable", "regularizer", "constraint", "dtype")
    call = {key: call[key] for key in known if call.get(key) is not None}
    call["shape"] = to_plain_shape(tuple(call.get("shape", ())))
    if "name" in call:
        call["name"] = str(call["name"]).replace("/", "_")
    if "dtype" in call:
        call["dtype"] = getattr(call["dtype"], "name", call["dtype"])
    return call


def _adapt_initializer(runtime: LegacyRuntime, initializer: object) -> Any:
    """An initializer of legacy code: a name, an object, or a function of a shape that returned a variable."""
    if not inspect.isfunction(initializer) and not inspect.ismethod(initializer):
        return initializer
    takes = inspect.signature(initializer).parameters

    def make(shape: Iterable[int], dtype: str | None = None) -> object:
        kwargs = {"dtype": dtype} if "dtype" in takes else {}
        result = runtime.unwrap(initializer(tuple(shape), **kwargs))
        numbers = runtime.to_numpy(result) if runtime.is_tensor(result) else np.asarray(result)
        return runtime.keras.ops.convert_to_tensor(numbers, dtype=dtype)

    return make
