"""How much a file may ask for. One place, so that a service can tighten and a workstation can widen it.

Most bounds hold for one thing: a text, a function, a tensor. A :class:`Budget` holds for a file as a whole, whatever it is
spent on; it counts work, never time, so that a file ends the same way on every machine.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from .errors import LimitExceeded

MIB, GIB = 1 << 20, 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bounds that hold while a file is read; sizes are in bytes."""

    config_bytes: int = 64 * MIB  # text of an architecture, inflated
    config_depth: int = 512  # nesting of JSON or YAML
    config_nodes: int = 2_000_000  # values in one architecture: a number is one, a text two, an object four
    config_digits: int = 400  # digits of one number
    layers: int = 20_000  # layers in one file, nested ones included
    nesting: int = 64  # models inside models
    objects: int = 2_000_000  # groups and datasets of one HDF5 file
    links: int = 64  # depth of groups
    attribute_bytes: int = 64 * MIB  # all attributes of one HDF5 file
    tensor_bytes: int = 256 * GIB  # declared bytes of all tensors together
    unstored_bytes: int = 64 * MIB  # declared beyond what the file really stores (fill values), all together
    archive_members: int = 100_000
    asset_bytes: int = 2 * GIB
    tensor_rank: int = 32
    code_bytes: int = 4 * MIB  # marshalled code of one function
    steps: int = 1_000_000  # instructions of one recovered function
    work: int = 3_000_000  # steps of one file: instructions of its functions, operations they make, values gone through
    array_bytes: int = 128 * MIB  # constants computed for a file and weights made anew, held at one time


class Budget:
    """What is left of the work that one file may cause; everything charges here before it works.

    One step is about a microsecond of Python: an instruction of stored code, a value that is walked or copied.
    """

    __slots__ = ("bounds", "held", "left")

    def __init__(self, bounds: Limits) -> None:
        self.bounds, self.left, self.held = bounds, bounds.work, 0

    def charge(self, steps: int) -> None:
        """Pay for work that is about to be done. Raises LimitExceeded."""
        if steps > self.left:
            raise limit_error(f"the file asks for more than {self.bounds.work} steps of work", "work")
        self.left -= steps

    def hold(self, size: int, array: Any = None) -> None:
        """Pay for `size` bytes that are about to be made; with `array`, until it is gone. Raises LimitExceeded."""
        if self.held + size > self.bounds.array_bytes:
            raise limit_error(
                f"the file asks for more than {self.bounds.array_bytes} bytes of constants and new weights", "array_bytes"
            )
        if array is not None:
            self.held += size
            weakref.finalize(array, self._release, size)

    def _release(self, size: int) -> None:
        self.held -= size


def limit_error(seen: str, key: str | None = None, part: str | None = None) -> LimitExceeded:
    """The refusal of a file that asks for more than a limit allows; `key` is the limit, where it has a name."""
    setting = f"{key}=..." if key else "..."
    return LimitExceeded(
        "AK1003",
        seen,
        part=part,
        key=key,
        next_step=f"If you trust the file, raise the limit with anykeras.limits.override({setting}).",
    )


_DEFAULT = Limits()
_current: ContextVar[Limits] = ContextVar("anykeras_limits", default=_DEFAULT)
_budget: ContextVar[Budget | None] = ContextVar("anykeras_budget", default=None)


def current() -> Limits:
    """The limits in force."""
    return _current.get()


def begin_budget() -> Budget:
    """A whole budget, by the limits in force."""
    return Budget(current())


def budget() -> Budget:
    """The budget in force; a whole one, for the asker alone, where no file is being read."""
    return _budget.get() or begin_budget()


@contextmanager
def spend(budget: Budget) -> Iterator[Budget]:
    """Charge to `budget` what is done meanwhile."""
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


@contextmanager
def spend_one() -> Iterator[Budget]:
    """Charge what is done meanwhile to the budget in force; where none is, to one whole one for all of it."""
    with spend(budget()) as one:
        yield one


@contextmanager
def override(**bounds: int) -> Iterator[Limits]:
    """Use other bounds for a while: ``with anykeras.limits.override(layers=1000): ...``."""
    token = _current.set(replace(_current.get(), **bounds))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
