"""Readable source: the machine run on names, once for each way through the branches, folded into expressions.

Right by refusal: code with exception handlers, loops over unknown values, or calls whose result is dropped has
no source here (a trace shows it instead).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..checks import indexes
from ..code import VARARGS, VARKEYWORDS, CodeObject
from ..dialects import dialect
from ..errors import CodeRaised, limit_error, make_unsupported_error
from ..instructions import decode
from ..machine import Function, Machine, MachineLimits
from .expressions import Expression, ExpressionPrinter, is_same, list_children, make_choice, name, negate, walk
from .naming import Names, evaluate

__all__ = ["FunctionSource", "write_source"]

MAX_PATHS = 64
HANDLERS = frozenset({"SETUP_FINALLY", "SETUP_EXCEPT", "SETUP_WITH", "PUSH_EXC_INFO", "BEFORE_WITH"})


@dataclass(frozen=True, eq=False)
class PathOutcome:
    """What the paths behind a branch come to: ``value``, except where ``raises`` holds (``True``: always)."""

    value: object = None
    raises: object = False


@dataclass(frozen=True, eq=False)
class FunctionSource:
    """A function as an expression of its parameters.

    Attributes:
        parameters: names, with ``"*"`` before the keyword-only ones.
        defaults: values of the last positional parameters.
        body: the value returned (plain values, ``Expression``, containers of both).
        raises: where the code raises instead: ``False``, or an expression.
    """

    name: str
    parameters: tuple[str, ...]
    defaults: tuple[object, ...]
    body: object
    raises: object = False

    @property
    def text(self) -> str:
        """A lambda where it was one and fits, else a ``def`` with a line for each value used twice."""
        plain = self.raises is False and not _find_shared(self.body) and not self._list_imports()
        if self.name == "<lambda>" and plain:
            head = ExpressionPrinter().parameters(self.parameters, self.defaults)
            return f"lambda {head}: {ExpressionPrinter().text(self.body, 1)}".replace("lambda :", "lambda:")
        return self._write_definition()

    def evaluate(self, machine: Machine, args: Sequence[object], kwargs: Mapping[str, object] | None = None) -> object:
        """The value for ``args`` over ``machine.domain``; missing positional arguments take their defaults."""
        names = self.parameters[: self.parameters.index("*")] if "*" in self.parameters else self.parameters
        first = len(names) - len(self.defaults)
        return evaluate(machine, names, self.body, [*args, *self.defaults[max(0, len(args) - first) :]], kwargs)

    def _list_imports(self) -> list[str]:
        """The modules that it imports, wherever in it; refused where a variable or global has the name of one."""
        expressions = list(walk([self.body, self.raises]))
        imports = sorted({str(one.parts[0]) for one in expressions if one.kind == "import"})
        inner = [str(one) for held in expressions if held.kind == "function" for one in list_children(held.parts[0])]
        names = {*self.parameters, *inner, *(str(one.parts[0]) for one in expressions if one.kind == "name")}
        if names & {module.split(".")[0] for module in imports}:
            raise make_unsupported_error("a module that the code imports has the name of something else in it")
        return imports

    def _write_definition(self) -> str:
        printer = ExpressionPrinter()
        label = self.name if self.name.isidentifier() else "function"
        lines = [f"def {label}({printer.parameters(self.parameters, self.defaults)}):"]
        lines += [f"    import {module}" for module in self._list_imports()]
        if self.raises is not False:
            lines.append(f"    # raises where {printer.text(self.raises)}")
        for number, shared in enumerate(_find_shared(self.body), 1):
            lines.append(f"    t{number} = {printer.text(shared)}")
            printer.names[id(shared)] = f"t{number}"
        return "\n".join([*lines, f"    return {printer.text(self.body)}"])


def write_source(code: CodeObject, defaults: Sequence[object] = (), closure: Sequence[object] = ()) -> FunctionSource:
    """The source of ``code``. Values of the closure are written in place of their names.

    Raises:
        BytecodeError: the code has no source in this form; the message says why.
    """
    machine = Machine(code, Names((), False, _write_nested))
    return _explore(machine.function(tuple(defaults), tuple(closure)))


def _write_nested(function: Function) -> Expression:
    inner = _explore(function)
    if inner.raises is not False:
        raise make_unsupported_error("an inner function raises")
    return Expression("function", (inner.parameters, inner.defaults, inner.body))


def _explore(function: Function) -> FunctionSource:
    code = function.code
    _refuse_unshowable(code)
    names = tuple(_write_parameter(one) for one in code.slots[: code.argcount])
    only = tuple(code.slots[code.argcount : code.argcount + code.kwonlyargcount])
    explorer = _Explorer(function, [name(one) for one in names], {one: name(one) for one in only})
    outcome = explorer.tree(())
    if outcome.raises is True:
        raise make_unsupported_error("the code always raises")
    parameters = (*names, "*", *only) if only else names
    return FunctionSource(code.name, parameters, function.defaults, outcome.value, outcome.raises)


def _write_parameter(slot: str) -> str:
    return slot if slot.isidentifier() else "args"  # Python 2 names a tuple parameter ".0"


def _refuse_unshowable(code: CodeObject) -> None:
    for one in decode(code).instructions:
        if one.name in HANDLERS:
            raise make_unsupported_error("the source of code with try or with is not shown")
    stars = bool(code.flags & VARARGS) + bool(code.flags & VARKEYWORDS)
    first = code.argcount + code.kwonlyargcount
    read = {index for one in decode(code).instructions if "FAST" in one.name for index in indexes(decode(code), one)}
    if read & set(range(first, first + stars)):
        raise make_unsupported_error("the source of code that uses *args or **kwargs is not shown")
    for constant in code.consts:
        if isinstance(constant, CodeObject):
            _refuse_unshowable(constant)


class _Explorer:
    """Runs a function along every way through its undecided branches."""

    def __init__(self, function: Function, args: list[Expression], kwargs: dict[str, Expression]) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.paths = 0

    def tree(self, decisions: tuple[bool, ...]) -> PathOutcome:
        """What the function comes to over all branches that are asked after ``decisions``."""
        self.paths += 1
        if self.paths > MAX_PATHS:
            raise limit_error("the code has too many ways through its branches to be shown")
        domain, outcome = self._run(decisions)
        for place in range(len(domain.asked) - 1, len(decisions) - 1, -1):
            other = self.tree((*domain.taken[:place], False))
            outcome = _merge(domain.asked[place], outcome, other)
        return outcome

    def _run(self, decisions: tuple[bool, ...]) -> tuple[Names, PathOutcome]:
        code = self.function.code
        python2 = dialect(code.version).traits.python2
        domain = Names(decisions, python2, _write_nested)
        machine = Machine(code, domain, MachineLimits(steps=50_000, nodes=100_000))
        runnable = Function(machine, code, self.function.defaults, self.function.kwdefaults, self.function.closure)
        try:
            value = domain.write(machine.run(runnable, self.args, self.kwargs))
        except CodeRaised:
            return domain, PathOutcome(raises=True)
        _refuse_dropped_calls(domain, value)
        return domain, PathOutcome(value)


def _merge(condition: Expression, then: PathOutcome, otherwise: PathOutcome) -> PathOutcome:
    if then.raises is True:
        value = otherwise.value
    else:
        value = then.value if otherwise.raises is True else make_choice(condition, then.value, otherwise.value)
    return PathOutcome(value, _join_either(_join_both(condition, then.raises), _join_both(negate(condition), otherwise.raises)))


def _join_both(condition: Expression, raises: object) -> object:
    return raises if raises is False else condition if raises is True else Expression("and", (condition, raises))


def _join_either(left: object, right: object) -> object:
    if left is False or right is False:
        return right if left is False else left
    if isinstance(left, Expression) and isinstance(right, Expression) and is_same(negate(left), right):
        return True
    return Expression("or", (left, right))


def _refuse_dropped_calls(domain: Names, value: object) -> None:
    kept = {id(one) for one in walk([value, domain.asked])}
    if any(id(call) not in kept for call in domain.calls):
        raise make_unsupported_error("the code calls something and drops the result")


def _find_shared(body: object) -> list[Expression]:
    """Calls, and long expressions, that are used more than once, innermost first."""
    uses: Counter[int] = Counter()
    order: list[Expression] = []

    def visit(value: object) -> None:
        if isinstance(value, Expression):
            uses[id(value)] += 1
            if uses[id(value)] > 1 or value.kind == "function":
                return
        for child in list_children(value):
            visit(child)
        if isinstance(value, Expression):
            order.append(value)

    visit(body)
    return [one for one in order if uses[id(one)] > 1 and (one.kind == "call" or len(ExpressionPrinter().text(one)) > 20)]
