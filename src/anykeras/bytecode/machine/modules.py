"""The few modules of Python's library that compute on values alone: what stored code finds in them, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from anykeras.bytecode.errors import unsupported_error
from anykeras.bytecode.machine import operators, plain
from anykeras.bytecode.machine.builtins import PYTHON2, Run, arguments
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.values import Builtin, HostIter, Library

if TYPE_CHECKING:
    from anykeras.bytecode.machine.core import Machine

_BINARY = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "matmul": "@",
    "and_": "&", "or_": "|", "xor": "^", "concat": "+", "div": "classic /",
}  # fmt: skip
_COMPARED = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}


def _partial(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """``functools.partial(function, *args, **kwargs)``."""
    function, *first = args

    def run(machine: Machine, more: tuple[Any, ...], named: dict[str, Any]) -> object:
        return machine.call(function, (*first, *more), {**kwargs, **named})

    return Builtin("partial", run)


def _binary(op: str) -> Run:
    return lambda machine, args, kwargs: operators.binary(machine, op, *_two(args))


def _compare(op: str) -> Run:
    return lambda machine, args, kwargs: operators.compare(machine, op, *_two(args))


def _two(args: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(args) != 2:
        raise throw("TypeError", "the operator takes two values")
    return args[0], args[1]


def _unary(op: str) -> Run:
    return lambda machine, args, kwargs: operators.unary(machine, op, *args)


def _getitem(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return operators.getitem(machine, *_two(args))


def _itemgetter(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    (key,) = args

    def run(machine: Machine, given: tuple[Any, ...], named: dict[str, Any]) -> object:
        (value,) = given
        return operators.getitem(machine, value, key)

    return Builtin("itemgetter", run)


# -- itertools


def _pools(machine: Machine, given: tuple[Any, ...]) -> list[list[object]]:
    return [operators.collect(machine, one) for one in given]


def _chain(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return HostIter(iter([item for pool in _pools(machine, args) for item in pool]))


def _flattened(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    (pools,) = args
    return _chain(machine, tuple(operators.collect(machine, pools)), {})


def _product(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    again = kwargs.get("repeat", 1)
    if type(again) is not int or again > 16:
        raise unsupported_error("the code repeats a product too often")
    return HostIter(_metered(machine, itertools.product(*_pools(machine, args), repeat=again)))


def _choosing(run: Callable[..., Iterator[tuple[object, ...]]]) -> Run:
    def choose(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        pool, *size = operators.collect(machine, args[0]), *args[1:]
        if size and type(size[0]) is int and size[0] > len(pool):
            return HostIter(iter(()))
        return HostIter(_metered(machine, run(pool, *size)))

    return choose


def _metered(machine: Machine, rows: Iterator[tuple[object, ...]]) -> Iterator[object]:
    for row in rows:
        machine.meter.items(len(row))
        yield row


def _repeat(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    if len(args) == 1:
        return HostIter(itertools.repeat(*args))
    made = plain.binary(machine.meter, "*", [args[0]], args[1], inplace=False)
    return operators.iterator(machine, made)


def _starmap(machine: Machine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    function, rows = args
    return HostIter(machine.call(function, tuple(operators.collect(machine, row)), {}) for row in operators.walk(machine, rows))


_LISTED: dict[str, dict[str, Run]] = {
    "functools": {"reduce": PYTHON2["reduce"], "partial": _partial},
    "operator": {
        **{name: _binary(op) for name, op in _BINARY.items()},
        **{name: _compare(op) for name, op in _COMPARED.items()},
        "neg": _unary("-"), "pos": _unary("+"), "not_": _unary("not"), "getitem": _getitem, "itemgetter": _itemgetter,
    },
    "itertools": {
        "chain": _chain, "product": _product, "combinations": _choosing(itertools.combinations),
        "permutations": _choosing(itertools.permutations), "repeat": _repeat, "starmap": _starmap,
    },
}  # fmt: skip

_FROM_ITERABLE = {"from_iterable": Builtin("chain.from_iterable", arguments(_flattened))}  # hangs on another function
LIBRARIES: dict[str, Library] = {
    module: Library(
        module,
        {name: Builtin(name, arguments(run), _FROM_ITERABLE if name == "chain" else None) for name, run in members.items()},
    )
    for module, members in _LISTED.items()
}
