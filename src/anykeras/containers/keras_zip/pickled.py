"""The one shape of pickle that `model.weights.npz` holds: dictionaries of numeric arrays, walked and never executed.

`numpy.savez` of a dictionary writes an object array, that is a pickle (numpy/lib/format.py, protocols 3 and 4). This
walker knows the opcodes that such a pickle consists of and a handful of names, as words; any other opcode or name is
refused. The bytes of arrays stay in the file. Opcodes: Lib/pickletools.py of CPython 3.13.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ... import limits
from ...errors import Malformed, Unsupported
from ...tensors import Array, Tensor
from ..source import Source, too_much

CODE = re.compile(r"[biuf][1248]\Z")
RECONSTRUCT = {f"numpy.{core}.multiarray _reconstruct" for core in ("core", "_core")}
NAMES = RECONSTRUCT | {"numpy ndarray", "numpy dtype"}
INTEGERS = {ord("K"): 1, ord("M"): 2, ord("J"): 4}
TEXTS = {0x8C: 1, ord("X"): 4, 0x8D: 8}
BYTES = {ord("C"): 1, ord("B"): 4, 0x8E: 8}
CONSTANTS = {ord("N"): None, 0x88: True, 0x89: False, ord(")"): ()}
TUPLES = {0x85: 1, 0x86: 2, 0x87: 3}
MARK = object()


@dataclass(frozen=True)
class Span:
    """Bytes that were left where they lie."""

    start: int
    size: int


@dataclass(frozen=True)
class Name:
    """The name of something, as a word."""

    name: str


@dataclass
class Made:
    """What a name would have made: an array or a dtype, with its arguments and its state."""

    name: str
    arguments: tuple[object, ...]
    state: tuple[object, ...] = field(default=())


def walk(source: Source, start: int, part: str) -> object:
    """The object that the pickle at `start` spells. Raises Malformed (AK1114) or Unsupported (AK1132)."""
    return _Walker(source, start, part).run()


def tensor_of(value: object, source: Source, path: str) -> Tensor | None:
    """The lazy tensor of an array, None when `value` is no array of numbers. Raises Malformed (AK1114)."""
    if not isinstance(value, Made) or value.name not in RECONSTRUCT or len(value.state) != 5:
        return None
    _, shape, dtype, fortran, data = value.state
    name = _dtype(dtype)
    if name is None or not isinstance(data, Span) or not isinstance(shape, tuple):
        return None
    dimensions = tuple(n for n in shape if type(n) is int and n >= 0)
    if len(dimensions) != len(shape) or math.prod(dimensions) * np.dtype(name).itemsize != data.size:
        raise Malformed("AK1114", f"{data.size} bytes for an array of shape {shape} and type {name}", part=path)

    def load() -> Array:
        array = np.frombuffer(source.exactly(data.start, data.size, path), name)
        return array.reshape(dimensions, order="F" if fortran else "C").astype(np.dtype(name).newbyteorder("="))

    return Tensor(dimensions, np.dtype(name).newbyteorder("=").name, path, load)


def _dtype(value: object) -> str | None:
    if not isinstance(value, Made) or value.name != "numpy dtype" or not value.arguments:
        return None
    code, order = value.arguments[0], value.state[1] if len(value.state) > 1 else "|"
    if not isinstance(code, str) or not CODE.match(code):
        return None
    return code if order != ">" else ">" + code


class _Walker:
    def __init__(self, source: Source, at: int, part: str) -> None:
        self.source, self.at, self.part = source, at, part
        self.stack: list[object] = []
        self.memo: list[object] = []
        self.left = limits.current().objects

    def run(self) -> object:
        while True:
            self.left -= 1
            if self.left < 0:
                raise too_much("steps", limits.current().objects, limits.current().objects, self.part, "objects")
            opcode = self.take(1)[0]
            if opcode == ord("."):
                return self.pop()
            self.step(opcode)

    def take(self, count: int) -> bytes:
        data = self.source.exactly(self.at, count, self.part)
        self.at += count
        return data

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def step(self, opcode: int) -> None:
        if opcode in (0x80, 0x95):  # the protocol, and a frame of the protocol 4
            self.take(1 if opcode == 0x80 else 8)
        elif opcode in CONSTANTS:
            self.stack.append(CONSTANTS[opcode])
        elif opcode in INTEGERS:
            width = INTEGERS[opcode]
            self.stack.append(int.from_bytes(self.take(width), "little", signed=width == 4))
        elif opcode in TEXTS:
            self.stack.append(self.text(self.number(TEXTS[opcode])))
        elif opcode in BYTES:
            size = self.number(BYTES[opcode])
            self.stack.append(Span(self.at, size))
            self.at += size
        elif opcode in TUPLES:
            self.stack.append(tuple([self.pop() for _ in range(TUPLES[opcode])][::-1]))
        else:
            action = ACTIONS.get(opcode)
            if action is None:
                raise self.refused(f"the opcode {opcode:#x}")
            action(self)

    def text(self, size: int) -> str:
        if size > 4096:
            raise self.refused("a long text")
        return self.take(size).decode("utf-8", "replace")

    def pop(self) -> object:
        if not self.stack:
            raise Malformed("AK1114", "the pickle takes something from an empty stack", part=self.part)
        return self.stack.pop()

    def popped(self) -> list[object]:
        items = []
        while (item := self.pop()) is not MARK:
            items.append(item)
        return items[::-1]

    def top(self) -> object:
        self.stack.append(self.pop())
        return self.stack[-1]

    def name(self, name: str) -> None:
        if name not in NAMES:
            raise self.refused(f"the name {name!r}")
        self.stack.append(Name(name))

    def global_name(self) -> None:
        words = []
        for _ in range(2):
            word = bytearray()
            while (letter := self.take(1)) != b"\n":
                word += letter
                if len(word) > 256:
                    raise self.refused("a long name")
            words.append(word.decode("latin-1"))
        self.name(" ".join(words))

    def stacked_name(self) -> None:
        name, module = self.pop(), self.pop()
        self.name(f"{module} {name}")

    def remember(self, index: int) -> None:
        if index != len(self.memo):
            raise self.refused("a memo out of order")
        self.memo.append(self.top())

    def recall(self, index: int) -> None:
        if index >= len(self.memo):
            raise Malformed("AK1114", "the pickle refers to something that is not there", part=self.part)
        self.stack.append(self.memo[index])

    def items(self, values: list[object]) -> None:
        target = self.top()
        if not isinstance(target, list):
            raise self.refused("items for something that is no list")
        target.extend(values)

    def pairs(self, values: list[object]) -> None:
        target = self.top()
        if not isinstance(target, dict) or len(values) % 2 or not all(isinstance(k, str) for k in values[::2]):
            raise self.refused("a dictionary whose keys are not texts")
        target.update(zip(values[::2], values[1::2], strict=True))

    def call(self) -> None:
        arguments, name = self.pop(), self.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple) or name.name == "numpy ndarray":
            raise self.refused("a call")
        self.stack.append(Made(name.name, arguments))

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if not isinstance(target, Made) or not isinstance(state, tuple):
            raise self.refused("the state of something that is no array")
        target.state = state

    def refused(self, what: str) -> Unsupported:
        return Unsupported(
            "AK1132",
            f"a pickle with {what} in it, where only arrays are expected",
            part=self.part,
            next_step="AnyKeras executes no pickle. Where the file was made, save the model as .keras with h5 weights.",
        )


ACTIONS: dict[int, Callable[[_Walker], None]] = {
    ord("c"): _Walker.global_name,
    0x93: _Walker.stacked_name,
    ord("("): lambda w: w.stack.append(MARK),
    ord("]"): lambda w: w.stack.append([]),
    ord("}"): lambda w: w.stack.append({}),
    ord("t"): lambda w: w.stack.append(tuple(w.popped())),
    ord("a"): lambda w: w.items([w.pop()]),
    ord("e"): lambda w: w.items(w.popped()),
    ord("s"): lambda w: w.pairs([w.pop(), w.pop()][::-1]),
    ord("u"): lambda w: w.pairs(w.popped()),
    ord("q"): lambda w: w.remember(w.number(1)),
    ord("r"): lambda w: w.remember(w.number(4)),
    0x94: lambda w: w.remember(len(w.memo)),
    ord("h"): lambda w: w.recall(w.number(1)),
    ord("j"): lambda w: w.recall(w.number(4)),
    ord("R"): _Walker.call,
    ord("b"): _Walker.build,
}
