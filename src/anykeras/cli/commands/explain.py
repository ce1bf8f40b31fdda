"""``anykeras explain``: the page of a code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ...pages import find_page
from ...texts import escape
from .. import render
from ..options import AsJson
from ..outcome import REFUSED, print_result, show_errors


def explain(code: Annotated[str, typer.Argument(help="A code such as AK2101.")], as_json: AsJson = False) -> None:
    """Explain a code: what was found, why it matters, what changes."""
    with show_errors(as_json):
        found = find_page(code)
        if found is None:
            print(f"No such code: {escape(code)}", file=sys.stderr)
            raise typer.Exit(REFUSED)
        page = found
        print_result(as_json, lambda: render.page_as_dict(page), lambda: render.print_page(page))
