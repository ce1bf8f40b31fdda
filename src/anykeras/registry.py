"""Tables that fill themselves: documentation pages by code, and named entries gathered from a folder of modules."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass

from .findings import Fidelity


@dataclass(frozen=True)
class Page:
    """The documentation of one code: what ``anykeras explain CODE`` prints and what ``docs/rules/`` is built from."""

    code: str
    title: str
    what: str
    why: str
    changes: str = ""
    example: str = ""
    fidelity: Fidelity | None = None
    versions: str = ""
    references: tuple[str, ...] = ()


_pages: dict[str, Page] = {}


def document(*pages: Page) -> None:
    """Register pages; a code has one page in the whole package."""
    for page in pages:
        known = _pages.setdefault(page.code, page)
        if known != page:
            raise ValueError(f"two pages for {page.code}: {known.title!r} and {page.title!r}")


def page(code: str) -> Page | None:
    """The page of `code`, or None."""
    return _pages.get(code.upper())


def pages() -> list[Page]:
    """All pages registered so far, in the order of their codes."""
    return [_pages[code] for code in sorted(_pages)]


def load_all(package: str) -> None:
    """Import every module below `package` (one of ours), so that its entries register themselves."""
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, package + "."):
        importlib.import_module(module.name)


def markdown(found: Page) -> str:
    """A page as Markdown: the same text on the command line and in ``docs/rules/``."""
    parts = [f"# {found.code}: {found.title}", found.what]
    if found.fidelity is not None:
        parts.append(f"Fidelity: **{found.fidelity}**.")
    titled = (
        ("Why", found.why),
        ("What changes", found.changes),
        ("Example", found.example),
        ("Versions", found.versions),
    )
    parts += [f"## {title}\n\n{text}" for title, text in titled if text]
    if found.references:
        parts.append("## References\n\n" + "\n".join(f"- {reference}" for reference in found.references))
    return "\n\n".join(parts) + "\n"
