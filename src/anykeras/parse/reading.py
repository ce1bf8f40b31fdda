"""What every parser of an architecture needs: the context of one parse, and checked access to JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..catalog import find
from ..containers.base import Json
from ..document.model import Era, Layer, Value
from ..errors import LimitExceeded, Malformed
from ..findings import Finding
from ..limits import current

IsCustom = Callable[[str, Mapping[str, Json]], bool]
"""Whether a class of a built-in name is another one, by that name and its configuration."""


def is_never_custom(class_name: str, config: Mapping[str, Json]) -> bool:
    """What is asked where nobody knows of custom classes: every class of a built-in name is the built-in one."""
    return False


_UNREADABLE = "If this part was edited, undo that. If Keras wrote it so, please report the file."


@dataclass
class ParseContext:
    """State of one parse: the era of the writer, the part of the file, what of the limits is used up, and what was
    concluded."""

    era: Era
    part: str = "model_config"
    layers: int = 0
    depth: int = 0
    is_custom: IsCustom = is_never_custom
    findings: list[Finding] = field(default_factory=list)

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

    def malformed(self, seen: str, layer: str | None = None, key: str | None = None) -> Malformed:
        """The error for a configuration that is not what its format says."""
        return Malformed("AK1202", seen, part=self.part, layer=layer, key=key, next_step=_UNREADABLE)


def text(value: Json, context: ParseContext, what: str, layer: str | None = None) -> str:
    """A non-empty string, or Malformed."""
    if not isinstance(value, str) or not value:
        raise context.malformed(f"{what} should be a text and is {_show(value)}", layer, what)
    return value


def mapping(value: Json, context: ParseContext, what: str, layer: str | None = None) -> dict[str, Json]:
    """A JSON object, or Malformed."""
    if not isinstance(value, dict):
        raise context.malformed(f"{what} should be an object and is {_show(value)}", layer, what)
    return value


def sequence(value: Json, context: ParseContext, what: str, layer: str | None = None) -> list[Json]:
    """A JSON array, or Malformed."""
    if not isinstance(value, list):
        raise context.malformed(f"{what} should be a list and is {_show(value)}", layer, what)
    return value


def number(value: Json, context: ParseContext, what: str, layer: str | None = None) -> int:
    """A non-negative whole number, or Malformed."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise context.malformed(f"{what} should be a whole number and is {_show(value)}", layer, what)
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


MODELS = ("Sequential", "Functional", "Model", "Container", "Network", "Graph")


def qualify(class_name: str, registered: str | None, config: Json, context: ParseContext) -> str:
    """The class name, with its package (``Custom>Attention``) where it is not the built-in class of that name.

    tensorflow-addons' classes keep theirs: rules tell them by ``Addons>``.
    """
    bare = class_name.rpartition(">")[2]
    package = (registered or class_name).rpartition(">")[0]
    other = package not in ("", "Addons", "keras") and find(bare, context.era) is not None
    if other or (isinstance(config, dict) and context.is_custom(bare, config)):
        return f"{package or 'Custom'}>{bare}"
    return class_name


def complete_layer(layer: Layer, context: ParseContext) -> Layer:
    """The layer with the layers that its constructor makes and the file leaves out."""
    known = find(layer.class_name, context.era)
    return layer if known is None or known.completed is None else known.completed(layer)
