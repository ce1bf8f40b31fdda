"""Tensors and calls of a program of its time, noted down instead of computed, and the graphs that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ..compat.tensor import LegacyTensor
from ..document.model import Writer


class Recording(Protocol):
    """What notes calls down (`recording.Recorder`), as tensors, layers and the architecture see it."""

    runtime: Any
    writer: Writer
    data_format: str
    live: dict[int, Any]
    sized: dict[int, RecordedTensor]

    def name(self, class_name: str) -> str:
        """The name that a layer without one was given then."""

    def hold(self, function: Callable[..., object], stem: str) -> str:
        """A function under a name by which the architecture can mention it."""

    def of_live(self, live: object) -> Any:
        """The record of a live layer."""

    def call(self, layer: object, inputs: object, args: Sequence[object], kwargs: Mapping[str, object], count: int = 1) -> Any:
        """Note a call; the tensor or tensors that it gives."""

    def custom_objects(self) -> dict[str, Any]:
        """Functions and classes of the program, by the names of its architecture."""

    def find_symbols(self, node: Node) -> list[Any]:
        """Symbolic tensors for the outputs of a call."""

    def find_outcome(self, function: Callable[[object], object], inputs: object) -> Any:
        """What a function gives on symbolic tensors in place of noted ones."""

    def note_outcome(self, layer: Any, inputs: object, outcome: object) -> Any:
        """Note the call of a Lambda whose outcome on symbolic tensors is known; the tensor or tensors that it gives."""


class RecordedTensor(LegacyTensor):
    """The outcome `index` of a noted call. Its shape is found when the program asks for it."""

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node, self.index = node, index
        self.runtime = node.recorder.runtime

    @property
    def raw(self) -> Any:
        """A symbolic tensor of the running Keras of this shape."""
        raw = self.node.symbols()[self.index]
        self.node.recorder.sized[id(raw)] = self
        return raw

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "_keras_history":
            return (self.node.layer, self.node.number, self.index)
        if name in ("name", "op"):
            return self.node.layer.name
        return self.runtime.recorded_attribute(self, name)  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<tensor {self.index} of {self.node.layer.name}>"


class Node:
    """One call: of which layer, on what, and what it gives."""

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, object], count: int = 1) -> None:
        self.layer, self.args, self.kwargs = layer, args, dict(kwargs)
        self.recorder: Recording = layer.recorder
        self.number = len(layer.nodes)
        self.known: list[Any] | None = None
        self.outputs = [RecordedTensor(self, i) for i in range(count)]
        layer.nodes.append(self)

    @property
    def tensors(self) -> list[RecordedTensor]:
        """What the call reads, from left to right."""
        return list(recorded([self.args, self.kwargs]))

    def symbols(self) -> list[Any]:
        """Symbolic tensors of the running Keras for the outputs."""
        if self.known is None:
            self.known = self.recorder.find_symbols(self)
        return self.known


def recorded(value: object) -> Iterator[RecordedTensor]:
    """All noted tensors in a structure."""
    if isinstance(value, RecordedTensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from recorded(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from recorded(item)


def holds_recorded(value: object) -> bool:
    """Whether a structure holds noted tensors."""
    return any(True for _ in recorded(value))


def replace_recorded(value: object, change: Callable[[RecordedTensor], object]) -> Any:
    """A structure with every noted tensor replaced."""
    if isinstance(value, RecordedTensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(replace_recorded(item, change) for item in value) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: replace_recorded(item, change) for key, item in value.items()}
    return value


def list_layers(inputs: Sequence[RecordedTensor], outputs: Sequence[RecordedTensor]) -> list[Any]:
    """The layers of a graph as Keras 1 to 2.15 listed them: by depth, the deepest first, then as they were met.

    Source: ``Container.__init__`` of keras/engine/topology.py 1.2.2, ``_map_graph_network`` of keras/engine/network.py.
    """
    depths: dict[int, int] = {}
    met: dict[int, tuple[int, Any]] = {}

    def visit(outputs: Sequence[RecordedTensor]) -> list[Node]:
        order: list[Node] = []
        done: set[int] = set()
        stack: list[tuple[Node, bool]] = [(tensor.node, False) for tensor in reversed(outputs)]
        while stack:
            node, leave = stack.pop()
            if leave:
                order.append(node)
                continue
            if id(node) in done:
                continue
            done.add(id(node))
            met.setdefault(id(node.layer), (len(met), node.layer))
            stack.append((node, True))
            stack.extend((tensor.node, False) for tensor in reversed(node.tensors) if id(tensor.node) not in done)
        return order

    order = visit(outputs)
    layer_depths: dict[int, int] = {}
    for node in reversed(order):
        depth = max(depths.setdefault(id(node), 0), layer_depths.get(id(node.layer), 0))
        layer_depths[id(node.layer)] = depths[id(node)] = depth
        for tensor in node.tensors:
            depths[id(tensor.node)] = max(depth + 1, depths.get(id(tensor.node), 0))
    for tensor in inputs:
        met.setdefault(id(tensor.node.layer), (len(met), tensor.node.layer))
        layer_depths.setdefault(id(tensor.node.layer), 0)
    return [layer for _, layer in sorted(met.values(), key=lambda item: (-layer_depths.get(id(item[1]), 0), item[0]))]


def order_nodes(inputs: Sequence[RecordedTensor], outputs: Sequence[RecordedTensor]) -> list[Node]:
    """The calls of a graph, each after those that it reads."""
    kept, order, done = find_nodes(inputs, outputs), list[Node](), set[int]()
    stack = [(tensor.node, False) for tensor in reversed(outputs)]
    while stack:
        node, leave = stack.pop()
        if leave:
            order.append(node)
        elif id(node) not in done and id(node) in kept:
            done.add(id(node))
            stack.append((node, True))
            stack.extend((tensor.node, False) for tensor in node.tensors)
    return order


def find_nodes(inputs: Sequence[RecordedTensor], outputs: Sequence[RecordedTensor]) -> set[int]:
    """The identities of the calls that a functional model is made of."""
    found: set[int] = set()
    stack = [tensor.node for tensor in (*outputs, *inputs)]
    ends = {id(tensor.node) for tensor in inputs}
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found.add(id(node))
            stack.extend(tensor.node for tensor in node.tensors if id(node) not in ends)
    return found
