"""Layers that many files have and no Keras has: native layers in their place, one file a package.

A shim is used only where custom_objects has no class of the name, and is a finding. See ``docs/shims.md``.
"""

from ..registry import load_all
from .base import Shim, apply_shim, gather_tensors, is_namesake, shims

load_all(__name__)

__all__ = ["Shim", "apply_shim", "gather_tensors", "is_namesake", "shims"]
