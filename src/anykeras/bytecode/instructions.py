"""Instruction bytes -> instructions with names, whole arguments, jump targets and exception regions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from reprlib import Repr

from ..errors import AnyKerasError
from .code import CodeObject
from .dialects import Dialect, dialect
from .errors import make_malformed_error

MAX_INSTRUCTIONS = 200_000


@dataclass(frozen=True, slots=True)
class Instruction:
    """``offset`` is where it starts, EXTENDED_ARG prefixes included; ``target`` is the index of the jump's target."""

    name: str
    arg: int
    offset: int
    target: int = -1


@dataclass(frozen=True, slots=True)
class GuardedRegion:
    """An entry of the exception table: instructions ``start`` to ``end`` (excluded) are guarded by ``target``."""

    start: int
    end: int
    target: int
    depth: int
    push_offset: bool


@dataclass(frozen=True, eq=False)
class DecodedCode:
    """A decoded code object."""

    code: CodeObject
    dialect: Dialect
    instructions: tuple[Instruction, ...]
    regions: tuple[GuardedRegion, ...]


@dataclass(slots=True)
class _RawInstruction:
    name: str
    arg: int
    offset: int  # of the first prefix
    own: int  # of the instruction proper
    end: int  # after the caches


@lru_cache(maxsize=512)
def decode(code: CodeObject) -> DecodedCode:
    """Decodes one code object (not those nested in it).

    Raises:
        BytecodeError: an unknown opcode, a truncated instruction, a cache word that is not zero, a jump that ends
            between instructions or outside, or an exception table that makes no sense.
    """
    table = dialect(code.version)
    raw = _read_raw(code.code, table)
    starts = {item.offset: index for index, item in enumerate(raw)}
    for index, item in enumerate(raw):  # a jump may also aim behind the prefixes
        starts.setdefault(item.own, index)
    instructions = tuple(
        Instruction(item.name, item.arg, item.offset, _find_target(item, table, starts, len(raw))) for item in raw
    )
    return DecodedCode(code, table, instructions, tuple(_read_regions(code.exception_table, starts, len(code.code), len(raw))))


def _read_raw(code: bytes, table: Dialect) -> list[_RawInstruction]:
    read = _decode_words if table.traits.wordcode else _decode_classic
    raw: list[_RawInstruction] = []
    position, prefix, start = 0, 0, -1
    while position < len(code):
        name, arg, following = read(code, position, table)
        arg |= prefix
        if start < 0:
            start = position
        if name == "EXTENDED_ARG":
            prefix = arg << (8 if table.traits.wordcode else 16)
            if prefix >= 1 << 40:
                raise make_malformed_error("an instruction argument is out of range")
            position = following
            continue
        end = following + 2 * table.caches.get(name, 0)
        if end > len(code) or any(code[following:end]):
            raise make_malformed_error(f"the cache words of {name} are missing or not zero")
        raw.append(_RawInstruction(name, arg, start, position, end))
        position, prefix, start = end, 0, -1
        if len(raw) > MAX_INSTRUCTIONS:
            raise make_malformed_error("the function has too many instructions")
    if start >= 0 or not raw:
        raise make_malformed_error("the instructions end early")
    return raw


def _find_name(code: bytes, position: int, table: Dialect) -> str:
    name = table.opcodes[code[position]]
    if name is None:
        version = f"{table.version[0]}.{table.version[1]}"
        raise make_malformed_error(f"opcode {code[position]} at {position} does not exist in Python {version}")
    return name


def _decode_words(code: bytes, position: int, table: Dialect) -> tuple[str, int, int]:
    if position + 1 >= len(code):
        raise make_malformed_error("the instructions end early")
    return _find_name(code, position, table), code[position + 1], position + 2


def _decode_classic(code: bytes, position: int, table: Dialect) -> tuple[str, int, int]:
    name = _find_name(code, position, table)
    if code[position] < table.have_argument:
        return name, 0, position + 1
    if position + 2 >= len(code):
        raise make_malformed_error("the instructions end early")
    return name, code[position + 1] | code[position + 2] << 8, position + 3


def _find_target(item: _RawInstruction, table: Dialect, starts: dict[int, int], count: int) -> int:
    kind = table.jumps.get(item.name)
    if kind is None:
        return -1
    distance = item.arg * table.traits.jump_unit
    backward = table.traits.signed_jumps and ("BACKWARD" in item.name or item.name == "END_ASYNC_FOR")
    goal = distance if kind == "absolute" else item.end - distance if backward else item.end + distance
    if goal not in starts:
        raise make_malformed_error(f"{item.name} at {item.offset} jumps between instructions")
    return starts[goal]


def _read_regions(table: bytes, starts: dict[int, int], size: int, count: int) -> list[GuardedRegion]:
    """Entries of 6-bit varints: start, length, target, depth<<1|lasti (``Objects/exception_handling_notes.txt``)."""
    numbers = _read_varints(table)
    if len(numbers) % 4:
        raise make_malformed_error("the exception table ends early")
    ends = {**starts, size: count}
    regions = []
    for start, length, target, packed in zip(*[iter(numbers)] * 4, strict=True):
        first, last, goal = 2 * start, 2 * (start + length), 2 * target
        if first not in starts or last not in ends or goal not in starts:
            raise make_malformed_error("the exception table points between instructions")
        regions.append(GuardedRegion(starts[first], ends[last], starts[goal], packed >> 1, bool(packed & 1)))
    return regions


def _read_varints(table: bytes) -> list[int]:
    numbers, value, more = [], 0, False
    for byte in table:
        value = value << 6 | byte & 0x3F
        more = bool(byte & 0x40)
        if value >= 1 << 30:
            raise make_malformed_error("the exception table holds an impossible offset")
        if not more:
            numbers.append(value)
            value = 0
    if more:
        raise make_malformed_error("the exception table ends early")
    return numbers


# A function as its names, constants and instructions: what is shown of one that has no Python text.


_LONGEST = 500  # instructions, or characters of a value, that are shown
# Constants may share their parts, so that their whole text would be far larger than they are.
_REPR = Repr()
_REPR.maxlevel, _REPR.maxstring, _REPR.maxother = 3, _LONGEST, _LONGEST


def describe_constant(value: object) -> str:
    """A stored value as Python text, shortened."""
    return _REPR.repr(value)


def list_code(function: CodeObject) -> Iterator[str]:
    """The names, constants and instructions of a function and of those inside it."""
    left: list[CodeObject] = [function]
    while left:
        code = left.pop(0)
        left += [held for held in code.consts if isinstance(held, CodeObject)]
        yield f"# {code.name}({', '.join(code.slots[: code.argcount + code.kwonlyargcount])})"
        yield f"names: {_shorten(', '.join(code.names))}"
        plain = [held for held in code.consts if not isinstance(held, CodeObject)]
        yield f"constants: {_shorten(', '.join(map(describe_constant, plain)))}"
        try:
            instructions = decode(code).instructions
        except AnyKerasError as error:
            yield f"# {error.seen}"
            continue
        yield from (f"{step.offset:6} {step.name} {step.arg}" for step in instructions[:_LONGEST])


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
