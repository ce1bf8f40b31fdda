"""Optimizers, losses and metrics that no Keras has: taken from custom_objects, or omitted and reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...document.model import Document, FromUser, Object, Unresolved, Value
from ...findings import Fidelity, Finding
from .notes import Notes

Find = Callable[[str, str | None], Any]
"""What the user passed for a name and a registered name, or None."""

_LISTS = ("metrics", "weighted_metrics")


def resolve_unknown(document: Document, find: Find | None) -> tuple[Document, list[Finding]]:
    """The document with every unknown part of its training resolved, or omitted; all are omitted without `find`.

    One loss that is left out takes all losses with it: the others alone would be another training. Without an optimizer
    there is nothing to compile with.
    """
    training = document.training
    if training is None:
        return document, []
    pass_ = _UnknownLosses(find, Notes(document.writer))
    config = dict(training.config)
    config["optimizer"] = pass_.resolve(config.get("optimizer"), "optimizer", "AK4001", "the model is not compiled")
    loss = pass_.resolve(config.get("loss"), "loss", "AK4002", "compiled without a loss")
    config["loss"] = loss if pass_.is_complete(config.get("loss")) else None
    config["loss_weights"] = config.get("loss_weights") if config["loss"] is not None else None
    for key in _LISTS:
        made = pass_.resolve(config.get(key), key, "AK4002", "omitted")
        config[key] = _prune(made) or None
    return replace(document, training=replace(training, config=config)), pass_.notes.findings


@dataclass
class _UnknownLosses:
    find: Find | None
    notes: Notes
    missing: set[str] = field(default_factory=set)

    def resolve(self, value: Value, where: str, code: str, done: str) -> Value:
        """The value with what was given; None where an unknown part was not given."""
        if isinstance(value, tuple):
            return tuple(self.resolve(item, where, code, done) for item in value)
        if isinstance(value, Mapping):
            return {key: self.resolve(item, where, code, done) for key, item in value.items()}
        if not isinstance(value, Object):
            return value
        value = self._inside(value, where, code)
        if not isinstance(value.origin, Unresolved):
            return value
        found = self.find(value.class_name, value.registered_name) if self.find is not None else None
        if found is not None:
            return replace(value, module=None, origin=FromUser(found))
        if value.class_name not in self.missing:
            self.missing.add(value.class_name)
            seen = f"{value.class_name!r} in {where} is not part of Keras"
            self.notes.add(code, where, seen, f"{done}; pass it in custom_objects", Fidelity.LOSSY)
        return None

    def _inside(self, value: Object, where: str, code: str) -> Object:
        """The object without what its configuration holds of unknown objects: a schedule of the learning rate."""
        config = value.config
        if not isinstance(config, Mapping) or not any(isinstance(item, Object) for item in config.values()):
            return value
        made = {
            key: self.resolve(item, where, code, f"the default {key}") if isinstance(item, Object) else item
            for key, item in config.items()
        }
        return replace(value, config={k: item for k, item in made.items() if item is not None or config[k] is None})

    def is_complete(self, value: Value) -> bool:
        """Whether nothing in it is missing."""
        if isinstance(value, tuple):
            return all(self.is_complete(item) for item in value)
        if isinstance(value, Mapping):
            return all(self.is_complete(item) for item in value.values())
        return not (isinstance(value, Object) and isinstance(value.origin, Unresolved) and value.class_name in self.missing)


def _prune(value: Value) -> Value:
    """Without the metrics that are left out; a list keeps its place in the list of outputs."""
    if isinstance(value, tuple):
        return tuple(_prune(item) for item in value if item is not None)
    if isinstance(value, Mapping):
        return {key: _prune(item) for key, item in value.items() if item is not None}
    return value
