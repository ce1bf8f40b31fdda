"""Classes that stored code defines: a name, one base, members, and objects that hold attributes. No type of the host.

Nothing here changes what an operation means behind the machine's back: no metaclass, no ``__new__``, no hook on attribute
access, no ``__del__``. A class that asks for one of these is refused when it is defined, so none has to be looked for
later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine import operators
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.special import METHODS
from anykeras.bytecode.machine.values import (
    NULL,
    Builtin,
    Cell,
    Class,
    ExceptionType,
    Function,
    Instance,
    Locals,
    Method,
    Property,
    Super,
    Type,
    Wrapped,
)

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine


def _words(text: str) -> list[str]:
    return text.split()


MAX_BASES = 32  # in a chain

# What compilers write into a class body, and ``__slots__``, which only forbids.
_NOTED = """module qualname doc annotations annotate annotate_func conditional_annotations classcell classdict
classdictcell static_attributes firstlineno slots"""
_KEPT_BY_COMPILERS = frozenset(f"__{name}__" for name in _words(_NOTED))


def hidden(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


# -- the class statement


def statement(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """``__build_class__(body, name, *bases)``, what a class statement calls from Python 3 on."""
    if kwargs:
        raise unsupported_error("the code defines a class with a metaclass or with arguments")
    if len(args) < 2 or not isinstance(args[0], Function) or type(args[1]) is not str:
        raise throw("TypeError", "__build_class__ takes a function and a name")
    body, result = machine.class_body(args[0])
    made = build(machine, args[1], args[2:], body)
    for cell in (result, body.names.get("__classcell__")):  # 3.4 and 3.5 return the cell, 3.6 and later also store it
        if isinstance(cell, Cell):
            cell.content = made
    return made


def build(machine: Machine, name: str, bases: tuple[object, ...], body: Locals) -> Class | ExceptionType:
    """The class. Refused: several bases, a base that is no class of the code, a special name that is not listed."""
    machine.meter.items(1 + len(body.names))
    if len(bases) > 1:
        raise unsupported_error(f"the class {name} has several bases")
    base = bases[0] if bases else None
    members = {key: value for key, value in body.names.items() if key not in _KEPT_BY_COMPILERS}
    if isinstance(base, ExceptionType):
        if members:
            raise unsupported_error(f"the exception {name} has members of its own")
        return ExceptionType(name, base)
    if isinstance(base, Type) and base.name == "object":
        base = None
    if base is not None and not isinstance(base, Class):
        raise unsupported_error(f"the class {name} is derived from something that the code does not define")
    if _length(base) >= MAX_BASES:
        raise unsupported_error(f"the class {name} has more than {MAX_BASES} bases in a row")
    for key, value in members.items():
        if hidden(key) and (key not in METHODS or not isinstance(value, Function)):
            raise unsupported_error(f"the class {name} defines {key}")
    return Class(name, base, members)


def _length(kind: Class | None) -> int:
    count = 0
    while kind is not None:
        kind, count = kind.base, count + 1
    return count


# -- objects


def construct(machine: Machine, kind: Class, args: tuple[object, ...], kwargs: dict[str, object]) -> Instance:
    """``kind(*args, **kwargs)``."""
    machine.meter.items(1)
    made = Instance(kind)
    prepare = kind.find("__init__")
    if isinstance(prepare, Function):
        if machine.call(prepare, (made, *args), kwargs) is not None:
            raise throw("TypeError", "__init__() should return None")
    elif args or kwargs:
        raise throw("TypeError", f"{kind.name}() takes no arguments")
    return made


def call(machine: Machine, called: Instance, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """``called(*args, **kwargs)``."""
    function = called.kind.find("__call__")
    if function is NULL:
        raise throw("TypeError", f"{called.kind.name!r} object is not callable")
    return machine.call(function, (called, *args), kwargs)


def of_instance(machine: Machine, owner: Instance, name: str) -> object:
    """``owner.name``."""
    if name == "__class__":
        return owner.kind
    member = owner.kind.find(name)
    if isinstance(member, Property):
        return machine.call(member.getter, (owner,), {})
    if name in owner.fields:
        return owner.fields[name]
    return _found(machine, member, owner, name)


def of_class(machine: Machine, owner: Class, name: str) -> object:
    """``owner.name``."""
    if name == "__name__":
        return owner.name
    member = owner.find(name)
    return member if isinstance(member, Function | Property) else _found(machine, member, owner, name)


def of_super(machine: Machine, owner: Super, name: str) -> object:
    """``super().name``."""
    member = owner.kind.base.find(name) if owner.kind.base is not None else NULL
    if isinstance(member, Property):
        return machine.call(member.getter, (owner.owner,), {})
    if isinstance(owner.owner, Class) and isinstance(member, Function):
        return member
    return _found(machine, member, owner.owner, name)


def _found(machine: Machine, member: object, owner: Instance | Class, name: str) -> object:
    """A member as it is read through ``owner``: functions are bound to it."""
    if isinstance(member, Wrapped):
        if not member.bound:
            return member.function
        return _bound(member.function, owner.kind if isinstance(owner, Instance) else owner)
    if isinstance(member, Function):
        return Method(member, owner)
    if member is NULL:
        return _missing(owner, name)
    if isinstance(owner, Instance) and operators.foreign(machine, member) and machine.domain.is_function(member):
        raise unsupported_error(f"the code reads {name}, a function of a library, as a method of its own class")
    return member


def _bound(function: object, owner: Class) -> Method:
    if not isinstance(function, Function):
        raise unsupported_error("the code makes a class method of something that is no function of its own")
    return Method(function, owner)


def _missing(owner: Instance | Class, name: str) -> object:
    if name == "__init__":
        return Builtin("object.__init__", _nothing)
    if hidden(name) and name not in METHODS:
        raise unsupported_error(f"the code reads the attribute {name}")
    kind = owner.kind.name if isinstance(owner, Instance) else owner.name
    raise throw("AttributeError", f"{kind!r} object has no attribute {name!r}")


def _nothing(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    if args or kwargs:
        raise throw("TypeError", "object.__init__() takes no arguments")


def put(machine: Machine, owner: Instance | Class, name: str, item: object) -> None:
    """``owner.name = item``."""
    if hidden(name):
        raise unsupported_error(f"the code sets the attribute {name}")
    machine.meter.items(1)
    if isinstance(owner, Class):
        owner.members[name] = item
        return
    member = owner.kind.find(name)
    if not isinstance(member, Property):
        owner.fields[name] = item
    elif member.setter is None:
        raise throw("AttributeError", f"can't set attribute {name!r}")
    else:
        machine.call(member.setter, (owner, item), {})


# -- the builtins that only classes need


def make_property(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> Property:
    """``property(getter, setter)``."""
    if kwargs or not 1 <= len(args) <= 2:
        raise unsupported_error("the code makes a property of other than a getter and a setter")
    return Property(*args)


def of_property(owner: Property, name: str) -> object:
    """``owner.setter`` and ``owner.getter``, the decorators."""

    def change(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> Property:
        (function,) = args
        return Property(owner.getter, function) if name == "setter" else Property(function, owner.setter)

    if name not in ("setter", "getter"):
        raise unsupported_error(f"the code reads the attribute {name} of a property")
    return Builtin(name, change)


def make_static(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> Wrapped:
    """``staticmethod(function)``."""
    (function,) = args
    return Wrapped(function, bound=False)


def make_class_method(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> Wrapped:
    """``classmethod(function)``."""
    (function,) = args
    return Wrapped(function, bound=True)


def make_super(machine: Machine, args: tuple[object, ...], kwargs: dict[str, object]) -> Super:
    """``super()`` in a method, and ``super(kind, owner)``."""
    kind, owner = args or _around(machine)
    if isinstance(kind, Class):
        if isinstance(owner, Instance) and owner.kind.is_a(kind):
            return Super(kind, owner)
        if isinstance(owner, Class) and owner.is_a(kind):
            return Super(kind, owner)
    raise throw("TypeError", "super(type, obj): obj must be an instance or subtype of type")


def _around(machine: Machine) -> tuple[object, object]:
    """The class around the method that runs, and its first argument."""
    frame = machine.frames[-1]
    code = frame.function.code
    if machine.python2:
        raise throw("TypeError", "super() takes at least 1 argument (0 given)")
    if "__class__" not in code.freevars or not code.argcount:
        raise throw("RuntimeError", "super(): no arguments")
    first = frame.slots[0]
    kind = frame.function.closure[code.freevars.index("__class__")].content
    return kind, first.content if isinstance(first, Cell) else first
