"""Optimizers of packages: those that Keras 3 has with the same steps, and the names of the others.

Sources: tensorflow_addons/optimizers 0.15.0; keras-bert 0.81.0, keras-radam 0.15.0, keras-lookahead 0.9.0,
keras-adabound 0.6.0, keras-gradient-accumulation 0.0.6; keras 3.15.1 src/optimizers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ...catalog.optimizers import BARE_PACKAGES
from ...document.model import UNRESOLVED, Config, Object, Training, Unresolved, Value
from ...findings import Fidelity
from .notes import Notes

Native = Callable[[Config, bool, Notes], Object | None]
"""The arguments of an optimizer, whether an Embedding is trained with it, and where to report."""

_ADDONS = "tensorflow-addons"


def express(held: Object, sparse: bool, notes: Notes) -> Object:
    """The optimizer in words of tf.keras where it is one of a package, and UNRESOLVED where Keras 3 has none like it."""
    config = held.config if isinstance(held.config, Mapping) else {}
    package = _package(held)
    if package is None:
        return held
    change = _NATIVE.get(held.class_name)
    made = change(config, sparse, notes) if change is not None else None
    return made or Object(held.class_name.rpartition(">")[2], held.config, None, held.class_name, UNRESOLVED)


def report_foreign(held: Value, training: Training, notes: Notes) -> bool:
    """Say what was saved with an optimizer that is not one of Keras 3. False where it is one."""
    if not isinstance(held, Object) or not isinstance(held.origin, Unresolved):
        return False
    kinds = dict.fromkeys(name.removesuffix(":0").rpartition("/")[2].rstrip("0123456789_") for name in training.unbound)
    whose = _package(replace(held, class_name=held.registered_name or held.class_name))
    if whose is not None or training.unbound:
        state = f", saved with {len(training.unbound)} variables ({', '.join(kind for kind in kinds if kind)})" if kinds else ""
        seen = f"{held.class_name}{f' of {whose}' if whose else ''}{state}"
        notes.add("AK4051", "optimizer", seen, "Keras 3 has no such optimizer; its state is not carried", Fidelity.LOSSY)
    return True


def _package(held: Object) -> str | None:
    if held.class_name.startswith("Addons>"):
        return _ADDONS
    return BARE_PACKAGES.get(held.class_name)


def _drop(config: Config, *keys: str) -> dict[str, Value]:
    return {key: value for key, value in config.items() if key not in keys}


def _decouple(name: str) -> Native:
    """AdamW and SGDW took ``weight_decay`` itself off the weights; Keras 3 takes ``learning_rate * weight_decay`` off."""

    def change(config: Config, sparse: bool, notes: Notes) -> Object | None:
        decay, rate, steady = config.get("weight_decay"), config.get("learning_rate"), not config.get("decay")
        if isinstance(rate, Object):
            schedule = rate.config if isinstance(rate.config, Mapping) else {}
            rate, steady = schedule.get("initial_learning_rate"), False
        if not isinstance(decay, int | float) or not isinstance(rate, int | float) or not rate:
            return None
        seen = f"weight_decay={decay:g} was not multiplied by the learning rate"
        done = f"weight_decay={decay / rate:g}, the same number times the learning rate"
        if not steady:
            done += " that it starts with: it falls as that falls"
        notes.add("AK4050", "optimizer", seen, done, Fidelity.EXACT if steady else Fidelity.APPROXIMATE)
        _report_sparse(name, sparse, notes)
        return Object(name, {**config, "weight_decay": decay / rate})

    return change


def _lazy_adam(config: Config, sparse: bool, notes: Notes) -> Object | None:
    _report_sparse("LazyAdam", sparse, notes)
    return Object("Adam", config)


def _report_sparse(name: str, sparse: bool, notes: Notes) -> None:
    """The rows of a table that a batch does not use were left alone; Keras 3 moves them by their momentum and decay."""
    if sparse:
        seen = f"{name} of tensorflow-addons leaves rows of an Embedding alone that a batch does not use"
        notes.add("AK4052", "optimizer", seen, "Keras 3 moves all rows", Fidelity.APPROXIMATE)


def _lamb(config: Config, sparse: bool, notes: Notes) -> Object | None:
    if config.get("weight_decay_rate"):
        return None
    return Object("Lamb", _drop(config, "weight_decay_rate"))


def _proximal_adagrad(config: Config, sparse: bool, notes: Notes) -> Object | None:
    strengths = ("l1_regularization_strength", "l2_regularization_strength")
    if any(config.get(key) for key in strengths):
        return None
    return Object("Adagrad", {**_drop(config, *strengths), "epsilon": 0.0})


def _migrate_averaging(config: Config, sparse: bool, notes: Notes) -> Object | None:
    """MovingAverage and SWA keep means of the weights beside an optimizer whose steps they leave alone."""
    inner = config.get("optimizer")
    if not isinstance(inner, Object):
        return None
    seen = "means of the weights are kept beside the optimizer"
    done = f"{inner.class_name} goes on with its state; the means are left out, as Keras 3 would put them into the model"
    notes.add("AK4053", "optimizer", seen, done, Fidelity.LOSSY)
    return express(inner, sparse, notes)


_NATIVE: Mapping[str, Native] = {
    "Addons>AdamW": _decouple("AdamW"),
    "Addons>SGDW": _decouple("SGD"),
    "Addons>LazyAdam": _lazy_adam,
    "Addons>LAMB": _lamb,
    "Addons>ProximalAdagrad": _proximal_adagrad,
    "Addons>MovingAverage": _migrate_averaging,
    "Addons>SWA": _migrate_averaging,
}
