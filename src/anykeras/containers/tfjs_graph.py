"""Graph models of TensorFlow.js: a ``GraphDef`` as JSON, whose constants lie in the files of weights.

The JSON is written as the bytes that it stands for, so that everything behind reads it as it reads frozen graphs. The rows
are those of tensorflow/core/framework/*.proto (2.21) in the spelling of JSON; what no row names is not read.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping

from .. import limits
from ..errors import Malformed
from ..tensors import Tensor
from .base import Json
from .checkpoint.bundle import DTYPES
from .savedmodel.graph import GraphFile
from .wire import read_message
from .wire.messages import MetaGraph, NodeDef

TEXT, BYTES, INTEGER, FLOAT, FLAG, TYPE = "text", "bytes", "integer", "float", "flag", "type"
_DEPTH = 32  # messages in each other


class Rows(dict[str, "tuple[int, str | Rows, bool]"]):
    """The fields of a message by their name in JSON: number, kind or message, and whether it is a map by text."""


_SHAPE = Rows(dim=(2, Rows(size=(1, INTEGER, False)), False), unknownRank=(3, FLAG, False))
_TENSOR = Rows(dtype=(1, TYPE, False), tensorShape=(2, _SHAPE, False))
_FUNCTION_NAME = Rows(name=(1, TEXT, False))
_LIST = Rows(
    s=(2, BYTES, False), i=(3, INTEGER, False), f=(4, FLOAT, False), b=(5, FLAG, False), type=(6, TYPE, False),
    shape=(7, _SHAPE, False),
)  # fmt: skip
_ATTRIBUTE = Rows(
    list=(1, _LIST, False), s=(2, BYTES, False), i=(3, INTEGER, False), f=(4, FLOAT, False), b=(5, FLAG, False),
    type=(6, TYPE, False), shape=(7, _SHAPE, False), tensor=(8, _TENSOR, False), func=(10, _FUNCTION_NAME, False),
)  # fmt: skip
_NODE = Rows(name=(1, TEXT, False), op=(2, TEXT, False), input=(3, TEXT, False), attr=(5, _ATTRIBUTE, True))
_ARGUMENT = Rows(name=(1, TEXT, False))
_SIGNATURE = Rows(name=(1, TEXT, False), inputArg=(2, _ARGUMENT, False), outputArg=(3, _ARGUMENT, False))
_FUNCTION = Rows(signature=(1, _SIGNATURE, False), nodeDef=(3, _NODE, False), ret=(4, TEXT, True), attr=(5, _ATTRIBUTE, True))
_GRAPH = Rows(node=(1, _NODE, False), library=(2, Rows(function=(1, _FUNCTION, False)), False))
_PORT = Rows(name=(1, TEXT, False), dtype=(2, TYPE, False), tensorShape=(3, _SHAPE, False))
_CALLED = Rows(inputs=(1, _PORT, True), outputs=(2, _PORT, True))
_META = Rows(
    metaInfoDef=(1, Rows(tensorflowVersion=(5, TEXT, False)), False),
    graphDef=(2, _GRAPH, False),
    signatureDef=(5, _CALLED, True),
)
_TYPES = {f"DT_{str(name).upper()}": number for number, name in DTYPES.items()} | {"DT_FLOAT": 1, "DT_DOUBLE": 2, "DT_HALF": 19}
_TYPES |= {"DT_STRING": 7, "DT_RESOURCE": 20, "DT_VARIANT": 21}


def read_graph_model(model: Mapping[str, Json], weights: Mapping[str, Tensor], part: str) -> GraphFile:
    """The graph of a model.json, its signature, and its constants. Raises Malformed (AK1158) or LimitExceeded."""
    signature = model.get("signature") or model.get("userDefinedMetadata")
    if isinstance(signature, dict) and isinstance(signature.get("signature"), dict):
        signature = signature["signature"]  # as TensorFlow.js writes its own metadata
    known = isinstance(signature, dict) and bool(signature.get("inputs")) and bool(signature.get("outputs"))
    whole: Json = {
        "metaInfoDef": {"tensorflowVersion": model.get("generatedBy")},
        "graphDef": model.get("modelTopology"),
        "signatureDef": {"serving_default": signature} if known else {},
    }
    return GraphFile(part, read_message(MetaGraph, memoryview(_encode(whole, _META, part)), part), constants=weights)


def read_node(node: object, part: str) -> NodeDef:
    """One node. Raises Malformed (AK1158)."""
    return read_message(NodeDef, memoryview(_encode(node, _NODE, part)), part)


def _encode(value: object, rows: Rows, part: str, depth: int = 0) -> bytes:
    """An object as a message."""
    limits.budget().charge(4)
    if not isinstance(value, dict) or depth > _DEPTH:
        raise _make_error(f"{str(value)[:60]!r} stands where an object belongs", part)
    found = bytearray()
    for name, held in value.items():
        row = rows.get(name) or rows.get(_write_camel_case(name))
        if row is None or held is None:
            continue
        number, kind, mapped = row
        if mapped:
            for key, one in held.items() if isinstance(held, dict) else ():
                pair = _encode_field(1, _encode_scalar(key, TEXT, part), 2) + _encode_value(2, one, kind, part, depth)
                found += _encode_field(number, pair, 2)
        else:
            for one in held if isinstance(held, list) else (held,):
                found += _encode_value(number, one, kind, part, depth)
    return bytes(found)


def _encode_value(number: int, value: object, kind: str | Rows, part: str, depth: int) -> bytes:
    if isinstance(kind, Rows):
        return _encode_field(number, _encode(value, kind, part, depth + 1), 2)
    wire = {TEXT: 2, BYTES: 2, FLOAT: 5}.get(kind, 0)
    return _encode_field(number, _encode_scalar(value, kind, part), wire)


def _encode_field(number: int, data: bytes, wire: int) -> bytes:
    return _encode_varint(number << 3 | wire) + (_encode_varint(len(data)) if wire == 2 else b"") + data


def _encode_scalar(value: object, kind: str, part: str) -> bytes:
    """One value as protocol buffers write it: whole numbers may be texts, bytes are base64, types have names."""
    try:
        if kind == TEXT and isinstance(value, str):
            return value.encode("utf-8", "surrogatepass")
        if kind == BYTES and isinstance(value, str):
            return base64.b64decode(value, validate=True)
        if kind == FLOAT and isinstance(value, int | float | str):
            return struct.pack("<f", float(value))
        if kind == TYPE and isinstance(value, str):
            return _encode_varint(_TYPES[value])
        if kind in (INTEGER, FLAG, TYPE) and isinstance(value, int | str):
            return _encode_varint(int(value))
    except (ValueError, KeyError, OverflowError, struct.error, binascii.Error):
        pass
    raise _make_error(f"{str(value)[:60]!r} is no {kind}", part)


def _encode_varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))


def _write_camel_case(name: str) -> str:
    """A name as JSON of protocol buffers has it (``tensor_shape``)."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _make_error(seen: str, part: str) -> Malformed:
    return Malformed("AK1158", seen, part=part, next_step="Export the model again with tensorflowjs_converter.")
