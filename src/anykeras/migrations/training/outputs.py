"""The outputs of a model: what per-output losses and metrics are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...catalog.shapes import UNKNOWN, infer
from ...document.model import Layer, Ref, Value


@dataclass(frozen=True)
class Outputs:
    """Names and last dimensions (None where not known), in the model's order.

    `keyed` says that the model returns a dict: its losses and metrics are dicts by the same keys, and stay so.
    """

    names: tuple[str, ...]
    widths: tuple[int | None, ...]
    keyed: bool = False

    def spread(self, value: Value) -> Value:
        """A value for every output: of a dict by output name, of a list, or one for all. One output has no list."""
        if self.keyed:
            return value
        if isinstance(value, Mapping):
            if not set(value) <= set(self.names):
                return value
            found: tuple[Value, ...] = tuple(value.get(name) for name in self.names)
        elif isinstance(value, tuple) and len(value) == len(self.names):
            found = value
        elif isinstance(value, tuple):
            return value
        else:
            found = (value,) * len(self.names)
        return found if len(found) > 1 else found[0]

    def spread_lists(self, value: Value) -> Value:
        """The same for values that are lists: a flat list is for every output (keras 2.3.1 training_utils.py,
        collect_metrics)."""
        if isinstance(value, Mapping):
            listed = {key: item if isinstance(item, tuple) else (item,) for key, item in value.items()}
            return self.spread(listed)
        if not isinstance(value, tuple):
            value = (value,)
        nested = any(isinstance(item, tuple) for item in value)
        if self.keyed or (nested and len(value) != len(self.names)):
            return value
        if nested:
            return value[0] if len(value) == 1 else tuple(i if isinstance(i, tuple) else (i,) for i in value)
        return (value,) * len(self.names) if len(self.names) > 1 else value


def outputs_of(model: Layer) -> Outputs:
    """The outputs of a model in the Keras 3 vocabulary. Repeated names get a number, as tf.keras gives them."""
    graph = model.graph
    if graph is None:
        return Outputs((), ())
    ends = _ends(graph.outputs) if not graph.sequential else [Ref(graph.layers[-1].name)] if graph.layers else []
    found = infer(model)
    before = [sum(other.layer == end.layer for other in ends[:i]) for i, end in enumerate(ends)]
    names = [f"{end.layer}_{number}" if number else end.layer for end, number in zip(ends, before, strict=True)]
    shapes = [found.get(end, UNKNOWN).shape for end in ends]
    return Outputs(tuple(names), tuple(s[-1] if s else None for s in shapes), isinstance(graph.outputs, Mapping))


def _ends(value: Value) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, tuple):
        return [end for item in value for end in _ends(item)]
    return [end for item in value.values() for end in _ends(item)] if isinstance(value, Mapping) else []
