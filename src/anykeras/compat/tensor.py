"""Tensors and shapes that behave as those of the old library did, over those of the running Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from ..recovery.functions.values import Shape


class Dimension(int):
    """One known size of TensorFlow 1: a number with a ``value``."""

    @property
    def value(self) -> int:
        """The number itself."""
        return int(self)


class LegacyShape(tuple[int | None, ...]):
    """A static shape with the methods of TensorFlow's ``TensorShape``; None where a size is unknown."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(key, slice):
            return LegacyShape(found)
        return Dimension(found) if isinstance(found, int) else found

    def __add__(self, other: Iterable[int | None]) -> LegacyShape:  # type: ignore[override]  # a shape again
        return LegacyShape((*self, *other))

    @property
    def ndims(self) -> int:
        """The number of dimensions."""
        return len(self)

    rank = ndims

    @property
    def dims(self) -> list[int | None]:
        """The sizes one by one."""
        return [self[i] for i in range(len(self))]

    def as_list(self) -> list[int | None]:
        """The sizes as plain numbers and None."""
        return [None if size is None else int(size) for size in self]

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in tuple(self)

    def num_elements(self) -> int | None:
        """The product of the sizes, None where one is unknown."""
        total = 1
        for size in tuple(self):
            if size is None:
                return None
            total *= size
        return total

    def with_rank(self, rank: int) -> LegacyShape:
        """The shape itself; raises ValueError for another number of dimensions."""
        if rank != len(self):
            raise ValueError(f"a shape of {len(self)} dimensions where {rank} are required")
        return self


class TensorOperations(Protocol):
    """What a legacy tensor asks of its runtime."""

    def attribute(self, raw: object, name: str) -> Any:
        """An attribute or method of a tensor."""

    def operate(self, name: str, *operands: object) -> Any:
        """A Python operator."""

    def to_numpy(self, raw: object) -> Any:
        """The numbers of a tensor."""


class LegacyTensor:
    """A tensor as legacy code sees it: operators, attributes and methods have the meaning that they had in the old library.

    `raw` is the tensor, variable or symbolic tensor of the running Keras.
    """

    __slots__ = ("raw", "runtime")

    def __init__(self, raw: Any, runtime: TensorOperations) -> None:
        self.raw, self.runtime = raw, runtime

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.runtime.attribute(self.raw, name)

    def __getitem__(self, key: object) -> Any:
        return self.runtime.operate("getitem", self, key)

    @property
    def __len__(self) -> Callable[[], int]:
        """The first size. Tensors whose first size is unknown have no length, as those of TensorFlow 1 and Theano had none:
        programs tell a list of tensors from one by it."""
        size = self.raw.shape[0] if len(self.raw.shape) else None
        if size is None:
            raise AttributeError("__len__")
        return lambda: int(size)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __int__(self) -> int:
        return int(self.runtime.to_numpy(self.raw))

    def __float__(self) -> float:
        return float(self.runtime.to_numpy(self.raw))

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        found = self.runtime.to_numpy(self.raw)
        return found if dtype is None else found.astype(dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: object, **options: object) -> Any:
        """``array * tensor`` and ``array *= tensor``, which NumPy leaves to the tensor."""
        name = _UFUNCS.get(ufunc.__name__)
        if name is None or method != "__call__" or len(inputs) != 2:
            return NotImplemented
        return self.runtime.operate(name, *inputs)

    def __eq__(self, other: object) -> Any:
        return self.runtime.operate("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return self.runtime.operate("ne", self, other)

    def __hash__(self) -> int:
        return id(self.raw)

    def __repr__(self) -> str:
        return f"LegacyTensor({self.raw!r})"


_UFUNCS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "truediv",
    "true_divide": "truediv",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "power": "pow",
    "matmul": "matmul",
    "equal": "eq",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
}


def _make_binary(name: str) -> Callable[..., object]:
    def run(self: LegacyTensor, other: object) -> object:
        return self.runtime.operate(name, self, other)

    return run


def _make_reflected(name: str) -> Callable[..., object]:
    def run(self: LegacyTensor, other: object) -> object:
        return self.runtime.operate(name, other, self)

    return run


def _make_unary(name: str) -> Callable[..., object]:
    def run(self: LegacyTensor) -> object:
        return self.runtime.operate(name, self)

    return run


_BOTH = ("add", "sub", "mul", "truediv", "div", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
for _name in _BOTH:
    _entry = f"{_name}_" if _name in ("and", "or") else _name
    setattr(LegacyTensor, f"__{_name}__", _make_binary(_entry))
    setattr(LegacyTensor, f"__r{_name}__", _make_reflected(_entry))
for _name in ("lt", "le", "gt", "ge"):
    setattr(LegacyTensor, f"__{_name}__", _make_binary(_name))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(LegacyTensor, f"__{_name}__", _make_unary(_name))


def to_legacy_shape(value: object) -> Any:
    """Shapes (and lists of shapes) in the form that legacy code takes."""
    if isinstance(value, list) and value and isinstance(value[0], list | tuple | Shape):
        return [to_legacy_shape(item) for item in value]
    if isinstance(value, dict):
        return {key: to_legacy_shape(item) for key, item in value.items()}
    if isinstance(value, tuple) and value and isinstance(value[0], list | tuple):
        return [to_legacy_shape(item) for item in value]
    return LegacyShape(value) if isinstance(value, list | tuple) else value


def to_plain_shape(value: object) -> Any:
    """Shapes of legacy code, as tuples of ints and None."""
    if isinstance(value, LegacyTensor):
        return to_plain_shape(tuple(value))
    if isinstance(value, list | tuple):
        return type(value)([]) if not value else _plain(value)
    if isinstance(value, dict):
        return {key: to_plain_shape(item) for key, item in value.items()}
    return value


def _plain(value: Any) -> Any:
    if isinstance(value[0], list | tuple):
        return [to_plain_shape(item) for item in value]
    sizes = (getattr(size, "value", size) for size in tuple(value))
    return tuple(int(size) if size is not None else None for size in sizes)


def mark_legacy(function: Callable[..., object], for_keras: bool = False) -> Callable[..., object]:
    """The function itself, known as one that legacy code calls, `for_keras` that Keras may call too."""
    vars(function).update({"is_legacy": True, "is_for_keras": True} if for_keras else {"is_legacy": True})
    return function


def holds_legacy(value: object) -> bool:
    """Whether a structure holds tensors of legacy code."""
    if isinstance(value, list | tuple):
        return any(holds_legacy(item) for item in value)
    if isinstance(value, dict):
        return any(holds_legacy(item) for item in value.values())
    return isinstance(value, LegacyTensor)
