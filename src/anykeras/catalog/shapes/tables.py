"""Where the rules of shape inference are entered: one function an entry, found by the name of a layer or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

from ...document.model import Layer
from .spec import Spec

Output = Union[Spec, Sequence["Output"], Mapping[str, "Output"]]  # noqa: UP007  (recursive)
LayerRule = Callable[..., Output]
OperationRule = Callable[..., Output]

_layers: dict[str, LayerRule] = {}
_operations: dict[str, OperationRule] = {}


def layer(*class_names: str) -> Callable[[LayerRule], LayerRule]:
    """Enter a rule for layers: ``rule(layer, *args, **kwargs)``, the call's arguments with specs for tensors."""

    def enter(rule: LayerRule) -> LayerRule:
        for name in class_names:
            _layers[name] = rule
        return rule

    return enter


def operation(*functions: str) -> Callable[[OperationRule], OperationRule]:
    """Enter a rule for functions of ``keras.ops``, called with every parameter by name."""

    def enter(rule: OperationRule) -> OperationRule:
        for name in functions:
            _operations[name] = rule
        return rule

    return enter


def layer_rule(class_name: str) -> LayerRule | None:
    """The rule of a layer class, or None."""
    return _layers.get(class_name)


def operation_rule(function: str) -> OperationRule | None:
    """The rule of a function of ``keras.ops``, or None."""
    return _operations.get(function)


def option(layer: Layer, key: str, default: Any = None) -> Any:
    """An argument of the layer, or Keras 3's default where the document leaves it out."""
    return layer.config.get(key, default)
