"""Masks of merged tensors: Keras 1 and 2 keep the steps that every mask keeps, Keras 3 those that any mask keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...catalog import find
from ...document.build import Builder
from ...document.graph import flat_refs, reachable, steps
from ...document.model import Call, Era, Graph, Layer, Ref, Value, Writer
from ...document.walk import map_refs
from ...errors import Unsupported
from ..rulebook import Example, RuleContext, rule

K2 = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")


@dataclass(frozen=True)
class Source:
    """A mask as it arises: where `tensor` is not `value` (at any feature, for vectors), or `tensor` itself."""

    tensor: Ref
    kind: str
    value: Value = 0


@dataclass(frozen=True)
class Mask:
    """The steps that all `sources` keep; `merged` where Keras 3 would come to another mask."""

    sources: tuple[Source, ...]
    merged: bool = False


_MERGES = frozenset(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"])
_KEEP = frozenset(
    [
        "Activation",
        "ActivityRegularization",
        "AlphaDropout",
        "BatchNormalization",
        "Dense",
        "Dropout",
        "ELU",
        "GaussianDropout",
        "GaussianNoise",
        "GroupNormalization",
        "LayerNormalization",
        "LeakyReLU",
        "PReLU",
        "ReLU",
        "Softmax",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "TimeDistributed",
        "UnitNormalization",
        "Rescaling",
        "Identity",
        "Attention",
        "AdditiveAttention",
        "MultiHeadAttention",
    ]
)
_RECURRENT = frozenset(["RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"])
_TAKE = _RECURRENT | {"Bidirectional", "GlobalAveragePooling1D", "TimeDistributed", "Softmax"}
_ATTEND = frozenset(("Attention", "AdditiveAttention"))
# Classes of packages that mask as Embedding does: those that give their table beside the vectors.
_TABLES = frozenset(("Embedding", "TokenEmbedding", "EmbeddingRet"))
# Operations in layers' clothes: they take no mask.
_OPERATIONS = frozenset(("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "AddLoss",
                         "AddMetric"))  # fmt: skip


def _model(merge: str, **given: Value) -> Layer:
    layers = (
        *(Layer("InputLayer", name, {"batch_shape": (None, 5)}) for name in "ij"),
        Layer("Embedding", "a", {"mask_zero": True}),
        Layer("Embedding", "b", {"mask_zero": False}),
        Layer(merge, "m", {}),
        Layer("LSTM", "l", {"units": 2}),
    )
    calls = {
        "i": (Call(),),
        "j": (Call(),),
        "a": (Call((Ref("i"),)),),
        "b": (Call((Ref("j"),)),),
        "m": (Call(((Ref("a"), Ref("b")),)),),
        "l": (Call((Ref("m"),), given),),
    }
    return Layer("Functional", "f", graph=Graph(layers, calls, (Ref("i"), Ref("j")), Ref("l")))


def _is_told(model: Layer) -> bool:
    assert model.graph is not None
    return model.graph.calls["l"][0].kwargs == {"mask": Ref("l_mask_not_equal")}


@rule(
    "AK2280",
    "Merging masked tensors",
    to=Era.KERAS3,
    # Merges whose masks are settled there are left alone.
    after=("AK2193",),
    what="Where tensors with masks are added, multiplied or concatenated, Keras 1, 2 and tf.keras keep the steps that "
    "every mask keeps, and inputs without a mask do not matter.",
    why="Keras 3 keeps the steps that any mask keeps, and no mask at all where one input has none. A recurrent layer "
    "behind such a merge then reads other steps.",
    changes="The mask is computed by operations in the graph, and handed to each layer that reads it as `mask`; a layer of "
    "a package gets the tensor with the mask beside it.",
    versions="Keras 1.0 to 2.3, tf.keras to 2.15",
    references=("tf.keras 2.15 layers/merging/base_merge.py", "keras 3.15.1 src/layers/merging/base_merge.py"),
    examples=[Example(_model("Add"), _is_told, K2)],
    leaves_alone=[Example(_model("Dot"), _model("Dot"), K2)],
)
def masks_of_merges(model: Layer, context: RuleContext) -> Layer | None:
    """The graph with explicit masks where Keras 3 would find others. Raises Unsupported where none can be given."""
    graph = model.graph
    if graph is None or graph.sequential or not any(x.class_name in _MERGES | {"Concatenate"} for x in graph.layers):
        return None
    flow = _Flow(graph)
    read = reachable(graph)
    for layer, number, call in steps(graph):
        if (layer.name, number) in read:
            flow.step(layer, number, call)
    if not flow.told:
        return None
    calls = {name: tuple(flow.told.get((name, i), call) for i, call in enumerate(made)) for name, made in graph.calls.items()}
    made = replace(graph, layers=(*graph.layers, *flow.operations), calls={**calls, **flow.calls})
    return replace(model, graph=made)


class _Flow:
    """The mask of every tensor, as the writer's Keras had it, and what must be added to get it in Keras 3."""

    def __init__(self, graph: Graph) -> None:
        self.layers: Mapping[str, Layer] = {layer.name: layer for layer in graph.layers}
        self.masks: dict[Ref, Mask] = {}
        self.told: dict[tuple[str, int], Call] = {}
        self.operations: list[Layer] = []
        self.calls: dict[str, tuple[Call, ...]] = {}
        self.carrying: dict[Ref, Ref] = {}

    def step(self, layer: Layer, number: int, call: Call) -> None:
        """Note the masks of what a call gives; add an explicit mask where it reads one that Keras 3 gets wrong."""
        tensors = flat_refs(call.args[0]) if call.args else []
        before = [self.masks.get(ref) for ref in tensors]
        if isinstance(given := call.kwargs.get("mask"), Ref):
            before = [Mask((Source(given, "given"),))]
        elif any(mask is not None and mask.merged for mask in before):
            self._tell(layer, number, call, before)
        for i, mask in enumerate(_outgoing(layer, tensors, before)):
            if mask is not None:
                self.masks[Ref(layer.name, number, i)] = mask

    def _tell(self, layer: Layer, number: int, call: Call, before: Sequence[Mask | None]) -> None:
        if layer.class_name in _TAKE:
            mask: Value = self._built(layer.name, before[0])
        elif layer.class_name in _ATTEND:
            mask = tuple(self._built(layer.name, each) for each in before)
        elif layer.graph is not None or layer.class_name == "MultiHeadAttention":
            raise Unsupported(
                "AK2280",
                f"the mask of merged tensors goes into a {layer.class_name}, where it cannot be given",
                layer=layer.name,
                next_step="Report this file.",
            )
        elif find(layer.class_name, Era.KERAS3) is None and not layer.operation and layer.class_name not in _OPERATIONS:
            masks = dict(zip(flat_refs(call.args[0]), before, strict=True))
            first = map_refs(call.args[0], lambda ref: self._carrying(ref, masks.get(ref)))
            self.told[layer.name, number] = replace(call, args=(first, *call.args[1:]))
            return
        else:
            return
        self.told[layer.name, number] = replace(call, kwargs={**call.kwargs, "mask": mask})

    def _carrying(self, ref: Ref, mask: Mask | None) -> Ref:
        """The tensor with its merged mask beside it, for a class that is not known here: a model takes it as `mask`."""
        if mask is None or not mask.merged:
            return ref
        if ref not in self.carrying:
            sub = Builder(f"{ref.layer}_masked")
            model = sub.finish(sub.layer("Activation", {"activation": "linear"}, sub.input()))
            self.operations.append(model)
            self.calls[model.name] = (Call((ref,), {"mask": self._built(ref.layer, mask)}),)
            self.carrying[ref] = Ref(model.name)
        return self.carrying[ref]

    def _built(self, owner: str, mask: Mask | None) -> Ref | None:
        if mask is None:
            return None
        parts = [self._source(owner, source) for source in mask.sources]
        made = parts[0]
        for part in parts[1:]:
            made = self._op(owner, "logical_and", made, part)
        return made

    def _source(self, owner: str, source: Source) -> Ref:
        if source.kind == "given":
            return source.tensor
        kept = self._op(owner, "not_equal", source.tensor, source.value)
        return self._op(owner, "any", kept, axis=-1) if source.kind == "vectors" else kept

    def _op(self, owner: str, function: str, *args: Value, **kwargs: Value) -> Ref:
        name, count = f"{owner}_mask_{function}", 1
        while name in self.layers or name in self.calls:
            count += 1
            name = f"{owner}_mask_{function}_{count}"
        self.operations.append(Layer(function, name, operation=True))
        self.calls[name] = (Call(args, kwargs),)
        return Ref(name)


def _outgoing(layer: Layer, tensors: Sequence[Ref], before: Sequence[Mask | None]) -> Sequence[Mask | None]:
    """The mask of each output of a call."""
    config, first = layer.config, before[0] if before else None
    if layer.class_name in _TABLES and config.get("mask_zero") and tensors:
        return [Mask((Source(tensors[0], "numbers"),))]
    if layer.class_name == "Masking" and tensors:
        return [Mask((Source(tensors[0], "vectors", config.get("mask_value", 0.0)),))]
    if layer.class_name in _MERGES or layer.class_name == "Concatenate":
        return [_all(layer, before)]
    if layer.class_name in _RECURRENT:
        return [first if config.get("return_sequences") else None]
    inner = config.get("layer")
    if layer.class_name == "Bidirectional" and isinstance(inner, Layer):
        kept = first if inner.config.get("return_sequences") else None
        return [kept] if config.get("merge_mode", "concat") else [kept, kept]
    return [first] if layer.class_name in _KEEP else []


def _all(layer: Layer, before: Sequence[Mask | None]) -> Mask | None:
    """The steps that all masks keep. Along time, masks follow one another in Keras 3 as in Keras 2."""
    masks = [mask for mask in before if mask is not None]
    if not masks:
        return None
    sources = tuple(dict.fromkeys(source for mask in masks for source in mask.sources))
    joined = layer.class_name == "Concatenate"
    if joined and layer.config.get("axis", -1) not in (-1, 2):
        return None
    same = not joined and len(masks) == len(before) and len({frozenset(mask.sources) for mask in masks}) == 1
    return Mask(sources, not same or any(mask.merged for mask in masks))
