"""Layers out of operations: what a product, a convolution or a normalisation does with the variables of one scope.

A pass over a document that :func:`anykeras.graphs.translate` made. An operation becomes a layer only with all readers of
its weight, so that a shared weight stays one variable; whatever is left stays an operation, and its weights train as before.
The rows are in :mod:`.patterns`.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..catalog.shapes import Spec
from ..document.edit import UniqueNames
from ..document.graph import count_readers, find_reachable, sort_topologically
from ..document.model import Call, Graph, Layer, Ref, Value, refs
from ..document.walk import map_graph_refs
from ..findings import Affects, Fidelity, Finding
from ..limits import budget
from ..recovery.functions import Refused
from ..recovery.functions.folding import MOST
from ..tensors import Tensor, concatenate
from ..texts import spell_count
from .patterns import CONSUMERS, FUNCTIONS, CallView, HeldWeight, Kernel, LayerCall
from .regions import FoundLayer, evaluate, find_layer, is_filled

_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")
_PART = re.compile(r"/part_\d+\Z")  # of a partitioned variable of TensorFlow 1
_PASSED = ("concatenate", "reshape", "swapaxes", "transpose", "expand_dims", "squeeze", "cast")
HALVES = ("float16", "bfloat16")
_STEPS = 20  # what looking at an operation costs
_NEAR = 8  # operations between a weight and what a layer with it makes
_MOVING = ("reshape", "squeeze", "expand_dims", "transpose", "get_item")  # operations that put elements elsewhere
_OUTSIDE = "\0"  # stands for a reader that is no operation
MOMENTUM = 0.99  # of BatchNormalization in Keras, where a graph for predictions does not say it


@dataclass(frozen=True)
class Folded:
    """The model with layers in it, the weights that are in them, and what is to be said of it."""

    model: Layer
    findings: tuple[Finding, ...]


def fold(model: Layer, specs: Mapping[Ref, Spec]) -> Folded:
    """The model with layers of Keras where operations do what layers do. Outputs stay the same.

    `specs` are shapes and dtypes of the tensors of its graph.
    """
    assert model.graph is not None
    folder = _FoldedGraph(model.graph, specs)
    folder.fold_regions()
    folder.fold_products()
    folder.fold_biases()
    folder.fold_activations()
    graph = folder.finish()
    return Folded(replace(model, graph=graph), tuple(_list_findings(graph, folder)))


def _list_findings(graph: Graph, folder: _FoldedGraph) -> Iterator[Finding]:
    rows = sum(t.size for layer in graph.layers if is_row(layer) for t in layer.weights.values())
    whole = sum(t.size for layer in graph.layers for t in layer.weights.values())
    if folder.names:
        found = f"{spell_count(len(folder.names), 'layer')} follow{'s' if len(folder.names) == 1 else ''}"
        seen = f"{found} from the operations and the names of their variables"
        done = f"{whole - rows:,} of {whole:,} parameters are in real layers; the others stay parameters of operations"
        yield Finding("AK3080", "model", seen, done, Fidelity.EQUIVALENT)
    if folder.momentum:
        seen = f"{folder.momentum} BatchNormalization: the graph does not say how fast their statistics move"
        done = f"momentum {MOMENTUM}, the default of Keras"
        yield Finding("AK3081", "model", seen, done, Fidelity.APPROXIMATE, affects=Affects.TRAINING)


def is_row(layer: Layer) -> bool:
    """Whether a layer is a weight of operations: an Embedding of one row, which is looked up and reshaped."""
    return layer.class_name == "Embedding" and layer.config.get("input_dim") == 1


class _FoldedGraph:
    """The graph while it is folded: nodes by name, each with one call; a name that is moved is read as another tensor."""

    def __init__(self, graph: Graph, specs: Mapping[Ref, Spec]) -> None:
        self._graph, self._specs = graph, dict(specs)
        self._layers = {layer.name: layer for layer in graph.layers}
        self._calls: dict[str, list[Call]] = {name: list(calls) for name, calls in graph.calls.items()}
        self._moved: dict[Ref, Ref] = {}
        self._made_of: dict[Ref, Ref] = {}  # what a layer's outcome was called, the other way round
        self._order = [name for name, _ in sort_topologically(graph)]
        self._readers = count_readers(graph)
        self._outputs = refs(graph.outputs)
        self._users: dict[str, list[str]] = defaultdict(list)
        for name, calls in graph.calls.items():
            for ref in {ref for call in calls for ref in refs((call.args, call.kwargs))}:
                self._users[ref.layer].append(name)
        self._moving = self._list_moving()
        self._taken = UniqueNames((*self._layers,))
        self._scopes = self._count_scopes()
        self.names: list[str] = []
        self.momentum = 0

    # -- looking

    def view(self, ref: Ref) -> CallView | None:
        """The operation or layer that makes a tensor, where it is called once."""
        layer, calls = self._layers.get(ref.layer), self._calls.get(ref.layer, [])
        if layer is None or len(calls) != 1 or ref.node or ref.tensor:
            return None
        return CallView(ref, layer, calls[0])

    def held(self, value: Value) -> HeldWeight | None:
        """The weight that a tensor is, as the operations hold it; also where its axes are swapped on the way."""
        view = self.view(value) if isinstance(value, Ref) else None
        if view is None or not isinstance(value, Ref):
            return None
        if not view.layer.operation or view.layer.class_name not in _PASSED or not view.args:
            return None
        row = self.view(view.args[0]) if isinstance(view.args[0], Ref) else None
        if row is not None and is_row(row.layer) and view.layer.class_name == "reshape" and self._readers[row.ref] == 1:
            found = row.layer.weights["embeddings"].sources[0]
            return HeldWeight(value, found, bool(row.layer.config.get("trainable", True)), found.dtype)
        if view.layer.class_name == "concatenate":
            return self._join(view)
        inner = self.held(view.args[0])
        return self._pass(view, inner) if inner is not None and self._readers[inner.ref] == 1 else None

    def _join(self, view: CallView) -> HeldWeight | None:
        """A variable that was saved in parts, and read as one."""
        given, axis = view.args[0], view.call.kwargs.get("axis", 0)
        parts = [self.held(part) for part in given] if isinstance(given, tuple) else []
        known = [part for part in parts if part is not None and self._readers[part.ref] == 1]
        if not known or len(known) != len(parts) or type(axis) is not int or len({part.trainable for part in known}) > 1:
            return None
        whole = concatenate([part.tensor for part in known], axis)
        return replace(known[0], ref=view.ref, tensor=replace(whole, origin=_PART.sub("", known[0].tensor.origin)))

    def _pass(self, view: CallView, held: HeldWeight) -> HeldWeight | None:
        """A weight behind an operation that changes its layout or its dtype alone."""
        name, spec = view.layer.class_name, self._specs.get(view.ref)
        if name == "cast":
            halved = spec is not None and spec.dtype in HALVES and held.dtype == "float32"
            return replace(held, ref=view.ref, dtype=str(spec.dtype)) if halved and spec is not None else None
        if name in ("swapaxes", "transpose"):
            turned = view.args[1:] in ((-1, -2), (-2, -1)) or view.call.kwargs.get("axes") == (1, 0)
            turned = turned and len(held.tensor.shape) == 2
            return replace(held, ref=view.ref, tensor=held.tensor.transpose(1, 0)) if turned else None
        sizes = [size for size in spec.shape if size is not None] if spec is not None and spec.shape is not None else [-1]
        if math.prod(sizes) != held.tensor.size or spec is None or len(sizes) != len(spec.known()):
            return None
        return replace(held, ref=view.ref, tensor=held.tensor.reshape(*sizes))

    def spec(self, ref: Ref, dtype: str = "float32") -> Spec | None:
        """Shape and dtype of a tensor of `dtype` and known rank; None for others, which layers would cast."""
        found = self._specs.get(ref)
        return found if found is not None and found.shape is not None and found.dtype == dtype else None

    def sized(self, ref: Ref) -> Spec | None:
        """Shape, dtype and open sizes of a tensor of whatever dtype."""
        return self._specs.get(ref)

    def once(self, ref: Ref) -> bool:
        """Whether one call alone reads a tensor."""
        return self._readers[ref] == 1

    def user(self, ref: Ref) -> CallView | None:
        """The only operation that reads a tensor; None where there are others, or it is an output of the model."""
        users = self._users.get(ref.layer, [])
        return self.view(Ref(users[0])) if self.once(ref) and len(users) == 1 else None

    def source(self, ref: Ref) -> Ref:
        """What a tensor became."""
        while ref in self._moved:
            ref = self._moved[ref]
        return ref

    # -- folding

    def fold_regions(self) -> None:
        """Layers that stand on several operations, normalisations most: every reader of their weights, or none."""
        order = {name: place for place, name in enumerate(self._order)}
        groups: dict[tuple[object, ...], list[FoundLayer]] = defaultdict(list)
        inside: set[str] = set()
        for name in self._near_rows():
            budget().charge(_STEPS)
            view = self.view(Ref(name)) if name not in inside and name in self._moving else None
            found = find_layer(self, view, order) if view is not None and view.layer.operation else None
            if found is not None:
                groups[found.kind].append(found)
                inside |= found.region.names
        for calls in groups.values():
            within = frozenset[str]().union(*(call.region.names for call in calls))
            if all(set(self._users[ref.layer]) <= within for ref in calls[0].region.weights):
                self._put_region(calls)

    def _near_rows(self) -> list[str]:
        """Operations a few steps behind a weight, in order."""
        near = {layer.name for layer in self._layers.values() if is_row(layer)}
        layer = near
        for _ in range(_NEAR):
            layer = {user for name in layer for user in self._users.get(name, ())}
            near = near | layer
        return [name for name in self._order if name in near]

    def _put_region(self, calls: list[FoundLayer]) -> None:
        found = calls[0]
        config = dict(found.formula.config)
        epsilon = config.get("epsilon")
        if isinstance(epsilon, float):
            config["epsilon"] = float(str(np.float32(epsilon)))  # as it was written
        trained = [held.trainable for role, held in found.roles.items() if not role.startswith("moving")]
        if trained and not any(trained):
            config["trainable"] = False
        if found.formula.class_name == "BatchNormalization":
            config["momentum"] = MOMENTUM
            self.momentum += 1
        weights = {role: held.tensor for role, held in found.roles.items()}
        name = self._name(next(iter(weights.values())), found.formula.class_name.lower())
        layer = Layer(found.formula.class_name, name, config, weights)
        self._put(layer, [(call.region.x, call.region.end) for call in calls])

    def moves(self, name: str) -> bool:
        """Whether what a layer makes depends on the inputs of the model."""
        return name in self._moving

    def _list_moving(self) -> set[str]:
        """What depends on the inputs; not weights, nor the zero that constants hang on."""
        moving = {ref.layer for ref in refs(self._graph.inputs)}
        for name in self._order:
            view = self.view(Ref(name))
            still = is_row(self._layers[name]) or (view is not None and is_filled(self, view))
            if not still and any(ref.layer in moving for call in self._calls[name] for ref in refs((call.args, call.kwargs))):
                moving.add(name)
        return moving

    def readers(self, name: str) -> Sequence[str]:
        """The operations that read what a layer makes; an output of the model reads it too."""
        return (*self._users.get(name, ()), *(_OUTSIDE for ref in self._outputs if ref.layer == name))

    def fold_products(self) -> None:
        """Dense, convolutions, EinsumDense and Embedding: every reader of a kernel, or none of them."""
        anchors: dict[Ref, list[LayerCall]] = defaultdict(list)
        for name in self._order:
            budget().charge(_STEPS)
            view = self.view(Ref(name))
            consume = CONSUMERS.get(view.layer.class_name) if view is not None and view.layer.operation else None
            found = consume(self, view) if consume is not None and view is not None else None
            if found is not None:
                anchors[found.kernel.held.ref].append(self._narrow(found))
        for ref, matches in anchors.items():
            kernel = matches[0].kernel
            read = set(self._users[ref.layer]) == {match.reader or match.end.layer for match in matches}
            if read and all(match.kernel == kernel for match in matches):
                self._put_product(kernel, matches)

    def _narrow(self, match: LayerCall) -> LayerCall:
        """A convolution over one axis, which TensorFlow does over two of which the first has one place."""
        kernel, x, user = match.kernel, self.view(match.x), self.user(match.end)
        if kernel.class_name != "Conv2D" or kernel.held.tensor.shape[0] != 1 or x is None or user is None:
            return match
        widened = x.layer.operation and x.layer.class_name == "expand_dims" and x.call.kwargs.get("axis") in (-3, 1)
        narrowed = user.layer.class_name == "squeeze" and user.call.kwargs.get("axis") in (-3, 1, (-3,), (1,))
        if not widened or not narrowed or not isinstance(x.args[0], Ref):
            return match
        tensor = kernel.held.tensor.reshape(*kernel.held.tensor.shape[1:])
        last = {key: value[-1:] for key, value in kernel.config.items() if isinstance(value, tuple)}
        narrow = Kernel("Conv1D", "kernel", replace(kernel.held, tensor=tensor), {**kernel.config, **last})
        return LayerCall(narrow, x.args[0], user.ref, match.end.layer)

    def _put_product(self, kernel: Kernel, matches: list[LayerCall]) -> None:
        config = dict(kernel.config)
        if not kernel.held.trainable:
            config["trainable"] = False
        if kernel.held.dtype != "float32":
            config["dtype"] = f"mixed_{kernel.held.dtype}"
        name = self._name(kernel.held.tensor, kernel.class_name.lower())
        layer = Layer(kernel.class_name, name, config, {kernel.role: kernel.held.tensor}, address=kernel.held.tensor.origin)
        self._put(layer, [(match.x, match.end) for match in matches])

    def fold_biases(self) -> None:
        """Numbers added to the outcome of a layer without a bias, behind every one of its calls."""
        self._made_of = {new: old for old, new in self._moved.items()}
        for name in list(self._layers):
            layer = self._layers[name]
            if layer.operation or not _takes_bias(layer):
                continue
            added = [self._bias(layer, Ref(name, number)) for number in range(len(self._calls[name]))]
            found = [one for one in added if one is not None]
            if not found or len(found) != len(added) or len({held.ref for held, _ in found}) != 1:
                continue
            held, ends = found[0][0], [end for _, end in found]
            if held.trainable != layer.config.get("trainable", True) or set(self._users[held.ref.layer]) != {
                end.layer for end, _ in ends
            }:
                continue
            if held.dtype != layer.weights["kernel"].dtype and "dtype" not in layer.config:
                continue
            self._layers[name] = _add_bias(layer, held.tensor)
            for end, before in ends:
                self._moved[end] = before

    def _bias(self, layer: Layer, ref: Ref) -> tuple[HeldWeight, tuple[Ref, Ref]] | None:
        """The weight that is added to a tensor, the sum, and the tensor that it is added to.

        Between them may be operations that only put elements elsewhere, where the weight follows the channels.
        """
        before = self._made_of.get(ref, ref)
        spec, user = self._specs.get(before), self.user(before)
        between: list[CallView] = []
        while user is not None and user.layer.operation and user.layer.class_name in _MOVING and len(between) < _NEAR:
            between.append(user)
            user = self.user(user.ref)
        last = between[-1].ref if between else before
        after = self._specs.get(last)
        if user is None or user.layer.class_name != "add" or len(user.args) != 2 or spec is None or after is None:
            return None
        added = [held for arg in user.args if arg != last and (held := self.held(arg)) is not None]
        if len(added) != 1 or last not in user.args or not spec.shape or after.shape is None:
            return None
        sizes = _drop_leading_ones(added[0].tensor.shape)
        fits = after.shape[len(after.shape) - len(sizes) :] == sizes
        if layer.class_name == "EinsumDense":
            return (added[0], (user.ref, last)) if fits and not between and len(sizes) < len(after.shape) else None
        fits = fits and math.prod(sizes) == spec.shape[-1] == _find_width(layer)
        return (added[0], (user.ref, last)) if fits and _keeps_channels(between, before, spec, after.shape, sizes) else None

    def fold_activations(self) -> None:
        """Functions of Keras behind a layer become its activation, others layers of their own."""
        for name in self._order:
            view = self.view(Ref(name))
            if view is None or not view.layer.operation or view.ref in self._moved or len(view.args) != 1:
                continue
            function = FUNCTIONS.get((view.layer.class_name, tuple(view.call.kwargs.items())))
            given = view.args[0]
            if function is None or not isinstance(given, Ref) or self.spec(given) is None:
                continue
            made = self._layers.get(self.source(given).layer)
            fits = made is not None and "activation" not in made.config and made.class_name in WITH_ACTIVATION
            one = made is not None and len(self._calls[made.name]) == 1 and made.name in self.names
            if made is not None and fits and one and self.once(given) and given in self._moved:
                self._layers[made.name] = made.with_config(activation=function)
                self._moved[view.ref] = self.source(given)
            else:
                self._layers[name] = Layer("Activation", name, {"activation": function}, address=view.layer.address)
                self._calls[name] = [Call((given,))]

    # -- changing

    def _put(self, layer: Layer, calls: list[tuple[Ref, Ref]]) -> None:
        """A layer in place of operations: (what it is called on, the tensor that it makes) for every call."""
        self._layers[layer.name] = layer
        self._calls[layer.name] = [Call((x,)) for x, _ in calls]
        self.names.append(layer.name)
        for number, (_, end) in enumerate(calls):
            self._moved[end] = Ref(layer.name, number)

    def _count_scopes(self) -> Counter[str]:
        """How many scopes end in the same word."""
        origins = (_PART.sub("", layer.address) for layer in self._layers.values() if is_row(layer))
        return Counter(scope.rpartition("/")[2] for scope in {origin.rpartition("/")[0] for origin in origins})

    def _name(self, tensor: Tensor, otherwise: str) -> str:
        """The last word of a variable's scope, all of it where others end in the same word."""
        scope = tensor.origin.rpartition("/")[0]
        word = scope.rpartition("/")[2]
        wanted = word if self._scopes[word] == 1 else scope
        return self._taken.claim(_OTHER.sub("_", wanted).strip("_.-") or otherwise)

    def finish(self) -> Graph:
        """The graph with all changes, without what nobody reads any more."""
        calls = {name: tuple(found) for name, found in self._calls.items()}
        whole = replace(self._graph, layers=tuple(self._layers.values()), calls=calls)
        whole = map_graph_refs(whole, self.source)
        kept = {name for name, _ in find_reachable(whole)}
        layers = {layer.name: layer for layer in whole.layers if layer.name in kept}
        graph = replace(whole, layers=tuple(layers.values()), calls={n: c for n, c in whole.calls.items() if n in kept})
        order = dict.fromkeys((*(n for n in layers if n not in graph.calls), *(n for n, _ in sort_topologically(graph))))
        return replace(graph, layers=tuple(layers[name] for name in order))


WITH_ACTIVATION = (
    "Dense",
    "EinsumDense",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "DepthwiseConv2D",
    "Conv2DTranspose",
    "Conv3DTranspose",
)


def _drop_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the ones in front, which broadcasting adds."""
    start = next((at for at, size in enumerate(shape) if size != 1), len(shape) - 1)
    return shape[max(start, 0) :]


def _takes_bias(layer: Layer) -> bool:
    """Whether a layer could have a bias and has none."""
    free = layer.class_name == "EinsumDense" or layer.config.get("use_bias") is False
    return free and "kernel" in layer.weights and "bias" not in layer.weights


def _add_bias(layer: Layer, held: Tensor) -> Layer:
    sizes = _drop_leading_ones(held.shape)
    if layer.class_name == "EinsumDense":
        letters = str(layer.config["equation"]).rpartition(">")[2]
        return replace(
            layer,
            config={**layer.config, "bias_axes": letters[len(letters) - len(sizes) :]},
            weights={**layer.weights, "bias": held.reshape(*sizes)},
        )
    return replace(layer, config={**layer.config, "use_bias": True}, weights={**layer.weights, "bias": held.reshape(held.size)})


def _keeps_channels(
    between: Sequence[CallView], start: Ref, spec: Spec, after: Sequence[int | None], sizes: tuple[int, ...]
) -> bool:
    """Whether every element still is of the channel whose number would be added to it: each channel is followed."""
    if not between:
        return True
    for samples in (2, 2 * math.prod(size for size in after if size)):  # what is reshaped may have to be divisible
        shape = (spec.known()[0] or samples, *(size or 2 + place for place, size in enumerate(spec.known()[1:])))
        if math.prod(shape) > MOST:
            return False
        channels = np.broadcast_to(np.arange(shape[-1], dtype="int32"), shape)
        try:
            found = evaluate(between, {start: channels}, between[-1].ref)
        except (Refused, TypeError, ValueError, LookupError):
            continue
        return bool(np.array_equal(found, np.broadcast_to(np.arange(shape[-1]).reshape(sizes), np.shape(found))))
    return False


def _find_width(layer: Layer) -> Value:
    kernel = layer.weights["kernel"].shape
    if layer.class_name == "DepthwiseConv2D":
        return kernel[-1] * kernel[-2]
    return kernel[-2] if layer.class_name.endswith("Transpose") else kernel[-1]
