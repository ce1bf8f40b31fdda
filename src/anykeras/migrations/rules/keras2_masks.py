"""Masks of merged tensors: Keras 1 and 2 keep the steps that every mask keeps, Keras 3 those that any mask keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...catalog import find
from ...catalog.masks import ATTENTIONS, MERGES, Outgoing, makes_mask, mask_rule
from ...document.build import Builder, functional
from ...document.edit import GraphEditor
from ...document.graph import flat_refs, inputs, outputs, reachable, steps
from ...document.model import Call, Era, Graph, Layer, Ref, Value, Writer
from ...document.walk import layers_of, map_refs
from ...errors import Unsupported
from ..rulebook import Example, RuleContext, rule

K2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


@dataclass(frozen=True)
class Source:
    """A mask as it arises: where `tensor` is not `value` (at any feature, for vectors), or `tensor` itself.

    `kind` is ``numbers``, ``vectors``, ``explicit``, or ``hidden`` for one that arises where no operation can be added.
    """

    tensor: Ref
    kind: str
    value: Value = 0


@dataclass(frozen=True)
class Mask:
    """The steps that all `sources` keep; `merged` where Keras 3 would come to another mask."""

    sources: tuple[Source, ...]
    merged: bool = False


Masks = Sequence[Mask | None]
_MERGING = MERGES | {"Concatenate"}
# Layers that Keras 3 hands an explicit mask to, if their Keras read one.
_TAKING = frozenset((Outgoing.STEPS, Outgoing.WRAPPED, Outgoing.NONE, Outgoing.KEPT))
# Operations in layers' clothes: they take no mask.
_OPERATIONS = frozenset(("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "AddLoss",
                         "AddMetric"))  # fmt: skip


def _model(merge: str, **kwargs: Value) -> Layer:
    i, j, a, b = (Ref(name) for name in "ijab")
    return functional(
        "f",
        (i, j),
        Ref("l"),
        *((Layer("InputLayer", name, {"batch_shape": (None, 5)}), Call()) for name in "ij"),
        (Layer("Embedding", "a", {"mask_zero": True}), Call((i,))),
        (Layer("Embedding", "b", {"mask_zero": False}), Call((j,))),
        (Layer(merge, "m", {}), Call(((a, b),))),
        (Layer("LSTM", "l", {"units": 2}), Call((Ref("m"),), kwargs)),
    )


def _has_mask(model: Layer) -> bool:
    assert model.graph is not None
    return model.graph.calls["l"][0].kwargs == {"mask": Ref("i_present")}


@rule(
    "AK2280",
    to=Era.KERAS3,
    examples=[Example(_model("Add"), _has_mask, K2)],
    leaves_alone=[Example(_model("Dot"), _model("Dot"), K2)],
)
def masks_of_merges(model: Layer, context: RuleContext) -> Layer | None:
    """The graph with explicit masks where Keras 3 would find others. Raises Unsupported where none can be given."""
    graph = model.graph
    if graph is None or graph.sequential or not any(x.class_name in _MERGING or x.graph is not None for x in graph.layers):
        return None
    if not any(makes_mask(layer) for layer in layers_of(model)):
        return None
    editor = GraphEditor(graph)
    _Flow(graph, context.writer, _Masking(editor)).run()
    return replace(model, graph=editor.finish()) if editor.changed else None


class _Masking:
    """Puts masks into a graph: each that arises is computed once, and so is what several come to together."""

    def __init__(self, editor: GraphEditor) -> None:
        self._editor = editor
        self._built: dict[tuple[Source, ...], Ref] = {}
        self._carrying: dict[Ref, Ref] = {}

    def hand(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """Give the call of a layer of Keras, which reads masks, those of its inputs as `mask`."""
        built = [None if mask is None else self._mask(layer.name, mask.sources) for mask in masks]
        mask: Value = tuple(built) if layer.class_name in ATTENTIONS else built[0]
        self._editor.replace_call(layer.name, number, replace(call, kwargs={**call.kwargs, "mask": mask}))

    def carry(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """Let a class that is not known here find the merged masks on its tensors: a model takes each as `mask`."""
        by_ref = dict(zip(flat_refs(call.args[0]), masks, strict=True))
        first = map_refs(call.args[0], lambda ref: self._with_mask(ref, by_ref.get(ref)))
        self._editor.replace_call(layer.name, number, replace(call, args=(first, *call.args[1:])))

    def _with_mask(self, ref: Ref, mask: Mask | None) -> Ref:
        if mask is None or not mask.merged:
            return ref
        if ref not in self._carrying:
            sub = Builder(f"{ref.layer}_masked")
            model = sub.finish(sub.layer("Activation", {"activation": "linear"}, sub.input()))
            self._carrying[ref] = self._editor.add(model, ref, mask=self._mask(ref.layer, mask.sources))
        return self._carrying[ref]

    def _mask(self, owner: str, sources: tuple[Source, ...]) -> Ref:
        if sources not in self._built:
            first, *others = sources
            end = self._source(first)
            for source in others:
                end = self._editor.op(f"{owner}_mask", "logical_and", end, self._source(source))
            self._built[sources] = end
        return self._built[sources]

    def _source(self, source: Source) -> Ref:
        if source.kind == "explicit":
            return source.tensor
        if (source,) not in self._built:
            owner = source.tensor.layer
            kept = self._editor.op(f"{owner}_present", "not_equal", source.tensor, source.value)
            vectors = source.kind == "vectors"
            self._built[source,] = self._editor.op(f"{owner}_any", "any", kept, axis=-1) if vectors else kept
        return self._built[source,]


class _Flow:
    """The mask of every tensor of a graph, as the writer's Keras had it.

    With `masking`, calls are given explicit masks where they read one that Keras 3 gets wrong. Without, the graph is
    that of a model called in another one: `outside` has the outer tensors of its inputs, as far as there are any.
    """

    def __init__(
        self, graph: Graph, writer: Writer, masking: _Masking | None = None, outside: Mapping[Ref, Ref] | None = None
    ) -> None:
        self._graph, self._writer, self._masking, self._outside = graph, writer, masking, outside
        self.masks: dict[Ref, Mask] = {}

    def run(self) -> None:
        """Follow the masks from call to call. Raises Unsupported where one is needed that cannot be given."""
        read = None if self._graph.sequential else reachable(self._graph)
        for layer, number, call in steps(self._graph):
            if read is None or (layer.name, number) in read:
                self._follow(layer, number, call)

    def _follow(self, layer: Layer, number: int, call: Call) -> None:
        tensors = flat_refs(call.args[0]) if call.args else []
        before: Masks = [self.masks.get(ref) for ref in tensors]
        if isinstance(explicit := call.kwargs.get("mask"), Ref):
            before = [Mask((self._source(explicit, "explicit"),))]
        elif any(mask is not None and mask.merged for mask in before):
            self._meet(layer, number, call, before)
        for i, mask in enumerate(self._outgoing(layer, tensors, before)):
            if mask is not None:
                self.masks[Ref(layer.name, number, i)] = mask

    def _meet(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """A call on tensors of which one has a merged mask."""
        rule = mask_rule(layer.class_name, self._writer)
        unknown = find(layer.class_name, Era.KERAS3) is None and layer.class_name not in _OPERATIONS
        if layer.graph is not None or layer.operation:
            return
        if not (rule.reads or layer.class_name == "TimeDistributed" or unknown):
            return
        known = not any(s.kind == "hidden" for mask in masks if mask is not None for s in mask.sources)
        if self._masking is None or not known or layer.class_name == "MultiHeadAttention":
            raise Unsupported(
                "AK2280",
                f"the mask of merged tensors goes into a {layer.class_name}, where it cannot be given",
                layer=layer.name,
                next_step="Report this file.",
            )
        if unknown:
            self._masking.carry(layer, number, call, masks)
        elif rule.argument and (rule.outgoing in _TAKING or layer.class_name in ATTENTIONS):
            self._masking.hand(layer, number, call, masks)

    def _outgoing(self, layer: Layer, tensors: Sequence[Ref], before: Masks) -> Masks:
        """The mask of each output of a call."""
        config, first = layer.config, before[0] if before else None
        match mask_rule(layer.class_name, self._writer).outgoing:
            case _ if layer.graph is not None:
                return self._through(layer.graph, tensors, before)
            case Outgoing.INTEGERS if config.get("mask_zero") and tensors:
                return [Mask((self._source(tensors[0], "numbers"),))]
            case Outgoing.VECTORS if tensors:
                return [Mask((self._source(tensors[0], "vectors", config.get("mask_value", 0.0)),))]
            case Outgoing.EVERY | Outgoing.JOINED_EVERY:
                return [_every(layer, before)]
            case Outgoing.STEPS:
                return [first if config.get("return_sequences") else None]
            case Outgoing.WRAPPED if isinstance(inner := config.get("layer"), Layer):
                kept = first if inner.config.get("return_sequences") else None
                return [kept] if config.get("merge_mode", "concat") else [kept, kept]
            case Outgoing.KEPT | Outgoing.COPIED if not layer.operation:
                return [first]
        return []

    def _through(self, graph: Graph, tensors: Sequence[Ref], before: Masks) -> Masks:
        """The masks of what a model gives that is called on tensors with these masks."""
        entries = inputs(graph)
        outer = {} if self._outside is not None else dict(zip(entries, tensors, strict=False))
        if self._outside is not None:
            outer = {entry: self._outside[ref] for entry, ref in zip(entries, tensors, strict=False) if ref in self._outside}
        flow = _Flow(graph, self._writer, None, outer)
        flow.masks = {entry: mask for entry, mask in zip(entries, before, strict=False) if mask is not None}
        flow.run()
        return [flow.masks.get(ref) for ref in flat_refs(outputs(graph))]

    def _source(self, tensor: Ref, kind: str, value: Value = 0) -> Source:
        if self._outside is None:
            return Source(tensor, kind, value)
        outer = self._outside.get(tensor)
        return Source(tensor, "hidden") if outer is None else Source(outer, kind, value)


def _every(layer: Layer, before: Masks) -> Mask | None:
    """The steps that all masks keep. Along time, masks follow one another in Keras 3 as in Keras 2."""
    masks = [mask for mask in before if mask is not None]
    joined = layer.class_name == "Concatenate"
    if not masks or (joined and layer.config.get("axis", -1) not in (-1, 2)):
        return None
    sources = tuple(dict.fromkeys(source for mask in masks for source in mask.sources))
    same = not joined and len(masks) == len(before) and len({frozenset(mask.sources) for mask in masks}) == 1
    return Mask(sources, not same or any(mask.merged for mask in masks))
