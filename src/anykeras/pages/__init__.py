"""What every code means, for people: one Markdown file a family of codes (AK1, AK2 ...), read when a page is asked for.

A page is a section::

    # AK2153: Convolution kernels flipped by 180 degrees

    What was found.

    Fidelity: **exact**, affects predictions.

    ## Why
    ## What changes (or: What to do)
    ## Example
    ## Versions
    ## References

Only the first two parts are always there. The line between them and the headings says how faithful the change is, what
it affects, and whether the class or function was recognised by its name and arguments alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from ..fidelity import Affects, Fidelity
from ..lazily import read_data

_TOUCHED = {"predictions": Affects.OUTPUTS, "training only": Affects.TRAINING, "nothing": Affects.NOTHING}
_TITLE = re.compile(r"^# (AK\d{4}): (.+)$", re.MULTILINE)
_FIDELITY = re.compile(r"^Fidelity: \*\*(\w+)\*\*", re.MULTILINE)
_AFFECTS = re.compile(r"^.*\b[Aa]ffects (predictions|training only|nothing)\.", re.MULTILINE)
_RECOGNISED = "Recognised by name and arguments."
_SUFFIX = ".md"


@dataclass(frozen=True, repr=False)
class Page:
    """The documentation of one code: what ``anykeras explain CODE`` prints.

    Attributes:
        code: such as ``"AK2153"``.
        title: one line.
        text: the whole page as Markdown, its title with it.
    """

    code: str
    title: str
    text: str

    @cached_property
    def sections(self) -> Mapping[str, str]:
        """The text under each heading; what stands before the first is under ``""``."""
        first, *titled = re.split(r"^## ", self.text.partition("\n")[2], flags=re.MULTILINE)
        parts = (part.partition("\n") for part in titled)
        return {"": first.strip(), **{title: body.strip() for title, _, body in parts}}

    def __repr__(self) -> str:
        return f"<Page {self.code}: {self.title}>"

    def _repr_markdown_(self) -> str:
        """The page for a notebook; it is all ours, nothing of a file."""
        return self.text

    @property
    def what(self) -> str:
        """What was found, and what it means."""
        return self.sections[""].split("\n\nFidelity: ")[0]

    @property
    def what_to_do(self) -> str | None:
        """Advice, where the page gives any."""
        return self.sections.get("What to do")

    @cached_property
    def fidelity(self) -> Fidelity | None:
        """How faithful the change is; None for errors, and where each finding of the code says so itself."""
        found = _FIDELITY.search(self.text)
        return Fidelity(found[1]) if found else None

    @cached_property
    def affects(self) -> Affects | None:
        """What the code's findings affect; None where their fidelity and address tell."""
        found = _AFFECTS.search(self.sections[""])
        return _TOUCHED[found[1]] if found else None

    @cached_property
    def shim(self) -> bool:
        """Whether findings of the code are about something recognised by its name and arguments alone."""
        return _RECOGNISED in self.sections[""]


def list_families() -> list[str]:
    """The first three characters of all codes: ``AK1``, ``AK2`` ..."""
    from importlib import resources  # to list a folder that may lie in an archive

    names = (file.name for file in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.startswith("AK"))


def find_page(code: str) -> Page | None:
    """The page of `code`, in any case; None for a code that does not exist."""
    wanted = code.upper()
    return _read_family(wanted[:3]).get(wanted) if re.fullmatch(r"AK\d{4}", wanted) else None


def require_page(code: str) -> Page:
    """The page of a code of ours. Raises ValueError where it has none."""
    page = find_page(code)
    if page is None:
        raise ValueError(f"{code} has no page")
    return page


def list_pages() -> list[Page]:
    """All pages, in the order of their codes."""
    return [page for family in list_families() for _, page in sorted(_read_family(family).items())]


@cache
def _read_family(family: str) -> Mapping[str, Page]:
    """The pages of one file by code. Raises ValueError for a code that has two."""
    try:
        text = read_data(__name__, f"{family}{_SUFFIX}")
    except OSError:
        return {}
    titles = list(_TITLE.finditer(text))
    ends = [found.start() for found in titles[1:]] + [len(text)]
    pages: dict[str, Page] = {}
    for found, end in zip(titles, ends, strict=True):
        code = found[1]
        if code in pages or not code.startswith(family):
            raise ValueError(f"{family}{_SUFFIX} holds the page of {code} twice, or it belongs elsewhere")
        pages[code] = Page(code, found[2], text[found.start() : end].strip() + "\n")
    return pages
