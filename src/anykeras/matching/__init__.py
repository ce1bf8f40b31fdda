"""Weights of a file for the layers of a model, whoever wrote either: every pair has a witness, none is taken by place alone."""

from .atoms import Atom, read_atoms
from .evidence import describe_conflict, writer_of_weights

__all__ = ["Atom", "describe_conflict", "read_atoms", "writer_of_weights"]
