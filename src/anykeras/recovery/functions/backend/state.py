"""``K.*`` that make constants, answer about the setting, branch, loop, or need the running program."""

from __future__ import annotations

import numpy as np

from ....document.model import Era
from .. import control, creation
from ..arguments import dtype_name
from ..base import EntryKind, FunctionContext, Ops
from ..creation import fill, fill_like, make_numbers
from ..table import Spelled, each, function, functions, refuse
from ..values import NameScope, Operand, Refused
from .images import data_format_of

K = "keras.backend"

refuse("it asks for gradients; a file of operations has none", K, "gradients")
refuse("it compiles a function of the running program", K, "function")
refuse(
    "it belongs to a TensorFlow session, which a file does not hold",
    K,
    "get_session set_session manual_variable_initialization get_graph batch_get_value batch_set_value set_value "
    "get_default_session_config v1_variable_initialization",
)
refuse("it makes an input outside of any model", K, "placeholder")
refuse(
    "its numbers were drawn when the program ran and are not in the file", K, "random_normal_variable random_uniform_variable"
)
# Keras 1.0 on
refuse(
    "it changes a variable when the model runs; a file of operations has none to change",
    K,
    "update update_add update_sub moving_average_update",
)
refuse(
    "it changes the setting of the running program",
    K,
    "set_epsilon set_floatx set_image_data_format set_image_dim_ordering set_learning_phase clear_session reset_uids "
    "set_legacy_weight_ordering learning_phase_scope",
)
# Keras 1.0.3 on Theano
refuse(
    "it is an inner step of Theano's CTC, unrolled by a scan",
    K,
    "ctc_cost ctc_create_skip_idxs ctc_interleave_blanks ctc_path_probs ctc_update_log_p",
)
# tf.keras 2.9 on
refuse(
    "it turns a switch of the running program",
    K,
    "disable_tf_random_generator enable_tf_random_generator is_tf_random_generator_enabled track_variable",
)
refuse("it makes sparse labels for one TensorFlow function", K, "ctc_label_dense_to_sparse")  # Keras 1.1 on


@function("keras.backend.variable", kind=EntryKind.STATEFUL)  # Keras 0.3 on: its starting value, as nothing trains it
def variable(ops: Ops, value: Operand, dtype: Operand = None, constraint: Operand = None) -> Operand:
    if ops.is_tensor(value):
        raise Refused("a variable starts from the value of a tensor", "AK3042")
    ops.note("a variable made inside a function is kept as a constant with its starting value")
    return ops.constant(np.asarray(value, dtype=dtype_name(ops, dtype)))


each(K, "zeros ones", fill)
each(K, "zeros_like ones_like", fill_like)


@function("keras.backend.eye")  # Keras 1.0 on
def eye(ops: Ops, size: Operand, dtype: Operand = None) -> Operand:
    if isinstance(size, tuple | list):
        return ops.eye(int(size[0]), int(size[1]), dtype=dtype_name(ops, dtype))
    return ops.eye(int(size), dtype=dtype_name(ops, dtype))


@function("keras.backend.stop_gradient")  # Keras 1.2 on
def stop_gradient(ops: Ops, variables: Operand) -> Operand:
    if isinstance(variables, list | tuple):
        return [ops.stop_gradient(one) for one in variables]
    return ops.stop_gradient(variables)


@function("keras.backend.print_tensor", kind=EntryKind.STATEFUL)  # Keras 1.0.3 on
def print_tensor(ops: Ops, x: Operand, message: Operand = "", summarize: Operand = 3) -> Operand:
    ops.note("print_tensor: nothing is printed")
    return x


@function("keras.backend.eval", "keras.backend.get_value", kind=EntryKind.STATEFUL)
def get_value(ops: Ops, x: Operand) -> Operand:
    if ops.is_tensor(x):
        raise Refused("the value of a tensor is asked for while the model is built", "AK3042")
    return x


def _is_explicit(ops: Ops, shape: Operand) -> Operand:
    return hasattr(shape, "__iter__") and all(one is None or isinstance(one, int) for one in shape)


# Keras 0.3 on (most of them from 1.0), tf.keras
functions(
    K,
    {
        "constant": lambda ops, value, dtype=None, shape=None: make_numbers(ops, value, dtype_name(ops, dtype), shape),
        "epsilon": lambda ops: ops.context.epsilon,
        "floatx": lambda ops: ops.context.floatx,
        "image_data_format": lambda ops: ops.context.data_format,
        "image_dim_ordering": lambda ops: "th" if data_format_of(ops, None) == "channels_first" else "tf",
        "backend _BACKEND": lambda ops: ops.context.backend,
        "to_dense": lambda ops, tensor: tensor,  # nothing is sparse here
        "is_sparse": lambda ops, tensor: False,
        "is_keras_tensor is_tensor is_symbolic": lambda ops, x: ops.is_tensor(x),
        "is_placeholder is_variable": lambda ops, x: False,
        "name_scope control_dependencies": lambda ops, name=None, control_inputs=None: NameScope(name),  # groups nodes, no more
        "symbolic eager": lambda ops, func: func,  # decorators of Keras 2.3 that choose a graph
        "is_explicit_shape": _is_explicit,
        "legacy_weight_ordering": lambda ops: False,
    },
)
functions(
    K,
    {
        "learning_phase": lambda ops: 1 if ops.context.training else 0,
        "get_uid": lambda ops, prefix="": 1,
    },
    kind=EntryKind.STATEFUL,
)


# ``K.random_*`` and ``K.dropout``.


# Keras 0.3 on (std, low and high in Keras 0 and 1; truncated_normal from 2.0)
functions(
    "keras.backend",
    {
        "random_normal": Spelled("shape mean stddev dtype seed std=stddev", creation.normal),
        "truncated_normal": creation.truncated_normal,
        "random_uniform": Spelled("shape minval maxval dtype seed low=minval high=maxval", creation.uniform),
        "random_binomial random_bernoulli": creation.bernoulli,
        "dropout": Spelled("x level=rate noise_shape seed", creation.dropout),  # drops whenever it is called
    },
    kind=EntryKind.RANDOM,
)


# ``K.switch``, ``K.in_train_phase``, ``K.rnn``, ``K.map_fn`` and their kin.


@function("keras.backend.switch")
def switch(ops: Ops, condition: Operand, then_expression: Operand, else_expression: Operand) -> Operand:
    if not ops.is_tensor(condition) or ops.rank(condition) == 0:
        return control.choose(ops, condition, then_expression, else_expression)
    one, other = control.call_branch(then_expression), control.call_branch(else_expression)
    if _pads(ops, ops.rank(condition)):
        condition = control.align_leading(ops, condition, ops.rank(one))
    return control.where(ops, condition, one, other)


def _pads(ops: Ops, rank: int) -> bool:
    """Whether a condition of lower rank picks along the leading axes.

    Theano broadcast along the last axes up to Keras 2.0.0. A vector on TensorFlow picks rows where ``tf.where`` is
    that of TensorFlow 1, and meets the last axis where it is that of TensorFlow 2.
    """
    context = ops.context
    if context.backend == "theano":
        return context.era is Era.KERAS2 and not context.before(2, 0, 1)
    return rank > 1 or not context.eager_tensorflow


@function("keras.backend.in_train_phase", kind=EntryKind.STATEFUL)
def in_train_phase(ops: Ops, x: Operand, alt: Operand, training: Operand = None) -> Operand:
    ops.note("in_train_phase: the branch for predicting is kept, the one for training is dropped")
    learning = ops.context.training if training is None else training
    return control.choose(ops, learning, x, alt)


@function("keras.backend.in_test_phase", kind=EntryKind.STATEFUL)
def in_test_phase(ops: Ops, x: Operand, alt: Operand, training: Operand = None) -> Operand:
    return in_train_phase(ops, alt, x, training)


@function("keras.backend.rnn")
def rnn(
    ops: Ops,
    step_function: Operand,
    inputs: Operand,
    initial_states: Operand,
    go_backwards: Operand = False,
    mask: Operand = None,
    constants: Operand = None,
    unroll: Operand = False,
    input_length: Operand = None,
    time_major: Operand = False,
    zero_output_for_mask: Operand = False,
    return_all_outputs: Operand = True,
) -> Operand:
    if time_major:
        inputs = _time_first(ops, inputs)
        mask = None if mask is None else _time_first(ops, mask)
    last, outputs, states = control.run_recurrence(
        ops,
        step_function,
        inputs,
        initial_states,
        backwards=bool(go_backwards),
        mask=mask,
        constants=constants,
        shows_state=_shows_state(ops.context) and not unroll and bool(initial_states),
    )
    if zero_output_for_mask and mask is not None:
        shown = control.align_leading(ops, control.as_bool(ops, mask), ops.rank(outputs))
        outputs = ops.where(shown, outputs, ops.zeros_like(outputs))
    return last, _time_first(ops, outputs) if time_major else outputs, states


def _shows_state(context: FunctionContext) -> bool:
    """tensorflow_backend.py to 2.2.4 (2.0.0: line 2343): the loop fills masked outputs with ``states[0]``."""
    return context.backend == "tensorflow" and context.era in (Era.KERAS1, Era.KERAS2) and not context.version >= (2, 3)


def _time_first(ops: Ops, x: Operand) -> Operand:
    return ops.transpose(x, axes=(1, 0, *range(2, ops.rank(x))))


# Keras 1.1 on, tf.keras
functions(
    "keras.backend",
    {
        "map_fn": lambda ops, fn, elems, dtype=None: control.map_over(ops, fn, elems),
        "foldl": lambda ops, fn, elems, initializer=None: control.fold(ops, fn, elems, initializer, False),
        "foldr": lambda ops, fn, elems, initializer=None: control.fold(ops, fn, elems, initializer, True),
    },
)
