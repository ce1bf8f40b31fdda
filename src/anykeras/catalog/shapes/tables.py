"""Where the rules of shape inference are entered: one function an entry, found by the name of a layer or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, Union

from ...document.model import Layer
from .spec import Spec

Output = Union[Spec, Sequence["Output"], Mapping[str, "Output"]]  # noqa: UP007  (recursive)
Rule = Callable[..., Output]
Entered = TypeVar("Entered", bound=Rule)
# How a wrapper calls what it holds: layer, positional arguments, keyword arguments.
Apply = Callable[[Layer, Sequence[Any], Mapping[str, Any]], Any]

_layers: dict[str, Rule] = {}
_operations: dict[str, Rule] = {}
_wrappers: dict[str, Rule] = {}


def layer(*class_names: str) -> Callable[[Entered], Entered]:
    """Enter a rule for layers: ``rule(layer, *args, **kwargs)``, the call's arguments with specs for tensors."""

    def enter(rule: Entered) -> Entered:
        for name in class_names:
            _layers[name] = rule
        return rule

    return enter


def wrapper(*class_names: str) -> Callable[[Entered], Entered]:
    """Enter a rule for layers that hold layers: ``rule(apply, layer, *args, **kwargs)``.

    ``apply(inner, args, kwargs)`` is the outcome of calling a layer that it holds.
    """

    def enter(rule: Entered) -> Entered:
        for name in class_names:
            _wrappers[name] = rule
        return rule

    return enter


def operation(*functions: str) -> Callable[[Entered], Entered]:
    """Enter a rule for functions of ``keras.ops``, called with every parameter by name."""

    def enter(rule: Entered) -> Entered:
        for name in functions:
            _operations[name] = rule
        return rule

    return enter


def layer_rule(class_name: str) -> Rule | None:
    """The rule of a layer class, or None."""
    return _layers.get(class_name)


def wrapper_rule(class_name: str) -> Rule | None:
    """The rule of a layer class that holds layers, or None."""
    return _wrappers.get(class_name)


def operation_rule(function: str) -> Rule | None:
    """The rule of a function of ``keras.ops``, or None."""
    return _operations.get(function)


def option(layer: Layer, key: str, default: Any = None) -> Any:
    """An argument of the layer, or Keras 3's default where the document leaves it out."""
    return layer.config.get(key, default)
