"""The page itself: one file that fetches nothing, with everything of the model file as text.

What a file says reaches the page in two ways only: as JSON, of which the script makes text nodes, and through highlighters
that escape. A policy in the page forbids it to fetch or to send anything.
"""

from __future__ import annotations

import json
import os
from importlib import import_module, resources
from typing import Any

from .. import api
from ..auditing import Audit, audit
from ..boundary import guard_verb
from ..errors import import_extra
from ..opened import Inspection
from ..pages import find_page
from ..pipeline import Path
from ..targets.output import open_output
from ..texts import escape
from ..weights_only import WeightsInspection
from .contents import describe

SUFFIX = ".html"


@guard_verb
def report(path: Path, output: Path, *, weights: Path | None = None, stats: bool = False, force: bool = False) -> None:
    """Write one HTML page about a model file: the model drawn, layers, weights, code, findings, and what loading would do.

    Nothing of the file is run, and the page fetches nothing. Needs ``anykeras[report]``, no framework.

    Args:
        path: a model file of any Keras, also one that cannot be opened, or weights alone. It is only read.
        output: the ``.html`` file to write; it appears whole or not at all.
        weights: the weights file, where `path` is an architecture.
        stats: read every weight, for its least, mean and greatest value and a histogram.
        force: replace a file that is there.

    Raises:
        MissingFile: there is no such file.
        MissingObject: the extra is not installed.
        OutputExists: `output` is there already, and `force` is false.
        AnyKerasError: the file is no model, or too damaged to describe; or `output` cannot be written.
    """
    found = api.inspect(path, weights=weights)
    write_page(found, audit(os.fspath(path)), os.fsdecode(output), force=force, stats=stats)


def write_page(
    found: Inspection | WeightsInspection, audit: Audit, path: str, *, force: bool = False, stats: bool = False
) -> None:
    """Write the page of a file; it appears whole or not at all.

    Args:
        found, audit: the file as it was inspected and audited.
        path: the ``.html`` file to write.
        force: replace a file that is there.
        stats: read the values of weights too.

    Raises:
        MissingObject: the extra ``anykeras[report]`` is not installed.
        OutputExists: `path` is there already, and `force` is false.
        TargetError: `path` cannot be written.
    """
    text = render(describe(found, audit, stats))
    sources = [source for source in (found.raw.match.path, found.raw.weights_path) if source]
    with open_output(path, force=force, sources=sources, suffixes=(SUFFIX,)) as stream:
        stream.write(text.encode("utf-8", "replace"))


def render(contents: dict[str, Any]) -> str:
    """The page of what :func:`anykeras.html_report.contents.describe` gives."""
    environment = make_environment()
    codes = {row["code"] for row in (*contents["findings"], *contents["audit"]["risks"])}
    text: str = environment.from_string(read_part("page.html.j2")).render(
        title=escape(os.path.basename(contents["path"])),
        style=mark_safe(read_part("page.css")),
        layout=mark_safe(read_part("dagre.min.js")),
        script=mark_safe(read_part("page.js")),
        data=mark_safe(embed({**contents, "code": [{**row, "html": _highlight(row["source"])} for row in contents["code"]]})),
        pages={code: mark_safe(_explain(code)) for code in sorted(codes)},
    )
    return text


def make_environment() -> Any:
    """What fills templates, and escapes what it fills in. Raises MissingObject without the extra."""
    return _require("jinja2").Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _require(name: str) -> Any:
    return import_extra(name, "report", "reports need")


def mark_safe(text: str) -> Any:
    """Text of our own, or escaped already, that the template takes as it is."""
    markup = import_module("markupsafe").Markup
    return markup(text)


def read_part(name: str) -> str:
    """A file of this room."""
    return (resources.files(__package__) / name).read_text("utf8")


def embed(value: object) -> str:
    """JSON that can stand in a script element: no text of it ends the element or begins a comment."""
    text = json.dumps(value, default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _highlight(source: str) -> str:
    """Python text as HTML; every character of it is escaped by the highlighter."""
    pygments, formatters, lexers = (import_module(name) for name in ("pygments", "pygments.formatters", "pygments.lexers"))
    text: str = pygments.highlight(source, lexers.PythonLexer(), formatters.HtmlFormatter(nowrap=True))
    return text


def _explain(code: str) -> str:
    """The page of one of our codes as HTML. Raw HTML in it is not taken over."""
    page = find_page(code)
    text: str = import_module("markdown_it").MarkdownIt("commonmark", {"html": False}).render(page.text if page else code)
    return text
