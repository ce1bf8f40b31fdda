"""How much one run of stored code may use, and the account of what it has used."""

from __future__ import annotations

from dataclasses import dataclass, field

from ... import limits
from ..errors import limit_error


def _default_steps() -> int:
    return limits.current().steps


@dataclass(frozen=True)
class MachineLimits:
    """Bounds of one run: counts of work, so that the same code ends the same way on every machine.

    ``steps`` counts instructions, iterations, and pieces of 64 characters, items or bits that one host operation goes
    through; ``nodes`` counts container items and 64-character pieces of text made, all together.
    """

    steps: int = field(default_factory=_default_steps)
    depth: int = 64  # functions that wait for each other
    nodes: int = 1_000_000
    text: int = 200_000  # characters of one text
    bits: int = 12_000  # of one integer
    nesting: int = 100  # containers in containers
    width: int = 400  # width or precision in a format


class Meter:
    """Counts down; every method raises a BytecodeError with code LIMIT when a bound is passed."""

    def __init__(self, bounds: MachineLimits) -> None:
        self.bounds = bounds
        self.steps_left = bounds.steps
        self.nodes_left = bounds.nodes
        self.file = limits.budget()
        self.first_of: dict[int, object] = {}  # hash -> the first key that had it
        self.collisions = 0

    def step(self, count: int = 1) -> None:
        self.steps_left -= count
        if self.steps_left < 0:
            raise limit_error(f"the code took more than {self.bounds.steps} steps")
        self.file.charge(count)

    def scan(self, size: int) -> None:
        """The host is about to go through ``size`` characters, items or bits."""
        self.step(size // 64)

    def items(self, count: int) -> None:
        """``count`` container items are about to be made or walked."""
        self.nodes_left -= count
        if self.nodes_left < 0:
            raise limit_error(f"the code made more than {self.bounds.nodes} values")
        self.file.charge(count >> 4)

    def characters(self, count: int) -> None:
        """A text of ``count`` characters is about to be made."""
        if count > self.bounds.text:
            raise limit_error(f"the code made a text of {count} characters")
        self.items(1 + count // 64)

    def key(self, value: object) -> None:
        """``value`` is about to be hashed. Keys that share a hash make every look-up a walk over all of them.

        Hashes of numbers and tuples can be chosen (those of texts cannot: Python draws their seed).
        """
        first = self.first_of.setdefault(hash(value), value)
        if first is not value and first != value:
            self.collisions += 1
            self.step(self.collisions)

    def integer(self, bits: int) -> None:
        if bits > self.bounds.bits:
            raise limit_error(f"the code made an integer of {bits} bits")
