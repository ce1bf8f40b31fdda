"""Losses and metrics of every era, output by output."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...catalog import renames
from ...catalog.shapes import UNKNOWN, infer
from ...catalog.signatures import find_signature, list_accepted_arguments, list_classes
from ...document.model import UNRESOLVED, Code, Era, Layer, Object, Ref, Value, Writer
from ...findings import Fidelity
from .notes import OLD, Notes

# Names that strings in files have, and the name in Keras 3 (keras/losses.py of 1.2.2 to 2.3.1 and 3.15.1).
LOSSES: Mapping[str, str] = {
    "mse": "mean_squared_error", "MSE": "mean_squared_error", "mean_squared_error": "mean_squared_error",
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
    **renames.LOSSES, "kld": "kl_divergence", "KLD": "kl_divergence",
    "kl_divergence": "kl_divergence", "poisson": "poisson",
    "cosine": "cosine_similarity", "cosine_proximity": "cosine_similarity", "cosine_similarity": "cosine_similarity",
    "dice": "dice", "tversky": "tversky", "circle": "circle", "ctc": "ctc",
}  # fmt: skip
# Names that are the author's own in files of before: an old `dice` is not the one that Keras 3 has.
_SINCE: Mapping[str, Era] = {
    "huber": Era.TF2, "log_cosh": Era.TF2, "binary_focal_crossentropy": Era.TF2, "kl_divergence": Era.TF2,
    "categorical_focal_crossentropy": Era.TF2, "dice": Era.KERAS3, "tversky": Era.KERAS3, "circle": Era.KERAS3,
    "ctc": Era.KERAS3,
}  # fmt: skip
# Losses that `keras.metrics.get` does not know by name (3.15.1).
_NO_METRICS = frozenset({"huber", "log_cosh", "binary_focal_crossentropy", "categorical_focal_crossentropy", "dice", "tversky",
                         "circle", "ctc"})  # fmt: skip
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
# Classes of tensorflow-addons 0.15.0 that Keras 3 has taken over, with the same numbers.
_SAME = ("Addons>F1Score", "Addons>FBetaScore")
COSINE = "cosine_similarity"


def map_structure(value: Value, change: Callable[[Value], Value]) -> Value:
    """`change` at every leaf of lists and of dicts by output."""
    if isinstance(value, tuple):
        return tuple(map_structure(item, change) for item in value)
    if isinstance(value, Mapping):
        return {key: map_structure(item, change) for key, item in value.items()}
    return change(value)


def migrate_loss(value: Value, notes: Notes) -> Value:
    """One loss in Keras 3's words; one that is the author's own is `UNRESOLVED`."""
    if value is None:
        return None
    if isinstance(value, Object) and value.class_name != "function":
        return _migrate_class(value, "losses", notes.writer)
    name = find_bare_name(value)
    known = _find_name(LOSSES, name, notes.writer)
    if known in _HINGES and notes.writer.era in OLD and notes.writer.release < (2, 3):
        seen = f"{name} takes labels as they are"
        notes.add("AK4010", "loss", seen, "Keras 3 turns labels 0 and 1 into -1 and 1 first", Fidelity.APPROXIMATE)
    return known or Object(name, name, None, value if isinstance(value, str) and ">" in value else None, UNRESOLVED)


def averages_cosine(writer: Writer) -> bool:
    """Whether cosine_proximity was the mean over the last axis, not the sum (keras/losses.py of 2.0.8 and 2.0.9)."""
    return writer.era in (Era.KERAS0, Era.KERAS1) or (writer.era is Era.KERAS2 and writer.release < (2, 0, 9))


def migrate_metric(value: Value, loss: Value, width: int | None, notes: Notes) -> Value:
    """One metric in Keras 3's words, for an output with this loss and last dimension."""
    if value is None:
        return None
    if isinstance(value, Object) and value.class_name != "function":
        config = value.config if isinstance(value.config, Mapping) else {}
        function = config.get("fn")
        if isinstance(function, str | Object) and notes.writer.era is not Era.KERAS3:
            return migrate_metric(find_bare_name(function), loss, width, notes)
        return _migrate_class(value, "metrics", notes.writer)
    name = find_bare_name(value)
    known = _find_name(METRICS, name, notes.writer)
    if known in ("accuracy", "crossentropy") and isinstance(width, int) and _goes_by_loss(notes.writer):
        return _choose_metric(known, name, _find_function_name(loss), width)
    negative = known == COSINE and notes.writer.era in OLD  # the metric of that name in Keras 3 has the other sign
    if known is not None and (known in _NO_METRICS or negative):
        function = Object("function", known, "builtins", "function")
        return Object("MeanMetricWrapper", {"name": name, "fn": function}, "keras.metrics")
    return known or Object(name, name, origin=UNRESOLVED)


def _find_name(names: Mapping[str, str], name: str, writer: Writer) -> str | None:
    """The name in Keras 3 of what the writer's Keras called so; None where it had no such name."""
    return names.get(name) if writer.era.rank >= _SINCE.get(name, Era.KERAS0).rank else None


def _goes_by_loss(writer: Writer) -> bool:
    """Whether `accuracy` went by the loss, not by the shapes (tf.keras 2.2 compile_utils.py goes by shapes)."""
    return writer.era in OLD or (writer.era is Era.TF2 and () < writer.release < (2, 2))


def _choose_metric(known: str, name: str, loss: str, width: int) -> Value:
    """The metric that the short name stood for (keras 1.0.8 to 2.3.1, engine/training.py), logged under that name."""
    kind = "categorical"
    if width == 1 or loss == "binary_crossentropy":
        kind = "binary"
    elif loss == "sparse_categorical_crossentropy":
        kind = "sparse_categorical"
    made = f"{kind}_{known}".title().replace("_", "")
    return Object(made, {"name": name}, "keras.metrics")


def _find_function_name(value: Value) -> str:
    """The snake-case name of a loss, whether it is a name or a class; "" for losses of several outputs."""
    name = find_bare_name(value) if isinstance(value, (str, Object, Code)) else ""
    return LOSSES.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def find_bare_name(value: Value) -> str:
    """The bare name of a function or class."""
    if isinstance(value, Object):
        value = value.config if isinstance(value.config, str) else value.class_name
    if isinstance(value, Code):
        return "a function stored as code"
    return str(value).rpartition(">")[2].rpartition(".")[2]


def _migrate_class(value: Object, kind: str, writer: Writer) -> Value:
    """A loss or metric that is a class; one that was registered, or that the writer's Keras did not have, is another."""
    name = value.class_name.rpartition(">")[2]
    registered = value.registered_name or (value.class_name if ">" in value.class_name else None)
    package = (registered or "").rpartition(">")[0]
    later = writer.era is not Era.KERAS3 and all(find_signature(name, at, kind) is None for at in (writer, "tf.keras 2.0"))
    strange = package not in ("", "keras") or later
    if name not in list_classes(kind=kind) or (strange and registered not in _SAME):
        return Object(name, value.config, None, registered, UNRESOLVED)
    takes = list_accepted_arguments(name, kind=kind)
    config = dict(value.config) if isinstance(value.config, Mapping) else {}
    if isinstance(config.get("reduction"), str):
        config["reduction"] = _REDUCTIONS.get(str(config["reduction"]).lower(), "sum_over_batch_size")
    return Object(name, {key: item for key, item in config.items() if key in takes}, f"keras.{kind}")


# SigmoidFocalCrossEntropy of tensorflow-addons, which is BinaryFocalCrossentropy of Keras 3 summed over the last axis.


_CLASS, _FUNCTION = "Addons>SigmoidFocalCrossEntropy", "Addons>sigmoid_focal_crossentropy"
# The losses of tf.keras that are not reduced have their gradients summed.
_REDUCTIONS_OF_FOCAL = {"none": "sum", "sum": "sum"}


def express_focal_loss(loss: Value, weights: Value, widths: Sequence[int | None], notes: Notes) -> tuple[Value, Value]:
    """Losses and loss weights, one for each output (or alone), in Keras 3's words where the loss is this one.

    Args:
        loss: one loss, or a tuple of one for each output.
        weights: the same for loss weights; None for ones.
        widths: the last dimension of each output.
        notes: takes a finding for each.
    """
    losses = list(loss) if isinstance(loss, tuple) else [loss]
    given = list(weights) if isinstance(weights, tuple) else [1.0 if weights is None else weights] * len(losses)
    if len(losses) != len(widths) or len(given) != len(losses):
        return loss, weights
    made = [_express(*parts) for parts in zip(losses, given, widths, strict=True)]
    if all(one is None for one in made):
        return loss, weights
    for one in made:
        if one is not None:
            seen = "SigmoidFocalCrossEntropy of tensorflow-addons sums over the last axis"
            done = f"BinaryFocalCrossentropy, its mean, with a loss weight of {one[1]:g}"
            notes.add("AK4054", "loss", seen, done, Fidelity.EQUIVALENT)
    pairs = [(one or (before, weight)) for one, before, weight in zip(made, losses, given, strict=True)]
    ready: tuple[Value, ...] = tuple(pair[0] for pair in pairs)
    scaled: tuple[Value, ...] = tuple(pair[1] for pair in pairs)
    return (ready, scaled) if len(ready) > 1 else (ready[0], scaled[0])


def _express(loss: Value, weight: Value, width: int | None) -> tuple[Object, float] | None:
    if not isinstance(loss, Object) or loss.origin != UNRESOLVED or loss.registered_name not in (_CLASS, _FUNCTION):
        return None
    if not isinstance(width, int) or not isinstance(weight, int | float):
        return None
    held = loss.config if isinstance(loss.config, Mapping) else {}
    kept = {key: held[key] for key in ("alpha", "gamma", "from_logits") if key in held}
    reduction = _REDUCTIONS_OF_FOCAL.get(str(held.get("reduction", "auto")).lower(), "sum_over_batch_size")
    config: dict[str, Value] = {"alpha": 0.25, "gamma": 2.0, **kept, "reduction": reduction}
    config["apply_class_balancing"] = bool(config["alpha"])
    return Object("BinaryFocalCrossentropy", config, "keras.losses"), float(weight) * width


# The outputs of a model: what per-output losses and metrics are for.


@dataclass(frozen=True)
class Outputs:
    """Names and last dimensions (None where not known), in the model's order.

    `keyed` says that the model returns a dict: its losses and metrics are dicts by the same keys, and stay so.
    """

    names: tuple[str, ...]
    widths: tuple[int | None, ...]
    keyed: bool = False

    def spread(self, value: Value) -> Value:
        """A value for every output: of a dict by output name, of a list, or one for all. One output has no list."""
        if self.keyed:
            return value
        if isinstance(value, Mapping):
            if not set(value) <= set(self.names):
                return value
            found: tuple[Value, ...] = tuple(value.get(name) for name in self.names)
        elif isinstance(value, tuple) and len(value) == len(self.names):
            found = value
        elif isinstance(value, tuple):
            return value
        else:
            found = (value,) * len(self.names)
        return found if len(found) > 1 else found[0]

    def spread_lists(self, value: Value) -> Value:
        """The same for values that are lists: a flat list is for every output (keras 2.3.1 training_utils.py,
        collect_metrics)."""
        if isinstance(value, Mapping):
            listed = {key: item if isinstance(item, tuple) else (item,) for key, item in value.items()}
            return self.spread(listed)
        if not isinstance(value, tuple):
            value = (value,)
        nested = any(isinstance(item, tuple) for item in value)
        if self.keyed or (nested and len(value) != len(self.names)):
            return value
        if nested:
            return value[0] if len(value) == 1 else tuple(i if isinstance(i, tuple) else (i,) for i in value)
        return (value,) * len(self.names) if len(self.names) > 1 else value


def outputs_of(model: Layer) -> Outputs:
    """The outputs of a model in the Keras 3 vocabulary. Repeated names get a number, as tf.keras gives them."""
    graph = model.graph
    if graph is None:
        return Outputs((), ())
    ends = _list_ends(graph.outputs) if not graph.sequential else [Ref(graph.layers[-1].name)] if graph.layers else []
    found = infer(model)
    before = [sum(other.layer == end.layer for other in ends[:i]) for i, end in enumerate(ends)]
    names = [f"{end.layer}_{number}" if number else end.layer for end, number in zip(ends, before, strict=True)]
    shapes = [found.get(end, UNKNOWN).shape for end in ends]
    return Outputs(tuple(names), tuple(s[-1] if s else None for s in shapes), isinstance(graph.outputs, Mapping))


def _list_ends(value: Value) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, tuple):
        return [end for item in value for end in _list_ends(item)]
    return [end for item in value.values() for end in _list_ends(item)] if isinstance(value, Mapping) else []
