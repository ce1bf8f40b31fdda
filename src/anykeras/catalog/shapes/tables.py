"""Where the rules of shape inference are entered: one function an entry, found by the name of a layer or a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ...document.model import Layer
from ...registry import Registry
from .spec import Argument, Spec, spec_of

Output = Spec | Sequence["Output"] | Mapping[str, "Output"]
Rule = Callable[..., Output]
Entered = TypeVar("Entered", bound=Rule)
# How a wrapper calls what it holds: layer, positional arguments, keyword arguments.
Apply = Callable[[Layer, Sequence[Argument], Mapping[str, Argument]], Output]

CO_VARARGS, CO_VARKEYWORDS = 4, 8  # flags of a code object, as `inspect` has them

_layers: Registry[str, Rule] = Registry("shape rule of the layer", __package__)
_operations: Registry[str, Rule] = Registry("shape rule of the operation", __package__)
_tensors: dict[str, tuple[Mapping[str, str], str | None]] = {}
_wrappers: Registry[str, Rule] = Registry("shape rule of the wrapper", __package__)


def layer(*class_names: str) -> Callable[[Entered], Entered]:
    """Enter a rule for layers: ``rule(layer, *args, **kwargs)``, the call's arguments with specs for tensors."""

    def enter(rule: Entered) -> Entered:
        for name in class_names:
            _layers.add(name, rule)
        return rule

    return enter


def wrapper(*class_names: str) -> Callable[[Entered], Entered]:
    """Enter a rule for layers that hold layers: ``rule(apply, layer, *args, **kwargs)``.

    ``apply(inner, args, kwargs)`` is the outcome of calling a layer that it holds.
    """

    def enter(rule: Entered) -> Entered:
        for name in class_names:
            _wrappers.add(name, rule)
        return rule

    return enter


def operation(*functions: str) -> Callable[[Entered], Entered]:
    """Enter a rule for functions of ``keras.ops``, called with every parameter by name.

    A parameter annotated as a Spec, or as a sequence of them, is one wherever a constant stands for a tensor.
    """

    def enter(rule: Entered) -> Entered:
        tensors = {name: kind for name, kind in rule.__annotations__.items() if name != "return" and "Spec" in kind}
        rest = _rest_of(rule)

        def convert_first(**arguments: Argument) -> Output:
            kinds = {name: tensors.get(name, tensors.get(rest or "")) for name in arguments}
            return rule(**{name: _tensor(value, kinds[name]) for name, value in arguments.items()})

        for name in functions:
            _operations.add(name, convert_first)
            _tensors[name] = (tensors, rest)
        return rule

    return enter


def _rest_of(rule: Rule) -> str | None:
    """The name of the parameter that takes all other keywords (``**kwargs``), or None."""
    code = rule.__code__
    named = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
    return code.co_varnames[named] if code.co_flags & CO_VARKEYWORDS else None


def _tensor(value: Argument, kind: str | None) -> Argument:
    """An argument as the annotation of its parameter says."""
    if kind is None or (value is None and kind.endswith("None")):
        return value
    if kind.startswith("Sequence"):
        return tuple(spec_of(item) for item in value) if isinstance(value, Sequence) else value
    return spec_of(value)


def takes_several_tensors(function: str, parameter: str) -> bool | None:
    """Whether a parameter of a function of ``keras.ops`` is several tensors, or one; None for what is no tensor."""
    kinds, rest = _tensors.get(function, ({}, None)) if function in _operations else ({}, None)
    kind = kinds.get(parameter, kinds.get(rest or ""))
    return None if kind is None else kind.startswith("Sequence")


def find_layer_rule(class_name: str) -> Rule | None:
    """The rule of a layer class, or None."""
    return _layers.get(class_name)


def find_wrapper_rule(class_name: str) -> Rule | None:
    """The rule of a layer class that holds layers, or None."""
    return _wrappers.get(class_name)


def operation_rule(function: str) -> Rule | None:
    """The rule of a function of ``keras.ops``, or None."""
    return _operations.get(function)


def option(layer: Layer, key: str, default: object = None) -> Any:
    """An argument of the layer, or Keras 3's default where the document leaves it out."""
    return layer.config.get(key, default)
