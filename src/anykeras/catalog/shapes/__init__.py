"""Shapes, dtypes and masks of a model's tensors, found without Keras."""

from .engine import fill, infer
from .masks import masked
from .spec import UNKNOWN, Spec

__all__ = ["UNKNOWN", "Spec", "fill", "infer", "masked"]
