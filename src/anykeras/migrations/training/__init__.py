"""What a compile configuration of any era means in current Keras 3."""

from dataclasses import replace

from ...document.model import Document
from ...findings import Finding
from . import embeddings, unknown
from .migrate import migrate_training
from .notes import Notes
from .slots import carry_slots

__all__ = ["migrate_training", "resolve_training"]


def resolve_training(document: Document, find: unknown.Find | None) -> tuple[Document, list[Finding]]:
    """The last step, when every layer is native: custom parts are found or left out, slots follow their weights,
    embeddings train as they did."""
    document, left_out = unknown.resolve_unknown(document, find)
    notes = Notes(document.writer)
    document = replace(document, training=carry_slots(document, notes))
    model, changed = embeddings.densify_gradients(document)
    return replace(document, model=model), [*left_out, *notes.findings, *changed]
