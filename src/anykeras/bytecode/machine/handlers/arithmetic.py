"""Operators, comparisons and formatted text."""

from __future__ import annotations

from functools import partial

from ...errors import make_malformed_error
from ...instructions import Instruction
from .. import formatting, items, operators
from ..frame import Frame, matches
from ..meter import throw
from ..runtime import Runtime
from ..values import Template
from .table import HandlerTable

TABLE = HandlerTable()

# BINARY_x and INPLACE_x up to 3.10
NAMED = {
    "ADD": "+", "SUBTRACT": "-", "MULTIPLY": "*", "MATRIX_MULTIPLY": "@", "TRUE_DIVIDE": "/", "DIVIDE": "classic /",
    "FLOOR_DIVIDE": "//", "MODULO": "%", "POWER": "**", "LSHIFT": "<<", "RSHIFT": ">>", "AND": "&",
    "OR": "|", "XOR": "^",
}  # fmt: skip
UNARY = {"UNARY_NEGATIVE": "-", "UNARY_POSITIVE": "+", "UNARY_INVERT": "~", "UNARY_NOT": "not"}


def _apply_binary(op: str, inplace: bool, runtime: Runtime, left: object, right: object) -> object:
    return operators.apply_binary(runtime, op, left, right, inplace)


def _apply_unary(op: str, runtime: Runtime, value: object) -> object:
    return operators.apply_unary(runtime, op, value)


for _name, _op in NAMED.items():
    TABLE.compute(2, partial(_apply_binary, _op, False), f"BINARY_{_name}")
    TABLE.compute(2, partial(_apply_binary, _op, True), f"INPLACE_{_name}")
for _name, _op in UNARY.items():
    TABLE.compute(1, partial(_apply_unary, _op), _name)
TABLE.compute(1, operators.is_true, "TO_BOOL")


@TABLE.register("BINARY_OP")
def _binary_op(frame: Frame, instruction: Instruction) -> None:
    symbols = frame.body.dialect.binary
    if instruction.arg >= len(symbols):
        raise make_malformed_error("a binary operator is out of range")
    symbol = symbols[instruction.arg]
    left, right = frame.pops(2)
    if symbol == "[]":
        frame.push(items.get(frame.runtime, left, right))
    else:
        frame.push(operators.apply_binary(frame.runtime, symbol.removesuffix("="), left, right, symbol.endswith("=")))


@TABLE.register("COMPARE_OP")
def _compare_op(frame: Frame, instruction: Instruction) -> None:
    symbols, place = frame.body.dialect.compare, instruction.arg >> frame.traits.compare_shift
    if place >= len(symbols):
        raise make_malformed_error("a comparison is out of range")
    left, right = frame.pops(2)
    answer = _compare(frame, symbols[place], left, right)
    if frame.traits.compare_to_bool and instruction.arg & frame.traits.compare_to_bool:
        answer = operators.is_true(frame.runtime, answer)
    frame.push(answer)


def _compare(frame: Frame, symbol: str, left: object, right: object) -> object:
    if symbol in ("is", "is not"):
        return operators.is_identical(frame.runtime, left, right, symbol == "is not")
    if symbol in ("in", "not in"):
        return operators.contains(frame.runtime, left, right, symbol == "not in")
    if symbol == "exception match":
        return matches(left, right)
    if symbol == "BAD":
        raise make_malformed_error("a comparison is out of range")
    return operators.compare(frame.runtime, symbol, left, right)


@TABLE.register("IS_OP")
def _is(frame: Frame, instruction: Instruction) -> None:
    left, right = frame.pops(2)
    frame.push(operators.is_identical(frame.runtime, left, right, bool(instruction.arg)))


@TABLE.register("CONTAINS_OP")
def _in(frame: Frame, instruction: Instruction) -> None:
    item, container = frame.pops(2)
    frame.push(operators.contains(frame.runtime, item, container, bool(instruction.arg)))


# -- formatted text

_CONVERSIONS = ("", "s", "r", "a")


def _format(runtime: Runtime, value: object, spec: object = "") -> object:
    if type(spec) is not str:
        raise throw("TypeError", "a format is not text")
    return formatting.format_value(runtime, value, spec)


TABLE.compute(1, _format, "FORMAT_SIMPLE")
TABLE.compute(2, _format, "FORMAT_WITH_SPEC")
TABLE.build(lambda frame, parts: formatting.join(frame.runtime, parts), "BUILD_STRING")


@TABLE.register("FORMAT_VALUE")
def _format_value(frame: Frame, instruction: Instruction) -> None:
    spec = frame.pop() if instruction.arg & 4 else ""
    value = formatting.convert(frame.runtime, frame.pop(), _CONVERSIONS[instruction.arg & 3])
    frame.push(_format(frame.runtime, value, spec))


@TABLE.register("CONVERT_VALUE")
def _convert_value(frame: Frame, instruction: Instruction) -> None:
    if not 1 <= instruction.arg <= 3:
        raise make_malformed_error("a conversion is out of range")
    frame.push(formatting.convert(frame.runtime, frame.pop(), _CONVERSIONS[instruction.arg]))


@TABLE.register("BUILD_INTERPOLATION")
def _build_interpolation(frame: Frame, instruction: Instruction) -> None:
    spec = frame.pop() if instruction.arg & 1 else ""
    value, expression = frame.pops(2)
    frame.push((value, expression, _CONVERSIONS[instruction.arg >> 2 & 3], spec))


@TABLE.register("BUILD_TEMPLATE")
def _build_template(frame: Frame, instruction: Instruction) -> None:
    strings, interpolations = frame.pops(2)
    if type(strings) is not tuple or type(interpolations) is not tuple:
        raise make_malformed_error("a template is made of something that is no tuple")
    frame.push(Template(strings, interpolations))
