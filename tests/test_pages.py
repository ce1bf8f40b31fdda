"""Every code that the package can say has a page, and docs/rules holds exactly those pages."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import anykeras
from anykeras.registry import all_pages, render_markdown

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import make_docs  # noqa: E402

CODE = re.compile(r'"(AK\d{4})"')


def test_every_code_has_a_page() -> None:
    known = {page.code for page in all_pages()}
    said = {
        (code, path.name)
        for path in (ROOT / "src").rglob("*.py")
        for code in CODE.findall(path.read_text("utf8"))
        if code not in known
    }
    assert not said


def test_explain_answers() -> None:
    page = anykeras.explain("ak1210")
    assert page is not None and "weights" in page.what
    assert anykeras.explain("AK9999") is None


def test_the_written_pages_are_these() -> None:
    written = {path.name: path.read_text("utf8") for path in (ROOT / "docs" / "rules").glob("*.md")}
    assert written == make_docs.write_pages(), "run scripts/make_docs.py"
    assert all(render_markdown(page) in written[f"{page.code[:3]}.md"] for page in all_pages())
