"""Layers that everybody used and no Keras has: what stands for them, one file a family.

A shim is used only where the reader gave no class, and is a finding. See ``docs/shims.md``.
"""

from ..registry import load_all
from .base import Shim, shim, shims
from .namesakes import namesake

load_all(__name__)

__all__ = ["Shim", "namesake", "shim", "shims"]
