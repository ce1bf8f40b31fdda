"""A function from custom_objects, traced through Keras into native operations.

The user trusts it by passing it; it runs once, on symbolic tensors, and leaves a graph and no code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from ..document.model import Layer
from ..errors import AnyKerasError, Unsupported
from ..lazily import np
from ..recovery.functions import is_module
from ..recovery.functions.table import canonical
from ..recovery.graph_ops import GraphOps, Symbol, flat_symbols
from ..recovery.held import Module
from .trace import to_document

Traced = Callable[..., Any]


def trace_function(name: str, function: Callable[..., Any]) -> Traced:
    """`function` as recovery calls functions: ``call(ops, *args, **kwargs)``."""

    def call(ops: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(ops, GraphOps):
            return function(*args, **kwargs)
        symbols = list({symbol.ref: symbol for symbol in flat_symbols([args, kwargs])}.values())
        if not symbols:
            return function(*args, **kwargs)
        return ops.embed(_trace_to_model(name, function, symbols, args, kwargs), _one_or_all(symbols))

    return call


def objects_for_code(objects: object) -> dict[str, Any]:
    """What stored code may use of custom objects: functions, each as the tables call it, and constants.

    A module gives the functions and constants that it defines itself, as ``module.name``.
    """
    if not isinstance(objects, Mapping):
        return {}
    found: dict[str, Any] = {}
    for name, value in objects.items():
        if isinstance(value, ModuleType) and is_module(value.__name__):
            found[name] = Module(canonical(value.__name__))
        elif isinstance(value, ModuleType):
            own = {f"{name}.{key}": held for key, held in vars(value).items() if _is_own(value, key, held)}
            found |= objects_for_code(own)
        elif isinstance(value, FunctionType | BuiltinFunctionType | partial):
            found[name] = trace_function(name, value)
        elif _is_constant(value):
            found[name] = value
    return found


def _is_own(module: ModuleType, name: str, value: object) -> bool:
    public = not name.startswith("_")
    return public and (_is_constant(value) or getattr(value, "__module__", None) == module.__name__)


def _is_constant(value: object) -> bool:
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(_is_constant(item) for item in value)
    return isinstance(value, bool | int | float | str | np.ndarray | np.generic)


def _one_or_all(symbols: list[Symbol]) -> Any:
    return symbols[0] if len(symbols) == 1 else symbols


def _trace_to_model(
    name: str, function: Callable[..., Any], symbols: list[Symbol], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Layer:
    import keras

    inputs = {s.ref: keras.Input(batch_shape=s.spec.shape, dtype=s.spec.dtype) for s in symbols}

    def put(value: Any) -> Any:
        if isinstance(value, Symbol):
            return inputs[value.ref]
        if isinstance(value, tuple | list):
            return type(value)(put(item) for item in value)
        if isinstance(value, dict):
            return {key: put(item) for key, item in value.items()}
        return value

    try:
        outputs = function(*put(args), **put(kwargs))
        model = keras.Model(list(inputs.values()) if len(inputs) > 1 else inputs[symbols[0].ref], outputs, name=name)
        document = to_document(model, f"custom_objects[{name!r}]")
    except AnyKerasError:
        raise
    except Exception as error:  # whatever the user's function raises is theirs to read
        raise Unsupported(
            "AK5001",
            f"custom_objects[{name!r}] does not run on symbolic tensors: {type(error).__name__}: {error}",
            key=name,
            next_step="Write it with keras.ops, or with anykeras.compat for an old keras.backend.",
        ) from error
    if model.weights:
        raise Unsupported("AK5002", f"custom_objects[{name!r}] makes weights, which the file cannot fill", key=name)
    return document
