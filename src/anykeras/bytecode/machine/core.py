"""The machine: runs stored code of any known Python over plain values and the values of a domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..code import ASYNC_GENERATOR, COROUTINE, GENERATOR, OPTIMIZED, CodeObject
from ..dialects import dialect
from ..errors import limit_error, make_malformed_error, make_missing_name_error, make_uncaught_error, make_unsupported_error
from ..instructions import decode
from . import classes, operators, plain
from .builtins import call_type, list_builtin_names
from .domain import Domain
from .frame import Frame, Signal, bind, handle, leave_blocks
from .generators import Generator
from .handlers import HANDLERS
from .meter import MachineLimits, StepMeter, throw
from .modules import LIBRARIES
from .runtime import BoundMethod, Builtin, Runtime, ask, is_symbol
from .values import (
    Args,
    Cell,
    Class,
    ContextCall,
    ExceptionType,
    ExceptionValue,
    Function,
    Instance,
    Kwargs,
    Locals,
    Method,
    Thrown,
    Type,
)

CALL_STEPS = 8  # a call of a stored function takes about as long as so many instructions


class Machine:
    """Runs one stored function over ``domain``.

    A machine is for one version and may run several times; its limits are for all of its runs together. What the file
    does not say and the run had to assume (the order of an old dict) is in ``notes``.
    """

    def __init__(self, code: CodeObject, domain: Domain, bounds: MachineLimits | None = None) -> None:
        self.code, self.domain = code, domain
        self.meter = StepMeter(bounds or MachineLimits())
        self.traits = dialect(code.version).traits
        self.builtins = list_builtin_names(self.traits.python2)
        self.notes: list[str] = []
        self.frames: list[Frame] = []  # those that run, innermost last

    def function(
        self,
        defaults: Sequence[object] = (),
        closure: Sequence[object] = (),
        kwdefaults: Mapping[str, object] | None = None,
    ) -> Function:
        """The stored function as a value; ``closure`` holds the contents of its cells in the order of ``freevars``."""
        if len(closure) != len(self.code.freevars):
            raise make_malformed_error(f"the function has {len(self.code.freevars)} free variables and {len(closure)} values")
        return Function(self, self.code, tuple(defaults), dict(kwdefaults or {}), tuple(Cell(value) for value in closure))

    def run(self, function: Function, args: Sequence[object], kwargs: Mapping[str, object] | None = None) -> object:
        """Calls ``function`` from outside.

        Raises:
            CodeRaised: the code raised and did not catch.
            MissingName: it reads a global that neither the domain nor Python knows.
            BytecodeError: it cannot be followed: refused, over a limit, or malformed.
        """
        try:
            result = self.call(function, tuple(args), dict(kwargs or {}))
            plain.is_pure(self.meter, result)
            return result
        except Thrown as thrown:
            raise make_uncaught_error(thrown.value.kind.name, thrown.value.message) from thrown
        except RecursionError as error:
            raise limit_error("the code calls too deeply") from error

    # -- calls

    def call(self, function: object, args: Args, kwargs: Kwargs) -> object:
        """Calls any value that the code may hold."""
        if isinstance(function, Function):
            return self._call_function(function, args, kwargs)
        run = _CALLS.get(type(function))
        if run is not None:
            return run(self, function, args, kwargs)
        if is_symbol(self, function):
            return ask(self.domain.call, function, args, kwargs)
        raise throw("TypeError", "the value is not callable")

    def _call_function(self, function: Function, args: Args, kwargs: Kwargs) -> object:
        if function.code.flags & (COROUTINE | ASYNC_GENERATOR):
            raise make_unsupported_error("the code defines an async function")
        self.meter.step(CALL_STEPS)
        frame = Frame(self, function, decode(function.code), bind(function, args, kwargs))
        if function.code.flags & GENERATOR:
            return Generator(frame, self.resume)
        return self.resume(frame).value

    def run_class_body(self, function: Function) -> tuple[Locals, object]:
        """Runs the body of a class statement: its variables, and what it returned."""
        if function.code.flags & (OPTIMIZED | COROUTINE | ASYNC_GENERATOR | GENERATOR):
            raise make_malformed_error("a class is made of something that is no class body")
        frame = Frame(self, function, decode(function.code), bind(function, (), {}))
        result = self.resume(frame).value
        if frame.locals is None:
            raise make_malformed_error("a class body has no variables")
        return frame.locals, result

    # -- names

    def import_module(self, name: str) -> object:
        """``import name``: never an import."""
        return LIBRARIES[name] if name in LIBRARIES else ask(self.domain.import_module, name)

    def load_global(self, name: str) -> object:
        if name in LIBRARIES:
            return LIBRARIES[name]
        try:
            return self.domain.load_global(name)
        except LookupError:
            value = self.builtins.get(name)
        if value is None:
            raise make_missing_name_error(name)
        return value

    def negate(self, value: object) -> object:
        return operators.apply_unary(self, "not", value)

    # -- what handlers and operations ask

    def innermost(self) -> tuple[Function, Sequence[object]]:
        return self.frames[-1].function, self.frames[-1].slots

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # -- the loop

    def resume(self, frame: Frame, error: ExceptionValue | None = None) -> Signal:
        """Runs ``frame`` until it returns or yields; ``error`` is raised at the place where it stands."""
        self.frames.append(frame)
        try:
            if len(self.frames) > self.meter.bounds.depth:
                raise limit_error(f"more than {self.meter.bounds.depth} calls wait for each other")
            if error is not None:
                self._raise_in(frame, error)
            while True:
                signal = self._step(frame)
                if signal is not None:
                    return signal
        finally:
            self.frames.pop()

    def _step(self, frame: Frame) -> Signal | None:
        self.meter.step()
        instruction = frame.next()
        handler = HANDLERS.get(instruction.name)
        if handler is None:
            raise make_unsupported_error(f"the instruction {instruction.name} is not supported")
        try:
            signal = handler(frame, instruction)
        except Thrown as thrown:
            self._raise_in(frame, thrown.value)
            return None
        if signal is None or signal.kind == "yield":
            return signal
        if self.traits.why_codes and leave_blocks(frame, signal):
            return None
        if signal.kind != "return":
            raise make_malformed_error(f"{signal.kind} outside of a loop")
        return signal

    def _raise_in(self, frame: Frame, error: ExceptionValue) -> None:
        if not handle(frame, error):
            raise Thrown(error)


def _make_exception(runtime: Runtime, kind: ExceptionType, args: Args, kwargs: Kwargs) -> ExceptionValue:
    members = args[1] if kind.name.endswith("ExceptionGroup") and len(args) == 2 else ()
    if not isinstance(members, list | tuple):
        raise throw("TypeError", "an exception group takes a sequence")
    return ExceptionValue(kind, args, tuple(item for item in members if isinstance(item, ExceptionValue)))


def _call_context(runtime: Runtime, call: ContextCall, args: Args, kwargs: Kwargs) -> object:
    if not call.leaving:
        return ask(runtime.domain.enter, call.manager)
    errors = [item for item in args if isinstance(item, ExceptionValue)]
    return ask(runtime.domain.leave, call.manager, errors[0] if errors else None)


# how each kind of the machine's values is called: (runtime, value, args, kwargs)
_CALLS: dict[type, Callable[..., object]] = {
    Builtin: lambda runtime, function, args, kwargs: function.run(runtime, args, kwargs),
    BoundMethod: lambda runtime, method, args, kwargs: method.run(runtime, method.owner, args, kwargs),
    Method: lambda runtime, method, args, kwargs: runtime.call(method.function, (method.owner, *args), kwargs),
    Type: call_type,
    ExceptionType: _make_exception,
    Class: classes.construct,
    Instance: classes.call,
    ContextCall: _call_context,
}
