"""How much one run of stored code may use, and the account of what it has used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ... import limits
from ...errors import AnyKerasError
from ..errors import limit_error
from .values import ExceptionType, ExceptionValue, Thrown


def _find_default_steps() -> int:
    return limits.current().steps


@dataclass(frozen=True)
class MachineLimits:
    """Bounds of one run: counts of work, so that the same code ends the same way on every machine.

    ``steps`` counts instructions, iterations, and pieces of 64 characters, items or bits that one host operation goes
    through; ``nodes`` counts container items and 64-character pieces of text made, all together.
    """

    steps: int = field(default_factory=_find_default_steps)
    depth: int = 64  # functions that wait for each other
    nodes: int = 1_000_000
    text: int = 200_000  # characters of one text
    bits: int = 12_000  # of one integer
    nesting: int = 100  # containers in containers
    width: int = 400  # width or precision in a format


class StepMeter:
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


# The builtin exceptions as stored code sees them, and the way from host errors to them.


T = TypeVar("T")

# Class and base, "Exception hierarchy" of the Python library reference.
_HIERARCHY = """
BaseException:Exception GeneratorExit KeyboardInterrupt SystemExit BaseExceptionGroup
Exception:ArithmeticError AssertionError AttributeError BufferError EOFError ImportError LookupError MemoryError
Exception:NameError OSError ReferenceError RuntimeError StopIteration StopAsyncIteration SyntaxError SystemError
Exception:TypeError ValueError Warning StandardError ExceptionGroup
ArithmeticError:FloatingPointError OverflowError ZeroDivisionError
ImportError:ModuleNotFoundError
LookupError:IndexError KeyError
NameError:UnboundLocalError
RuntimeError:NotImplementedError RecursionError
ValueError:UnicodeError
UnicodeError:UnicodeDecodeError UnicodeEncodeError
Warning:UserWarning DeprecationWarning FutureWarning RuntimeWarning
"""


def _make_types() -> dict[str, ExceptionType]:
    types = {"BaseException": ExceptionType("BaseException", None)}
    for line in _HIERARCHY.split("\n"):
        base, _, names = line.partition(":")
        types.update((name, ExceptionType(name, types[base])) for name in names.split())
    types["IOError"] = types["EnvironmentError"] = types["OSError"]
    return types


EXCEPTIONS = _make_types()

# Errors that an operation on plain values raises in the host and that mean the same in the stored code.
_HOST_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)


def make_exception(name: str, *args: object) -> ExceptionValue:
    return ExceptionValue(EXCEPTIONS[name], args)


def throw(name: str, *args: object) -> Thrown:
    """``raise throw("IndexError", "out of range")``: an exception that the stored code can catch."""
    return Thrown(make_exception(name, *args))


def run_safely(run: Callable[..., T], *args: object) -> T:
    """``run(*args)`` on plain values; what the host raises becomes an exception of the stored code."""
    try:
        return run(*args)
    except AnyKerasError:
        raise
    except (RecursionError, MemoryError) as error:
        raise limit_error("an operation of the code needs too much memory") from error
    except _HOST_ERRORS as error:
        names = [kind.__name__ for kind in type(error).__mro__ if kind.__name__ in EXCEPTIONS]
        raise throw(names[0], str(error)) from error
