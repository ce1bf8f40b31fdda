"""A hook of mkdocs: the pages of the site that are made from what AnyKeras knows, and links out of docs/.

- ``errors.md``: every cause of a loading error, from ``src/anykeras/explaining/known.toml``;
- ``codes/AKn.md``: the page of every code, from ``src/anykeras/pages``;
- ``reference.md``: the docstrings of the public names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mkdocs.structure.files import File, Files

from anykeras import __all__ as public
from anykeras.explaining import load_causes
from anykeras.pages import list_families, list_pages

SOURCE = "https://github.com/anykeras/anykeras/blob/main"
HOMES = {
    "api": "load_model convert open inspect load_weights match transfer stub verify explain",
    "opened": "Opened Converted Inspection",
    "findings": "Finding",
    "fidelity": "Fidelity Affects",
    "verification": "Report",
    "matching": "WeightsReport",
    "weights_only": "WeightsInspection",
    "auditing": "audit Audit",
    "scanning": "scan Scan",
    "html_report": "report",
    "checking": "check Outlook",
    "keeping": "save_model",
    "errors": "AnyKerasError",
    "warning": "AnyKerasWarning",
}
"""Where the public names are defined; the reference has them in this order."""


def list_errors() -> Iterator[str]:
    """One section a cause: what it means, why, what to do."""
    yield "# I have this error\n"
    yield 'Paste it: `anykeras explain "the message"`. Or search here (press `s`) for words of the message.\n'
    known = load_causes()
    for cause in known:
        if cause.elsewhere:
            continue
        words = ", ".join(f"`{_plain(sign.words.pattern)}`" for sign in cause.signs[:4])
        yield f"## {cause.means}\n\nWords of the message: {words}\n\n{cause.why}\n\nVersions: {cause.versions}.\n"
        yield f"**AnyKeras opens it: {cause.opens}.** {cause.answer}\n\n```\n{cause.command}\n```\n"
    yield "# Errors about something else\n"
    yield from (f"- {cause.means[:1].upper()}{cause.means[1:]}" for cause in known if cause.elsewhere)


def _plain(pattern: str) -> str:
    """A pattern as words: what may vary becomes an ellipsis."""
    text = re.sub(r"\(\?P<\w+>[^)]*\)|\.\{[^}]*\}|\.[*+]\??|\\[dwsS][+*]?|\[[^\]]*\][+*]?", "…", pattern)
    return re.sub(r"\(\?:|[()\\?^$`]", "", text).replace("|", " / ")


def list_codes(family: str) -> str:
    """The pages of one family of codes, with their headings one level down."""
    pages = [page for page in list_pages() if page.code.startswith(family)]
    return f"# {family}\n\n" + "\n".join(re.sub(r"^#", "##", page.text, flags=re.MULTILINE) for page in pages)


def list_names() -> str:
    """The public names, for mkdocstrings."""
    homes = {name: module for module, names in HOMES.items() for name in names.split()}
    missing = set(public) - set(homes) - {"limits", "__version__", "testing", "integrations"}
    if missing:
        raise ValueError(f"scripts/site_pages.py does not say where these are defined: {sorted(missing)}")
    return "# Reference\n\n" + "\n".join(f"::: anykeras.{module}.{name}\n" for name, module in homes.items())


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    made = {
        "errors.md": "\n".join(list_errors()),
        "reference.md": list_names(),
        **{f"codes/{family}.md": list_codes(family) for family in list_families()},
    }
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to files that are not part of the site lead to the repository."""
    return re.sub(r"\]\(\.\./(?!images)([^)]+)\)", rf"]({SOURCE}/\1)", markdown).replace(
        "](rules/README.md)", "](codes/AK1.md)"
    )
