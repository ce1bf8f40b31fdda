"""Calls that Keras 1 and 2 lost because a layer got another name after the model was built.

``get_config`` of keras/engine/topology.py (1.2.2, 2.1.5) keeps the nodes of which ``layer.name + "_ib-" + index`` is among
those that the model was built with: those of a renamed layer are not, so it has no calls, and is no input or output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..document.graph import iterate_all_refs
from ..document.model import Call, Graph, Layer, Ref
from ..errors import Malformed
from ..findings import Fidelity, Finding
from .reading import ParseContext

# Layers that take several tensors: which ones, and in which order, nothing tells.
_SEVERAL = ("Merge", "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Attention",
            "AdditiveAttention", "MultiHeadAttention", "TFOpLambda", "TensorFlowOpLayer", "Lambda")  # fmt: skip


def restore_calls(graph: Graph, context: ParseContext) -> Graph:
    """The graph with the calls, inputs and outputs that a renamed layer lost.

    Every layer of a model leads to one of its outputs, so a tensor that nothing uses is what a layer without a call was
    called on. Raises Malformed (AK1216) where more than one tensor or place is possible.
    """
    lost = [layer for layer in graph.layers if layer.class_name != "InputLayer" and not graph.calls[layer.name]]
    if graph.sequential or not (lost or not _count(graph.inputs) or not _count(graph.outputs)):
        return graph
    graph = _restore_inputs(graph, context)
    if not _count(graph.outputs):
        graph = _restore_output(graph, lost, context)
    for layer in lost:
        graph = _restore_call(graph, layer, context)
    unused = _find_unused(graph)
    if lost and unused:
        raise _make_undecided_error(lost[0], f"nothing uses the outcome of {unused[0].layer!r}", context)
    return graph


def _count(ends: object) -> int:
    return 1 if isinstance(ends, Ref) else len(ends) if isinstance(ends, tuple | Mapping) else 0


def _restore_inputs(graph: Graph, context: ParseContext) -> Graph:
    starts = [layer for layer in graph.layers if layer.class_name == "InputLayer"]
    if _count(graph.inputs) == len(starts) or not starts:
        return graph
    if len(starts) > 1:
        raise _make_undecided_error(starts[0], "the order of the inputs is lost", context)
    _note(starts[0], "is an input of the model in nothing but its class", "it is the model's input", context)
    return replace(graph, inputs=Ref(starts[0].name))


def _restore_output(graph: Graph, lost: list[Layer], context: ParseContext) -> Graph:
    """The output is what nothing uses and what was renamed."""
    used = {ref.layer for ref in iterate_all_refs(graph)}
    ends = [layer for layer in lost if layer.name not in used]
    last = ends[-1:] if len(lost) == len(graph.layers) - 1 else ends  # all renamed: they are listed from first to last
    if len(last) != 1:
        raise _make_undecided_error((lost or graph.layers)[0], "the model names no output", context)
    _note(last[0], "leads to no layer, and the model names no output", "it is the model's output", context)
    return replace(graph, outputs=Ref(last[0].name))


def _restore_call(graph: Graph, layer: Layer, context: ParseContext) -> Graph:
    before = {held.name for held in graph.layers[: graph.layers.index(layer)]}  # Keras lists what comes first first
    free = [ref for ref in _find_unused(graph) if ref.layer in before]
    if len(free) != 1 or layer.class_name in _SEVERAL:
        raise _make_undecided_error(layer, f"{len(free) or 'no'} tensors are free for it", context)
    if any(ref.node for ref in iterate_all_refs(graph) if ref.layer == layer.name):
        raise _make_undecided_error(layer, "it was called more than once", context)
    _note(
        layer, "has no call in the file", f"it is called on the outcome of {free[0].layer!r}, which nothing else uses", context
    )
    return replace(graph, calls={**graph.calls, layer.name: (Call((free[0],)),)})


def _find_unused(graph: Graph) -> list[Ref]:
    """The calls whose outcome is neither used nor an output, in the order of the file."""
    used = {(ref.layer, ref.node) for ref in iterate_all_refs(replace(graph, inputs=()))}
    return [
        Ref(layer.name, node)
        for layer in graph.layers
        for node in range(len(graph.calls[layer.name]))
        if (layer.name, node) not in used
    ]


def _note(layer: Layer, seen: str, done: str, context: ParseContext) -> None:
    context.findings.append(
        Finding("AK1216", layer.address, f"{layer.class_name} {layer.name!r} {seen}", done, Fidelity.APPROXIMATE)
    )


def _make_undecided_error(layer: Layer, seen: str, context: ParseContext) -> Malformed:
    return Malformed(
        "AK1216",
        f"{layer.class_name} {layer.name!r} was renamed before saving, and the file no longer tells where it belongs: {seen}",
        part=context.part,
        layer=layer.name,
        next_step="Write the lost call into the architecture, or build the model in code and load the weights into it.",
    )
