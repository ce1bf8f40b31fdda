"""Initializers of then: functions of Keras 1 that made variables, and those of TensorFlow."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .state import make_variable
from .training import REDUCTIONS

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

# keras/initializations.py 1.2.2; a function of the name takes a shape and makes a variable.
_KERAS1: Mapping[str, str] = {
    "uniform": "RandomUniform",
    "normal": "RandomNormal",
    "zero": "Zeros",
    "one": "Ones",
    "identity": "Identity",
    "orthogonal": "Orthogonal",
    "lecun_uniform": "LecunUniform",
    "glorot_normal": "GlorotNormal",
    "glorot_uniform": "GlorotUniform",
    "he_normal": "HeNormal",
    "he_uniform": "HeUniform",
}
_TENSORFLOW: Mapping[str, str] = {
    "random_uniform_initializer": "RandomUniform",
    "random_normal_initializer": "RandomNormal",
    "truncated_normal_initializer": "TruncatedNormal",
    "constant_initializer": "Constant",
    "zeros_initializer": "Zeros",
    "ones_initializer": "Ones",
    "glorot_uniform_initializer": "GlorotUniform",
    "glorot_normal_initializer": "GlorotNormal",
    "orthogonal_initializer": "Orthogonal",
    "variance_scaling_initializer": "VarianceScaling",
    "uniform_unit_scaling_initializer": "VarianceScaling",
    "contrib.layers.xavier_initializer": "GlorotUniform",
    "contrib.layers.xavier_initializer_conv2d": "GlorotUniform",
    "contrib.layers.variance_scaling_initializer": "VarianceScaling",
}


def find(runtime: LegacyRuntime, name: str) -> Any:
    """What makes starting values under that canonical name; None for any other name."""
    if name == "keras.losses.Reduction":
        return type("Reduction", (), dict(REDUCTIONS))
    if name == "tensorflow.custom_gradient":
        return partial(_custom_gradient, runtime)
    root, _, rest = name.partition(".")
    if root == "tensorflow":
        rest = rest.removeprefix("initializers.") + ("_initializer" if rest.startswith("initializers.") else "")
        return _class(runtime, _TENSORFLOW[rest]) if rest in _TENSORFLOW else None
    if not name.startswith("keras.initializations."):
        return None
    last = name.rpartition(".")[2]
    return partial(_get, runtime) if last == "get" else _function(runtime, last) if last in _KERAS1 else None


def _class(runtime: LegacyRuntime, class_name: str) -> Callable[..., Any]:
    current = getattr(runtime.keras.initializers, class_name)

    def make(*args: Any, **kwargs: Any) -> Any:
        """An initializer with the arguments that there still are: the numbers of a file replace what it makes."""
        takes = inspect.signature(current.__init__).parameters
        return current(*args[: len(takes) - 1], **{key: value for key, value in kwargs.items() if key in takes})

    return make


def _function(runtime: LegacyRuntime, name: str) -> Callable[..., Any]:
    def make(shape: Any, scale: Any = None, name: Any = None, **_: Any) -> Any:
        current = getattr(runtime.keras.initializers, _KERAS1[label])
        with runtime.outside():
            value = current()(tuple(int(size) for size in shape))
        return make_variable(runtime, value, None, name)

    label, make.__name__ = name, name
    make.is_legacy = True  # type: ignore[attr-defined]
    return make


def _get(runtime: LegacyRuntime, identifier: Any, **_: Any) -> Any:
    """``initializations.get``: the function of a name, or what it is given."""
    if isinstance(identifier, str):
        if identifier not in _KERAS1:
            raise ValueError(f"Invalid initialization: {identifier}")
        return _function(runtime, identifier)
    return identifier


def _custom_gradient(runtime: LegacyRuntime, function: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.custom_gradient``: the function gives its outcome and how gradients pass."""
    made = runtime.keras.ops.custom_gradient(runtime.outwards(function))
    return runtime.inwards(made)
