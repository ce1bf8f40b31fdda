"""Old initializers: functions of Keras 1 that made variables, and those of TensorFlow."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..texts import list_words
from .adapters import REDUCTIONS
from .runtime import LegacyRuntime
from .state import make_variable
from .tensor import mark_legacy


def _list_class_names(names: str) -> dict[str, str]:
    """The classes of Keras under names in snake case."""
    return {name: name.title().replace("_", "") for name in list_words(names)}


# keras/initializations.py 1.2.2; a function of the name takes a shape and makes a variable.
_KERAS1: Mapping[str, str] = {
    "uniform": "RandomUniform",
    "normal": "RandomNormal",
    "zero": "Zeros",
    "one": "Ones",
    **_list_class_names("identity orthogonal lecun_uniform glorot_normal glorot_uniform he_normal he_uniform"),
}
_TENSORFLOW: Mapping[str, str] = {
    **_list_class_names("random_uniform random_normal truncated_normal constant zeros ones orthogonal variance_scaling"),
    **_list_class_names("glorot_uniform glorot_normal"),
    "uniform_unit_scaling": "VarianceScaling",
    "contrib.layers.xavier": "GlorotUniform",
    "contrib.layers.variance_scaling": "VarianceScaling",
}
# keras/initializers.py 2.3.1: functions and aliases that make an initializer.
_ALIASES: Mapping[str, str] = {
    **_KERAS1,
    **{name: _TENSORFLOW[name] for name in ("truncated_normal", "constant", "zeros", "ones")},
}


def find(runtime: LegacyRuntime, name: str) -> object:
    """What makes starting values under that canonical name; None for any other name."""
    if name == "keras.losses.Reduction":
        return type("Reduction", (), dict(REDUCTIONS))
    if name == "tensorflow.custom_gradient":
        return partial(_custom_gradient, runtime)
    root, _, rest = name.partition(".")
    if root == "tensorflow":
        match = re.fullmatch(r"initializers\.(\w+)|([\w.]+?)_initializer(_conv2d)?", rest)
        class_name = _TENSORFLOW.get(match[1] or match[2]) if match else None
        return None if class_name is None else _make_factory(runtime, class_name)
    last = name.rpartition(".")[2]
    if name.startswith("keras.initializers.") and last in _ALIASES and not hasattr(runtime.keras.initializers, last):
        return _make_factory(runtime, _ALIASES[last])
    if not name.startswith("keras.initializations."):
        return None
    return partial(_find_initializer, runtime) if last == "get" else _make_function(runtime, last) if last in _KERAS1 else None


def _make_factory(runtime: LegacyRuntime, class_name: str) -> Callable[..., object]:
    current = getattr(runtime.keras.initializers, class_name)

    def make(*args: object, **kwargs: object) -> object:
        """An initializer with the arguments that there still are: the numbers of a file replace what it makes."""
        takes = inspect.signature(current.__init__).parameters
        return current(*args[: len(takes) - 1], **{key: value for key, value in kwargs.items() if key in takes})

    return make


def _make_function(runtime: LegacyRuntime, name: str) -> Callable[..., object]:
    def make(shape: Iterable[Any], scale: object = None, name: object = None, **_: object) -> object:
        current = getattr(runtime.keras.initializers, _KERAS1[label])
        with runtime.keras_code():
            value = current()(tuple(int(size) for size in shape))
        return make_variable(runtime, value, None, name)

    label, make.__name__ = name, name
    return mark_legacy(make)


def _find_initializer(runtime: LegacyRuntime, identifier: object, **_: object) -> object:
    """``initializations.get``: the function of a name; any other value itself."""
    if isinstance(identifier, str):
        if identifier not in _KERAS1:
            raise ValueError(f"Invalid initialization: {identifier}")
        return _make_function(runtime, identifier)
    return identifier


def _custom_gradient(runtime: LegacyRuntime, function: Callable[..., object]) -> Callable[..., object]:
    """``tf.custom_gradient``: the function gives its outcome and how gradients pass."""
    return runtime.for_legacy(runtime.keras.ops.custom_gradient(runtime.for_keras(function)))
