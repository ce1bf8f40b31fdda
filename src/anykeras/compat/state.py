"""Functions of the old backends that make or change variables, or the setting of the running program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import Any

import numpy as np

from ..registry import Registry
from ..texts import list_words
from .runtime import LegacyRuntime
from .tensor import mark_legacy

Function = Callable[..., Any]
_table: Registry[str, Function] = Registry("function that keeps state")
_numbers = count(1)


def register(*names: str) -> Callable[[Function], Function]:
    """Register a function whose first argument is the runtime."""
    return _table.register(*names)


def find(runtime: LegacyRuntime, name: str) -> object:
    """The function of that canonical name, None where it keeps no state."""
    run = _table.get(name)
    if run is None:
        return None

    def call(*args: object, **kwargs: object) -> object:
        return run(runtime, *args, **kwargs)

    call.__name__ = name.rpartition(".")[2]
    return mark_legacy(call)


def make_variable(
    runtime: LegacyRuntime, value: object, dtype: object = None, name: object = None, trainable: bool = True
) -> object:
    """A variable of the running Keras that starts with `value`."""
    array = get_value(runtime, value)
    kind = str(dtype or (runtime.context.floatx if array.dtype.kind == "f" else array.dtype))
    kind = kind.replace("<dtype: ", "").strip("'>")
    label = str(name or f"variable_{next(_numbers)}").replace("/", "_").split(":")[0]
    return runtime.wrap(runtime.keras.Variable(np.asarray(array, kind), dtype=kind, trainable=trainable, name=label))


@register("keras.backend.variable", "tensorflow.Variable", "theano.shared", "tensorflow.python.ops.variables.Variable")
def variable(
    runtime: LegacyRuntime, value: object = None, dtype: object = None, name: object = None, *args: object, **kwargs: object
) -> object:
    """``K.variable(value, dtype, name)``; inside a call it is the value itself, as nothing would keep it."""
    value = kwargs.get("initial_value", value)
    if runtime.call_depth:
        return runtime.wrap(runtime.keras.ops.convert_to_tensor(runtime.unwrap(value), dtype=dtype))
    return make_variable(runtime, value, dtype, name, bool(kwargs.get("trainable", True)))


def _register_filled(name: str, fill: float) -> None:
    @register(f"keras.backend.{name}")
    def run(runtime: LegacyRuntime, shape: Iterable[Any], dtype: Any = None, name: object = None) -> object:
        """``K.zeros(shape)`` and ``K.ones(shape)`` made variables in Keras 1 and 2."""
        if runtime.call_depth:
            return runtime.wrap(runtime.ops.op("full", runtime.unwrap(shape), fill, dtype=dtype))
        sizes = tuple(int(size) for size in shape)
        return make_variable(runtime, np.full(sizes, fill, dtype or runtime.context.floatx), dtype, name)


_register_filled("zeros", 0.0)
_register_filled("ones", 1.0)


@register("keras.backend.random_uniform_variable")
def random_uniform_variable(
    runtime: LegacyRuntime, shape: Any, low: float, high: float, dtype: Any = None, name: object = None, seed: Any = None
) -> object:
    """A variable that starts with uniform noise."""
    drawn = np.random.default_rng(seed).uniform(low, high, tuple(shape))
    return make_variable(runtime, drawn.astype(dtype or runtime.context.floatx), dtype, name)


@register("keras.backend.random_normal_variable")
def random_normal_variable(
    runtime: LegacyRuntime, shape: Any, mean: float, scale: float, dtype: Any = None, name: object = None, seed: Any = None
) -> object:
    """A variable that starts with normal noise."""
    drawn = np.random.default_rng(seed).normal(mean, scale, tuple(shape))
    return make_variable(runtime, drawn.astype(dtype or runtime.context.floatx), dtype, name)


@register("keras.backend.get_value", "keras.backend.eval")
def get_value(runtime: LegacyRuntime, x: object) -> Any:
    """The numbers of a variable or tensor."""
    raw = runtime.unwrap(x)
    return runtime.to_numpy(raw) if runtime.is_tensor(raw) else np.asarray(raw)


@register("keras.backend.batch_get_value")
def batch_get_value(runtime: LegacyRuntime, xs: Iterable[object]) -> list[object]:
    """The numbers of several variables."""
    return [get_value(runtime, x) for x in xs]


@register("keras.backend.set_value")
def set_value(runtime: LegacyRuntime, x: object, value: object) -> None:
    """Give a variable other numbers."""
    runtime.unwrap(x).assign(runtime.unwrap(value))


@register("keras.backend.batch_set_value")
def batch_set_value(runtime: LegacyRuntime, tuples: Iterable[tuple[object, object]]) -> None:
    """Give several variables other numbers."""
    for x, value in tuples:
        set_value(runtime, x, value)


# The next value of a variable: an update is (variable, its next value), carried out where a layer adds it in training.
_UPDATES: Mapping[str, Callable[..., object]] = {
    "update": lambda x, new_x: new_x,
    "update_add": lambda x, increment: x + increment,
    "update_sub": lambda x, decrement: x - decrement,
    "moving_average_update": lambda x, value, momentum: x * momentum + value * (1.0 - momentum),
}


def _register_update(name: str, compute: Callable[..., object]) -> None:
    @register(f"keras.backend.{name}")
    def run(runtime: LegacyRuntime, x: object, *args: object, **kwargs: object) -> tuple[object, object]:
        return (x, compute(x, *args, **kwargs))


for _name, _compute in _UPDATES.items():
    _register_update(_name, _compute)


@register("keras.backend.placeholder")
def make_placeholder(
    runtime: LegacyRuntime,
    shape: Iterable[int | None] | None = None,
    ndim: int | None = None,
    dtype: object = None,
    sparse: bool = False,
    name: object = None,
) -> object:
    """A symbolic tensor."""
    sizes = tuple(shape) if shape is not None else (None,) * int(ndim or 1)
    return runtime.wrap(runtime.keras.Input(batch_shape=sizes, dtype=dtype or runtime.context.floatx))


@register("keras.backend.learning_phase")
def get_learning_phase(runtime: LegacyRuntime) -> int:
    """1 in training, else 0."""
    return int(runtime.context.training)


@register("keras.backend.name_scope", "tensorflow.name_scope", "tensorflow.variable_scope", "tensorflow.device")
def open_name_scope(runtime: LegacyRuntime, *args: object, **kwargs: object) -> AbstractContextManager[str]:
    """A block that only named things."""
    return nullcontext(str(args[0]) if args else "")


@register("keras.backend.clear_session")
def clear_session(runtime: LegacyRuntime) -> None:
    """Forget the names given so far."""
    runtime.keras.utils.clear_session()


@register("keras.backend.is_keras_tensor", "keras.backend.is_variable_tensor")
def is_keras_tensor(runtime: LegacyRuntime, x: object) -> bool:
    """Whether a value is a symbolic tensor of Keras."""
    return isinstance(runtime.unwrap(x), runtime.keras.KerasTensor)


@register("keras.backend.count_params")
def count_params(runtime: LegacyRuntime, x: object) -> int:
    """The number of elements."""
    return int(np.prod([int(size) for size in runtime.unwrap(x).shape]))


@register("tensorflow.print", "tensorflow.enable_eager_execution", "tensorflow.disable_v2_behavior")
@register("keras.backend.set_floatx", "keras.backend.set_epsilon", "keras.backend.set_image_dim_ordering")
@register("keras.backend.set_image_data_format", "keras.backend.set_learning_phase", "tensorflow.set_random_seed")
def ignore_setting(runtime: LegacyRuntime, *args: object, **kwargs: object) -> None:
    """A setting of the old program, which does not reach this one."""


@register(
    *(f"keras.{home}.register_keras_serializable" for home in ("utils", "saving", "utils.generic_utils")),
)
def register_keras_serializable(
    runtime: LegacyRuntime, package: str = "Custom", name: str | None = None
) -> Callable[[Any], object]:
    """Registration in this runtime alone."""

    def add(value: Any) -> object:
        runtime.registered[f"{package}>{name or value.__name__}"] = value
        return value

    return add


@register("keras.utils.get_custom_objects", "keras.utils.generic_utils.get_custom_objects")
def get_custom_objects(runtime: LegacyRuntime) -> dict[str, object]:
    """The objects registered in this runtime."""
    return runtime.registered


@register("keras.activations.get", "keras.activations.deserialize")
def activation(runtime: LegacyRuntime, identifier: object = None, *args: object, **kwargs: object) -> object:
    """The function of a name, under that name; a function itself. None is the identity."""
    if identifier is None or isinstance(identifier, str):
        return runtime.find(f"keras.activations.{identifier or 'linear'}")
    return identifier


@register("keras.activations.serialize")
def activation_name(runtime: LegacyRuntime, function: object) -> object:
    """The name of a function."""
    return getattr(function, "__name__", function)


_INTERFACES = list_words(
    """dense dropout embedding recurrent gaussiannoise gaussiandropout prelu zeropadding1d zeropadding2d zeropadding3d
    cropping2d cropping3d conv1d conv2d conv3d conv2d_transpose deconv2d separable_conv2d pooling1d pooling2d pooling3d
    global_pooling upsampling1d upsampling2d upsampling3d batchnorm convlstm2d lambda input add_weight get_updates
    model_constructor fit evaluate predict generator_methods"""
)


@register(
    *(f"keras.legacy.interfaces.legacy_{name}_support" for name in _INTERFACES),
    "keras.utils.tf_utils.shape_type_conversion",
    "tensorflow.python.keras.utils.tf_utils.shape_type_conversion",
    "keras.utils.generic_utils.default",
    "tensorflow.contrib.framework.add_arg_scope",
)
def decorate(runtime: LegacyRuntime, function: object) -> object:
    """A decorator that renamed arguments or checked them: constructors and shapes here take both forms."""
    return function


@register("keras.legacy.interfaces.generate_legacy_interface")
def legacy_interface(runtime: LegacyRuntime, *args: object, **kwargs: object) -> Callable[[object], object]:
    """The decorator that renamed arguments, which constructors here do themselves."""
    return lambda function: function


@register("keras.utils.conv_utils.normalize_data_format", "keras.backend.normalize_data_format")
def normalize_data_format(runtime: LegacyRuntime, value: object = None) -> str:
    """``channels_first`` or ``channels_last``."""
    return str(value).lower() if value else runtime.context.data_format


@register("keras.utils.conv_utils.normalize_tuple")
def normalize_tuple(runtime: LegacyRuntime, value: int | Iterable[int], n: int, name: str = "") -> tuple[int, ...]:
    """A number for each of `n` dimensions."""
    return (value,) * n if isinstance(value, int) else tuple(value)


@register("keras.utils.conv_utils.conv_output_length", "keras.layers.convolutional.conv_output_length")
def conv_output_length(
    runtime: LegacyRuntime, input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """How long the output of a convolution is."""
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation
    grown = {"same": 0, "causal": 0, "valid": -reach}.get(padding, reach)
    return (input_length + grown + stride - 1) // stride
