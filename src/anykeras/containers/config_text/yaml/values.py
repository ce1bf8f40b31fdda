"""From YAML nodes to plain values. Tags are looked up in a table of inert meanings; everything else is refused.

A few genuine files hold tags that PyYAML would have answered by calling something (numpy numbers that a layer kept
as an argument, lists that TensorFlow wrapped). What those stand for is data, and is read as data here.
Implicit types: yaml/resolver.py of PyYAML 6.0 (YAML 1.1).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import cast

import numpy as np

from .... import limits
from ....errors import AnyKerasError, LimitExceeded, Malformed, Unsupported
from ...base import Json
from ...source import limit_error
from .nodes import STANDARD, YamlNode

CODE = re.compile(r"[biuf][1248]\Z|f16\Z")
DTYPE = "__numpy_dtype__"
MOST = 1_000_000  # elements of an array in a text


def read_numpy_dtype(arguments: list[Json]) -> Json:
    """``numpy.dtype`` with its arguments and state: an inert mark that the two below understand."""
    code, state = arguments[0], arguments[-1]
    order = state[1] if isinstance(state, list) and len(state) > 1 else "<"
    if not isinstance(code, str) or not CODE.match(code) or code == "f16":
        raise ValueError("a dtype that is not of numbers")
    return {DTYPE: (">" if order == ">" else "<") + code}


def read_numpy_scalar(arguments: list[Json]) -> Json:
    """``multiarray.scalar(dtype, bytes)``: one number."""
    dtype, data = arguments
    values = np.frombuffer(_read_bytes(data), _read_dtype(dtype))
    return cast(Json, values.reshape(()).item())


def read_numpy_array(arguments: list[Json]) -> Json:
    """``_reconstruct(ndarray, (0,), b"b")`` with its state (version, shape, dtype, Fortran order, bytes)."""
    state = arguments[-1]
    if not isinstance(state, list) or len(state) != 5:
        raise ValueError("an array without its state")
    _, shape, dtype, fortran, data = state
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 32:
        raise ValueError("an array without a shape")
    dimensions = [n for n in shape if isinstance(n, int)]
    if math.prod(dimensions) > MOST:
        raise ValueError("an array that is too large for a text")
    values = np.frombuffer(_read_bytes(data), _read_dtype(dtype))
    return cast(Json, values.reshape(dimensions, order="F" if fortran else "C").tolist())


def _read_dtype(mark: Json) -> np.dtype[np.generic]:
    code = mark.get(DTYPE) if isinstance(mark, dict) else None
    if not isinstance(code, str):
        raise ValueError("no dtype")
    return np.dtype(str(code))


def _read_bytes(data: Json) -> bytes:
    if not isinstance(data, str):
        raise TypeError("no bytes")
    return data.encode("latin-1")


# From YAML nodes to plain values. Tags are looked up in a table of inert meanings; everything else is refused.


NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
BOOL = re.compile(r"(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)\Z")
INT = re.compile(
    r"(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\Z"
)
FLOAT = re.compile(
    r"(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
TRUE = ("yes", "true", "on")
PYTHON = STANDARD + "python/"
NAME_KEY = "__python_name__"
MERGE = ("<<", "=")

Call = Callable[[list[Json]], Json]


def _list_items(arguments: list[Json]) -> Json:
    return arguments[0] if arguments else []


def _read_dict(arguments: list[Json]) -> Json:
    content = arguments[0] if arguments else {}
    if isinstance(content, list):
        return {str(pair[0]): pair[1] for pair in content if isinstance(pair, list) and len(pair) == 2}
    return content


_WRAPPERS = ("tensorflow.python.training.tracking.data_structures", "tensorflow.python.trackable.data_structures",
             "tensorflow.python.training.checkpointable.data_structures")  # fmt: skip
# What the writers' own objects stood for, by the name in the tag: data in, data out; nothing of that name is touched.
INERT: dict[str, Call] = {
    "numpy.dtype": read_numpy_dtype,
    "builtins.dict": _read_dict,
    "builtins.list": _list_items,
    "builtins.tuple": _list_items,
    "__builtin__.dict": _read_dict,
    "collections.OrderedDict": _read_dict,
    **{f"numpy.{core}.multiarray.scalar": read_numpy_scalar for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray._reconstruct": read_numpy_array for core in ("core", "_core")},
    **{f"{module}.{name}": _list_items for module in _WRAPPERS for name in ("ListWrapper", "List", "_TupleWrapper")},
    **{f"{module}.{name}": _read_dict for module in _WRAPPERS for name in ("_DictWrapper", "Mapping")},
}


def to_value(node: YamlNode, part: str, notes: list[str]) -> Json:
    """The plain value of a tree of nodes. Raises Malformed, Unsupported (AK1124) and LimitExceeded."""
    return _Values(part, notes, node).value(node)


class _Values:
    def __init__(self, part: str, notes: list[str], root: YamlNode) -> None:
        self.part, self.notes = part, notes
        # Aliases are written out, so a text must not stand for much more than it is long.
        self.left = min(limits.current().config_nodes, 10_000 + 16 * root.at)
        self.known: dict[str, Json] = {}  # what each plain scalar is

    def value(self, node: YamlNode) -> Json:
        self.left -= 1
        if self.left < 0:
            raise LimitExceeded(
                "AK1003",
                "aliases expand the text to many times its length",
                part=self.part,
                key="config_nodes",
                next_step="Do not load this file: Keras writes no such text.",
            )
        tag = node.tag
        if tag is not None and tag.startswith(PYTHON):
            return self._python(node, tag[len(PYTHON) :])
        if node.kind == "mapping":
            self._allow(node, None, "!", STANDARD + "map", STANDARD + "omap")
            return self._mapping(node)
        if node.kind == "sequence":
            self._allow(node, None, "!", STANDARD + "seq")
            return self._sequence(node)
        return self._scalar(node)

    def _allow(self, node: YamlNode, *tags: str | None) -> None:
        if node.tag not in tags:
            raise self._tag_error(node)

    def _tag_error(self, node: YamlNode) -> Unsupported:
        return Unsupported(
            "AK1124",
            f"the tag {str(node.tag).replace(STANDARD, '!!')[:120]} asks to construct or call an object",
            part=self.part,
            next_step="AnyKeras constructs nothing that a file names. If the file is yours, save the model again as .h5.",
        )

    def _mapping(self, node: YamlNode) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for pair in node.content:
            assert isinstance(pair, tuple)
            key = self._key(pair[0])
            if key in found:
                raise Malformed("AK1122", f"the key {key!r} appears twice", part=self.part, key=key)
            found[key] = self.value(pair[1])
        return found

    def _key(self, node: YamlNode) -> str:
        """The key as JSON would write it."""
        value = self.value(node)
        if isinstance(value, str):
            if value in MERGE and node.plain:
                raise Malformed("AK1123", f"the key {value!r}, which merges mappings", part=self.part)
            return value
        if isinstance(value, (dict, list)):
            raise Malformed("AK1123", "a key that is a collection", part=self.part)
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        return str(value)

    def _sequence(self, node: YamlNode) -> list[Json]:
        return [self.value(item) for item in node.content if isinstance(item, YamlNode)]

    def _scalar(self, node: YamlNode) -> Json:
        text, tag = str(node.content), node.tag
        if tag is None:
            return self._implicit(text) if node.plain else text
        kind = tag.removeprefix(STANDARD)
        if kind in ("str", "!", "timestamp"):
            return text
        if kind == "binary":
            return self._binary(text)
        if kind in ("null", "bool", "int", "float"):
            return self._implicit(text) if kind != "float" else self._float(text)
        raise self._tag_error(node)

    def _implicit(self, text: str) -> Json:
        """A plain scalar by its looks."""
        if text not in self.known:
            self.known[text] = self._read_plain(text)
        return self.known[text]

    def _read_plain(self, text: str) -> Json:
        if len(text) <= limits.current().config_digits or text[:1] not in "+-.0123456789":
            if NULL.match(text):
                return None
            if BOOL.match(text):
                return text.lower() in TRUE
        elif INT.match(text) or FLOAT.match(text):
            raise limit_error("digits in a number", len(text), limits.current().config_digits, self.part, "config_digits")
        if INT.match(text):
            return self._int(text.replace("_", ""))
        return self._float(text) if FLOAT.match(text) else text

    def _int(self, text: str) -> int:
        sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-")
        if ":" in digits:
            return sign * int(_read_sexagesimal(digits))
        base = {"0b": 2, "0x": 16}.get(digits[:2], 8 if digits[0] == "0" and len(digits) > 1 else 10)
        try:
            return sign * int(digits.removeprefix("0b").removeprefix("0x"), base)
        except ValueError:
            raise Malformed("AK1123", f"{text!r} is no number", part=self.part) from None

    def _float(self, text: str) -> float:
        digits = text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan")
        try:
            return _read_sexagesimal(digits) if ":" in digits else float(digits)
        except ValueError:
            raise Malformed("AK1123", f"{text!r} is no number", part=self.part) from None

    def _binary(self, text: str) -> str:
        """Bytes, as text of one character a byte (the form in which Python 2 strings come through JSON)."""
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            raise Malformed("AK1123", "bytes (!!binary) that are not base64", part=self.part) from None

    def _python(self, node: YamlNode, kind: str) -> Json:
        """PyYAML's tags for Python's own types (yaml/representer.py)."""
        if kind in ("tuple", "list") and node.kind == "sequence":
            return self._sequence(node)
        if kind == "dict" and node.kind == "mapping":
            return self._mapping(node)
        if kind in ("str", "unicode") and node.kind == "scalar":
            return str(node.content)
        if kind == "bytes" and node.kind == "scalar":
            return self._binary(str(node.content))
        if kind in ("int", "long", "float", "bool", "none") and node.kind == "scalar":
            return self._implicit(str(node.content))
        if kind.startswith("name:"):
            return {NAME_KEY: kind[len("name:") :]}
        for form in ("object/apply:", "object/new:"):
            if kind.startswith(form) and (call := INERT.get(kind[len(form) :])) is not None:
                return self._inert(node, call)
        raise self._tag_error(node)

    def _inert(self, node: YamlNode, call: Call) -> Json:
        """Arguments of an ``apply``: a sequence, or a mapping of args, state, listitems and dictitems."""
        if node.kind == "sequence":
            arguments: list[Json] = self._sequence(node)
        else:
            fields = self._mapping(node) if node.kind == "mapping" else {}
            if not fields or set(fields) - {"args", "state", "listitems", "dictitems"}:
                raise self._tag_error(node)
            args = fields.get("args", [])
            arguments = list(args) if isinstance(args, list) else [args]
            arguments += [fields[key] for key in ("listitems", "dictitems", "state") if key in fields]
        try:
            return call(arguments)
        except AnyKerasError:
            raise
        except (ValueError, TypeError, IndexError, KeyError, UnicodeEncodeError):
            raise Malformed(
                "AK1123", f"{str(node.tag).replace(STANDARD, '!!')} with arguments that make no sense", part=self.part
            ) from None


def _read_sexagesimal(digits: str) -> float:
    total = 0.0
    for piece in digits.split(":"):
        total = total * 60 + float(piece)
    return total
