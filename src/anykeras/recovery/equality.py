"""Whether two traced graphs compute the same, whatever their nodes are called and in which order they were made."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from ..document.graph import iterate_steps
from ..document.model import Graph, Layer, Ref, Value, refs
from ..tensors import Tensor


def computes_same(one: Layer, other: Layer) -> bool:
    """Equal operations on equal constants, from the inputs to the outputs.

    Operations are functions: one made twice is the same one. Layers can be random, so their order counts.
    """
    if one is other:
        return True
    numbers = ValueNumbers()
    return numbers.of(one) == numbers.of(other)


class ValueNumbers:
    """A number for each expression: the same one for the same expression, in any graph it was asked of."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, model: Layer) -> Hashable:
        """What a model computes."""
        if model.graph is None:
            return (model.class_name, self._number_value(model.config, {}), self._number_value(model.weights, {}))
        return self._number_value(model.graph.outputs, self._number_calls(model.graph))

    def _number_calls(self, graph: Graph) -> dict[Ref, Hashable]:
        found: dict[Ref, Hashable] = {ref: ("input", i) for i, ref in enumerate(refs(graph.inputs))}
        ordinals: dict[str, int] = {}
        for layer, node, call in iterate_steps(graph):
            if layer.class_name == "InputLayer":
                continue
            arguments = [self._number_value(held, found) for held in (call.args, call.kwargs)]
            key: Hashable = (self._number_operation(layer, ordinals), *arguments)
            found[Ref(layer.name, node)] = self._known.setdefault(key, len(self._known))
        return found

    def _number_operation(self, layer: Layer, ordinals: dict[str, int]) -> Hashable:
        if layer.operation:
            return layer.class_name
        return (ordinals.setdefault(layer.name, len(ordinals)), self.of(layer))

    def _number_value(self, held: Value, found: Mapping[Ref, Hashable]) -> Hashable:
        if isinstance(held, Ref):
            return ("tensor", found.get(Ref(held.layer, held.node)), held.tensor)
        if isinstance(held, Tensor):
            return (held.dtype, held.shape, held.read().tobytes())
        if isinstance(held, Layer):
            return self.of(held)
        if isinstance(held, tuple | list):
            return tuple(self._number_value(item, found) for item in held)
        if isinstance(held, Mapping):
            return tuple(sorted((str(key), self._number_value(item, found)) for key, item in held.items()))
        return (type(held).__name__, repr(held))
