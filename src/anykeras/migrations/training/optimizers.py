"""Optimizers of every era as the Keras 3 optimizer that computes the same next step."""

from __future__ import annotations

from collections.abc import Mapping

from ...catalog.optimizers import OptimizerEntry, optimizer
from ...catalog.signatures import accepted, classes
from ...document.model import Era, Writer
from ...document.values import Object, Value
from ...findings import Fidelity
from .notes import Notes

_OLD = (Era.KERAS0, Era.KERAS1, Era.KERAS2)
_IDLE = frozenset({"jit_compile", "is_legacy_optimizer", "schedule_decay", "decay", "lr", "name"})
_WRAPPERS = ("optimizer", "inner_optimizer", "base_optimizer")


def migrated(held: Value, notes: Notes) -> Object | None:
    """The optimizer in Keras 3's words, or None (with a finding) for one that is not built in."""
    if not isinstance(held, Object):
        if held is not None:
            notes.add("AK4001", "optimizer", "the optimizer is not in a form that any Keras writes", "left out", Fidelity.LOSSY)
        return None
    held = _unwrapped(held, notes)
    entry = optimizer(held.class_name)
    name = held.class_name.rpartition(">")[2]
    if entry is None and name in classes(kind="optimizers"):
        entry = OptimizerEntry(name, lambda config: (), {})
    if entry is None:
        done = "left out; give the class in custom_objects, or compile the model yourself"
        notes.add("AK4001", "optimizer", f"the optimizer {name!r} is not one of Keras 3", done, Fidelity.LOSSY)
        return None
    config = dict(held.config) if isinstance(held.config, Mapping) else {}
    config = _epsilon(_clipping(_rate(config, notes), notes), entry, notes)
    if entry.name == "Nadam" and notes.writer.era is not Era.KERAS3 and _before_new_optimizers(notes.writer):
        seen = "Nadam's momentum schedule used schedule_decay=0.004; Keras 3 uses 1"
        notes.add("AK4004", "optimizer", seen, "the next step differs", Fidelity.APPROXIMATE)
    return Object(entry.name, _accepted(config, entry, notes), "keras.optimizers")


def _unwrapped(held: Object, notes: Notes) -> Object:
    config = held.config if isinstance(held.config, Mapping) else {}
    inner = next((config[key] for key in _WRAPPERS if isinstance(config.get(key), Object)), None)
    if not isinstance(inner, Object):
        return held
    seen = f"{held.class_name} scales the loss around {inner.class_name}"
    notes.add("AK4005", "optimizer", seen, "Keras 3 scales by itself where the policy asks for it", Fidelity.EQUIVALENT)
    return _unwrapped(inner, notes)


def _before_new_optimizers(writer: Writer) -> bool:
    """Whether the writer had the optimizers of before TensorFlow 2.11 (keras 2.11 optimizers/__init__.py)."""
    return writer.era in _OLD or (writer.era is Era.TF2 and bool(writer.release) and writer.release < (2, 11))


def _rate(config: dict[str, Value], notes: Notes) -> dict[str, Value]:
    """``lr`` is ``learning_rate``; ``decay`` is the schedule that it always was: ``lr / (1 + decay * iterations)``."""
    rate = config.get("learning_rate", config.get("lr"))
    if rate is not None:
        config["learning_rate"] = rate
    decay = config.get("decay")
    if isinstance(decay, int | float) and decay > 0 and isinstance(rate, int | float):
        schedule: dict[str, Value] = {
            "initial_learning_rate": rate,
            "decay_steps": 1,
            "decay_rate": decay,
            "staircase": False,
        }
        config["learning_rate"] = Object("InverseTimeDecay", schedule, "keras.optimizers.schedules")
        notes.add("AK4003", "optimizer", f"decay={decay:g}", "InverseTimeDecay(decay_steps=1)", Fidelity.EXACT)
    if isinstance(rate, Object):
        held = rate.config if isinstance(rate.config, Mapping) else {}
        kept = {key: value for key, value in held.items() if not (key == "name" and value is None)}
        config["learning_rate"] = Object(rate.class_name, kept, "keras.optimizers.schedules")
    return config


def _clipping(config: dict[str, Value], notes: Notes) -> dict[str, Value]:
    """Keras 1 and 2 clipped by the norm of all gradients together (keras 2.3.1 optimizers.py, get_gradients)."""
    if notes.writer.era in _OLD and config.get("clipnorm"):
        config["global_clipnorm"] = config.pop("clipnorm")
        notes.add("AK4006", "optimizer", "clipnorm was the norm of all gradients", "global_clipnorm", Fidelity.EXACT)
    given = [key for key in ("clipnorm", "global_clipnorm", "clipvalue") if config.get(key)]
    for key in given[1:]:
        config.pop(key)
        seen = f"{given[0]} and {key} together"
        notes.add("AK4007", "optimizer", seen, f"{key} is left out: Keras 3 takes one", Fidelity.LOSSY)
    return config


def _epsilon(config: dict[str, Value], entry: OptimizerEntry, notes: Notes) -> dict[str, Value]:
    """The same step near zero gradients: ``sqrt(a) + e`` of old is ``sqrt(a + e ** 2)`` at 0 and within ``e`` elsewhere."""
    epsilon = config.get("epsilon")
    if "epsilon" in config and epsilon is None:
        epsilon = 1e-8 if notes.writer.era in (Era.KERAS0, Era.KERAS1) else 1e-7
    outside = entry.epsilon_outside and _before_new_optimizers(notes.writer) and not config.get("momentum")
    if isinstance(epsilon, int | float):
        config["epsilon"] = float(epsilon) ** 2 if outside else epsilon
        if outside:
            seen = f"epsilon={epsilon:g} was added after the square root"
            notes.add("AK4008", "optimizer", seen, f"epsilon={float(epsilon) ** 2:g} under it", Fidelity.EQUIVALENT)
    return config


def _accepted(config: dict[str, Value], entry: OptimizerEntry, notes: Notes) -> dict[str, Value]:
    takes = accepted(entry.name, kind="optimizers")
    for key, value in config.items():
        if key not in takes and key not in _IDLE and value not in (None, False, 0, 0.0):
            notes.add("AK4009", "optimizer", f"{key}={value!r}", "left out: Keras 3 has no such argument", Fidelity.LOSSY)
    kept = takes - {"decay", "lr"}  # Keras 3 takes them with a warning and ignores them
    return {key: value for key, value in config.items() if key in kept and not (key == "name" and value is None)}
