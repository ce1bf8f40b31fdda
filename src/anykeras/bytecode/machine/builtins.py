"""The listed builtin functions and types, each written over the machine's operators."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from ..errors import limit_error, make_unsupported_error
from . import attributes, classes, formatting, generators, items, operators, plain
from .attributes import TYPES
from .meter import EXCEPTIONS, run_safely, throw
from .runtime import Builtin, Run, Runtime, ask, is_symbol
from .values import NOT_IMPLEMENTED, NULL, Args, Iter, Kwargs, Type

MAX_DIGITS = 3000  # of a text that is read as a number
MAX_ROUNDING = 400  # digits


def _pass_positional(run: Callable[..., object]) -> Run:
    """A function of positional arguments alone: ``run(runtime, *args)``."""

    def on_values(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
        if kwargs:
            raise make_unsupported_error(f"the code calls a builtin with the keyword {next(iter(kwargs))!r}")
        return run(runtime, *args)

    return on_values


def _refuse(name: str) -> Run:
    def run(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
        raise make_unsupported_error(f"the code calls {name}()")

    return run


def _refuse_all(names: str) -> dict[str, Run]:
    return {name: _refuse(name) for name in names.split()}


# -- numbers


def _run_on_scalars(run: Callable[..., object], name: str = "") -> Run:
    """A host function of scalars; symbols go to the domain under its name."""
    name = name or run.__name__

    def on_values(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
        if any(is_symbol(runtime, value) for value in args):
            return ask(runtime.domain.builtin, name, args, kwargs)
        if any(isinstance(value, str | bytes) and len(value) > MAX_DIGITS for value in args):
            raise limit_error("the code reads a number from a long text")
        return operators.call_host(run, *args, **kwargs)

    return on_values


def _pow(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    if kwargs:
        raise make_unsupported_error("the code calls pow() with keywords")
    if len(args) == 3:
        _, exponent, modulus = args
        digits = 1 + plain.count_bits(modulus) // 30  # of CPython's integers; a product of two takes their square
        runtime.meter.step(1 + plain.count_bits(exponent) * digits * digits // 300)
        return _run_on_scalars(pow)(runtime, args, {})
    if len(args) != 2:
        raise throw("TypeError", "pow() takes two or three arguments")
    return operators.apply_binary(runtime, "**", *args)


def _round(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    args = (*args, *kwargs.values())
    if args and is_symbol(runtime, args[0]):
        return ask(runtime.domain.builtin, "round", args, {})
    if len(args) == 2 and args[1] is not None and (type(args[1]) is not int or abs(args[1]) > MAX_ROUNDING):
        raise make_unsupported_error("the code rounds to an excessive number of digits")
    return operators.call_host(_round_away if runtime.traits.python2 else round, *args)


def _round_away(value: float, digits: int = 0) -> float:
    """Python 2 rounds halves away from zero and always gives a float."""
    scale = 10.0**digits
    scaled = abs(float(value)) * scale
    return math.copysign(math.floor(scaled + 0.5) / scale, value) if math.isfinite(scaled) else float(value)


def _divmod(runtime: Runtime, left: object, right: object) -> object:
    return operators.apply_binary(runtime, "//", left, right), operators.apply_binary(runtime, "%", left, right)


def _cmp(runtime: Runtime, left: object, right: object) -> object:
    if operators.are_equal(runtime, left, right):
        return 0
    return -1 if operators.is_true(runtime, operators.compare(runtime, "<", left, right)) else 1


# -- values of iterables


def _sum(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    total: object = args[1] if len(args) > 1 else kwargs.get("start", 0)
    for item in items.walk(runtime, args[0]):
        total = operators.apply_binary(runtime, "+", total, item)
    return total


def _any(runtime: Runtime, values: object) -> object:
    return any(operators.is_true(runtime, item) for item in items.walk(runtime, values))


def _all(runtime: Runtime, values: object) -> object:
    return all(operators.is_true(runtime, item) for item in items.walk(runtime, values))


def _sort_values(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    return operators.sort(runtime, args[0], args[1:], kwargs)


def _reduce(runtime: Runtime, function: object, values: object, *start: object) -> object:
    remaining = items.walk(runtime, values)
    total = start[0] if start else next(remaining, NULL)
    if total is NULL:
        raise throw("TypeError", "reduce() of an empty sequence")
    for item in remaining:
        total = runtime.call(function, (total, item), {})
    return total


# -- iterators


def _iter(runtime: Runtime, *args: object) -> object:
    if len(args) != 1:
        raise make_unsupported_error("the code uses iter() with a sentinel")
    return items.iterate(runtime, args[0])


def _next(runtime: Runtime, iterator: object, *default: object) -> object:
    if not isinstance(iterator, Iter):
        raise throw("TypeError", "the value is not an iterator")
    value = items.advance(runtime, iterator)
    if value is NULL and not default:
        raise throw("StopIteration")
    return default[0] if value is NULL else value


def _to_list(kind: Run) -> Run:
    """Python 2: map, zip, filter and range give lists."""
    return lambda runtime, args, kwargs: items.collect(runtime, kind(runtime, args, kwargs))


def _filter_of_python2(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    kept = items.collect(runtime, generators.Filter(runtime, args, kwargs))
    if type(args[1]) is str:
        return "".join(item for item in kept if isinstance(item, str))
    return tuple(kept) if type(args[1]) is tuple else kept


def _map_of_python2(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    if not args or args[0] is not None:
        return items.collect(runtime, generators.Map(runtime, args, kwargs))
    rows = items.collect(runtime, generators.Zip(runtime, args[1:], {}))
    return [row[0] for row in rows if isinstance(row, tuple)] if len(args) == 2 else rows


# -- text


def _format(runtime: Runtime, value: object, spec: object = "") -> object:
    if type(spec) is not str:
        raise throw("TypeError", "a format is not text")
    return formatting.format_value(runtime, value, spec)


def _print(runtime: Runtime, args: Args, kwargs: Kwargs) -> None:
    runtime.note("the code prints; nothing is printed")


# -- types


def _bool(runtime: Runtime, *args: object) -> object:
    return operators.is_true(runtime, *args) if args else False


def _str(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    if len(args) + len(kwargs) > 1:
        raise make_unsupported_error("the code decodes bytes with str()")
    return formatting.show(runtime, *args) if args else ""


def _bytes(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    if runtime.traits.python2:
        return _str(runtime, args, kwargs)
    source = args[0] if args else 0
    if isinstance(source, str):
        return run_safely(lambda: bytes(*args, **kwargs))
    if not isinstance(source, int):
        return run_safely(bytes, items.collect(runtime, source))
    if source < 0:
        raise throw("ValueError", "negative count")
    runtime.meter.characters(source)
    return bytes(source)


def _collect(kind: Callable[[list[object]], object]) -> Run:
    return lambda runtime, args, kwargs: kind(items.collect(runtime, *args) if args else [])


def _dict(runtime: Runtime, args: Args, kwargs: Kwargs) -> object:
    result = operators.to_dict(runtime, *args) if args else {}
    result.update(kwargs)
    return result


def _set(runtime: Runtime, *args: object) -> set[object]:
    return operators.to_set(runtime, *args) if args else set()


def _frozenset(runtime: Runtime, *args: object) -> object:
    return frozenset(_set(runtime, *args))


def _slice(runtime: Runtime, *args: object) -> object:
    return run_safely(slice, *args)


CONSTRUCTORS: dict[str, Run] = {
    "int": _run_on_scalars(int), "float": _run_on_scalars(float), "complex": _run_on_scalars(complex),
    "range": _run_on_scalars(range),
    "bool": _pass_positional(_bool), "str": _str, "bytes": _bytes, "list": _collect(list), "tuple": _collect(tuple),
    "dict": _dict, "set": _pass_positional(_set), "frozenset": _pass_positional(_frozenset), "slice": _pass_positional(_slice),
    **_refuse_all("object NoneType ellipsis"),
}  # fmt: skip

_POSITIONAL: dict[str, Callable[..., object]] = {
    "divmod": _divmod, "len": items.measure, "any": _any, "all": _all, "repr": formatting.represent, "format": _format,
    "iter": _iter, "next": _next, "isinstance": attributes.is_instance, "issubclass": attributes.is_subclass,
    "type": attributes.get_type,
    "getattr": attributes.get_attribute, "hasattr": attributes.has_attribute, "setattr": attributes.set_attribute,
    "callable": attributes.is_callable, "property": classes.make_property, "staticmethod": classes.make_static,
    "classmethod": classes.make_class_method, "super": classes.make_super,
}  # fmt: skip

FUNCTIONS: dict[str, Run] = {
    **{run.__name__: _run_on_scalars(run) for run in (abs, bin, chr, hex, oct, ord)},
    "round": _round, "pow": _pow, "sum": _sum, "sorted": _sort_values, "print": _print,
    "min": partial(operators.find_extreme, "min"), "max": partial(operators.find_extreme, "max"),
    "map": generators.Map, "zip": generators.Zip, "filter": generators.Filter, "enumerate": generators.Enumerate,
    "reversed": generators.Reversed,
    **{name: _pass_positional(run) for name, run in _POSITIONAL.items()},
    **_refuse_all(
        """eval exec compile open input __import__ globals locals vars dir delattr hash id memoryview bytearray
        breakpoint help exit quit"""
    ),
}  # fmt: skip

PYTHON2: dict[str, Run] = {
    "map": _map_of_python2, "zip": _to_list(generators.Zip), "filter": _filter_of_python2,
    "reduce": _pass_positional(_reduce), "cmp": _pass_positional(_cmp), "unichr": _run_on_scalars(chr),
    "range": _to_list(CONSTRUCTORS["range"]), **_refuse_all("execfile file raw_input reload apply intern buffer coerce"),
}  # fmt: skip

_CONSTANTS: dict[str, object] = {
    "True": True, "False": False, "Ellipsis": Ellipsis,  # Python 2 reads them as names
    "NotImplemented": NOT_IMPLEMENTED,
}  # fmt: skip


def guard(run: Run) -> Run:
    """``run``, where a wrong number or kind of arguments is the code's TypeError."""
    return lambda runtime, args, kwargs: run_safely(run, runtime, args, kwargs)


def call_type(runtime: Runtime, kind: Type, args: Args, kwargs: Kwargs) -> object:
    """Calls a type: ``int("3")``, ``list(x)``."""
    return guard(CONSTRUCTORS[kind.name])(runtime, args, kwargs)


def list_builtin_names(python2: bool) -> dict[str, object]:
    """Every builtin name that stored code of that Python can read."""
    names: dict[str, object] = {**_CONSTANTS, **EXCEPTIONS, **TYPES}
    names.update((name, Builtin(name, guard(run))) for name, run in FUNCTIONS.items())
    del names["NoneType"], names["ellipsis"]
    if python2:
        names.update((name, Builtin(name, guard(run))) for name, run in PYTHON2.items())
        names.update({"unicode": TYPES["str"], "basestring": TYPES["str"], "long": TYPES["int"], "xrange": TYPES["range"]})
        names["bytes"] = TYPES["str"]
    return names
