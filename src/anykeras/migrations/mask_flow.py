"""The masks of a graph as the writer's Keras had them, and how a call is given one that Keras 3 would not find.

Two facts of Keras 3 make it need help: a merge keeps other steps than it did (AK2280), and a call with more than one
tensor argument is not given the mask of the first (AK2287).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..catalog import OPERATION_LAYERS, find
from ..catalog.masks import ATTENTIONS, MASKED_VALUES, MERGING, RECURRENT, MaskRule, Outgoing, find_mask_rule
from ..document.build import Builder
from ..document.edit import GraphEditor
from ..document.graph import find_reachable, iterate_steps, list_inputs, list_outputs, list_refs
from ..document.model import Call, Ellipsis_, Era, Graph, Layer, Ref, Value, Writer, refs
from ..document.walk import map_call_refs, map_refs
from ..errors import Unsupported


@dataclass(frozen=True)
class Source:
    """A mask as it arises: where `tensor` is not `value` (at any feature, for vectors), or `tensor` itself.

    `kind` is ``numbers``, ``vectors``, ``explicit``, ``carried`` for the one that Keras 3 has on `tensor`, a sequence of
    vectors, or ``hidden`` for one that arises where no operation can be added.
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
# Layers that Keras 3 hands an explicit mask to, if their Keras read one.
_TAKING = frozenset((Outgoing.STEPS, Outgoing.WRAPPED, Outgoing.NONE, Outgoing.KEPT))


class MaskWriter:
    """Puts masks into a graph: each that arises is computed once, and so is what several come to together."""

    def __init__(self, editor: GraphEditor) -> None:
        self._editor = editor
        self._built: dict[tuple[Source, ...], Ref] = {}
        self._carrying: dict[Ref, Ref] = {}
        self._copies: dict[Ref, Ref] = {}

    def hand(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """Give the call of a layer of Keras, which reads masks, those of its inputs as `mask`."""
        built = [None if mask is None else self._mask(layer.name, mask.sources) for mask in masks]
        mask: Value = tuple(built) if layer.class_name in ATTENTIONS else built[0]
        self._editor.replace_call(layer.name, number, replace(call, kwargs={**call.kwargs, "mask": mask}))

    def carry(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """Let a class that is not known here find the merged masks on its tensors: a model takes each as `mask`."""
        by_ref = dict(zip(_tensors(layer, call), masks, strict=True))
        self._editor.replace_call(layer.name, number, map_call_refs(call, lambda ref: self._with_mask(ref, by_ref.get(ref))))

    def keep_values(self, layer: Layer, number: int, call: Call, masks: Masks, outcome: Mask | None) -> None:
        """Let a merge work on copies without masks, and its outcome carry the mask it had."""
        by_ref = dict(zip(list_refs(call.args[0]), masks, strict=True))
        first = map_refs(call.args[0], lambda ref: ref if by_ref.get(ref) is None else self._copy(ref))
        self._editor.replace_call(layer.name, number, replace(call, args=(first, *call.args[1:])))
        if outcome is not None:
            end = Ref(layer.name, number)
            self._editor.replace_ref(end, self._with_mask(end, replace(outcome, merged=True)))

    def _copy(self, ref: Ref) -> Ref:
        if ref not in self._copies:
            self._copies[ref] = self._editor.op(f"{ref.layer}_copy", "copy", ref)
        return self._copies[ref]

    def _with_mask(self, ref: Ref, mask: Mask | None) -> Ref:
        if mask is None or not mask.merged:
            return ref
        if ref not in self._carrying:
            model = build_mask_carrier(f"{ref.layer}_masked")
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
        if source.kind == "carried" and (source,) not in self._built:
            self._built[source,] = self._editor.add(build_mask_reader(f"{source.tensor.layer}_present"), source.tensor)
        if (source,) not in self._built:
            owner = source.tensor.layer
            kept = self._editor.op(f"{owner}_present", "not_equal", source.tensor, source.value)
            vectors = source.kind == "vectors"
            self._built[source,] = self._editor.op(f"{owner}_any", "any", kept, axis=-1) if vectors else kept
        return self._built[source,]


def build_mask_carrier(name: str) -> Layer:
    """A model that gives the tensor that it is called on, with what it is called with as `mask` for a mask."""
    sub = Builder(name)
    return sub.finish(sub.layer("Activation", {"activation": "linear"}, sub.input()))


def build_mask_reader(name: str) -> Layer:
    """A model that gives the mask of a tensor (batch, steps, features) as a tensor (batch, steps); all true without one."""
    sub = Builder(name)
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, sub.input())
    seen = sub.layer("Attention", {}, (ones, sub.op("ones_like", ones)))  # zeros where its query is masked
    return sub.finish(sub.op("not_equal", sub.op("get_item", seen, (Ellipsis_(), 0)), 0.0))


def _tensors(layer: Layer, call: Call) -> list[Ref]:
    """The tensors of a call whose masks count: of heads each that attention is computed of, else the first argument."""
    if layer.class_name == "MultiHeadAttention":
        return refs((call.args, {key: value for key, value in call.kwargs.items() if key in ("query", "value", "key")}))
    return list_refs(call.args[0]) if call.args else []


Wanted = Callable[[Layer, Call, Masks], bool]
"""Whether a call, on tensors with these masks, is one that Keras 3 would get wrong."""


def meets_merged(layer: Layer, call: Call, masks: Masks) -> bool:
    """Whether Keras 3 would find another mask on a tensor of the call."""
    return any(mask is not None and mask.merged for mask in masks)


def loses_mask(layer: Layer, call: Call, masks: Masks) -> bool:
    """Whether Keras 3 does not give the layer the mask of its sequence, for the tensors beside it.

    It looks for the argument `mask` only where there is one tensor argument, for ``<argument>_mask`` where there are more
    (keras 3.15.1 layers/layer.py, ``Layer.__call__``, step 6).
    """
    recurrent = layer.class_name in RECURRENT or layer.class_name == "Bidirectional"
    return recurrent and bool(masks) and masks[0] is not None and len(refs((call.args, call.kwargs))) > 1


def changes_values(layer: Layer, call: Call, masks: Masks) -> bool:
    """Whether Keras 3 leaves masked entries out of what a merge computes."""
    return layer.class_name in MASKED_VALUES and any(mask is not None for mask in masks)


def ends_mask(layer: Layer, call: Call, masks: Masks) -> bool:
    """Whether a merge meets a mask, for writers whose merges neither looked at masks nor handed them on."""
    return layer.class_name in MERGING and any(mask is not None for mask in masks)


class MaskFlow:
    """The mask of every tensor of a graph, as the writer's Keras had it.

    With `masking`, the calls that are `wanted` are given explicit masks. Without, the graph is that of a model called in
    another one: `outside` has the outer tensors of its inputs, as far as there are any.
    """

    def __init__(
        self,
        graph: Graph,
        writer: Writer,
        wanted: Wanted,
        masking: MaskWriter | None = None,
        outside: Mapping[Ref, Ref] | None = None,
    ) -> None:
        self._graph, self._writer, self._wanted = graph, writer, wanted
        self._masking, self._outside = masking, outside
        self.masks: dict[Ref, Mask] = {}

    def run(self, carried: Sequence[Ref] = ()) -> None:
        """Follow the masks from call to call; the inputs in `carried` bring one. Raises Unsupported where one is needed
        that cannot be given."""
        self.masks |= {ref: Mask((Source(ref, "carried"),)) for ref in carried}
        read = None if self._graph.sequential else find_reachable(self._graph)
        for layer, number, call in iterate_steps(self._graph):
            if read is None or (layer.name, number) in read:
                self._follow(layer, number, call)

    def _follow(self, layer: Layer, number: int, call: Call) -> None:
        tensors = _tensors(layer, call)
        before: Masks = [self.masks.get(ref) for ref in tensors]
        explicit = call.kwargs.get("mask")
        if isinstance(explicit, Ref):
            before = [Mask((self._source(explicit, "explicit"),))]
        elif explicit is not None:
            before = [None for _ in before]
        elif self._wanted(layer, call, before):
            self._meet(layer, number, call, before)
        if layer.class_name == "InputLayer":
            return
        for i, mask in enumerate(self._infer_outgoing(layer, Ref(layer.name, number), tensors, before)):
            if mask is not None:
                self.masks[Ref(layer.name, number, i)] = mask

    def _meet(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        """A call that Keras 3 gets wrong."""
        rule = find_mask_rule(layer.class_name, self._writer)
        unknown = find(layer.class_name, Era.KERAS3) is None and layer.class_name not in OPERATION_LAYERS and rule == MaskRule()
        if layer.graph is not None or layer.operation:
            return
        if self._wanted is ends_mask or changes_values(layer, call, masks):
            self._keep_values(layer, number, call, masks)
            return
        if not (rule.reads or layer.class_name == "TimeDistributed" or unknown):
            return
        merged = meets_merged(layer, call, masks)
        if self._masking is None and not merged:
            return  # Keras 3 has the mask on the tensor, and the inner model is looked at on its own.
        masks = [mask and self._as_carried(mask, ref) for mask, ref in zip(masks, _tensors(layer, call), strict=True)]
        known = not any(s.kind == "hidden" for mask in masks if mask is not None for s in mask.sources)
        if self._masking is None or not known:
            raise Unsupported(
                "AK2280" if merged else "AK2287",
                f"the mask of {'merged tensors' if merged else 'a tensor'} goes into {layer.class_name} {layer.name!r}, "
                "where it cannot be given",
                layer=layer.name,
                next_step="Report this file.",
            )
        if unknown or layer.class_name == "MultiHeadAttention":
            self._masking.carry(layer, number, call, masks)
        elif rule.argument and (rule.outgoing in _TAKING or layer.class_name in ATTENTIONS):
            self._masking.hand(layer, number, call, masks)

    def _keep_values(self, layer: Layer, number: int, call: Call, masks: Masks) -> None:
        if self._masking is None or self._wanted not in (changes_values, ends_mask):
            return  # the inner model is looked at on its own
        masks = [mask and self._as_carried(mask, ref) for mask, ref in zip(masks, list_refs(call.args[0]), strict=True)]
        outcome = None if self._wanted is ends_mask else _every(layer, masks)
        if outcome is not None and any(source.kind == "hidden" for source in outcome.sources):
            raise Unsupported(
                "AK2288",
                f"{layer.class_name} {layer.name!r} merges tensors whose mask cannot be given to its outcome",
                layer=layer.name,
                next_step="Report this file.",
            )
        self._masking.keep_values(layer, number, call, masks, outcome)

    def _as_carried(self, mask: Mask, tensor: Ref) -> Mask:
        """A mask that arises out of reach as the one that Keras 3 finds on the tensor, where that is the same."""
        hidden = any(source.kind == "hidden" for source in mask.sources)
        return Mask((self._source(tensor, "carried"),)) if hidden and not mask.merged else mask

    def _infer_outgoing(self, layer: Layer, outcome: Ref, tensors: Sequence[Ref], before: Masks) -> Masks:
        """The mask of each output of a call."""
        config, first = layer.config, before[0] if before else None
        match find_mask_rule(layer.class_name, self._writer).outgoing:
            case _ if layer.graph is not None:
                return self._through(layer.graph, tensors, before)
            case Outgoing.INTEGERS if config.get("mask_zero") and tensors:
                return [Mask((self._source(tensors[0], "numbers"),))]
            case Outgoing.VECTORS if tensors:
                return [Mask((self._source(tensors[0], "vectors", config.get("mask_value", 0.0)),))]
            case Outgoing.JOINED_EVERY if config.get("axis", -1) not in (-1, 2) and any(before):
                # Along time, masks follow one another in Keras 3 as in Keras 2.
                merged = any(mask is not None and mask.merged for mask in before)
                return [Mask((self._source(outcome, "hidden" if merged else "carried"),), merged)]
            case Outgoing.EVERY | Outgoing.JOINED_EVERY:
                reached = zip(before, tensors, strict=False)
                return [_every(layer, [mask and self._as_carried(mask, ref) for mask, ref in reached])]
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
        entries = list_inputs(graph)
        outer = {} if self._outside is not None else dict(zip(entries, tensors, strict=False))
        if self._outside is not None:
            outer = {entry: self._outside[ref] for entry, ref in zip(entries, tensors, strict=False) if ref in self._outside}
        flow = MaskFlow(graph, self._writer, self._wanted, None, outer)
        flow.masks = {entry: mask for entry, mask in zip(entries, before, strict=False) if mask is not None}
        flow.run()
        return [flow.masks.get(ref) for ref in list_refs(list_outputs(graph))]

    def _source(self, tensor: Ref, kind: str, value: Value = 0) -> Source:
        if self._outside is None:
            return Source(tensor, kind, value)
        outer = self._outside.get(tensor)
        return Source(tensor, "hidden") if outer is None else Source(outer, kind, value)


def _every(layer: Layer, before: Masks) -> Mask | None:
    """The steps that all masks keep."""
    masks = [mask for mask in before if mask is not None]
    joined = layer.class_name == "Concatenate"
    if not masks or (joined and layer.config.get("axis", -1) not in (-1, 2)):
        return None
    sources = tuple(dict.fromkeys(source for mask in masks for source in mask.sources))
    same = not joined and len(masks) == len(before) and len({frozenset(mask.sources) for mask in masks}) == 1
    return Mask(sources, not same or any(mask.merged for mask in masks))
