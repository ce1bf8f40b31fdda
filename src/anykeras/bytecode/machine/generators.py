"""Generators of the stored code."""

from __future__ import annotations

from collections.abc import Callable

from .faults import exception, throw
from .frame import Frame, Signal
from .values import NULL, ExceptionValue, Iter, Thrown


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
                self.send(None, exception("GeneratorExit"))
            except Thrown as thrown:
                if thrown.value.kind.name not in ("GeneratorExit", "StopIteration"):
                    raise
        self.done = True


def _starts_with_pop(frame: Frame) -> bool:
    """3.10: GEN_START takes the value of the first ``send`` from the stack."""
    return frame.body.instructions[0].name == "GEN_START"
