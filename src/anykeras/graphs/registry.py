"""What TensorFlow's registry says of an op: its outputs, and the defaults that saved graphs leave out.

``registry.json`` is made by scripts/make_tensorflow_ops.py.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from ..containers.checkpoint.bundle import DTYPES
from ..containers.wire import read_message
from ..containers.wire.messages import AttributeList, AttrValue, NodeDef
from ..recovery.functions import Operand


@dataclass(frozen=True)
class OpFacts:
    """One op: `outputs` by name, each with the attribute that says how many tensors it is (or none), and `defaults`."""

    outputs: tuple[tuple[str, str], ...]
    defaults: Mapping[str, Operand]


def find_facts(op: str) -> OpFacts | None:
    """The facts of an op; None for one that is not translated."""
    row = _read_table().get(_ALIKE.get(op, op))
    if row is None:
        return None
    outputs = tuple((name, many) for name, _, many in (output.partition("*") for output in row["outputs"]))
    return OpFacts(outputs, {name: _find_default(value) for name, value in row.get("defaults", {}).items()})


def read_attributes(node: NodeDef, part: str) -> dict[str, Operand]:
    """The attributes of a node as plain values, defaults included; types are names such as ``float32``."""
    facts = find_facts(node.op)
    found = dict(facts.defaults) if facts is not None else {}
    for name, data in node.attributes.items():
        if name != "value" and (name == "_output_shapes" or not name.startswith("_")):
            found[name] = read_attribute(read_message(AttrValue, data, part))
    return found


def read_attribute(value: AttrValue) -> Operand:
    """One attribute: text, number, flag, type by name, shape (None where its rank is open), name of a function, or a list."""
    if value.items is not None:
        return _read_list(value.items)
    if value.text is not None:
        return bytes(value.text).decode("utf-8", "replace")
    if value.type is not None:
        return read_dtype_name(value.type)
    if value.shape is not None:
        return None if value.shape.unknown_rank else value.shape.sizes
    if value.function is not None:
        return value.function.name
    if value.flag is not None:
        return bool(value.flag)
    return value.integer if value.integer is not None else value.number


def _read_list(value: AttributeList) -> tuple[Operand, ...]:
    if value.types:
        return tuple(map(read_dtype_name, value.types))
    if value.shapes:
        return tuple(None if shape.unknown_rank else shape.sizes for shape in value.shapes)
    if value.texts:
        return tuple(bytes(text).decode("utf-8", "replace") for text in value.texts)
    if value.functions:
        return tuple(function.name for function in value.functions)
    return tuple(value.integers or value.numbers or map(bool, value.flags))


def read_dtype_name(number: int) -> str:
    """The name of a type; of a reference type that of what it refers to."""
    number %= 100
    return str(DTYPES[number]) if number in DTYPES else {7: "string", 20: "resource", 21: "variant"}.get(number, str(number))


_TYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_INT64": "int64", "DT_BOOL": "bool",
    "DT_HALF": "float16", "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_INT16": "int16", "DT_BFLOAT16": "bfloat16",
    "DT_COMPLEX64": "complex64", "DT_COMPLEX128": "complex128", "DT_STRING": "string",
}  # fmt: skip


def _find_default(value: Operand) -> Operand:
    if isinstance(value, list):
        return tuple(map(_find_default, value))
    return _TYPES.get(value, value) if isinstance(value, str) else value


def find_output_place(node: NodeDef, name: str, number: int, part: str) -> int:
    """Which of all outputs of a node ``node:name:number`` is, as functions refer to them."""
    facts = find_facts(node.op)
    place = 0
    for output, many in facts.outputs if facts is not None else ():
        if output == name:
            return place + number
        found = read_attributes(node, part).get(many) if many else 1
        place += len(found) if isinstance(found, tuple) else int(found or 0)
    return number


_ALIKE = {"FusedDepthwiseConv2dNative": "_FusedDepthwiseConv2dNative", "Prelu": "Relu"}
"""Ops that TensorFlow.js alone has, with those of TensorFlow whose outputs and defaults they have."""


@functools.cache
def _read_table() -> Mapping[str, Mapping[str, Operand]]:
    text = resources.files(__package__).joinpath("registry.json").read_text("utf8")
    found: Mapping[str, Mapping[str, Operand]] = json.loads(text)
    return found
