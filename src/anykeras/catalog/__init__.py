"""Facts about layers. The families of layers register their entries when one is asked for."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .base import OPERATION_LAYERS, LayerEntry, Role, entries, find
else:
    __getattr__ = load_lazily(__name__, {"base": "OPERATION_LAYERS LayerEntry Role entries find"})

__all__ = ["OPERATION_LAYERS", "LayerEntry", "Role", "entries", "find"]
