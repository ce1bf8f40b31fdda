"""A pickle as plain values and inert objects: names stay words, calls stay what they would have called.

The opcodes are those of protocols 0 to 5 (Lib/pickletools.py of CPython 3.13); our own table says what each does to a
stack of plain values. Nothing is imported, called or unmarshalled. The bytes of arrays stay in the file, unless protocol 0
spells them as text.

``joblib`` writes the numbers of an array into the stream, right behind the state of a ``NumpyArrayWrapper``
(joblib 1.3.2 numpy_pickle.py, `write_array` and `read_array`): they are skipped by their size.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import limits
from ...errors import AnyKerasError, Malformed, Unsupported
from ...tensors import Array, Tensor
from ..source import Source, too_much

_TYPE = re.compile(r"[biuf][1248]\Z")
_DECIMAL = re.compile(r"-?\d+")
_TRUTH = {"00": False, "01": True}
_CHUNK = 4096
_MARK = object()
_JOBLIB = ("joblib.numpy_pickle NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle NumpyArrayWrapper")


@dataclass(frozen=True)
class Span:
    """Bytes that were left where they lie."""

    source: Source
    start: int
    size: int

    def read(self) -> bytes:
        """The bytes."""
        return self.source.read(self.start, self.size)


@dataclass(frozen=True)
class Name:
    """The name of something, as a word: ``keras.engine.sequential Sequential``."""

    name: str


@dataclass(eq=False)
class Inert:
    """What a call would have made: the name, the arguments, and the state that would have been set."""

    name: str
    arguments: tuple[Any, ...] = ()
    state: Any = None
    data: Span | None = field(default=None)


def walk(source: Source) -> Any:
    """The object that a pickle spells. Raises Malformed (AK1114), Unsupported (AK1132) or LimitExceeded."""
    return _Walker(source).run()


class _Walker:
    def __init__(self, source: Source) -> None:
        self.source, self.at, self.part = source, 0, source.name
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.left = limits.current().objects

    def run(self) -> Any:
        while True:
            self.left -= 1
            if self.left < 0:
                raise too_much("steps", limits.current().objects, limits.current().objects, self.part, "objects")
            opcode = self.take(1)[0]
            if opcode == ord("."):
                return self.pop()
            action = _ACTIONS.get(opcode)
            if action is None:
                raise Unsupported(
                    "AK1132",
                    f"a pickle with the opcode {opcode:#04x}, which no model is written with",
                    part=self.part,
                    next_step="Where the file was made, load it and call model.save(...).",
                )
            action(self)

    def take(self, count: int) -> bytes:
        data = self.source.exactly(self.at, count, self.part)
        self.at += count
        return data

    def number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(width), "little", signed=signed)

    def text(self, width: int) -> None:
        size = self.number(width)
        if size > limits.current().config_bytes:
            raise too_much("bytes of text", size, limits.current().config_bytes, self.part, "config_bytes")
        self.push(self.take(size).decode("utf-8", "replace"))

    def span(self, width: int) -> None:
        size = self.number(width)
        if self.at + size > self.source.size:
            raise self.damaged(f"{size} bytes are announced and the file ends before")
        self.push(Span(self.source, self.at, size))
        self.at += size

    def line(self, longest: int = 1024) -> str:
        """The characters up to the end of the line, one for each byte."""
        parts: list[bytes] = []
        start = self.at
        while True:
            held = self.source.read(self.at, min(_CHUNK, self.source.size - self.at))
            end = held.find(b"\n")
            parts.append(held if end < 0 else held[:end])
            self.at += len(held) if end < 0 else end + 1
            if self.at - start > longest + 1:
                raise self.damaged("a line is too long")
            if end >= 0:
                return b"".join(parts).decode("latin-1")
            if not held:
                raise self.damaged("the file ends within a line")

    def decimal(self) -> int:
        """A number in digits, as protocol 0 writes it."""
        digits = self.line().removesuffix("L")
        if not _DECIMAL.fullmatch(digits):
            raise self.damaged("a number is no number")
        return int(digits)

    def real(self) -> float:
        try:
            return float(self.line())
        except AnyKerasError:
            raise
        except ValueError:
            raise self.damaged("a number is no number") from None

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if not self.stack:
            raise self.damaged("something is taken from an empty stack")
        return self.stack.pop()

    def popped(self) -> list[Any]:
        items = []
        while (item := self.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def top(self) -> Any:
        value = self.pop()
        self.push(value)
        return value

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.damaged("it refers to something that is not there")
        self.push(self.memo[index])

    def items(self, values: list[Any]) -> None:
        target = self.top()
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Inert):
            raise self.damaged("items for something that is no list")

    def pairs(self, values: list[Any]) -> None:
        target = self.top()
        if isinstance(target, dict) and len(values) % 2 == 0:
            target.update({_key(k): v for k, v in zip(values[::2], values[1::2], strict=True)})
        elif not isinstance(target, Inert):
            raise self.damaged("pairs for something that is no dictionary")

    def call(self) -> None:
        arguments, called = self.pop(), self.pop()
        name = called.name if isinstance(called, Name | Inert) else type(called).__name__
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        if name == "_codecs encode" and given and isinstance(given[0], str):
            self.push(given[0].encode("latin-1", "replace"))  # how protocol 2 spells bytes
        elif name in ("builtins getattr", "__builtin__ getattr") and len(given) == 2 and isinstance(given[0], Name):
            self.push(Name(f"{given[0].name}.{given[1]}"))
        else:
            self.push(Inert(name, given))

    def keyword_call(self) -> None:
        self.pop()
        self.call()

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, Inert):
            target.state = state
            if target.name in _JOBLIB:
                target.data = self.inline(state)

    def inline(self, state: Any) -> Span:
        """The bytes of an array that joblib put behind this opcode."""
        kind = dtype_of(state.get("dtype")) if isinstance(state, Mapping) else None
        shape = state.get("shape") if isinstance(state, Mapping) else None
        if kind is None or not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
            raise Unsupported(
                "AK1132", "a joblib file with an array that does not hold numbers", part=self.part,
                next_step="Where the file was made, load it and call model.save(...).",
            )  # fmt: skip
        if state.get("numpy_array_alignment_bytes") is not None:
            self.take(self.number(1))
        size = math.prod(shape) * np.dtype(kind).itemsize
        if size < 0 or self.at + size > self.source.size:
            raise self.damaged("an array is longer than the file")
        self.at += size
        return Span(self.source, self.at - size, size)

    def damaged(self, what: str) -> Malformed:
        return Malformed("AK1114", f"a damaged pickle: {what}", part=self.part, next_step="Copy the file again.")


def _key(key: Any) -> Any:
    return key if isinstance(key, str | int | bytes) else key.read() if isinstance(key, Span) else repr(key)


def dtype_of(value: Any) -> str | None:
    """The numpy name of a pickled dtype, with its byte order; None where it is no number's."""
    if not isinstance(value, Inert) or value.name != "numpy dtype" or not value.arguments:
        return None
    code = _word(value.arguments[0])
    order = value.state[1] if isinstance(value.state, tuple) and len(value.state) > 1 else "|"
    if not _TYPE.match(code):
        return None
    return ">" + code if _word(order) == ">" else code


def _word(value: Any) -> str:
    """A short text, which Python 2 wrote as bytes."""
    if isinstance(value, Span):
        value = value.source.read(value.start, min(value.size, 16))
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


def tensor_of(value: Any, path: str) -> Tensor | None:
    """The lazy tensor of a pickled array, None for anything else. Raises Malformed (AK1114)."""
    if not isinstance(value, Inert):
        return None
    if value.name in _JOBLIB and isinstance(value.state, Mapping):
        shape, kind, data = value.state.get("shape"), dtype_of(value.state.get("dtype")), value.data
        fortran = value.state.get("order") == "F"
    elif value.name.endswith("multiarray scalar") and len(value.arguments) == 2:
        shape, kind, data, fortran = (), dtype_of(value.arguments[0]), value.arguments[1], False
    elif value.name.endswith("multiarray _reconstruct") and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, dtype, fortran, data = value.state
        kind = dtype_of(dtype)
    else:
        return None
    if kind is None or not isinstance(shape, tuple) or not isinstance(data, Span | bytes):
        return None
    sizes = tuple(int(size) for size in shape)
    length = data.size if isinstance(data, Span) else len(data)
    if math.prod(sizes) * np.dtype(kind).itemsize != length:
        raise Malformed("AK1114", f"{length} bytes for an array of shape {sizes} and type {kind}", part=path)

    def load() -> Array:
        raw = data.read() if isinstance(data, Span) else data
        array = np.frombuffer(raw, kind).reshape(sizes, order="F" if fortran else "C")
        return array.astype(np.dtype(kind).newbyteorder("="))

    return Tensor(sizes, np.dtype(kind).newbyteorder("=").name, path, load)


def _tuple(count: int) -> Callable[[_Walker], None]:
    def run(walker: _Walker) -> None:
        walker.push(tuple([walker.pop() for _ in range(count)][::-1]))

    return run


def _skipped(count: int) -> Callable[[_Walker], None]:
    def run(walker: _Walker) -> None:
        walker.take(count)

    return run


def _dropped(walker: _Walker) -> None:
    walker.pop()


def _dropped_to_mark(walker: _Walker) -> None:
    walker.popped()


def _push(value: Any) -> Callable[[_Walker], None]:
    return lambda walker: walker.push(value)


def _stacked_name(walker: _Walker) -> None:
    name, module = walker.pop(), walker.pop()
    walker.push(Name(f"{module} {name}"))


def _global(walker: _Walker) -> None:
    module, name = walker.line(), walker.line()
    walker.push(Name(f"{module} {name}"))


def _remember(width: int) -> Callable[[_Walker], None]:
    def run(walker: _Walker) -> None:
        index = walker.number(width) if width else len(walker.memo)
        walker.memo[index] = walker.top()

    return run


def _integer(walker: _Walker) -> None:
    """A line with a number; two of them are truth values."""
    start = walker.at
    truth = _TRUTH.get(walker.line())
    if truth is None:
        walker.at = start
    walker.push(walker.decimal() if truth is None else truth)


def _quoted(walker: _Walker) -> None:
    """A line with the ``repr`` of a Python 2 string."""
    word = walker.line(walker.source.size)
    if len(word) < 2 or word[0] not in "'\"" or word[-1] != word[0]:
        raise walker.damaged("a string without quotes")
    walker.push(unescaped(word[1:-1]))


def _unicode(walker: _Walker) -> None:
    word = walker.line(walker.source.size)
    try:
        walker.push(word.encode("latin-1").decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise walker.damaged("a character that does not exist") from None


def unescaped(word: str) -> bytes:
    """The bytes of a Python 2 string from its ``repr``, without the quotes."""

    def one(found: re.Match[str]) -> str:
        mark = found[1]
        return chr(int(mark[1:], 16)) if mark[0] == "x" else _ESCAPES.get(mark, mark)

    return _ESCAPE.sub(one, word).encode("latin-1")


def _instance(walker: _Walker) -> None:
    """An object of a class of Python 2's old kind, by its name."""
    module, name = walker.line(), walker.line()
    walker.push(Inert(f"{module} {name}", tuple(walker.popped())))


def _object(walker: _Walker) -> None:
    """The same with the class among the things on the stack."""
    called, *arguments = walker.popped() or [None]
    walker.push(Inert(called.name if isinstance(called, Name) else type(called).__name__, tuple(arguments)))


def _remember_numbered(walker: _Walker) -> None:
    walker.memo[walker.decimal()] = walker.top()


def _dictionary(walker: _Walker) -> None:
    values = walker.popped()
    walker.push({})
    walker.pairs(values)


# What ``repr`` of Python 2.7 escapes (Objects/stringobject.c, string_repr).
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}

_ACTIONS: dict[int, Callable[[_Walker], None]] = {
    0x80: _skipped(1), 0x95: _skipped(8),  # the protocol, and a frame
    ord("N"): _push(None), 0x88: _push(True), 0x89: _push(False), ord(")"): _push(()),
    ord("("): _push(_MARK), ord("]"): lambda w: w.push([]), ord("}"): lambda w: w.push({}), 0x8F: lambda w: w.push([]),
    ord("K"): lambda w: w.push(w.number(1)), ord("M"): lambda w: w.push(w.number(2)),
    ord("J"): lambda w: w.push(w.number(4, signed=True)),
    0x8A: lambda w: w.push(w.number(w.number(1), signed=True)),
    ord("G"): lambda w: w.push(struct.unpack(">d", w.take(8))[0]),
    0x8C: lambda w: w.text(1), ord("X"): lambda w: w.text(4), 0x8D: lambda w: w.text(8),
    ord("U"): lambda w: w.span(1), ord("T"): lambda w: w.span(4),
    ord("C"): lambda w: w.span(1), ord("B"): lambda w: w.span(4), 0x8E: lambda w: w.span(8), 0x96: lambda w: w.span(8),
    ord("t"): lambda w: w.push(tuple(w.popped())), 0x85: _tuple(1), 0x86: _tuple(2), 0x87: _tuple(3),
    ord("a"): lambda w: w.items([w.pop()]), ord("e"): lambda w: w.items(w.popped()), 0x90: lambda w: w.items(w.popped()),
    0x91: lambda w: w.push(tuple(w.popped())),
    ord("s"): lambda w: w.pairs([w.pop(), w.pop()][::-1]), ord("u"): lambda w: w.pairs(w.popped()),
    ord("q"): _remember(1), ord("r"): _remember(4), 0x94: _remember(0),
    ord("h"): lambda w: w.recall(w.number(1)), ord("j"): lambda w: w.recall(w.number(4)),
    ord("p"): _remember_numbered, ord("g"): lambda w: w.recall(w.decimal()),
    ord("I"): _integer, ord("L"): lambda w: w.push(w.decimal()), ord("F"): lambda w: w.push(w.real()),
    ord("S"): _quoted, ord("V"): _unicode, ord("d"): _dictionary, ord("l"): lambda w: w.push(w.popped()),
    ord("c"): _global, 0x93: _stacked_name, ord("i"): _instance, ord("o"): _object,
    ord("R"): _Walker.call, 0x81: _Walker.call, 0x92: _Walker.keyword_call, ord("b"): _Walker.build,
    ord("0"): _dropped, ord("1"): _dropped_to_mark,
    ord("2"): lambda w: w.push(w.top()),
}  # fmt: skip
