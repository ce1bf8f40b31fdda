"""The training configuration of a file: optimizer, loss and metrics, as a release compiles the model with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..catalog.releases import Release, Since
from ..catalog.renames import LOSSES_AS_METRICS
from . import objects
from .forecast import Reader

OLD_OPTIMIZERS: Final = Release("tf.keras", "2.10")
# Optimizers that hold another one, by the name that ``deserialize`` knows (keras/optimizers/__init__.py).
SCALED: Final = {"LossScaleOptimizer": Since(tf="2.5"), "LossScaleOptimizerV3": Since(tf="2.8")}
READS_SCALED: Final = Since(tf="2.11")  # an optimizer of 2.11 and later inside
# Strings that ``compile`` understands without a function of that name.
SPECIAL: Final = frozenset(("accuracy", "acc", "crossentropy", "ce"))


def look(reader: Reader) -> None:
    """Optimizer, losses and metrics."""
    config = reader.raw.training
    if not isinstance(config, dict):
        return
    if reader.box == ".h5" and needs_sample_weight_mode(reader.release) and "sample_weight_mode" not in config:
        reason = "tf.keras 2.3 and later write no sample_weight_mode any more"
        reader.refuse("KeyError: 'sample_weight_mode'", reason, "", "sample_weight_mode")
    look_at_optimizer(reader, config.get("optimizer_config") or config.get("optimizer"))
    for key, kind in (("loss", "losses"), ("metrics", "metrics"), ("weighted_metrics", "metrics")):
        look_at_names(reader, config.get(key), kind, key)


def needs_sample_weight_mode(release: Release) -> bool:
    """Whether ``load_model`` looks it up without a default (compile_args_from_training_config up to TensorFlow 2.2)."""
    return release.line in ("keras1", "keras2") or (release.line == "tf" and release.numbers < (2, 3))


def look_at_optimizer(reader: Reader, value: Any) -> None:
    """The optimizer: its class, its keys, a schedule inside."""
    if not isinstance(value, dict) or "class_name" not in value:
        return
    name, config = str(value["class_name"]), value.get("config")
    if not isinstance(config, dict):
        return
    release = reader.release
    if name.startswith("Custom>"):
        if release.line == "keras3" or (release.line == "tf" and release.numbers >= (2, 11)):
            return  # Keras 3 takes the optimizer of that name with its defaults
        message = f"ValueError: Unknown optimizer: {name}"
        reader.refuse(message, f"{name} is how tf.keras 2.11 and later name their optimizers", "", "optimizer")
        return
    config = {key: inner for key, inner in config.items() if key != "is_legacy_optimizer" or release.numbers < (2, 11)}
    if release.line == "tf" and name in SCALED and SCALED[name].holds(release) and not is_typed(reader, value):
        look_at_scaled(reader, config)
        return
    if is_typed(reader, value):
        look_at_typed(reader, value, config)
        return
    if release.line == "tf" and release.numbers >= (2, 11) and value["config"].get("is_legacy_optimizer", True):
        release = OLD_OPTIMIZERS  # a bare name means the class of before 2.11 there
    if release.line == "tf" and release.numbers < (2, 11):
        config.pop("decay", None)  # which the base class takes
    found = objects.find_named(name, "optimizers", release)
    if found is None:
        found = next(
            (f for own in ("Adam", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
             if own.lower() == name.lower() and (f := objects.find_named(own, "optimizers", release)) is not None), None,
        )  # fmt: skip
    if found is None:
        reader.refuse(f"ValueError: Unknown optimizer: {name}", f"{release} has no optimizer {name!r}", "", "optimizer")
        return
    reader.check_keys(found, config, "", "optimizer")
    rate = config.get("learning_rate")
    if isinstance(rate, dict) and "class_name" in rate:
        reader.check_object("optimizers", rate, "", "learning_rate")


def is_typed(reader: Reader, value: Mapping[str, Any]) -> bool:
    """Whether an optimizer is found by its module."""
    return isinstance(value.get("module"), str) and reader.typed


def look_at_scaled(reader: Reader, config: Mapping[str, Any]) -> None:
    """An optimizer that scales the loss, with the one that it holds."""
    if not READS_SCALED.holds(reader.release):
        reader.notes.doubts.append("an optimizer inside a LossScaleOptimizer, which not every release reads alike")
    look_at_optimizer(reader, config.get("inner_optimizer"))


def look_at_typed(reader: Reader, value: Any, config: Mapping[str, Any]) -> None:
    """An optimizer by its module."""
    name, module = str(value["class_name"]), str(value["module"])
    found = objects.find_exported(module, name, reader.release)
    if found is not None:
        reader.check_keys(found, config, "", "optimizer")
    elif objects.is_private(module, name, reader.release):
        look_at_scaled(reader, config)
    elif ".backend." in module:
        backend = module.split(".")[3]
        reader.notes.doubts.append(f"the optimizer is that of the backend {backend}, and opens on that alone")
    else:
        said = f"TypeError: Could not deserialize class '{name}' because its parent module {module} cannot be imported."
        reader.refuse(said, f"{reader.release} has no optimizer {name!r} in {module}", "", "optimizer")


def look_at_names(reader: Reader, value: Any, kind: str, key: str) -> None:
    """Losses or metrics, in whatever nesting."""
    if isinstance(value, list):
        for inner in value:
            look_at_names(reader, inner, kind, key)
    elif isinstance(value, dict) and "class_name" in value:
        look_at_class(reader, value, kind, key)
    elif isinstance(value, Mapping):
        for inner in value.values():
            look_at_names(reader, inner, kind, key)
    elif isinstance(value, str) and not reader.typed:  # a .keras file's names are looked up when the model first computes
        look_at_name(reader, value, kind, key)


def look_at_class(reader: Reader, value: Mapping[str, Any], kind: str, key: str) -> None:
    """A loss or a metric as an object."""
    release, config = reader.release, value.get("config")
    if kind == "metrics" and release.line in ("keras1", "keras2"):  # metrics.get takes the object as a text for its name
        said = f"ValueError: Unknown metric function: {{'class_name': {value['class_name']!r}, ..."
        reader.refuse(said, f"{release} reads no metric that is an object", "", key)
    elif isinstance(config, dict) and config.get("reduction") == "auto" and release.line == "keras3":
        said = "ValueError: Invalid value for argument `reduction`. Received: reduction=auto"
        reader.refuse(said, "a loss of tf.keras says reduction='auto', which Keras 3 does not take", "", "reduction")
    else:
        reader.check_object(kind, value, "", key)
        function = config.get("fn") if isinstance(config, dict) else None  # of a MeanMetricWrapper
        if isinstance(function, str) and kind == "metrics" and release.line == "tf" and not reader.typed:
            look_at_name(reader, function, kind, key)


def look_at_name(reader: Reader, name: str, kind: str, key: str) -> None:
    """One string."""
    if kind == "metrics" and name in SPECIAL:
        return
    release = reader.release
    shared = kind == "metrics" and (release.line == "keras3" or name in LOSSES_AS_METRICS)
    if not objects.lists_name(name, kind, release) and not (shared and objects.lists_name(name, "losses", release)):
        message = f"ValueError: Unknown {'loss function' if kind == 'losses' else 'metric function'}: {name}"
        reader.refuse(message, f"{release} has no {key} {name!r}", "", key)
    elif release.line == "keras3" and reader.box == ".h5" and kind == "losses" and not is_public(reader, name):
        message = f"TypeError: Could not locate function '{name}'."
        reader.refuse(message, "Keras 3 does not find the short names of losses in an HDF5 file", "", key)


def is_public(reader: Reader, name: str) -> bool:
    """Whether a loss is a public function of this very name, or a class."""
    exported = any(objects.lists_name(f"{module}.{name}", "exports", reader.release) for module in ("losses", "metrics"))
    return exported or objects.find_named(name, "losses", reader.release) is not None
