"""What a target is, and the table of those there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ..document.model import Document
from ..errors import Unsupported
from . import keras_zip
from .lowering import MINORS

DEFAULT = "keras"


class Target(Protocol):
    """A kind of file that a document can be written as. `minors` are the releases it can be written for."""

    def __call__(
        self,
        document: Document,
        path: str,
        *,
        minor: str,
        force: bool,
        sources: Sequence[str],
        custom_objects: Mapping[str, Any] | None,
    ) -> None:
        """Write `document` to `path`, whole or not at all; `custom_objects` are the user's. Raises AnyKerasError.

        `sources` are the files that were read, which are never replaced.
        """


TARGETS: Mapping[str, Target] = {"keras": keras_zip.write}


def write(
    document: Document,
    path: str,
    *,
    target: str = DEFAULT,
    minor: str = MINORS[-1],
    force: bool = False,
    sources: Sequence[str] = (),
    custom_objects: Mapping[str, Any] | None = None,
) -> None:
    """Write `document` as a file of the kind `target`, for the release `minor`; an existing file only with `force`."""
    chosen = TARGETS.get(target)
    if chosen is None:
        raise Unsupported("AK6005", f"there is no target {target!r}", next_step=f"Choose one of: {', '.join(TARGETS)}.")
    chosen(document, path, minor=minor, force=force, sources=sources, custom_objects=custom_objects)
