"""From a function found in the file to a submodel of native operations, with the layer's own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bytecode import BytecodeError
from ..catalog.shapes import Spec
from ..document.build import Builder
from ..document.dump import dump
from ..document.model import Layer
from ..document.values import Code, Ref
from ..errors import AnyKerasError
from .domain import CodeDomain
from .follow import Found, call, find, parameters_of, told
from .functions import Context, Refused
from .functions.shapes import Sizes
from .graph_ops import GraphOps, Symbol, flat_symbols
from .held import constant

Given = Mapping[str, Any]
Body = Callable[[GraphOps, Any], Any]


@dataclass(frozen=True)
class Lifted:
    """A submodel, the specs of its outputs, and what tracing it noted."""

    model: Layer
    outputs: Any
    notes: tuple[str, ...]
    found: Found | None = None


def submodel(layer: Layer, given: Any, context: Context, body: Body) -> Lifted:
    """The Functional layer that `body` writes, called on inputs of the shapes `given` (a spec, or a nest of them)."""
    ops = GraphOps(Builder(layer.name, layer.address), context)
    inputs = _inputs(ops, given)
    outcome = body(ops, inputs)
    outputs = _outputs(ops, outcome, inputs)
    model = ops.builder.finish(_structure(outputs), trainable=layer.config.get("trainable", True) is not False)
    return Lifted(model, _specs(outputs), tuple(ops.notes))


def _inputs(ops: GraphOps, given: Any) -> Any:
    if isinstance(given, Spec):
        return ops.input(given)
    if isinstance(given, Mapping):
        return {key: _inputs(ops, item) for key, item in given.items()}
    return [_inputs(ops, item) for item in given]


def _outputs(ops: GraphOps, outcome: Any, inputs: Any) -> Any:
    """The outputs of a submodel: every one a node of its own, never an input or a bare constant."""
    if isinstance(outcome, Mapping):
        return {key: _outputs(ops, item, inputs) for key, item in outcome.items()}
    if isinstance(outcome, list | tuple):
        return tuple(_outputs(ops, item, inputs) for item in outcome)
    if isinstance(outcome, Sizes):
        raise Refused("the function returns a shape")
    if isinstance(outcome, Symbol) and all(outcome is not symbol for symbol in flat_symbols(inputs)):
        return outcome
    if isinstance(outcome, Symbol):  # an outcome that is an input needs a node; this one is exact for every dtype
        return ops.op("squeeze", ops.op("expand_dims", outcome, axis=-1), axis=-1)
    if isinstance(outcome, int | float | np.ndarray | np.generic):
        return _constant_output(ops, outcome, flat_symbols(inputs)[0])
    raise Refused(f"the function returns {type(outcome).__name__}, not a tensor")


def _constant_output(ops: GraphOps, value: Any, anchor: Symbol) -> Symbol:
    """A constant as an output of a graph: added to nothing, so that it hangs on the input."""
    nothing = ops.op("multiply", ops.op("sum", ops.op("zeros_like", anchor)), 0.0)
    made: Symbol = ops.op("add", nothing, ops.constant(value))
    return made


def _structure(outputs: Any) -> Any:
    if isinstance(outputs, Symbol):
        return outputs.ref
    if isinstance(outputs, Mapping):
        return {key: _structure(item) for key, item in outputs.items()}
    return tuple(_structure(item) for item in outputs)


def _specs(outputs: Any) -> Any:
    if isinstance(outputs, Symbol):
        return outputs.spec
    if isinstance(outputs, Mapping):
        return {key: _specs(item) for key, item in outputs.items()}
    return tuple(_specs(item) for item in outputs)


def function(
    layer: Layer,
    code: Code,
    given: Any,
    context: Context,
    *,
    extra: Mapping[str, Any] | None = None,
    offered: Mapping[str, Any] | None = None,
    objects: Given | None = None,
    spread: bool = False,
    before: Body | None = None,
) -> Lifted:
    """The submodel of a stored function called on tensors of the shapes `given`.

    Args:
        layer: whose name and address the submodel takes.
        code: the function.
        given: a spec, or a nest of them.
        context: who wrote the function.
        extra: further keyword arguments, constants of the layer's configuration.
        offered: keyword arguments that Keras gives only to functions that name them (``mask``, ``training``).
        objects: functions for names that the file does not hold.
        spread: the function takes several tensors one by one (Keras' ``merge`` takes a list).
        before: what the layer computes before the function (a Dense before its activation).

    Raises:
        AnyKerasError: the code cannot be followed; the error names the layer and shows the function.
    """
    try:
        found = find(code)
        keywords = {key: constant(value) for key, value in (extra or {}).items()}
        attempts: list[Lifted] = []

        def domain() -> CodeDomain:
            return CodeDomain(GraphOps(Builder(layer.name, layer.address), context), objects)

        def arguments(run: CodeDomain) -> tuple[Sequence[Any], Mapping[str, Any]]:
            ops = run.ops
            assert isinstance(ops, GraphOps)
            inputs = _inputs(ops, given)
            started[id(run)] = inputs
            first = before(ops, inputs) if before is not None else inputs
            args = list(first) if spread and isinstance(first, list) else [first]
            named = parameters_of(found, context)
            return args, {**{k: v for k, v in (offered or {}).items() if k in named}, **keywords}

        started: dict[int, Any] = {}

        def finished(run: CodeDomain, outcome: Any) -> Lifted:
            ops = run.ops
            assert isinstance(ops, GraphOps)
            outputs = _outputs(ops, outcome, started[id(run)])
            model = ops.builder.finish(_structure(outputs), layer.config.get("trainable", True) is not False)
            return Lifted(model, _specs(outputs), tuple(ops.notes), found)

        def agree(outcomes: Sequence[tuple[CodeDomain, Any]]) -> bool:
            attempts.extend(finished(run, outcome) for run, outcome in outcomes)
            return all(same(attempts[0].model, other.model) for other in attempts[1:])

        call_result = call(found, domain, arguments, agree)
        return attempts[0] if attempts else finished(*call_result)
    except (BytecodeError, AnyKerasError) as error:
        raise told(error, layer.name) from None


def same(one: Layer, other: Layer) -> bool:
    """Whether two submodels compute the same: equal graphs, equal constants."""
    return one is other or bool(_comparable(one) == _comparable(other))


def _comparable(model: Layer) -> Any:
    from ..tensors import Tensor

    def value(held: Any) -> Any:
        if isinstance(held, Tensor):
            return [held.dtype, held.read().tolist()]
        if isinstance(held, Ref):
            return [held.layer, held.node, held.tensor]
        if isinstance(held, Layer):
            return _comparable(held)
        if isinstance(held, tuple | list):
            return [value(item) for item in held]
        if isinstance(held, Mapping):
            return {key: value(item) for key, item in held.items()}
        return dump(held)

    graph = model.graph
    if graph is None:
        return [model.class_name, value(model.config), value(model.weights)]
    calls = {name: [[value(c.args), value(c.kwargs)] for c in made] for name, made in graph.calls.items()}
    return [[_comparable(x) for x in graph.layers], calls, value(graph.outputs)]
