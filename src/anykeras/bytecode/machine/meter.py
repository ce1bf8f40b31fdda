"""How much one run of stored code may use, and the account of what it has used."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from anykeras import limits
from anykeras.bytecode.errors import limit_error


def _steps() -> int:
    return limits.current().steps


@dataclass(frozen=True)
class MachineLimits:
    """Bounds of one run. ``nodes`` counts container items and 64-character pieces of text made, all together."""

    steps: int = field(default_factory=_steps)  # instructions and iterations
    depth: int = 64  # functions that wait for each other
    nodes: int = 1_000_000
    text: int = 200_000  # characters of one text
    bits: int = 12_000  # of one integer
    nesting: int = 100  # containers in containers
    width: int = 400  # width or precision in a format
    seconds: float = 10.0


class Meter:
    """Counts down; every method raises a BytecodeError with code LIMIT when a bound is passed."""

    def __init__(self, bounds: MachineLimits) -> None:
        self.bounds = bounds
        self.steps_left = bounds.steps
        self.nodes_left = bounds.nodes
        self.deadline = time.monotonic() + bounds.seconds

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise limit_error(f"the code took more than {self.bounds.steps} steps")
        if not self.steps_left & 0xFF:
            self.clock()

    def clock(self) -> None:
        if time.monotonic() > self.deadline:
            raise limit_error(f"the code ran longer than {self.bounds.seconds:g} seconds")

    def items(self, count: int) -> None:
        """``count`` container items are about to be made or walked."""
        self.nodes_left -= count
        if self.nodes_left < 0:
            raise limit_error(f"the code made more than {self.bounds.nodes} values")
        if count > 1000:
            self.clock()

    def characters(self, count: int) -> None:
        """A text of ``count`` characters is about to be made."""
        if count > self.bounds.text:
            raise limit_error(f"the code made a text of {count} characters")
        self.items(1 + count // 64)

    def integer(self, bits: int) -> None:
        if bits > self.bounds.bits:
            raise limit_error(f"the code made an integer of {bits} bits")
