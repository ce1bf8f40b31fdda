"""The tables of old functions: what ``K.dot``, ``tf.reduce_mean``, ``T.sqr``, ``x.get_shape()`` ... mean in Keras 3."""

from __future__ import annotations

from .base import Entry, FunctionContext, Kind, Ops, TensorOps
from .table import find_attribute, find_operator, is_module, module_of, names, resolve
from .values import Dim, Operand, Pair, Refused, Scope, Shape, Sizes

__all__ = [
    "Dim",
    "Entry",
    "FunctionContext",
    "Kind",
    "Operand",
    "Ops",
    "Pair",
    "Refused",
    "Scope",
    "Shape",
    "Sizes",
    "TensorOps",
    "find_attribute",
    "find_operator",
    "is_module",
    "module_of",
    "names",
    "resolve",
]
