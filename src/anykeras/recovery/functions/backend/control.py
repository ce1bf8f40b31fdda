"""``K.switch``, ``K.in_train_phase``, ``K.rnn``, ``K.map_fn`` and their kin."""

from __future__ import annotations

from ....document.model import Era
from .. import control
from ..base import FunctionContext, Kind, Ops
from ..registration import function, functions
from ..values import Operand


@function("keras.backend.switch", stack="Keras 0.3 on, tf.keras")
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


@function("keras.backend.in_train_phase", kind=Kind.STATEFUL, stack="Keras 0.3 on, tf.keras")
def in_train_phase(ops: Ops, x: Operand, alt: Operand, training: Operand = None) -> Operand:
    ops.note("in_train_phase: the branch for predicting is kept, the one for training is dropped")
    learning = ops.context.training if training is None else training
    return control.choose(ops, learning, x, alt)


@function("keras.backend.in_test_phase", kind=Kind.STATEFUL, stack="Keras 0.3 on, tf.keras")
def in_test_phase(ops: Ops, x: Operand, alt: Operand, training: Operand = None) -> Operand:
    return in_train_phase(ops, alt, x, training)


@function("keras.backend.rnn", stack="Keras 0.3 on, tf.keras")
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


functions(
    "keras.backend",
    {
        "map_fn": lambda ops, fn, elems, dtype=None: control.map_over(ops, fn, elems),
        "foldl": lambda ops, fn, elems, initializer=None: control.fold(ops, fn, elems, initializer, False),
        "foldr": lambda ops, fn, elems, initializer=None: control.fold(ops, fn, elems, initializer, True),
    },
    stack="Keras 1.1 on, tf.keras",
)
