"""What the edges of a graph carry beside tensors, numbers and sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..containers.savedmodel.restore import GraphVariable
from ..recovery.functions import Operand, Refused


@dataclass(frozen=True, eq=False)
class Handle:
    """A variable that nobody has read yet, so that what becomes a layer can take it whole."""

    variable: GraphVariable


@dataclass(frozen=True, eq=False)
class TensorList:
    """A TensorList or TensorArray: items by place, None where nothing was written.

    `whole` is the tensor whose slices the items are; where their number is open, `length` is a size and there are no items.
    `shape` is that of an item, as far as it was said. A list is a value: writing gives another one.
    """

    items: tuple[Operand, ...] = ()
    shape: tuple[int | None, ...] | None = None
    dtype: str = "float32"
    whole: Operand = None
    length: Operand = None

    @property
    def open(self) -> bool:
        """Whether the number of items is not known before the model runs."""
        return self.length is not None

    def get(self, place: int) -> Operand:
        """The item at a place. Raises Refused where there is none."""
        if self.open or not 0 <= place < len(self.items):
            raise Refused(f"a list is read at {place}, where it has nothing", "AK3043")
        return self.items[place]

    def put(self, place: int, value: Operand) -> TensorList:
        """The list with a value at a place; it grows as it must."""
        if self.open or not 0 <= place < 1 << 16:
            raise Refused(f"a list of unknown length is written at {place}", "AK3043")
        items = list(self.items) + [None] * (place + 1 - len(self.items))
        items[place] = value
        return replace(self, items=tuple(items), whole=None)


@dataclass(frozen=True, eq=False)
class Complex:
    """A tensor of complex numbers."""

    real: Operand
    imaginary: Operand


@dataclass(frozen=True)
class SizeTable:
    """Numbers in rows, of which some are open sizes."""

    rows: tuple[tuple[Operand, ...], ...]


@dataclass(frozen=True, eq=False)
class Blocks:
    """A tensor whose places are put off to be spread over samples (``SpaceToBatchND``): by `block`, with a border of `edges`.

    `convolve` is what is done with it meanwhile, given a tensor and ``"same"`` or ``"valid"``, and `reach` how much
    shorter each axis is behind it. `spread` does what was put off.
    """

    x: Operand
    block: tuple[int, ...]
    edges: tuple[tuple[Operand, Operand], ...]
    reach: tuple[int, ...] = ()
    convolve: Callable[[Operand, str], Operand] | None = None
    spread: Callable[[], Operand] = field(default=lambda: None)


@dataclass(frozen=True, eq=False)
class Guarded:
    """A value that only exists where conditions hold: (condition, which side), the outermost first."""

    value: Operand
    guards: tuple[tuple[Operand, bool], ...] = field(default=())


class Dead:
    """What the branch that is not taken gives."""


DEAD = Dead()


def require_output(name: str, value: Operand) -> Operand:
    """The value of an output of the graph. Raises Refused (AK3063) where it exists under a condition only."""
    if isinstance(value, Guarded) or value is DEAD:
        raise Refused(f"the output {name} exists only where a condition holds", "AK3063")
    return value
