"""Masks that Keras 3 gets wrong where tensors meet: in merges, and beside the initial states of a recurrent layer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ...catalog.masks import MASKED_VALUES, MERGING, holds_mask_maker
from ...catalog.shapes.masks import find_met
from ...document.edit import GraphEditor, UniqueNames, rename_layers
from ...document.graph import list_inputs
from ...document.model import Era, Layer, Path, Ref, Writer
from ...document.walk import rebuild_paths
from ..mask_flow import (
    MaskFlow,
    MaskWriter,
    Wanted,
    changes_values,
    ends_mask,
    loses_mask,
    meets_merged,
)
from ..rulebook import RuleContext, rule

_OPERATION_NAME = re.compile(r"concatenate(_\d+)?")  # as Keras 3 names the operation of `Concatenate.compute_mask`


@rule(
    "AK2280",
    to=Era.KERAS3,
    after=("AK2203", "AK2286", "AK2288"),
)
def masks_of_merges(model: Layer, context: RuleContext) -> Layer | None:
    """The graph with explicit masks where Keras 3 would find others. Raises Unsupported where none can be given."""
    graph = model.graph
    if graph is None or graph.sequential or not any(x.class_name in MERGING or x.graph is not None for x in graph.layers):
        return None
    if not holds_mask_maker(model):
        return None
    return _with_masks(model, context.writer, meets_merged)


def _with_masks(model: Layer, writer: Writer, wanted: Wanted, carried: Sequence[Ref] = ()) -> Layer | None:
    assert model.graph is not None
    editor = GraphEditor(model.graph)
    MaskFlow(model.graph, writer, wanted, MaskWriter(editor)).run(carried)
    return replace(model, graph=editor.finish()) if editor.changed else None


@rule(
    "AK2287",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    # States by name, masks that are given already; AK2281 would end masks at the layer that reads them.
    after=("AK2242", "AK2280", "AK2281"),
)
def masks_beside_states(model: Layer, context: RuleContext) -> Layer | None:
    """The graph, and those of models called in it on masked tensors, with the mask in every such call."""
    return _in_every_graph(model, context.writer, loses_mask)


def _in_every_graph(model: Layer, writer: Writer, wanted: Wanted) -> Layer | None:
    if model.graph is None or not holds_mask_maker(model):
        return None
    reached = find_met(model)

    def change(path: Path, layer: Layer) -> Layer:
        if layer.graph is None or layer.graph.sequential or (path and not any(reached.get(path, ()))):
            return layer
        carried = [ref for ref, has in zip(list_inputs(layer.graph), reached.get(path, ()), strict=False) if has]
        return _with_masks(layer, writer, wanted, carried) or layer

    changed = rebuild_paths(model, change)
    return None if changed is model else changed


@rule(
    "AK2288",
    to=Era.KERAS3,
    eras=tuple(Era),
    after=("AK2243", "AK2281"),
)
def values_of_masked_merges(model: Layer, context: RuleContext) -> Layer | None:
    """The graph, and those of models called in it on masked tensors, with merges that work on copies without masks."""
    writer = context.writer
    if writer.era is Era.KERAS3 and not () < writer.release < (3, 4):
        return None
    wanted, concerned = (ends_mask, MERGING) if writer.era is Era.KERAS3 else (changes_values, MASKED_VALUES)
    if concerned.isdisjoint(model.class_names):
        return None
    return _in_every_graph(model, writer, wanted)


def _clashes(layer: Layer) -> bool:
    """Whether Keras 3 may give the name of this layer to the operation that joins its masks."""
    return layer.class_name == "Concatenate" and _OPERATION_NAME.fullmatch(layer.name) is not None


@rule(
    "AK2295",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional",),
    # Those that put a model in the place of a layer.
    after=("AK2280", "AK2287", "AK2291", "AK2292", "AK2297", "AK2300", "AK2301", "AK2302"),
)
def rename_joins_of_masks(model: Layer, context: RuleContext) -> Layer | None:
    """Another name for each such layer beside a model that is called in the graph."""
    graph = model.graph
    # A Lambda becomes a model where its function is recovered.
    if graph is None or not any(layer.graph is not None or layer.class_name == "Lambda" for layer in graph.layers):
        return None
    if not any(_clashes(layer) for layer in graph.layers) or not holds_mask_maker(model):
        return None
    unique = UniqueNames(layer.name for layer in graph.layers)
    names = {layer.name: unique.claim(f"{layer.name}_layer") for layer in graph.layers if _clashes(layer)}
    return replace(model, graph=rename_layers(graph, names))
