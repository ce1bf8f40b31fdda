"""``K.*`` that make constants, answer about the setting, or need the running program."""

from __future__ import annotations

import numpy as np

from .. import sampling
from ..arguments import dtype_name
from ..base import Kind, Ops
from ..creation import fill, fill_like, numbers
from ..registration import Spelled, each, function, functions, refuse
from ..values import Operand, Refused, Scope
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


@function("keras.backend.variable", kind=Kind.STATEFUL, stack="Keras 0.3 on: its starting value, as nothing trains it")
def variable(ops: Ops, value: Operand, dtype: Operand = None, constraint: Operand = None) -> Operand:
    if ops.is_tensor(value):
        raise Refused("a variable starts from the value of a tensor", "AK3042")
    ops.note("a variable made inside a function is kept as a constant with its starting value")
    return ops.constant(np.asarray(value, dtype=dtype_name(ops, dtype)))


each(K, "zeros ones", fill, stack="Keras 0.3 on")
each(K, "zeros_like ones_like", fill_like, stack="Keras 0.3 on")


@function("keras.backend.eye", stack="Keras 1.0 on")
def eye(ops: Ops, size: Operand, dtype: Operand = None) -> Operand:
    if isinstance(size, tuple | list):
        return ops.eye(int(size[0]), int(size[1]), dtype=dtype_name(ops, dtype))
    return ops.eye(int(size), dtype=dtype_name(ops, dtype))


@function("keras.backend.stop_gradient", stack="Keras 1.2 on")
def stop_gradient(ops: Ops, variables: Operand) -> Operand:
    if isinstance(variables, list | tuple):
        return [ops.stop_gradient(one) for one in variables]
    return ops.stop_gradient(variables)


@function("keras.backend.print_tensor", kind=Kind.STATEFUL, stack="Keras 1.0.3 on")
def print_tensor(ops: Ops, x: Operand, message: Operand = "", summarize: Operand = 3) -> Operand:
    ops.note("print_tensor: nothing is printed")
    return x


@function("keras.backend.eval", "keras.backend.get_value", kind=Kind.STATEFUL, stack="Keras 0.3 on")
def get_value(ops: Ops, x: Operand) -> Operand:
    if ops.is_tensor(x):
        raise Refused("the value of a tensor is asked for while the model is built", "AK3042")
    return x


def _is_explicit(ops: Ops, shape: Operand) -> Operand:
    return hasattr(shape, "__iter__") and all(one is None or isinstance(one, int) for one in shape)


functions(
    K,
    {
        "constant": lambda ops, value, dtype=None, shape=None: numbers(ops, value, dtype_name(ops, dtype), shape),
        "epsilon": lambda ops: ops.context.epsilon,
        "floatx": lambda ops: ops.context.floatx,
        "image_data_format": lambda ops: ops.context.data_format,
        "image_dim_ordering": lambda ops: "th" if data_format_of(ops, None) == "channels_first" else "tf",
        "backend _BACKEND": lambda ops: ops.context.backend,
        "to_dense": lambda ops, tensor: tensor,  # nothing is sparse here
        "is_sparse": lambda ops, tensor: False,
        "is_keras_tensor is_tensor is_symbolic": lambda ops, x: ops.is_tensor(x),
        "is_placeholder is_variable": lambda ops, x: False,
        "name_scope control_dependencies": lambda ops, name=None, control_inputs=None: Scope(name),  # groups nodes, no more
        "symbolic eager": lambda ops, func: func,  # decorators of Keras 2.3 that choose a graph
        "is_explicit_shape": _is_explicit,
        "legacy_weight_ordering": lambda ops: False,
    },
    stack="Keras 0.3 on (most of them from 1.0), tf.keras",
)
functions(
    K,
    {
        "learning_phase": lambda ops: 1 if ops.context.training else 0,
        "get_uid": lambda ops, prefix="": 1,
    },
    kind=Kind.STATEFUL,
    stack="Keras 0.3 on",
)


# ``K.random_*`` and ``K.dropout``.


functions(
    "keras.backend",
    {
        "random_normal": Spelled("shape mean stddev dtype seed std=stddev", sampling.normal),
        "truncated_normal": sampling.truncated_normal,
        "random_uniform": Spelled("shape minval maxval dtype seed low=minval high=maxval", sampling.uniform),
        "random_binomial random_bernoulli": sampling.bernoulli,
        "dropout": Spelled("x level=rate noise_shape seed", sampling.dropout),  # drops whenever it is called
    },
    kind=Kind.RANDOM,
    stack="Keras 0.3 on (std, low and high in Keras 0 and 1; truncated_normal from 2.0)",
)
