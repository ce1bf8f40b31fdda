"""Weights of a file for the layers of a model, whoever wrote either: every pair has a witness, none is taken by place alone."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .atoms import Atom, read_atoms
    from .evidence import describe_conflict, find_conflict, writer_of_weights
    from .pairing import Beside, Options, fill_document, match, stand_beside
    from .report import Defaults, Match, Pair, WeightsReport, Witness
    from .saved_layers import Chain, SavedLayer, SavedLayers, alike, follow_widths, read_layers, unfold
    from .unknowns import SUCCESSORS, list_unknown_arguments
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "atoms": "Atom read_atoms",
            "evidence": "find_conflict describe_conflict writer_of_weights",
            "pairing": "Beside Options fill_document match stand_beside",
            "report": "Defaults Match Pair WeightsReport Witness",
            "saved_layers": "Chain SavedLayer SavedLayers alike follow_widths read_layers unfold",
            "unknowns": "SUCCESSORS list_unknown_arguments",
        },
    )

__all__ = [
    "SUCCESSORS",
    "Atom",
    "Beside",
    "Chain",
    "Defaults",
    "Match",
    "Options",
    "Pair",
    "SavedLayer",
    "SavedLayers",
    "WeightsReport",
    "Witness",
    "alike",
    "describe_conflict",
    "fill_document",
    "find_conflict",
    "follow_widths",
    "list_unknown_arguments",
    "match",
    "read_atoms",
    "read_layers",
    "stand_beside",
    "unfold",
    "writer_of_weights",
]
