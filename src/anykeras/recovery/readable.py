"""The function as Python text, and the facts under which it was followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..bytecode import CodeObject, Machine, write_source
from ..bytecode.errors import limit_error
from ..bytecode.source.expressions import name
from ..catalog.shapes import Argument, Spec
from ..document.model import Layer
from ..errors import AnyKerasError
from .domain import CodeDomain
from .equality import same
from .follow import Begin, Reading, names, wrap_stored_value
from .functions import FunctionContext, Operand
from .held import inner, outer
from .text import text

Run = Callable[[Begin], tuple[CodeDomain, Operand]]

# Names in code that ask for a fact of its writer, and the answer that was given.
_ASKED: Mapping[str, Callable[[FunctionContext], str]] = {
    **dict.fromkeys(("image_data_format", "image_dim_ordering"), lambda context: f"the data format is {context.data_format}"),
    **dict.fromkeys(
        ("in_train_phase", "in_test_phase", "learning_phase"),
        lambda context: "the model is training" if context.training else "the model is not training",
    ),
    "backend": lambda context: f"the backend is {context.backend}",
    "floatx": lambda context: f"floatx is {context.floatx}",
    "epsilon": lambda context: f"epsilon is {context.epsilon}",
}


def guards(reading: Reading, called_on: Argument, context: FunctionContext) -> tuple[str, ...]:
    """What was taken for granted: the inputs' shapes and dtypes, and the settings that the code asks for."""
    parameters = dict.fromkeys(reading.found.parameters(context))
    inputs = [f"{next(iter(parameters), 'x')}{where}: {spec.dtype} {_shape(spec)}" for where, spec in _leaves(called_on)]
    asked = dict.fromkeys(_ASKED[name](context) for name in names(reading.code) if name in _ASKED)
    training = [f"training is {context.training}"] if "training" in parameters else []
    return (*inputs, *training, *asked)


def _leaves(specs: Argument, where: str = "") -> Iterator[tuple[str, Spec]]:
    if isinstance(specs, Spec):
        yield where, specs
    elif isinstance(specs, Mapping):
        for key, item in specs.items():
            yield from _leaves(item, f"{where}[{key!r}]")
    elif isinstance(specs, list | tuple):
        for i, item in enumerate(specs):
            yield from _leaves(item, f"{where}[{i}]")


def _shape(spec: Spec) -> str:
    if spec.shape is None:
        return "of any shape"
    return f"({', '.join('?' if size is None else str(size) for size in spec.shape)})"


def source(reading: Reading) -> str:
    """The function as its author may have written it. Raises BytecodeError where it has no such text."""
    if reading.code is None or reading.found.stored is None:
        return ""
    stored = reading.found.stored
    try:
        return _write(reading.code, stored.defaults, stored.closure or ())
    except AnyKerasError:  # a value around it is not what it was: its variable is shown instead
        return _write(reading.code, stored.defaults, [name(free) for free in reading.code.freevars])


def _write(code: CodeObject, defaults: Sequence[object], closure: Sequence[object]) -> str:
    try:
        return write_source(code, defaults, closure).text
    except RecursionError:
        raise limit_error("the source of the code nests too deeply to be shown") from None


def describe(reading: Reading, model: Layer, trace: Callable[[Run], Layer]) -> tuple[str, bool]:
    """The text of a function that was traced to `model`, and whether the text was checked against it.

    The author's text is shown where evaluating it gives the graph that following the bytecode gave; else the graph is
    written as text.
    """
    try:
        again = trace(lambda begin: _evaluate(reading, begin))
        if same(model, again):
            return source(reading), True
    except (
        AnyKerasError,
        RecursionError,
    ):  # no such text, or it nests too deeply
        pass
    return text(model), False


def _evaluate(reading: Reading, begin: Begin) -> tuple[CodeDomain, Operand]:
    """The value of the function's text, over the same domain but without following the bytecode."""
    start = begin()
    if reading.code is None or reading.found.stored is None:
        return reading.run(begin)
    stored = reading.found.stored
    defaults = [wrap_stored_value(value, start.domain) for value in stored.defaults]
    closure = [wrap_stored_value(value, start.domain) for value in stored.closure or ()]
    found = write_source(reading.code, defaults, closure)
    machine = Machine(reading.code, start.domain)
    kwargs = {key: outer(value) for key, value in start.kwargs.items()}
    return start.domain, inner(found.evaluate(machine, [outer(arg) for arg in start.args], kwargs))
