"""From the JSON values of a configuration to the frozen values of a document, in the vocabulary of one era."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..catalog import find
from ..containers.base import Json
from ..document.model import Code, Era, Layer, Object, Value
from ..errors import LimitExceeded, Malformed
from ..limits import current

# Arguments that hold an object which may share its name with a layer class ("Identity", "Normalization").
_OBJECT_KEYS = ("initializer", "regularizer", "constraint", "init", "loss", "optimizer", "policy", "dtype")


IsCustom = Callable[[str, Mapping[str, Json]], bool]
"""Whether a class of a built-in name is another one, by that name and its configuration."""


def is_never_custom(class_name: str, config: Mapping[str, Json]) -> bool:
    """What is asked where nobody knows of custom classes: every class of a built-in name is the built-in one."""
    return False


@dataclass
class Reading:
    """State of one parse: the era spoken, where in the file we are, and how much is still allowed."""

    era: Era
    part: str = "model_config"
    layers: int = 0
    depth: int = 0
    notes: list[str] = field(default_factory=list)
    is_custom: IsCustom = is_never_custom

    def count_layer(self) -> None:
        """Count one more layer. Raises LimitExceeded."""
        self.layers += 1
        if self.layers > current().layers:
            raise LimitExceeded("AK1201", f"more than {current().layers} layers", part=self.part)

    def enter(self) -> None:
        """One model deeper. Raises LimitExceeded."""
        self.depth += 1
        if self.depth > current().nesting:
            raise LimitExceeded("AK1201", f"models nested more than {current().nesting} deep", part=self.part)

    def leave(self) -> None:
        """Back out of a model."""
        self.depth -= 1

    def wrong(self, seen: str, layer: str | None = None, key: str | None = None) -> Malformed:
        """The error for a configuration that is not what its format says."""
        return Malformed("AK1202", seen, part=self.part, layer=layer, key=key, next_step="Get an undamaged copy of the file.")


def text(value: Json, reading: Reading, what: str, layer: str | None = None) -> str:
    """A non-empty string, or Malformed."""
    if not isinstance(value, str) or not value:
        raise reading.wrong(f"{what} should be a text and is {_show(value)}", layer, what)
    return value


def mapping(value: Json, reading: Reading, what: str, layer: str | None = None) -> dict[str, Json]:
    """A JSON object, or Malformed."""
    if not isinstance(value, dict):
        raise reading.wrong(f"{what} should be an object and is {_show(value)}", layer, what)
    return value


def sequence(value: Json, reading: Reading, what: str, layer: str | None = None) -> list[Json]:
    """A JSON array, or Malformed."""
    if not isinstance(value, list):
        raise reading.wrong(f"{what} should be a list and is {_show(value)}", layer, what)
    return value


def number(value: Json, reading: Reading, what: str, layer: str | None = None) -> int:
    """A non-negative whole number, or Malformed."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise reading.wrong(f"{what} should be a whole number and is {_show(value)}", layer, what)
    return value


def _show(value: Json) -> str:
    shown = repr(value)
    return f"{type(value).__name__} {shown if len(shown) < 60 else shown[:57] + '...'}"


def plain(value: Json) -> Value:
    """JSON as it stands: lists become tuples, nothing is interpreted."""
    if isinstance(value, list):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def legacy_value(value: Json, reading: Reading, key: str = "") -> Value:
    """A configuration value of Keras 1, 2 or tf.keras: ``{"class_name", "config"}`` is a layer or an object."""
    if isinstance(value, list):
        return tuple(legacy_value(item, reading, key) for item in value)
    if not isinstance(value, dict):
        return value
    class_name = value.get("class_name")
    if isinstance(class_name, str) and "config" in value:
        if class_name == "__tuple__":
            return legacy_value(value.get("items", []), reading, key)
        return _legacy_object(class_name, value, reading, key)
    if class_name in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return legacy_value(value["items"], reading, key)
    return {name: legacy_value(item, reading, name) for name, item in value.items()}


def _legacy_object(class_name: str, value: Mapping[str, Json], reading: Reading, key: str) -> Value:
    config, module = value["config"], value.get("module")
    if class_name == "__lambda__":
        return Code(plain(config), "__lambda__")
    inner = find(qualified(class_name, None, config, reading), reading.era)
    is_layer = isinstance(config, (dict, list)) and not key.endswith(_OBJECT_KEYS)
    if is_layer and (inner is not None or class_name in MODELS or (isinstance(config, dict) and "name" in config)):
        from .legacy import layer_of  # the two read each other: a layer holds values that hold layers

        return layer_of(dict(value), reading)
    held = legacy_value(config, reading, key) if not isinstance(config, str) else config
    return Object(
        class_name,
        held if isinstance(held, (Mapping, str)) else {"value": held},
        module if isinstance(module, str) else None,
        name if isinstance(name := value.get("registered_name"), str) else None,
    )


MODELS = ("Sequential", "Functional", "Model", "Container", "Network", "Graph")


def qualified(class_name: str, registered: str | None, config: Json, reading: Reading) -> str:
    """The class name, with its package (``Custom>Attention``) where it is not the built-in class of that name.

    tensorflow-addons' classes keep theirs: rules tell them by ``Addons>``.
    """
    bare = class_name.rpartition(">")[2]
    package = (registered or class_name).rpartition(">")[0]
    other = package not in ("", "Addons", "keras") and find(bare, reading.era) is not None
    if other or (isinstance(config, dict) and reading.is_custom(bare, config)):
        return f"{package or 'Custom'}>{bare}"
    return class_name


def completed(layer: Layer, reading: Reading) -> Layer:
    """The layer with the layers that its constructor makes and the file leaves out."""
    known = find(layer.class_name, reading.era)
    return layer if known is None or known.completed is None else known.completed(layer)
