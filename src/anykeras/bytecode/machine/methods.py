"""The listed methods of plain values: ``METHODS[type][name](runtime, owner, args, kwargs)``."""

from __future__ import annotations

from ..errors import make_unsupported_error
from . import formatting, items, operators, plain
from .generators import Generator
from .meter import run_safely, throw
from .runtime import MethodRun, Runtime
from .values import NULL, Args, ExceptionType, ExceptionValue, Kwargs, View, is_container, is_scalar

# -- methods that the host runs as they are


def _make_native(name: str) -> MethodRun:
    """A method whose result is no longer than a few times its owner, and whose arguments are plain."""

    def run(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
        for value in (*args, *kwargs.values()):
            if not (is_scalar(value) or (type(value) is tuple and plain.is_pure(runtime.meter, value))):
                raise throw("TypeError", f"{name}() takes plain values")
        if isinstance(owner, str | bytes):
            runtime.meter.scan(len(owner) * _count_passes(name, args, kwargs))
        result: object = run_safely(lambda: getattr(owner, name)(*args, **kwargs))
        if isinstance(result, str | bytes):
            runtime.meter.characters(len(result))
        elif isinstance(result, list | tuple):
            runtime.meter.items(len(result))
        return result

    return run


def _count_passes(name: str, args: Args, kwargs: Kwargs) -> int:
    """How often a method may go over its owner: searches from the right compare at every place."""
    texts = [len(value) for value in (*args, *kwargs.values()) if isinstance(value, str | bytes)]
    return 1 + sum(texts) // 8 if name.startswith(("r", "strip", "lstrip")) else 1


def _make_text_coder(name: str) -> MethodRun:
    """``encode`` and ``decode``, of the codecs that go over their text once."""
    native = _make_native(name)

    def run(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
        codec = args[0] if args else kwargs.get("encoding", "utf-8")
        if type(codec) is not str or codec.lower().replace("_", "-") not in _CODECS:
            raise make_unsupported_error(f"the code calls {name}() with an unusual encoding")
        return native(runtime, owner, args, kwargs)

    return run


_CODECS = frozenset({"utf-8", "utf8", "ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "utf-16", "utf-32"})


def _pad(name: str) -> MethodRun:
    native = _make_native(name)

    def run(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
        if not args or type(args[0]) is not int or args[0] > runtime.meter.bounds.width:
            raise make_unsupported_error(f"the code pads text with {name} to an excessive width")
        return native(runtime, owner, args, kwargs)

    return run


def _change(name: str, new: int = 0, moved: bool = False) -> MethodRun:
    """A method that stores, moves or drops items without looking at them: ``new`` items are made; all are ``moved``."""

    def run(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
        runtime.meter.items(new)
        if moved and is_container(owner):
            runtime.meter.items(len(owner) // 64)
        result: object = getattr(owner, name)(*args)
        return result

    return run


def _make_keyed(name: str, new: int = 0) -> MethodRun:
    """A method of a dict or set whose first argument is a key."""

    def run(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
        runtime.meter.items(new)
        result: object = getattr(owner, name)(plain.as_key(runtime.meter, args[0]), *args[1:])
        return result

    return run


def _make_with_sets(name: str) -> MethodRun:
    """A method of a set whose arguments are sets."""

    def run(runtime: Runtime, owner: set[object], args: Args, kwargs: Kwargs) -> object:
        runtime.meter.items(len(owner))
        result: object = getattr(owner, name)(*(operators.to_set(runtime, value) for value in args))
        return result

    return run


# -- text


def _replace(runtime: Runtime, owner: str | bytes, args: Args, kwargs: Kwargs) -> object:
    if len(args) < 2 or type(args[0]) is not type(owner) or type(args[1]) is not type(owner):
        raise throw("TypeError", "replace() takes two texts")
    runtime.meter.scan(len(owner))
    runtime.meter.characters(len(owner) + run_safely(owner.count, args[0]) * len(args[1]))
    return _make_native("replace")(runtime, owner, args, kwargs)


def _join(runtime: Runtime, owner: str | bytes, args: Args, kwargs: Kwargs) -> object:
    parts = items.collect(runtime, *args)
    texts = [part for part in parts if isinstance(part, str | bytes) and type(part) is type(owner)]
    if len(texts) < len(parts):
        raise throw("TypeError", "join() takes texts")
    runtime.meter.characters(sum(len(text) + len(owner) for text in texts))
    return run_safely(owner.join, texts)


# -- lists and tuples


def _extend(runtime: Runtime, owner: list[object], args: Args, kwargs: Kwargs) -> None:
    owner.extend(items.collect(runtime, *args))


def _find_index(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> int:
    for place, item in enumerate(items.collect(runtime, owner)):
        if operators.are_equal(runtime, item, args[0]):
            return place
    raise throw("ValueError", "the value is not in the list")


def _remove(runtime: Runtime, owner: list[object], args: Args, kwargs: Kwargs) -> None:
    del owner[_find_index(runtime, owner, args, kwargs)]


def _count(runtime: Runtime, owner: object, args: Args, kwargs: Kwargs) -> object:
    return sum(int(operators.are_equal(runtime, item, args[0])) for item in items.collect(runtime, owner))


def _copy(runtime: Runtime, owner: list[object], args: Args, kwargs: Kwargs) -> object:
    runtime.meter.items(len(owner))
    return owner.copy()


def _sort(runtime: Runtime, owner: list[object], args: Args, kwargs: Kwargs) -> None:
    owner[:] = operators.sort(runtime, owner, args, kwargs)


# -- dicts


def _update(runtime: Runtime, owner: dict[object, object], args: Args, kwargs: Kwargs) -> None:
    for value in args:
        owner.update(operators.to_dict(runtime, value))
    owner.update(kwargs)


def _view(kind: str) -> MethodRun:
    return lambda runtime, owner, args, kwargs: View(owner, kind)


def _view_as_list(kind: str) -> MethodRun:
    """Python 2: ``keys`` and the like are lists."""
    return lambda runtime, owner, args, kwargs: items.collect(runtime, View(owner, kind))


def _view_as_iterator(kind: str) -> MethodRun:
    """Python 2: ``iterkeys`` and the like."""
    return lambda runtime, owner, args, kwargs: items.iterate(runtime, View(owner, kind))


# -- the list


def _guard(run: MethodRun) -> MethodRun:
    """Wrong arguments are the code's TypeError, a missing key its KeyError."""
    return lambda runtime, owner, args, kwargs: run_safely(run, runtime, owner, args, kwargs)


def _make_table(**methods: MethodRun) -> dict[str, MethodRun]:
    return {name: _guard(run) for name, run in methods.items()}


def _make_natives(names: str) -> dict[str, MethodRun]:
    return {name: _make_native(name) for name in names.split()}


_SIZED: dict[str, MethodRun] = {
    "__len__": lambda runtime, owner, args, kwargs: items.measure(runtime, owner),
    "__getitem__": lambda runtime, owner, args, kwargs: items.get(runtime, owner, *args),
}
_TEXT: dict[str, MethodRun] = {
    **_SIZED,
    **_make_natives(
        """capitalize count endswith find index isalnum isalpha isdigit islower isspace istitle isupper lower lstrip
        partition rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"""
    ),
    **{name: _pad(name) for name in ("center", "ljust", "rjust", "zfill")},
    "replace": _replace,
    "join": _join,
}
_TEXT_ONLY = {
    **_make_natives("casefold isdecimal isidentifier isnumeric removeprefix removesuffix"),
    "encode": _make_text_coder("encode"),
}
_SEQUENCE: dict[str, MethodRun] = {**_SIZED, "index": _find_index, "count": _count}
_CHANGED: dict[str, MethodRun] = {**_SIZED, "copy": _copy, "clear": _change("clear")}
_SET = {
    name: _make_with_sets(name)
    for name in ("difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union")
}
_SET_CHANGED = {name: _make_with_sets(name) for name in ("update", "difference_update", "intersection_update")}
_DICT_VIEWS = ("keys", "values", "items")

METHODS: dict[type, dict[str, MethodRun]] = {
    str: _make_table(**_TEXT, **_TEXT_ONLY, format=formatting.format_fields),
    bytes: _make_table(**_TEXT, decode=_make_text_coder("decode")),
    list: _make_table(
        **_SEQUENCE | _CHANGED, append=_change("append", new=1), extend=_extend,
        insert=_change("insert", new=1, moved=True), pop=_change("pop", moved=True), remove=_remove,
        reverse=_change("reverse", moved=True), sort=_sort,
    ),
    tuple: _make_table(**_SEQUENCE),
    range: _make_table(**_SIZED, index=_find_index),
    dict: _make_table(
        **_CHANGED, get=_make_keyed("get"), pop=_make_keyed("pop"), setdefault=_make_keyed("setdefault", new=1), update=_update,
        **{kind: _view(kind) for kind in _DICT_VIEWS},
    ),
    set: _make_table(
        **_CHANGED, **_SET, **_SET_CHANGED, add=_make_keyed("add", new=1), discard=_make_keyed("discard"),
        remove=_make_keyed("remove"),
    ),
    frozenset: _make_table(**_SIZED, **_SET, copy=_copy),
    int: _make_table(**_make_natives("bit_length conjugate")),
    bool: _make_table(**_make_natives("bit_length conjugate")),
    float: _make_table(**_make_natives("is_integer conjugate")),
    complex: _make_table(**_make_natives("conjugate")),
    slice: _make_table(**_make_natives("indices")),
}  # fmt: skip

PYTHON2_METHODS: dict[type, dict[str, MethodRun]] = {
    dict: _make_table(
        has_key=_make_keyed("__contains__"),
        **{kind: _view_as_list(kind) for kind in _DICT_VIEWS},
        **{f"iter{kind}": _view_as_iterator(kind) for kind in _DICT_VIEWS},
    ),
    str: _make_table(decode=lambda runtime, owner, args, kwargs: owner),
}


# -- generators


def _next(runtime: Runtime, owner: Generator, args: Args, kwargs: Kwargs) -> object:
    return _return_or_stop(owner, owner.send(args[0] if args else None))


def _return_or_stop(owner: Generator, value: object) -> object:
    if value is NULL:
        raise throw("StopIteration", *([] if owner.result is None else [owner.result]))
    return value


def _throw(runtime: Runtime, owner: Generator, args: Args, kwargs: Kwargs) -> object:
    error = args[0] if args else None
    if isinstance(error, ExceptionType):
        error = ExceptionValue(error, args[1:2])
    if not isinstance(error, ExceptionValue):
        raise throw("TypeError", "throw() takes an exception")
    return _return_or_stop(owner, owner.send(None, error))


def _close(runtime: Runtime, owner: Generator, args: Args, kwargs: Kwargs) -> None:
    owner.close()


GENERATOR_METHODS: dict[str, MethodRun] = {
    "next": _next, "__next__": _next, "send": _next, "throw": _throw, "close": _close,
}  # fmt: skip
