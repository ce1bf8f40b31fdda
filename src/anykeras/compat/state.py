"""Functions of the old backends that make or change variables, or the setting of the running program."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from ..recovery.functions.base import words

if TYPE_CHECKING:
    from .runtime import LegacyRuntime

Made = Callable[["LegacyRuntime"], Any]
_table: dict[str, Made] = {}
_numbers = count(1)


def _enter(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function whose first argument is the runtime."""

    def add(run: Callable[..., Any]) -> Callable[..., Any]:
        def bound(runtime: LegacyRuntime) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                return run(runtime, *args, **kwargs)

            call.__name__, call.is_legacy = run.__name__, True  # type: ignore[attr-defined]
            return call

        for name in names:
            _table[name] = bound
        return run

    return add


def find(runtime: LegacyRuntime, name: str) -> Any:
    """The function of that canonical name, None where it keeps no state."""
    made = _table.get(name)
    return None if made is None else made(runtime)


def variable_attribute(runtime: LegacyRuntime, raw: Any, name: str) -> Any:
    """Methods and attributes that only variables had; None for any other."""
    if not isinstance(raw, runtime.keras.Variable):
        return None
    if name in ("assign", "set_value"):
        return lambda value, *args, **kwargs: raw.assign(runtime.unwrap(value))
    if name == "assign_add":
        return lambda value, *args, **kwargs: raw.assign(raw + runtime.unwrap(value))
    if name in ("get_value", "numpy", "eval"):
        return lambda *args, **kwargs: runtime.numbers(raw)
    if name in ("value", "read_value", "initialized_value"):
        return lambda *args, **kwargs: runtime.wrap(raw)
    return getattr(raw, name, None) if name in ("name", "trainable", "constraint", "regularizer", "path") else None


def make_variable(
    runtime: LegacyRuntime, value: Any, dtype: Any = None, name: str | None = None, trainable: bool = True
) -> Any:
    """A variable of the running Keras that starts with `value`."""
    raw = runtime.unwrap(value)
    array = runtime.numbers(raw) if runtime.is_tensor(raw) else np.asarray(raw)
    kind = str(dtype or (runtime.context.floatx if array.dtype.kind == "f" else array.dtype))
    kind = kind.replace("<dtype: ", "").strip("'>")
    label = str(name or f"variable_{next(_numbers)}").replace("/", "_").split(":")[0]
    made = runtime.keras.Variable(np.asarray(array, kind), dtype=kind, trainable=trainable, name=label)
    return runtime.wrap(made)


@_enter("keras.backend.variable", "tensorflow.Variable", "theano.shared", "tensorflow.python.ops.variables.Variable")
def variable(
    runtime: LegacyRuntime, value: Any = None, dtype: Any = None, name: str | None = None, *args: Any, **kw: Any
) -> Any:
    """``K.variable(value, dtype, name)``; inside a call it is the value itself, as nothing would keep it."""
    value = kw.get("initial_value", value)
    if runtime.calls:
        return runtime.wrap(runtime.keras.ops.convert_to_tensor(runtime.unwrap(value), dtype=dtype))
    return make_variable(runtime, value, dtype, name, bool(kw.get("trainable", True)))


def _filled(name: str, fill: float) -> None:
    @_enter(f"keras.backend.{name}")
    def run(runtime: LegacyRuntime, shape: Any, dtype: Any = None, name: str | None = None) -> Any:
        """``K.zeros(shape)`` and ``K.ones(shape)`` made variables in Keras 1 and 2."""
        if runtime.calls:
            return runtime.wrap(runtime.ops.op("full", runtime.unwrap(shape), fill, dtype=dtype))
        sizes = tuple(int(size) for size in shape)
        return make_variable(runtime, np.full(sizes, fill, dtype or runtime.context.floatx), dtype, name)


_filled("zeros", 0.0)
_filled("ones", 1.0)


@_enter("keras.backend.random_uniform_variable")
def random_uniform_variable(
    runtime: LegacyRuntime, shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable that starts with uniform noise."""
    drawn = np.random.default_rng(seed).uniform(low, high, tuple(shape))
    return make_variable(runtime, drawn.astype(dtype or runtime.context.floatx), dtype, name)


@_enter("keras.backend.random_normal_variable")
def random_normal_variable(
    runtime: LegacyRuntime, shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Any:
    """A variable that starts with normal noise."""
    drawn = np.random.default_rng(seed).normal(mean, scale, tuple(shape))
    return make_variable(runtime, drawn.astype(dtype or runtime.context.floatx), dtype, name)


@_enter("keras.backend.get_value", "keras.backend.eval")
def get_value(runtime: LegacyRuntime, x: Any) -> Any:
    """The numbers of a variable or tensor."""
    raw = runtime.unwrap(x)
    return runtime.numbers(raw) if runtime.is_tensor(raw) else np.asarray(raw)


@_enter("keras.backend.batch_get_value")
def batch_get_value(runtime: LegacyRuntime, xs: Any) -> Any:
    """The numbers of several variables."""
    return [get_value(runtime, x) for x in xs]


@_enter("keras.backend.set_value")
def set_value(runtime: LegacyRuntime, x: Any, value: Any) -> None:
    """Give a variable other numbers."""
    runtime.unwrap(x).assign(runtime.unwrap(value))


@_enter("keras.backend.batch_set_value")
def batch_set_value(runtime: LegacyRuntime, tuples: Any) -> None:
    """Give several variables other numbers."""
    for x, value in tuples:
        set_value(runtime, x, value)


@_enter("keras.backend.update")
def update(runtime: LegacyRuntime, x: Any, new_x: Any) -> Any:
    """An update of a variable: (variable, its next value), carried out where a layer adds it in training."""
    return (x, new_x)


@_enter("keras.backend.update_add")
def update_add(runtime: LegacyRuntime, x: Any, increment: Any) -> Any:
    """An update that adds."""
    return (x, x + increment)


@_enter("keras.backend.update_sub")
def update_sub(runtime: LegacyRuntime, x: Any, decrement: Any) -> Any:
    """An update that subtracts."""
    return (x, x - decrement)


@_enter("keras.backend.moving_average_update")
def moving_average_update(runtime: LegacyRuntime, x: Any, value: Any, momentum: float) -> Any:
    """An update towards `value`."""
    return (x, x * momentum + value * (1.0 - momentum))


@_enter("keras.backend.placeholder")
def placeholder(
    runtime: LegacyRuntime,
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: Any = None,
) -> Any:
    """A symbolic tensor."""
    sizes = tuple(shape) if shape is not None else (None,) * int(ndim or 1)
    return runtime.wrap(runtime.keras.Input(batch_shape=sizes, dtype=dtype or runtime.context.floatx))


@_enter("keras.backend.learning_phase")
def learning_phase(runtime: LegacyRuntime) -> int:
    """1 in training, else 0."""
    return int(runtime.context.training)


@_enter("keras.backend.name_scope", "tensorflow.name_scope", "tensorflow.variable_scope", "tensorflow.device")
def name_scope(runtime: LegacyRuntime, *args: Any, **kwargs: Any) -> Any:
    """A block that only named things."""
    return nullcontext(str(args[0]) if args else "")


@_enter("keras.backend.clear_session")
def clear_session(runtime: LegacyRuntime) -> None:
    """Forget the names given so far."""
    runtime.keras.utils.clear_session()


@_enter("keras.backend.is_keras_tensor", "keras.backend.is_variable_tensor")
def is_keras_tensor(runtime: LegacyRuntime, x: Any) -> bool:
    """Whether a value is a symbolic tensor of Keras."""
    return isinstance(runtime.unwrap(x), runtime.keras.KerasTensor)


@_enter("keras.backend.count_params")
def count_params(runtime: LegacyRuntime, x: Any) -> int:
    """The number of elements."""
    return int(np.prod([int(size) for size in runtime.unwrap(x).shape]))


@_enter("tensorflow.print", "tensorflow.enable_eager_execution", "tensorflow.disable_v2_behavior")
@_enter("keras.backend.set_floatx", "keras.backend.set_epsilon", "keras.backend.set_image_dim_ordering")
@_enter("keras.backend.set_image_data_format", "keras.backend.set_learning_phase", "tensorflow.set_random_seed")
def setting(runtime: LegacyRuntime, *args: Any, **kwargs: Any) -> None:
    """A setting of the old program, which does not reach this one."""


@_enter(
    "keras.utils.register_keras_serializable",
    "keras.saving.register_keras_serializable",
    "keras.utils.generic_utils.register_keras_serializable",
)
def register_keras_serializable(runtime: LegacyRuntime, package: str = "Custom", name: str | None = None) -> Any:
    """Registration in this runtime alone."""

    def add(made: Any) -> Any:
        runtime.registered[f"{package}>{name or made.__name__}"] = made
        return made

    return add


@_enter("keras.utils.get_custom_objects", "keras.utils.generic_utils.get_custom_objects")
def get_custom_objects(runtime: LegacyRuntime) -> dict[str, Any]:
    """The objects registered in this runtime."""
    return runtime.registered


@_enter("keras.activations.get", "keras.activations.deserialize")
def activation(runtime: LegacyRuntime, identifier: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The function of a name, under that name; a function itself. None is the identity."""
    if identifier is None or isinstance(identifier, str):
        return runtime.find(f"keras.activations.{identifier or 'linear'}")
    return identifier


@_enter("keras.activations.serialize")
def activation_name(runtime: LegacyRuntime, function: Any) -> Any:
    """The name of a function."""
    return getattr(function, "__name__", function)


def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that renamed arguments or checked them: constructors and shapes here take both forms."""
    return function


_INTERFACES = words(
    """dense dropout embedding recurrent gaussiannoise gaussiandropout prelu zeropadding1d zeropadding2d zeropadding3d
    cropping2d cropping3d conv1d conv2d conv3d conv2d_transpose deconv2d separable_conv2d pooling1d pooling2d pooling3d
    global_pooling upsampling1d upsampling2d upsampling3d batchnorm convlstm2d lambda input add_weight get_updates
    model_constructor fit evaluate predict generator_methods"""
)
_DECORATORS = [
    *(f"keras.legacy.interfaces.legacy_{name}_support" for name in _INTERFACES),
    "keras.utils.tf_utils.shape_type_conversion",
    "tensorflow.python.keras.utils.tf_utils.shape_type_conversion",
    "keras.utils.generic_utils.default",
    "tensorflow.contrib.framework.add_arg_scope",
]
for _name in _DECORATORS:
    _table[_name] = lambda runtime: decorator


@_enter("keras.legacy.interfaces.generate_legacy_interface")
def legacy_interface(runtime: LegacyRuntime, *args: Any, **kwargs: Any) -> Any:
    """The decorator that renamed arguments, which constructors here do themselves."""
    return lambda function: function


@_enter("keras.utils.conv_utils.normalize_data_format", "keras.backend.normalize_data_format")
def normalize_data_format(runtime: LegacyRuntime, value: Any = None) -> str:
    """``channels_first`` or ``channels_last``."""
    return str(value).lower() if value else runtime.context.data_format


@_enter("keras.utils.conv_utils.normalize_tuple")
def normalize_tuple(runtime: LegacyRuntime, value: Any, n: int, name: str = "") -> tuple[int, ...]:
    """A number for each of `n` dimensions."""
    return (value,) * n if isinstance(value, int) else tuple(value)


@_enter("keras.utils.conv_utils.conv_output_length", "keras.layers.convolutional.conv_output_length")
def conv_output_length(
    runtime: LegacyRuntime, input_length: Any, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> Any:
    """How long a convolution's outcome is."""
    if input_length is None:
        return None
    reach = filter_size + (filter_size - 1) * (dilation - 1)
    length = {"same": input_length, "causal": input_length, "valid": input_length - reach + 1}.get(
        padding, input_length + reach - 1
    )
    return (length + stride - 1) // stride
