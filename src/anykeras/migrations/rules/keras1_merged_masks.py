"""What becomes of masks where tensors are merged, in every Keras before 3."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...document.model import Call, Config, Era, Graph, Layer, Ref, Value, Writer
from ...document.model import refs as refs_of
from ...document.walk import layers_of
from ...errors import Unsupported
from ...findings import Fidelity
from ..rulebook import Example, RuleContext, rule

_ERAS = (Era.KERAS1, Era.KERAS2, Era.TF2)
_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
# Layers that hand a mask on as it came (`supports_masking` with the default `compute_mask`, keras 2.3.1 and 3.15.1).
_KEEPING = frozenset(
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
        "LayerNormalization",
        "LeakyReLU",
        "PReLU",
        "ReLU",
        "ThresholdedReLU",
        "Softmax",
        "SpatialDropout1D",
        "TimeDistributed",
    ]
)
# Layers whose call takes a mask.
_RECURRENT = frozenset(["RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"])
_POOLING = frozenset(("GlobalAveragePooling1D",))

Origin = tuple[str, Ref, Value]  # what made a mask ("Embedding"), from which tensor, compared with which value


@dataclass(frozen=True)
class _Mask:
    """All of `origins` together. `own` is false where Keras 3, left alone, would have another mask or none."""

    origins: frozenset[Origin]
    own: bool = True


class _Flow:
    """The mask of every tensor of one graph, as Keras before 3 had it."""

    def __init__(self, graph: Graph) -> None:
        self.layers = {layer.name: layer for layer in graph.layers}
        self.masks: dict[Ref, _Mask | None] = {}
        self.needing: dict[tuple[str, int], _Mask] = {}
        for name, node, call in _in_order(graph):
            self._call(self.layers[name], node, call)

    def _call(self, layer: Layer, node: int, call: Call) -> None:
        taken = [self.masks.get(ref) for ref in refs_of(call.args[:1])]
        first = next((mask for mask in taken if mask is not None), None)
        out: _Mask | None = None
        if layer.class_name in _MAKERS and call.args and isinstance(call.args[0], Ref):
            out = _MAKERS[layer.class_name](layer.config, call.args[0])
        elif layer.class_name in _MERGES or _joins_features(layer):
            out = _together(taken)
        elif layer.class_name in _KEEPING:
            out = first
        elif first is not None and (takes := _taking(layer)):
            if not first.own and "mask" not in call.kwargs:
                self.needing[layer.name, node] = first
            out = first if takes == "sequence" else None
        elif first is not None and not first.own and layer.graph is not None and _would_use(layer):
            raise Unsupported(
                "AK2193",
                f"the model {layer.name!r} takes a mask that was merged outside of it, which Keras 3 loses",
                layer=layer.name,
                next_step="Report this file: the mask has to be led into the inner model.",
            )
        for tensor in range(2 if layer.class_name == "Bidirectional" else 1):
            self.masks[Ref(layer.name, node, tensor)] = out


def _in_order(graph: Graph) -> Iterator[tuple[str, int, Call]]:
    """Every call after those whose outcomes it takes."""
    waiting = [(name, node, call) for name, made in graph.calls.items() for node, call in enumerate(made)]
    done: set[tuple[str, int]] = set()
    while waiting:
        ready = [w for w in waiting if all((r.layer, r.node) in done for r in refs_of((w[2].args, w[2].kwargs)))]
        if not ready:
            return
        yield from ready
        done.update((name, node) for name, node, _ in ready)
        waiting = [w for w in waiting if (w[0], w[1]) not in done]


def _of_embedding(config: Config, ids: Ref) -> _Mask | None:
    return _Mask(frozenset([("Embedding", ids, 0)])) if config.get("mask_zero") else None


def _of_masking(config: Config, values: Ref) -> _Mask:
    return _Mask(frozenset([("Masking", values, config.get("mask_value", 0.0))]))


_MAKERS: Mapping[str, Callable[[Config, Ref], _Mask | None]] = {"Embedding": _of_embedding, "Masking": _of_masking}


def _joins_features(layer: Layer) -> bool:
    return layer.class_name == "Concatenate" and layer.config.get("axis", -1) in (-1, 2)


def _together(masks: Sequence[_Mask | None]) -> _Mask | None:
    """All masks at once, absent ones left out (keras/layers/merge.py ``compute_mask``, 2.3.1).

    Keras 3 has that of any one instead, and none where one is missing: the same only where all are equal.
    """
    known = [mask for mask in masks if mask is not None]
    if not known:
        return None
    alike = len(known) == len(masks) and len({mask.origins for mask in known}) == 1
    return _Mask(frozenset().union(*(mask.origins for mask in known)), alike and all(mask.own for mask in known))


def _taking(layer: Layer) -> str:
    """``sequence`` or ``state`` for a layer whose call takes a mask, by whether it hands it on."""
    inner = layer.config.get("layer") if layer.class_name == "Bidirectional" else layer
    if isinstance(inner, Layer) and inner.class_name in _RECURRENT:
        return "sequence" if inner.config.get("return_sequences") else "state"
    return "state" if layer.class_name in _POOLING else ""


def _would_use(model: Layer) -> bool:
    return any(_taking(inner) for inner in layers_of(model))


class _Adding:
    """A graph to which operations are added."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers = list(graph.layers)
        self.calls: dict[str, tuple[Call, ...]] = dict(graph.calls)
        self.made: dict[Origin, Ref] = {}

    def op(self, name: str, function: str, *args: Value, **kwargs: Value) -> Ref:
        unique, count = name, 1
        while unique in self.calls:
            count += 1
            unique = f"{name}_{count}"
        self.layers.append(Layer(function, unique, operation=True))
        self.calls[unique] = (Call(args, kwargs),)
        return Ref(unique)

    def origin(self, origin: Origin) -> Ref:
        """The mask that an Embedding or Masking makes, once for all who need it."""
        kind, source, value = origin
        if origin not in self.made:
            present = self.op(f"{source.layer}_present", "not_equal", source, value)
            self.made[origin] = present if kind == "Embedding" else self.op(f"{source.layer}_any", "any", present, axis=-1)
        return self.made[origin]

    def mask(self, name: str, mask: _Mask) -> Ref:
        parts = [self.origin(origin) for origin in sorted(mask.origins, key=repr)]
        out = parts[0]
        for part in parts[1:]:
            out = self.op(f"{name}_mask", "logical_and", out, part)
        return out

    def give(self, name: str, node: int, mask: Ref) -> None:
        made = list(self.calls[name])
        made[node] = replace(made[node], kwargs={**made[node].kwargs, "mask": mask})
        self.calls[name] = tuple(made)


def _model(second: Config) -> Layer:
    ids = Layer("InputLayer", "ids", {"batch_shape": (None, 4)})
    one, two = Layer("Embedding", "one", {"mask_zero": True}), Layer("Embedding", "two", second)
    calls = {
        "ids": (Call(),),
        "one": (Call((Ref("ids"),)),),
        "two": (Call((Ref("ids"),)),),
        "sum": (Call(((Ref("one"), Ref("two")),)),),
        "lstm": (Call((Ref("sum"),)),),
    }
    layers = (ids, one, two, Layer("Add", "sum"), Layer("LSTM", "lstm", {"units": 2}))
    return Layer("Functional", "m", graph=Graph(layers, calls, Ref("ids"), Ref("lstm")))


_WRITER = Writer(Era.KERAS2, version="2.2.4", backend="tensorflow")
_ONE_MASK, _SAME_MASK = _model({"mask_zero": False}), _model({"mask_zero": True})


def _is_told(layer: Layer) -> bool:
    return layer.graph is not None and layer.graph.calls["lstm"][0].kwargs == {"mask": Ref("ids_present")}


@rule(
    "AK2193",
    "Merged tensors are masked where all of them are",
    to=Era.KERAS3,
    eras=_ERAS,
    classes=("Functional", "Model"),
    what="Add, Multiply, Average, Maximum, Concatenate and their like gave, before Keras 3, a mask that holds where "
    "the masks of all their inputs hold; inputs without a mask did not count. In Keras 3 it holds where any of them "
    "holds, and is lost when an input has none.",
    why="A recurrent layer behind such a merge runs over other steps, without an error.",
    changes="Where the two differ, the mask is computed from the inputs of the Embedding or Masking layers that made "
    "it, and given to each recurrent layer behind the merge as its `mask` argument.",
    example="LSTM(add([masked, plain])) -> LSTM(add([masked, plain]), mask=not_equal(ids, 0))",
    fidelity=Fidelity.EXACT,
    versions="Keras 1.0 to 2.3, tf.keras to 2.15",
    references=("keras/layers/merge.py _Merge.compute_mask, 2.3.1", "keras/src/layers/merging/base_merge.py, 3.15.1"),
    examples=[Example(_ONE_MASK, _is_told, _WRITER)],
    leaves_alone=[Example(_SAME_MASK, _SAME_MASK, _WRITER)],
)
def _merged_masks(layer: Layer, context: RuleContext) -> Layer | None:
    graph = layer.graph
    if graph is None or graph.sequential or not any(inner.class_name in _MAKERS for inner in graph.layers):
        return None
    needing = _Flow(graph).needing
    if not needing:
        return None
    adding = _Adding(graph)
    for (name, node), mask in needing.items():
        adding.give(name, node, adding.mask(name, mask))
    return replace(layer, graph=replace(graph, layers=tuple(adding.layers), calls=adding.calls))
