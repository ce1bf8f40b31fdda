"""`model.to_json()` and `model.to_yaml()` as files: the architecture, without weights."""

from __future__ import annotations

import re

from ... import limits
from ...errors import NotAModel
from ..base import Json, Match, Raw
from ..json_text import parse_model_json
from ..source import ByteSource
from ..texts import decode_text, encoding_of
from .yaml import parse_yaml

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
        encoding = encoding_of(head)
        text = head[: len(head) & ~1].decode(encoding, "replace")
        if JSON_START.match(text):
            return f"JSON in {encoding}"
        if "\0" not in text and YAML_START.search(text):
            return f"YAML in {encoding} with keys of a model"
        return None

    def read(self, match: Match) -> Raw:
        """The architecture. Raises Malformed, LimitExceeded, or NotAModel for other JSON and YAML."""
        source = match.opened()
        text = decode_text(source.whole(limits.current().config_bytes, PART), PART)
        notes: list[str] = []
        value = parse_model_json(text, PART, notes) if JSON_START.match(text) else parse_yaml(text, PART, notes)
        _check_model(value, source)
        return Raw(match, value, PART, notes=tuple(notes))


def _check_model(value: Json, source: ByteSource) -> None:
    if isinstance(value, dict):
        if "class_name" in value or "layers" in value or {"node_config", "nodes"} & value.keys():
            return
        if {"modelTopology", "weightsManifest"} & value.keys():
            raise NotAModel(
                "AK1134",
                "this is the model.json of TensorFlow.js",
                part=source.name,
                next_step="Convert it back with `tensorflowjs_converter --input_format tfjs_layers_model "
                "--output_format keras`, or name the Keras file that it was made from.",
            )
        if "weight_map" in value:
            raise NotAModel(
                "AK1148",
                "this is the index of weights that are split over several files",
                part=source.name,
                next_step="Load it with Keras 3.10 or later and save the model as one .keras file.",
            )
    keys = ", ".join(repr(k) for k in list(value)[:6]) if isinstance(value, dict) else type(value).__name__
    raise NotAModel(
        "AK1121",
        f"this text is no architecture of a Keras model (it holds {keys or 'nothing'})",
        part=source.name,
        next_step="Name the text that model.to_json() or model.to_yaml() gave.",
    )
