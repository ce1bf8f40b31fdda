"""Masks on the way back: Keras 3 writes them as arguments of calls, every Keras before finds them by itself.

The arguments are taken out where the older stack comes to the same mask, which is checked twice: that the operations are
those of the Embedding or Masking whose mask reaches the layer, and that it reaches the layer by the rules of that stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..catalog.masks import ATTENTIONS, HEADS, MASKED_VALUES, MERGING, Outgoing, find_mask_rule, makes_mask
from ..catalog.releases import Release, Since, exists_in_keras3
from ..catalog.shapes.masks import find_met
from ..document.graph import iterate_steps, list_refs
from ..document.model import Call, Era, Graph, Layer, Path, Ref, Writer, refs
from ..document.walk import layers_of, rebuild, walk
from .rulebook import refuse

Sources = frozenset[Ref]
_MAKING: Final = ("not_equal", "any")
# Layers whose outcome depends on the mask when a model predicts; Softmax and attention are in the catalog as well.


def drop_masks(model: Layer, release: Release) -> Layer:
    """The model without masks as arguments. Raises Unsupported where the older stack would come to another mask."""

    def change(inner: Layer) -> Layer:
        graph = inner.graph
        if (
            graph is None
            or graph.sequential
            or not any("mask" in call.kwargs for calls in graph.calls.values() for call in calls)
        ):
            return inner
        return replace(inner, graph=_drop_unused(_without_masks(graph, release), graph))

    return rebuild(model, change)


def _without_masks(graph: Graph, release: Release) -> Graph:
    layers = {layer.name: layer for layer in graph.layers}
    reaching = find_reaching(graph)
    calls = dict(graph.calls)
    for name, made in graph.calls.items():
        calls[name] = tuple(_without_mask(layers[name], call, layers, graph, reaching, release) for call in made)
    return replace(graph, calls=calls)


def _without_mask(
    layer: Layer, call: Call, layers: Mapping[str, Layer], graph: Graph, reaching: Mapping[Ref, Sources], release: Release
) -> Call:
    mask = call.kwargs.get("mask")
    if layer.operation or "mask" not in call.kwargs:
        return call
    if not refs(mask):  # None, or one for each input of a model
        return replace(call, kwargs={key: value for key, value in call.kwargs.items() if key != "mask"})
    wanted = [_find_source(ref, layers, graph) for ref in list_refs(mask)]
    first = list_refs(call.args[0] if call.args else ())
    found = [reaching.get(ref, frozenset()) for ref in first]
    if any(source is None for source in wanted) or {frozenset({x}) for x in wanted} != {x for x in found if x}:
        raise refuse(layer.name, f"{layer.class_name} is called with a mask that the model computes", release, "mask")
    return replace(call, kwargs={key: value for key, value in call.kwargs.items() if key != "mask"})


def _find_source(ref: Ref, layers: Mapping[str, Layer], graph: Graph) -> Ref | None:
    """The tensor whose numbers make a mask, by ``not_equal(x, 0)`` or ``any(not_equal(x, value), -1)``; None for others."""
    layer = layers.get(ref.layer)
    if layer is None or not layer.operation or layer.class_name not in _MAKING:
        return None
    call = graph.calls[ref.layer][ref.node]
    given = (*call.args, *call.kwargs.values())
    first = given[0] if given else None
    if layer.class_name == "any":
        return _find_source(first, layers, graph) if isinstance(first, Ref) else None
    readers = [
        (reader, other)
        for reader in layers.values()
        if makes_mask(reader)
        for other in graph.calls.get(reader.name, ())
        if other.args and other.args[0] == first
    ]
    value = given[1] if len(given) > 1 else None
    fits = [
        reader
        for reader, _ in readers
        if value == (0 if reader.class_name != "Masking" else reader.config.get("mask_value", 0.0))
    ]
    return first if fits and isinstance(first, Ref) else None


def find_reaching(graph: Graph) -> dict[Ref, Sources]:
    """From which tensors of numbers the masks come that a tensor carries, in Keras 3."""
    found: dict[Ref, Sources] = {}
    for layer, number, call in iterate_steps(graph):
        given = list_refs(call.args[0]) if call.args else []
        if makes_mask(layer):
            sources: Sources = frozenset(given)
        elif layer.operation:
            sources = frozenset()
        elif layer.class_name in MERGING or layer.graph is not None:
            sources = frozenset().union(*(found.get(ref, frozenset()) for ref in given))
        else:
            sources = (
                found.get(given[0], frozenset())
                if given and find_mask_rule(layer.class_name).outgoing.name != "NONE"
                else frozenset()
            )
        for tensor in range(4):
            found[Ref(layer.name, number, tensor)] = sources
    return found


def _drop_unused(graph: Graph, before: Graph) -> Graph:
    """The graph without the operations that made masks for nobody but the calls that no longer take them."""
    making = {
        layer.name for layer in graph.layers if layer.operation and layer.class_name in (*_MAKING, "logical_and", "logical_or")
    }
    calls = dict(graph.calls)
    while True:
        read = {ref.layer for ref in list_refs(graph.outputs)}
        for made in calls.values():
            read |= {ref.layer for call in made for ref in refs((call.args, call.kwargs))}
        unused = [name for name in making if name in calls and name not in read]
        if not unused:
            break
        for name in unused:
            del calls[name]
    left = tuple(layer for layer in graph.layers if layer.name in calls or layer.name not in making)
    return replace(graph, layers=left, calls=calls)


def check_masks(before: Layer, after: Layer, release: Release) -> None:
    """Refuse a model in which a mask would reach other layers than it does in Keras 3. Raises Unsupported.

    Args:
        before: the model in Keras 3, without masks as arguments.
        after: the model in words of the release.
        release: whose rules hold for it.
    """
    era = Era.TF2 if release.line == "tf" else Era.KERAS2
    version = "2.4.9" if str(release) == "tf.keras-2.4" else release.stamp
    check_replaced(before, after, release)
    now, then = find_met(before), find_met(after, Writer(era, release.library, version))
    for path, layer in _list_readers(before).items():
        if any(now.get(path, ())) and not any(then.get(path, ())):
            raise refuse(layer.name, f"the mask that {layer.class_name} reads would not reach it", release)
    for path, layer in _list_readers(after).items():
        if any(then.get(path, ())) and not any(now.get(path, ())):
            raise refuse(layer.name, f"a mask would reach {layer.class_name} that does not reach it in Keras 3", release)
    for path, layer in walk(after) if release.line == "keras2" else ():
        if any(then.get(path, ())) and layer.graph is None:
            _check_masked(layer, Writer(era, release.library, version), release)


def _check_masked(layer: Layer, writer: Writer, release: Release) -> None:
    """Refuse what Keras 2 does with a mask: a layer that takes none does not load, and none gives zeros for masked steps."""
    rule = find_mask_rule(layer.class_name, writer)
    if rule.outgoing is Outgoing.NONE and not rule.reads and layer.class_name not in ("Dot", "InputLayer"):
        raise refuse(layer.name, f"a mask reaches {layer.class_name}, which refuses it there", release)
    inner = layer.config.get("layer")
    if layer.class_name == "Bidirectional" and isinstance(inner, Layer) and inner.config.get("return_sequences"):
        raise refuse(layer.name, "no Bidirectional gives zeros for masked steps", release, "layer")
    if layer.config.get("zero_output_for_mask") and layer.config.get("return_sequences"):
        raise refuse(layer.name, "no layer gives zeros for masked steps", release, "zero_output_for_mask")


_MERGES_MASKED: Final = Since("3.4")  # of MASKED_VALUES
_READS_MASKS_THERE: Final = {"GroupNormalization": Since(None, tf="2.14")}
"""Layers that Keras 3 calls without masks and that read them in older releases (keras 2.14.0 group_normalization.py)."""


_ATTENDS_MASKED: Final = exists_in_keras3("3.12")
"""Attention with masks; before, it fails or takes that of one sample for another's (keras 3.11.3 attention/attention.py)."""


def check_masked_steps(model: Layer, release: Release) -> None:
    """Refuse layers that a mask reaches and that the release computes otherwise there. Raises Unsupported."""
    merges = frozenset[str]() if _MERGES_MASKED.holds(release) else MASKED_VALUES
    reads = [name for name, since in _READS_MASKS_THERE.items() if since.holds(release)]
    fails = () if _ATTENDS_MASKED.holds(release) else ATTENTIONS
    for graph in (inner.graph for inner in layers_of(model)):
        layers = {layer.name: layer for layer in graph.layers} if graph is not None else {}
        if graph is None or not any(layer.class_name in (*merges, *reads, *fails) for layer in layers.values()):
            continue
        reaching = find_reaching(graph)
        for name, layer in layers.items():
            made = graph.calls.get(name, ())
            given = [ref for call in made if call.args for ref in list_refs(call.args[0])]
            masked = any(reaching.get(ref) for ref in given) or any(refs(call.kwargs.get("mask")) for call in made)
            if layer.class_name in (*merges, *reads, *fails) and masked:
                raise refuse(name, f"masked steps of {layer.class_name} are computed in another way there", release)


_HIDES_QUERIES: Final = Since("3.14")
"""Attention with heads gives zeros for masked queries; before, means (keras 3.13.2 layers/activations/softmax.py)."""


def check_masked_queries(model: Layer, release: Release) -> None:
    """Refuse heads of attention whose masked steps reach something that does not leave them out. Raises Unsupported."""
    if _HIDES_QUERIES.holds(release):
        return
    for graph in (inner.graph for inner in layers_of(model)):
        if graph is None or not any(layer.class_name in HEADS for layer in graph.layers):
            continue
        layers, reaching = {layer.name: layer for layer in graph.layers}, find_reaching(graph)
        behind = dict[str, str]()  # layers whose steps come of masked queries, and of which attention
        for layer, _, call in iterate_steps(graph):
            given = list_refs(call.args[0]) if call.args else []
            first = given[0] if given else None
            source = next((behind[ref.layer] for ref in given if ref.layer in behind and reaching.get(ref)), None)
            if layer.class_name in HEADS and first is not None and reaching.get(first):
                source = source or layer.name
            rule = find_mask_rule(layer.class_name)
            ends = rule.outgoing is Outgoing.NONE or (
                rule.outgoing is Outgoing.STEPS and not layer.config.get("return_sequences")
            )
            if source is not None and not ends and not layer.operation:
                behind[layer.name] = source
            elif source is not None and (layer.operation or not rule.reads):
                raise refuse(source, f"masked steps of {layers[source].class_name} reach {layer.name!r}", release)
        for ref in list_refs(graph.outputs):
            if ref.layer in behind and reaching.get(ref):
                raise refuse(
                    behind[ref.layer], "masked steps of its outcome, which the model gives, are other ones there", release
                )


def check_merged(before: Layer, after: Layer, release: Release) -> None:
    """Refuse a merge of masked tensors beside layers said in other words, which hand masks on otherwise. Raises Unsupported."""
    now = dict(walk(after))
    for path, layer in walk(before):
        if layer.graph is None or layer.graph.sequential:
            continue
        reaching = find_reaching(layer.graph)
        masked = {
            inner.name: step
            for step, inner in layer.graph.members
            for call in layer.graph.calls.get(inner.name, ())
            if call.args and any(reaching.get(ref) for ref in list_refs(call.args[0]))
        }
        classes = {inner.name: inner.class_name for inner in layer.graph.layers if inner.graph is None}
        replaced = [
            name
            for name, step in masked.items()
            if name in classes and (there := now.get(path + step)) is not None and there.graph is not None
        ]
        merge = next((name for name in masked if classes.get(name) in MASKED_VALUES), None)
        if replaced and merge is not None:
            seen = f"{classes[merge]} of masked tensors beside {replaced[0]!r}, whose mask is not the same in other words"
            raise refuse(merge, seen, release)


def check_replaced(before: Layer, after: Layer, release: Release) -> None:
    """Refuse a model in which a mask reaches a layer that reads it and is a model of other layers there. Raises Unsupported."""
    met, now = find_met(before), dict(walk(after))
    for path, layer in _list_readers(before).items():
        model = now.get(path)
        if any(met.get(path, ())) and (model is None or model.graph is not None):
            raise refuse(layer.name, f"a mask reaches {layer.class_name}, which is said in other words there", release)


def _list_readers(model: Layer) -> dict[Path, Layer]:
    return {path: layer for path, layer in walk(model) if layer.graph is None and find_mask_rule(layer.class_name).reads}
