"""What stored code may do with tensors, modules and functions: look them up in the tables, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from .. import limits
from ..bytecode import Domain, make_unsupported_error, throw
from ..bytecode.errors import make_missing_name_error
from ..lazily import np
from .functions import (
    Dim,
    Entry,
    EntryKind,
    NameScope,
    Operand,
    Ops,
    Shape,
    Sizes,
    TopPair,
    find_attribute,
    find_operator,
    folding,
    module_of,
    resolve,
)
from .functions.table import canonical, is_module
from .held import Bound, Held, LegacySize, Module, hold, release

_OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "classic /": "div", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and_", "|": "or_", "^": "xor",
    "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
}  # fmt: skip
_UNARY = {"-": "neg", "+": "pos", "~": "invert"}
_NUMPY: Mapping[str, str] = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "true_divide", "//": "floor_divide", "%": "mod",
    "**": "power", "@": "matmul", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
    "==": "equal", "!=": "not_equal", "&": "bitwise_and", "|": "bitwise_or", "^": "bitwise_xor",
    "classic /": "true_divide",
}  # fmt: skip


class CodeDomain(Domain):
    """The tables over one `Ops`: symbols when a graph is traced, arrays when the same code is run on numbers.

    `custom_objects` stands for names that the file does not hold (custom objects): functions ``function(ops, *args, **kwargs)``
    and constants, under a plain or a dotted name.
    """

    def __init__(self, ops: Ops, custom_objects: Mapping[str, Operand] | None = None) -> None:
        self.ops = ops
        self.custom_objects = {
            name: Held(partial(value, ops)) if callable(value) else hold(value)
            for name, value in (custom_objects or {}).items()
        }

    def is_symbol(self, value: object) -> bool:
        return isinstance(value, Held) or super().is_symbol(value)

    def load_global(self, name: str) -> object:
        if name in self.custom_objects:
            return self.custom_objects[name]
        path = module_of(name)
        if path is None and any(known.startswith(f"{name}.") for known in self.custom_objects):
            path = name
        if path is not None:
            return Held(Module(path))
        entry = resolve(f"keras.layers.{name}", self.ops.context) if name[:1].isupper() else None
        if entry is None:
            raise LookupError(name)
        return Held(entry)

    def import_module(self, name: str) -> object:
        return Held(Module(canonical(name)))

    def getattr(self, value: object, name: str) -> object:
        held = value.value if isinstance(value, Held) else value
        if isinstance(held, Module):
            return self._find_member(f"{held.path}.{name}", name)
        if isinstance(held, LegacySize):
            return hold(held.number if not isinstance(held.number, Dim) else None) if name == "value" else value
        if isinstance(held, Entry):
            return self._find_member(f"{held.name}.{name}", name)
        found = find_attribute(name, _find_kind(self.ops, held), self.ops.context)
        if found is None:
            raise throw("AttributeError", f"no attribute {name!r} is known")
        return Held(Bound(found.entry, held)) if found.method else self._hold(found.entry(self.ops, held))

    def _find_member(self, path: str, name: str) -> object:
        if path in self.custom_objects:
            return self.custom_objects[path]
        entry = resolve(path, self.ops.context)
        if entry is not None:
            return hold(entry.value) if entry.kind is EntryKind.VALUE and entry.run is None else Held(entry)
        if is_module(path):
            return Held(Module(path))
        if name in self.custom_objects:
            return self.custom_objects[name]
        raise make_missing_name_error(path)

    def call(self, function: object, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        called = function.value if isinstance(function, Held) else function
        positional = [release(arg) for arg in args]
        named = {key: release(value) for key, value in kwargs.items()}
        if isinstance(called, Bound):
            return self._hold(called.entry(self.ops, called.owner, *positional, **named))
        if isinstance(called, Entry):
            return self._hold(called(self.ops, *positional, **named))
        if callable(called):
            return self._hold(called(*positional, **named))
        raise make_unsupported_error("the code calls something that is no function")

    def binary(self, op: str, left: object, right: object) -> object:
        a, b = release(left), release(right)
        if self._is_ours(a) or self._is_ours(b):
            return self._hold(find_operator(_OPERATORS[op], self.ops.context)(self.ops, a, b))
        return self._hold(self._compute_plain(op, a, b))

    def compare(self, op: str, left: object, right: object) -> object:
        a, b = release(left), release(right)
        if op == "is":
            return a is b
        return self.binary(op, left, right)

    def unary(self, op: str, value: object) -> object:
        if op == "not":
            return not self.truth(value)
        held = release(value)
        if self._is_ours(held):
            return self._hold(find_operator(_UNARY[op], self.ops.context)(self.ops, held))
        return self._hold({"-": np.negative, "+": np.positive, "~": np.invert}[op](held))

    def is_function(self, value: object) -> bool:
        held = release(value)
        return isinstance(held, Bound) or (callable(held) and not self.ops.is_tensor(held))

    def truth(self, value: object) -> bool:
        held = release(value)
        if self.ops.is_tensor(held):
            raise make_unsupported_error("the code decides by the values of a tensor")
        if isinstance(held, np.ndarray) and held.size != 1:
            raise throw("ValueError", "The truth value of an array with more than one element is ambiguous.")
        return bool(held)

    def length(self, value: object) -> object:
        held = release(value)
        if self.ops.is_tensor(held):
            return self._hold(self.ops.shape(held)[0])
        if isinstance(held, Shape | Sizes | TopPair | np.ndarray):
            return len(held)
        raise throw("TypeError", "object has no len()")

    def iterate(self, value: object) -> Iterable[object]:
        held = release(value)
        if self.ops.is_tensor(held):
            count = self.ops.shape(held)[0]
            if not isinstance(count, int):
                raise make_unsupported_error("the code loops over a dimension whose size is not known")
            return [self._hold(find_operator("getitem", self.ops.context)(self.ops, held, i)) for i in range(count)]
        if isinstance(held, TopPair):
            return [self._hold(item) for item in held]
        if isinstance(held, Shape | Sizes | np.ndarray):
            return [self._take_item(held, item) for item in held]
        raise throw("TypeError", "object is not iterable")

    def contains(self, item: object, container: object) -> object:
        held = release(container)
        if isinstance(held, Shape | np.ndarray):
            return release(item) in list(held)
        raise make_unsupported_error("the code looks for a value in a tensor")

    def getitem(self, value: object, key: object) -> object:
        held, index = release(value), release(key)
        if isinstance(held, np.ndarray) and not self._is_ours(index):
            return self._hold(folding.take_items(held, tuple(index) if isinstance(index, list) else index))
        if isinstance(held, Shape | Sizes):
            return self._take_item(held, held[index])
        if isinstance(held, tuple | list | dict):
            return self._hold(held[index])
        return self._hold(find_operator("getitem", self.ops.context)(self.ops, held, index))

    def builtin(self, name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        if name == "isinstance":
            return self._check_isinstance(release(args[0]), args[1])
        if name == "bool":
            return self.truth(args[0])
        held = [release(arg) for arg in args]
        if name in ("str", "repr", "format") and (text := self._write_text(name, args, held)) is not None:
            return text
        if name in ("int", "float", "round") and not self.ops.is_tensor(held[0]):
            return self._number(name, held)
        if name == "abs":
            return self._hold(self.ops.op("abs", held[0]) if self._is_ours(held[0]) else np.abs(held[0]))
        if name == "pow" and len(held) == 2:
            return self.binary("**", args[0], args[1])
        if name == "divmod":
            return (self.binary("//", args[0], args[1]), self.binary("%", args[0], args[1]))
        if name == "range" and not any(isinstance(item, Dim) for item in held):
            return range(*(int(item) for item in held))
        if name == "hasattr":
            return find_attribute(str(held[1]), _find_kind(self.ops, held[0]), self.ops.context) is not None
        raise make_unsupported_error(f"the code calls {name}() on a tensor or a size that is not known")

    def _write_text(self, name: str, args: tuple[object, ...], held: list[Operand]) -> str | None:
        """The text of a shape or of a known size: most often something to print."""
        if isinstance(held[0], Shape) and held[1:] in ([], [""]):
            self.ops.note("the code makes text of a shape; it reads as in TensorFlow 2")
            return str(tuple(held[0]))
        sized = isinstance(args[0], Held) and isinstance(args[0].value, LegacySize) and isinstance(held[0], int)
        if not sized or name == "repr":
            return None
        return format(held[0], held[1]) if held[1:] and isinstance(held[1], str) and len(held[1]) < 4 else str(held[0])

    def enter(self, manager: object) -> object:
        held = release(manager)
        if isinstance(held, NameScope):
            return held.name
        return super().enter(manager)

    def _number(self, name: str, held: list[Operand]) -> object:
        value = held[0]
        if isinstance(value, Dim):
            return Held(value)  # int(batch) is still the batch
        makers: Mapping[str, Callable[..., Operand]] = {"int": int, "float": float, "round": round}
        plain = makers[name](*held)
        return plain if isinstance(plain, int | float) else hold(plain)

    def _check_isinstance(self, value: Operand, kinds: object) -> bool:
        names = [kind if isinstance(kind, str) else _name(release(kind)) for kind in kinds] if isinstance(
            kinds, tuple
        ) else []  # fmt: skip
        if self.ops.is_tensor(value):
            return any(name.rpartition(".")[2] in ("Tensor", "KerasTensor", "TensorVariable") for name in names)
        if isinstance(value, Shape):
            return any(name in ("tuple", "list") or name.endswith("TensorShape") for name in names)
        if isinstance(value, Dim):
            return "int" in names
        if isinstance(value, np.ndarray):
            return any(name.endswith("ndarray") for name in names)
        return False

    def _is_ours(self, value: Operand) -> bool:
        if isinstance(value, list | tuple) and not isinstance(value, Shape):
            return any(self._is_ours(item) for item in value)
        if isinstance(value, slice):
            return any(self._is_ours(item) for item in (value.start, value.stop, value.step))
        return self.ops.is_tensor(value) or isinstance(value, Dim | Sizes)

    def _compute_plain(self, op: str, a: Operand, b: Operand) -> Operand:
        """An operator on constants of the tables: shapes, names, arrays."""
        if isinstance(a, Shape | tuple) and isinstance(b, Shape | tuple | list):
            limits.budget().charge(len(a) + len(b))
            return a + type(a)(b) if op == "+" else _compare(op, list(a) == list(b))
        named = (str, Entry, type(None))
        if isinstance(a, named) or isinstance(b, named):
            return _compare(op, a is b or a == b)
        return folding.compute(_NUMPY[op], (a, b), {}) if op in _NUMPY else _refuse_operator(op)

    def _take_item(self, shape: Operand, item: Operand) -> object:
        """A size taken from a shape: in TensorFlow 1 an object with a ``value``."""
        context = self.ops.context
        sized = isinstance(shape, Shape) and context.backend == "tensorflow" and not context.eager_tensorflow
        if sized and (item is None or isinstance(item, int)):
            return Held(LegacySize(item))
        return self._hold(item)

    def _hold(self, value: Operand) -> Operand:
        if isinstance(value, np.ndarray) and value.size > folding.MOST:
            raise make_unsupported_error(f"the code makes an array of {value.size} numbers")
        return hold(value)


def _find_kind(ops: Ops, value: Operand) -> str:
    """The kind of value whose attributes the tables list."""
    if isinstance(value, Shape | Sizes):
        return "shape"
    if isinstance(value, TopPair):
        return "pair"
    if isinstance(value, Dim) or (isinstance(value, int) and not ops.is_tensor(value)):
        return "size"
    return "dtype" if isinstance(value, str) else "tensor"


def _name(value: Operand) -> str:
    return value.name if isinstance(value, Entry) else value.path if isinstance(value, Module) else ""


def _compare(op: str, equal: bool) -> bool:
    if op not in ("==", "!="):
        _refuse_operator(op)
    return equal is (op == "==")


def _refuse_operator(op: str) -> Operand:
    raise make_unsupported_error(f"the code computes {op} on values that it does not fit")
