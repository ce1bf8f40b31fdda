"""Writes docs/rules/: one page a code, from the same text that `anykeras explain` prints."""

from __future__ import annotations

from pathlib import Path

import anykeras  # noqa: F401  (importing it registers every page)
from anykeras.registry import markdown, pages

FOLDER = Path(__file__).parents[1] / "docs" / "rules"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    index = ["# Codes of findings and errors", "", "| code | title | fidelity |", "|---|---|---|"]
    for page in pages():
        (FOLDER / f"{page.code}.md").write_text(markdown(page), "utf8")
        index.append(f"| [{page.code}]({page.code}.md) | {page.title} | {page.fidelity or ''} |")
    (FOLDER / "README.md").write_text("\n".join(index) + "\n", "utf8")


if __name__ == "__main__":
    main()
