"""The table of old functions: entering them with the argument names that they had, and finding what a name meant."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from inspect import Parameter

from ...document.model import Era
from ...lazily import read_data
from ...registry import load_all
from .base import Entry, EntryKind, FunctionContext, Ops, When
from .values import Operand

_entries: dict[str, list[Entry]] = {}


def register(*entries: Entry) -> None:
    """Add entries; of several under one name the first that fits the context is meant."""
    for entry in entries:
        _entries.setdefault(entry.name, []).append(entry)


def all_entries() -> Mapping[str, Sequence[Entry]]:
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
    kind: EntryKind = EntryKind.PURE,
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
        register(*(Entry(name, body, kind, when) for name in names))
        return run

    return add


def functions(
    module: str,
    rows: Mapping[str, Callable[..., Operand]],
    *,
    kind: EntryKind = EntryKind.PURE,
    test: Callable[[FunctionContext], bool] | None = None,
) -> None:
    """Register a table: names of functions of `module`, separated by spaces, and what they compute."""
    for names, run in rows.items():
        register(*(Entry(f"{module}.{name}", run, kind, When(test=test)) for name in names.split()))


def each(
    module: str,
    names: str,
    run: Callable[..., Operand],
    *,
    arguments: str = "",
    kind: EntryKind = EntryKind.PURE,
    test: Callable[[FunctionContext], bool] | None = None,
) -> None:
    """Register functions that differ only in a function of ``keras.ops``: ``run(ops, operation, *args)``.

    `names` is ``old`` or ``old=new`` separated by spaces, where the new name is that of the operation.
    """
    for pair in names.split():
        old, _, new = pair.partition("=")
        body: Callable[..., Operand] = _Named(new or old, run)
        body = Spelled(arguments, body) if arguments else body
        register(Entry(f"{module}.{old}", body, kind, When(test=test)))


class _Named:
    """A body for one operation, whose name it takes first."""

    def __init__(self, operation: str, body: Callable[..., Operand]) -> None:
        self.operation, self.body = operation, body
        ops, _, *rest = inspect.signature(body).parameters.values()
        self.__signature__ = inspect.Signature([ops, *rest])

    def __call__(self, ops: Ops, *args: Operand, **kwargs: Operand) -> Operand:
        """Call the body for the operation."""
        return self.body(ops, self.operation, *args, **kwargs)


def alike(module: str, arguments: str, names: str, *, test: Callable[[FunctionContext], bool] | None = None) -> None:
    """Register functions that are a function of ``keras.ops`` under their old name and argument names, all required."""

    def run(ops: Ops, operation: str, **values: Operand) -> Operand:
        if len(values) < len(arguments.split()):
            raise TypeError(f"{len(arguments.split())} arguments are needed")
        return ops.op(operation, *values.values())

    each(module, names, run, arguments=arguments, test=test)


def refuse(reason: str, module: str, names: str, *, kind: EntryKind = EntryKind.REFUSED) -> None:
    """Register names (separated by spaces) that have no counterpart, with the one true reason."""
    register(*(Entry(f"{module}.{name}", None, kind, reason=reason) for name in names.split()))


def constants(module: str, known: Mapping[str, Operand]) -> None:
    """Register constants."""
    register(*(Entry(f"{module}.{name}", None, EntryKind.VALUE, value=value) for name, value in known.items()))


def also(module: str, source: str, names: str) -> None:
    """Offer entries of `source` under another module too: ``new`` or ``new=old`` separated by spaces."""
    for pair in names.split():
        new, _, old = pair.partition("=")
        for entry in list(_entries[f"{source}.{old or new}"]):
            register(replace(entry, name=f"{module}.{new}"))


# Finding the entry that a name in old code meant.


_MODULES = json.loads(read_data(__package__, "modules.json"))
GLOBALS: Mapping[str, str] = _MODULES["globals"]
"""The modules that global names of a function usually stand for: a function's bytecode holds only the short name."""
_INNER: Sequence[tuple[str, str]] = _MODULES["inner"]
"""Inner paths of modules, and the public ones where their functions are."""


def module_of(name: str) -> str | None:
    """The module that a global of this name normally is, or None."""
    return GLOBALS.get(name)


@cache
def _load_tables() -> bool:
    load_all(__package__)
    return True


@lru_cache(maxsize=4096)
def canonical(dotted: str) -> str:
    """The name under which the tables hold a function; aliases and inner module paths fold into public names."""
    head, _, rest = dotted.partition(".")
    if head in GLOBALS and rest:
        dotted = f"{GLOBALS[head]}.{rest}"
    dotted += "."
    changed = True
    while changed:
        changed = False
        for old, new in _INNER:
            if dotted.startswith(old):
                dotted, changed = new + dotted[len(old) :], True
    return dotted[:-1]


def resolve(dotted: str, context: FunctionContext | None = None) -> Entry | None:
    """The entry that `dotted` meant for a writer of `context`; None where the tables know nothing of it."""
    _load_tables()
    context = context or FunctionContext()
    name = canonical(dotted)
    for spelling in _spellings(name):
        for entry in all_entries().get(spelling, ()):
            if entry.when.fits(context):
                return entry
    return None


def _spellings(name: str) -> list[str]:
    found = [name]
    if name.startswith("tensorflow.compat.v1."):
        found.append("tensorflow." + name.removeprefix("tensorflow.compat.v1."))
    if name.startswith("tensorflow.math."):
        found.append("tensorflow." + name.removeprefix("tensorflow.math."))
    if name.startswith("jax.numpy."):
        found.append("numpy." + name.removeprefix("jax.numpy."))
    if name.startswith("jax.nn."):
        found.append("keras.ops." + name.removeprefix("jax.nn."))
    return found


def is_module(dotted: str) -> bool:
    """Whether the tables hold names below `dotted`, so that an import of it or an attribute walk may go on."""
    _load_tables()
    name = canonical(dotted) if "." in dotted else GLOBALS.get(dotted, dotted)
    known = any(spelling.startswith(name + ".") for spelling in all_entries())
    return (
        known
        or name in ("tensorflow.compat", "tensorflow.compat.v1", "tensorflow.compat.v2", "jax", "jax.nn")
        or (name in ("tensorflow.math", "jax.numpy", "tensorflow.keras"))
    )


def names(prefix: str = "") -> list[str]:
    """All canonical names below `prefix`, sorted."""
    _load_tables()
    return sorted(name for name in all_entries() if name.startswith(prefix))


@dataclass(frozen=True)
class Attribute:
    """An attribute of a value: a method takes the value as its first argument, a property is run at once."""

    entry: Entry
    method: bool


def find_attribute(name: str, on: str = "tensor", context: FunctionContext | None = None) -> Attribute | None:
    """What `name` is on a ``tensor``, ``shape``, ``size`` taken from one, ``dtype`` or ``pair``; None if unknown."""
    for method in (True, False):
        entry = resolve(f"{'method' if method else 'property'}.{on}.{name}", context)
        if entry is not None:
            return Attribute(entry, method)
    return None


def find_operator(name: str, context: FunctionContext | None = None) -> Entry:
    """The entry of a Python operator on tensors, by its name in the module ``operator``; raises KeyError."""
    entry = resolve(f"operator.{name.rstrip('_')}", context)
    if entry is None:
        raise KeyError(name)
    return entry
