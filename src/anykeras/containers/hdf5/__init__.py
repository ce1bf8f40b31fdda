"""HDF5 files: whole models and weights of every Keras, read in pure Python, hard links only."""

from .container import HDF5
from .legacy import read_weights
from .nodes import Node, open_tree

__all__ = ["HDF5", "Node", "open_tree", "read_weights"]
