"""Following a stored function: every Python that could have written it is tried, and they must agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..bytecode import (
    Code as Bytecode, Identification, Machine, MissingName, StoredFunction, identify, looks_stored,
    read_stored,
)  # fmt: skip
from ..document.values import Code, Value
from ..errors import AnyKerasError, MissingObject, Unsupported
from .domain import CodeDomain
from .functions import Entry, Refused, resolve
from .functions.base import Context
from .held import constant, inner, outer

Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Found:
    """A function of the file: its bytes and who could have written them, or the name it goes by."""

    stored: StoredFunction | None
    identified: Identification | None
    name: str = ""
    module: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of its parameters; () where only its name is known."""
        return tuple(self.identified.best.parameters) if self.identified is not None else ()


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
    return Found(stored, identify(stored.code_bytes, preferred=tuple(hints)))


def call(
    found: Found,
    domain: Callable[[], CodeDomain],
    arguments: Callable[[CodeDomain], tuple[Sequence[Any], Mapping[str, Any]]],
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
        run = domain()
        try:
            outcomes.append((run, _run(candidate, found.stored, run, arguments)))
        except AnyKerasError as error:
            errors.append(error)
    if not outcomes:
        raise errors[0]
    if not agree(outcomes):
        versions = ", ".join(str(v) for v in found.identified.versions)
        raise Refused(f"the code means different things in the Pythons that could have written it ({versions})", "AK3003")
    return outcomes[0]


def _run(
    candidate: Bytecode,
    stored: StoredFunction,
    domain: CodeDomain,
    arguments: Callable[[CodeDomain], tuple[Sequence[Any], Mapping[str, Any]]],
) -> Any:
    machine = Machine(candidate, domain)
    args, kwargs = arguments(domain)
    function = machine.function(
        tuple(_stored_value(value, machine, domain) for value in stored.defaults),
        closure=tuple(_stored_value(value, machine, domain) for value in stored.closure or ()),
    )
    accepted = {key: value for key, value in kwargs.items() if _takes(candidate, key)}
    return inner(machine.run(function, [outer(a) for a in args], {k: outer(v) for k, v in accepted.items()}))


def _takes(code: Bytecode, name: str) -> bool:
    """Whether a function has a parameter of this name, or takes any (CO_VARKEYWORDS)."""
    return name in code.parameters or bool(code.flags & 0x08)


def _stored_value(value: object, machine: Machine, domain: CodeDomain) -> Any:
    """A default or a closed-over value; a function among them is followed when it is called."""
    if isinstance(value, StoredFunction):
        code = identify(value.code_bytes).best
        inner_machine = Machine(code, domain)
        return inner_machine.function(
            tuple(_stored_value(v, machine, domain) for v in value.defaults),
            closure=tuple(_stored_value(v, machine, domain) for v in value.closure or ()),
        )
    return outer(constant(value) if not isinstance(value, tuple) else value)


def _by_name(
    found: Found,
    domain: CodeDomain,
    arguments: Callable[[CodeDomain], tuple[Sequence[Any], Mapping[str, Any]]],
) -> tuple[CodeDomain, Any]:
    """A function that the file only names: one of the tables, or one that was given."""
    args, kwargs = arguments(domain)
    given = domain.given.get(found.name)
    entry = given or named(found.name, found.module, domain.ops.context)
    if entry is None:
        raise missing(found.name)
    called = entry if given is not None else None
    if called is not None:
        return domain, called(*args, **kwargs)
    accepted = {k: v for k, v in kwargs.items() if not isinstance(entry, Entry) or k in entry.parameters}
    return domain, entry(domain.ops, *args, **accepted)


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
