"""One pass through a document: wherever code stands, the operations that it means, for the shapes that reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..document.model import Call, Document, Graph, Layer, refs
from ..document.values import Ref, Value
from ..document.walk import map_refs, rebuild, walk
from ..errors import Unsupported
from ..findings import Fidelity, Finding
from . import places
from .functions.base import Context
from .lift import Lifted, same
from .op_calls import OP_LAYERS, settle
from .places import Site

_INLINED = OP_LAYERS | {"TensorFlowOpLayer", "AddLoss", "AddMetric"}


class Recovery(Inference):
    """Shape inference that, where it meets code, follows the code: its outcome says what goes on from there."""

    def __init__(self, context: Context, objects: Mapping[str, Any]) -> None:
        super().__init__()
        self.context, self.objects = context, objects
        self.lifted: dict[int, Lifted] = {}
        self.findings: list[Finding] = []

    def call(self, layer: Layer, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """As in inference; a layer that holds code is lifted for these arguments."""
        lift = places.lifter(layer)
        if lift is None:
            return super().call(layer, args, kwargs)
        if any(spec.shape is None for spec in _specs(args)):
            raise Unsupported(
                "AK3007",
                f"the shape that reaches {layer.class_name} {layer.name!r} could not be found",
                layer=layer.name,
                next_step="Report the file: shape inference lacks a layer before this one.",
            )
        made = lift(layer, Site(args, kwargs, self.context, self.objects))
        known = self.lifted.setdefault(id(layer), made)
        if known is made:
            self._report(layer, made)
        elif not same(known.model, made.model):
            raise Unsupported(
                "AK3008",
                f"{layer.name!r} is called on tensors of several shapes, and its code does another thing for each",
                layer=layer.name,
                next_step="Split the model where the layer is shared.",
            )
        return made.outputs

    def _report(self, layer: Layer, made: Lifted) -> None:
        nodes = len(made.model.graph.layers) - 1 if made.model.graph is not None else 0
        origin = ""
        if made.found is not None and made.found.identified is not None:
            origin = f" compiled by Python {', '.join(str(v) for v in made.found.identified.versions)}"
        seen = f"{layer.class_name} with code{origin}"
        done = f"followed without running it: {nodes} native operations"
        self.findings.append(Finding("AK3000", layer.address or layer.name, seen, done, Fidelity.EQUIVALENT))
        for note in made.notes:
            self.findings.append(Finding("AK3009", layer.address or layer.name, note, "kept", Fidelity.EQUIVALENT))
        if made.found is not None and made.found.identified is not None:
            for damage in made.found.identified.damage:
                self.findings.append(Finding("AK3010", layer.address, damage, "repaired", Fidelity.EQUIVALENT))


def _specs(value: Any) -> list[Spec]:
    if isinstance(value, Spec):
        return [value]
    if isinstance(value, Mapping):
        return [s for item in value.values() for s in _specs(item)]
    if isinstance(value, list | tuple):
        return [s for item in value for s in _specs(item)]
    return []


def recover(document: Document, objects: Mapping[str, Any] | None = None) -> tuple[Document, list[Finding]]:
    """The document with native operations for every function found in it, and what was found.

    Args:
        document: in the vocabulary of Keras 3.
        objects: functions by name for what the code calls and the file does not hold.

    Raises:
        MissingObject: the code needs a name that is neither in the file nor given.
        Unsupported: the code cannot be followed, or has no counterpart; the error shows it.
    """
    if not any(places.lifter(layer) for layer in walk(document.model)):
        return document, []
    model = settle(document.model)
    recovery = Recovery(Context.of(document.writer), objects or {})
    recovery.graph(model, None)
    return replace(document, model=_rewritten(model, recovery.lifted)), recovery.findings


def _rewritten(model: Layer, lifted: Mapping[int, Lifted]) -> Layer:
    def change(layer: Layer) -> Layer:
        made = lifted.get(id(layer))
        if made is not None:
            return replace(made.model, address=layer.address)
        graph = layer.graph
        return layer if graph is None or graph.sequential else replace(layer, graph=_inlined(graph, inline))

    inline = {
        layer.name for layer in walk(model) if layer.class_name in _INLINED and id(layer) in lifted
    }  # op layers were no layers of their author's: they become nodes where that is one node
    return rebuild(model, change)


def _inlined(graph: Graph, names: set[str]) -> Graph:
    """The graph with submodels of one operation as that operation."""
    layers, calls = [], dict(graph.calls)
    for layer in graph.layers:
        node = _single(layer) if layer.name in names else None
        if node is None or layer.graph is None:
            layers.append(layer)
            continue
        inner = layer.graph.calls[node.name][0]
        starts = [ref.layer for ref in refs(layer.graph.inputs)]
        calls[layer.name] = tuple(_through(inner, starts, refs(call.args)) for call in calls[layer.name])
        layers.append(replace(node, name=layer.name, address=layer.address))
    return replace(graph, layers=tuple(layers), calls=calls)


def _single(layer: Layer) -> Layer | None:
    """The only operation of a submodel, if it has no more and its outputs are that operation's."""
    if layer.graph is None:
        return None
    nodes = [inner for inner in layer.graph.layers if inner.class_name != "InputLayer"]
    if len(nodes) != 1 or not nodes[0].operation:
        return None
    ends = refs(layer.graph.outputs)
    straight = [Ref(nodes[0].name, 0, i) for i in range(len(ends))] == ends
    return nodes[0] if straight else None


def _through(inner: Call, starts: Sequence[str], given: Sequence[Ref]) -> Call:
    """The call inside a submodel, on the tensors that the submodel is called on."""
    outside = dict(zip(starts, given, strict=True))

    def change(ref: Ref) -> Value:
        return outside[ref.layer]

    args = tuple(map_refs(arg, change) for arg in inner.args)
    return Call(args, {key: map_refs(value, change) for key, value in inner.kwargs.items()})
