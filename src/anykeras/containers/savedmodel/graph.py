"""The graph of a SavedModel or of a frozen file: its nodes, functions, signatures and variables; nothing believed.

Functions stay bytes until they are called, and attributes until they are asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...tensors import Tensor
from ..checkpoint.bundle import Bundle
from ..wire import read_message
from ..wire.messages import AttrValue, ConcreteFunction, FunctionDef, MetaGraph, NodeDef
from ..wire.messages import GraphDef as GraphMessage

VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
CALLS = ("PartitionedCall", "StatefulPartitionedCall")
USUAL = "serving_default"  # the signature that TensorFlow Serving takes
HIDDEN = "__saved_model"  # how the names of signatures start that TensorFlow itself calls


@dataclass(frozen=True)
class Body:
    """Nodes by name: the main graph (`name` is empty), or a function with its `arguments` and what it `returns`."""

    name: str
    nodes: Mapping[str, NodeDef]
    arguments: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    attributes: Mapping[str, memoryview] = field(default_factory=dict)


@dataclass(frozen=True)
class GraphFile:
    """A graph, as a file holds it.

    `part` names the file, `meta` is the meta graph that is served, `open_bundle` opens the variables (None for a frozen
    graph, whose weights are constants). `frozen` tells such a file.
    """

    part: str
    meta: MetaGraph
    open_bundle: Callable[[], Bundle] | None = field(default=None, repr=False)
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """The functions that tf.keras traced of the calls of layers, by the layer's name."""

    constants: Mapping[str, Tensor] = field(default_factory=dict, repr=False)
    """What constants hold that lie beside the graph, by the name of their node."""

    def concrete(self, name: str) -> ConcreteFunction | None:
        """What a function captures, and what it was traced for."""
        return self.meta.objects.functions.get(name) if self.meta.objects is not None else None

    @property
    def frozen(self) -> bool:
        """Whether the weights are constants of the graph."""
        return self.open_bundle is None

    @property
    def version(self) -> str:
        """The TensorFlow that wrote it, empty where it does not say."""
        return self.meta.info.tensorflow_version if self.meta.info is not None else ""

    @property
    def signatures(self) -> tuple[str, ...]:
        """The names of the signatures that a user may call, the usual one first."""
        names = sorted(name for name in self.meta.signatures if not name.startswith(HIDDEN))
        return tuple(sorted(names, key=lambda name: name != USUAL))

    @functools.cached_property
    def body(self) -> Body:
        """The main graph."""
        return Body("", self._nodes(self._message.nodes, self.part))

    def function(self, name: str) -> Body | None:
        """A function by name, read now; None where there is none."""
        if name not in self._bodies and name in self._functions:
            found = self._functions[name]
            signature = found.signature
            arguments = tuple(argument.name for argument in signature.inputs) if signature is not None else ()
            outputs = tuple(found.returns.get(output.name, "") for output in signature.outputs) if signature is not None else ()
            nodes = self._nodes(found.nodes, f"{self.part}/{name}")
            self._bodies[name] = Body(name, nodes, arguments, outputs, found.attributes)
        return self._bodies.get(name)

    def called(self, node: NodeDef) -> Body | None:
        """The function that a node calls; None where it calls none."""
        if node.op in CALLS:
            attribute = self.attribute(node, "f")
            return self.function(attribute.function.name) if attribute is not None and attribute.function is not None else None
        return self.function(node.op) if node.op in self._functions else None

    def attribute(self, node: NodeDef, name: str) -> AttrValue | None:
        """An attribute of a node, read now; None where it is not given."""
        data = node.attributes.get(name)
        return None if data is None else read_message(AttrValue, data, self.part)

    @functools.cached_property
    def bundle(self) -> Bundle | None:
        """The variables; None for a frozen graph."""
        return self.open_bundle() if self.open_bundle is not None else None

    @functools.cached_property
    def _message(self) -> GraphMessage:
        return read_message(GraphMessage, self.meta.graph, self.part)

    @functools.cached_property
    def _functions(self) -> Mapping[str, FunctionDef]:
        library = self._message.library
        read = [read_message(FunctionDef, data, self.part) for data in (library.functions if library is not None else ())]
        return {function.signature.name: function for function in read if function.signature is not None}

    @functools.cached_property
    def _bodies(self) -> dict[str, Body]:
        return {}

    def _nodes(self, held: Sequence[memoryview], part: str) -> Mapping[str, NodeDef]:
        read = (read_message(NodeDef, data, part) for data in held)
        return {node.name: node for node in read}


def strip(ref: str) -> str:
    """The name of the node that a reference (``^a``, ``a:1``, ``a:out:0``) means."""
    return ref.removeprefix("^").partition(":")[0]
