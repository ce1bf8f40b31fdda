"""Optimizers of every era as the Keras 3 optimizer that computes the same next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ...catalog.optimizers import OptimizerEntry, optimizer, scales
from ...catalog.signatures import list_accepted_arguments, list_classes
from ...document.model import UNRESOLVED, Config, Era, Layer, Object, Training, Unresolved, Value, Writer
from ...document.walk import layers_of
from ...findings import Fidelity
from . import nadam, packages
from .notes import OLD, Notes

_IDLE = frozenset({"jit_compile", "is_legacy_optimizer", "schedule_decay", "decay", "lr", "name"})
_WRAPPERS = ("optimizer", "inner_optimizer", "base_optimizer")


@dataclass(frozen=True)
class Past:
    """What an optimizer did in another way than its namesake of Keras 3, beyond the names of its arguments.

    `schedules` says that `decay` is not about the learning rate. `old` and `kept` give the state of an optimizer from
    before and after tf.keras 2.11, with the words of a finding.
    """

    schedules: bool
    old: Callable[[Training, Config], Training]
    old_words: tuple[str, str]
    kept: Callable[[Training, Config], Training]
    kept_words: tuple[str, str]


_PAST = {
    "Nadam": Past(
        True,
        nadam.carry_state,
        ("the momentum grows with 0.96 ** (0.004 * step)",
         "the next step is the same; later ones go over to 0.96 ** step, the schedule of Keras 3"),
        nadam.continue_state,
        ("the product of all momenta is not in the file; tf.keras starts it anew and a different one for each weight",
         "one product for all weights: the next outputs differed by 0.0018 where measured, later ones less"),
    )
}  # fmt: skip


# What Keras 1 and 2 did without an argument for it, where the default of Keras 3 is another (keras 2.3.1 optimizers.py).
_UNSAID: Mapping[str, Mapping[str, Value]] = {"Adagrad": {"initial_accumulator_value": 0.0}}


def migrate_optimizer(training: Training, model: Layer, notes: Notes) -> Training:
    """The training with its optimizer in Keras 3's words (one that is not built in: `UNRESOLVED`) and its state."""
    held = training.config.get("optimizer")
    if not isinstance(held, Object):
        if held is not None:
            seen = "the optimizer is not in a form that any Keras writes"
            notes.add("AK4001", "optimizer", seen, "omitted", Fidelity.LOSSY)
        return _replace_optimizer(training, None)
    sparse = bool(training.slots) and any(layer.class_name == "Embedding" for layer in layers_of(model))
    held = packages.express(_unwrap(held, notes), sparse, notes)
    if isinstance(held.origin, Unresolved):
        return _replace_optimizer(replace(training, slots={}), held)
    name = held.class_name.rpartition(">")[2]
    entry = optimizer(name)
    if entry is None and name in list_classes(kind="optimizers"):
        entry = OptimizerEntry(name, lambda config: (), {})
    if entry is None:
        return _replace_optimizer(training, Object(name, held.config, None, held.registered_name, UNRESOLVED))
    before = dict(held.config) if isinstance(held.config, Mapping) else {}
    past = _PAST.get(entry.name)
    if past is not None and notes.writer.era is not Era.KERAS3:
        training = _carry_state(training, past, before, notes)
    unsaid = _UNSAID.get(entry.name, {}) if notes.writer.era in OLD else {}
    config = _migrate_rate({**unsaid, **before}, past is not None and past.schedules, notes)
    config = _migrate_epsilon(_migrate_clipping(config, notes), entry, notes)
    return _replace_optimizer(training, Object(entry.name, _keep_accepted(config, entry, notes), "keras.optimizers"))


def _replace_optimizer(training: Training, held: Object | None) -> Training:
    return replace(training, config={**training.config, "optimizer": held})


def _carry_state(training: Training, past: Past, config: Config, notes: Notes) -> Training:
    old = is_old_algorithm(notes.writer, config)
    if not training.slots:
        seen, done = past.old_words[0], "there is no state in the file: training starts with the schedule of Keras 3"
        notes.add("AK4004", "optimizer", seen, done, Fidelity.APPROXIMATE)
        return training
    seen, done = past.old_words if old else past.kept_words
    notes.add("AK4004", "optimizer", seen, done, Fidelity.APPROXIMATE)
    return (past.old if old else past.kept)(training, config)


def _unwrap(held: Object, notes: Notes) -> Object:
    config = held.config if isinstance(held.config, Mapping) and scales(held.class_name) else {}
    inner = next((config[key] for key in _WRAPPERS if isinstance(config.get(key), Object)), None)
    if not isinstance(inner, Object):
        return held
    seen = f"{held.class_name} scales the loss around {inner.class_name}"
    notes.add("AK4005", "optimizer", seen, "Keras 3 scales by itself where the policy asks for it", Fidelity.EQUIVALENT)
    return _unwrap(inner, notes)


def is_old_algorithm(writer: Writer, config: Config) -> bool:
    """Whether this is an optimizer of before TensorFlow 2.11; newer ones say so (keras 2.11 optimizers/__init__.py)."""
    return writer.era in OLD or (writer.era is Era.TF2 and config.get("is_legacy_optimizer", True) is not False)


def _migrate_rate(config: dict[str, Value], schedules: bool, notes: Notes) -> dict[str, Value]:
    """``lr`` is ``learning_rate``; ``decay`` is the schedule that it always was: ``lr / (1 + decay * iterations)``."""
    rate = config.get("learning_rate", config.get("lr"))
    if rate is not None:
        config["learning_rate"] = rate
    decay = config.get("decay")
    if isinstance(decay, int | float) and decay > 0 and isinstance(rate, int | float) and not schedules:
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
        known = rate.class_name in list_classes(kind="optimizers")
        config["learning_rate"] = (
            Object(rate.class_name, kept, "keras.optimizers.schedules")
            if known
            else Object(rate.class_name, kept, None, rate.registered_name, UNRESOLVED)
        )
    return config


def _migrate_clipping(config: dict[str, Value], notes: Notes) -> dict[str, Value]:
    """Keras 1 and 2 clipped by the norm of all gradients together (keras 2.3.1 optimizers.py, get_gradients)."""
    if notes.writer.era in OLD and config.get("clipnorm"):
        config["global_clipnorm"] = config.pop("clipnorm")
        notes.add("AK4006", "optimizer", "clipnorm was the norm of all gradients", "global_clipnorm", Fidelity.EXACT)
    given = [key for key in ("clipnorm", "global_clipnorm", "clipvalue") if config.get(key)]
    for key in given[1:]:
        config.pop(key)
        seen = f"{given[0]} and {key} together"
        done = f"option {key} is ignored; further training may differ"
        notes.add("AK4007", "optimizer", seen, done, Fidelity.LOSSY)
    return config


def _migrate_epsilon(config: dict[str, Value], entry: OptimizerEntry, notes: Notes) -> dict[str, Value]:
    """The same step near zero gradients: ``sqrt(a) + e`` of old is ``sqrt(a + e ** 2)`` at 0 and within ``e`` elsewhere."""
    epsilon = config.get("epsilon")
    if "epsilon" in config and epsilon is None:
        epsilon = 1e-8 if notes.writer.era in (Era.KERAS0, Era.KERAS1) else 1e-7
    outside = bool(epsilon) and entry.epsilon_outside and is_old_algorithm(notes.writer, config) and not config.get("momentum")
    if isinstance(epsilon, int | float):
        config["epsilon"] = float(epsilon) ** 2 if outside else epsilon
        if outside:
            seen = f"epsilon={epsilon:g} was added after the square root"
            done = f"epsilon={float(epsilon) ** 2:g} under it: other steps only for weights with gradients near {epsilon:g}"
            notes.add("AK4008", "optimizer", seen, done, Fidelity.APPROXIMATE)
    return config


def _keep_accepted(config: dict[str, Value], entry: OptimizerEntry, notes: Notes) -> dict[str, Value]:
    takes = list_accepted_arguments(entry.name, kind="optimizers")
    for key, value in config.items():
        if key not in takes and key not in _IDLE and value not in (None, False, 0, 0.0):
            done = f"option {key} is ignored; further training may differ"
            notes.add("AK4009", "optimizer", f"{key}={value!r}", done, Fidelity.LOSSY)
    kept = takes - {"decay", "lr"}  # Keras 3 takes them with a warning and ignores them
    return {key: value for key, value in config.items() if key in kept and not (key == "name" and value is None)}
