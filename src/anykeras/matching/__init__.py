"""Weights of a file for the layers of a model, whoever wrote either: every pair has a witness, none is taken by place alone."""

from .assign import Witness
from .atoms import Atom, read_atoms
from .evidence import conflict_in, describe_conflict, writer_of_weights
from .match import Defaults, Options, fill_document, match
from .report import Match, Pair, WeightsReport

__all__ = [
    "Atom",
    "Defaults",
    "Match",
    "Options",
    "Pair",
    "WeightsReport",
    "Witness",
    "conflict_in",
    "describe_conflict",
    "fill_document",
    "match",
    "read_atoms",
    "writer_of_weights",
]
