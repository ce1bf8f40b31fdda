"""Where tensors enter a model of Keras 0 and 1: input shapes of first layers, and several branches under a Merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...document.edit import GraphEditor, UniqueNames
from ...document.model import Era, Graph, Layer, Ref, Value
from ...document.model import refs as refs_of
from ...errors import Unsupported
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD


def _input(layer: Layer) -> Layer | None:
    """The InputLayer that a layer states by its arguments, or that stands at the entrance of a model."""
    if layer.class_name == "InputLayer":
        return layer
    if layer.graph is not None:
        found = [_input(inner) for inner in _entrances(layer.graph)]
        return found[0] if len(found) == 1 else None
    shape = layer.config.get("batch_input_shape")
    if not isinstance(shape, tuple):
        shape = _shape_of_weights(layer)
    if shape is None:
        return None
    dtype = layer.config.get("input_dtype") or "float32"
    return Layer("InputLayer", "", {"batch_input_shape": shape, "dtype": dtype}, address=layer.address)


# Layers with a weight for each place of their input. SReLU of Keras 0 does not write its shape (get_config, 0.3.3).
_EVERYWHERE = ("SReLU", "PReLU", "ParametricSoftplus")


def _shape_of_weights(layer: Layer) -> tuple[Value, ...] | None:
    vector = next(iter(layer.weights.values()), None) if layer.class_name in _EVERYWHERE else None
    return None if vector is None or 1 in vector.shape else (None, *vector.shape)


def _entrances(graph: Graph) -> Iterator[Layer]:
    if graph.sequential:
        yield from graph.layers[:1]
    else:
        yield from (graph.layer(ref.layer) for ref in refs_of(graph.inputs))


@rule(
    "AK2101",
    to=Era.KERAS2,
    eras=OLD,
    classes=("Sequential",),
    report=False,
)
def _input_layers(layer: Layer, context: RuleContext) -> Layer | None:
    graph = layer.graph
    if graph is None or not graph.sequential or not graph.layers or graph.layers[0].class_name == "InputLayer":
        return None
    first = graph.layers[0]
    entrance = _input(first)
    if entrance is None:
        return None
    entrance = replace(entrance, name=f"{first.name}_input")
    return replace(layer, graph=replace(graph, layers=(entrance, *graph.layers)))


def _branch_inputs(branch: Layer) -> list[Layer]:
    """A fresh InputLayer for each input of a branch, in its order."""
    if branch.graph is not None and not branch.graph.sequential:
        wanted = [_input(branch.graph.layer(ref.layer)) for ref in refs_of(branch.graph.inputs)]
    else:
        wanted = [_input(branch)]
    if any(made is None for made in wanted):
        raise Unsupported(
            "AK2102",
            f"the branch {branch.name!r} of a Merge does not say the shape of its input",
            layer=branch.name,
            next_step="The model was saved before it was built; there is nothing that tells the missing shape.",
        )
    named = [made.name or f"{branch.name}_input" for made in wanted if made is not None]
    return [replace(made, name=name) for made, name in zip(wanted, named, strict=True) if made is not None]


@rule(
    "AK2102",
    to=Era.KERAS2,
    eras=OLD,
    classes=("Sequential",),
    after=("AK2101",),
)
def _merge_branches(layer: Layer, context: RuleContext) -> Layer | None:
    graph = layer.graph
    if graph is None or not graph.sequential or not graph.layers:
        return None
    merge, *rest = graph.layers
    branches = merge.config.get("layers")
    if not isinstance(branches, tuple):
        return None
    names, editor = UniqueNames(inner.name for inner in graph.layers), GraphEditor(Graph(()))
    inputs: list[Ref] = []
    ends: list[Value] = []
    for branch in branches:
        if isinstance(branch, Layer):
            entrances = [editor.add(replace(new, name=names.claim(new.name))) for new in _branch_inputs(branch)]
            inputs += entrances
            taken = entrances[0] if len(entrances) == 1 else tuple(entrances)
            ends.append(editor.add(replace(branch, name=names.claim(branch.name)), taken))
    out = editor.add(merge.without("layers"), tuple(ends))
    for after in rest:
        out = editor.add(after, out)
    whole = replace(editor.finish(), inputs=tuple(inputs), outputs=out)
    return replace(layer, class_name="Functional", graph=whole)
