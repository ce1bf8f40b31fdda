"""How training goes on in tf.keras and Keras 2: the compile configuration and the optimizer's variables in their order.

Sources: keras/optimizers.py of 2.1.5 to 2.3.1 (``weights``), optimizer_v2 of TensorFlow 1.15 to 2.10, optimizers/ of the keras
in TensorFlow 2.11 to 2.15 (``build``). What was not measured there is left out, with a finding: the model opens uncompiled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ...catalog.optimizers import groups, optimizer
from ...catalog.releases import Release, Since
from ...catalog.renames import FORMER_LOSSES, LOSSES_AS_METRICS
from ...catalog.signatures import NOW, find_default, find_signature, has_name
from ...document.model import Config, Layer, Object, Training, Value
from ...findings import Fidelity, Finding
from ...tensors import Array, Tensor
from .weights import list_trained

_NEW_OPTIMIZERS: Final = Since(None, tf="2.11")
_LEARNING_RATE: Final = Since(None, tf="1.15", keras2="2.3")
_LOSS_OBJECTS: Final = Since(None, tf="2.0")
_HAS: Final[Mapping[str, Since]] = {
    "Adam": Since(None, tf="1.15", keras2="2.1"),
    "SGD": Since(None, tf="1.15", keras2="2.1"),
    # The same formulas and order of variables as in Keras 3; before TensorFlow 2.11 epsilon stands outside of the root.
    **dict.fromkeys(("AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax"), _NEW_OPTIMIZERS),
}
_ARGUMENTS: Final = (
    "beta_1", "beta_2", "rho", "epsilon", "amsgrad", "centered", "initial_accumulator_value", "momentum", "nesterov",
    "weight_decay", "clipnorm", "clipvalue",
)  # fmt: skip
_SHORT: Final = {
    "MeanSquaredError": "mse",
    "MeanAbsoluteError": "mae",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
}
# How variables of a weight are called since TensorFlow 2.11 (``add_variable_from_reference``).
_SLOT_NAMES: Final = {"momentum": "m", "velocity": "v", "velocity_hat": "vhat", "norm": "u"}
_NEW_LOSSES: Final = Since(None, tf="2.4")
# Names of losses that every release before has (keras 2.1.5 losses.py, tensorflow/python/keras/losses.py 1.15).
_OLD_LOSSES: Final = frozenset({
    "mse", "mae", "mean_absolute_percentage_error", "mean_squared_logarithmic_error", "squared_hinge", "hinge",
    "categorical_hinge", "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy", "poisson",
    "kullback_leibler_divergence",
})  # fmt: skip
_OF_COMPILE: Final = ("accuracy", "acc", "crossentropy", "ce")  # which ``compile`` understands
_OF_EVERY_LOSS: Final = ("name", "reduction", "dtype", "fn")


@dataclass(frozen=True)
class LegacyTraining:
    """What to compile with, and the optimizer's variables with their names, in order."""

    optimizer: str
    config: Mapping[str, Any]
    variables: Sequence[tuple[str, Array]]

    def as_compile_config(self) -> dict[str, Any]:
        """The same as a ``.keras`` file holds it."""
        held = self.config["optimizer_config"]
        spelled = {"module": "keras.optimizers", "class_name": self.optimizer, "config": held["config"]}
        return {
            "optimizer": {**spelled, "registered_name": self.optimizer},
            "loss": _add_modules(self.config["loss"], "keras.losses"),
            "metrics": _add_modules(self.config["metrics"], "keras.metrics") or None,
            "loss_weights": self.config["loss_weights"],
            "weighted_metrics": None,
            "run_eagerly": None,
            "steps_per_execution": None,
            "jit_compile": None,
        }


def _add_modules(value: Any, module: str) -> Any:
    """Losses or metrics with the module that a ``.keras`` file finds their class in."""
    if isinstance(value, list):
        return [_add_modules(item, module) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        return {**value, "module": module, "registered_name": None}
    return {key: _add_modules(item, module) for key, item in value.items()}


class _LeftOut(Exception):
    """Why training cannot go on there."""


def lower_training(training: Training | None, model: Layer, release: Release) -> tuple[LegacyTraining | None, list[Finding]]:
    """The training state of a document for a release, and what was left out of it."""
    held = training.config.get("optimizer") if training is not None else None
    if training is None or not isinstance(held, Object):
        return None, []
    try:
        return _lower(training, held, model, release)
    except _LeftOut as error:
        done = "the model is written without its optimizer, loss and metrics"
        return None, [Finding("AK2450", "training/optimizer", str(error), done, Fidelity.LOSSY)]


def _lower(training: Training, held: Object, model: Layer, release: Release) -> tuple[LegacyTraining, list[Finding]]:
    name = held.class_name
    if name not in _HAS or not _HAS[name].holds(release):
        raise _LeftOut(f"{release} has no optimizer {name} whose state AnyKeras can write")
    said: Config = held.config if isinstance(held.config, Mapping) else {}
    if said.get("use_ema") or said.get("gradient_accumulation_steps"):
        raise _LeftOut(f"{name} with a moving average or accumulated gradients")
    new = _NEW_OPTIMIZERS.holds(release)
    config = _list_arguments(training, name, said, release)
    variables, findings = _list_variables(training, name, said, model, release)
    metrics, lost = _spell_metrics(training.config.get("metrics"), release)
    loss_weights = training.config.get("loss_weights")
    compiled = {
        "optimizer_config": {"class_name": f"Custom>{name}" if new else name, "config": config},
        "loss": _spell_loss(training.config.get("loss"), release),
        "metrics": metrics,
        "weighted_metrics": None,
        "loss_weights": _plain(loss_weights),
        "sample_weight_mode": None,
    }
    return LegacyTraining(name, compiled, variables), findings + lost


def _list_arguments(training: Training, name: str, said: Config, release: Release) -> dict[str, Any]:
    rate: Any = said.get("learning_rate", find_default(name, "learning_rate", NOW, "optimizers"))
    if "learning_rate" in training.counters:
        rate = float(np.asarray(training.counters["learning_rate"].read()))
    if isinstance(rate, Object):
        rate = _spell_schedule(rate, release)
    elif not isinstance(rate, int | float):
        raise _LeftOut("a learning rate that is no number")
    config: dict[str, Any] = {"learning_rate" if _LEARNING_RATE.holds(release) else "lr": rate}
    taken = find_signature(name, release.signatures, "optimizers")
    known = frozenset(taken.defaults) if taken is not None else frozenset()
    for key in _ARGUMENTS:
        value = said.get(key)
        if value is None or (key == "weight_decay" and name != "AdamW" and not value):
            continue
        if key == "weight_decay" and not _NEW_OPTIMIZERS.holds(release):
            raise _LeftOut(f"{name} with weight_decay")
        if key == "amsgrad" and key not in known:
            if value:
                raise _LeftOut("amsgrad")
            continue
        config[key] = value
    if said.get("global_clipnorm") is not None:
        if not _NEW_OPTIMIZERS.holds(release):
            raise _LeftOut("global_clipnorm")
        config["global_clipnorm"] = said["global_clipnorm"]
    if release.line == "tf":
        config["name"] = name
    if _NEW_OPTIMIZERS.holds(release):
        config["is_legacy_optimizer"] = False  # or else the class of TensorFlow 2.10, whose state is read in another order
    return config


def _spell_schedule(rate: Object, release: Release) -> dict[str, Any]:
    """A schedule of the learning rate, which every optimizer of tf.keras takes with its class and arguments."""
    taken = find_signature(rate.class_name, release.signatures, "optimizers")
    if release.line != "tf" or taken is None or not isinstance(rate.config, Mapping):
        raise _LeftOut(f"the schedule {rate.class_name} of the learning rate")
    said = {key: value for key, value in rate.config.items() if value != find_default(rate.class_name, key, NOW, "optimizers")}
    lacking = [key for key in said if key not in taken.defaults]
    if lacking:
        raise _LeftOut(f"the schedule {rate.class_name} with {', '.join(lacking)}")
    return {"class_name": rate.class_name, "config": {key: _plain(value) for key, value in said.items()}}


def _list_variables(
    training: Training, name: str, said: Config, model: Layer, release: Release
) -> tuple[list[tuple[str, Array]], list[Finding]]:
    entry = optimizer(name)
    assert entry is not None
    count = training.counters.get("iterations")
    if count is None and not training.slots:
        return [], []
    steps = np.asarray(0 if count is None else count.read()).astype("int64").reshape(())
    found: list[tuple[str, Array]] = [("iterations", steps)]
    weights = list_trained(model)
    trained = [weight.tensor for weight in weights]
    fresh: list[str] = []
    kinds = list(groups(entry, said))
    if name == "SGD" and (release.line == "keras2" or _NEW_OPTIMIZERS.holds(release)) and not kinds:
        kinds = [("momentum",)]

    def slot(kind: str, tensor: Tensor) -> Array:
        array = _find_slot(tensor, training.slots.get(kind, {}))
        if array is None:
            fresh.append(tensor.origin)
        return np.zeros(tensor.shape, tensor.dtype) if array is None else array

    if _NEW_OPTIMIZERS.holds(release):
        for group in kinds:
            called = {kind: kind if name == "RMSprop" else _SLOT_NAMES.get(kind, kind) for kind in group}
            found += [(f"{called[kind]}/{weight.name}", slot(kind, weight.tensor)) for weight in weights for kind in group]
    else:
        flat = [kind for group in kinds for kind in group]
        found += [(f"{kind}_{i}", slot(kind, tensor)) for kind in flat for i, tensor in enumerate(trained)]
        if name == "Adam" and release.line == "keras2" and "velocity_hat" not in flat:
            found += [(f"vhat_{i}", np.zeros(1, "float32")) for i in range(len(trained))]
    if not fresh or not training.slots:
        return found, []
    seen = f"{len(set(fresh))} weights are computed from those of the file"
    return found, [Finding("AK2450", "training/optimizer", seen, "their optimizer state starts anew", Fidelity.APPROXIMATE)]


def _find_slot(tensor: Tensor, slots: Mapping[Tensor, Tensor]) -> Array | None:
    """The slot of a weight, rearranged as the weight was; None where it was computed, or has none."""
    found = _follow(tensor, slots)
    return None if found is None else found.read()


def _follow(tensor: Tensor, slots: Mapping[Tensor, Tensor]) -> Tensor | None:
    if tensor in slots:
        return slots[tensor]
    if not tensor.sources or tensor.redo is None:
        return None
    parts = [_follow(source, slots) for source in tensor.sources]
    known = [part for part in parts if part is not None]
    return tensor.redo(*known) if len(known) == len(parts) else None


def _flat(value: Value) -> list[Value]:
    if isinstance(value, tuple):
        return [item for one in value for item in _flat(one)]
    if isinstance(value, Mapping):
        return [item for one in value.values() for item in _flat(one)]
    return [] if value is None else [value]


def _spell_loss(value: Value, release: Release) -> Any:
    if isinstance(value, tuple):
        return [_spell_loss(item, release) for item in value]
    if isinstance(value, Mapping):
        return {key: _spell_loss(item, release) for key, item in value.items()}
    if isinstance(value, Object) and isinstance(value.config, Mapping):
        said = {key: item for key, item in value.config.items() if key not in _OF_EVERY_LOSS}
        stated = {key: item for key, item in said.items() if item != find_default(value.class_name, key, NOW, "losses")}
        reduction = value.config.get("reduction", "sum_over_batch_size")
        if reduction != "sum_over_batch_size":
            raise _LeftOut(f"the loss {value.class_name} with reduction {reduction!r}")
        if stated:
            if not _LOSS_OBJECTS.holds(release) or not all(isinstance(x, bool | int | float | str) for x in stated.values()):
                raise _LeftOut(f"the loss {value.class_name} with {', '.join(stated)}")
            name = _spell_function(value.class_name)
            return {"class_name": value.class_name, "config": {"reduction": "auto", "name": name, **stated}}
    if value is None:
        return None
    function = _spell_name(value, "losses", release)
    if function is None:
        raise _LeftOut(f"the loss {_name(value) or 'that is no function of Keras'}")
    if _NEW_LOSSES.holds(release):
        return function
    function = FORMER_LOSSES.get(function, function)
    if function not in _OLD_LOSSES:
        raise _LeftOut(f"the loss {function}")
    return function


def _spell_metrics(value: Value, release: Release) -> tuple[list[Any], list[Finding]]:
    """The metrics that a release has, and a finding about the others."""
    given = _flat(value)
    spelled = [_spell_name(metric, "metrics", release) or _spell_metric(metric, release) for metric in given]
    lost = [_name(metric) or "of your own" for metric, found in zip(given, spelled, strict=True) if found is None]
    done = "the model is compiled without"
    seen = f"{release} opens no file with the metric {', '.join(lost)}"
    findings = [Finding("AK2450", "training/metrics", seen, done, Fidelity.APPROXIMATE)] if lost else []
    return [found for found in spelled if found is not None], findings


def _spell_metric(value: Value, release: Release) -> dict[str, Any] | None:
    """A metric that is no function, as an object of tf.keras."""
    name = _name(value)
    taken = find_signature(name, release.signatures, "metrics") if name and release.line == "tf" else None
    config = value.config if isinstance(value, Object) else {}
    if name is None or taken is None or not isinstance(config, Mapping):
        return None
    said = {key: _plain(item) for key, item in config.items() if key != "dtype"}
    stated = {key: item for key, item in said.items() if item != find_default(name, key, NOW, "metrics")}
    known = "name" in stated and not stated.keys() - {"name"} - taken.defaults.keys()
    return {"class_name": name, "config": stated} if known or not stated else None


def _spell_name(value: Value, kind: str, release: Release) -> str | None:
    """A loss or metric by the name of a function that the release has; None for what has none."""
    name = _name(value)
    if name is None:
        return None
    names = (_SHORT.get(name), _spell_function(name), name, FORMER_LOSSES.get(name))
    return next((one for one in names if one and (one in _OF_COMPILE or _lists(one, kind, release))), None)


def _spell_function(class_name: str) -> str:
    """``MeanSquaredError`` as ``mean_squared_error``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


def _lists(function: str, kind: str, release: Release) -> bool:
    kinds = (kind, "losses") if function in LOSSES_AS_METRICS else (kind,)
    is_class = find_signature(function, release.signatures, kind) is not None
    return not is_class and any(has_name(function, each, release.signatures) for each in kinds)


def _name(value: Value) -> str | None:
    """How a loss or metric of Keras is called; None for others."""
    if isinstance(value, Object):
        if value.module is not None and not value.module.startswith(("keras", "builtins")):
            return None
        value = value.config if isinstance(value.config, str) else value.class_name
    return value if isinstance(value, str) else None


def _plain(value: Value) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float | str) else None
