"""Writes docs/rules/: a file for each family of codes (AK1, AK2 ...), from the same text that `anykeras explain` prints."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import anykeras  # noqa: F401  (importing it registers every page)
from anykeras.registry import Page, all_pages, render_markdown

FOLDER = Path(__file__).parents[1] / "docs" / "rules"


def write_pages() -> Mapping[str, str]:
    """The text of each file by its name."""
    index = ["# Codes of findings and errors", "", "| code | title | fidelity |", "|---|---|---|"]
    files = {}
    for family, held in groupby(sorted(all_pages(), key=lambda page: page.code), lambda page: page.code[:3]):
        group = list(held)
        files[f"{family}.md"] = "\n".join(_section(page) for page in group)
        index += [f"| [{p.code}]({family}.md#{p.code}) | {p.title} | {p.fidelity or ''} |" for p in group]
    return {**files, "README.md": "\n".join(index) + "\n"}


def _section(page: Page) -> str:
    return f'<a id="{page.code}"></a>\n\n{render_markdown(page)}'


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in write_pages().items():
        (FOLDER / name).write_text(text, "utf8")


if __name__ == "__main__":
    main()
