"""Losses and metrics of every era, output by output."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...catalog.signatures import accepted, classes
from ...document.model import Era
from ...document.values import Code, Object, Value
from ...findings import Fidelity
from .notes import Notes

# Names that strings in files have, and the name in Keras 3 (keras/losses.py of 1.2.2 to 2.3.1 and 3.15.1).
LOSSES: Mapping[str, str] = {
    "mse": "mean_squared_error", "MSE": "mean_squared_error", "mean_squared_error": "mean_squared_error",
    "rmse": "mean_squared_error",
    "mae": "mean_absolute_error", "MAE": "mean_absolute_error", "mean_absolute_error": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error", "MAPE": "mean_absolute_percentage_error",
    "mean_absolute_percentage_error": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "MSLE": "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error": "mean_squared_logarithmic_error",
    "squared_hinge": "squared_hinge", "hinge": "hinge", "categorical_hinge": "categorical_hinge",
    "logcosh": "log_cosh", "log_cosh": "log_cosh", "huber": "huber", "huber_loss": "huber", "Huber": "huber",
    "categorical_crossentropy": "categorical_crossentropy",
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
    "binary_crossentropy": "binary_crossentropy", "binary_focal_crossentropy": "binary_focal_crossentropy",
    "categorical_focal_crossentropy": "categorical_focal_crossentropy",
    "kullback_leibler_divergence": "kl_divergence", "kld": "kl_divergence", "KLD": "kl_divergence",
    "kl_divergence": "kl_divergence", "poisson": "poisson",
    "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity", "cosine_similarity": "cosine_similarity",
    "dice": "dice", "tversky": "tversky", "circle": "circle", "ctc": "ctc",
}  # fmt: skip
_ACCURACIES = ("binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "top_k_categorical_accuracy",
               "sparse_top_k_categorical_accuracy")  # fmt: skip
METRICS: Mapping[str, str] = {
    **LOSSES, "acc": "accuracy", "accuracy": "accuracy", "Accuracy": "accuracy", **{name: name for name in _ACCURACIES},
    "crossentropy": "crossentropy", "ce": "crossentropy",
}  # fmt: skip
_REDUCTIONS = {"auto": "sum_over_batch_size", "sum_over_batch_size": "sum_over_batch_size",
               "sum_over_nonzero_weights": "sum_over_batch_size", "sum": "sum", "none": "none",
               "mean_with_sample_weight": "mean_with_sample_weight", "mean": "mean"}  # fmt: skip
_HINGES = ("hinge", "squared_hinge")


def structure(value: Value, change: Callable[[Value], Value]) -> Value:
    """`change` at every leaf of lists and of dicts by output."""
    if isinstance(value, tuple):
        return tuple(structure(item, change) for item in value)
    if isinstance(value, Mapping):
        return {key: structure(item, change) for key, item in value.items()}
    return change(value)


def loss(value: Value, notes: Notes) -> Value:
    """One loss in Keras 3's words; None (with a finding) for one that is the author's own."""
    if value is None:
        return None
    if isinstance(value, Object) and value.class_name != "function":
        return _class(value, "losses", notes)
    name = _name(value)
    known = LOSSES.get(name)
    if known is None:
        done = "not compiled; give it in custom_objects"
        notes.add("AK4002", "loss", f"the loss {name!r} is not one of Keras", done, Fidelity.LOSSY)
        return None
    _changed(known, name, notes)
    return known


def _changed(known: str, name: str, notes: Notes) -> None:
    old = notes.writer.era in (Era.KERAS0, Era.KERAS1, Era.KERAS2)
    if known in _HINGES and old:
        seen = f"{name} takes labels as they are"
        notes.add("AK4010", "loss", seen, "Keras 3 turns labels 0 and 1 into -1 and 1 first", Fidelity.APPROXIMATE)
    if known == "cosine_similarity" and notes.writer.era is Era.KERAS1:
        seen = "cosine_proximity was the mean over the last axis"
        notes.add("AK4010", "loss", seen, "Keras 3 takes the sum", Fidelity.APPROXIMATE)


def metric(value: Value, notes: Notes) -> Value:
    """One metric in Keras 3's words; None (with a finding) for one that is the author's own."""
    if value is None:
        return None
    if isinstance(value, Object) and value.class_name != "function":
        config = value.config if isinstance(value.config, Mapping) else {}
        function = config.get("fn")
        if isinstance(function, str | Object) and _name(function) in METRICS:
            return METRICS[_name(function)]
        if value.class_name in classes(kind="metrics"):
            return _class(value, "metrics", notes)
    name = _name(value)
    known = METRICS.get(name)
    if known is None:
        done = "left out; give it in custom_objects"
        notes.add("AK4002", "metrics", f"the metric {name!r} is not one of Keras", done, Fidelity.LOSSY)
    return known


def _name(value: Value) -> str:
    """The bare name of a function or class."""
    if isinstance(value, Object):
        inner = value.config if isinstance(value.config, str) else None
        value = inner or value.class_name
    if isinstance(value, Code):
        return "a function stored as code"
    return str(value).rpartition(">")[2].rpartition(".")[2]


def _class(value: Object, kind: str, notes: Notes) -> Value:
    name = value.class_name.rpartition(">")[2]
    if name not in classes(kind=kind):
        notes.add("AK4002", kind, f"the class {name!r} is not one of Keras", "left out", Fidelity.LOSSY)
        return None
    takes = accepted(name, kind=kind)
    config = dict(value.config) if isinstance(value.config, Mapping) else {}
    if isinstance(config.get("reduction"), str):
        config["reduction"] = _REDUCTIONS.get(str(config["reduction"]).lower(), "sum_over_batch_size")
    return Object(name, {key: item for key, item in config.items() if key in takes}, f"keras.{kind}")
