"""Names that Keras 3 accepts on every backend: ASCII, no ``/`` in them, no ``.``, and no two alike in one model.

Both become ``_``, which is also how Keras renamed the layers of its own applications (``conv1/conv`` of DenseNet, keras
3.15.1 ``applications/densenet.py``). A ``.`` in a layer's name fails on torch alone, which takes no such name for a
parameter; an input has none and keeps its dots, because data may be given by its name.
What changed is kept beside the model, so the way back is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ...catalog import releases
from ...catalog.masks import makes_mask
from ...catalog.operations import find as find_operation
from ...catalog.operations import spell_in_snake_case
from ...document.edit import UniqueNames
from ...document.model import Call, Graph, Layer, Ref, Value, refs
from ...document.walk import map_graph_refs, rebuild
from .minors import spells, takes_name

_NO_SCOPE = re.compile(r"[^A-Za-z0-9_>-]")


def rename(model: Layer, minor: str) -> tuple[Layer, dict[str, str]]:
    """The model with names that a minor of Keras 3 takes, and the old name of each new one."""
    changed: dict[str, str] = {}

    def visit(layer: Layer) -> Layer:
        config = {key: _inner(value, changed) for key, value in layer.config.items()}
        if any(config[key] is not layer.config[key] for key in config):
            layer = replace(layer, config=config)
        if layer.graph is None:
            return layer
        graph = _graph(layer.graph, changed, minor)
        return layer if graph is layer.graph else replace(layer, graph=graph)

    model = rebuild(model, visit)
    model = _rename_layer(model, changed, _root(make_acceptable_name(model.name)))
    return model, changed


def make_acceptable_name(name: str) -> str:
    """The name without what Keras 3 refuses (keras 3.15.1 ``ops/operation.py``, ``backend/torch/layer.py``).

    On TensorFlow, ``predict`` opens a scope under a layer's name and refuses a space or ``é`` in it (``tf.name_scope``,
    framework/ops.py, 2.21; a ``\\`` fails later, in the graph).
    """
    return _NO_SCOPE.sub("_", _replace_slash(name).replace(".", "_"))


def _root(name: str) -> str:
    """The name of a whole model: TensorFlow's outermost scope begins with a letter or digit (same source)."""
    return name if name[0].isalnum() else f"model{name}"


def _replace_slash(name: str) -> str:
    return name.replace("/", "_") or "unnamed"


def _rename_layer(layer: Layer, changed: dict[str, str], name: str | None = None) -> Layer:
    name = make_acceptable_name(layer.name) if name is None else name
    if name == layer.name:
        return layer
    changed[name] = layer.name
    return replace(layer, name=name)


def _inner(value: Value, changed: dict[str, str]) -> Value:
    """Layers inside a configuration."""
    if isinstance(value, Layer):
        return _rename_layer(value, changed)
    if isinstance(value, tuple) and any(isinstance(item, Layer) for item in value):
        items = tuple(_inner(item, changed) for item in value)
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _graph(graph: Graph, changed: dict[str, str], minor: str) -> Graph:
    graph = _one_call_an_operation(graph)
    entrances = {ref.layer for ref in refs(graph.inputs)}
    given = _find_given_names(graph, minor)
    wished = [(x.name, _replace_slash(x.name) if x.name in entrances else make_acceptable_name(x.name)) for x in graph.layers]
    nameless = {x.name for x in graph.layers if x.operation and not takes_name(x.class_name, minor)}
    names = _unique([(o, f"{n}_" if o not in (*entrances, *nameless) and given.fullmatch(n) else n) for o, n in wished])
    if all(old == new for old, new in names):
        return graph
    layers = tuple(_rename_layer(layer, changed, new) for layer, (_, new) in zip(graph.layers, names, strict=True))
    if graph.sequential:
        return replace(graph, layers=layers)
    to = dict(names)
    moved = map_graph_refs(graph, lambda ref: replace(ref, layer=to.get(ref.layer, ref.layer)))
    return replace(moved, layers=layers, calls={to.get(name, name): calls for name, calls in moved.calls.items()})


# Layers that make or join masks call these, and Keras makes nodes of them beside those of the file.
_OF_MASKS = frozenset(("not_equal", "any", "logical_and", "logical_or", "ones_like", "expand_dims", "concatenate"))
_NO_NAME = re.compile("(?!)")


def _find_given_names(graph: Graph, minor: str) -> re.Pattern[str]:
    """The names that Keras gives by itself, by class and number, to operations that take none in a minor.

    A layer that has such a name already would be a second one, and the model does not load (keras 3.6.0 ops/function.py,
    ``map_graph``).
    """
    nameless = {layer.class_name for layer in graph.layers if layer.operation and not takes_name(layer.class_name, minor)}
    if not spells(minor, releases.DEFAULTS_STAY) and any(makes_mask(layer) for layer in graph.layers):
        nameless |= _OF_MASKS
    kinds = sorted(spell_in_snake_case(found.class_name) for name in nameless if (found := find_operation(name)) is not None)
    return re.compile(rf"({'|'.join(kinds)})(_\d+)?") if kinds else _NO_NAME


def _unique(names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(old, new) in order, from (old, wished); names that need no change are never taken from their owners."""
    owned = {name for name, wished in names if name == wished}
    unique = UniqueNames(owned)
    pairs = []
    for name, wished in names:
        own = name == wished and name in owned
        owned.discard(name)
        pairs.append((name, name if own else unique.claim(wished, first=1)))
    return pairs


def _one_call_an_operation(graph: Graph) -> Graph:
    """An operation object holds part of its arguments, so each call of an operation becomes a node of its own."""
    again = {layer.name for layer in graph.layers if layer.operation and len(graph.calls.get(layer.name, ())) > 1}
    if not again:
        return graph
    unique = UniqueNames(layer.name for layer in graph.layers)
    node: dict[tuple[str, int], str] = {}
    layers: list[Layer] = []
    calls: dict[str, tuple[Call, ...]] = {k: v for k, v in graph.calls.items() if k not in again}
    for layer in graph.layers:
        if layer.name not in again:
            layers.append(layer)
            continue
        for number, call in enumerate(graph.calls[layer.name]):
            name = layer.name if number == 0 else unique.claim(f"{layer.name}_{number}")
            node[layer.name, number] = name
            layers.append(replace(layer, name=name))
            calls[name] = (call,)

    def moved(ref: Ref) -> Ref:
        name = node.get((ref.layer, ref.node))
        return ref if name is None else Ref(name, 0, ref.tensor)

    return map_graph_refs(replace(graph, layers=tuple(layers), calls=calls), moved)
