"""The compile configuration and the optimizer's variables as Keras 3 keeps them.

Layout: ``Model.get_compile_config`` and ``BaseOptimizer.save_own_variables`` of keras 3.15.1: the optimizer's variables are
``optimizer/vars/0`` (iteration), the learning rate unless it is a schedule, then its slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...catalog.layout import VariableSpec
from ...catalog.optimizers import groups, optimizer
from ...catalog.signatures import find_default
from ...document.model import Document, FromUser, Layer, Object, Training, Unresolved, Value
from ...document.walk import find_frozen_layers, rebuild
from ...errors import AnyKerasError, Unsupported
from ...findings import Fidelity, Finding
from ...tensors import Tensor, constant, zeros
from .minors import MINORS, check_class, make_portable
from .result import Json, LoweredTraining, tensor_of
from .trust import check_training, list_user_names


def lower_training(
    training: Training | None, model: Layer, wanted: Sequence[VariableSpec], custom: Sequence[Layer], minor: str
) -> LoweredTraining | None:
    """What to compile with, or None where the file says too little.

    Args:
        training: in Keras 3's words, its slots by the weights of `model`.
        model: the model that `wanted` belongs to.
        wanted: every variable of the model, in Keras's order.
        custom: its layers of custom classes.
        minor: the Keras that is to compile it.

    Raises:
        Unsupported: the optimizer, a loss or a metric came after `minor`, or an argument of it.
    """
    held = training.config.get("optimizer") if training is not None else None
    if training is None or not isinstance(held, Object) or isinstance(held.origin, Unresolved):
        return None
    config = _compile_config(training, minor)
    variables = _list_variables(training, held, list_trained_specs(model, wanted), minor)
    entry, said = optimizer(held.class_name), held.config if isinstance(held.config, Mapping) else {}
    copies = {kind: tuple(_with_slots(layer, slots) for layer in custom) for kind, slots in training.slots.items()}
    if entry is None or not custom or not copies or not variables:
        return LoweredTraining(config, variables)
    kinds = tuple(tuple(group) for group in groups(entry, said))
    return LoweredTraining(config, variables, copies, len(_list_scalars(training, held.class_name, said)), kinds)


def omit_untrusted(document: Document) -> tuple[Document, list[Finding]]:
    """The document without its training where that names what no model may name, or holds what is no plain value."""
    if document.training is None:
        return document, []
    try:
        config = _compile_config(document.training, MINORS[-1])
        check_training(config, list_user_names(document.model, document.training))
    except AnyKerasError as error:
        done = "the model is not compiled"
        where = f"training/{error.key}" if error.key else "training"
        return replace(document, training=None), [Finding("AK4060", where, error.seen, done, Fidelity.LOSSY)]
    return document, []


def _compile_config(training: Training, minor: str) -> dict[str, Json]:
    config: dict[str, Json] = {key: json_of(training.config.get(key), minor) for key in _KEYS}
    config.update(run_eagerly=False, steps_per_execution=1, jit_compile="auto")
    return config


def _with_slots(layer: Layer, slots: Mapping[Tensor, Tensor]) -> Layer:
    """The layer with the slot of each weight in its place; a weight that was not trained has zeros."""

    def change(inner: Layer) -> Layer:
        return replace(inner, weights={role: _slot_of(weight, slots) for role, weight in inner.weights.items()})

    return rebuild(layer, change)


def _slot_of(weight: Tensor, slots: Mapping[Tensor, Tensor]) -> Tensor:
    return slots.get(weight) or zeros(weight.shape, weight.dtype)


_KEYS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def list_trained_specs(model: Layer, wanted: Sequence[VariableSpec]) -> list[VariableSpec]:
    """The variables of ``model.trainable_variables``, in its order."""
    frozen = find_frozen_layers(model)
    return [spec for spec in wanted if spec.role.trainable and not spec.role.copy and spec.holder.path not in frozen]


_SCALARS_BEHIND = MINORS.index("3.10")
"""An optimizer's own numbers come after its slots; before, ahead of them (optimizers/nadam.py of keras 3.9.2 and 3.10.0)."""


def _list_variables(training: Training, held: Object, wanted: Sequence[VariableSpec], minor: str) -> tuple[Tensor, ...]:
    entry = optimizer(held.class_name)
    config = held.config if isinstance(held.config, Mapping) else {}
    if entry is None or training.verbatim:
        return training.verbatim
    kinds = training.slots
    needed = [kind for group in groups(entry, config) for kind in group]
    if any(kind not in kinds for kind in needed) or not (training.counters or kinds):
        return ()
    weights = [tensor_of(spec.layer, spec.role.name) for spec in wanted]
    slots = [
        _slot_of(weight, kinds[kind])
        for group in groups(entry, config)
        for weight in weights
        if weight is not None
        for kind in group
    ]
    own = [training.counters.get(name) or constant(1.0, "float32", name) for name in entry.scalars]
    behind = [*slots, *own] if MINORS.index(minor) >= _SCALARS_BEHIND else [*own, *slots]
    return (*_list_scalars(training, held.class_name, config), *behind)


def _list_scalars(training: Training, class_name: str, config: Mapping[str, Value]) -> list[Tensor]:
    """The iteration count, and the learning rate unless it is a schedule."""
    count = training.counters.get("iterations")
    found = [count.cast("int32") if count is not None else constant(0, "int32", "iterations")]
    rate = config.get("learning_rate", find_default(class_name, "learning_rate", kind="optimizers"))
    if isinstance(rate, int | float):
        found.append(constant(rate, "float32", "learning_rate"))
    return found


def json_of(value: Value, minor: str) -> Json:
    """A value of a compile configuration as JSON; objects name their module.

    A custom object goes by its name: a function as that alone, a class with its configuration. What is unresolved is left
    out.
    """
    if isinstance(value, Object):
        return _lower_object(value, minor)
    if isinstance(value, tuple):
        return [json_of(item, minor) for item in value]
    if isinstance(value, Mapping):
        return {key: json_of(item, minor) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise Unsupported("AK6040", f"a {type(value).__name__} in the compile configuration is no plain value")


def _lower_object(value: Object, minor: str) -> Json:
    if isinstance(value.origin, Unresolved):
        return None
    is_custom = isinstance(value.origin, FromUser)
    if isinstance(value.config, str) and is_custom:
        return value.class_name
    config, kind = value.config, (value.module or "").removeprefix("keras.")
    if not is_custom and isinstance(config, Mapping) and "." not in kind:
        config = make_portable(value.class_name, config, kind, minor)
        check_class(value.class_name, config, minor, kind, "the compile configuration", value.class_name)
    registered = value.class_name if is_custom else value.registered_name
    return {
        "module": None if is_custom else value.module,
        "class_name": value.class_name,
        "config": json_of(config, minor),
        "registered_name": registered,
    }
