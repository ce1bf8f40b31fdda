"""Tables that fill themselves: named entries that may not collide, and the documentation pages by code."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .fidelity import Affects, Fidelity

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Registry(Mapping[K, V], Generic[K, V]):
    """Entries by key, read as a mapping, filled by :meth:`add` or a decorator; a key is taken once.

    Args:
        what: what an entry is (``"page"``), for the message about a key that is taken.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[K, V] = {}

    def add(self, key: K, value: V) -> V:
        """Enter `value` under `key`, and return it. Raises ValueError where `key` has another value already."""
        known = self._entries.setdefault(key, value)
        if known is not value:
            raise ValueError(f"{self.what} {key!r} is registered twice: {known!r} and {value!r}")
        return value

    def register(self, *keys: K) -> Callable[[V], V]:
        """A decorator that enters what it decorates under each of `keys`."""

        def enter(value: V) -> V:
            for key in keys:
                self.add(key, value)
            return value

        return enter

    def __getitem__(self, key: K) -> V:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[K]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Registry({self.what!r}, {len(self)} entries)"


@dataclass(frozen=True)
class Page:
    """The documentation of one code: what ``anykeras explain CODE`` prints and what ``docs/rules/`` is built from.

    `affects` is what the code's findings touch, where neither their fidelity nor their address tells. `shim` marks
    codes of classes and functions that are recognised by name and arguments.
    """

    code: str
    title: str
    what: str
    why: str
    changes: str = ""
    example: str = ""
    fidelity: Fidelity | None = None
    versions: str = ""
    references: tuple[str, ...] = ()
    affects: Affects | None = None
    shim: bool = False


_pages: Registry[str, Page] = Registry("page")


def document(*pages: Page) -> None:
    """Register pages; a code has one page in the whole package. Raises ValueError for a code that has another."""
    for page in pages:
        _pages.add(page.code, page)


def find_page(code: str) -> Page | None:
    """The page of `code`, or None where no module with such a page is loaded."""
    return _pages.get(code.upper())


def all_pages() -> list[Page]:
    """All pages, in the order of their codes."""
    load_pages()
    return [_pages[code] for code in sorted(_pages)]


def load_all(package: str) -> None:
    """Import every module below `package` (one of ours), so that its entries register themselves."""
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, package + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)


def load_pages() -> None:
    """Import every module, so that every code has its page."""
    load_all(__name__.rpartition(".")[0])


_TOUCHED = {Affects.OUTPUTS: "predictions", Affects.TRAINING: "training only", Affects.NOTHING: "nothing"}


def render_markdown(found: Page) -> str:
    """A page as Markdown: the same text on the command line and in ``docs/rules/``."""
    parts = [f"# {found.code}: {found.title}", found.what]
    if found.fidelity is not None:
        touched = f", affects {_TOUCHED[found.affects]}" if found.affects is not None else ""
        parts.append(f"Fidelity: **{found.fidelity}**{touched}.")
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
