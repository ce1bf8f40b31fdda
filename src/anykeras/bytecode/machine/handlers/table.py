"""The type of a handler, and the table that a theme enters its handlers into."""

from __future__ import annotations

from collections.abc import Callable

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.instructions import Instruction
from anykeras.bytecode.machine.frame import Frame, Signal

Handler = Callable[[Frame, Instruction], Signal | None]


class Table(dict[str, Handler]):
    def on(self, *names: str) -> Callable[[Handler], Handler]:
        """``@TABLE.on("ROT_TWO")``; a name cannot be entered twice."""

        def enter(handler: Handler) -> Handler:
            for name in names:
                if name in self:
                    raise ValueError(f"{name} has a handler already")
                self[name] = handler
            return handler

        return enter

    def refuse(self, reason: str, *names: str) -> None:
        """These instructions end the run with ``reason``."""

        def handler(frame: Frame, instruction: Instruction) -> Signal | None:
            raise unsupported_error(reason)

        self.on(*names)(handler)

    def compute(self, count: int, run: Callable[..., object], *names: str) -> None:
        """These instructions take ``count`` values and push ``run(runtime, *values)``, deepest value first."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            frame.push(run(frame.runtime, *frame.pops(count)))

        self.on(*names)(handler)

    def build(self, run: Callable[[Frame, list[object]], object], *names: str) -> None:
        """These instructions take as many values as their argument says and push ``run(frame, values)``."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            frame.push(run(frame, frame.pops(instruction.arg)))

        self.on(*names)(handler)
