"""Tuples, lists, sets, dicts, slices: making, filling, unpacking, indexing; ``match`` statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...errors import make_malformed_error, make_unsupported_error
from ...instructions import Instruction
from .. import items, operators, plain
from ..frame import Frame
from ..meter import throw
from ..runtime import Runtime, ask, is_symbol
from ..values import Type, is_plain
from .table import HandlerTable

TABLE = HandlerTable()
C = TypeVar("C")

# -- making a container of the values on the stack


def _collect_items(frame: Frame, values: list[object]) -> list[object]:
    frame.runtime.meter.items(len(values))
    return values


def _collect_keys(frame: Frame, values: list[object]) -> set[object]:
    return {plain.as_key(frame.runtime.meter, item) for item in _collect_items(frame, values)}


def _make_slice(frame: Frame, parts: list[object]) -> slice:
    if len(parts) not in (2, 3):
        raise make_malformed_error("a slice has two or three parts")
    return slice(*parts)


def _make_dict(frame: Frame, keys: list[object], values: list[object]) -> dict[object, object]:
    frame.runtime.meter.items(len(keys))
    return {plain.as_key(frame.runtime.meter, key): value for key, value in zip(keys, values, strict=True)}


TABLE.build(_collect_items, "BUILD_LIST")
TABLE.build(lambda frame, values: tuple(_collect_items(frame, values)), "BUILD_TUPLE")
TABLE.build(_collect_keys, "BUILD_SET")
TABLE.build(_make_slice, "BUILD_SLICE")


@TABLE.register("BUILD_MAP")
def _build_map(frame: Frame, instruction: Instruction) -> None:
    pairs = frame.pops(2 * instruction.arg) if frame.traits.build_map_pairs else []
    frame.push(_make_dict(frame, pairs[::2], pairs[1::2]))


@TABLE.register("BUILD_CONST_KEY_MAP")
def _build_const_key_map(frame: Frame, instruction: Instruction) -> None:
    keys = frame.pop()
    if type(keys) is not tuple or len(keys) != instruction.arg:
        raise make_malformed_error("the keys of a dict are no tuple of its size")
    frame.push(_make_dict(frame, list(keys), frame.pops(instruction.arg)))


@TABLE.register("STORE_MAP")
def _store_map(frame: Frame, instruction: Instruction) -> None:
    value, key = frame.pops(2)
    items.put(frame.runtime, frame.peek(), key, value)


# -- unpacking into a new container


def _flatten(frame: Frame, parts: list[object]) -> list[object]:
    return [item for part in parts for item in items.collect(frame.runtime, part)]


def _merge_all(frame: Frame, parts: list[object]) -> dict[object, object]:
    merged: dict[object, object] = {}
    for part in parts:
        merged.update(operators.to_dict(frame.runtime, part))
    return merged


TABLE.build(_flatten, "BUILD_LIST_UNPACK")
TABLE.build(lambda frame, parts: tuple(_flatten(frame, parts)), "BUILD_TUPLE_UNPACK", "BUILD_TUPLE_UNPACK_WITH_CALL")
TABLE.build(lambda frame, parts: operators.to_set(frame.runtime, _flatten(frame, parts)), "BUILD_SET_UNPACK")
TABLE.build(_merge_all, "BUILD_MAP_UNPACK")


@TABLE.register("BUILD_MAP_UNPACK_WITH_CALL")
def _merge_keywords(frame: Frame, instruction: Instruction) -> None:
    merged: dict[object, object] = {}
    for part in frame.pops(instruction.arg & 0xFF):  # 3.5 also tells where the callable lies, in the high byte
        _merge(frame.runtime, merged, part)
    frame.push(merged)


def _merge(runtime: Runtime, target: dict[object, object], part: object) -> None:
    more = operators.to_dict(runtime, part)
    twice = more.keys() & target.keys()
    if twice:
        raise throw("TypeError", f"got multiple values for keyword argument {next(iter(twice))!r}")
    target.update(more)


TABLE.compute(1, lambda runtime, value: tuple(items.collect(runtime, value)), "LIST_TO_TUPLE")

# -- filling the container at a depth of the stack


def _find_container(frame: Frame, depth: int, kind: type[C]) -> C:
    target = frame.peek(depth)
    if not isinstance(target, kind):
        raise make_malformed_error(f"an item is added to something that is no {kind.__name__}")
    return target


def _fill(name: str, kind: type[C], add: Callable[[Runtime, C, object], None]) -> None:
    """``name`` takes a value and adds it to the container at the depth that its argument says."""

    def handler(frame: Frame, instruction: Instruction) -> None:
        value = frame.pop()
        add(frame.runtime, _find_container(frame, instruction.arg, kind), value)

    TABLE.register(name)(handler)


def _append(runtime: Runtime, target: list[object], value: object) -> None:
    runtime.meter.items(1)
    target.append(value)


def _add(runtime: Runtime, target: set[object], value: object) -> None:
    runtime.meter.items(1)
    target.add(plain.as_key(runtime.meter, value))


_fill("LIST_APPEND", list, _append)
_fill("LIST_EXTEND", list, lambda runtime, target, value: target.extend(items.collect(runtime, value)))
_fill("SET_ADD", set, _add)
_fill("SET_UPDATE", set, lambda runtime, target, value: target.update(operators.to_set(runtime, value)))
_fill("DICT_UPDATE", dict, lambda runtime, target, value: target.update(operators.to_dict(runtime, value)))
_fill("DICT_MERGE", dict, _merge)


@TABLE.register("MAP_ADD")
def _map_add(frame: Frame, instruction: Instruction) -> None:
    key, value = frame.pops(2)
    if not frame.traits.map_add_value_on_top:
        key, value = value, key
    frame.runtime.meter.items(1)
    _find_container(frame, instruction.arg, dict)[plain.as_key(frame.runtime.meter, key)] = value


# -- unpacking onto the stack


@TABLE.register("UNPACK_SEQUENCE")
def _unpack_sequence(frame: Frame, instruction: Instruction) -> None:
    values = items.unpack(frame.runtime, frame.pop(), instruction.arg)
    if len(values) != instruction.arg:
        raise throw("ValueError", f"expected {instruction.arg} values to unpack, got {len(values)}")
    frame.push(*values[::-1])


@TABLE.register("UNPACK_EX")
def _unpack_ex(frame: Frame, instruction: Instruction) -> None:
    values = items.collect(frame.runtime, frame.pop())
    before, after = instruction.arg & 0xFF, instruction.arg >> 8
    rest = len(values) - after
    if rest < before:
        raise throw("ValueError", "not enough values to unpack")
    frame.push(*reversed([*values[:before], values[before:rest], *values[rest:]]))


# -- items

TABLE.compute(2, items.get, "BINARY_SUBSCR")
TABLE.compute(3, lambda runtime, value, start, stop: items.get(runtime, value, slice(start, stop)), "BINARY_SLICE")


TABLE.perform(3, lambda runtime, item, value, key: items.put(runtime, value, key, item), "STORE_SUBSCR")
TABLE.perform(4, lambda runtime, item, value, start, stop: items.put(runtime, value, slice(start, stop), item), "STORE_SLICE")
TABLE.perform(2, items.delete, "DELETE_SUBSCR")
TABLE.load(lambda frame, arg: items.measure(frame.runtime, frame.peek()), "GET_LEN")


# ``match`` statements.


@TABLE.register("MATCH_SEQUENCE")
def _read_sequence(frame: Frame, instruction: Instruction) -> None:
    value = frame.peek()
    if is_symbol(frame.runtime, value):
        frame.push(bool(ask(frame.runtime.domain.builtin, "isinstance", (value, ("Sequence",)), {})))
    else:
        frame.push(type(value) in (list, tuple, range))


@TABLE.register("MATCH_MAPPING")
def _read_mapping(frame: Frame, instruction: Instruction) -> None:
    frame.push(type(frame.peek()) is dict)


@TABLE.register("MATCH_KEYS")
def _keys(frame: Frame, instruction: Instruction) -> None:
    subject, keys = frame.peek(2), frame.peek(1)
    if type(subject) is not dict or type(keys) is not tuple:
        raise make_malformed_error("keys are matched against something that is no dict")
    found = all(plain.as_key(frame.runtime.meter, key) in subject for key in keys)
    frame.push(tuple(subject[key] for key in keys) if found else None)
    if frame.traits.match_pushes_bool:
        frame.push(found)


@TABLE.register("MATCH_CLASS")
def _class(frame: Frame, instruction: Instruction) -> None:
    subject, kind, names = frame.pops(3)
    if not isinstance(kind, Type) or is_symbol(frame.runtime, subject) or type(names) is not tuple:
        raise make_unsupported_error("the code matches a class that is no builtin type")
    if names or instruction.arg > 1:
        raise make_unsupported_error("the code matches attributes of a class")
    found = is_plain(subject) and isinstance(subject, kind.hosts)
    captured = (subject,) * instruction.arg if found else None
    if frame.traits.match_pushes_bool:
        frame.push(captured if found else subject, found)
    else:
        frame.push(captured)


@TABLE.register("COPY_DICT_WITHOUT_KEYS")
def _rest(frame: Frame, instruction: Instruction) -> None:
    subject, keys = frame.peek(2), frame.peek(1)
    if type(subject) is not dict or type(keys) is not tuple:
        raise make_malformed_error("keys are removed from something that is no dict")
    frame.runtime.meter.items(len(subject))
    dropped = {plain.as_key(frame.runtime.meter, key) for key in keys}
    frame.replace(1, {key: value for key, value in subject.items() if key not in dropped})
