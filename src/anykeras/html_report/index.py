"""The index of the pages of many files: one table that is searched and sorted in the browser."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ..targets.output import open_output
from .page import SUFFIX, embed, make_environment, mark_safe, read_part

COLUMNS = ("writer", "era", "layers", "severity", "fidelity", "status", "refusal_code")


def write_index(rows: Iterable[Mapping[str, Any]], pages: Mapping[str, str], folder: str) -> str:
    """Write ``index.html`` into a folder of pages.

    Args:
        rows: what was found of each file, as ``anykeras.scan`` keeps it.
        pages: the page of each file by its path, below `folder`; a file whose page is not there has no link.
        folder: the folder of the pages.

    Returns:
        The path of the index, which is replaced where it is there already.

    Raises:
        MissingObject: the extra ``anykeras[report]`` is not installed.
        TargetError: it cannot be written.
    """
    listed = []
    for row in rows:
        page = pages.get(row["path"], "")
        there = bool(page) and os.path.isfile(os.path.join(folder, page))
        codes = sorted({one["code"] for one in row["findings"]})
        cells = [str(row[name]) for name in COLUMNS]
        listed.append(
            {"path": row["path"], "href": quote(page.replace(os.sep, "/")) if there else "", "cells": cells, "codes": codes}
        )
    text = (
        make_environment()
        .from_string(read_part("index.html.j2"))
        .render(
            style=mark_safe(read_part("page.css")),
            data=mark_safe(embed({"columns": ["file", *COLUMNS, "codes"], "rows": listed})),
            script=mark_safe(read_part("index.js")),
        )
    )
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"index{SUFFIX}")
    with open_output(path, force=True, suffixes=(SUFFIX,)) as stream:
        stream.write(text.encode("utf-8", "replace"))
    return path
