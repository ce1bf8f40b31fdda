"""Generators of the stored code; ``map``, ``zip``, ``filter``, ``enumerate``, ``reversed`` without host generators."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import limit_error
from . import items, operators
from .frame import Frame, Signal
from .meter import make_exception, throw
from .runtime import Runtime
from .values import NULL, Args, ExceptionValue, Iter, Kwargs, Thrown


class Generator(Iter):
    """A frame that stands still between its values."""

    __slots__ = ("done", "frame", "result", "resume", "running", "started")

    def __init__(self, frame: Frame, resume: Callable[[Frame, ExceptionValue | None], Signal]) -> None:
        self.frame, self.resume = frame, resume
        self.started = self.done = self.running = False
        self.result: object = None

    def advance(self) -> object:
        return self.send(None)

    def send(self, value: object, error: ExceptionValue | None = None) -> object:
        """The next value, or ``NULL`` when the generator returned; ``result`` then holds what it returned."""
        if self.done:
            if error is not None:
                raise Thrown(error)
            return NULL
        if self.running:
            raise throw("ValueError", "generator already executing")
        if not self.started and value is not None:
            raise throw("TypeError", "can't send non-None value to a just-started generator")
        return self._resume(value, error)

    def _resume(self, value: object, error: ExceptionValue | None) -> object:
        if self.started or (self.frame.traits.handlers == "blocks" and _starts_with_pop(self.frame)):
            self.frame.push(value)
        self.started = self.running = True
        try:
            signal = self.resume(self.frame, error)
        except Thrown as thrown:
            self.done = True
            if thrown.value.kind.name != "StopIteration":
                raise
            if not self.frame.traits.stop_iteration_ends:
                raise throw("RuntimeError", "generator raised StopIteration") from thrown
            return NULL
        finally:
            self.running = False
        if signal.kind == "yield":
            return signal.value
        self.done, self.result = True, signal.value
        return NULL

    def close(self) -> None:
        if self.started and not self.done:
            try:
                self.send(None, make_exception("GeneratorExit"))
            except Thrown as thrown:
                if thrown.value.kind.name not in ("GeneratorExit", "StopIteration"):
                    raise
        self.done = True


def _starts_with_pop(frame: Frame) -> bool:
    """3.10: GEN_START takes the value of the first ``send`` from the stack."""
    return frame.body.instructions[0].name == "GEN_START"


# ``map``, ``zip``, ``filter``, ``enumerate``, ``reversed``: lazy, without host generators.


MAX_LEVEL = 30  # iterators over iterators


class LayeredIter(Iter):
    """An iterator over others; ``result`` makes its next value of a row of theirs, ``NULL`` leaves the row out."""

    __slots__ = ("level", "runtime", "sources")

    def __init__(self, runtime: Runtime, values: Args) -> None:
        self.runtime = runtime
        self.sources = [items.iterate(runtime, value) for value in values]
        self.level = 1 + max((source.level for source in self.sources), default=0)
        if self.level > MAX_LEVEL:
            raise limit_error("the code nests iterators too deeply")

    def result(self, row: Args) -> object:
        return row

    def advance(self) -> object:
        while True:
            row = []
            for source in self.sources:
                row.append(items.advance(self.runtime, source))
                if row[-1] is NULL:
                    return NULL
            if not row:
                return NULL
            result = self.result(tuple(row))
            if result is not NULL:
                return result


class Map(LayeredIter):
    __slots__ = ("function",)

    def __init__(self, runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
        super().__init__(runtime, args[1:])
        self.function = args[0]

    def result(self, row: Args) -> object:
        return self.runtime.call(self.function, row, {})


class Zip(LayeredIter):
    __slots__ = ()

    def __init__(self, runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
        if operators.is_true(runtime, kwargs.get("strict")):
            columns = [items.collect(runtime, value) for value in args]
            if len({len(column) for column in columns}) > 1:
                raise throw("ValueError", "zip() arguments differ in length")
            args = tuple(columns)
        super().__init__(runtime, args)


class Filter(LayeredIter):
    __slots__ = ("test",)

    def __init__(self, runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
        super().__init__(runtime, args[1:2])
        self.test = args[0]

    def result(self, row: Args) -> object:
        verdict = row[0] if self.test is None else self.runtime.call(self.test, row, {})
        return row[0] if operators.is_true(self.runtime, verdict) else NULL


class Enumerate(LayeredIter):
    __slots__ = ("count",)

    def __init__(self, runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
        super().__init__(runtime, args[:1])
        start = args[1] if len(args) > 1 else kwargs.get("start", 0)
        if type(start) is not int:
            raise throw("TypeError", "enumerate() starts at an integer")
        self.count = start - 1

    def result(self, row: Args) -> object:
        self.count += 1
        return self.count, row[0]


class Reversed(LayeredIter):
    __slots__ = ()

    def __init__(self, runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
        super().__init__(runtime, (items.collect(runtime, args[0])[::-1],))

    def result(self, row: Args) -> object:
        return row[0]
