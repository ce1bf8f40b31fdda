"""What of a graph the user asks for; it loads nothing, since every verb has it among its arguments."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Selection:
    """What the user asks for: a signature by name, or tensors as inputs and outputs."""

    signature: str | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.signature or self.inputs or self.outputs)


NOTHING = Selection()
