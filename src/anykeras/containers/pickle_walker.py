"""A pickle as plain values and inert objects: names stay words, calls stay what they would have called.

The opcodes are those of protocols 0 to 5 (Lib/pickletools.py of CPython 3.13); our own table says what each does to a
stack of plain values. Nothing is imported, called or unmarshalled. The bytes of arrays stay in the file, unless protocol 0
spells them as text. A `Policy` says what a pickle may be made of: that of a model may hold any name, as a word; the one in
`model.weights.npz` may hold arrays only.

``joblib`` writes the numbers of an array into the stream, right behind the state of a ``NumpyArrayWrapper``
(joblib 1.3.2 numpy_pickle.py, `write_array` and `read_array`): they are skipped by their size.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .. import limits
from ..errors import AnyKerasError, Malformed, Unsupported
from .guard import guard_decoding
from .pickle_values import JOBLIB_ARRAYS, Name, PickledCall, Span, sizes_of, width_of
from .source import ByteSource, limit_error

_DECIMAL = re.compile(r"-?\d+")
_TRUTH = {"00": False, "01": True}
_CHUNK = 4096
_PAID = 256  # opcodes that are paid for at once
LONGEST_NAME = 4096  # characters of a module and a class, or of a path of attributes
_HASHED = 1 << 60  # integers below it are their own hash, so that none is alike another's
_MARK = object()
_ARRAY_CALLS = frozenset({"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy dtype"})


@dataclass(frozen=True)
class Policy:
    """What a pickle may be made of; everything else is refused (AK1132).

    `opcodes`, `names` and `calls` (names that may be called) are ``None`` where all are allowed: still only as words.
    """

    expected: str
    next_step: str
    opcodes: frozenset[int] | None = None
    names: frozenset[str] | None = None
    calls: frozenset[str] | None = None
    text_size: int | None = None


ANY_OBJECT = Policy(
    "the values of a model", "Load it in the environment that wrote it, and call model.save(...)."
)  # fmt: skip
# `numpy.savez` of a dictionary writes an object array, that is a pickle (numpy/lib/format.py, protocols 3 and 4).
ARRAYS_ONLY = Policy(
    "arrays",
    "AnyKeras executes no pickle. Where the file was made, save the model as .keras with h5 weights.",
    frozenset(b"KMJXCBNtaesuqrhjRb.c(]})") | {0x80, 0x95, 0x8C, 0x8D, 0x8E, 0x88, 0x89, 0x85, 0x86, 0x87, 0x93, 0x94},
    _ARRAY_CALLS | {"numpy ndarray"},
    _ARRAY_CALLS,
    4096,
)


def walk(source: ByteSource, policy: Policy = ANY_OBJECT, start: int = 0, part: str = "") -> object:
    """The object that the pickle at `start` spells. Raises Malformed (AK1114), Unsupported (AK1132) or LimitExceeded."""
    return _Walker(source, policy, start, part or source.name).run()


@dataclass(frozen=True)
class Traced:
    """What a pickle asks for: names that it imports, as ``module name``, those that it calls, the bytes in it, where it ends,
    and why it does not end well. Python runs what stands before damage, so that names count also where the rest is not read."""

    names: tuple[str, ...]
    calls: tuple[str, ...]
    held: tuple[bytes | Span, ...]
    end: int
    value: object = None
    error: AnyKerasError | None = None


def trace(source: ByteSource, start: int = 0) -> Traced:
    """What the pickle at `start` spells, and the names in it as far as it can be read. Raises nothing."""
    walker, value, error = _Walker(source, ANY_OBJECT, start, source.name), None, None
    try:
        with guard_decoding(source.name):
            value = walker.run(limits.budget())
    except AnyKerasError as refused:
        error = refused
    return Traced(
        tuple(dict.fromkeys(walker.names)), tuple(dict.fromkeys(walker.calls)), tuple(walker.held), walker.at, value, error
    )


class _Walker:
    def __init__(self, source: ByteSource, policy: Policy, start: int, part: str) -> None:
        self.source, self.policy, self.at, self.part = source, policy, start, part
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.names: list[str] = []  # in the order in which they are imported
        self.calls: list[str] = []
        self.held: list[bytes | Span] = []
        self.left = limits.current().objects
        self.block, self.start = b"", start  # bytes of the source, and where they stand in it

    def run(self, budget: limits.Budget | None = None) -> object:
        """The object; with a `budget`, each opcode is a step of it."""
        allowed = self.policy.opcodes
        while True:
            if budget is not None and not self.left % _PAID:
                budget.charge(_PAID)
            self.left -= 1
            if self.left < 0:
                raise limit_error("steps", limits.current().objects, limits.current().objects, self.part, "objects")
            opcode = self.take(1)[0]
            action = _ACTIONS.get(opcode)
            if (action is None and opcode != ord(".")) or (allowed is not None and opcode not in allowed):
                raise self.refusal(f"the opcode {opcode:#04x}")
            if action is None:
                return self.pop()
            action(self)

    def take(self, count: int) -> bytes:
        data = self.block[self.at - self.start : self.at - self.start + count]
        if len(data) < count:
            self.fill()
            data = self.block[:count] if count <= len(self.block) else self.source.exactly(self.at, count, self.part)
        self.at += count
        return data

    def fill(self) -> None:
        """The bytes from here on as the block at hand."""
        self.start, self.block = self.at, self.source.read(self.at, _CHUNK)

    def number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(width), "little", signed=signed)

    def text(self, width: int) -> None:
        size = self.number(width)
        if self.policy.text_size is not None and size > self.policy.text_size:
            raise self.refusal("a long text")
        if size > limits.current().config_bytes:
            raise limit_error("bytes of text", size, limits.current().config_bytes, self.part, "config_bytes")
        self.push(self.take(size).decode("utf-8", "replace"))

    def span(self, width: int) -> None:
        size = self.number(width)
        if self.at + size > self.source.size:
            raise self.damage(f"{size} bytes are announced and the file ends before")
        self.held.append(Span(self.source, self.at, size))
        self.push(self.held[-1])
        self.at += size

    def line(self, longest: int = 1024) -> str:
        """The characters up to the end of the line, one for each byte."""
        parts: list[bytes] = []
        start = self.at
        while True:
            if self.at - self.start >= len(self.block):
                self.fill()
            here = self.at - self.start
            end = self.block.find(b"\n", here)
            parts.append(self.block[here : end if end >= 0 else None])
            self.at += len(parts[-1]) + (end >= 0)
            if self.at - start > longest + 1:
                raise self.damage("a line is too long")
            if end >= 0:
                return b"".join(parts).decode("latin-1")
            if not parts[-1]:
                raise self.damage("the file ends within a line")

    def decimal(self, line: str) -> int:
        """A number in digits, as protocol 0 writes it."""
        digits = line.removesuffix("L")
        if not _DECIMAL.fullmatch(digits):
            raise self.damage("a number is no number")
        return int(digits)

    def real(self) -> float:
        line = self.line()
        try:
            return float(line)
        except ValueError:
            raise self.damage("a number is no number") from None

    def integer(self, width: int) -> None:
        """A number of that many bytes, as far as one has a meaning in a model."""
        if width > 64:
            raise self.damage("a number is too long")
        self.push(self.number(width, signed=True))

    def push(self, value: object) -> None:
        self.stack.append(value)

    def push_name(self, name: str) -> None:
        if len(name) > LONGEST_NAME:
            raise self.damage("a name is too long")
        if self.policy.names is not None and name not in self.policy.names:
            raise self.refusal(f"the name {name[:80]!r}")
        self.names.append(name)
        self.push(Name(name))

    def pop(self) -> object:
        if not self.stack:
            raise self.damage("something is taken from an empty stack")
        return self.stack.pop()

    def pop_to_mark(self) -> list[object]:
        items = []
        while (item := self.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def top(self) -> object:
        value = self.pop()
        self.push(value)
        return value

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.damage("it refers to something that is not there")
        self.push(self.memo[index])

    def add_items(self, values: list[object]) -> None:
        target = self.top()
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, PickledCall):
            raise self.damage("items for something that is no list")

    def add_pairs(self, values: list[object]) -> None:
        target = self.top()
        if isinstance(target, dict) and len(values) % 2 == 0:
            target.update({_as_key(k): v for k, v in zip(values[::2], values[1::2], strict=True)})
        elif not isinstance(target, PickledCall):
            raise self.damage("pairs for something that is no dictionary")

    def call(self) -> None:
        arguments, called = self.pop(), self.pop()
        name = _name_of(called)
        if self.policy.calls is not None and not (isinstance(called, Name) and name in self.policy.calls):
            raise self.refusal(f"a call of {name[:80]!r}")
        values = arguments if isinstance(arguments, tuple) else (arguments,)
        if name == "_codecs encode" and values and isinstance(values[0], str):
            spelled = values[0].encode("latin-1", "replace")  # how protocol 2 spells bytes
            self.held.append(spelled)
            self.push(spelled)
        elif name in ("builtins getattr", "__builtin__ getattr") and len(values) == 2 and isinstance(values[0], Name):
            self.push_name(f"{values[0].name}.{_as_word(self, values[1])}")
        else:
            self.calls.append(name)
            self.push(PickledCall(name, values))

    def call_with_keywords(self) -> None:
        self.pop()
        self.call()

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, PickledCall):
            target.state = state
            if target.name in JOBLIB_ARRAYS:
                target.data = self.skip_array(state)

    def skip_array(self, state: object) -> Span:
        """The bytes of an array that joblib put behind this opcode."""
        fields = state if isinstance(state, Mapping) else {}
        width, shape = width_of(fields.get("dtype")), sizes_of(fields.get("shape"))
        if width is None or shape is None:
            raise self.refusal("an array of joblib that does not hold numbers")
        if not width:
            return self.skip_objects()
        if fields.get("numpy_array_alignment_bytes") is not None:
            self.take(self.number(1))
        size = math.prod(shape) * width
        if self.at + size > self.source.size:
            raise self.damage("an array is longer than the file")
        self.at += size
        return Span(self.source, self.at - size, size)

    def skip_objects(self) -> Span:
        """The pickle of its own that joblib puts where the values of an array are objects; its names count as well."""
        inner = _Walker(self.source, self.policy, self.at, self.part)
        inner.left = self.left
        try:
            inner.run()
        finally:
            self.names += inner.names
            self.calls += inner.calls
            self.held += inner.held
            start, self.at, self.left = self.at, inner.at, inner.left
        return Span(self.source, start, self.at - start)

    def damage(self, what: str) -> Malformed:
        return Malformed("AK1114", f"a damaged pickle: {what}", part=self.part, next_step="Copy the file again.")

    def refusal(self, what: str) -> Unsupported:
        seen = f"a pickle with {what}, where {self.policy.expected} are expected"
        return Unsupported("AK1132", seen, part=self.part, next_step=self.policy.next_step)


def _name_of(called: object) -> str:
    return called.name if isinstance(called, Name | PickledCall) else type(called).__name__


def _as_key(key: object) -> object:
    """A key as text, bytes or a small number; anything else is told by its kind, since its text may be endless."""
    if isinstance(key, Span):
        return key.read()
    if isinstance(key, str | bytes) or (isinstance(key, int) and abs(key) < _HASHED):
        return key
    return f"<{type(key).__name__}>"


def _as_word(walker: _Walker, value: object) -> str:
    """The part of a name: a text, which Python 2 wrote as bytes."""
    if isinstance(value, Span):
        value = value.source.read(value.start, min(value.size, LONGEST_NAME + 1)).decode("latin-1")
    if not isinstance(value, str):
        raise walker.damage("a name is made of something that is no text")
    return value


# -- opcodes

Action = Callable[[_Walker], None]


def _push(value: object) -> Action:
    return lambda walker: walker.push(value)


def _push_tuple(count: int) -> Action:
    return lambda walker: walker.push(tuple([walker.pop() for _ in range(count)][::-1]))


def _skip(count: int) -> Action:
    def run(walker: _Walker) -> None:
        walker.take(count)

    return run


def _drop(walker: _Walker) -> None:
    walker.pop()


def _drop_to_mark(walker: _Walker) -> None:
    walker.pop_to_mark()


def _push_stacked_name(walker: _Walker) -> None:
    name, module = walker.pop(), walker.pop()
    walker.push_name(f"{_as_word(walker, module)} {_as_word(walker, name)}")


def _push_global(walker: _Walker) -> None:
    module, name = walker.line(), walker.line()
    walker.push_name(f"{module} {name}")


def _push_integer(walker: _Walker) -> None:
    """A line with a number; two of them are truth values."""
    line = walker.line()
    truth = _TRUTH.get(line)
    walker.push(walker.decimal(line) if truth is None else truth)


def _push_quoted(walker: _Walker) -> None:
    """A line with the ``repr`` of a Python 2 string."""
    word = walker.line(walker.source.size)
    if len(word) < 2 or word[0] not in "'\"" or word[-1] != word[0]:
        raise walker.damage("a string without quotes")
    walker.push(unescape(word[1:-1]))


def _push_unicode(walker: _Walker) -> None:
    word = walker.line(walker.source.size)
    try:
        walker.push(word.encode("latin-1").decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise walker.damage("a character that does not exist") from None


# What ``repr`` of Python 2.7 escapes (Objects/stringobject.c, string_repr).
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def unescape(word: str) -> bytes:
    """The bytes of a Python 2 string from its ``repr``, without the quotes."""

    def replace(found: re.Match[str]) -> str:
        mark = found[1]
        return chr(int(mark[1:], 16)) if mark[0] == "x" else _ESCAPES.get(mark, mark)

    return _ESCAPE.sub(replace, word).encode("latin-1")


def _push_instance(walker: _Walker) -> None:
    """An object of a class of Python 2's old kind, by its name."""
    module, name = walker.line(), walker.line()
    walker.names.append(f"{module} {name}")
    walker.calls.append(f"{module} {name}")
    walker.push(PickledCall(f"{module} {name}", tuple(walker.pop_to_mark())))


def _push_object(walker: _Walker) -> None:
    """The same with the class among the things on the stack."""
    called, *arguments = walker.pop_to_mark() or [None]
    walker.calls.append(_name_of(called))
    walker.push(PickledCall(_name_of(called), tuple(arguments)))


def _push_dictionary(walker: _Walker) -> None:
    values = walker.pop_to_mark()
    walker.push({})
    walker.add_pairs(values)


_ACTIONS: dict[int, Action] = {
    0x80: _skip(1), 0x95: _skip(8),  # the protocol, and a frame
    ord("N"): _push(None), 0x88: _push(True), 0x89: _push(False), ord(")"): _push(()),
    ord("("): _push(_MARK), ord("]"): lambda w: w.push([]), ord("}"): lambda w: w.push({}), 0x8F: lambda w: w.push([]),
    ord("K"): lambda w: w.push(w.number(1)), ord("M"): lambda w: w.push(w.number(2)),
    ord("J"): lambda w: w.push(w.number(4, signed=True)),
    0x8A: lambda w: w.integer(w.number(1)), 0x8B: lambda w: w.integer(w.number(4)),
    ord("G"): lambda w: w.push(struct.unpack(">d", w.take(8))[0]),
    0x8C: lambda w: w.text(1), ord("X"): lambda w: w.text(4), 0x8D: lambda w: w.text(8),
    ord("U"): lambda w: w.span(1), ord("T"): lambda w: w.span(4),
    ord("C"): lambda w: w.span(1), ord("B"): lambda w: w.span(4), 0x8E: lambda w: w.span(8), 0x96: lambda w: w.span(8),
    ord("t"): lambda w: w.push(tuple(w.pop_to_mark())), 0x85: _push_tuple(1), 0x86: _push_tuple(2), 0x87: _push_tuple(3),
    ord("a"): lambda w: w.add_items([w.pop()]), ord("e"): lambda w: w.add_items(w.pop_to_mark()),
    0x90: lambda w: w.add_items(w.pop_to_mark()), 0x91: lambda w: w.push(tuple(w.pop_to_mark())),
    ord("s"): lambda w: w.add_pairs([w.pop(), w.pop()][::-1]), ord("u"): lambda w: w.add_pairs(w.pop_to_mark()),
    ord("q"): lambda w: w.remember(w.number(1)), ord("r"): lambda w: w.remember(w.number(4)),
    0x94: lambda w: w.remember(len(w.memo)), ord("p"): lambda w: w.remember(w.decimal(w.line())),
    ord("h"): lambda w: w.recall(w.number(1)), ord("j"): lambda w: w.recall(w.number(4)),
    ord("g"): lambda w: w.recall(w.decimal(w.line())),
    ord("I"): _push_integer, ord("L"): lambda w: w.push(w.decimal(w.line())), ord("F"): lambda w: w.push(w.real()),
    ord("S"): _push_quoted, ord("V"): _push_unicode, ord("d"): _push_dictionary,
    ord("l"): lambda w: w.push(w.pop_to_mark()),
    ord("c"): _push_global, 0x93: _push_stacked_name, ord("i"): _push_instance, ord("o"): _push_object,
    ord("R"): _Walker.call, 0x81: _Walker.call, 0x92: _Walker.call_with_keywords, ord("b"): _Walker.build,
    ord("0"): _drop, ord("1"): _drop_to_mark,
    ord("2"): lambda w: w.push(w.top()),
}  # fmt: skip
