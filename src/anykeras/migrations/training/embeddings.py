"""Embeddings in training: the gradient of a table, which TensorFlow keeps as a list of rows.

Keras 3 on TensorFlow lets an optimizer compute with that list as it is: a row that a batch uses twice is squared twice and
not as the sum (keras 3.15.1 backend/tensorflow/sparse.py, ``elementwise_unary``). No older Keras did: Keras 1 and 2 made one
array of it (``K.square``), tf.keras added up the rows first (``_deduplicate_indexed_slices`` of TensorFlow 2.10
optimizer_v2.py, ``_deduplicate_sparse_grad`` of keras 2.11).
"""

from __future__ import annotations

from collections.abc import Mapping

from ...document.model import Config, Document, Era, Layer, Object, Training
from ...document.walk import layers_of, rebuild
from ...findings import Fidelity, Finding
from .notes import Notes
from .optimizers import is_old_algorithm

_TABLES = frozenset({"Embedding"})
# One array in place of the list: the gradient of this penalty is an array of zeros.
_NO_PENALTY = Object("L2", {"l2": 0.0}, "keras.regularizers")
# Of TensorFlow's optimizer_v2, those that leave the slots or weights of unused rows alone where Keras 3 moves them
# (`_resource_apply_sparse` of each, tf.keras 2.6).
_LAZY = frozenset({"RMSprop", "Adadelta", "Adamax", "Nadam", "Ftrl"})
_CLIPS = ("clipnorm", "global_clipnorm")


def densify_gradients(document: Document) -> tuple[Layer, list[Finding]]:
    """The model of a document, changed so that every backend trains its embeddings as the writer's stack did."""
    name, config = _optimizer(document.training)
    notes = Notes(document.writer)
    linear = name == "SGD" and not any(config.get(key) for key in _CLIPS)  # adding up sooner or later is the same
    if notes.writer.era is Era.KERAS3 or not name or linear or not any(_is_bare(layer) for layer in layers_of(document.model)):
        return document.model, []
    seen = "rows of an Embedding that a batch uses twice were added up before the optimizer saw them"
    done = "a penalty of 0 on the table, which makes Keras 3 add them up on TensorFlow too"
    notes.add("AK4015", "optimizer", seen, done, Fidelity.EXACT)
    return rebuild(document.model, _add_penalty), notes.findings


def report_differences(training: Training, model: Layer, notes: Notes) -> None:
    """Say where the steps of an old tf.keras were others than those of Keras 3 on any backend; `training` as parsed."""
    name, config = _optimizer(training)
    if notes.writer.era is not Era.TF2 or not any(_is_trained(layer) for layer in layers_of(model)):
        return
    if is_old_algorithm(notes.writer, config) and (name in _LAZY or config.get("momentum")):
        seen = f"{name} of tf.keras before 2.11 leaves rows of an Embedding alone that a batch does not use"
        notes.add("AK4052", "optimizer", seen, "Keras 3 moves all rows", Fidelity.APPROXIMATE)
    if any(config.get(key) for key in _CLIPS):
        seen = "the norm of an Embedding's gradient counted a row once for each time that the batch used it"
        notes.add("AK4016", "optimizer", seen, "Keras 3 takes the norm of the sums", Fidelity.APPROXIMATE)


def _optimizer(training: Training | None) -> tuple[str, Config]:
    """The name and the arguments of the optimizer, "" where there is none."""
    held = training.config.get("optimizer") if training is not None else None
    if not isinstance(held, Object):
        return "", {}
    return held.class_name.rpartition(">")[2], held.config if isinstance(held.config, Mapping) else {}


def _is_trained(layer: Layer) -> bool:
    return layer.class_name in _TABLES and layer.config.get("trainable") is not False


def _is_bare(layer: Layer) -> bool:
    return _is_trained(layer) and layer.config.get("embeddings_regularizer") is None


def _add_penalty(layer: Layer) -> Layer:
    return layer.with_config(embeddings_regularizer=_NO_PENALTY) if _is_bare(layer) else layer
