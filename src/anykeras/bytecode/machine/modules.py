"""The few modules of Python's library that compute on values alone: what stored code finds in them, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from ..errors import make_unsupported_error
from . import items, operators
from .builtins import PYTHON2, guard
from .meter import throw
from .runtime import Builtin, Library, Run, Runtime
from .values import Args, HostIter, Iter, Kwargs

_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and_": "&", "or_": "|", "xor": "^", "concat": "+", "div": "classic /",
}  # fmt: skip
_COMPARISONS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}

MAX_REPEAT = 16  # of one product


def _partial(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    """``functools.partial(function, *args, **kwargs)``."""
    function, *first = args

    def run(runtime: Runtime, more: Args, named: Kwargs) -> object:
        return runtime.call(function, (*first, *more), {**kwargs, **named})

    return Builtin("partial", run)


def _take(count: int, run: Callable[..., object], *before: object) -> Run:
    """``run(runtime, *before, *args)`` for exactly ``count`` arguments."""

    def on_values(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
        if len(args) != count or kwargs:
            raise throw("TypeError", f"the function takes {count} values")
        return run(runtime, *before, *args)

    return on_values


def _make_item_getter(runtime: Runtime, key: object) -> object:
    return Builtin("itemgetter", _take(1, lambda runtime, value: items.get(runtime, value, key)))


# -- itertools


def _chain(runtime: Runtime, args: Args, kwargs: Kwargs) -> Iter:
    return HostIter(iter([item for pool in args for item in items.collect(runtime, pool)]))


def _chain_all(runtime: Runtime, pools: object) -> Iter:
    return _chain(runtime, tuple(items.collect(runtime, pools)), {})


def _product(runtime: Runtime, args: Args, kwargs: Kwargs) -> Iter:
    again = kwargs.get("repeat", 1)
    if type(again) is not int or again > MAX_REPEAT:
        raise make_unsupported_error("the code repeats a product too often")
    pools = [items.collect(runtime, pool) for pool in args]
    return HostIter(_charge_rows(runtime, itertools.product(*pools, repeat=again)))


def _choose(run: Callable[..., Iterator[tuple[object, ...]]]) -> Run:
    def choose(runtime: Runtime, args: Args, kwargs: Kwargs) -> Iter:
        pool, *size = items.collect(runtime, args[0]), *args[1:]
        if size and type(size[0]) is int and size[0] > len(pool):
            return HostIter(iter(()))
        return HostIter(_charge_rows(runtime, run(pool, *size)))

    return choose


def _charge_rows(runtime: Runtime, rows: Iterator[tuple[object, ...]]) -> Iterator[object]:
    for row in rows:
        runtime.meter.items(len(row))
        yield row


def _repeat(runtime: Runtime, value: object, *times: object) -> Iter:
    if not times:
        return HostIter(itertools.repeat(value))
    return items.iterate(runtime, operators.apply_binary(runtime, "*", [value], times[0]))


def _starmap(runtime: Runtime, function: object, rows: object) -> Iter:
    calls = (runtime.call(function, tuple(items.collect(runtime, row)), {}) for row in items.walk(runtime, rows))
    return HostIter(calls)


_LISTED: dict[str, dict[str, Run]] = {
    "functools": {"reduce": PYTHON2["reduce"], "partial": _partial},
    "operator": {
        **{name: _take(2, operators.apply_binary, op) for name, op in _BINARY.items()},
        **{name: _take(2, operators.compare, op) for name, op in _COMPARISONS.items()},
        **{name: _take(1, operators.apply_unary, op) for name, op in {"neg": "-", "pos": "+", "not_": "not"}.items()},
        "getitem": _take(2, items.get), "itemgetter": _take(1, _make_item_getter),
    },
    "itertools": {
        "chain": _chain, "product": _product, "combinations": _choose(itertools.combinations),
        "permutations": _choose(itertools.permutations),
        "repeat": lambda runtime, args, kwargs: _repeat(runtime, *args), "starmap": _take(2, _starmap),
    },
}  # fmt: skip

_FROM_ITERABLE = {"from_iterable": Builtin("chain.from_iterable", guard(_take(1, _chain_all)))}  # hangs on another function
LIBRARIES: dict[str, Library] = {
    module: Library(
        module,
        {name: Builtin(name, guard(run), _FROM_ITERABLE if name == "chain" else {}) for name, run in members.items()},
    )
    for module, members in _LISTED.items()
}
