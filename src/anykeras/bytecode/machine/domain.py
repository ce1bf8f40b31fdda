"""What values mean that are neither plain Python nor the machine's own: the domain decides.

The machine keeps three kinds of values apart, by exact type:

* plain: ``int float complex str bytes bool None ... tuple list dict set frozenset slice range``. The machine computes
  with these itself, behind size guards. A container may hold values of any kind.
* the machine's own (``MachineValue``): functions of the stored code, iterators, exceptions, builtin types.
* everything else is the DOMAIN's: graph symbols, modules, functions of libraries. Whatever the code does with such a value
  becomes one call of a method below.

A domain value must be opaque: no ``__eq__``, ``__hash__``, ``__bool__``, ``__getattr__`` or other operator of its own
(declare dataclasses with ``eq=False``). The machine tells them apart with ``is`` only.

How a domain answers:

* returns a value (plain, its own, or the machine's);
* ``raise throw("TypeError", "...")`` (from ``anykeras.bytecode.machine``): the code may catch it with ``except``;
* ``raise unsupported_error("...")`` (from ``anykeras.bytecode.errors``): ends the run; the code cannot catch it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import make_unsupported_error
from .meter import throw
from .values import ExceptionValue, MachineValue, Type, is_plain


class Domain:
    """The operations on non-plain values. Everything is refused here: subclass it.

    ``left`` or ``right`` may be plain, never both.
    """

    def is_symbol(self, value: object) -> bool:
        """Whether ``value`` is this domain's; an unknown value ends the run."""
        return False

    def load_global(self, name: str) -> object:
        """The value of a global name. ``LookupError``: unknown here, the machine then looks among its builtins."""
        raise LookupError(name)

    def import_module(self, name: str) -> object:
        """``import name`` (dotted) inside the code: a value for the module, never a module."""
        raise make_unsupported_error(f"the code imports {name}")

    def binary(self, op: str, left: object, right: object) -> object:
        """``op``: ``+ - * / // % ** @ << >> & | ^``. Python 2's ``/`` comes as ``"classic /"``."""
        raise make_unsupported_error(f"the code computes {describe(left)} {op} {describe(right)}")

    def inplace(self, op: str, left: object, right: object) -> object:
        """``left op= right``; same ``op``. Usually the same as ``binary``."""
        return self.binary(op, left, right)

    def unary(self, op: str, value: object) -> object:
        """``op``: ``- + ~ not``."""
        if op == "not":
            return not self.truth(value)
        raise make_unsupported_error(f"the code computes {op}{describe(value)}")

    def compare(self, op: str, left: object, right: object) -> object:
        """``op``: ``< <= == != > >= is``. For ``is not``, the answer of ``is`` goes through ``unary("not")``."""
        if op == "is":
            return left is right
        raise make_unsupported_error(f"the code compares {describe(left)} {op} {describe(right)}")

    def contains(self, item: object, container: object) -> object:
        """``item in container``, where either is a domain value."""
        if type(container) in (tuple, list, set, frozenset, dict) and isinstance(container, Iterable):
            return any(item is one or self.truth(self.compare("==", item, one)) for one in container)
        raise make_unsupported_error(f"the code looks for a value in {describe(container)}")

    def is_function(self, value: object) -> bool:
        """Whether ``value`` can be called; a class binds such a value to its objects, or not, as its library decides."""
        return False

    def truth(self, value: object) -> bool:
        """The branch to take; refuse what is not decided."""
        raise make_unsupported_error(f"the code decides by the value of {describe(value)}")

    def length(self, value: object) -> object:
        """``len(value)``."""
        raise make_unsupported_error(f"the code takes the length of {describe(value)}")

    def iterate(self, value: object) -> Iterable[object]:
        """The values of a ``for`` loop, of ``list(value)``, of ``f(*value)``."""
        raise make_unsupported_error(f"the code loops over {describe(value)}")

    def unpack(self, value: object, count: int) -> Iterable[object]:
        """The values of ``a, b = value``, where ``count`` are wanted; any other number is the code's ValueError."""
        return self.iterate(value)

    def getattr(self, value: object, name: str) -> object:
        """``value.name``; ``throw("AttributeError")`` where it has none. Names that begin with ``__`` never arrive."""
        raise throw("AttributeError", f"{describe(value)} has no attribute {name}")

    def setattr(self, value: object, name: str, item: object) -> None:
        raise make_unsupported_error(f"the code sets the attribute {name} of {describe(value)}")

    def getitem(self, value: object, key: object) -> object:
        """``value[key]``; ``value`` or ``key`` is the domain's. ``key`` may hold slices, ``...``, ``None``, symbols."""
        raise make_unsupported_error(f"the code indexes {describe(value)}")

    def setitem(self, value: object, key: object, item: object) -> None:
        raise make_unsupported_error(f"the code writes into {describe(value)}")

    def call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """``function(*args, **kwargs)``. Arguments may be the machine's ``Function``: call its ``invoke``."""
        raise make_unsupported_error(f"the code calls {describe(function)}")

    def builtin(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """A builtin with a domain value among its direct arguments: ``abs bool bin chr complex float format
        hex int isinstance join oct ord pow range repr round str type``. ``isinstance`` gives the classes as a tuple of
        names and domain values; ``join`` the pieces of an f-string."""
        if name == "isinstance" and isinstance(args[1], Sequence) and all(isinstance(kind, str) for kind in args[1]):
            return False  # a symbol is no list, number or text
        if name == "bool":
            return self.truth(args[0])
        raise make_unsupported_error(f"the code calls {name}() on {describe(args[0])}")

    def enter(self, manager: object) -> object:
        """``with manager as ...``: the value bound."""
        raise make_unsupported_error(f"the code opens a with block on {describe(manager)}")

    def leave(self, manager: object, error: ExceptionValue | None) -> bool:
        """End of ``with``; ``True`` swallows ``error``."""
        return False


def describe(value: object) -> str:
    """A value in an error message, without calling anything of it."""
    if isinstance(value, Type):
        return value.name
    if is_plain(value) or isinstance(value, MachineValue):
        return f"a {type(value).__name__}"
    return f"a {type(value).__name__.lower()} value"
