"""The model inside a pickle: bytes of a ``.keras`` or HDF5 file, or the dictionary that Keras 2.2.5 to 2.3 made.

Sources: keras 2.3.1 engine/saving.py (`pickle_model`, `_serialize_model`), keras 2.13.1 saving/pickle_utils.py and
keras 3.15.1 saving/keras_saveable.py: what ``__getstate__`` and ``__reduce__`` of a model give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ... import limits
from ...errors import Malformed, NotAModel
from ...tensors import Tensor
from ..array_values import as_weights
from ..base import Json, Match, NamedWeights, Raw, WeightGroup
from ..guard import guard_decoding
from ..hdf5 import SIGNATURE
from ..json_text import parse_model_json
from ..keras_zip.archive import LOCAL
from ..keras_zip.container import read_archive
from ..pickle_values import Name, PickledCall, Span, tensor_of
from ..pickle_walker import trace, walk
from ..source import ByteSource, wrap_bytes

_STAMPS = ("keras_version", "backend")
_TAR = b"ustar"
# A name or an empty container and its place in the memo (`p` in text, `q` in bytes); CPython 2.7 Lib/pickle.py.
_OLD = re.compile(rb"(?:c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n|\([dlt]|[\]})])(?:p\d+\n|q[\x00-\xff])|\([ci][A-Za-z_][\w.]*\n\w+\n")


class Pickled:
    """Files that ``pickle.dump`` and ``joblib.dump`` wrote, of a model or of something that holds one."""

    name = "pickle"

    def match(self, path: str, head: bytes) -> str | None:
        """By the opcode PROTO, or by what protocols 0 and 1 begin an object, a dictionary or a list with."""
        if head[:1] == b"\x80" and len(head) > 2 and 2 <= head[1] <= 5:
            return f"a pickle of protocol {head[1]}"
        return "a pickle of protocol 0 or 1" if _OLD.match(head) else None

    def read(self, match: Match) -> Raw:
        """The model. Raises Malformed, LimitExceeded, Unsupported, or NotAModel where there is none or several."""
        source = match.require_source()
        with guard_decoding(match.path):
            traced = source.find_once(trace)
            if traced.error is not None:
                raise traced.error
            values = list(_walk_values(traced.value))
            found = [raw for value in values if (raw := _read_value(value, match)) is not None]
            weights = as_weights(values[0]) if not found and values else None
        if weights is not None:
            return Raw(match, weights=weights)
        if len(found) == 1:
            return found[0]
        if found:
            raise NotAModel(
                "AK1147",
                f"the pickle holds {len(found)} models",
                part=match.path,
                next_step="Where the file was made, save the one that you want by itself.",
            )
        raise _refuse_without_model(values, source)


def _walk_values(root: object) -> Iterator[object]:
    """Everything inside, each thing once."""
    stack, seen = [root], set[int]()
    while stack:
        value = stack.pop()
        if isinstance(value, str | int | float | None) or id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, PickledCall):
            stack += [value.arguments, value.state]
        elif isinstance(value, Mapping):
            stack += list(value.values())
        elif isinstance(value, list | tuple):
            stack += value


def _read_value(value: object, match: Match) -> Raw | None:
    if isinstance(value, Mapping):
        return _read_state(value, match) if {"model_config", "model_weights"} <= value.keys() else None
    source = _read_bytes(value, match.path)
    if source is None:
        return None
    head = source.read(0, 8)
    if head.startswith(SIGNATURE):
        from ..hdf5.container import read_hdf5

        return read_hdf5(source, match)
    return read_archive(source, match) if head.startswith(LOCAL) else None


def _read_bytes(value: object, path: str) -> ByteSource | None:
    if isinstance(value, Span):
        return value.source.window(value.start, value.size, f"{path} (inside the pickle)")
    return wrap_bytes(value, f"{path} (inside the pickle)") if isinstance(value, bytes) else None


def _read_state(state: Mapping[object, object], match: Match) -> Raw:
    """The dictionary of Keras 2.2.5 to 2.3, which has the structure of its HDF5 files."""
    notes: list[str] = []
    weights = state["model_weights"]
    if not isinstance(weights, Mapping):
        raise Malformed("AK1109", "the weights in the pickle are no dictionary", part="model_weights")
    groups = tuple(
        WeightGroup(name, tuple(_read_tensors(weights.get(name), f"model_weights/{name}")))
        for name in _to_texts(weights.get("layer_names"))
    )
    stamps = {key: text for key in _STAMPS if (text := _to_text(state.get(key)) or _to_text(weights.get(key)))}
    config = parse_model_json(_to_text(state["model_config"]), "model_config", notes)
    training: Json = None
    if _to_text(state.get("training_config")):
        training = parse_model_json(_to_text(state["training_config"]), "training_config", notes)
    optimizer = tuple(_read_tensors(state.get("optimizer_weights"), "optimizer_weights"))
    return Raw(match, config, "model_config", stamps, NamedWeights(groups), training, optimizer, notes=tuple(notes))


def _read_tensors(group: object, part: str) -> Iterator[tuple[str, Tensor]]:
    """The weights of one group by their names. Raises Malformed where one is missing.

    Each array was pickled by itself and marked so (`H5Dict`, keras 2.3.1 utils/io_utils.py).
    """
    if not isinstance(group, Mapping):
        return
    by_name = {_to_text(key): value for key, value in group.items()}
    for name in _to_texts(group.get("weight_names")):
        value = by_name.get(name)
        inside = _read_bytes(value, part) if by_name.get(f"_{name}_pickled") is True else None
        tensor = tensor_of(value if inside is None else walk(inside), f"{part}/{name}")
        if tensor is None:
            raise Malformed("AK1114", f"{name!r} is no array of numbers", part=part)
        yield name, tensor


def _to_texts(value: object) -> Sequence[str]:
    return [_to_text(item) for item in value] if isinstance(value, list | tuple) else []


def _to_text(value: object) -> str:
    if isinstance(value, Span):
        if value.size > limits.current().config_bytes:
            return ""
        value = value.read()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def _refuse_without_model(values: Sequence[object], source: ByteSource) -> NotAModel:
    """The refusal of a pickle without a model that can be read, with what is in it."""
    names = sorted({value.name for value in values if isinstance(value, Name | PickledCall)})
    saved = any((inside := _read_bytes(v, "")) is not None and inside.read(257, 5) == _TAR for v in values)
    if saved:
        what = "the model in it is a SavedModel folder in a tar archive (tf.keras 2.6 to 2.11)"
    else:
        shown = ", ".join(name.replace(" ", ".") for name in names[:6]) + (" ..." if len(names) > 6 else "")
        what = f"it holds no Keras model; it names {shown or 'nothing'}"
    return NotAModel(
        "AK1132",
        f"a pickle (or joblib) file, which Python would run as a program: {what}",
        part=source.name,
        next_step="AnyKeras runs nothing from a file. Load it in the environment that wrote it, and call model.save(...).",
    )
