"""Methods of built-in layers as code of then calls them: by ``super().call(x, mask)``, or on a layer inside its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from ..document.model import Era
from .tensor import to_legacy_shape, to_plain_shape

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

_TENSORS = ("call", "compute_mask", "get_initial_state")
_SHAPES = ("build", "compute_output_shape")
# The arguments that the calls of recurrent layers took by place (keras/layers/recurrent.py 2.3.1, RNN.call); those of
# Keras 1 were all ``call(x, mask=None)``.
_RECURRENT = ("sequences", "mask", "training", "initial_state", "constants")


def bridges(runtime: LegacyRuntime, current: type) -> dict[str, Any]:
    """For each method that code of then may call, one that lets Keras run and gives its outcome back as an old one."""
    found = {name: _of_tensors(runtime, current, name) for name in _TENSORS if hasattr(current, name)}
    return {**found, **{name: _of_shapes(runtime, current, name) for name in _SHAPES if hasattr(current, name)}}


def _of_tensors(runtime: LegacyRuntime, current: type, name: str) -> Callable[..., Any]:
    method = getattr(current, name)
    recurrent = issubclass(current, runtime.keras.layers.RNN)

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not runtime.old:
            return method(self, *args, **kwargs)
        if name == "call":
            kwargs = _arguments(runtime, method, args, kwargs, recurrent)
            args = ()
        with runtime.outside():
            made = method(self, *runtime.unwrap(args), **runtime.unwrap(kwargs))
        return runtime.wrap(made)

    return call


def _of_shapes(runtime: LegacyRuntime, current: type, name: str) -> Callable[..., Any]:
    method = getattr(current, name)

    @wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not runtime.old:
            return method(self, *args, **kwargs)
        if not args and not kwargs:
            args = (None,)  # Wrapper.build() of Keras 1
        with runtime.outside():
            made = method(self, *(to_plain_shape(arg) for arg in args), **{k: to_plain_shape(v) for k, v in kwargs.items()})
        return to_legacy_shape(made)

    if not issubclass(current, runtime.keras.layers.RNN):
        return call

    def of_one_shape(self: Any, input_shape: Any) -> Any:
        """One shape, whatever a class that derives from it calls its first argument."""
        return call(self, input_shape)

    return of_one_shape


def _arguments(
    runtime: LegacyRuntime, method: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], recurrent: bool
) -> dict[str, Any]:
    """The arguments of a call by today's names; a mask that the method does not take acts around it."""
    takes = list(inspect.signature(method).parameters.values())[1:]
    names = [p.name for p in takes]
    first = names[0] if names else "inputs"
    order = names
    if runtime.context.era in (Era.KERAS0, Era.KERAS1):
        order = [first, "mask"]
    elif recurrent:
        order = [first, *_RECURRENT[1:]]
    given = {**dict(zip(order, args, strict=False)), **kwargs}
    given = {first if key in ("x", "inputs", "input") and key not in names else key: v for key, v in given.items()}
    if any(p.kind is p.VAR_KEYWORD for p in takes):
        return given
    return {key: value for key, value in given.items() if key in names or key not in ("mask", "constants", "training")}
