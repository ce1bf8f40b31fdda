"""Python text of a recovered function: from its bytecode where both compute the same graph, else from the graph itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..bytecode import CodeObject, Machine, write_source
from ..bytecode.errors import limit_error
from ..bytecode.source.expressions import name
from ..catalog.shapes import Argument, Spec
from ..document.model import Dtype, Ellipsis_, Graph, Layer, Ref, Slice, Value, refs
from ..errors import AnyKerasError
from ..tensors import Tensor
from .domain import CodeDomain
from .equality import computes_same
from .follow import Begin, FunctionReading, names, wrap_stored_value
from .functions import FunctionContext, Operand
from .held import hold, release

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


def list_guards(reading: FunctionReading, called_on: Argument, context: FunctionContext) -> tuple[str, ...]:
    """What was taken for granted: the inputs' shapes and dtypes, and the settings that the code asks for."""
    parameters = dict.fromkeys(reading.found.parameters(context))
    inputs = [
        f"{next(iter(parameters), 'x')}{where}: {spec.dtype} {_write_shape(spec)}" for where, spec in _list_leaves(called_on)
    ]
    asked = dict.fromkeys(_ASKED[name](context) for name in names(reading.code) if name in _ASKED)
    training = [f"training is {context.training}"] if "training" in parameters else []
    return (*inputs, *training, *asked)


def _list_leaves(specs: Argument, where: str = "") -> Iterator[tuple[str, Spec]]:
    if isinstance(specs, Spec):
        yield where, specs
    elif isinstance(specs, Mapping):
        for key, item in specs.items():
            yield from _list_leaves(item, f"{where}[{key!r}]")
    elif isinstance(specs, list | tuple):
        for i, item in enumerate(specs):
            yield from _list_leaves(item, f"{where}[{i}]")


def _write_shape(spec: Spec) -> str:
    if spec.shape is None:
        return "of any shape"
    return f"({', '.join('?' if size is None else str(size) for size in spec.shape)})"


def write_source_of(reading: FunctionReading) -> str:
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


def describe(reading: FunctionReading, model: Layer, trace: Callable[[Run], Layer]) -> tuple[str, bool]:
    """The text of a function that was traced to `model`, and whether the text was checked against it.

    The author's text is shown where evaluating it gives the graph that following the bytecode gave; else the graph is
    written as text.
    """
    try:
        again = trace(lambda begin: _evaluate(reading, begin))
        if computes_same(model, again):
            return write_source_of(reading), True
    except (
        AnyKerasError,
        RecursionError,
    ):  # no such text, or it nests too deeply
        pass
    return write_text(model), False


def _evaluate(reading: FunctionReading, begin: Begin) -> tuple[CodeDomain, Operand]:
    """The value of the function's text, over the same domain but without following the bytecode."""
    start = begin()
    if reading.code is None or reading.found.stored is None:
        return reading.run(begin)
    stored = reading.found.stored
    defaults = [wrap_stored_value(value, start.domain) for value in stored.defaults]
    closure = [wrap_stored_value(value, start.domain) for value in stored.closure or ()]
    found = write_source(reading.code, defaults, closure)
    machine = Machine(reading.code, start.domain)
    kwargs = {key: hold(value) for key, value in start.kwargs.items()}
    return start.domain, release(found.evaluate(machine, [hold(arg) for arg in start.args], kwargs))


# A lifted graph as Python text: what the operations are, for a person to read.


_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "true_divide": "/", "divide": "/", "floor_divide": "//", "mod": "%",
    "power": "**", "matmul": "@", "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=",
}  # fmt: skip
WIDTH = 88  # characters up to which a value that is used once is written where it is used


def write_text(model: Layer) -> str:
    """The submodel as a function: one line where it fits, else a line for each value used twice or too long."""
    graph = model.graph
    if graph is None:
        return ""
    names = _list_input_names(graph)
    used = Counter(ref for calls in graph.calls.values() for call in calls for ref in refs((call.args, call.kwargs)))
    used.update(refs(graph.outputs))
    parts: dict[tuple[str, int], list[Ref]] = {}  # the further outcomes of each call that are read
    for ref in used:
        if ref.tensor:
            parts.setdefault((ref.layer, ref.node), []).append(ref)
    lines: list[str] = []
    written: dict[Ref, str] = dict(names)
    for layer, node in _list_calls(graph):
        ref = Ref(layer.name, node)
        value = _write_call(layer, graph, node, written)
        if used[ref] > 1 or len(value) > WIDTH or (layer.name, node) in parts:
            name = f"t{len(lines) + 1}"
            lines.append(f"    {name} = {_strip_brackets(value)}")
            value = name
        written[ref] = value
        for other in parts.get((layer.name, node), ()):
            written[other] = f"{value}[{other.tensor}]"
    result = _strip_brackets(_write_value(graph.outputs, written))
    head = ", ".join(names.values())
    if not lines:
        return f"lambda {head}: {result}"
    return "\n".join([f"def {_make_identifier(model.name)}({head}):", *lines, f"    return {result}"])


def _make_identifier(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name)


def _list_input_names(graph: Graph) -> dict[Ref, str]:
    given = refs(graph.inputs)
    return {ref: "x" if len(given) == 1 else f"x{i}" for i, ref in enumerate(given)}


def _list_calls(graph: Graph) -> list[tuple[Layer, int]]:
    """Calls in the order in which tracing made them, which is one in which they can be made."""
    return [
        (layer, node)
        for layer in graph.layers
        if layer.class_name != "InputLayer"
        for node in range(len(graph.calls[layer.name]))
    ]


def _write_call(layer: Layer, graph: Graph, node: int, written: Mapping[Ref, str]) -> str:
    call = graph.calls[layer.name][node]
    args = [_write_value(arg, written) for arg in call.args]
    if layer.class_name == "get_item" and len(args) == 2:
        return f"{args[0]}[{_write_key(call.args[1], written)}]"
    if layer.operation and layer.class_name in _INFIX and len(args) == 2:
        return f"({args[0]} {_INFIX[layer.class_name]} {args[1]})"
    named = [f"{key}={_strip_brackets(_write_value(value, written))}" for key, value in call.kwargs.items()]
    inside = ", ".join([*(_strip_brackets(arg) for arg in args), *named])
    if layer.operation:
        return f"ops.{layer.class_name}({inside})"
    config = ", ".join(f"{key}={_write_value(value, written)}" for key, value in layer.config.items() if value is not None)
    return f"{layer.class_name}({config})({inside})"


def _strip_brackets(value: str) -> str:
    """An expression without the brackets around the whole of it."""
    if not (value.startswith("(") and value.endswith(")")):
        return value
    depth = 0
    for i, c in enumerate(value):
        depth += (c == "(") - (c == ")")
        if depth == 0 and i < len(value) - 1:
            return value
    return value if value.endswith(",)") or _is_tuple(value) else value[1:-1]


def _is_tuple(value: str) -> bool:
    depth = 0
    for c in value[1:-1]:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            return True
    return False


def _write_key(value: Value, written: Mapping[Ref, str]) -> str:
    parts = value if isinstance(value, tuple) else (value,)
    return ", ".join(_write_value(part, written) for part in parts)


def _write_value(value: Value, written: Mapping[Ref, str]) -> str:
    if isinstance(value, Ref):
        return written.get(value, f"{value.layer}[{value.tensor}]")
    if isinstance(value, Slice):
        ends = ["" if v is None else _write_value(v, written) for v in (value.start, value.stop, value.step)]
        return ":".join(ends[:2]) + (f":{ends[2]}" if ends[2] else "")
    if isinstance(value, Ellipsis_):
        return "..."
    if isinstance(value, Dtype):
        return repr(value.name)
    if isinstance(value, Tensor):
        shown = value.read().tolist() if value.size <= 8 else f"array of shape {value.shape}"
        return str(shown)
    if isinstance(value, tuple):
        inside = ", ".join(_strip_brackets(_write_value(item, written)) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {_write_value(v, written)}" for k, v in value.items()) + "}"
    return repr(value)
