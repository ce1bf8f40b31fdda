"""``map``, ``zip``, ``filter``, ``enumerate``, ``reversed``: lazy, without host generators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import limit_error
from anykeras.bytecode.machine import operators
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.values import NULL, Iter

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

MAX_LEVEL = 30  # iterators over iterators


class Layered(Iter):
    """An iterator over others."""

    __slots__ = ("level", "machine", "sources")

    def __init__(self, machine: Machine, values: tuple[Any, ...]) -> None:
        self.machine = machine
        self.sources = [operators.iterator(machine, value) for value in values]
        self.level = 1 + max((getattr(source, "level", 0) for source in self.sources), default=0)
        if self.level > MAX_LEVEL:
            raise limit_error("the code nests iterators too deeply")

    def row(self) -> tuple[object, ...] | None:
        values = []
        for source in self.sources:
            value = operators.advance(self.machine, source)
            if value is NULL:
                return None
            values.append(value)
        return tuple(values) if values else None


class Map(Layered):
    __slots__ = ("function",)

    def __init__(self, machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(machine, args[1:])
        self.function = args[0]

    def advance(self) -> object:
        row = self.row()
        return NULL if row is None else self.machine.call(self.function, row, {})


class Zip(Layered):
    __slots__ = ()

    def __init__(self, machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if operators.truth(machine, kwargs.get("strict")):
            args = tuple(operators.collect(machine, value) for value in args)
            if len({len(value) for value in args}) > 1:
                raise throw("ValueError", "zip() arguments differ in length")
        super().__init__(machine, args)

    def advance(self) -> object:
        row = self.row()
        return NULL if row is None else row


class Filter(Layered):
    __slots__ = ("test",)

    def __init__(self, machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(machine, args[1:2])
        self.test = args[0]

    def advance(self) -> object:
        while (row := self.row()) is not None:
            verdict = row[0] if self.test is None else self.machine.call(self.test, row, {})
            if operators.truth(self.machine, verdict):
                return row[0]
        return NULL


class Enumerate(Layered):
    __slots__ = ("count",)

    def __init__(self, machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(machine, args[:1])
        start = args[1] if len(args) > 1 else kwargs.get("start", 0)
        if type(start) is not int:
            raise throw("TypeError", "enumerate() starts at an integer")
        self.count = start - 1

    def advance(self) -> object:
        row = self.row()
        self.count += 1
        return NULL if row is None else (self.count, row[0])


class Reversed(Layered):
    __slots__ = ()

    def __init__(self, machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        super().__init__(machine, (operators.collect(machine, args[0])[::-1],))

    def advance(self) -> object:
        row = self.row()
        return NULL if row is None else row[0]
