"""What a compile configuration of any era means in current Keras 3."""

from dataclasses import replace

from ...document.model import Document
from ...findings import Finding
from . import embeddings, pages, unknown
from .migrate import migrate_training

__all__ = ["migrate_training", "pages", "settled"]


def settled(document: Document, find: unknown.Find | None) -> tuple[Document, list[Finding]]:
    """The last step, when every layer is native: unknown parts are given or left out, embeddings train as they did."""
    document, left_out = unknown.settled(document, find)
    model, changed = embeddings.densified(document)
    return replace(document, model=model), [*left_out, *changed]
