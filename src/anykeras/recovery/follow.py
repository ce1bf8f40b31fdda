"""Following a stored function: its bytes, who could have written them, and what they do with values of a domain."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..bytecode import CodeObject, CodeRaised, Identification, Machine, StoredFunction, identify, looks_stored, read_stored
from ..catalog.shapes import Spec
from ..document.model import Code, Value
from ..errors import AnyKerasError
from .domain import CodeDomain
from .functions import Entry, FunctionContext, Operand, resolve
from .held import Held, constant, hold, release
from .refusals import refuse_closure, refuse_defaults, refuse_list, refuse_missing, refuse_wrapper

# Wrappers that TensorFlow puts around its functions (tensorflow/python/util 2.4 to 2.15): Keras then stored the
# wrapper's code, and of the function itself nothing.
_WRAPPERS = frozenset(("error_handler", "op_dispatch_handler"))


@dataclass(frozen=True)
class FoundFunction:
    """A function of the file: its bytes and who could have written them, or the name it goes by."""

    stored: StoredFunction | None
    identified: Identification | None
    name: str = ""
    module: str = ""

    @property
    def label(self) -> str:
        """The function's own name."""
        return self.identified.best.name if self.identified is not None else self.name

    @property
    def pythons(self) -> tuple[str, ...]:
        """The versions of Python that could have written it."""
        return tuple(".".join(map(str, v)) for v in self.identified.versions) if self.identified is not None else ()

    def parameters(self, context: FunctionContext) -> tuple[str, ...]:
        """The names of its parameters, as far as they are known."""
        if self.identified is not None:
            return tuple(self.identified.best.parameters)
        entry = find_named(self.name, self.module, context)
        return entry.parameters if entry is not None else ()


@dataclass(frozen=True)
class Start:
    """A fresh domain, and the arguments of a call made in it."""

    domain: CodeDomain
    args: Sequence[Operand]
    kwargs: Mapping[str, Operand]


Begin = Callable[[], Start]


@dataclass(frozen=True)
class FunctionReading:
    """A function as one of the Pythons that could have written it reads it; `code` is None for a mere name."""

    found: FoundFunction
    code: CodeObject | None

    def run(self, begin: Begin) -> tuple[CodeDomain, Operand]:
        """What the function returns, with the domain in which it was followed.

        Keras wrote a function that another closes over as its bare name: where such a text is called, the function is
        followed once more with the functions of those names.

        Raises:
            AnyKerasError: the code cannot be followed.
        """
        start = begin()
        if self.code is None or self.found.stored is None:
            return start.domain, _call_by_name(self.found, start)
        if self.code.name in _WRAPPERS:
            raise refuse_wrapper(self.code.name)
        try:
            return start.domain, _run(self.code, self.found.stored, start, {})
        except AnyKerasError as error:
            return self._retry(error, begin(), self.code, self.found.stored)

    def _retry(
        self, error: AnyKerasError, start: Start, code: CodeObject, stored: StoredFunction
    ) -> tuple[CodeDomain, Operand]:
        """The second attempt, or the true reason why the first one failed."""
        cells = dict(zip(code.freevars, stored.closure or (), strict=False))
        names = [value for value in cells.values() if isinstance(value, str)]
        functions = {name: made for name in names if (made := self._find_function(name, start.domain)) is not None}
        if functions:
            return start.domain, _run(code, stored, start, functions)
        lists = [name for name, value in cells.items() if isinstance(value, list) and name not in start.domain.custom_objects]
        if isinstance(error, CodeRaised) and names and "not callable" in error.seen:
            raise refuse_missing(names[0]) from None
        if isinstance(error, CodeRaised) and lists and "'list' object has no attribute" in error.seen:
            raise refuse_list(lists) from None
        raise error

    def _find_function(self, name: str, domain: CodeDomain) -> Operand:
        if name in domain.custom_objects:
            return domain.custom_objects[name]
        entry = find_named(name, self.found.module, domain.ops.context)
        return None if entry is None else Held(entry)


def list_readings(found: FoundFunction) -> list[FunctionReading]:
    """One for each Python that could have written the function."""
    if found.identified is None:
        return [FunctionReading(found, None)]
    return [FunctionReading(found, candidate) for candidate in found.identified.candidates]


def thaw(value: Value) -> object:
    """A frozen configuration value as the lists and dicts it was in the file."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    return value


def freeze(value: object) -> Hashable:
    """A plain value to be compared with others: 1, 1.0 and True differ here. Raises TypeError for other objects."""
    if isinstance(value, Mapping):
        return (dict, *((key, freeze(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), *map(freeze, value))
    if isinstance(value, Spec):
        return (Spec, value.shape, value.dtype, value.sizes)
    if isinstance(value, StoredFunction):
        return (StoredFunction, value.code_bytes, freeze(value.defaults), freeze(value.closure))
    if type(value) in (str, bytes, int, float, complex, bool, type(None), type(...)):
        return (type(value), repr(value))
    raise TypeError(f"{type(value).__name__} is no plain value")


def find(code: Code) -> FoundFunction:
    """The function that a configuration holds. Raises BytecodeError where its bytes are none."""
    value = thaw(code.stored)
    if code.kind == "__lambda__" and isinstance(value, dict):
        value = {"class_name": "__lambda__", "config": value}
    if isinstance(value, str) and code.kind != "lambda" and not looks_stored(value):
        return FoundFunction(None, None, value, code.module or "")
    stored = read_stored(value)
    return FoundFunction(stored, identify(stored.code_bytes), "", code.module or "")


_TENSORFLOW = frozenset(("tf", "tensorflow", "get_shape", "as_list", "value"))  # names that only code for TensorFlow reads


def guess_backend(codes: Iterable[Code]) -> str | None:
    """The backend that the code of a file was written for, where its names tell."""
    for code in codes:
        try:
            found = find(code)
        except AnyKerasError:
            continue
        if found.identified is not None and not _TENSORFLOW.isdisjoint(names(found.identified.best)):
            return "tensorflow"
    return None


def names(code: CodeObject | None) -> Iterator[str]:
    """Every name that a function and those inside it read."""
    if code is None:
        return
    yield from code.names
    for held in code.consts:
        if isinstance(held, CodeObject):
            yield from names(held)


def find_named(name: str, module: str, context: FunctionContext) -> Entry | None:
    """The entry of a function that was saved by name, in its module or where Keras users import from."""
    places = [f"{module}.{name}"] if module and module not in ("__main__", "builtins") else []
    places += [f"keras.backend.{name}", f"keras.activations.{name}"]
    return next((entry for place in places if (entry := resolve(place, context)) is not None), None)


def _run(code: CodeObject, stored: StoredFunction, start: Start, functions: Mapping[str, Operand]) -> Operand:
    machine = Machine(code, start.domain)
    defaults = tuple(wrap_stored_value(value, start.domain) for value in stored.defaults)
    kwargs = {key: hold(value) for key, value in start.kwargs.items()}
    kwargs |= _fill_missing(code, len(start.args), len(defaults), start)
    function = machine.function(defaults, closure=_fill_cells(code, stored, start.domain, functions))
    return release(machine.run(function, [hold(arg) for arg in start.args], kwargs))


def _fill_missing(code: CodeObject, given: int, defaults: int, start: Start) -> dict[str, Operand]:
    """Arguments without a default in the file that were given by name. Raises where one is in neither."""
    names = code.slots[: code.argcount + code.kwonlyargcount]
    filled = set(names[:given]) | set(names[code.argcount - defaults : code.argcount]) | set(start.kwargs)
    wanted = [name for name in names if name not in filled]
    unknown = [name for name in wanted if name not in start.domain.custom_objects]
    if unknown:
        raise refuse_defaults(unknown, set(unknown) <= set(code.slots[code.argcount :]))
    return {name: start.domain.custom_objects[name] for name in wanted}


def _fill_cells(
    code: CodeObject, stored: StoredFunction, domain: CodeDomain, functions: Mapping[str, Operand]
) -> tuple[Operand, ...]:
    """The values of the variables that the function takes from around it; those given by name come first."""
    held = stored.closure if stored.closure is not None else ()
    lost = [name for name in code.freevars[len(held) :] if name not in domain.custom_objects]
    if lost:
        raise refuse_closure(lost)
    values = [*held, *[None] * (len(code.freevars) - len(held))]
    return tuple(
        domain.custom_objects[name] if name in domain.custom_objects
        else functions[value] if isinstance(value, str) and value in functions
        else wrap_stored_value(value, domain)
        for name, value in zip(code.freevars, values, strict=False)
    )  # fmt: skip


def wrap_stored_value(value: object, domain: CodeDomain) -> Operand:
    """A default or a closed-over value; a function among them is followed when it is called."""
    if isinstance(value, StoredFunction):
        code = identify(value.code_bytes).best
        return Machine(code, domain).function(
            tuple(wrap_stored_value(v, domain) for v in value.defaults),
            closure=tuple(wrap_stored_value(v, domain) for v in value.closure or ()),
        )
    if isinstance(value, dict) and value.get("class_name") == "function":
        return _find_value(str(value.get("config")), str(value.get("module") or ""), domain)
    return hold(constant(value) if not isinstance(value, tuple) else value)


def _find_value(name: str, module: str, domain: CodeDomain) -> Operand:
    if name in domain.custom_objects:
        return domain.custom_objects[name]
    entry = find_named(name, module, domain.ops.context)
    if entry is None:
        raise refuse_missing(name)
    return Held(entry)


def _call_by_name(found: FoundFunction, start: Start) -> Operand:
    """A function that the file only names: one that was given, or one of the tables."""
    function = start.domain.custom_objects.get(found.name)
    if isinstance(function, Held):
        return function.value(*start.args, **start.kwargs)
    entry = find_named(found.name, found.module, start.domain.ops.context)
    if entry is None:
        raise refuse_missing(found.name)
    return entry(start.domain.ops, *start.args, **start.kwargs)
