"""``K.*`` that make constants, answer about the setting, or need the running program."""

from __future__ import annotations

import numpy as np

from .. import folding, shapes
from ..base import Kind, Ops, Refused, Value, function, refuse
from ..dtypes import dtype_name
from ..shapes import Scope
from .shaping import data_format_of

K = "keras.backend"

refuse("it asks for gradients; a file of operations has none", K, "gradients", stack="Keras 0.3 on")
refuse("it compiles a function of the running program", K, "function", stack="Keras 0.3 on")
refuse(
    "it belongs to a TensorFlow session, which a file does not hold",
    K,
    "get_session set_session manual_variable_initialization get_graph batch_get_value batch_set_value set_value "
    "get_default_session_config v1_variable_initialization",
    stack="Keras 0.3 on",
)
refuse("it makes an input outside of any model", K, "placeholder", stack="Keras 0.3 on")
refuse(
    "its numbers were drawn when the program ran and are not in the file",
    K,
    "random_normal_variable random_uniform_variable",
    stack="Keras 0.3 on",
)
refuse(
    "it changes a variable when the model runs; a file of operations has none to change",
    K,
    "update update_add update_sub moving_average_update",
    stack="Keras 1.0 on",
)
refuse(
    "it changes the setting of the running program",
    K,
    "set_epsilon set_floatx set_image_data_format set_image_dim_ordering set_learning_phase clear_session reset_uids "
    "set_legacy_weight_ordering learning_phase_scope",
    stack="Keras 0.3 on",
)
refuse(
    "it is an inner step of Theano's CTC, unrolled by a scan",
    K,
    "ctc_cost ctc_create_skip_idxs ctc_interleave_blanks ctc_path_probs ctc_update_log_p",
    stack="Keras 1.0.3 on Theano",
)
refuse(
    "it turns a switch of the running program",
    K,
    "disable_tf_random_generator enable_tf_random_generator is_tf_random_generator_enabled track_variable",
    stack="tf.keras 2.9 on",
)
refuse("it makes sparse labels for one TensorFlow function", K, "ctc_label_dense_to_sparse", stack="Keras 1.1 on")


@function("keras.backend.constant", stack="Keras 2.0 on")
def constant(ops: Ops, value: Value, dtype: Value = None, shape: Value = None) -> Value:
    array = np.asarray(value, dtype=dtype_name(ops, dtype))
    if shape is not None:
        size = tuple(int(one) for one in shapes.sizes(ops, shape))
        array = folding.compute("full", (size, array), {}) if array.ndim == 0 else np.reshape(array, size)
    return ops.constant(array)


@function("keras.backend.variable", kind=Kind.STATEFUL, stack="Keras 0.3 on: its starting value, as nothing trains it")
def variable(ops: Ops, value: Value, dtype: Value = None, constraint: Value = None) -> Value:
    if ops.is_tensor(value):
        raise Refused("a variable starts from the value of a tensor", "AK3042")
    ops.note("a variable made inside a function is kept as a constant with its starting value")
    return ops.constant(np.asarray(value, dtype=dtype_name(ops, dtype)))


def _filled(name: str) -> None:
    @function(f"keras.backend.{name}", stack="Keras 0.3 on")
    def run(ops: Ops, shape: Value, dtype: Value = None) -> Value:
        return ops.op(name, shapes.sizes(ops, shape), dtype=dtype_name(ops, dtype))

    @function(f"keras.backend.{name}_like", stack="Keras 0.3 on")
    def like(ops: Ops, x: Value, dtype: Value = None) -> Value:
        return ops.op(f"{name}_like", x, dtype=None if dtype is None else dtype_name(ops, dtype))


_filled("zeros")
_filled("ones")


@function("keras.backend.eye", stack="Keras 1.0 on")
def eye(ops: Ops, size: Value, dtype: Value = None) -> Value:
    if isinstance(size, tuple | list):
        return ops.eye(int(size[0]), int(size[1]), dtype=dtype_name(ops, dtype))
    return ops.eye(int(size), dtype=dtype_name(ops, dtype))


@function("keras.backend.stop_gradient", stack="Keras 1.2 on")
def stop_gradient(ops: Ops, variables: Value) -> Value:
    if isinstance(variables, list | tuple):
        return [ops.stop_gradient(one) for one in variables]
    return ops.stop_gradient(variables)


@function("keras.backend.to_dense", stack="Keras 1.0.7 on; nothing is sparse here")
def to_dense(ops: Ops, tensor: Value) -> Value:
    return tensor


@function("keras.backend.print_tensor", kind=Kind.STATEFUL, stack="Keras 1.0.3 on")
def print_tensor(ops: Ops, x: Value, message: Value = "", summarize: Value = 3) -> Value:
    ops.note("print_tensor: nothing is printed")
    return x


@function("keras.backend.eval", "keras.backend.get_value", kind=Kind.STATEFUL, stack="Keras 0.3 on")
def get_value(ops: Ops, x: Value) -> Value:
    if ops.is_tensor(x):
        raise Refused("the value of a tensor is asked for while the model is built", "AK3042")
    return x


@function("keras.backend.epsilon", stack="Keras 0.3 on")
def epsilon(ops: Ops) -> Value:
    return ops.context.epsilon


@function("keras.backend.floatx", stack="Keras 0.3 on")
def floatx(ops: Ops) -> Value:
    return ops.context.floatx


@function("keras.backend.image_data_format", stack="Keras 2.0 on")
def image_data_format(ops: Ops) -> Value:
    return ops.context.data_format


@function("keras.backend.image_dim_ordering", stack="Keras 1.0 to 2.3")
def image_dim_ordering(ops: Ops) -> Value:
    return "th" if data_format_of(ops, None) == "channels_first" else "tf"


@function("keras.backend.backend", "keras.backend._BACKEND", stack="Keras 1.0.8 on")
def backend(ops: Ops) -> Value:
    return ops.context.backend


@function("keras.backend.learning_phase", kind=Kind.STATEFUL, stack="Keras 0.3 on: 0 when predicting, 1 when training")
def learning_phase(ops: Ops) -> Value:
    return 1 if ops.context.training else 0


@function("keras.backend.is_sparse", stack="Keras 1.0.7 on")
def is_sparse(ops: Ops, tensor: Value) -> Value:
    return False


@function("keras.backend.is_keras_tensor", "keras.backend.is_tensor", stack="Keras 1.2 on; is_tensor 2.2")
def is_tensor(ops: Ops, x: Value) -> Value:
    return ops.is_tensor(x)


@function("keras.backend.is_placeholder", "keras.backend.is_variable", stack="Keras 2.1 on")
def is_variable(ops: Ops, x: Value) -> Value:
    return False


@function("keras.backend.name_scope", "keras.backend.control_dependencies", stack="Keras 2.0 on: groups nodes, no more")
def name_scope(ops: Ops, name: Value = None, control_inputs: Value = None) -> Value:
    return Scope(name)


@function("keras.backend.symbolic", "keras.backend.eager", stack="Keras 2.3: decorators that choose a graph")
def symbolic(ops: Ops, func: Value) -> Value:
    return func


@function("keras.backend.is_symbolic", stack="Keras 2.3")
def is_symbolic(ops: Ops, x: Value) -> Value:
    return ops.is_tensor(x)


@function("keras.backend.is_explicit_shape", stack="Keras 1.2 on Theano")
def is_explicit_shape(ops: Ops, shape: Value) -> Value:
    return hasattr(shape, "__iter__") and all(one is None or isinstance(one, int) for one in shape)


@function("keras.backend.legacy_weight_ordering", stack="Keras 1.1 to 1.2")
def legacy_weight_ordering(ops: Ops) -> Value:
    return False


@function("keras.backend.get_uid", kind=Kind.STATEFUL, stack="Keras 0.3 on")
def get_uid(ops: Ops, prefix: Value = "") -> Value:
    return 1
