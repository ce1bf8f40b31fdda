"""The text of a program: a Python file of any time, or the code cells of a notebook."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass

from ..custom import dialect
from ..errors import AnyKerasError, MissingObject

_SUFFIXES = r"\.(?:py|pyw|ipynb)"
_GIVEN = re.compile(rf"(?P<path>.*?{_SUFFIXES})(?::(?P<expression>.*))?\Z", re.DOTALL | re.IGNORECASE)
_OTHER_CELL = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b|notebook\b)")
_NO_PYTHON = re.compile(r"^(\s*)(?:%|!|\?|.*\?\s*$)")


@dataclass(frozen=True)
class Given:
    """A program as the user gives it: ``model.py``, or ``agent.py:Agent(4, 2).build_model()``."""

    path: str
    expression: str = ""


def read_given(text: str) -> Given | None:
    """The path and the expression; None where the text names no program."""
    match = _GIVEN.match(text)
    return None if match is None else Given(match["path"], (match["expression"] or "").strip())


def parse_program(path: str) -> ast.Module:
    """The tree of a program. Raises MissingObject where it is no Python of any version."""
    with open(path, "rb") as file:
        data = file.read()
    return parse_notebook(data, path) if path.lower().endswith(".ipynb") else dialect.parse_source(data, path)


def parse_notebook(data: bytes, path: str) -> ast.Module:
    """The code cells of a notebook as one program, without magics and shell lines; a cell that is no Python is left out."""
    try:
        notebook = json.loads(data.decode("utf-8", "replace"))
        cells = notebook.get("cells") or [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MissingObject("AK5003", f"{path} is no notebook", next_step="Give the notebook as Jupyter saved it.") from None
    body: list[ast.stmt] = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            text = cell.get("source", cell.get("input", ""))
            body += _parse_cell("".join(text) if isinstance(text, list) else str(text), path)
    if not body:
        raise MissingObject("AK5003", f"{path} has no code", next_step="Give the notebook that builds the model.")
    return ast.Module(body, [])


def _parse_cell(text: str, path: str) -> list[ast.stmt]:
    if _OTHER_CELL.match(text):
        return []
    lines = [_NO_PYTHON.sub(r"\1pass  # ", line) if _NO_PYTHON.match(line) else line for line in text.splitlines()]
    try:
        return dialect.parse_source("\n".join(lines).encode(), path).body
    except AnyKerasError:
        return []
