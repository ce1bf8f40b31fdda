"""What a target is, and the table of those there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import Unsupported

if TYPE_CHECKING:
    from ..document.model import Document

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


def _write_keras_zip(document: Document, path: str, **options: Any) -> None:
    from . import keras_zip  # loaded only where a file is written

    keras_zip.write(document, path, **options)


TARGETS: Mapping[str, Target] = {"keras": _write_keras_zip}


def write(
    document: Document,
    path: str,
    *,
    target: str = DEFAULT,
    minor: str | None = None,
    force: bool = False,
    sources: Sequence[str] = (),
    custom_objects: Mapping[str, Any] | None = None,
) -> None:
    """Write `document` as a file of the kind `target`, for the release `minor` (the newest when None).

    An existing file is replaced only with `force`.
    """
    chosen = TARGETS.get(target)
    if chosen is None:
        raise Unsupported("AK6005", f"there is no target {target!r}", next_step=f"Choose one of: {', '.join(TARGETS)}.")
    from .lowering import MINORS

    chosen(document, path, minor=minor or MINORS[-1], force=force, sources=sources, custom_objects=custom_objects)
