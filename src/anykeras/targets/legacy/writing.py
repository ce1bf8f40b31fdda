"""Writes a descended document as a file of tf.keras or Keras 2, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...catalog.releases import Release
from ...document.model import Document
from ...errors import TargetError
from ...findings import Finding
from ..output import check_output, open_output
from .hdf5 import write_hdf5
from .spelling import Speller
from .training import LegacyTraining, lower_training
from .weights import list_weights
from .zip import write_zip


@dataclass(frozen=True)
class LegacyFile:
    """All that goes into a file, made before a byte is written."""

    document: Document
    release: Release
    box: str
    config: dict[str, object]
    training: LegacyTraining | None

    def write(self, path: str, *, force: bool, sources: Sequence[str]) -> None:
        """Write it to `path`. Raises OutputExists, TargetError."""
        check_output(path, force=force, sources=sources, suffixes=(self.box,))
        with open_output(path, force=force, sources=sources, suffixes=(self.box,)) as stream:
            put = write_zip if self.box == ".keras" else write_hdf5
            put(stream, self.document.model, self.config, self.training, self.release)


def prepare(document: Document, release: Release, box: str) -> tuple[LegacyFile, list[Finding]]:
    """A descended document as what a file of the release holds, and what was left out.

    Raises:
        Unsupported: the release cannot spell it.
        TargetError: the model has no weights.
    """
    config = Speller(release, box).model(document.model)
    training, findings = lower_training(document.training, document.model, release)
    if not any(True for _ in list_weights(document.model)) and _needs_weights(document):
        raise TargetError("AK6012", "the model has no weights", next_step="Pass the weights file too: --weights weights.h5.")
    return LegacyFile(document, release, box, dict(config), training), findings


def _needs_weights(document: Document) -> bool:
    from ...catalog import find
    from ...document.walk import layers_of

    entries = ((layer, find(layer.class_name, document.era)) for layer in layers_of(document.model))
    return any(role.trainable for layer, entry in entries if entry is not None for role in entry.roles(layer))
