"""Operators, comparisons and formatted text."""

from __future__ import annotations

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine import formatting, operators
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.frame import Frame
from anykeras.bytecode.machine.handlers.table import Handler, Table
from anykeras.bytecode.machine.values import ExceptionType, Template

TABLE = Table()

# BINARY_x and INPLACE_x up to 3.10
NAMED = {
    "ADD": "+", "SUBTRACT": "-", "MULTIPLY": "*", "MATRIX_MULTIPLY": "@", "TRUE_DIVIDE": "/", "DIVIDE": "classic /",
    "FLOOR_DIVIDE": "//", "MODULO": "%", "POWER": "**", "LSHIFT": "<<", "RSHIFT": ">>", "AND": "&",
    "OR": "|", "XOR": "^",
}  # fmt: skip
UNARY = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~", "UNARY_NOT": "not"}


def _binary(op: str, inplace: bool) -> Handler:
    def handler(frame: Frame, instruction: Instruction) -> None:
        left, right = frame.pops(2)
        frame.push(operators.binary(frame.machine, op, left, right, inplace))

    return handler


def _unary(op: str) -> Handler:
    def handler(frame: Frame, instruction: Instruction) -> None:
        frame.push(operators.unary(frame.machine, op, frame.pop()))

    return handler


for _name, _op in NAMED.items():
    TABLE.on(f"BINARY_{_name}")(_binary(_op, inplace=False))
    TABLE.on(f"INPLACE_{_name}")(_binary(_op, inplace=True))
for _name, _op in UNARY.items():
    TABLE.on(_name)(_unary(_op))


@TABLE.on("BINARY_OP")
def _binary_op(frame: Frame, instruction: Instruction) -> None:
    symbols = frame.body.dialect.binary
    if instruction.arg >= len(symbols):
        raise malformed_error("a binary operator is out of range")
    symbol = symbols[instruction.arg]
    left, right = frame.pops(2)
    if symbol == "[]":
        frame.push(operators.getitem(frame.machine, left, right))
    else:
        frame.push(operators.binary(frame.machine, symbol.removesuffix("="), left, right, symbol.endswith("=")))


@TABLE.on("COMPARE_OP")
def _compare(frame: Frame, instruction: Instruction) -> None:
    symbols, place = frame.body.dialect.compare, instruction.arg >> frame.traits.compare_shift
    if place >= len(symbols):
        raise malformed_error("a comparison is out of range")
    left, right = frame.pops(2)
    answer = _compared(frame, symbols[place], left, right)
    if frame.traits.compare_to_bool and instruction.arg & frame.traits.compare_to_bool:
        answer = operators.truth(frame.machine, answer)
    frame.push(answer)


def _compared(frame: Frame, symbol: str, left: object, right: object) -> object:
    if symbol in ("is", "is not"):
        return operators.same(frame.machine, left, right, symbol == "is not")
    if symbol in ("in", "not in"):
        return operators.contains(frame.machine, left, right, symbol == "not in")
    if symbol == "exception match":
        return matches(left, right)
    if symbol == "BAD":
        raise malformed_error("a comparison is out of range")
    return operators.compare(frame.machine, symbol, left, right)


def matches(kind: object, wanted: object) -> bool:
    """Whether an exception class is one of ``wanted`` (a class or a tuple of them)."""
    if not isinstance(kind, ExceptionType):
        raise malformed_error("an exception match without an exception")
    classes = wanted if type(wanted) is tuple else (wanted,)
    return any(kind.is_a(one) for one in classes)


@TABLE.on("IS_OP")
def _is(frame: Frame, instruction: Instruction) -> None:
    left, right = frame.pops(2)
    frame.push(operators.same(frame.machine, left, right, bool(instruction.arg)))


@TABLE.on("CONTAINS_OP")
def _in(frame: Frame, instruction: Instruction) -> None:
    item, container = frame.pops(2)
    frame.push(operators.contains(frame.machine, item, container, bool(instruction.arg)))


@TABLE.on("TO_BOOL")
def _to_bool(frame: Frame, instruction: Instruction) -> None:
    frame.push(operators.truth(frame.machine, frame.pop()))


# -- formatted text

_CONVERSIONS = ("", "s", "r", "a")


@TABLE.on("FORMAT_VALUE")
def _format_value(frame: Frame, instruction: Instruction) -> None:
    spec = frame.pop() if instruction.arg & 4 else ""
    value = formatting.convert(frame.machine, frame.pop(), _CONVERSIONS[instruction.arg & 3])
    _push_formatted(frame, value, spec)


@TABLE.on("FORMAT_SIMPLE")
def _format_simple(frame: Frame, instruction: Instruction) -> None:
    _push_formatted(frame, frame.pop(), "")


@TABLE.on("FORMAT_WITH_SPEC")
def _format_with_spec(frame: Frame, instruction: Instruction) -> None:
    value, spec = frame.pops(2)
    _push_formatted(frame, value, spec)


def _push_formatted(frame: Frame, value: object, spec: object) -> None:
    if type(spec) is not str:
        raise throw("TypeError", "a format is not text")
    frame.push(formatting.formatted(frame.machine, value, spec))


@TABLE.on("CONVERT_VALUE")
def _convert(frame: Frame, instruction: Instruction) -> None:
    if not 1 <= instruction.arg <= 3:
        raise malformed_error("a conversion is out of range")
    frame.push(formatting.convert(frame.machine, frame.pop(), _CONVERSIONS[instruction.arg]))


@TABLE.on("BUILD_STRING")
def _build_string(frame: Frame, instruction: Instruction) -> None:
    frame.push(formatting.joined(frame.machine, frame.pops(instruction.arg)))


@TABLE.on("BUILD_INTERPOLATION")
def _build_interpolation(frame: Frame, instruction: Instruction) -> None:
    spec = frame.pop() if instruction.arg & 1 else ""
    value, expression = frame.pops(2)
    frame.push((value, expression, _CONVERSIONS[instruction.arg >> 2 & 3], spec))


@TABLE.on("BUILD_TEMPLATE")
def _build_template(frame: Frame, instruction: Instruction) -> None:
    strings, interpolations = frame.pops(2)
    if type(strings) is not tuple or type(interpolations) is not tuple:
        raise malformed_error("a template is made of something that is no tuple")
    frame.push(Template(strings, interpolations))
