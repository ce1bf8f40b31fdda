"""Facts about layers. Importing the package loads the families of layers, which register their entries."""

from . import keras1_layers as keras1_layers
from . import layers as layers
from .base import OPERATION_LAYERS, LayerEntry, Role, entries, find

__all__ = ["OPERATION_LAYERS", "LayerEntry", "Role", "entries", "find"]
