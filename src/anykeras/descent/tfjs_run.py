"""How TensorFlow.js runs a model: in which order, and which masks and states reach a layer that way.

One object of call arguments goes through the whole of a run (``execute`` of engine/executor.js, tfjs-layers 4.22.0). A mask
that a layer was given stays in it for all that come later, and so does an initial state. That is followed here, with the source
of each mask, so that a model in which a layer would be given another mask or state than in Keras is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..catalog.masks import MERGES, RECURRENT, find_mask_rule
from ..catalog.releases import Release
from ..catalog.shapes.masks import find_met
from ..document.graph import iterate_steps, list_outputs, list_refs
from ..document.model import Call, Graph, Layer, Member, Path, Ref
from ..document.walk import layers_of, walk
from .masks import find_reaching
from .rulebook import refuse

Mask = frozenset[Ref] | None
_BROKEN: Final = frozenset({Ref("", -1)})
"""The mask of a merge: its ``computeMask`` adds an axis and leaves the last mask out."""
# `supportsMasking` of the classes of layers/*.js that hand on what they were given.
_KEEPING: Final = frozenset((
    "Activation", "AlphaDropout", "BatchNormalization", "Dense", "Dropout", "GaussianDropout", "GaussianNoise",
    "LayerNormalization", "PReLU", "ReLU", "SpatialDropout1D", "TimeDistributed",
))  # fmt: skip
_READING: Final = RECURRENT | {"Bidirectional"}


@dataclass
class _Arguments:
    """The object that goes through a run."""

    mask: Mask = None
    state: bool = False


@dataclass
class _Run:
    release: Release
    met: Mapping[Path, Sequence[bool]]
    users: dict[Ref, list[tuple[Layer, Mask]]] = field(default_factory=dict)

    def graph(self, model: Layer, path: Path, arguments: _Arguments | None) -> None:
        graph = model.graph
        assert graph is not None
        layers = {layer.name: layer for layer in graph.layers}
        masks: dict[Ref, Mask] = {}
        wanted = find_reaching(graph)
        done: list[tuple[Layer, Ref, Mask]] = []
        for layer, ref, call in _order(graph, layers):
            given = _tensors(call)
            found = [masks.get(one) for one in given]
            if any(mask is not None for mask in found):
                arguments = arguments or _Arguments()
                arguments.mask = found[0]
            in_keras = wanted.get(given[0]) or None if given else None
            self._call(layer, call, (*path, Member(layer.name)), arguments or _Arguments(), in_keras)
            mask = _outgoing(layer, found, given)
            if mask == _BROKEN and layer.class_name == "Concatenate" and layer.config.get("axis", -1) != -1:
                raise refuse(layer.name, "a mask reaches a Concatenate along another axis than the last", self.release)
            for tensor in range(4):
                masks.setdefault(Ref(ref.layer, ref.node, tensor), mask)
            for one in given[:1]:
                self.users.setdefault(one, []).append((layer, found[0]))
            done.append((layer, ref, found[0] if found else None))
        self._check_zeros(graph, done)

    def _call(self, layer: Layer, call: Call, path: Path, arguments: _Arguments, wanted: Mask) -> None:
        """One call, with what is in the arguments at that time."""
        inner = layer.config.get("layer")
        if layer.graph is not None:
            self.graph(layer, path, arguments)
        elif layer.class_name == "TimeDistributed" and isinstance(inner, Layer):
            if arguments.mask is not None and any(one.class_name in _READING for one in layers_of(inner)):
                raise refuse(layer.name, "a mask would reach the layer in a TimeDistributed", self.release)
            if inner.graph is not None:
                self.graph(inner, (*path, "layer"), arguments)
        elif layer.class_name in _READING:
            self._recurrent(layer, call, path, arguments, wanted)

    def _recurrent(self, layer: Layer, call: Call, path: Path, arguments: _Arguments, wanted: Mask) -> None:
        initial = len(_tensors(call)) > 1
        if arguments.state and not initial:
            raise refuse(layer.name, "it would be given the initial state of a layer that runs before it", self.release)
        arguments.state = arguments.state or initial
        if arguments.mask is not None and arguments.mask != wanted:
            raise refuse(layer.name, f"a mask would reach {layer.class_name} that does not reach it in Keras", self.release)
        if arguments.mask is None and (wanted or any(self.met.get(path, ()))):
            raise refuse(layer.name, f"the mask that {layer.class_name} reads would not reach it", self.release)
        if arguments.mask is not None and initial:
            raise refuse(layer.name, "a mask and an initial state", self.release)

    def _check_zeros(self, graph: Graph, done: Sequence[tuple[Layer, Ref, Mask]]) -> None:
        """Keras 3 sets the steps that a mask leaves out to zero in some layers, TensorFlow.js never."""
        ends = set(list_refs(list_outputs(graph)))
        for layer, ref, mask in done:
            inner = layer.config.get("layer")
            cell = inner if isinstance(inner, Layer) else layer
            zeros = layer.class_name == "Bidirectional" or layer.config.get("zero_output_for_mask")
            if mask is None or not zeros or layer.class_name not in _READING or not cell.config.get("return_sequences"):
                continue
            readers = self.users.get(Ref(ref.layer, ref.node), [])
            if ref in ends or any(one.class_name not in _READING or other != mask for one, other in readers):
                raise refuse(layer.name, "Keras sets the steps that its mask leaves out to zero", self.release)


def _tensors(call: Call) -> list[Ref]:
    """The tensors of a call in order, as one list of inputs."""
    states = list_refs(call.kwargs.get("initial_state"))
    return [*list_refs(call.args[0] if call.args else call.kwargs.get("inputs")), *states]


def _outgoing(layer: Layer, found: Sequence[Mask], given: Sequence[Ref]) -> Mask:
    """``computeMask``: the first of what it gives counts for every output."""
    kind = layer.class_name
    if kind == "Masking" or (kind == "Embedding" and layer.config.get("mask_zero")):
        return frozenset(given[:1])
    if kind in MERGES or kind == "Concatenate":
        return _BROKEN if any(mask is not None for mask in found) else None
    inner = layer.config.get("layer") if kind == "Bidirectional" else layer
    steps = kind in _READING and isinstance(inner, Layer) and bool(inner.config.get("return_sequences"))
    return found[0] if found and (kind in _KEEPING or steps) else None


def _order(graph: Graph, layers: Mapping[str, Layer]) -> Iterator[tuple[Layer, Ref, Call]]:
    """The calls in the order of a run: ``getTopologicalSortAndRecipientCounts`` of engine/executor.js."""
    if graph.sequential:
        for layer, number, call in iterate_steps(graph):
            if layer.class_name != "InputLayer":
                yield layer, Ref(layer.name, number), call
        return
    feeds = set(list_refs(graph.inputs))
    seen = set(feeds)
    for fetch in list_refs(list_outputs(graph)):
        for ref in _sort_one(fetch, graph, feeds):
            if ref not in seen:
                seen.add(ref)
                yield layers[ref.layer], ref, graph.calls[ref.layer][ref.node]


def _sort_one(fetch: Ref, graph: Graph, feeds: set[Ref]) -> Iterator[Ref]:
    visited, stack, marks = set(feeds), [fetch], list[int]()
    while stack:
        top = stack[-1]
        if top in visited:
            stack.pop()
            continue
        given = _tensors(graph.calls[top.layer][top.node]) if graph.calls.get(top.layer) else []
        if not given or (marks and marks[-1] == len(stack) - 1):
            stack.pop()
            visited.add(top)
            if given:
                marks.pop()
            yield top
            continue
        marks.append(len(stack) - 1)
        stack += [one for one in given if one not in visited]


def check_run(model: Layer, release: Release) -> None:
    """Refuse a model in which TensorFlow.js would give a layer another mask or initial state than Keras does.

    Args:
        model: in the words of Keras 3, without masks as arguments.
        release: for the message.

    Raises:
        Unsupported: AK6050, with the layer.
    """
    _Run(release, find_met(model)).graph(model, (), None)


def check_readers(model: Layer, release: Release) -> None:
    """Refuse a model in which a mask reaches a layer that reads masks in Keras 3 alone. Raises Unsupported."""
    met = find_met(model)
    for path, layer in walk(model):
        if any(met.get(path, ())) and find_mask_rule(layer.class_name).reads and layer.class_name not in _READING:
            raise refuse(layer.name, f"{layer.class_name} takes no notice of its mask there", release)
