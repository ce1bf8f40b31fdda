"""JSON from untrusted files: bounded in bytes, depth, values and digits; a duplicate key is refused.

Python's own ``json`` wrote these texts, so its spellings ``NaN``, ``Infinity`` and ``-Infinity`` are read as floats
(Keras writes them where a float argument was one) and noted; ``1e999``, which no writer emits, is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter

from .. import limits
from ..errors import AnyKerasError, LimitExceeded, Malformed
from .base import Json
from .source import limit_error

MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def detect_encoding(head: bytes) -> str:
    """The encoding that the first bytes speak for."""
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if len(head) > 3 and head[0] and head[2] and not head[1] and not head[3]:
        return "utf-16-le"
    if len(head) > 3 and head[1] and head[3] and not head[0] and not head[2]:
        return "utf-16-be"
    return "utf-8"


def decode_text(data: bytes, part: str) -> str:
    """The text. Raises Malformed (AK1125) when the bytes are no text in that encoding."""
    try:
        return data.decode(detect_encoding(data))
    except UnicodeDecodeError as error:
        raise Malformed(
            "AK1125",
            f"the bytes are not text ({error.encoding}, at byte {error.start:,})",
            part=part,
            next_step="Get the file again from its source, or export it as UTF-8.",
        ) from None


# JSON from untrusted files: bounded in bytes, depth, values and digits; a duplicate key is refused.


TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_LARGE = re.compile(r"(?<![0-9])[0-9]{200}|[0-9][eE]\+?[0-9]{3}")  # what may be a number beyond a bound, or a text like one
_TO_BRACKET = re.compile(r'[^\[\]{}"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?[^\[\]{}"]*+)*+(?:[\[\]{}]|\Z)', re.DOTALL)
# What a token adds to the number of values, by the memory that it comes to: 64 bytes are one (CPython 3.11, sys.getsizeof).
WEIGHTS = {",": 1, "[": 1, "{": 4, '"': 2}
SURROGATE = re.compile(r"\\u[dD][89abAB]|[\ud800-\udfff]")
_ORDINARY = 200  # digits of a number that no bound is for
CHARACTERS = 12  # of text for a value: a matrix of an initializer has more, what blows up in memory has far fewer
ENCODED = 3  # how often a text may be JSON inside JSON


def parse_json(text: str, part: str, notes: list[str] | None = None) -> Json:
    """The value of a JSON text. `notes` collects remarks.

    Raises Malformed (AK1120, AK1122) and LimitExceeded (AK1003), with `part` named.
    """
    bounds = limits.current()
    if len(text) > bounds.config_bytes:
        raise limit_error("characters of JSON", len(text), bounds.config_bytes, part, "config_bytes")
    _check_size(text, part)
    reader = _JsonReader(part)
    large = bounds.config_digits < _ORDINARY or _LARGE.search(text) is not None
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=reader.pairs,
            parse_int=reader.integer if large else None,
            parse_float=reader.real if large else None,
            parse_constant=reader.constant,
        )
        if SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except AnyKerasError:
        raise
    except RecursionError:
        raise limit_error("levels of nesting", bounds.config_depth, bounds.config_depth, part, "config_depth") from None
    except UnicodeEncodeError:
        raise Malformed("AK1120", "the text contains a lone surrogate", part=part) from None
    except ValueError as error:
        raise Malformed(
            "AK1120",
            f"not valid JSON: {error}",
            part=part,
            next_step="The text is cut off or was edited. Export it again with model.to_json().",
        ) from None
    if notes is not None and reader.constants:
        notes.append(f"{part}: {', '.join(sorted(reader.constants))} read as floats")
    return value


def parse_model_json(text: str, part: str, notes: list[str]) -> Json:
    """The value of a JSON text that may be JSON text again (``json.dump(model.to_json(), f)``)."""
    return unwrap_json(parse_json(text, part, notes), part, notes)


def unwrap_json(value: Json, part: str, notes: list[str]) -> Json:
    """The value that a value of JSON is, of which a text may be JSON again. Raises Malformed, LimitExceeded."""
    for _ in range(ENCODED):
        if not isinstance(value, str):
            return value
        notes.append(f"{part}: JSON written as a string inside JSON")
        value = parse_json(value, part, notes)
    raise Malformed("AK1120", "strings of JSON inside strings of JSON, without an end", part=part)


def find_end(text: str, at: int) -> int | None:
    """Where the object that begins at `at` ends, None where it does not; what is gone through is charged to the file."""
    budget, deepest, depth, before = limits.budget(), limits.current().config_depth, 0, at
    for number, token in enumerate(TOKEN.finditer(text, at)):
        if not number & 0xFF:
            budget.charge(256 + (token.end() - before) // CHARACTERS)
            before = token.end()
        mark = token.group()[0]
        depth += (mark in "[{") - (mark in "]}")
        if not depth:
            return token.end()
        if depth > deepest:
            return None
    return None


def _check_size(text: str, part: str) -> None:
    """Number of values and depth, before anything is built; counting ends where the bound is passed."""
    bounds, values, depth = limits.current(), 1, 0
    most = max(bounds.config_nodes, len(text) // CHARACTERS)
    if 1 + sum(text.count(mark) * (weight if mark != '"' else 1) for mark, weight in WEIGHTS.items()) > most:
        for token in TOKEN.finditer(text):  # without the marks inside of texts
            values += WEIGHTS.get(token.group()[0], 0)
            if values > most:
                raise limit_error("values", values, most, part, "config_nodes")
    for token in _TO_BRACKET.finditer(text):
        mark = text[token.end() - 1 : token.end()]
        depth += (mark in "[{") - (mark in "]}")
        if depth > bounds.config_depth:
            raise limit_error("levels of nesting", depth, bounds.config_depth, part, "config_depth")


class _JsonReader:
    """The hooks of :func:`json.loads`."""

    def __init__(self, part: str) -> None:
        self.part, self.constants = part, set[str]()
        self.digits = limits.current().config_digits

    def pairs(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(key for key, number in Counter(key for key, _ in pairs).items() if number > 1)
            raise Malformed(
                "AK1122",
                f"the key {twice!r} appears twice, and programs disagree about which value counts",
                part=self.part,
                key=twice,
                next_step="Keras never writes this: the text was edited. Remove one of the two.",
            )
        return found

    def integer(self, digits: str) -> int:
        self._check_digits(digits)
        return int(digits)

    def real(self, digits: str) -> float:
        self._check_digits(digits)
        number = float(digits)
        if math.isinf(number):
            raise Malformed("AK1122", f"the number {digits[:40]} is too large for a float", part=self.part)
        return number

    def constant(self, name: str) -> float:
        self.constants.add(name)
        return float(name.replace("Infinity", "inf"))

    def _check_digits(self, digits: str) -> None:
        if len(digits) > self.digits:
            raise LimitExceeded(
                "AK1003",
                f"a number of {len(digits)} digits where at most {self.digits} are allowed",
                part=self.part,
                key="config_digits",
                next_step="No argument of a layer is that long; the text was edited.",
            )
