"""``match`` statements."""

from __future__ import annotations

from ...errors import malformed_error, unsupported_error
from ...instructions import Instruction
from .. import plain
from ..frame import Frame
from ..runtime import ask, is_symbol
from ..values import Type, is_plain
from .table import Table

TABLE = Table()


@TABLE.register("MATCH_SEQUENCE")
def _sequence(frame: Frame, instruction: Instruction) -> None:
    value = frame.peek()
    if is_symbol(frame.runtime, value):
        frame.push(bool(ask(frame.runtime.domain.builtin, "isinstance", (value, ("Sequence",)), {})))
    else:
        frame.push(type(value) in (list, tuple, range))


@TABLE.register("MATCH_MAPPING")
def _mapping(frame: Frame, instruction: Instruction) -> None:
    frame.push(type(frame.peek()) is dict)


@TABLE.register("MATCH_KEYS")
def _keys(frame: Frame, instruction: Instruction) -> None:
    subject, keys = frame.peek(2), frame.peek(1)
    if type(subject) is not dict or type(keys) is not tuple:
        raise malformed_error("keys are matched against something that is no dict")
    found = all(plain.as_key(frame.runtime.meter, key) in subject for key in keys)
    frame.push(tuple(subject[key] for key in keys) if found else None)
    if frame.traits.match_pushes_bool:
        frame.push(found)


@TABLE.register("MATCH_CLASS")
def _class(frame: Frame, instruction: Instruction) -> None:
    subject, kind, names = frame.pops(3)
    if not isinstance(kind, Type) or is_symbol(frame.runtime, subject) or type(names) is not tuple:
        raise unsupported_error("the code matches a class that is no builtin type")
    if names or instruction.arg > 1:
        raise unsupported_error("the code matches attributes of a class")
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
        raise malformed_error("keys are removed from something that is no dict")
    frame.runtime.meter.items(len(subject))
    dropped = {plain.as_key(frame.runtime.meter, key) for key in keys}
    frame.replace(1, {key: value for key, value in subject.items() if key not in dropped})
