"""Tuples, lists, sets, dicts, slices: making, filling, unpacking, indexing."""

from __future__ import annotations

from anykeras.bytecode.errors import malformed_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine import operators, ordering, plain
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.frame import Frame
from anykeras.bytecode.machine.handlers.table import Table

TABLE = Table()


def _made(frame: Frame, count: int) -> list[object]:
    frame.machine.meter.items(count)
    return frame.pops(count)


@TABLE.on("BUILD_TUPLE")
def _tuple(frame: Frame, instruction: Instruction) -> None:
    frame.push(tuple(_made(frame, instruction.arg)))


@TABLE.on("BUILD_LIST")
def _list(frame: Frame, instruction: Instruction) -> None:
    frame.push(_made(frame, instruction.arg))


@TABLE.on("BUILD_SET")
def _set(frame: Frame, instruction: Instruction) -> None:
    frame.push({plain.key(frame.machine.meter, item) for item in _made(frame, instruction.arg)})


@TABLE.on("BUILD_SLICE")
def _slice(frame: Frame, instruction: Instruction) -> None:
    if instruction.arg not in (2, 3):
        raise malformed_error("a slice has two or three parts")
    frame.push(slice(*frame.pops(instruction.arg)))


def _dict(frame: Frame, keys: list[object], values: list[object]) -> dict[object, object]:
    frame.machine.meter.items(len(keys))
    return {plain.key(frame.machine.meter, key): value for key, value in zip(keys, values, strict=True)}


@TABLE.on("BUILD_MAP")
def _map(frame: Frame, instruction: Instruction) -> None:
    if not frame.traits.build_map_pairs:
        frame.push({})
        return
    items = frame.pops(2 * instruction.arg)
    frame.push(_dict(frame, items[::2], items[1::2]))


@TABLE.on("BUILD_CONST_KEY_MAP")
def _const_key_map(frame: Frame, instruction: Instruction) -> None:
    keys = frame.pop()
    if type(keys) is not tuple or len(keys) != instruction.arg:
        raise malformed_error("the keys of a dict are no tuple of its size")
    frame.push(_dict(frame, list(keys), frame.pops(instruction.arg)))


@TABLE.on("STORE_MAP")
def _store_map(frame: Frame, instruction: Instruction) -> None:
    value, key = frame.pops(2)
    operators.setitem(frame.machine, frame.peek(), key, value)


# -- unpacking into a new container


def _flat(frame: Frame, count: int) -> list[object]:
    return [item for part in frame.pops(count) for item in operators.collect(frame.machine, part)]


@TABLE.on("BUILD_TUPLE_UNPACK", "BUILD_TUPLE_UNPACK_WITH_CALL")
def _tuple_unpack(frame: Frame, instruction: Instruction) -> None:
    frame.push(tuple(_flat(frame, instruction.arg)))


@TABLE.on("BUILD_LIST_UNPACK")
def _list_unpack(frame: Frame, instruction: Instruction) -> None:
    frame.push(_flat(frame, instruction.arg))


@TABLE.on("BUILD_SET_UNPACK")
def _set_unpack(frame: Frame, instruction: Instruction) -> None:
    frame.push(ordering.members(frame.machine, _flat(frame, instruction.arg)))


@TABLE.on("BUILD_MAP_UNPACK")
def _map_unpack(frame: Frame, instruction: Instruction) -> None:
    merged: dict[object, object] = {}
    for part in frame.pops(instruction.arg):
        merged.update(ordering.mapping(frame.machine, part))
    frame.push(merged)


@TABLE.on("BUILD_MAP_UNPACK_WITH_CALL")
def _map_unpack_call(frame: Frame, instruction: Instruction) -> None:
    merged: dict[object, object] = {}
    for part in frame.pops(instruction.arg & 0xFF):  # 3.5 also tells where the callable lies, in the high byte
        _merge(frame, merged, part)
    frame.push(merged)


def _merge(frame: Frame, target: dict[object, object], part: object) -> None:
    given = ordering.mapping(frame.machine, part)
    twice = given.keys() & target.keys()
    if twice:
        raise throw("TypeError", f"got multiple values for keyword argument {next(iter(twice))!r}")
    target.update(given)


@TABLE.on("LIST_TO_TUPLE")
def _list_to_tuple(frame: Frame, instruction: Instruction) -> None:
    frame.push(tuple(operators.collect(frame.machine, frame.pop())))


# -- filling the container at a depth of the stack


def _list_at(frame: Frame, depth: int) -> list[object]:
    target = frame.peek(depth)
    if type(target) is not list:
        raise malformed_error("an item is added to something that is no list")
    return target


def _set_at(frame: Frame, depth: int) -> set[object]:
    target = frame.peek(depth)
    if type(target) is not set:
        raise malformed_error("an item is added to something that is no set")
    return target


def _dict_at(frame: Frame, depth: int) -> dict[object, object]:
    target = frame.peek(depth)
    if type(target) is not dict:
        raise malformed_error("an item is added to something that is no dict")
    return target


@TABLE.on("LIST_APPEND")
def _append(frame: Frame, instruction: Instruction) -> None:
    value = frame.pop()
    frame.machine.meter.items(1)
    _list_at(frame, instruction.arg).append(value)


@TABLE.on("SET_ADD")
def _add(frame: Frame, instruction: Instruction) -> None:
    value = frame.pop()
    frame.machine.meter.items(1)
    _set_at(frame, instruction.arg).add(plain.key(frame.machine.meter, value))


@TABLE.on("MAP_ADD")
def _map_add(frame: Frame, instruction: Instruction) -> None:
    key, value = frame.pops(2)
    if not frame.traits.map_add_value_on_top:
        key, value = value, key
    frame.machine.meter.items(1)
    _dict_at(frame, instruction.arg)[plain.key(frame.machine.meter, key)] = value


@TABLE.on("LIST_EXTEND")
def _extend(frame: Frame, instruction: Instruction) -> None:
    values = operators.collect(frame.machine, frame.pop())
    _list_at(frame, instruction.arg).extend(values)


@TABLE.on("SET_UPDATE")
def _set_update(frame: Frame, instruction: Instruction) -> None:
    values = ordering.members(frame.machine, frame.pop())
    _set_at(frame, instruction.arg).update(values)


@TABLE.on("DICT_UPDATE")
def _dict_update(frame: Frame, instruction: Instruction) -> None:
    given = ordering.mapping(frame.machine, frame.pop())
    _dict_at(frame, instruction.arg).update(given)


@TABLE.on("DICT_MERGE")
def _dict_merge(frame: Frame, instruction: Instruction) -> None:
    given = frame.pop()
    _merge(frame, _dict_at(frame, instruction.arg), given)


# -- unpacking onto the stack


@TABLE.on("UNPACK_SEQUENCE")
def _unpack(frame: Frame, instruction: Instruction) -> None:
    values = operators.unpacked(frame.machine, frame.pop(), instruction.arg)
    if len(values) != instruction.arg:
        raise throw("ValueError", f"expected {instruction.arg} values to unpack, got {len(values)}")
    frame.push(*values[::-1])


@TABLE.on("UNPACK_EX")
def _unpack_ex(frame: Frame, instruction: Instruction) -> None:
    values = operators.collect(frame.machine, frame.pop())
    before, after = instruction.arg & 0xFF, instruction.arg >> 8
    rest = len(values) - after
    if rest < before:
        raise throw("ValueError", "not enough values to unpack")
    frame.push(*reversed([*values[:before], values[before:rest], *values[rest:]]))


# -- items


@TABLE.on("BINARY_SUBSCR")
def _subscript(frame: Frame, instruction: Instruction) -> None:
    value, key = frame.pops(2)
    frame.push(operators.getitem(frame.machine, value, key))


@TABLE.on("STORE_SUBSCR")
def _store_subscript(frame: Frame, instruction: Instruction) -> None:
    item, value, key = frame.pops(3)
    operators.setitem(frame.machine, value, key, item)


@TABLE.on("DELETE_SUBSCR")
def _delete_subscript(frame: Frame, instruction: Instruction) -> None:
    value, key = frame.pops(2)
    operators.delitem(frame.machine, value, key)


@TABLE.on("BINARY_SLICE")
def _binary_slice(frame: Frame, instruction: Instruction) -> None:
    value, start, stop = frame.pops(3)
    frame.push(operators.getitem(frame.machine, value, slice(start, stop)))


@TABLE.on("STORE_SLICE")
def _store_slice(frame: Frame, instruction: Instruction) -> None:
    item, value, start, stop = frame.pops(4)
    operators.setitem(frame.machine, value, slice(start, stop), item)


@TABLE.on("GET_LEN")
def _get_len(frame: Frame, instruction: Instruction) -> None:
    frame.push(operators.length(frame.machine, frame.peek()))
