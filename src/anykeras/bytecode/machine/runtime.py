"""What an operation may ask of the machine that runs it, and the values that hold operations of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from ...errors import AnyKerasError
from ..dialects import Traits
from ..errors import make_unsupported_error
from .domain import Domain
from .meter import StepMeter
from .values import Args, Function, Kwargs, Locals, MachineValue, Thrown, is_plain

T = TypeVar("T")


class Runtime(Protocol):
    """The machine as operations and handlers see it."""

    domain: Domain
    meter: StepMeter
    traits: Traits
    builtins: dict[str, object]

    def call(self, function: object, args: Args, kwargs: Kwargs) -> object:
        """Calls any value that the code may hold."""

    def negate(self, value: object) -> object:
        """``not value``, which a domain may answer with a symbol."""

    def load_global(self, name: str) -> object:
        """The value of a global name. MissingName where neither the domain nor Python knows it."""

    def import_module(self, name: str) -> object:
        """``import name``: never an import."""

    def run_class_body(self, function: Function) -> tuple[Locals, object]:
        """Runs the body of a class statement: its variables, and what it returned."""

    def innermost(self) -> tuple[Function, Sequence[object]]:
        """The function that runs now, and its variables."""

    def note(self, text: str) -> None:
        """Remembers, once, what the result rests on."""


Run: TypeAlias = Callable[[Runtime, Args, Kwargs], object]
# the owner is of the type under which the method is listed, which no type can say
MethodRun: TypeAlias = Callable[..., object]  # (runtime, owner, args, kwargs)


@dataclass(slots=True, eq=False, repr=False)
class Builtin(MachineValue):
    """A listed builtin function: ``run(runtime, args, kwargs)``; ``members`` are the functions that hang on it."""

    name: str
    run: Run
    members: Mapping[str, Builtin] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Library(MachineValue):
    """A module that is known by its listed members alone."""

    name: str
    members: Mapping[str, Builtin]


@dataclass(slots=True, eq=False, repr=False)
class BoundMethod(MachineValue):
    """A listed method of a plain value, ready to be called."""

    owner: object
    name: str
    run: MethodRun


def is_symbol(runtime: Runtime, value: object) -> bool:
    """Whether ``value`` is the domain's; ends the run at an unknown value."""
    if is_plain(value) or isinstance(value, MachineValue):
        return False
    if not runtime.domain.is_symbol(value):
        raise make_unsupported_error(f"the code reached a value of the type {type(value).__name__}, which is not listed")
    return True


def ask(question: Callable[..., T], *args: object) -> T:
    """One question to the domain. A failure inside the domain ends the run; it never looks like the code's own."""
    try:
        return question(*args)
    except (AnyKerasError, Thrown, RecursionError):
        raise
    except Exception as error:
        raise make_unsupported_error(f"an operation failed: {type(error).__name__}: {error}"[:300]) from error
