"""Shapes, dtypes and masks of a model's tensors, found without Keras."""

from .engine import fill, infer
from .masks import find_masked
from .spec import UNKNOWN, Argument, Spec, flatten_specs
from .tables import Output

__all__ = ["UNKNOWN", "Argument", "Output", "Spec", "fill", "find_masked", "flatten_specs", "infer"]
