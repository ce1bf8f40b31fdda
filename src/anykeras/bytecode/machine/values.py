"""What stored code can hold besides plain Python values: its own functions, classes, exceptions, iterators.

Everything here is opaque to the host: no class defines an operator, and none can be reached by attribute access. A value
is typed ``object`` wherever it may be a domain's: such a value can only be told apart, never used, and the type checker
then refuses any use that does not ask first what it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Protocol, TypeAlias, TypeGuard

from ..code import CodeObject

Scalar: TypeAlias = int | float | complex | str | bytes | bool | EllipsisType | None
Container: TypeAlias = (
    tuple[object, ...] | list[object] | dict[object, object] | set[object] | frozenset[object]
)  # of values of any kind
Plain: TypeAlias = Scalar | Container | slice | range
Args: TypeAlias = tuple[object, ...]
Kwargs: TypeAlias = dict[str, object]

SCALARS: frozenset[type] = frozenset({int, float, complex, str, bytes, bool, type(None), EllipsisType})
CONTAINERS: frozenset[type] = frozenset({tuple, list, dict, set, frozenset})
PLAIN: frozenset[type] = SCALARS | CONTAINERS | {slice, range}


def is_plain(value: object) -> TypeGuard[Plain]:
    """Whether the machine handles ``value`` itself: by exact type, so a subclass never passes for its base."""
    return type(value) in PLAIN


def is_scalar(value: object) -> TypeGuard[Scalar]:
    return type(value) in SCALARS


def is_container(value: object) -> TypeGuard[Container]:
    return type(value) in CONTAINERS


def is_unordered(value: object) -> TypeGuard[dict[object, object] | set[object] | frozenset[object]]:
    """Whether ``value`` is hashed: a dict, a set or a frozenset."""
    return type(value) in (dict, set, frozenset)


class MachineValue:
    """Base of all values that are neither plain nor the domain's."""

    __slots__ = ()


class Null(MachineValue):
    """The empty stack or variable slot of CPython (``NULL``)."""

    __slots__ = ()


NULL = Null()


class NotImplementedValue(MachineValue):
    """What an operator method returns when it does not know the other value."""

    __slots__ = ()


NOT_IMPLEMENTED = NotImplementedValue()


@dataclass(slots=True, eq=False, repr=False)
class Cell(MachineValue):
    """A variable shared with an inner function."""

    content: object = NULL


@dataclass(slots=True, eq=False, repr=False)
class Type(MachineValue):
    """A builtin type as stored code sees it: callable, and usable in ``isinstance``."""

    name: str
    hosts: tuple[type, ...]


class Derived(MachineValue):
    """A class that may have a base."""

    __slots__ = ()
    base: Derived | None

    def is_a(self, other: object) -> bool:
        """Whether it is ``other`` or derived from it."""
        kind: Derived | None = self
        while kind is not None and kind is not other:
            kind = kind.base
        return kind is not None


@dataclass(slots=True, eq=False, repr=False)
class ExceptionType(Derived):
    """A builtin exception class."""

    name: str
    base: ExceptionType | None


@dataclass(slots=True, eq=False, repr=False)
class ExceptionValue(MachineValue):
    """An instance of a builtin exception; ``members`` are those of an exception group."""

    kind: ExceptionType
    args: tuple[object, ...]
    members: tuple[ExceptionValue, ...] = ()

    @property
    def message(self) -> str:
        if len(self.args) == 1 and is_scalar(self.args[0]):
            return repr(self.args[0]) if self.kind.name == "KeyError" else str(self.args[0])
        return "" if not self.args else f"({len(self.args)} arguments)"


class Thrown(Exception):
    """An exception of the stored code on its way to a handler of the stored code."""

    def __init__(self, value: ExceptionValue) -> None:
        self.value = value
        super().__init__(f"{value.kind.name}: {value.message}")


@dataclass(slots=True, eq=False, repr=False)
class ContextCall(MachineValue):
    """``__enter__`` or ``__exit__`` of a domain value, ready to be called."""

    manager: object
    leaving: bool


@dataclass(slots=True, eq=False, repr=False)
class View(MachineValue):
    """``keys``, ``values`` or ``items`` of a dict."""

    owner: dict[object, object]
    kind: str

    def snapshot(self) -> list[object]:
        if self.kind == "items":
            return list(self.owner.items())
        return list(self.owner if self.kind == "keys" else self.owner.values())


@dataclass(slots=True, eq=False, repr=False)
class Template(MachineValue):
    """A t-string (3.14): ``interpolations`` holds (value, expression, conversion, format) of each field."""

    strings: tuple[object, ...]
    interpolations: tuple[object, ...]

    @property
    def values(self) -> tuple[object, ...]:
        return tuple(field[0] for field in self.interpolations if isinstance(field, tuple))


class Caller(Protocol):
    """What runs a function of the stored code."""

    def call(self, function: object, args: Args, kwargs: Kwargs) -> object: ...


@dataclass(slots=True, eq=False, repr=False)
class Function(MachineValue):
    """A function of the stored code. A domain that is handed one (``K.map_fn``, ``tf.cond``) calls ``invoke``."""

    caller: Caller
    code: CodeObject
    defaults: tuple[object, ...] = ()
    kwdefaults: Mapping[str, object] = field(default_factory=dict)
    closure: tuple[Cell, ...] = ()

    def invoke(self, *args: object, **kwargs: object) -> object:
        """Calls it. Raises ``Thrown`` when it raises, BytecodeError when it cannot be followed."""
        return self.caller.call(self, args, kwargs)


@dataclass(slots=True, eq=False, repr=False)
class Locals(MachineValue):
    """The variables of a class body while it runs."""

    names: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Class(Derived):
    """A class of the stored code: a name, at most one base, members. It is no type of the host, and makes none."""

    name: str
    base: Class | None
    members: dict[str, object]

    def find(self, name: str) -> object:
        """The member of the class or of the nearest base that has it, else ``NULL``."""
        kind: Class | None = self
        while kind is not None and name not in kind.members:
            kind = kind.base
        return NULL if kind is None else kind.members[name]


@dataclass(slots=True, eq=False, repr=False)
class Instance(MachineValue):
    """An object of a ``Class``: nothing but attributes."""

    kind: Class
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True, eq=False, repr=False)
class Method(MachineValue):
    """A function of a class with the object, or the class, that it was read from."""

    function: Function
    owner: object

    def invoke(self, *args: object, **kwargs: object) -> object:
        """Calls it, as ``Function.invoke`` does."""
        return self.function.invoke(self.owner, *args, **kwargs)


@dataclass(slots=True, eq=False, repr=False)
class Property(MachineValue):
    """``@property``; ``setter`` is ``None`` where it can only be read."""

    getter: object
    setter: object = None


@dataclass(slots=True, eq=False, repr=False)
class Wrapped(MachineValue):
    """``@staticmethod``, or ``@classmethod`` where ``bound`` holds."""

    function: object
    bound: bool


@dataclass(slots=True, eq=False, repr=False)
class Super(MachineValue):
    """``super()``: what the bases of ``kind`` have, read for ``owner``."""

    kind: Class
    owner: Instance | Class


class Iter(MachineValue):
    """An iterator; ``advance`` gives the next value or ``NULL`` at the end. ``level`` counts iterators over iterators."""

    __slots__ = ()
    level = 0

    def advance(self) -> object:
        raise NotImplementedError


@dataclass(slots=True, eq=False, repr=False)
class HostIter(Iter):
    """Over a host iterator of plain or domain values."""

    source: Iterator[object]

    def advance(self) -> object:
        return next(self.source, NULL)
