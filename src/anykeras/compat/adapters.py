"""Between legacy code and Keras: methods in both directions, objects that both share, losses, metrics and schedules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import FunctionType
from typing import Any, ClassVar

from ..document.model import Era
from ..keras_private import training_of_call
from .runtime import LegacyRuntime
from .tensor import LegacyTensor, holds_legacy, mark_legacy, to_legacy_shape, to_plain_shape

Method = Callable[..., Any]

_TENSORS = ("call", "compute_mask", "get_initial_state")
_SHAPES = ("build", "compute_output_shape")
# The arguments that the calls of recurrent layers took by place (keras/layers/recurrent.py 2.3.1, RNN.call); those of
# Keras 1 were all ``call(x, mask=None)``.
_RECURRENT = ("mask", "training", "initial_state", "constants")


def adapt_methods(runtime: LegacyRuntime, current: type) -> dict[str, Method]:
    """The methods of a built-in layer that legacy code may call, by name: Keras runs, and gives legacy values back."""
    found = call_through(runtime, current, _TENSORS[1:])
    if hasattr(current, "call"):
        found["call"] = _adapt_call(runtime, current)
    return {**found, **{name: _adapt_shapes(runtime, current, name) for name in _SHAPES if hasattr(current, name)}}


def call_through(runtime: LegacyRuntime, current: type, names: Iterable[str]) -> dict[str, Method]:
    """Methods of a class of Keras, by name: they take and give legacy values where legacy code calls them."""
    return {name: _call_through(runtime, getattr(current, name)) for name in names if hasattr(current, name)}


def _call_through(runtime: LegacyRuntime, method: Method) -> Method:
    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        if runtime.in_legacy_code:
            return runtime.call_keras(method, self, *args, **kwargs)
        return method(self, *args, **kwargs)

    return call


def _adapt_call(runtime: LegacyRuntime, current: type) -> Method:
    method: Method = current.call  # type: ignore[attr-defined]  # of a class that has it
    recurrent = issubclass(current, runtime.keras.layers.RNN)

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        if not runtime.in_legacy_code:
            return method(self, *args, **kwargs)
        return runtime.call_keras(method, self, **_name_arguments(runtime, method, args, kwargs, recurrent))

    return call


def _adapt_shapes(runtime: LegacyRuntime, current: type, name: str) -> Method:
    method: Method = getattr(current, name)

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        if not runtime.in_legacy_code:
            return method(self, *args, **kwargs)
        if not args and not kwargs:
            args = (None,)  # Wrapper.build() of Keras 1
        plain = {key: to_plain_shape(value) for key, value in kwargs.items()}
        with runtime.keras_code():
            return to_legacy_shape(method(self, *(to_plain_shape(arg) for arg in args), **plain))

    if not issubclass(current, runtime.keras.layers.RNN):
        return call

    def call_on_one(self: object, input_shape: object) -> object:
        """One shape, whatever a class that derives from it calls its first argument."""
        return call(self, input_shape)

    return call_on_one


def _name_arguments(
    runtime: LegacyRuntime, method: Method, args: tuple[object, ...], kwargs: Mapping[str, object], recurrent: bool
) -> dict[str, object]:
    """The arguments of a call by today's names; a mask that the method does not take acts around it."""
    takes = list(inspect.signature(method).parameters.values())[1:]
    names = [p.name for p in takes]
    first = names[0] if names else "inputs"
    order = names
    if runtime.is_keras1:
        order = [first, "mask"]
    elif recurrent:
        order = [first, *_RECURRENT]
    call = {**dict(zip(order, args, strict=False)), **kwargs}
    call = {first if key in ("x", "inputs", "input") and key not in names else key: v for key, v in call.items()}
    if any(p.kind is p.VAR_KEYWORD for p in takes):
        return call
    return {key: value for key, value in call.items() if key in names or key not in ("mask", "constants", "training")}


def adapt_tensor_method(runtime: LegacyRuntime, method: Method) -> Method:
    """A method of legacy code that Keras calls on tensors: it takes legacy ones, and what it returns is unwrapped."""
    signature = inspect.signature(method)
    training_place = _place_of_training(signature)
    optional = _make_optional(signature) if training_place else signature
    lacking = {
        name: place - 1  # Keras does not hand on what is None
        for place, (name, parameter) in enumerate(signature.parameters.items())
        if parameter.default is not optional.parameters[name].default and name != "training"
    }

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        if training_place and "training" not in kwargs and len(args) <= training_place:
            kwargs["training"] = bool(_read_training(self, kwargs))
        kwargs |= {name: None for name, place in lacking.items() if name not in kwargs and place >= len(args)}
        if holds_legacy(args) or holds_legacy(kwargs):
            return method(self, *args, **kwargs)
        with runtime.enter_call(_read_training(self, kwargs)):
            result = method(self, *runtime.wrap(args), **runtime.wrap(kwargs))
        return runtime.unwrap(result)

    call.__signature__ = optional  # type: ignore[attr-defined]
    return mark_legacy(call)


def adapt_shape_method(runtime: LegacyRuntime, method: Method) -> Method:
    """``build`` or ``compute_output_shape`` of legacy code: shapes in, and for the latter a shape out."""

    @wraps(method)
    def call(self: object, *args: object, **kwargs: object) -> object:
        legacy = {key: _as_shapes(runtime, value) for key, value in kwargs.items()}
        with runtime.legacy_code():
            return to_plain_shape(method(self, *(_as_shapes(runtime, arg) for arg in args), **legacy))

    return mark_legacy(call)


def _as_shapes(runtime: LegacyRuntime, value: object) -> Any:
    """Shapes for legacy code. In a list they were tuples before tf.keras, and code asks for that very type."""
    found = to_legacy_shape(value)
    if isinstance(found, list) and runtime.context.era is not Era.TF2:
        return [tuple(item) if isinstance(item, tuple) else item for item in found]
    return found


def _place_of_training(signature: inspect.Signature) -> int:
    """Where a ``training`` stands that has no default, counted without `self`; 0 for none. tf.keras always gave it."""
    for i, parameter in enumerate(list(signature.parameters.values())[1:]):
        if parameter.name == "training" and parameter.default is parameter.empty:
            return i
    return 0


def _make_optional(signature: inspect.Signature) -> inspect.Signature:
    """The signature with a default for ``training`` and ``mask``, and for what stands behind them."""
    found: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        behind = bool(found) and found[-1].default is not parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        lacks = parameter.default is parameter.empty and (behind or parameter.name in ("training", "mask"))
        found.append(parameter.replace(default=None) if lacks else parameter)
    return signature.replace(parameters=found)


def _read_training(layer: object, kwargs: Mapping[str, object]) -> bool | None:
    """Whether the layer is called in training, by its arguments or by the call of the layers around it."""
    training = kwargs.get("training")
    if training is None:
        return training_of_call(layer)
    return training if isinstance(training, bool) else None


# Objects that legacy code and Keras share: each sees tensors, functions and layers in its own form.


class LegacyProxy:
    """Mixed into a class of the running Keras; `legacy_runtime` is that of the code which derives from it.

    To legacy code, variables, tensors and functions of Keras that are attributes are legacy ones; to Keras they are
    its own.
    """

    legacy_runtime: ClassVar[LegacyRuntime]

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return found if name.startswith("__") or name == "legacy_runtime" else type(self).present(found)

    @classmethod
    def present(cls, found: object) -> Any:
        """An attribute as the running code sees it."""
        if found is None or isinstance(found, bool | int | str):
            return found
        runtime = cls.legacy_runtime
        if not runtime.in_legacy_code:
            return found.raw if isinstance(found, LegacyTensor) else found
        if isinstance(found, FunctionType):
            return runtime.for_legacy(found) if found.__module__.startswith("keras.") else found
        if isinstance(found, runtime.keras.layers.Layer):
            return as_legacy(runtime, found)
        return runtime.wrap(found) if runtime.is_tensor(found) else found


class LegacyModel(LegacyProxy):
    """Mixed into a live model that legacy code calls."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        runtime, call = type(self).legacy_runtime, super().__call__  # type: ignore[misc]
        return runtime.call_keras(call, *args, **kwargs) if runtime.in_legacy_code else call(*args, **kwargs)


def as_legacy(runtime: LegacyRuntime, layer: Any) -> Any:
    """A live layer of the running Keras as legacy code calls it; any other object itself."""
    if isinstance(layer, LegacyProxy) or not isinstance(layer, runtime.keras.layers.Layer):
        return layer
    if isinstance(layer, runtime.keras.Model):
        current = type(layer)
        body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__}
        object.__setattr__(layer, "__class__", type(current.__name__, (LegacyModel, current), body))
        return layer
    build = layer.build  # Keras binds it to the object when it is made

    @wraps(build)
    def build_from_plain(*args: object, **kwargs: object) -> object:
        plain = {key: to_plain_shape(value) for key, value in kwargs.items()}
        with runtime.keras_code():
            return build(*(to_plain_shape(arg) for arg in args), **plain)

    object.__setattr__(layer, "__class__", runtime.adapt(type(layer)))
    object.__setattr__(layer, "build", build_from_plain)
    return layer


# Losses, metrics and schedules that legacy code derives from.


_CALLED = ("call", "__call__", "update_state", "result", "reset_state", "reset_states")
# What tf.keras 2.0 to 2.15 called the ways to reduce a loss (losses_utils.py, ReductionV2).
REDUCTIONS = {
    "AUTO": "sum_over_batch_size",
    "NONE": "none",
    "SUM": "sum",
    "SUM_OVER_BATCH_SIZE": "sum_over_batch_size",
    "SUM_OVER_NONZERO_WEIGHTS": "sum_over_batch_size",
}


class LegacyTrainingObject(LegacyProxy):
    """Mixed into a loss, metric or schedule of the running Keras."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "legacy_runtime" in vars(cls):
            return
        if "reset_states" in vars(cls) and "reset_state" not in vars(cls):
            cls.reset_state = vars(cls)["reset_states"]  # type: ignore[attr-defined]
        for name in _CALLED:
            method = vars(cls).get(name)
            if inspect.isfunction(method) and not getattr(method, "is_legacy", False):
                setattr(cls, name, adapt_tensor_method(cls.legacy_runtime, method))

    def __init__(self, *args: object, **kwargs: object) -> None:
        reduction = kwargs.get("reduction")
        if isinstance(reduction, str):
            kwargs["reduction"] = REDUCTIONS.get(reduction.upper(), reduction)
        super().__init__(*args, **kwargs)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value.raw if isinstance(value, LegacyTensor) else value)

    def add_weight(self, *args: object, **kwargs: Any) -> Any:
        """``add_weight(name, shape, ..., initializer)`` of tf.keras' metrics; ``add_variable`` of today's."""
        order = ("shape", "initializer") if args and not isinstance(args[0], str) else ("name", "shape")
        call = {**dict(zip(order, args, strict=False)), **kwargs}
        known = ("name", "shape", "initializer", "dtype")
        weight = {key: value for key, value in call.items() if key in known and value is not None}
        weight["shape"] = to_plain_shape(tuple(weight.get("shape", ())))
        return super().add_variable(**{"initializer": "zeros", **weight})  # type: ignore[misc]


def adapt_training_class(runtime: LegacyRuntime, current: type) -> type:
    """A loss, metric or schedule class of the running Keras for legacy code."""
    methods = call_through(runtime, current, [name for name in _CALLED if name != "__call__"])
    body = {"legacy_runtime": runtime, "__module__": current.__module__, "__doc__": current.__doc__, **methods}
    return type(current.__name__, (LegacyTrainingObject, current), body)
