"""A domain of numpy arrays, and numpy stand-ins for the names that the shared functions use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from anykeras.bytecode.errors import make_missing_name_error
from anykeras.bytecode.machine import Domain, ExceptionValue, Function, throw

HOST_ERRORS = (IndexError, KeyError, ValueError, TypeError, ZeroDivisionError)
ATTRIBUTES = {"shape", "ndim", "dtype", "T", "size"}
METHODS = {"reshape", "transpose", "sum", "mean", "astype", "max", "min"}
OPERATORS: dict[str, Any] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "//": np.floor_divide, "%": np.mod,
    "**": np.power, "@": np.matmul,
    "<": np.less, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Operation:
    """A listed operation, as the code sees it. ``function`` takes plain, symbolic and machine values."""

    name: str
    function: Callable[..., object]


@dataclass(frozen=True, eq=False)
class Namespace:
    """A module or class as the code sees it: only a dotted name, looked up again at each attribute."""

    path: str


class Environment:
    """Dotted names -> ``Operation`` or plain value, with aliases for their first parts.

    ``Environment({"keras.backend.mean": op}, {"K": "keras.backend"})`` answers ``K``, ``K.mean`` and
    ``keras.backend.mean``. A name that only begins other names is a ``Namespace``.
    """

    def __init__(self, entries: Mapping[str, object], aliases: Mapping[str, str] | None = None) -> None:
        self.entries, self.aliases = entries, dict(aliases or {})
        self.prefixes = {
            ".".join(parts[:count]) for parts in (name.split(".") for name in entries) for count in range(1, len(parts))
        }

    def canonical(self, path: str) -> str:
        """``path`` with its longest alias replaced."""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            known = self.aliases.get(".".join(parts[:count]))
            if known is not None:
                return ".".join([known, *parts[count:]])
        return path

    def get(self, path: str) -> object:
        """The value of ``path``. ``LookupError`` where there is none."""
        name = self.canonical(path)
        if name in self.entries:
            return self.entries[name]
        if name in self.prefixes:
            return Namespace(name)
        raise LookupError(name)


class Manager:
    """A context manager of the stand-ins; also a bag of attributes."""

    def __init__(self, entered: object = None, swallows: str = "") -> None:
        self.entered, self.swallows = entered, swallows
        self.bag: dict[str, object] = {}


class Method:
    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name


def unwrapped(value: object) -> Any:
    """Functions of the stored code as host callables."""
    return value.invoke if isinstance(value, Function) else value


class NumbersDomain(Domain):
    """Arrays are numpy's own; what numpy raises, the code can catch."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def is_symbol(self, value: object) -> bool:
        return isinstance(value, np.ndarray | np.generic | np.dtype | Manager | Method | Operation | Namespace)

    def load_global(self, name: str) -> object:
        return self.environment.get(name)

    def import_module(self, name: str) -> object:
        return Namespace(self.environment.canonical(name))

    def is_function(self, value: object) -> bool:
        return isinstance(value, Operation)

    def _host(self, run: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return run(*args, **kwargs)
        except HOST_ERRORS as error:
            raise throw(type(error).__name__, str(error)) from error

    def binary(self, op: str, left: Any, right: Any) -> object:
        if op == "classic /":
            whole = all(np.asarray(side).dtype.kind in "iub" for side in (left, right))
            op = "//" if whole else "/"
        return self._host(OPERATORS[op], left, right)

    def inplace(self, op: str, left: Any, right: Any) -> object:
        if isinstance(left, np.ndarray) and op in OPERATORS:
            return self._host(OPERATORS[op], left, right, out=left)
        return self.binary(op, left, right)

    def unary(self, op: str, value: Any) -> object:
        if op == "not":
            return not self.truth(value)
        return self._host({"-": np.negative, "+": np.positive, "~": np.invert}[op], value)

    def compare(self, op: str, left: Any, right: Any) -> object:
        return left is right if op == "is" else self._host(OPERATORS[op], left, right)

    def truth(self, value: Any) -> bool:
        return True if isinstance(value, Manager | Operation | Namespace) else bool(self._host(bool, value))

    def length(self, value: Any) -> object:
        return self._host(len, value)

    def iterate(self, value: Any) -> Iterable[object]:
        return list(self._host(iter, value))

    def contains(self, item: Any, container: Any) -> object:
        return self._host(lambda: item in container)

    def getattr(self, value: Any, name: str) -> object:
        if isinstance(value, np.ndarray | np.generic):
            if name in ATTRIBUTES:
                return getattr(value, name)
            if name in METHODS:
                return Method(value, name)
        if isinstance(value, Manager) and name in value.bag:
            return value.bag[name]
        if isinstance(value, Namespace):
            try:
                return self.environment.get(f"{value.path}.{name}")
            except LookupError:
                raise make_missing_name_error(f"{value.path}.{name}") from None
        return super().getattr(value, name)

    def setattr(self, value: object, name: str, item: object) -> None:
        if not isinstance(value, Manager):
            return super().setattr(value, name, item)
        value.bag[name] = item

    def getitem(self, value: Any, key: Any) -> object:
        return self._host(lambda: value[key])

    def setitem(self, value: Any, key: Any, item: Any) -> None:
        self._host(value.__setitem__, key, item)

    def call(self, function: Any, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        given = [unwrapped(arg) for arg in args]
        if isinstance(function, Method):
            return self._host(getattr(function.owner, function.name), *given, **kwargs)
        if isinstance(function, Operation):
            return self._host(function.function, *given, **kwargs)
        return super().call(function, args, kwargs)

    def builtin(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        if name in ("int", "float", "abs", "round", "str", "repr"):
            return {"int": int, "float": float, "abs": abs, "round": round, "str": str, "repr": repr}[name](*args)
        return super().builtin(name, args, kwargs)

    def enter(self, manager: Any) -> object:
        return manager.entered

    def leave(self, manager: Any, error: ExceptionValue | None) -> bool:
        return error is not None and error.kind.name == manager.swallows


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.mean(x, axis=axis, keepdims=keepdims)


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims)


def _softmax(x: Any, axis: int = -1) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _l2(x: Any, axis: int = -1) -> Any:
    return x / np.sqrt(np.maximum(np.sum(x * x, axis=axis, keepdims=True), 1e-12))


def _depth_to_space(x: Any, n: int) -> Any:
    b, h, w, c = x.shape
    parts = x.reshape(b, h, w, n, n, c // (n * n)).transpose(0, 1, 3, 2, 4, 5)
    return parts.reshape(b, h * n, w * n, c // (n * n))


FUNCTIONS: dict[str, Any] = {
    "K.mean": _mean, "K.sum": _sum, "K.l2_normalize": _l2, "K.abs": np.abs, "K.sqrt": np.sqrt, "K.exp": np.exp,
    "K.concatenate": lambda xs, axis=-1: np.concatenate(list(xs), axis=axis), "K.square": np.square,
    "K.expand_dims": lambda x, axis=-1: np.expand_dims(x, axis), "K.int_shape": lambda x: tuple(x.shape),
    "K.ndim": lambda x: x.ndim, "K.maximum": np.maximum, "K.dot": np.dot,
    "K.reshape": lambda x, shape: np.reshape(x, tuple(shape)), "K.shape": lambda x: x.shape,
    "K.permute_dimensions": np.transpose, "K.epsilon": lambda: 1e-7,
    "K.random_normal": lambda shape, mean=0.0, stddev=1.0: np.ones(tuple(shape)) * 0.5 * stddev + mean,
    "K.stack": lambda xs, axis=0: np.stack(list(xs), axis=axis), "K.clip": np.clip, "K.pow": np.power,
    "K.softmax": _softmax, "K.cast": lambda x, d: np.asarray(x).astype(d), "K.floatx": lambda: "float64",
    "tf.nn.relu": lambda x, name=None: np.maximum(x, 0.0), "tf.nn.depth_to_space": _depth_to_space,
    "tf.nn.softmax": _softmax, "tf.math.subtract": np.subtract, "tf.math.multiply": np.multiply,
    "tf.math.sqrt": np.sqrt, "tf.math.reduce_sum": _sum, "tf.reduce_mean": _mean, "tf.reduce_sum": _sum,
    "tf.where": np.where, "tf.name_scope": lambda *a: Manager("scope/"), "tf.abs": np.abs,
    "tf.concat": lambda xs, axis=-1: np.concatenate(list(xs), axis=axis),
    "tf.cast": lambda x, dtype: np.asarray(x).astype(dtype), "tf.shape": lambda x: np.array(x.shape),
    "tf.expand_dims": lambda x, axis=-1: np.expand_dims(x, axis),
    "tf.split": lambda x, n, axis=0: np.split(x, n, axis=axis),
    "tf.stack": lambda xs, axis=0: np.stack(list(xs), axis=axis),
    **{f"np.{name}": getattr(np, name) for name in ["transpose", "array", "add", "sum", "square", "mean", "sqrt"]},
    **{f"math.{name}": getattr(math, name) for name in ["cos", "sqrt", "floor", "ceil"]},
    "helper": lambda x, k=2: x + k, "Swallow": lambda: Manager(5.0, "ValueError"),
    "Scope": lambda *a: Manager("scope/"),
}  # fmt: skip
CONSTANTS: dict[str, object] = {
    "GLOBAL_SCALE": 0.5, "tf.newaxis": None, "tf.float32": "float32", "tf.float64": "float64", "np.newaxis": None,
    "math.pi": math.pi, "os.path.sep": "/",
}  # fmt: skip


def environment() -> Environment:
    entries: Mapping[str, object] = {**CONSTANTS, **{name: Operation(name, run) for name, run in FUNCTIONS.items()}}
    return Environment(entries, {"numpy": "np"})


def inputs(kind: str) -> tuple[Any, ...]:
    """The arguments on which the recorded results were computed."""
    x3 = (np.arange(24, dtype="float64").reshape(2, 3, 4) - 11.0) / 7.0
    x2 = (np.arange(8, dtype="float64").reshape(2, 4) - 3.0) / 3.0
    y2 = np.cos(np.arange(8, dtype="float64").reshape(2, 4))
    x4 = np.arange(48, dtype="float64").reshape(2, 2, 3, 4) / 10
    return {"x3": (x3,), "x2": (x2,), "l2": ([x2, y2],), "xy": (x2, y2), "x4": (x4,)}[kind]


def canonical(value: Any) -> Any:
    """A JSON form in which type, shape and value can be compared."""
    if isinstance(value, np.ndarray):
        return ["A", list(value.shape), value.dtype.kind, [canonical(item) for item in value.ravel().tolist()]]
    if value is None:
        return ["N"]
    if isinstance(value, dict):
        return ["D", *sorted([canonical(key), canonical(item)] for key, item in value.items())]
    if isinstance(value, set | frozenset):
        return ["S", *sorted(canonical(item) for item in value)]
    if isinstance(value, tuple | list):
        return ["T" if isinstance(value, tuple) else "L", *(canonical(item) for item in value)]
    scalars: list[tuple[Any, Any]] = [
        ((bool, np.bool_), lambda v: ["b", bool(v)]), (complex, lambda v: ["c", v.real, v.imag]),
        ((float, np.floating), lambda v: ["f", float(v)]), ((int, np.integer), lambda v: ["i", str(int(v))]),
        (bytes, lambda v: ["B", v.decode("latin-1")]), (str, lambda v: ["s", v]),
    ]  # fmt: skip
    return next((form(value) for kind, form in scalars if isinstance(value, kind)), ["?", type(value).__name__])


def same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return left == right or abs(left - right) <= 1e-9 * max(1, abs(left), abs(right)) or (left != left and right != right)
    return bool(left == right)
