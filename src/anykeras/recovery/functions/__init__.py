"""The tables of old functions: what ``K.dot``, ``tf.reduce_mean``, ``T.sqr``, ``x.get_shape()`` ... mean in Keras 3."""

from __future__ import annotations

from .base import Entry, EntryKind, FunctionContext, Ops, TensorOps
from .table import find_attribute, find_operator, is_module, module_of, names, resolve
from .values import Dim, NameScope, Operand, Refused, Shape, Sizes, TopPair

__all__ = [
    "Dim",
    "Entry",
    "EntryKind",
    "FunctionContext",
    "NameScope",
    "Operand",
    "Ops",
    "Refused",
    "Shape",
    "Sizes",
    "TensorOps",
    "TopPair",
    "find_attribute",
    "find_operator",
    "is_module",
    "module_of",
    "names",
    "resolve",
]
