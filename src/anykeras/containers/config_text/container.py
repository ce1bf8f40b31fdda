"""`model.to_json()` and `model.to_yaml()` as files: the architecture, without weights."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ... import limits
from ...errors import AnyKerasError
from ..base import Json, Match, Raw
from ..foreign import TEXT_OF_MESSAGES, make_foreign_error
from ..json_text import decode_text, detect_encoding, parse_json, unwrap_json
from ..source import ByteSource

JSON_START = re.compile(r'\s*(?:\{\s*(?:"|\})|\[|")')
# Keys that stand at the start of a line in what `to_yaml` of Keras 0.x to tf.keras 2.5 wrote.
YAML_START = re.compile(
    r"(?:^|\n)(?:- )?(?:backend|class_name|config|keras_version|layers|loss|name|cache_enabled|class_mode"
    r"|input_config|node_config|nodes|optimizer|trainable)\s*:(?:\s|$)|\s*\{\s*[a-z_]+:\s"
)
PART = "architecture"


class ConfigText:
    """JSON and YAML text of a model's architecture, of every Keras that wrote it."""

    name = "config_text"

    def match(self, path: str, head: bytes) -> str | None:
        """By the first characters (JSON) or by keys of a model at the start of lines (YAML)."""
        encoding = detect_encoding(head)
        text = head[: len(head) & ~1].decode(encoding, "replace")
        if JSON_START.match(text):
            return f"JSON in {encoding}"
        if "\0" not in text and YAML_START.search(text) and not TEXT_OF_MESSAGES.match(text):
            return f"YAML in {encoding} with keys of a model"
        return None

    def read(self, match: Match) -> Raw:
        """The architecture. Raises Malformed, LimitExceeded, or NotAModel for other JSON and YAML."""
        source = match.require_source()
        parsed = source.find_once(parse_text)
        if isinstance(parsed, AnyKerasError):
            raise parsed
        notes = list(parsed.notes)
        value = unwrap_json(parsed.value, PART, notes)
        _check_model(value, source)
        return Raw(match, value, PART, notes=tuple(notes))


@dataclass(frozen=True)
class Parsed:
    """The value of a text, and what was remarked on the way."""

    value: Json
    notes: tuple[str, ...]


def parse_text(source: ByteSource) -> Parsed | AnyKerasError:
    """A file of JSON or YAML, or why it is none: for :meth:`ByteSource.find_once`, as reading and audit ask for it."""
    try:
        return parse_decoded(decode_text(source.whole(limits.current().config_bytes, PART), PART))
    except AnyKerasError as error:
        return error


def parse_decoded(text: str) -> Parsed | AnyKerasError:
    """The same of its text."""
    notes: list[str] = []
    try:
        if JSON_START.match(text):
            value = parse_json(text, PART, notes)
        else:
            from .yaml import parse_yaml  # loaded only for YAML

            value = parse_yaml(text, PART, notes)
    except AnyKerasError as error:
        return error
    return Parsed(value, tuple(notes))


def _check_model(value: Json, source: ByteSource) -> None:
    if isinstance(value, dict):
        if "class_name" in value or "layers" in value or {"node_config", "nodes"} & value.keys():
            return
        if {"modelTopology", "weightsManifest"} & value.keys():
            raise make_foreign_error("AK1134", "this is the model.json of TensorFlow.js", source.name)
        if "weight_map" in value:
            raise make_foreign_error("AK1148", "this is the index of weights that are split over several files", source.name)
    keys = ", ".join(repr(k) for k in list(value)[:6]) if isinstance(value, dict) else type(value).__name__
    raise make_foreign_error("AK1121", f"JSON or YAML, not a Keras architecture (it holds {keys or 'nothing'})", source.name)
