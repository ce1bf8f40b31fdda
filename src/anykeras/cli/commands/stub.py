"""``anykeras stub``: code to fill in for what a file does not hold."""

from __future__ import annotations

from ... import api
from ..options import Architecture, File, Weights
from ..outcome import print_result, show_errors


def stub(file: File, weights: Weights = None, architecture: Architecture = None) -> None:
    """Print a class to fill in for every custom class that a file needs; for weights alone, code that builds their model.

    Needs no framework.
    """
    with show_errors(False):
        sliced = api.slice_source(architecture, weights=file) if architecture is not None else None
        text = api.stub(file, weights=weights) if sliced is None else f"{sliced}\n"
        print_result(False, lambda: {"text": text}, lambda: print(text or "# No custom classes needed.\n", end=""))
