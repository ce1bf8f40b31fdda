"""Layers that many files have and no Keras has: native layers in their place, one file a package.

A shim is used only where custom_objects has no class of the name, and is a finding. See ``docs/shims.md``. The packages are
loaded when a class is asked for that Keras does not have.
"""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .base import Shim, apply_shim, gather_tensors, is_namesake, list_shims
else:
    __getattr__ = load_lazily(__name__, {"base": "Shim apply_shim gather_tensors is_namesake list_shims"})

__all__ = ["Shim", "apply_shim", "gather_tensors", "is_namesake", "list_shims"]
