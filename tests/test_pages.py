"""Every code that the package can say has a page, each page is of one form, and the index of docs/rules names them all."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import anykeras
from anykeras import migrations, shims
from anykeras.errors import AnyKerasError
from anykeras.migrations.rulebook import rule
from anykeras.pages import Page, list_pages
from anykeras.reporting import notice_of_error

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import make_docs  # noqa: E402

CODE = re.compile(r'"(AK\d{4})"')
HEADINGS = {"", "Why", "What changes", "What to do", "Example", "Versions", "References"}
PAGES = list_pages()


def test_every_code_has_a_page() -> None:
    known = {page.code for page in PAGES}
    said = {
        (code, path.name)
        for path in (ROOT / "src").rglob("*.py")
        for code in CODE.findall(path.read_text("utf8"))
        if code not in known
    }
    assert not said


def test_a_refusal_that_does_not_say_what_to_do_says_what_its_page_says() -> None:
    """On a line of its own, as one line, in text and as a field."""
    for code, said in (("AK3062", "Report the file, or choose other outputs."), ("AK1154", "Use another save of the model.")):
        error = AnyKerasError(code, "seen")
        assert str(error) == f"[{code}] seen\nWhat to do: {said}"
        assert notice_of_error(error).details["next_step"] == said
    assert str(AnyKerasError("AK3062", "seen", next_step="Do it.")).endswith("\nWhat to do: Do it.")
    for page in list_pages():
        assert "\\n" not in str(AnyKerasError(page.code, "seen")), page.code


def test_no_page_is_left_of_a_code_that_is_gone() -> None:
    text = "".join(path.read_text("utf8") for path in (ROOT / "src").rglob("*.py"))
    assert not [page.code for page in PAGES if page.code not in text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_each_page_is_of_one_form(page: Page) -> None:
    assert page.sections.keys() <= HEADINGS
    assert page.what and "Fidelity" not in page.what
    layers, functions = {shim.code for shim in shims.list_shims()}, {"AK5055", "AK5144"}
    architectures = {"AK1331"}  # recognised beside weights, by the names of layers
    assert page.shim == (page.code in layers | functions | architectures)
    assert page.code not in layers or " -> " in page.title


def test_explain_answers() -> None:
    page = anykeras.explain("ak1210")
    assert page is not None and "weights" in page.what
    assert anykeras.explain("AK9999") is None
    assert not anykeras.explain("../AK1").known


def test_a_rule_needs_a_page() -> None:
    assert migrations.rule is rule
    with pytest.raises(ValueError, match="AK2999 has no page"):
        rule("AK2999", to=anykeras.pages.Fidelity.EXACT)  # type: ignore[arg-type]


def test_the_index_names_them_all() -> None:
    written = (ROOT / "docs" / "rules" / "README.md").read_text("utf8")
    assert written == make_docs.write_index(), "run scripts/make_docs.py"
    assert all(f"[{page.code}]" in written for page in PAGES)
