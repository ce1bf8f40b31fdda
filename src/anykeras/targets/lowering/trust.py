"""The last step of lowering: nothing in a configuration may name what is neither Keras 3's nor the user's.

It looks at the JSON alone, however that came about: every class and function, at every depth, is looked up in our own table
(:mod:`anykeras.catalog.allowed`), and so is every text that Keras would look up or open. What the installed Keras would
refuse, in which mode, is then of no consequence.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ...catalog.allowed import CONTENT_ONLY, DTYPES, FUNCTIONS, TRAINING_NAMES, is_allowed, is_word, names_of
from ...document.model import FromUser, Layer, Object, Training, Value
from ...document.walk import layers_of
from ...errors import Unsupported
from .result import Json

_OBJECT: Final = frozenset({"module", "class_name", "config", "registered_name"})
_LAYER: Final = _OBJECT | {"name", "inbound_nodes"}
_ALSO_OF_KERAS: Final = frozenset({"build_config", "compile_config", "shared_object_id"})
_COMPILE_KEYS: Final = frozenset(
    ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile")
)
_NAMED: Final = frozenset(("loss", "metrics", "weighted_metrics"))
_FREE: Final = frozenset(("arguments", "input_layers", "output_layers"))
_NUMBERS: Final = (bool, int, float)
_NAMING: Final = (str, list, dict)  # what may be or hold a name


@dataclass(frozen=True)
class _Holder:
    """What holds values: the layer, whose class it is, and what is true of all that stands in it."""

    layer: str
    mine: bool = True  # in a class of Keras, not of the user
    call: bool = False  # among the arguments of a call
    operation: bool = False
    training: bool = False
    by_keras: bool = False  # whether Keras may have written it


class _ValuePlace(NamedTuple):
    """A value on the way: what holds it, and the argument it stands under."""

    value: Json
    key: str
    holder: _Holder
    free: bool = False  # where texts are names of layers, or data of the user's function


@dataclass(frozen=True)
class Untrusted:
    """Something that may not reach Keras: what it is, in which layer, under which argument."""

    seen: str
    layer: str
    key: str


def list_user_names(model: Layer, training: Training | None = None) -> frozenset[str]:
    """The names by which a document calls what comes from the user's custom_objects."""
    return frozenset(name for name, _ in list_user_objects(model, training))


def list_user_objects(model: Layer, training: Training | None = None) -> Iterator[tuple[str, object]]:
    """Every object of the user that a document holds, under each name that its lowered form has."""
    values: list[Value] = [*(training.config.values() if training is not None else ())]
    for layer in layers_of(model):
        if isinstance(layer.origin, FromUser):
            yield layer.registered_name or layer.bare_class_name, layer.origin.value
        values += layer.config.values()
        if layer.graph is not None:
            for calls in layer.graph.calls.values():
                values += [value for call in calls for value in (*call.args, *call.kwargs.values())]
    while values:
        value = values.pop()
        if isinstance(value, tuple):
            values += value
        elif isinstance(value, Mapping):
            values += value.values()
        elif isinstance(value, Object):
            values += value.config.values() if isinstance(value.config, Mapping) else ()
            if isinstance(value.origin, FromUser):
                names = {value.class_name, value.registered_name, value.config if isinstance(value.config, str) else None}
                yield from ((name, value.origin.value) for name in sorted(filter(None, names)) if name != "function")


def check_model(config: Json, custom: Collection[str], written_by_keras: bool = False) -> None:
    """Refuse a lowered model that names anything but Keras 3's and the user's; raises Unsupported.

    Args:
        config: the whole configuration, as it goes to Keras or into a file.
        custom: the names of the user's objects (:func:`user_names`).
        written_by_keras: whether Keras may have written it, which files further facts beside the configuration.
    """
    found = next(_find([_ValuePlace(config, "", _Holder("", by_keras=written_by_keras))], custom), None)
    if found is not None:
        raise make_untrusted_error(found)


def check_training(config: Mapping[str, Json], custom: Collection[str]) -> None:
    """As :func:`check_model`, for a compile configuration."""
    found = next(find_in_training(config, custom), None)
    if found is not None:
        raise make_untrusted_error(found)


def find_in_training(config: Mapping[str, Json], custom: Collection[str]) -> Iterator[Untrusted]:
    """What a compile configuration names that is neither Keras 3's nor the user's."""
    holder = _Holder("the compile configuration", training=True)
    for key, value in config.items():
        if key not in _COMPILE_KEYS:
            yield Untrusted(f"the argument {key!r}", holder.layer, key)
        yield from _find([_ValuePlace(value, key, holder)], custom)


def make_untrusted_error(found: Untrusted) -> Unsupported:
    """The refusal of a file that names such a thing."""
    return Unsupported(
        "AK6040",
        f"{found.seen} is not part of Keras 3, or nothing that a model may name",
        layer=found.layer or None,
        key=found.key or None,
        next_step="Find out what the file is meant to do before you trust it. Your own classes and functions go through "
        "custom_objects.",
    )


def _find(places: list[_ValuePlace], custom: Collection[str]) -> Iterator[Untrusted]:
    """All that is untrusted in these values and below, without recursion: a configuration may be deep."""
    while places:
        place = places.pop()
        value, key, holder, free = place
        if isinstance(value, str):
            seen = _check_text(value, place, custom)
        elif isinstance(value, list):
            kinds = (list, dict) if key in CONTENT_ONLY else _NAMING  # the words of a vocabulary are content
            places += [_ValuePlace(item, key, holder, free) for item in value if isinstance(item, kinds)]
            continue
        elif not isinstance(value, dict):
            continue
        elif "class_name" not in value or (not holder.mine and "config" not in value):
            kept = holder.training or key == "dtype"  # losses and metrics may go by output, dtypes by layer
            places += [_ValuePlace(v, key if kept else k, holder, free) for k, v in value.items() if isinstance(v, _NAMING)]
            continue
        else:
            seen = _check_object(value, holder, custom)
            if not seen:
                places += _inside(value, place)
        if seen:
            yield Untrusted(seen, holder.layer, key)


def _check_object(value: Mapping[str, Json], holder: _Holder, custom: Collection[str]) -> str:
    """What is wrong with a serialized object itself; "" where nothing is."""
    class_name, config = value["class_name"], value.get("config")
    if value.keys() == {"class_name", "config"}:
        return "" if _is_plain(class_name, config) else _show(value)
    if not value.keys() >= _OBJECT or not value.keys() <= (_LAYER | _ALSO_OF_KERAS if holder.by_keras else _LAYER):
        return _show(value)
    module, registered = value["module"], value["registered_name"]
    if module is None:
        own = config if isinstance(config, str) else registered
        return "" if own in custom and registered in custom else _show(value)
    if class_name == "function":
        fits = holder.training and module == "builtins" and config in FUNCTIONS and registered == "function"
        return "" if fits else _show(value)
    fits = is_allowed(module, class_name) and registered in (None, class_name) and isinstance(config, dict)
    return "" if fits and registered not in custom else _show(value)


def _is_plain(class_name: Json, config: Json) -> bool:
    """Whether this is one of the forms of plain values that lowering writes."""
    if not isinstance(config, dict):
        return False
    if class_name == "__numpy__":
        return config.keys() == {"value", "dtype"} and config["dtype"] in DTYPES and _is_numeric(config["value"])
    keys = {
        "__keras_tensor__": {"shape", "dtype", "keras_history"},
        "__bytes__": {"value"},
        "__ellipsis__": set[str](),
        "__slice__": {"start", "stop", "step"},
    }
    return isinstance(class_name, str) and config.keys() == keys.get(class_name)


def _is_numeric(value: Json) -> bool:
    """Whether this is a number, or lists of nothing else."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, list):
            left += item
        elif not isinstance(item, _NUMBERS):
            return False
    return True


def _inside(value: Mapping[str, Json], place: _ValuePlace) -> Iterator[_ValuePlace]:
    """What a serialized object holds."""
    config, class_name, outer = value["config"], value["class_name"], place.holder
    held = config.items() if isinstance(config, dict) else ()
    if "module" not in value:
        if class_name == "__slice__":
            yield from (_ValuePlace(item, place.key, outer, place.free) for _, item in held if isinstance(item, _NAMING))
        return
    name = config.get("name") if isinstance(config, dict) else None
    layer = name if isinstance(name, str) and not outer.training else outer.layer
    operation = str(value["module"]).startswith("keras.src.ops.")
    policy = str(class_name).endswith("Policy") or class_name == "DTypePolicyMap"
    holder = _Holder(layer, value["module"] is not None, False, operation, outer.training, outer.by_keras)
    for key, item in held:
        if isinstance(item, _NAMING) and (policy or key != "name" or not isinstance(item, str)):
            yield _ValuePlace(item, "dtype" if policy and key != "mode" else key, holder, key in _FREE)
    if isinstance(nodes := value.get("inbound_nodes"), _NAMING):
        yield _ValuePlace(nodes, "inbound_nodes", replace(holder, call=True), place.free)


def _check_text(text: str, place: _ValuePlace, custom: Collection[str]) -> str:
    """What is wrong with a text where it stands; "" where nothing is."""
    holder = place.holder
    if text in custom or place.free:
        return ""
    known = names_of(place.key)
    if holder.operation or not holder.mine:
        # Keras finds what the process has registered under names with a ">", and an equation has an arrow.
        looked_up = ">" in text and "->" not in text and (holder.operation or known is not None)
        return repr(text) if looked_up else ""
    if holder.call:
        return repr(text)
    if holder.training and place.key in _NAMED:
        known = TRAINING_NAMES
    fits = text in known if known is not None else is_word(place.key, text)
    fits = fits or (holder.training and place.key == "jit_compile" and text == "auto")
    return "" if fits else repr(text)


def _show(value: Mapping[str, Json]) -> str:
    """A serialized object by all its names."""
    config = value.get("config")
    parts = [value.get("module"), value.get("class_name"), config if isinstance(config, str) else None]
    named = ".".join(part for part in parts if isinstance(part, str))
    registered = value.get("registered_name")
    return repr(f"{named} ({registered})" if isinstance(registered, str) and registered not in named else named)
