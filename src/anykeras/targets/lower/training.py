"""The compile configuration and the optimizer's variables as Keras 3 keeps them.

Layout: ``Model.get_compile_config`` and ``BaseOptimizer.save_own_variables`` of keras 3.15.1: the optimizer's variables are
``optimizer/vars/0`` (iteration), the learning rate unless it is a schedule, then its slots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...catalog.layout import Slot
from ...catalog.optimizers import groups, optimizer
from ...catalog.signatures import default
from ...document.model import FromUser, Layer, Object, Training, Unresolved, Value
from ...document.walk import walk
from ...tensors import Tensor, constant
from .result import Json, LoweredTraining


def lower_training(
    training: Training | None,
    model: Layer,
    wanted: Sequence[Slot],
    tensors_of: Callable[[Layer], Mapping[str, Tensor]],
    given_of: Callable[[Layer], tuple[Layer, ...]],
) -> LoweredTraining | None:
    """What to compile with, or None where the file says too little.

    Args:
        training: in Keras 3's words.
        model: the model that `wanted` belongs to.
        wanted: every variable of the model, in Keras's order.
        tensors_of: the tensors of a lowered copy of the model (an optimizer's slots) by path.
        given_of: the layers of given classes in such a copy.
    """
    held = training.config.get("optimizer") if training is not None else None
    if training is None or not isinstance(held, Object) or isinstance(held.origin, Unresolved):
        return None
    config: dict[str, Json] = {key: json_of(training.config.get(key)) for key in _KEYS}
    config.update(run_eagerly=False, steps_per_execution=1, jit_compile="auto")
    variables = _variables(training, held, trained(model, wanted), tensors_of)
    entry, said = optimizer(held.class_name), held.config if isinstance(held.config, Mapping) else {}
    given = {kind: given_of(shadow) for kind, shadow in training.slots.items()} if variables else {}
    if entry is None or not any(given.values()):
        return LoweredTraining(config, variables)
    kinds = tuple(tuple(group) for group in groups(entry, said))
    return LoweredTraining(config, variables, given, len(_scalars(training, held.class_name, said)), kinds)


_KEYS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def trained(model: Layer, wanted: Sequence[Slot]) -> list[Slot]:
    """The variables of ``model.trainable_variables``, in its order."""
    frozen = {id(inner) for layer in walk(model) if layer.config.get("trainable") is False for inner in walk(layer)}
    return [slot for slot in wanted if slot.role.trainable and not slot.role.copy and id(slot.layer) not in frozen]


def _variables(
    training: Training, held: Object, slots: Sequence[Slot], tensors_of: Callable[[Layer], Mapping[str, Tensor]]
) -> tuple[Tensor, ...]:
    entry = optimizer(held.class_name)
    config = held.config if isinstance(held.config, Mapping) else {}
    if entry is None or training.verbatim:
        return training.verbatim
    kinds = {kind: tensors_of(shadow) for kind, shadow in training.slots.items()}
    needed = [kind for group in groups(entry, config) for kind in group]
    if any(kind not in kinds for kind in needed) or not (training.counters or kinds):
        return ()
    found = _scalars(training, held.class_name, config)
    for group in groups(entry, config):
        found += [kinds[kind][slot.path] for slot in slots for kind in group]
    found += [training.counters.get(name) or constant(1.0, "float32", name) for name in entry.scalars]
    return tuple(found)


def _scalars(training: Training, class_name: str, config: Mapping[str, Value]) -> list[Tensor]:
    """The iteration count, and the learning rate unless it is a schedule."""
    count = training.counters.get("iterations")
    found = [count.cast("int32") if count is not None else constant(0, "int32", "iterations")]
    rate = config.get("learning_rate", default(class_name, "learning_rate", kind="optimizers"))
    if isinstance(rate, int | float):
        found.append(constant(rate, "float32", "learning_rate"))
    return found


def json_of(value: Value) -> Json:
    """A value of a compile configuration as JSON; objects name their module.

    A custom object goes by its name: a function as that alone, a class with its configuration. What is unresolved is left
    out.
    """
    if isinstance(value, Object):
        return _object(value)
    if isinstance(value, tuple):
        return [json_of(item) for item in value]
    if isinstance(value, Mapping):
        return {key: json_of(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"no JSON: {type(value).__name__}")


def _object(value: Object) -> Json:
    if isinstance(value.origin, Unresolved):
        return None
    is_custom = isinstance(value.origin, FromUser)
    if isinstance(value.config, str) and is_custom:
        return value.class_name
    registered = value.class_name if is_custom else value.registered_name
    return {
        "module": None if is_custom else value.module,
        "class_name": value.class_name,
        "config": json_of(value.config),
        "registered_name": registered,
    }
