"""Writes docs/rules/README.md, an index of the pages in src/anykeras/pages/ (which `anykeras explain` prints), and
src/anykeras/migrations/rules/index.json, by which a rule is imported only for a file that it concerns."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # of this checkout
from anykeras.migrations import rulebook
from anykeras.pages import Page, list_pages

INDEX = Path(__file__).parents[1] / "docs" / "rules" / "README.md"
RULES = Path(rulebook.__file__).parent / rulebook.INDEX
PAGES = "../../src/anykeras/pages"


def write_index() -> str:
    """The text of the index."""
    lines = ["# Codes of findings and errors", "", "| code | title | fidelity |", "|---|---|---|"]
    lines += [f"| [{page.code}]({PAGES}/{_anchor(page)}) | {page.title} | {page.fidelity or ''} |" for page in list_pages()]
    return "\n".join(lines) + "\n"


def _anchor(page: Page) -> str:
    """The file of a page and the heading's anchor as Markdown hosts make it: words joined by hyphens."""
    heading = re.sub(r"[^\w\- ]", "", f"{page.code}: {page.title}".lower()).replace(" ", "-")
    return f"{page.code[:3]}.md#{heading}"


if __name__ == "__main__":
    INDEX.write_text(write_index(), "utf8")
    RULES.write_text(rulebook.write_index(), "utf8")
