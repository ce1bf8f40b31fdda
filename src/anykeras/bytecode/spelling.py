"""How a function was written into a config, and the way back to bytes, defaults and closure.

| spelling | written by |
|---|---|
| ``base64`` | Keras 2.1.3 and later, tf.keras, Keras 3: base64 of ``marshal.dumps(f.__code__)``, broken into lines |
| ``text`` | Keras 1 and 2 up to 2.1.2: the marshalled bytes decoded as ``raw_unicode_escape`` |

either alone, or in the list ``[code, defaults, closure]``, or (Keras 3, tf.keras 2.13+) in
``{"class_name": "__lambda__", "config": {"code": ..., "defaults": ..., "closure": ...}}`` (elsewhere than in a Lambda
layer: ``"config": {"value": [code, defaults, closure]}``). Defaults of keyword-only
parameters are in none of them.

Source: ``func_dump`` and ``func_load`` in ``keras/utils/generic_utils.py`` (Keras 1.0 to 2.15) and
``keras/src/utils/python_utils.py`` (3.15.1); ``serialize_keras_object`` in ``keras/src/saving/serialization_lib.py``.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from .. import limits
from .errors import SPELLING, BytecodeError, limit_error

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*")
_CODE_MARKS = frozenset("c\xe3")  # marshal's type byte of a code object, without and with a reference flag
MAX_NESTING = 20


@dataclass(frozen=True, eq=False)
class StoredFunction:
    """A function as the file holds it.

    Attributes:
        code_bytes: the marshalled code object.
        defaults: values of the last positional parameters; a stored function among them is a ``StoredFunction``.
        closure: contents of the cells in the order of ``co_freevars``, or ``None`` where none were stored.
        spelling: ``base64``, ``text``, with ``in list`` or ``in __lambda__`` where it was wrapped.
        notes: remarks for a report.
    """

    code_bytes: bytes
    defaults: tuple[object, ...]
    closure: tuple[object, ...] | None
    spelling: str
    notes: tuple[str, ...] = ()


def looks_stored(value: object) -> bool:
    """Whether ``value`` of a config is a stored function (and not the name of one)."""
    if isinstance(value, dict):
        return value.get("class_name") == "__lambda__"
    if isinstance(value, list | tuple):
        return len(value) == 3 and isinstance(value[0], str) and looks_stored(value[0])
    if not isinstance(value, str) or len(value) < 40:
        return False
    return (value[0] in _CODE_MARKS and "\x00" in value) or _decode_base64(value) is not None


def read_stored(value: object) -> StoredFunction:
    """The function that a config holds as ``value``: text, list or dict.

    Raises:
        BytecodeError: ``value`` is none of the spellings.
    """
    return _read(value, 0)


def _read(value: object, depth: int) -> StoredFunction:
    if depth > MAX_NESTING:
        raise limit_error("stored functions are nested too deeply")
    if isinstance(value, dict):
        return _read_dict(value, depth)
    if isinstance(value, list | tuple):
        return _read_list(list(value), depth)
    if isinstance(value, str):
        return _read_text(value)
    raise _make_spelling_error(f"a {type(value).__name__} is no stored function")


def _make_spelling_error(seen: str) -> BytecodeError:
    return BytecodeError(SPELLING, seen, part="function code")


def _read_text(text: str) -> StoredFunction:
    if len(text) > 2 * limits.current().code_bytes:
        raise limit_error("the text of the function is too long")
    decoded = _decode_base64(text)
    if decoded is not None:
        return StoredFunction(decoded, (), None, "base64")
    if not text or text[0] not in _CODE_MARKS:
        raise _make_spelling_error("the text is neither base64 nor raw code")
    try:
        raw = text.encode("raw_unicode_escape")
    except UnicodeEncodeError as error:
        raise _make_spelling_error("the text cannot be turned back into bytes") from error
    notes = ("code above U+00FF was written as \\u escapes",) if any(ord(mark) > 0xFF for mark in text) else ()
    return StoredFunction(raw, (), None, "text", notes)


def _decode_base64(text: str) -> bytes | None:
    """The bytes, where they begin as a code object does."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        decoded = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if decoded[:1] in (b"c", b"\xe3") else None


def _read_list(parts: list[object], depth: int) -> StoredFunction:
    if not 1 <= len(parts) <= 3 or not isinstance(parts[0], str):
        raise _make_spelling_error("the list is not [code, defaults, closure]")
    padded = [*parts, None, None][:3]
    return _assemble(_read_text(parts[0]), padded[1], padded[2], "list", depth)


def _read_dict(value: dict[object, object], depth: int) -> StoredFunction:
    """The Lambda layer's own record has ``code``, ``defaults``, ``closure``; any other holder writes one ``value``."""
    config = value.get("config")
    if value.get("class_name") != "__lambda__" or not isinstance(config, dict):
        raise _make_spelling_error("the record is not a __lambda__")
    stored = config.get("code", config.get("value"))
    if isinstance(stored, list | tuple):
        return _read_list(list(stored), depth + 1)
    if not isinstance(stored, str):
        raise _make_spelling_error("the __lambda__ record holds no code")
    return _assemble(_read_text(stored), config.get("defaults"), config.get("closure"), "__lambda__", depth)


def _assemble(code: StoredFunction, defaults: object, closure: object, wrapper: str, depth: int) -> StoredFunction:
    values = () if defaults is None else _read_items(defaults, "defaults", depth)
    cells = None if closure is None else _read_items(closure, "closure", depth)
    return StoredFunction(code.code_bytes, values, cells, f"{code.spelling} in {wrapper}", code.notes)


def _read_items(value: object, what: str, depth: int) -> tuple[object, ...]:
    if depth > MAX_NESTING:
        raise limit_error("values of the function are nested too deeply")
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        value = value.get("items")
    if not isinstance(value, list | tuple):
        raise _make_spelling_error(f"the {what} of the function are no list")
    return tuple(_read_value(item, depth + 1) for item in value)


def _read_value(value: object, depth: int) -> object:
    """A default or the content of a cell: functions and tuples are read, everything else stays as it is in the file."""
    if looks_stored(value):
        return _read(value, depth)
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return _read_items(value, "items", depth)
    return list(_read_items(value, "items", depth)) if isinstance(value, list) else value
