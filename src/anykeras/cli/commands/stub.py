"""``anykeras stub``: code to fill in for what a file does not hold."""

from __future__ import annotations

import typer

from ... import api
from ..options import Architecture, File, Weights
from ..outcome import DONE, show_errors


def stub(file: File, weights: Weights = None, architecture: Architecture = None) -> None:
    """Print a class to fill in for every custom class that a file needs; for weights alone, code that builds their model.

    Needs no framework.
    """
    with show_errors(False):
        if architecture is not None:
            print(api.slice_source(architecture, weights=file))
            raise typer.Exit(DONE)
        text = api.stub(file, weights=weights)
        print(text or "# No custom classes needed.", end="\n" if not text else "")
