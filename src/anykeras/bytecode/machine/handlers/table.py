"""The type of a handler, and the table that a theme enters its handlers into."""

from __future__ import annotations

from collections.abc import Callable

from ....registry import Registry
from ...errors import make_unsupported_error
from ...instructions import Instruction
from ..frame import Frame, Signal

Handler = Callable[[Frame, Instruction], Signal | None]


class HandlerTable(Registry[str, Handler]):
    """The handlers of one theme by the name of their instruction: ``@TABLE.register("ROT_TWO")``."""

    def __init__(self) -> None:
        super().__init__("handler")

    def refuse(self, reason: str, *names: str) -> None:
        """These instructions end the run with ``reason``."""

        def handler(frame: Frame, instruction: Instruction) -> Signal | None:
            raise make_unsupported_error(reason)

        self.register(*names)(handler)

    def compute(self, count: int, run: Callable[..., object], *names: str) -> None:
        """These instructions take ``count`` values and push ``run(runtime, *values)``, deepest value first."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            frame.push(run(frame.runtime, *frame.pops(count)))

        self.register(*names)(handler)

    def build(self, run: Callable[[Frame, list[object]], object], *names: str) -> None:
        """These instructions take as many values as their argument says and push ``run(frame, values)``."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            frame.push(run(frame, frame.pops(instruction.arg)))

        self.register(*names)(handler)

    def perform(self, count: int, run: Callable[..., object], *names: str) -> None:
        """These instructions take ``count`` values for ``run(runtime, *values)``, deepest value first; nothing is pushed."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            run(frame.runtime, *frame.pops(count))

        self.register(*names)(handler)

    def load(self, run: Callable[[Frame, int], object], *names: str) -> None:
        """These instructions push ``run(frame, argument)``."""

        def handler(frame: Frame, instruction: Instruction) -> None:
            frame.push(run(frame, instruction.arg))

        self.register(*names)(handler)
