"""What a document can be written as, by name, and the plan of one such file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..catalog.releases import NEWEST, Release, require_release
from ..errors import Unsupported
from ..findings import Finding

if TYPE_CHECKING:
    from ..document.model import Document

DEFAULT: Final = "keras"
TARGETS: Final = (DEFAULT,)
"""Targets that are no release: what current Keras opens."""


@dataclass(frozen=True)
class Plan:
    """A document in the words of the release that it is written for; nothing is written yet."""

    document: Document
    release: Release
    findings: tuple[Finding, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether current Keras opens the file."""
        return self.release.line == "keras3"

    def write(
        self,
        path: str,
        *,
        force: bool = False,
        sources: Sequence[str] = (),
        custom_objects: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the file to `path`, whole or not at all; an existing one only with `force`, `sources` never.

        Raises AnyKerasError.
        """
        from . import keras_zip  # loaded only where a file is written

        keras_zip.write(
            self.document, path, minor=self.release.version, force=force, sources=sources, custom_objects=custom_objects
        )


def plan(document: Document, path: str, target: str = DEFAULT) -> Plan:
    """What `document` becomes for `target`: ``keras``, or a release (``keras-3.6``, ``tf.keras-2.8``).

    Raises:
        Unsupported: there is no such target, or the release cannot hold the model; the message names the layer.
    """
    if target in TARGETS:
        return Plan(document, NEWEST)
    release = require_release(target)
    box = os.path.splitext(path)[1]
    if release.line == "keras3":
        return Plan(*_descend(document, release, box))
    raise Unsupported("AK6005", f"AnyKeras does not write for {target!r}")


def write(document: Document, path: str, *, target: str = DEFAULT, force: bool = False, sources: Sequence[str] = ()) -> None:
    """Write `document` as a file for `target`: a plan, carried out."""
    plan(document, path, target).write(path, force=force, sources=sources)


def _descend(document: Document, release: Release, box: str) -> tuple[Document, Release, tuple[Finding, ...]]:
    from ..descent import descend  # only where an older release is asked for

    descended, findings = descend(document, release, box)
    return descended, release, tuple(findings)
