"""Op layers of tf.keras keep their arguments in the call. Here they move into the layer, so that the call is tensors.

After this, a ``TFOpLambda`` is a layer like another: called on a list of tensors, and everything else in its
configuration, with `Hole` where each tensor goes.

What is computed from shapes alone (``tf.shape(x)[0] * 2``) is no tensor in Keras 3, which has no sizes in its graphs. Such
op layers become `Step`s of those that use them: these are called on the tensor whose shape is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .. import limits
from ..document.graph import iterate_steps
from ..document.model import Call, Config, Graph, Layer, Ref, Value, refs
from ..document.walk import rebuild
from .functions import Operand, Refused, Sizes
from .functions.folding import leaves
from .held import constant

OP_LAYERS: Final = frozenset({"TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"})
ARGS, KWARGS, STEPS = "call_args", "call_kwargs", "call_steps"
_HOLE, _STEP, _PART = "__tensor_argument__", "__step__", "__part__"
# What makes numbers of the shape of a tensor: by the last part of the function's name, or by the op of a node.
_SHAPE_FUNCTIONS: Final = frozenset({"shape", "shape_v2", "shape_internal", "size", "size_v2", "rank", "shape_n"})
_SHAPE_NODES: Final = frozenset({"Shape", "Size", "Rank", "ShapeN"})

Compute = Callable[[Layer, Sequence[Operand], Mapping[str, Operand]], Operand]
"""The outcome of an op layer called with these arguments."""


def move_arguments_into_layers(model: Layer) -> Layer:
    """The model with the arguments of op layers in their configuration."""

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or graph.sequential or not any(x.class_name in OP_LAYERS for x in graph.layers):
            return layer
        return replace(layer, graph=_Moves(graph).run())

    return rebuild(model, change)


@dataclass
class _Holes:
    """The tensors that an op layer will be called on, and the steps it computes first, by what makes them."""

    tensors: list[Ref]
    steps: dict[str, int]
    once: bool

    def tensor(self, ref: Ref) -> int:
        """The place of a tensor; what is given twice is one tensor."""
        if self.once and ref in self.tensors:
            return self.tensors.index(ref)
        self.tensors.append(ref)
        return len(self.tensors) - 1


class _Moves:
    """The moves in one graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._layers = {layer.name: layer for layer in graph.layers}
        self._counted: dict[str, Call] = {}

    def run(self) -> Graph:
        """The graph without the op layers that only others like them used."""
        for layer, _, call in iterate_steps(self._graph):
            if self._counts(layer, call):
                self._counted[layer.name] = call
        layers: list[Layer] = []
        calls = dict(self._graph.calls)
        for layer in self._graph.layers:
            made = calls.get(layer.name, ())
            if layer.class_name in OP_LAYERS and made:
                layer, calls[layer.name] = self._move(layer, made)
            layers.append(layer)
        used = {ref.layer for ref in refs(self._graph.outputs)}
        used |= {ref.layer for called in calls.values() for call in called for ref in refs((call.args, call.kwargs))}
        gone = {name for name in self._counted if name not in used}
        kept = {name: called for name, called in calls.items() if name not in gone}
        return replace(self._graph, layers=tuple(x for x in layers if x.name not in gone), calls=kept)

    def _counts(self, layer: Layer, call: Call) -> bool:
        """Whether an op layer is computed from shapes alone."""
        if layer.class_name not in OP_LAYERS or len(self._graph.calls[layer.name]) > 1:
            return False
        node = layer.config.get("node_def")
        asks = str(layer.config.get("function", "")).rpartition(".")[2] in _SHAPE_FUNCTIONS
        if asks or (isinstance(node, Mapping) and node.get("op") in _SHAPE_NODES):
            return True
        found = refs((call.args, call.kwargs))
        return bool(found) and all(ref.layer in self._counted for ref in found)

    def _move(self, layer: Layer, made: tuple[Call, ...]) -> tuple[Layer, tuple[Call, ...]]:
        called = []
        moved: Config = {}
        for number, call in enumerate(made):
            holes = _Holes([], {}, once=len(made) == 1)
            listed: list[Value] = []
            if holes.once:
                self._enter_steps(layer.name, call, holes, listed)
            args = tuple(self._take(arg, holes) for arg in call.args)
            kwargs = {key: self._take(value, holes) for key, value in call.kwargs.items()}
            if not number:
                moved = {ARGS: args, KWARGS: kwargs, STEPS: tuple(listed)}
            called.append(Call((holes.tensors[0] if len(holes.tensors) == 1 else tuple(holes.tensors),)))
        return layer.with_config(**moved), tuple(called)

    def _enter_steps(self, name: str, call: Call, holes: _Holes, listed: list[Value]) -> None:
        """List what the call is computed from, each after what it is computed from itself."""
        waiting = [(name, call, False)]
        while waiting:
            name, call, ready = waiting.pop()
            if name in holes.steps:
                continue
            if ready:
                layer = self._layers[name]
                limits.budget().charge(1 + len(listed))
                args = tuple(self._take(arg, holes) for arg in call.args)
                kwargs = {key: self._take(value, holes) for key, value in call.kwargs.items()}
                holes.steps[name] = len(listed)
                listed.append({"kind": layer.class_name, "settings": layer.config, ARGS: args, KWARGS: kwargs})
                continue
            for ref in refs((call.args, call.kwargs)):
                if ref.layer in self._counted and ref.layer not in holes.steps and ref.layer != name:
                    waiting.append((ref.layer, self._counted[ref.layer], True))
                    waiting.append((ref.layer, self._counted[ref.layer], False))

    def _take(self, value: Value, holes: _Holes) -> Value:
        if isinstance(value, Ref):
            if value.layer in holes.steps:
                return {_STEP: holes.steps[value.layer], _PART: value.tensor}
            return {_HOLE: holes.tensor(value)}
        if isinstance(value, tuple):
            return tuple(self._take(item, holes) for item in value)
        if isinstance(value, Mapping):
            return {key: self._take(item, holes) for key, item in value.items()}
        return value


def compute_call(layer: Layer, inputs: Operand, compute: Compute) -> Operand:
    """The outcome of an op layer on its tensors, its steps before it."""
    tensors = inputs if isinstance(inputs, list) else [inputs]
    parts: list[list[Operand]] = []
    for step in _list_steps(layer):
        inner = Layer(str(step["kind"]), layer.name, step["settings"])
        made = compute(inner, _restore(step[ARGS], tensors, parts), _restore(step[KWARGS], tensors, parts))
        parts.append(_flatten(made))
    args = _restore(layer.config.get(ARGS, ()), tensors, parts)
    return compute(layer, args, _restore(layer.config.get(KWARGS, {}), tensors, parts))


def list_classes(layer: Layer) -> set[str]:
    """The classes of an op layer and of its steps."""
    return {layer.class_name, *(str(step["kind"]) for step in _list_steps(layer))}


def _list_steps(layer: Layer) -> Sequence[Operand]:
    listed = layer.config.get(STEPS, ())
    return listed if isinstance(listed, tuple) else ()


def _flatten(value: Operand) -> list[Operand]:
    """The outputs of a function in the order in which a file counts them."""
    if isinstance(value, list | tuple) and not isinstance(value, Sizes):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]


def _restore(value: Operand, tensors: Sequence[Operand], parts: Sequence[Sequence[Operand]]) -> Operand:
    """Arguments with tensors where their holes are, and the outcome of steps where they are used."""
    if isinstance(value, Mapping):
        if _HOLE in value:
            return tensors[value[_HOLE]]
        if _STEP in value:
            return _take_part(parts[value[_STEP]], value[_PART])
        if value.get("class_name") == "__ellipsis__":
            return Ellipsis
        if value.get("class_name") or value.get("type"):
            return constant(value)
        return {key: _restore(item, tensors, parts) for key, item in value.items()}
    if isinstance(value, tuple | list):
        array = _find_array(value)
        return [_restore(item, tensors, parts) for item in value] if array is None else array
    return value


def _take_part(outputs: Sequence[Operand], number: int) -> Operand:
    if number >= len(outputs):
        raise Refused("the file does not hold all tensors that a function is called on (tf.keras lost those after *)", "AK3043")
    return outputs[number]


def _find_array(value: Sequence[Operand]) -> Operand | None:
    """The array that rows of numbers, or floats in a row, were before a file listed them; None for what is no array."""
    kinds = {type(leaf) for leaf in leaves(value)}
    nested = any(isinstance(item, tuple | list) for item in value)
    if not kinds or not kinds <= {int, float, bool} or not (nested or float in kinds):
        return None
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    if array.dtype.kind == "i" and array.size and np.abs(array).max() >= 1 << 31:
        return array
    return array.astype({"f": "float32", "i": "int32"}.get(array.dtype.kind, array.dtype))
