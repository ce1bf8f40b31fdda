"""Items of values of any kind: iteration, indexing, length. Plain values here, the rest asked of the domain."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from ..errors import limit_error, make_unsupported_error
from . import plain, special
from .meter import run_safely, throw
from .runtime import Runtime, ask, is_symbol
from .values import CONTAINERS, NULL, HostIter, Instance, Iter, View, is_plain, is_unordered

# -- iteration


def iterate(runtime: Runtime, value: object) -> Iter:
    """``iter(value)``."""
    if isinstance(value, Iter):
        return value
    if is_plain(value):
        note_order(runtime, value)
        return HostIter(run_safely(iter, value))
    if is_symbol(runtime, value):
        return HostIter(iter(ask(lambda: list(runtime.domain.iterate(value)))))
    if isinstance(value, View):
        note_order(runtime, value.owner)
        return HostIter(iter(value.snapshot()))
    if isinstance(value, Instance):
        return special.iterate(runtime, value)
    raise throw("TypeError", "the value is not iterable")


def note_order(runtime: Runtime, value: object) -> None:
    """Remembers that the result depends on an order that the file does not tell."""
    if not is_unordered(value) or len(value) < 2:
        return
    if runtime.traits.dict_order if isinstance(value, dict) else all(type(item) is int for item in value):
        return
    runtime.note(f"the code goes through a {type(value).__name__}, whose order in that Python is not known")


def walk(runtime: Runtime, value: object) -> Iterator[object]:
    """A host iterator over ``value``: one step and one value charged for each item."""
    iterator = iterate(runtime, value)
    while (item := advance(runtime, iterator)) is not NULL:
        runtime.meter.items(1)
        yield item


def advance(runtime: Runtime, iterator: Iter) -> object:
    """The next value, or ``NULL`` at the end."""
    runtime.meter.step()
    try:
        return iterator.advance()
    except RecursionError as error:
        raise limit_error("the code nests iterators too deeply") from error
    except RuntimeError as error:  # "dictionary changed size during iteration"
        raise throw("RuntimeError", str(error)) from error


def collect(runtime: Runtime, value: object) -> list[object]:
    """``list(value)``."""
    if type(value) is list or type(value) is tuple:
        runtime.meter.items(len(value))
        return list(value)
    return list(walk(runtime, value))


def unpack(runtime: Runtime, value: object, count: int) -> list[object]:
    """The values of ``a, b = value``; the caller checks their number."""
    if is_symbol(runtime, value):
        return ask(lambda: list(runtime.domain.unpack(value, count)))
    return collect(runtime, value)


# -- indexing


def get(runtime: Runtime, value: object, key: object) -> object:
    """``value[key]``."""
    if isinstance(value, Instance):
        return special.call_required(runtime, value, "__getitem__", key)
    if is_symbol(runtime, value) or _holds_symbol(runtime, key):
        return ask(runtime.domain.getitem, value, key)
    if not is_plain(value):
        raise throw("TypeError", "the value cannot be indexed")
    if type(value) is dict:
        key = plain.as_key(runtime.meter, key)
    elif type(key) is slice and isinstance(value, plain.SIZED):
        runtime.meter.items(len(value))
    result: object = run_safely(operator.getitem, value, key)
    return result


def _holds_symbol(runtime: Runtime, key: object) -> bool:
    if type(key) is slice:
        return any(is_symbol(runtime, part) for part in (key.start, key.stop, key.step))
    return type(key) not in CONTAINERS and is_symbol(runtime, key)


def put(runtime: Runtime, value: object, key: object, item: object) -> None:
    """``value[key] = item``."""
    if is_symbol(runtime, value):
        ask(runtime.domain.setitem, value, key, item)
    elif isinstance(value, Instance):
        special.call_required(runtime, value, "__setitem__", key, item)
    elif type(value) is dict:
        value[plain.as_key(runtime.meter, key)] = item
        runtime.meter.items(1)
    elif type(value) is list:
        runtime.meter.scan(len(value))
        run_safely(operator.setitem, value, key, collect(runtime, item) if type(key) is slice else item)
    else:
        raise throw("TypeError", "the value does not support item assignment")


def delete(runtime: Runtime, value: object, key: object) -> None:
    """``del value[key]``."""
    if type(value) is dict:
        run_safely(operator.delitem, value, plain.as_key(runtime.meter, key))
    elif type(value) is list:
        runtime.meter.scan(len(value))
        run_safely(operator.delitem, value, key)
    elif is_symbol(runtime, value):
        raise make_unsupported_error("the code deletes an item of a symbol")
    else:
        raise throw("TypeError", "the value does not support item deletion")


def measure(runtime: Runtime, value: object) -> object:
    """``len(value)``."""
    if is_symbol(runtime, value):
        return ask(runtime.domain.length, value)
    if isinstance(value, View):
        return len(value.owner)
    if isinstance(value, Instance):
        return special.call_required(runtime, value, "__len__")
    if not is_plain(value):
        raise throw("TypeError", "the value has no len()")
    return run_safely(len, value)
