"""Classes that stored code defines: a name, one base, members, and objects that hold attributes. No type of the host.

Nothing here changes what an operation means behind the machine's back: no metaclass, no ``__new__``, no hook on attribute
access, no ``__del__``. A class that asks for one of these is refused when it is defined, so none has to be looked for
later.
"""

from __future__ import annotations

from ..errors import make_unsupported_error
from .meter import throw
from .runtime import Builtin, Runtime, is_symbol
from .special import METHODS
from .values import (
    NULL,
    Args,
    Cell,
    Class,
    ExceptionType,
    Function,
    Instance,
    Kwargs,
    Locals,
    Method,
    Property,
    Super,
    Type,
    Wrapped,
)

MAX_BASES = 32  # in a chain

# What compilers write into a class body, and ``__slots__``, which only forbids.
_WRITTEN = """module qualname doc annotations annotate annotate_func conditional_annotations classcell classdict
classdictcell static_attributes firstlineno slots"""
_WRITTEN_BY_COMPILERS = frozenset(f"__{name}__" for name in _WRITTEN.split())


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


# -- the class statement


def run_statement(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    """``__build_class__(body, name, *bases)``, what a class statement calls from Python 3 on."""
    if kwargs:
        raise make_unsupported_error("the code defines a class with a metaclass or with arguments")
    if len(args) < 2 or not isinstance(args[0], Function) or type(args[1]) is not str:
        raise throw("TypeError", "__build_class__ takes a function and a name")
    body, result = runtime.run_class_body(args[0])
    created = build(runtime, args[1], args[2:], body)
    for cell in (result, body.names.get("__classcell__")):  # 3.4 and 3.5 return the cell, 3.6 and later also store it
        if isinstance(cell, Cell):
            cell.content = created
    return created


def build(runtime: Runtime, name: str, bases: tuple[object, ...], body: Locals) -> Class | ExceptionType:
    """The class. Refused: several bases, a base that is no class of the code, a special name that is not listed."""
    runtime.meter.items(1 + len(body.names))
    if len(bases) > 1:
        raise make_unsupported_error(f"the class {name} has several bases")
    base = bases[0] if bases else None
    members = {key: value for key, value in body.names.items() if key not in _WRITTEN_BY_COMPILERS}
    if isinstance(base, ExceptionType):
        if members:
            raise make_unsupported_error(f"the exception {name} has members of its own")
        return ExceptionType(name, base)
    if isinstance(base, Type) and base.name == "object":
        base = None
    if base is not None and not isinstance(base, Class):
        raise make_unsupported_error(f"the class {name} is derived from something that the code does not define")
    if _count_bases(base) >= MAX_BASES:
        raise make_unsupported_error(f"the class {name} has more than {MAX_BASES} bases in a row")
    for key, value in members.items():
        if is_special(key) and (key not in METHODS or not isinstance(value, Function)):
            raise make_unsupported_error(f"the class {name} defines {key}")
    return Class(name, base, members)


def _count_bases(kind: Class | None) -> int:
    count = 0
    while kind is not None:
        kind, count = kind.base, count + 1
    return count


# -- objects


def construct(runtime: Runtime, kind: Class, args: Args, kwargs: Kwargs) -> Instance:
    """``kind(*args, **kwargs)``."""
    runtime.meter.items(1)
    created = Instance(kind)
    prepare = kind.find("__init__")
    if isinstance(prepare, Function):
        if runtime.call(prepare, (created, *args), kwargs) is not None:
            raise throw("TypeError", "__init__() should return None")
    elif args or kwargs:
        raise throw("TypeError", f"{kind.name}() takes no arguments")
    return created


def call(runtime: Runtime, called: Instance, args: Args, kwargs: Kwargs) -> object:
    """``called(*args, **kwargs)``."""
    function = called.kind.find("__call__")
    if function is NULL:
        raise throw("TypeError", f"{called.kind.name!r} object is not callable")
    return runtime.call(function, (called, *args), kwargs)


def get_from_instance(runtime: Runtime, owner: Instance, name: str) -> object:
    """``owner.name``."""
    if name == "__class__":
        return owner.kind
    member = owner.kind.find(name)
    if isinstance(member, Property):
        return runtime.call(member.getter, (owner,), {})
    if name in owner.fields:
        return owner.fields[name]
    return _bind(runtime, member, owner, name)


def get_from_class(runtime: Runtime, owner: Class, name: str) -> object:
    """``owner.name``."""
    if name == "__name__":
        return owner.name
    member = owner.find(name)
    return member if isinstance(member, Function | Property) else _bind(runtime, member, owner, name)


def get_from_super(runtime: Runtime, owner: Super, name: str) -> object:
    """``super().name``."""
    member = owner.kind.base.find(name) if owner.kind.base is not None else NULL
    if isinstance(member, Property):
        return runtime.call(member.getter, (owner.owner,), {})
    if isinstance(owner.owner, Class) and isinstance(member, Function):
        return member
    return _bind(runtime, member, owner.owner, name)


def _bind(runtime: Runtime, member: object, owner: Instance | Class, name: str) -> object:
    """A member as it is read through ``owner``: functions are bound to it."""
    if isinstance(member, Wrapped):
        if not member.bound:
            return member.function
        return _bind_to_class(member.function, owner.kind if isinstance(owner, Instance) else owner)
    if isinstance(member, Function):
        return Method(member, owner)
    if member is NULL:
        return _get_missing(owner, name)
    if isinstance(owner, Instance) and is_symbol(runtime, member) and runtime.domain.is_function(member):
        raise make_unsupported_error(f"the code reads {name}, a function of a library, as a method of its own class")
    return member


def _bind_to_class(function: object, owner: Class) -> Method:
    if not isinstance(function, Function):
        raise make_unsupported_error("the code makes a class method of something that is no function of its own")
    return Method(function, owner)


def _get_missing(owner: Instance | Class, name: str) -> object:
    if name == "__init__":
        return Builtin("object.__init__", _init_object)
    if is_special(name) and name not in METHODS:
        raise make_unsupported_error(f"the code reads the attribute {name}")
    kind = owner.kind.name if isinstance(owner, Instance) else owner.name
    raise throw("AttributeError", f"{kind!r} object has no attribute {name!r}")


def _init_object(runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
    if args or kwargs:
        raise throw("TypeError", "object.__init__() takes no arguments")


def put(runtime: Runtime, owner: Instance | Class, name: str, item: object) -> None:
    """``owner.name = item``."""
    if is_special(name):
        raise make_unsupported_error(f"the code sets the attribute {name}")
    runtime.meter.items(1)
    if isinstance(owner, Class):
        owner.members[name] = item
        return
    member = owner.kind.find(name)
    if not isinstance(member, Property):
        owner.fields[name] = item
    elif member.setter is None:
        raise throw("AttributeError", f"can't set attribute {name!r}")
    else:
        runtime.call(member.setter, (owner, item), {})


# -- the builtins that only classes need


def make_property(runtime: Runtime, *functions: object) -> Property:
    """``property(getter, setter)``."""
    if not 1 <= len(functions) <= 2:
        raise make_unsupported_error("the code makes a property of other than a getter and a setter")
    return Property(*functions)


def get_from_property(owner: Property, name: str) -> object:
    """``owner.setter`` and ``owner.getter``, the decorators."""

    def change(runtime: Runtime, args: Args, kwargs: Kwargs) -> Property:
        (function,) = args
        return Property(owner.getter, function) if name == "setter" else Property(function, owner.setter)

    if name not in ("setter", "getter"):
        raise make_unsupported_error(f"the code reads the attribute {name} of a property")
    return Builtin(name, change)


def make_static(runtime: Runtime, function: object) -> Wrapped:
    """``staticmethod(function)``."""
    return Wrapped(function, bound=False)


def make_class_method(runtime: Runtime, function: object) -> Wrapped:
    """``classmethod(function)``."""
    return Wrapped(function, bound=True)


def make_super(runtime: Runtime, *args: object) -> Super:
    """``super()`` in a method, and ``super(kind, owner)``."""
    kind, owner = args or _find_class_around(runtime)
    if isinstance(kind, Class):
        if isinstance(owner, Instance) and owner.kind.is_a(kind):
            return Super(kind, owner)
        if isinstance(owner, Class) and owner.is_a(kind):
            return Super(kind, owner)
    raise throw("TypeError", "super(type, obj): obj must be an instance or subtype of type")


def _find_class_around(runtime: Runtime) -> tuple[object, object]:
    """The class around the method that runs, and its first argument."""
    function, variables = runtime.innermost()
    if runtime.traits.python2:
        raise throw("TypeError", "super() takes at least 1 argument (0 given)")
    if "__class__" not in function.code.freevars or not function.code.argcount:
        raise throw("RuntimeError", "super(): no arguments")
    first = variables[0]
    kind = function.closure[function.code.freevars.index("__class__")].content
    return kind, first.content if isinstance(first, Cell) else first
