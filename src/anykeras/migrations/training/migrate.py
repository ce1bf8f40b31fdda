"""The compile configuration as a whole: optimizer, losses, weights and metrics, one structure for all outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.model import Era, Layer, Training, Value, Writer
from ...document.walk import layers_of
from ...findings import Fidelity, Finding
from . import embeddings, losses, optimizers, packages
from .losses import Outputs, outputs_of
from .notes import Notes

_LISTS = ("metrics", "weighted_metrics")


def migrate_training(training: Training, model: Layer, writer: Writer) -> tuple[Training, list[Finding]]:
    """The configuration in Keras 3's words. Optimizers, losses and metrics that no Keras has are `UNRESOLVED`.

    Args:
        training: as parsed.
        model: in the vocabulary of Keras 3.
        writer: who wrote the file.
    """
    notes = Notes(writer)
    embeddings.report_differences(training, model, notes)
    training = optimizers.migrate_optimizer(training, model, notes)
    made: dict[str, Value] = {"optimizer": training.config.get("optimizer")}
    made.update(_migrate_outputs(training, outputs_of(model), notes))
    _report_state(training, model, notes)
    return replace(training, config=made), notes.findings


def _migrate_outputs(training: Training, outputs: Outputs, notes: Notes) -> dict[str, Value]:
    """Losses, their weights and metrics. Keras 3's own keep their structure, which is that of today."""
    held = training.config
    loss = losses.map_structure(held.get("loss"), lambda value: losses.migrate_loss(value, notes))
    if notes.writer.era is Era.KERAS3:
        lists = {
            key: losses.map_structure(held.get(key), lambda v: losses.migrate_metric(v, None, None, notes)) for key in _LISTS
        }
        return {"loss": loss, "loss_weights": held.get("loss_weights"), **lists}
    loss = outputs.spread(loss)
    weights = _spread_weights(held.get("loss_weights"), loss, outputs)
    weights = _scale_cosine(loss, weights, outputs, notes)
    loss, weights = losses.express_focal_loss(loss, weights, outputs.widths, notes)
    made = {"loss": loss, "loss_weights": weights}
    return {**made, **{key: _migrate_metrics(held.get(key), loss, outputs, notes) for key in _LISTS}}


def _spread_weights(value: Value, loss: Value, outputs: Outputs) -> Value:
    """Loss weights in the structure of the losses, as Keras 3 wants them; outputs that are not named count once."""
    if isinstance(value, Mapping) and isinstance(loss, Mapping):
        return {key: value.get(key, 1.0) for key in loss}
    if value is None or value == () or isinstance(loss, Mapping):
        return None
    spread = outputs.spread(value)
    return tuple(1.0 if item is None else item for item in spread) if isinstance(spread, tuple) else spread


def _scale_cosine(loss: Value, weights: Value, outputs: Outputs, notes: Notes) -> Value:
    """The mean over the last axis is the sum, weighted by one over its size."""
    if not losses.averages_cosine(notes.writer) or losses.COSINE not in _flat(loss):
        return weights
    if isinstance(loss, Mapping) or any(width is None for width in outputs.widths):
        seen = "cosine_proximity was the mean over the last axis"
        notes.add("AK4010", "loss", seen, "Keras 3 takes the sum", Fidelity.APPROXIMATE)
        return weights
    given = _flat(weights) if weights is not None else [1.0] * len(outputs.widths)
    scaled: list[Value] = [
        weight / width if kind == losses.COSINE and isinstance(weight, int | float) and width else weight
        for kind, weight, width in zip(_flat(loss), given, outputs.widths, strict=True)
    ]
    seen = "cosine_proximity was the mean over the last axis"
    notes.add("AK4010", "loss", seen, "the sum, with a loss weight of one over the size of that axis", Fidelity.EXACT)
    return tuple(scaled) if len(scaled) > 1 else scaled[0]


def _flat(value: Value) -> list[Value]:
    return list(value) if isinstance(value, tuple) else [value]


def _migrate_metrics(value: Value, loss: Value, outputs: Outputs, notes: Notes) -> Value:
    if value is None or value in ((), {}):
        return None
    spread = outputs.spread_lists(value)
    if not isinstance(spread, tuple) or len(outputs.names) < 2:
        width = outputs.widths[0] if len(outputs.widths) == 1 else None
        return losses.map_structure(spread, lambda item: losses.migrate_metric(item, loss, width, notes))
    kinds = _flat(loss) if isinstance(loss, tuple) else [loss] * len(spread)

    def change(value: Value, kind: Value, width: int | None) -> Value:
        return losses.map_structure(value, lambda leaf: losses.migrate_metric(leaf, kind, width, notes))

    return tuple(change(*parts) for parts in zip(spread, kinds, outputs.widths, strict=False))


def _report_state(training: Training, model: Layer, notes: Notes) -> None:
    """What is true of the whole state."""
    writer, held = notes.writer, training.config
    optimizer = held.get("optimizer")
    if not packages.report_foreign(optimizer, training, notes) and training.unbound and optimizer is not None:
        named = ", ".join(training.unbound[:3])
        seen = f"the optimizer's variables {named} ... fit no weight"
        notes.add("AK4011", "optimizer", seen, "the optimizer starts fresh", Fidelity.LOSSY)
    if held.get("sample_weight_mode") not in (None, (), {}):
        seen = f"sample_weight_mode={held['sample_weight_mode']!r}"
        notes.add("AK4014", "sample_weight_mode", seen, "Keras 3 takes weights of shape (batch, steps) as they come")
    if _races(writer) and held.get("optimizer") is not None:
        seen = "a graph of TensorFlow 1 read weights and counters while it updated them: steps differ from run to run"
        notes.add("AK4012", "optimizer", seen, "the step in the order in which it is written", Fidelity.EQUIVALENT)
    normal = any(layer.class_name == "BatchNormalization" for layer in layers_of(model))
    if normal and writer.era in (Era.KERAS1, Era.KERAS2, Era.TF2):
        seen = "BatchNormalization updated its moving variances by an older formula"
        done = "if you continue training, they update slightly differently"
        notes.add("AK4013", "BatchNormalization", seen, done, Fidelity.APPROXIMATE)


def _races(writer: Writer) -> bool:
    on_tensorflow = writer.library == "keras" and writer.backend in (None, "tensorflow")
    return on_tensorflow and writer.era in (Era.KERAS1, Era.KERAS2)
