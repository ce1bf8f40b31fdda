"""The compile configuration as a whole: optimizer, losses, weights and metrics, one structure for all outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.model import Layer, Training, Writer, refs
from ...document.values import Value
from ...findings import Fidelity, Finding
from . import losses, optimizers
from .notes import Notes


def migrate_training(training: Training, model: Layer, writer: Writer) -> tuple[Training, list[Finding]]:
    """The configuration in Keras 3's words; without a ``loss`` where one output's loss is the author's own."""
    notes = Notes(writer)
    held = training.config
    count = _outputs(model)
    made: dict[str, Value] = {"optimizer": optimizers.migrated(held.get("optimizer"), notes)}
    loss = losses.structure(held.get("loss"), lambda value: losses.loss(value, notes))
    if _complete(held.get("loss"), loss):
        made["loss"] = (loss,) * count if count > 1 and not isinstance(loss, tuple | Mapping) else loss
        made["loss_weights"] = _weights(held.get("loss_weights"), made["loss"])
    for key in ("metrics", "weighted_metrics"):
        made[key] = _metrics(held.get(key), count, notes)
    if training.unbound:
        named = ", ".join(training.unbound[:3])
        seen = f"the optimizer's variables {named} ... fit no weight"
        notes.add("AK4011", "optimizer", seen, "the optimizer starts fresh", Fidelity.LOSSY)
    return replace(training, config=made), notes.findings


def _outputs(model: Layer) -> int:
    graph = model.graph
    return 1 if graph is None or graph.sequential else max(1, len(refs(graph.outputs)))


def _complete(before: Value, after: Value) -> bool:
    """Whether every loss that was there is there still."""
    return before is not None and _leaves(before) == _leaves(after)


def _leaves(value: Value) -> int:
    if isinstance(value, tuple):
        return sum(_leaves(item) for item in value)
    if isinstance(value, Mapping):
        return sum(_leaves(item) for item in value.values())
    return value is not None


def _weights(value: Value, loss: Value) -> Value:
    """Loss weights in the structure of the losses, as Keras 3 wants them."""
    if value is None or isinstance(value, int | float) or not isinstance(loss, tuple | Mapping):
        return value[0] if isinstance(value, tuple) and len(value) == 1 else value
    if isinstance(value, Mapping) and isinstance(loss, Mapping):
        return {key: value.get(key, 1.0) for key in loss}
    return value


def _metrics(value: Value, count: int, notes: Notes) -> Value:
    if value is None or value == ():
        return None
    made = _pruned(losses.structure(value, lambda item: losses.metric(item, notes)))
    nested = isinstance(made, tuple) and any(isinstance(item, tuple) for item in made)
    if count > 1 and isinstance(made, tuple) and not nested:
        return (made,) * count  # Keras 1 and 2 gave a flat list to every output
    if count == 1 and nested and isinstance(made, tuple) and len(made) == 1:
        return made[0]
    return made or None


def _pruned(value: Value) -> Value:
    """Without the metrics that are left out; a list keeps its place in the list of outputs."""
    if isinstance(value, tuple):
        return tuple(_pruned(item) for item in value if item is not None)
    if isinstance(value, Mapping):
        return {key: _pruned(item) for key, item in value.items() if item is not None}
    return value
