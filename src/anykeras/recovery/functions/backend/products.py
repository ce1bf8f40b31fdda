"""``K.dot``, ``K.batch_dot``, ``K.transpose``, ``K.gather``."""

from __future__ import annotations

from ....document.model import Era
from .. import products
from ..axes import axis_of
from ..base import FunctionContext, Ops
from ..registration import function, functions
from ..values import Operand, Refused

functions(
    "keras.backend",
    {
        "dot": lambda ops, x, y: products.dot(ops, x, y),  # the TensorFlow backend reproduces Theano's dot from 1.0
        "transpose": lambda ops, x: ops.transpose(x),
        "gather": lambda ops, reference, indices: ops.take(reference, indices, axis=0),
    },
    stack="Keras 0.3 on",
)


def _by_matmul(context: FunctionContext) -> bool:
    if context.backend == "theano":
        return False
    if context.tf_keras:
        return not context.eager_tensorflow
    return context.era in (Era.KERAS0, Era.KERAS1) or context.before(2, 2, 5)


@function("keras.backend.batch_dot", test=_by_matmul, stack="Keras on TensorFlow up to 2.2.4, tf.keras 1.x")
def batch_dot_by_matmul(ops: Ops, x: Operand, y: Operand, axes: Operand = None) -> Operand:
    rank = max(ops.rank(x), ops.rank(y))
    if axes is None and (rank == 2 or not ops.context.before(2, 2)):
        if rank == 2 and ops.context.before(2, 2):
            raise Refused("batch_dot of two matrices without axes is refused by the old library too")
        axes = (ops.rank(x) - 1, ops.rank(y) - 2)
    return products.batch_dot_by_matmul(ops, x, y, axes)


@function("keras.backend.batch_dot", stack="Keras on Theano; Keras 2.2.5 on and tf.keras 2 on TensorFlow")
def batch_dot(ops: Ops, x: Operand, y: Operand, axes: Operand = None) -> Operand:
    where = axis_of(axes)
    if isinstance(where, int):
        where = (where, where)
    unsure = ops.context.either_tensorflow or not ops.context.backend_known
    if unsure and not _agreed(ops.rank(x), ops.rank(y), where):
        raise Refused("batch_dot of these ranks depends on the backend and its version, which the file does not tell")
    if where is None:
        old = ops.context.backend == "theano" and ops.context.before(2, 2, 5)
        vector = ops.rank(y) == 2 and not old
        where = (ops.rank(x) - 1, ops.rank(y) - (1 if vector else 2))
    return products.batch_dot(ops, x, y, where[0], where[1])


def _agreed(x_rank: int, y_rank: int, where: Operand) -> bool:
    """Whether both ways of multiplying are the same."""
    if (x_rank, y_rank) == (2, 2):
        return bool(where == (1, 1))
    if (x_rank, y_rank) != (3, 3) and (where is None or max(x_rank, y_rank) > 3):
        return False
    return where is None or min(where) > 0
