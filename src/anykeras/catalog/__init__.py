"""Facts about layers. Importing the package loads every family file, which registers its entries."""

from ..registry import load_all
from .base import OPERATION_LAYERS, LayerEntry, Role, entries, find

load_all(__name__)

__all__ = ["OPERATION_LAYERS", "LayerEntry", "Role", "entries", "find"]
