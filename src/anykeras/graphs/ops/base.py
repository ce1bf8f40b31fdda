"""What a row of the op table is given, and how it registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...recovery.functions import Dim, Operand, Refused, Sizes, resolve
from ...recovery.functions.shapes import sizes
from ...registry import Registry
from ..values import Handle
from ..writer import GraphWriter


@dataclass(frozen=True)
class NodeCall:
    """One node to be translated: its op and name, the values of its inputs, its attributes with their defaults."""

    ops: GraphWriter
    op: str
    name: str
    given: tuple[Operand, ...]
    at: Mapping[str, Operand]

    def __len__(self) -> int:
        return len(self.given)

    def tensor(self, place: int) -> Operand:
        """An input as a tensor or as numbers; one number is Python's where that is the same."""
        return plain_number(self.ops.tensor(self.given[place], self.dtype_of_sizes()))

    def tensors(self) -> list[Operand]:
        """All inputs as tensors or numbers."""
        return [self.tensor(place) for place in range(len(self.given))]

    def array(self, place: int) -> Operand:
        """An input as a tensor or an array, one number included."""
        return self.ops.tensor(self.given[place], self.dtype_of_sizes())

    def dtype_of_sizes(self) -> str:
        """What sizes are among these inputs."""
        found = self.at.get("T", "int32")
        return found if found in ("int32", "int64") else "int32"

    def sizes(self, place: int) -> tuple[Operand, ...]:
        """An input as a shape: whole numbers, and sizes that are open. Raises Refused where values of a tensor say them."""
        value = self.given[place]
        value = self.ops.tensor(value) if isinstance(value, Handle) else value
        return tuple(sizes(self.ops, np.ravel(value).tolist() if isinstance(value, np.ndarray | np.generic) else value))

    def integers(self, place: int) -> tuple[int, ...]:
        """An input as whole numbers that are known. Raises Refused."""
        found = self.sizes(place)
        if any(isinstance(size, Dim) for size in found):
            raise Refused(f"the op {self.op} depends on a size that is not known before the model runs", "AK3062")
        return tuple(int(size) for size in found)

    def integer(self, place: int) -> int:
        """An input as one whole number."""
        return self.integers(place)[0]

    def number(self, place: int) -> float | int | bool:
        """An input as one number of Python. Raises Refused where it is a tensor."""
        value = self.ops.tensor(self.given[place]) if isinstance(self.given[place], Handle) else self.given[place]
        if self.ops.is_tensor(value) or isinstance(value, Dim | Sizes):
            raise Refused(f"the op {self.op} is given a computed value where AnyKeras needs a constant", "AK3062")
        found: float | int | bool = np.asarray(value).reshape(-1)[0].item()
        return found

    def call(self, function: str, *args: Operand, **kwargs: Operand) -> Operand:
        """A function of TensorFlow by its public name, as recovery has it."""
        entry = resolve(f"tensorflow.{function}", self.ops.context)
        if entry is None:
            raise Refused(f"the function tf.{function} has no counterpart", "AK3062")
        return entry(self.ops, *args, **kwargs)

    def keep(self, value: Operand, attribute: str = "T") -> Operand:
        """A value in the dtype that the node says."""
        wanted = self.at.get(attribute)
        return value if wanted is None else cast(self.ops, value, str(wanted))


Translate = Callable[[NodeCall], Operand]
OPS: Registry[str, Translate] = Registry("op")


def op(*names: str) -> Callable[[Translate], Translate]:
    """Register the decorated function for ops."""
    return OPS.register(*names)


def rows(table: Mapping[str, Translate]) -> None:
    """Register ops, separated by spaces, by what translates them."""
    for names, run in table.items():
        for name in names.split():
            OPS.add(name, run)


def plain_number(value: Operand) -> Operand:
    """An array of no axes as a number of Python, where every dtype beside it stays the same."""
    if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0 and value.dtype in _PLAIN:
        return value.item()
    return value


_PLAIN = frozenset(np.dtype(name) for name in ("float32", "int32", "bool"))


def cast(ops: GraphWriter, value: Operand, dtype: str) -> Operand:
    """A value in a dtype; constants at once."""
    if ops.is_tensor(value):
        return value if ops.dtype(value) == dtype else ops.op("cast", value, dtype)
    if isinstance(value, Dim | Sizes):
        return value if "int" in dtype else ops.op("cast", ops.tensor(value), dtype)
    array = np.asarray(value)
    with np.errstate(all="ignore"):
        changed: Any = array if str(array.dtype) == dtype else array.astype(dtype)
    return changed


def is_constant(call: NodeCall) -> bool:
    """Whether all inputs are numbers."""
    return all(isinstance(value, np.ndarray | np.generic | int | float | bool) for value in call.given)
