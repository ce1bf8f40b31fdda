"""What stored code can hold besides plain Python values: its own functions, exceptions, iterators, listed builtins.

Everything here is opaque to the host: no class defines an operator, and none can be reached by attribute access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from anykeras.bytecode.code import CodeObject

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

SCALARS: frozenset[type] = frozenset({int, float, complex, str, bytes, bool, type(None), type(Ellipsis)})
CONTAINERS: frozenset[type] = frozenset({tuple, list, dict, set, frozenset})
PLAIN: frozenset[type] = SCALARS | CONTAINERS | {slice, range}


def is_plain(value: object) -> bool:
    """Whether the machine handles ``value`` itself: by exact type, so a subclass never passes for its base."""
    return type(value) in PLAIN


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


class Cell(MachineValue):
    """A variable shared with an inner function."""

    __slots__ = ("content",)

    def __init__(self, content: object = NULL) -> None:
        self.content = content


class Type(MachineValue):
    """A builtin type as stored code sees it: callable, and usable in ``isinstance``."""

    __slots__ = ("hosts", "name")

    def __init__(self, name: str, hosts: tuple[type, ...]) -> None:
        self.name, self.hosts = name, hosts


class ExceptionType(MachineValue):
    """A builtin exception class."""

    __slots__ = ("name", "parent")

    def __init__(self, name: str, parent: ExceptionType | None) -> None:
        self.name, self.parent = name, parent

    def is_a(self, other: object) -> bool:
        kind: ExceptionType | None = self
        while kind is not None and kind is not other:
            kind = kind.parent
        return kind is not None


class ExceptionValue(MachineValue):
    """An instance of a builtin exception; ``members`` are those of an exception group."""

    __slots__ = ("args", "kind", "members")

    def __init__(self, kind: ExceptionType, args: tuple[object, ...], members: tuple[ExceptionValue, ...] = ()) -> None:
        self.kind, self.args, self.members = kind, args, members

    @property
    def message(self) -> str:
        if len(self.args) == 1 and type(self.args[0]) in SCALARS:
            return repr(self.args[0]) if self.kind.name == "KeyError" else str(self.args[0])
        return "" if not self.args else f"({len(self.args)} arguments)"


class Thrown(Exception):
    """An exception of the stored code on its way to a handler of the stored code."""

    def __init__(self, value: ExceptionValue) -> None:
        self.value = value
        super().__init__(f"{value.kind.name}: {value.message}")


class Builtin(MachineValue):
    """A listed builtin function: ``run(machine, args, kwargs)``; ``members`` are the functions that hang on it."""

    __slots__ = ("members", "name", "run")

    def __init__(
        self,
        name: str,
        run: Callable[[Machine, tuple[object, ...], dict[str, object]], object],
        members: Mapping[str, Builtin] | None = None,
    ) -> None:
        self.name, self.run, self.members = name, run, dict(members or {})


class Library(MachineValue):
    """A module that is known by its listed members alone."""

    __slots__ = ("members", "name")

    def __init__(self, name: str, members: Mapping[str, Builtin]) -> None:
        self.name, self.members = name, members


class Bound(MachineValue):
    """A listed method of a plain value, ready to be called."""

    __slots__ = ("name", "owner", "run")

    def __init__(
        self, owner: object, name: str, run: Callable[[Machine, object, tuple[object, ...], dict[str, object]], object]
    ) -> None:
        self.owner, self.name, self.run = owner, name, run


class ContextCall(MachineValue):
    """``__enter__`` or ``__exit__`` of a domain value, ready to be called."""

    __slots__ = ("leaving", "manager")

    def __init__(self, manager: object, leaving: bool) -> None:
        self.manager, self.leaving = manager, leaving


class View(MachineValue):
    """``keys``, ``values`` or ``items`` of a dict."""

    __slots__ = ("kind", "owner")

    def __init__(self, owner: dict[object, object], kind: str) -> None:
        self.owner, self.kind = owner, kind

    def snapshot(self) -> list[object]:
        if self.kind == "items":
            return list(self.owner.items())
        return list(self.owner if self.kind == "keys" else self.owner.values())


class Template(MachineValue):
    """A t-string (3.14): ``interpolations`` holds (value, expression, conversion, format) of each field."""

    __slots__ = ("interpolations", "strings")

    def __init__(self, strings: tuple[object, ...], interpolations: tuple[object, ...]) -> None:
        self.strings, self.interpolations = strings, interpolations

    @property
    def values(self) -> tuple[object, ...]:
        return tuple(field[0] for field in self.interpolations if isinstance(field, tuple))


class Function(MachineValue):
    """A function of the stored code. A domain that is handed one (``K.map_fn``, ``tf.cond``) calls ``invoke``."""

    __slots__ = ("closure", "code", "defaults", "kwdefaults", "machine")

    def __init__(
        self,
        machine: Machine,
        code: CodeObject,
        defaults: tuple[object, ...] = (),
        kwdefaults: Mapping[str, object] | None = None,
        closure: tuple[Cell, ...] = (),
    ) -> None:
        self.machine, self.code, self.closure = machine, code, closure
        self.defaults, self.kwdefaults = defaults, dict(kwdefaults or {})

    def invoke(self, *args: object, **kwargs: object) -> object:
        """Calls it. Raises ``Thrown`` when it raises, BytecodeError when it cannot be followed."""
        return self.machine.call(self, args, kwargs)


class Locals(MachineValue):
    """The variables of a class body while it runs."""

    __slots__ = ("names",)

    def __init__(self) -> None:
        self.names: dict[str, object] = {}


class Class(MachineValue):
    """A class of the stored code: a name, at most one base, members. It is no type of the host, and makes none."""

    __slots__ = ("base", "members", "name")

    def __init__(self, name: str, base: Class | None, members: dict[str, object]) -> None:
        self.name, self.base, self.members = name, base, members

    def find(self, name: str) -> object:
        """The member of the class or of the nearest base that has it, else ``NULL``."""
        kind: Class | None = self
        while kind is not None and name not in kind.members:
            kind = kind.base
        return NULL if kind is None else kind.members[name]

    def is_a(self, other: object) -> bool:
        kind: Class | None = self
        while kind is not None and kind is not other:
            kind = kind.base
        return kind is not None


class Instance(MachineValue):
    """An object of a ``Class``: nothing but attributes."""

    __slots__ = ("fields", "kind")

    def __init__(self, kind: Class) -> None:
        self.kind = kind
        self.fields: dict[str, object] = {}


class Method(MachineValue):
    """A function of a class with the object, or the class, that it was read from."""

    __slots__ = ("function", "owner")

    def __init__(self, function: Function, owner: object) -> None:
        self.function, self.owner = function, owner

    def invoke(self, *args: object, **kwargs: object) -> object:
        """Calls it, as ``Function.invoke`` does."""
        return self.function.invoke(self.owner, *args, **kwargs)


class Property(MachineValue):
    """``@property``; ``setter`` is ``None`` where it can only be read."""

    __slots__ = ("getter", "setter")

    def __init__(self, getter: object, setter: object = None) -> None:
        self.getter, self.setter = getter, setter


class Wrapped(MachineValue):
    """``@staticmethod``, or ``@classmethod`` where ``bound`` holds."""

    __slots__ = ("bound", "function")

    def __init__(self, function: object, bound: bool) -> None:
        self.function, self.bound = function, bound


class Super(MachineValue):
    """``super()``: what the bases of ``kind`` have, read for ``owner``."""

    __slots__ = ("kind", "owner")

    def __init__(self, kind: Class, owner: Instance | Class) -> None:
        self.kind, self.owner = kind, owner


class Iter(MachineValue):
    """An iterator; ``advance`` gives the next value or ``NULL`` at the end."""

    __slots__ = ()

    def advance(self) -> object:
        raise NotImplementedError


class HostIter(Iter):
    """Over a host iterator of plain or domain values."""

    __slots__ = ("source",)

    def __init__(self, source: Iterator[object]) -> None:
        self.source = source

    def advance(self) -> object:
        return next(self.source, NULL)
