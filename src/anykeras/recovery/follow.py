"""Following a stored function: every Python that could have written it is tried, and they must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..bytecode import (
    Code as Bytecode, CodeRaised, Identification, Machine, MissingName, StoredFunction, identify, looks_stored,
    read_stored,
)  # fmt: skip
from ..document.values import Code, Value
from ..errors import AnyKerasError, MissingObject, Unsupported
from .domain import CodeDomain
from .functions import Entry, Refused, resolve
from .functions.base import Context
from .held import Held, constant, inner, outer

Arguments = Callable[[CodeDomain], tuple[Sequence[Any], Mapping[str, Any]]]


@dataclass(frozen=True)
class Found:
    """A function of the file: its bytes and who could have written them, or the name it goes by."""

    stored: StoredFunction | None
    identified: Identification | None
    name: str = ""
    module: str = ""


def thawed(value: Value) -> Any:
    """A frozen configuration value as the lists and dicts it was in the file."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [thawed(item) for item in value]
    return value


def find(code: Code, hints: Sequence[str] = ()) -> Found:
    """The function that a configuration holds. Raises BytecodeError where its bytes are none."""
    value = thawed(code.stored)
    if code.kind == "__lambda__" and isinstance(value, dict):
        value = {"class_name": "__lambda__", "config": value}
    if isinstance(value, str) and code.kind != "lambda" and not looks_stored(value):
        return Found(None, None, value, code.module or "")
    stored = read_stored(value)
    return Found(stored, identify(stored.code_bytes, preferred=tuple(hints)), "", code.module or "")


def call(
    found: Found,
    domain: Callable[[], CodeDomain],
    arguments: Arguments,
    agree: Callable[[Sequence[tuple[CodeDomain, Any]]], bool],
) -> tuple[CodeDomain, Any]:
    """What the function returns, over a fresh domain for each Python that could have written it.

    `arguments` makes the call's arguments in a domain. `agree` says whether several outcomes are the same.

    Raises:
        AnyKerasError: the code cannot be followed, or two Pythons would read it differently.
    """
    if found.identified is None or found.stored is None:
        return _by_name(found, domain(), arguments)
    outcomes: list[tuple[CodeDomain, Any]] = []
    errors: list[AnyKerasError] = []
    for candidate in found.identified.candidates:
        try:
            outcomes.append(_followed(candidate, found, domain, arguments))
        except AnyKerasError as error:
            errors.append(error)
    if not outcomes:
        raise errors[0]
    if not agree(outcomes):
        versions = ", ".join(str(v) for v in found.identified.versions)
        raise Refused(f"the code means different things in the Pythons that could have written it ({versions})", "AK3003")
    return outcomes[0]


def _followed(
    candidate: Bytecode,
    found: Found,
    domain: Callable[[], CodeDomain],
    arguments: Arguments,
) -> tuple[CodeDomain, Any]:
    """One reading. Keras wrote a function that another closes over as its bare name: where such a text is called, it
    is followed once more with the functions of those names."""
    run = domain()
    try:
        return run, _run(candidate, found.stored, run, arguments)
    except AnyKerasError as error:
        names = [v for v in found.stored.closure or () if isinstance(v, str)] if found.stored is not None else []
        run = domain()
        functions = {name: made for name in names if (made := _function_of(name, found, run)) is not None}
        if functions:
            return run, _run(candidate, found.stored, run, arguments, functions)
        if names and isinstance(error, CodeRaised) and "not callable" in error.seen:
            raise missing(names[0]) from None
        raise


def _function_of(name: str, found: Found, domain: CodeDomain) -> Any:
    return domain.given.get(name) or named(name, found.module, domain.ops.context)


def _run(
    candidate: Bytecode,
    stored: StoredFunction | None,
    domain: CodeDomain,
    arguments: Arguments,
    functions: Mapping[str, Any] | None = None,
) -> Any:
    assert stored is not None
    machine = Machine(candidate, domain)
    args, kwargs = arguments(domain)
    held = tuple(
        Held((functions or {})[v]) if isinstance(v, str) and v in (functions or {}) else _stored_value(v, domain)
        for v in stored.closure or ()
    )
    function = machine.function(tuple(_stored_value(value, domain) for value in stored.defaults), closure=held)
    return inner(machine.run(function, [outer(a) for a in args], {k: outer(v) for k, v in kwargs.items()}))


def parameters_of(found: Found, context: Context) -> tuple[str, ...]:
    """The names of a function's parameters, as far as they are known."""
    if found.identified is not None:
        return tuple(found.identified.best.parameters)
    entry = named(found.name, found.module, context)
    return entry.parameters if entry is not None else ()


def _stored_value(value: object, domain: CodeDomain) -> Any:
    """A default or a closed-over value; a function among them is followed when it is called."""
    if isinstance(value, StoredFunction):
        code = identify(value.code_bytes).best
        return Machine(code, domain).function(
            tuple(_stored_value(v, domain) for v in value.defaults),
            closure=tuple(_stored_value(v, domain) for v in value.closure or ()),
        )
    return outer(constant(value) if not isinstance(value, tuple) else value)


def _by_name(
    found: Found,
    domain: CodeDomain,
    arguments: Arguments,
) -> tuple[CodeDomain, Any]:
    """A function that the file only names: one of the tables, or one that was given."""
    args, kwargs = arguments(domain)
    if found.name in domain.given:
        return domain, domain.given[found.name](*args, **kwargs)
    entry = named(found.name, found.module, domain.ops.context)
    if entry is None:
        raise missing(found.name)
    return domain, entry(domain.ops, *args, **kwargs)


def named(name: str, module: str, context: Context) -> Entry | None:
    """The entry of a function that was saved by name, in its module or where Keras users import from."""
    places = [f"{module}.{name}"] if module and module not in ("__main__", "builtins") else []
    places += [f"keras.backend.{name}", f"keras.activations.{name}"]
    return next((entry for place in places if (entry := resolve(place, context)) is not None), None)


def missing(name: str) -> MissingObject:
    """The refusal for a function whose code is not in the file."""
    return MissingObject(
        "AK3002",
        f"the function {name!r} is called, and its code is not in the file",
        key=name,
        next_step=f"Give it: load_model(path, custom_objects={{{name!r}: {name}}}).",
    )


def told(error: AnyKerasError, layer: str, source: str = "") -> AnyKerasError:
    """The refusal with the layer, and the recovered source, that it is about."""
    plain = missing(error.name) if isinstance(error, MissingName) else error
    kind = MissingObject if isinstance(plain, MissingObject) else Unsupported
    return kind(
        plain.code,
        f"{plain.seen}; the function is: {source}" if source else plain.seen,
        part=plain.part,
        layer=plain.layer or layer,
        key=plain.key,
        writer=plain.writer,
        next_step=plain.next_step,
    )
