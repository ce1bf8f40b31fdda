"""The compile configuration and the optimizer's variables, each bound to the weight that it belongs to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product

from ..catalog import Role, layout
from ..catalog.optimizers import AVERAGE, OptimizerEntry, groups, optimizer, transparent
from ..containers.base import Json, Raw
from ..document.model import Config, Era, Layer, Object, Training, Value, Writer
from ..document.walk import find_frozen_layers, walk
from ..findings import Affects, Fidelity, Finding
from ..tensors import Tensor
from .reading import ParseContext
from .weights import SavedWeight, is_unknown, list_trainable_weights

_KEYS = ("loss", "loss_weights", "metrics", "weighted_metrics", "sample_weight_mode")
_OPTION_KEYS = ("run_eagerly", "steps_per_execution", "jit_compile")
_INNER = ("optimizer", "inner_optimizer", "base_optimizer")  # where LossScaleOptimizer holds the one it wraps
# Names of the learning rate among the scalars that optimizers save beside their slots.
_RATES = ("learning_rate", "current_learning_rate")


def parse_training(raw: Raw, model: Layer, writer: Writer) -> Training | None:
    """What the file says about training, or None where it says nothing."""
    found = _find_raw_config(raw)
    if not found:
        return None
    context = ParseContext(writer.era, "training_config")
    config = {key: _parse_value(found[key], context) for key in (*_KEYS, *_OPTION_KEYS) if key in found}
    config["optimizer"] = _parse_optimizer(found, context)
    held = unwrap_optimizer(config["optimizer"])
    if writer.era is Era.KERAS3 and isinstance(held, Object) and optimizer(held.class_name) is None:
        return Training(config, verbatim=tuple(tensor for _, tensor in raw.optimizer))
    bind = _bind_owned if raw.slots else _bind_listed
    counters, slots, unbound = bind(raw, held, model, writer)
    if raw.apart is not None and isinstance(held, Object):
        config["optimizer"] = _set_rate(config["optimizer"], held, counters.get("learning_rate"))
    return Training(config, counters, slots, unbound=unbound)


def _set_rate(whole: Value, held: Object, rate: Tensor | None) -> Value:
    """The optimizer with the learning rate that the weights were left at, where it is a number and theirs is known."""
    if whole is not held or rate is None or rate.shape or not isinstance(held.config, Mapping):
        return whole
    known = [key for key in ("learning_rate", "lr") if isinstance(held.config.get(key), int | float)]
    return replace(held, config={**held.config, **dict.fromkeys(known, float(rate.read()))})


def _drop_second_copy(saved: Sequence[tuple[str, Tensor]]) -> Sequence[tuple[str, Tensor]]:
    """Without the second copy that a LossScaleOptimizer saves (tf.keras 2.15, ``optimizer/inner_optimizer/vars``)."""
    inner = [pair for pair in saved if "inner_optimizer/" in pair[0]]
    return inner or saved


def _find_raw_config(raw: Raw) -> Mapping[str, Json]:
    if isinstance(raw.training, dict):
        return raw.training
    top = raw.architecture
    if isinstance(top, dict) and "loss" in top and "class_name" not in top:
        return top  # Keras 0 wrote loss and optimizer beside the layers (keras/models.py 0.3.3, to_json)
    return {}


def _parse_optimizer(found: Mapping[str, Json], context: ParseContext) -> Value:
    held = found.get("optimizer_config", found.get("optimizer"))
    if isinstance(held, str):
        return Object(held)
    if not isinstance(held, dict):
        return None
    if "class_name" not in held and isinstance(held.get("name"), str):
        held = {"class_name": held["name"], "config": {k: v for k, v in held.items() if k != "name"}}
    return _parse_object(held, context)


def _parse_object(held: Mapping[str, Json], context: ParseContext) -> Value:
    class_name, config = held.get("class_name"), held.get("config")
    if not isinstance(class_name, str):
        return None
    module, registered = held.get("module"), held.get("registered_name")
    made: Mapping[str, Value] | str = config if isinstance(config, str) else {}
    if isinstance(config, dict):
        made = {key: _parse_value(item, context) for key, item in config.items()}
    return Object(
        class_name,
        made,
        module if isinstance(module, str) else None,
        registered if isinstance(registered, str) else None,
    )


def _parse_value(value: Json, context: ParseContext) -> Value:
    """A value of a compile configuration: whatever names a class is an object, and no layer though it has a name."""
    if isinstance(value, list):
        return tuple(_parse_value(item, context) for item in value)
    if isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value:
        return _parse_object(value, context)
    if isinstance(value, dict):
        return {key: _parse_value(item, context) for key, item in value.items()}
    return value


@dataclass(frozen=True)
class _Variables:
    """The weights that the optimizer works on, in the order in which it keeps their slots."""

    weights: tuple[SavedWeight, ...]
    shapes: tuple[tuple[int, ...], ...]


def unwrap_optimizer(held: Value) -> Value:
    """The optimizer that does the work: the one inside a LossScaleOptimizer or an average, or itself."""
    if not isinstance(held, Object) or not transparent(held.class_name):
        return held
    config = held.config if isinstance(held.config, Mapping) else {}
    inner = next((config[key] for key in _INNER if isinstance(config.get(key), Object)), None)
    return unwrap_optimizer(inner) if inner is not None else held


State = tuple[dict[str, Tensor], dict[str, dict[Tensor, Tensor]], tuple[str, ...]]


def _bind_listed(raw: Raw, held: Value, model: Layer, writer: Writer) -> State:
    """Tensors in the order of the file: theirs, or their names, tell whose each is."""
    saved = _drop_second_copy(raw.optimizer)
    entry = optimizer(held.class_name) if isinstance(held, Object) else None
    if not saved or entry is None or not isinstance(held, Object):
        return {}, {}, tuple(name for name, _ in saved)
    config = held.config if isinstance(held.config, Mapping) else {}
    counters, rest = _list_counters(saved, entry)
    for alternatives in _iterate_orders(model, writer):
        fitting = []
        for variables in alternatives:
            by_slot = _bind_by_names(rest, entry, variables) or _bind_by_order(rest, entry, config, variables, writer.era)
            if by_slot is not None:
                fitting.append((variables, by_slot))
        if len(fitting) == 1:
            variables, by_slot = fitting[0]
            weights = [slot.layer.weights[slot.role.name] for slot in variables.weights]
            return counters, {kind: dict(zip(weights, found, strict=True)) for kind, found in by_slot.items()}, ()
    return counters, {}, tuple(name for name, _ in rest)


def report_left_out(raw: Raw, training: Training | None) -> tuple[Finding, ...]:
    """What is to be said of a checkpoint with the state of an optimizer, where the architecture has no optimizer."""
    beside = raw.apart[1] if raw.apart is not None else raw
    listed = len(beside.optimizer) if beside.match.name == "checkpoint" else 0
    if training is not None or not (raw.slots or listed):
        return ()
    kinds = ", ".join(sorted({slot.kind for slot in raw.slots})) or ", ".join(name for name, _ in beside.optimizer[:4])
    count = len(raw.slots) or listed
    seen = f"the checkpoint holds the state of an optimizer ({count} tensors: {kinds}) for a model that is not compiled"
    done = "left out; give a compiled model as the architecture to go on with that state"
    return (Finding("AK4018", "training/optimizer", seen, done, Fidelity.LOSSY, Affects.TRAINING),)


def _bind_owned(raw: Raw, held: Value, model: Layer, writer: Writer) -> State:
    """Slots each of which says whose it is."""
    entry = optimizer(held.class_name) if isinstance(held, Object) else None
    kinds = entry.named if entry is not None else {}
    weights = {weight.tensor.origin: weight.tensor for weight in list_trainable_weights(model, writer.era)}
    slots: dict[str, dict[Tensor, Tensor]] = {}
    unbound = []
    for slot in raw.slots:
        weight = weights.get(slot.owner)
        if slot.kind in kinds and weight is not None and weight.shape == slot.tensor.shape:
            slots.setdefault(kinds[slot.kind], {})[weight] = slot.tensor
        else:
            unbound.append(f"{slot.kind} of {slot.owner}")
    return dict(raw.optimizer) if entry is not None else {}, slots, tuple(unbound)


def _list_counters(
    saved: Sequence[tuple[str, Tensor]], entry: OptimizerEntry
) -> tuple[dict[str, Tensor], list[tuple[str, Tensor]]]:
    """The leading scalars: the iteration count first, where there are any; then what else the optimizer keeps."""
    counters: dict[str, Tensor] = {}
    rest = list(saved)
    while entry.scalars and len(rest) > 2 and rest[-1][1].shape == ():  # Keras 3 keeps them last
        counters[entry.scalars[0]] = rest.pop()[1]
    while rest and rest[0][1].shape == ():
        name, tensor = rest.pop(0)
        last = name.removesuffix(":0").split("/")[-1]
        if last in _RATES or ("iterations" in counters and last.isdigit()):
            counters["learning_rate"] = tensor
        elif "iterations" not in counters:
            counters["iterations"] = tensor
        else:
            extra = [key for key in entry.scalars if key not in counters]
            counters[extra[0] if extra else last] = tensor
    return counters, rest


def _iterate_orders(model: Layer, writer: Writer) -> list[list[_Variables]]:
    """The orders in which the writer may have kept trainable weights: layer by layer, or sorted by name.

    Keras sorted them by name up to 2.0.5 (keras/engine/training.py, collect_trainable_weights). Each order has an
    alternative for every number of weights that a class which nobody knows may not train.
    """
    if writer.era is Era.KERAS3:
        return [[_list_variables(_list_keras3_trainable(model))]]
    orders: list[list[_Variables]] = [[], [], []]
    sorted_first = writer.era is Era.KERAS1 or (writer.era is Era.KERAS2 and writer.release < (2, 0, 6))
    for listed in _list_trained_alternatives(model, list_trainable_weights(model, writer.era), writer.era):
        by_name = sorted(listed, key=_find_theano_name)
        by_path = sorted(listed, key=_find_saved_name)
        ways = [by_path, by_name, listed] if sorted_first else [listed, by_path, by_name]
        for order, way in zip(orders, ways, strict=True):
            if way is not by_name or _list_certain(way):
                order.append(_list_variables(way))
    return orders


_ALTERNATIVES = 256  # at most so many ways to tell trained weights of unknown classes from others
_UNNAMED = re.compile(r"(^|/)param_\d+$")


def _list_trained_alternatives(model: Layer, listed: list[SavedWeight], era: Era) -> list[list[SavedWeight]]:
    """What may be trained: of a class that nobody knows, the first weights of a layer, as those are saved first."""
    strangers = {path: layer for path, layer in walk(model) if is_unknown(layer, era) and layer.weights}
    roles = [role for layer in strangers.values() for role in layer.weights]
    if any("vars/" in role and not role.startswith("vars/") for role in roles):
        return []  # stored by attribute names: the order in which the layers inside were made is lost
    counts: dict[str, int] = {}
    for layer in strangers.values():
        counts[layer.class_name] = max(counts.get(layer.class_name, 0), len(layer.weights))
    if math.prod(count + 1 for count in counts.values()) > _ALTERNATIVES:
        return [listed]
    found = []
    for fixed in product(*(range(count + 1) for count in counts.values())):
        left = dict(zip(counts, fixed, strict=True))
        untrained = {
            (path, role)
            for path, layer in strangers.items()
            for role in list(layer.weights)[len(layer.weights) - left[layer.class_name] :]
            if left[layer.class_name] <= len(layer.weights)
        }
        found.append([weight for weight in listed if (weight.path, weight.role.name) not in untrained])
    return found


def _find_theano_name(weight: SavedWeight) -> str:
    """The name that Keras 1 sorted by on Theano: a variable without one was ``auto_N``."""
    origin = weight.tensor.origin
    return "auto_" if _UNNAMED.search(origin) else origin.rpartition("/")[2]


def _list_certain(listed: Sequence[SavedWeight]) -> bool:
    """Whether variables without a name differ in shape, so that their numbers do not matter."""
    shapes = [weight.tensor.shape for weight in listed if _find_theano_name(weight) == "auto_"]
    return len(shapes) == len(set(shapes))


def _find_saved_name(weight: SavedWeight) -> str:
    """The variable's name: what follows the group of its layer in the file."""
    origin = weight.tensor.origin
    return "/".join(origin.split("/")[2:]) if origin.count("/") >= 2 else origin


def _list_variables(weights: Sequence[SavedWeight]) -> _Variables:
    return _Variables(tuple(weights), tuple(weight.tensor.shape for weight in weights))


def _list_keras3_trainable(model: Layer) -> list[SavedWeight]:
    """What Keras 3 trains, layer by layer. A kernel with a LoRA update stands still, and its factors come last."""
    frozen, found = find_frozen_layers(model), list[SavedWeight]()
    for path, specs in groupby(layout.list_variable_specs(model), key=lambda spec: spec.holder.path):
        listed = [] if path in frozen else list(specs)
        roles = [spec.role for spec in listed if spec.role.trainable and spec.role.name in spec.layer.weights]
        factors = [Role(name) for spec in listed[:1] for name in spec.layer.weights if name.startswith("lora_")]
        still = {role.name.split("_")[1] for role in factors}
        kept = [role for role in roles if role.name not in still] + factors
        found += [SavedWeight(path, listed[0].layer, role) for role in kept]
    return found


def _bind_by_names(
    rest: Sequence[tuple[str, Tensor]], entry: OptimizerEntry, variables: _Variables
) -> dict[str, list[Tensor]] | None:
    """Slots by the kind that their names say: ``Adam/dense/kernel/m:0`` (TensorFlow 2.0 to 2.10) or
    ``Adam/m/dense/kernel:0`` (2.11 to 2.15, without the first name under a loss scale); within a kind the order is that
    of the variables."""
    found: dict[str, list[Tensor]] = {}
    for name, tensor in rest:
        parts = name.removesuffix(":0").split("/")
        kinds = {**entry.named, AVERAGE: AVERAGE}
        first = parts[:1] if len(parts) > 1 else []
        kind = next((kinds[part] for part in (parts[-1], *parts[1:-1][:1], *first) if part in kinds), None)
        if kind is None:
            return None
        found.setdefault(kind, []).append(tensor)
    return found if found and all(_fits(tensors, variables) for tensors in found.values()) else None


def _bind_by_order(
    rest: Sequence[tuple[str, Tensor]], entry: OptimizerEntry, config: Config, variables: _Variables, era: Era
) -> dict[str, list[Tensor]] | None:
    count, tensors = len(variables.weights), [tensor for _, tensor in rest]
    if count == 0:
        return {} if not tensors else None
    if not tensors:
        return {}
    if era is Era.KERAS3 or rest[0][0].startswith("optimizer/"):
        return _split_alternating(tensors, groups(entry, config), variables)
    found: dict[str, list[Tensor]] = {}
    kinds = entry.ordered
    for i, kind in enumerate(kinds):
        part = tensors[i * count : (i + 1) * count]
        if part and all(tensor.size <= 1 for tensor in part) and not _fits(part, variables):
            continue  # placeholders of `amsgrad=False`, keras 2.1.3 and later
        if part and not _fits(part, variables):
            return None
        if part:
            found[kind] = part
    return found if len(tensors) <= len(kinds) * count and len(tensors) % count == 0 else None


def _split_alternating(
    tensors: Sequence[Tensor], kinds: Sequence[Sequence[str]], variables: _Variables
) -> dict[str, list[Tensor]] | None:
    found: dict[str, list[Tensor]] = {}
    left = list(tensors)
    for group in kinds:
        for _ in variables.weights:
            for kind in group:
                if not left:
                    return None
                found.setdefault(kind, []).append(left.pop(0))
    return found if not left and all(_fits(part, variables) for part in found.values()) else None


def _fits(tensors: Sequence[Tensor], variables: _Variables) -> bool:
    return [tensor.shape for tensor in tensors] == list(variables.shapes)
