"""What a document can be written as, by name, and the plan of one such file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..catalog.releases import NEWEST, Release, require_release
from ..findings import Finding

if TYPE_CHECKING:
    from ..document.model import Document
    from .legacy import LegacyFile, TfjsFolder
    from .lowering import Lowered

DEFAULT: Final = "keras"
TARGETS: Final = (DEFAULT,)
"""Targets that are no release: what current Keras opens."""


@dataclass(frozen=True)
class Plan:
    """A document in the words of the release that it is written for; nothing is written yet."""

    document: Document
    release: Release
    findings: tuple[Finding, ...] = ()
    legacy: LegacyFile | TfjsFolder | None = None
    lowered: Lowered | None = None  # `document` for current Keras, where that is made already

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
        custom_objects: Mapping[str, object] | None = None,
    ) -> None:
        """Write the file to `path`, whole or not at all; an existing one only with `force`, `sources` never.

        Raises AnyKerasError.
        """
        if self.legacy is not None:
            self.legacy.write(path, force=force, sources=sources)
            return
        from . import keras_zip  # loaded only where a file is written

        minor, document = self.release.version, self.document
        keras_zip.write(document, path, self.lowered, minor=minor, force=force, sources=sources, custom_objects=custom_objects)


def plan(document: Document, path: str, target: str = DEFAULT, lowered: Lowered | None = None) -> Plan:
    """What `document` becomes for `target`: ``keras``, or a release (``keras-3.6``, ``tf.keras-2.8``).

    `lowered` is it for current Keras, where that is made already.

    Raises:
        Unsupported: there is no such target, or the release cannot hold the model; the message names the layer.
    """
    if target in TARGETS:
        return Plan(document, NEWEST, _list_flags(document), lowered=lowered)
    release = require_release(target)
    from ..descent import descend  # only where an older release is asked for
    from .lowering import prepare

    box = _box(path, release)
    descended, findings = descend(prepare(document), release, box)
    if release.line == "keras3":
        return Plan(descended, release, (*findings, *_list_flags(document)))
    from . import legacy

    file: LegacyFile | TfjsFolder
    if release.line == "tfjs":
        file, more = legacy.prepare_tfjs(descended, release)
    else:
        file, more = legacy.prepare(descended, release, box)
    return Plan(descended, release, (*findings, *more), file)


def suffix_of(target: str) -> str:
    """What the name of a file for a target ends in: ``.keras``, ``.h5``, nothing for a folder. Raises Unsupported AK6005."""
    return ".keras" if target in TARGETS else require_release(target).boxes[0]


def _list_flags(document: Document) -> tuple[Finding, ...]:
    """What Keras 3 makes of the training flags of calls; it wrote its own files so."""
    from ..document.model import Era
    from .checks import list_flags

    return () if document.writer.era is Era.KERAS3 else tuple(list_flags(document.model))


def _box(path: str, release: Release) -> str:
    """The kind of file by its name; that of the release where the name does not say it, which writing refuses."""
    suffix = os.path.splitext(path)[1]
    return suffix if suffix in release.boxes else release.boxes[0]


def write(document: Document, path: str, *, target: str = DEFAULT, force: bool = False, sources: Sequence[str] = ()) -> None:
    """Write `document` as a file for `target`: a plan, carried out."""
    plan(document, path, target).write(path, force=force, sources=sources)
