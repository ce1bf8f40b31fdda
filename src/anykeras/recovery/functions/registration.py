"""Entering functions of old libraries into the tables, with the argument names that they had."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from inspect import Parameter

from ...document.model import Era
from .base import Entry, FunctionContext, Kind, Ops, When
from .values import Operand

_entries: dict[str, list[Entry]] = {}


def register(*entries: Entry) -> None:
    """Add entries; of several under one name the first that fits the context is meant."""
    for entry in entries:
        _entries.setdefault(entry.name, []).append(entry)


def table() -> Mapping[str, Sequence[Entry]]:
    """Every entry by canonical name."""
    return _entries


class Spelled:
    """A body under the argument names of an old library, in their old order.

    `arguments` has a word for each: ``x`` where the body calls it so too, ``dim=axis`` for the body's ``axis``, ``-name``
    for one that changes nothing; ``x|a`` adds a spelling that is only given by name, and ``x?`` may be left out, for which
    None is as good. Of several words for one argument the first counts that is given, and neither None nor False; where
    none is, the body's default does.
    """

    def __init__(self, arguments: str, body: Callable[..., Operand]) -> None:
        self.body = body
        takes = inspect.signature(body).parameters
        self.optional = {key for key, parameter in takes.items() if parameter.default not in (Parameter.empty, None)}
        words = [_spelling(word) for word in arguments.split()]
        left_out = {target for word, (_, target) in zip(arguments.split(), words, strict=True) if "?" in word}
        self.optional |= left_out
        self.targets = [(spelling, target) for spellings, target in words if target for spelling in spellings]
        known = [target for _, target in self.targets]
        ordered, by_name = [Parameter("ops", Parameter.POSITIONAL_ONLY)], list[Parameter]()
        optional = False
        for (first, *others), target in words:
            default = takes[target].default if target in takes else Parameter.empty
            optional = optional or target in left_out or known.count(target) != 1 or default is not Parameter.empty
            shown = None if optional else Parameter.empty  # behind an optional one all are: another spelling may stand in
            ordered.append(Parameter(first, Parameter.POSITIONAL_OR_KEYWORD, default=shown))
            by_name += [Parameter(other, Parameter.KEYWORD_ONLY, default=None) for other in others]
        self.__signature__ = inspect.Signature([*ordered, *by_name])

    def __call__(self, ops: Ops, *args: Operand, **kwargs: Operand) -> Operand:
        """Call the body with its own argument names."""
        old = self.__signature__.bind(ops, *args, **kwargs).arguments
        values: dict[str, Operand] = {}
        for spelling, target in self.targets:
            value = old.get(spelling)
            unset = values.get(target) is None or values[target] is False
            if unset and spelling in old and not (value is None and target in self.optional):
                values[target] = value
        return self.body(ops, **values)


def _spelling(word: str) -> tuple[list[str], str]:
    """The spellings of an argument, and the body's name for it: none where it changes nothing."""
    spellings, _, target = word.removeprefix("-").replace("?", "").partition("=")
    first, *others = spellings.split("|")
    return [first, *others], "" if word.startswith("-") else target or first


def function(
    *names: str,
    arguments: str = "",
    stack: str = "",
    kind: Kind = Kind.PURE,
    eras: Iterable[Era] = (),
    backends: Iterable[str] = (),
    test: Callable[[FunctionContext], bool] | None = None,
) -> Callable[[Callable[..., Operand]], Callable[..., Operand]]:
    """Register the decorated function under each full dotted name.

    Its parameters carry the old argument names, unless `arguments` spells those (see :class:`Spelled`).
    """

    def add(run: Callable[..., Operand]) -> Callable[..., Operand]:
        when = When(tuple(eras), tuple(backends), test)
        body = Spelled(arguments, run) if arguments else run
        register(*(Entry(name, body, stack, kind, when) for name in names))
        return run

    return add


def functions(
    module: str,
    rows: Mapping[str, Callable[..., Operand]],
    *,
    stack: str = "",
    kind: Kind = Kind.PURE,
    test: Callable[[FunctionContext], bool] | None = None,
) -> None:
    """Register a table: names of functions of `module`, separated by spaces, and what they compute."""
    for names, run in rows.items():
        register(*(Entry(f"{module}.{name}", run, stack, kind, When(test=test)) for name in names.split()))


def each(
    module: str,
    names: str,
    run: Callable[..., Operand],
    *,
    arguments: str = "",
    stack: str = "",
    kind: Kind = Kind.PURE,
    test: Callable[[FunctionContext], bool] | None = None,
) -> None:
    """Register functions that differ only in a function of ``keras.ops``: ``run(ops, operation, *args)``.

    `names` is ``old`` or ``old=new`` separated by spaces, where the new name is that of the operation.
    """
    for pair in names.split():
        old, _, new = pair.partition("=")
        body: Callable[..., Operand] = _Named(new or old, run)
        body = Spelled(arguments, body) if arguments else body
        register(Entry(f"{module}.{old}", body, stack, kind, When(test=test)))


class _Named:
    """A body for one operation, whose name it takes first."""

    def __init__(self, operation: str, body: Callable[..., Operand]) -> None:
        self.operation, self.body = operation, body
        ops, _, *rest = inspect.signature(body).parameters.values()
        self.__signature__ = inspect.Signature([ops, *rest])

    def __call__(self, ops: Ops, *args: Operand, **kwargs: Operand) -> Operand:
        """Call the body for the operation."""
        return self.body(ops, self.operation, *args, **kwargs)


def alike(
    module: str, arguments: str, names: str, *, stack: str = "", test: Callable[[FunctionContext], bool] | None = None
) -> None:
    """Register functions that are a function of ``keras.ops`` under their old name and argument names, all required."""

    def run(ops: Ops, operation: str, **values: Operand) -> Operand:
        if len(values) < len(arguments.split()):
            raise TypeError(f"{len(arguments.split())} arguments are needed")
        return ops.op(operation, *values.values())

    each(module, names, run, arguments=arguments, stack=stack, test=test)


def refuse(reason: str, module: str, names: str, *, stack: str = "", kind: Kind = Kind.REFUSED) -> None:
    """Register names (separated by spaces) that have no counterpart, with the one true reason."""
    register(*(Entry(f"{module}.{name}", None, stack, kind, reason=reason) for name in names.split()))


def constants(module: str, known: Mapping[str, Operand], *, stack: str = "") -> None:
    """Register constants."""
    register(*(Entry(f"{module}.{name}", None, stack, Kind.VALUE, value=value) for name, value in known.items()))


def also(module: str, source: str, names: str, *, stack: str = "") -> None:
    """Offer entries of `source` under another module too: ``new`` or ``new=old`` separated by spaces."""
    for pair in names.split():
        new, _, old = pair.partition("=")
        for entry in list(_entries[f"{source}.{old or new}"]):
            register(replace(entry, name=f"{module}.{new}", stack=stack))
