"""Changing a graph: layers and calls added, calls and layers replaced, a tensor put in another's place.

A graph is never changed in place. An editor starts from one and gives another, in time proportional to the graph
however many changes are made:

    editor = GraphEditor(graph)
    copy = editor.op(f"{layer.name}_copy", "copy", ref)
    editor.replace_ref(ref, copy)       # whoever read `ref` reads the copy
    graph = editor.finish()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from .model import Call, Graph, Layer, Ref, Value
from .walk import map_call_refs, map_graph_refs


class UniqueNames:
    """Names that are taken, and new ones that differ from all of them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: dict[tuple[str, int], int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def claim(self, wanted: str, first: int = 2) -> str:
        """`wanted` where it is free, else with the lowest free number from `first` behind it: ``dense_2``."""
        return self.number(wanted, first) if wanted in self._taken else self._take(wanted)

    def number(self, stem: str, first: int = 1) -> str:
        """`stem` with the lowest free number from `first` behind it: ``dense_1``."""
        count = self._numbers.get((stem, first), first)
        while f"{stem}_{count}" in self._taken:
            count += 1
        self._numbers[stem, first] = count + 1
        return self._take(f"{stem}_{count}")

    def _take(self, name: str) -> str:
        self._taken.add(name)
        return name


class GraphEditor:
    """A graph of calls while it is changed; :meth:`finish` gives the new one. `address` goes to the layers added."""

    def __init__(self, graph: Graph, address: str = "") -> None:
        self.address = address
        self._graph = graph
        self._layers = {layer.name: layer for layer in graph.layers}
        self._calls: dict[str, tuple[Call, ...]] = dict(graph.calls)
        self._names = UniqueNames((*self._layers, *self._calls))
        self._added: set[str] = set()
        self._moved: dict[Ref, Ref] = {}
        self._changed = False

    @property
    def changed(self) -> bool:
        """Whether anything was changed so far."""
        return self._changed

    def layer(self, name: str) -> Layer:
        """The layer called `name`, as it is now; raises KeyError."""
        return self._layers[name]

    def calls(self, name: str) -> tuple[Call, ...]:
        """The calls of the layer called `name`, as they are now."""
        return self._calls.get(name, ())

    def add(self, layer: Layer, *args: Value, **kwargs: Value) -> Ref:
        """Add a layer, called on these arguments; it gets another name where its own is taken. The ref is its output."""
        name = self._names.claim(layer.name)
        self._layers[name] = layer if name == layer.name else replace(layer, name=name)
        self._calls[name] = (Call(args, kwargs),)
        self._added.add(name)
        self._changed = True
        return Ref(name)

    def op(self, name: str, function: str, *args: Value, **kwargs: Value) -> Ref:
        """Add an operation of ``keras.ops``, with the arguments of the public function."""
        return self.add(Layer(function, name, operation=True, address=self.address), *args, **kwargs)

    def replace_layer(self, layer: Layer) -> None:
        """Put `layer` in the place of the one of its name; its calls stay. Raises KeyError where there is none."""
        self._layers[self._layers[layer.name].name] = layer
        self._changed = True

    def replace_call(self, name: str, number: int, call: Call) -> None:
        """Put `call` in the place of a call. Raises KeyError, IndexError where there is none."""
        calls = list(self._calls[name])
        calls[number] = call
        self._calls[name] = tuple(calls)
        self._changed = True

    def append_call(self, name: str, call: Call) -> Ref:
        """Call a layer once more. The ref is the outcome."""
        self._calls[name] = (*self._calls[name], call)
        self._changed = True
        return Ref(name, len(self._calls[name]) - 1)

    def replace_ref(self, old: Ref, new: Ref) -> None:
        """Let whoever reads `old` read `new`, outputs of the graph included, but not the layers added here."""
        self._moved[old] = new
        self._changed = True

    def finish(self) -> Graph:
        """The graph with all changes; the very graph it began with where there were none."""
        if not self._changed:
            return self._graph
        graph = replace(self._graph, layers=tuple(self._layers.values()), calls=self._calls)
        if not self._moved:
            return graph
        moved = map_graph_refs(graph, lambda ref: self._moved.get(ref, ref))
        return replace(moved, calls={**moved.calls, **{name: self._calls[name] for name in self._added}})


def change_layers(model: Layer, change: Callable[[Layer], Layer]) -> Layer:
    """The model with `change` done to each layer of its graph; the very model where nothing changed."""
    if model.graph is None:
        return model
    layers = tuple(change(layer) for layer in model.graph.layers)
    if all(new is old for new, old in zip(layers, model.graph.layers, strict=True)):
        return model
    return replace(model, graph=replace(model.graph, layers=layers))


def change_calls(model: Layer, change: Callable[[Layer, Call], Call]) -> Layer:
    """The model with `change` done to each call of its layers; the very model where nothing changed."""
    if model.graph is None:
        return model
    changed = {}
    for layer in model.graph.layers:
        calls = model.graph.calls.get(layer.name, ())
        new = tuple(change(layer, call) for call in calls)
        if any(one is not other for one, other in zip(new, calls, strict=True)):
            changed[layer.name] = new
    return replace(model, graph=replace(model.graph, calls={**model.graph.calls, **changed})) if changed else model


def replace_refs(call: Call, new: dict[Ref, Ref]) -> Call:
    """The call on other tensors."""
    return map_call_refs(call, lambda ref: new.get(ref, ref))


def rename_layers(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The same graph with other names for some of its layers; their weights and what is known of them stay."""
    renamed = map_graph_refs(graph, lambda ref: replace(ref, layer=names.get(ref.layer, ref.layer)))
    layers = tuple(replace(layer, name=names.get(layer.name, layer.name)) for layer in renamed.layers)
    return replace(renamed, layers=layers, calls={names.get(name, name): calls for name, calls in renamed.calls.items()})
