"""``anykeras stub``: code to fill in for what a file does not hold."""

from __future__ import annotations

from ... import api
from ...scanning import Entry
from ...texts import defuse
from ..files import Files, do_each, find_entries, take_one
from ..options import Architecture, Weights
from ..outcome import print_result, show_errors


def stub(files: Files, weights: Weights = None, architecture: Architecture = None) -> None:
    """Print a class to fill in for every custom class of a file.

    For weights alone: code that builds their model. Needs no framework.
    """
    with show_errors(False):
        entries = find_entries(files)
        if architecture is not None or weights is not None:
            take_one(entries, "--architecture" if architecture is not None else "--weights")

        def show(entry: Entry) -> None:
            sliced = api.slice_source(architecture, weights=entry.path) if architecture is not None else None
            text = defuse(api.stub(entry.path, weights=weights)) if sliced is None else f"{sliced}\n"
            print_result(False, lambda: {"text": text}, lambda: print(text or "# No custom classes needed.\n", end=""))

        do_each(entries, show)
