"""Runs the rules of the way back until nothing in a model is newer than the target. Knows no facts about Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from ..catalog.layout import order_by_creation, order_names
from ..catalog.masks import ATTENTIONS, HEADS, find_hidden_parents
from ..catalog.releases import CALLS_WAIT, CAUSAL_CALLS, Release, Since
from ..catalog.shapes import UNKNOWN, Argument, Output, Spec, flatten_specs
from ..catalog.shapes.engine import Inference
from ..catalog.signatures import find_signature
from ..document.edit import change_calls
from ..document.graph import Node, find_parents, iterate_leaves
from ..document.model import Call, Document, Era, Graph, Layer, Member, Path, Ref, Value, refs
from ..document.walk import layers_of, map_graph_refs, rebuild, rebuild_paths, walk
from ..errors import Bug
from ..findings import Finding
from . import tfjs
from .activations import MODELS_AS_FUNCTIONS, recognise
from .masks import check_masked_queries, check_masked_steps, check_masks, check_merged, check_replaced, drop_masks
from .operations import say_operations
from .respelling import respell
from .rulebook import Place, all_rules, refuse
from .tfjs_run import check_readers, check_run

# A layer is said in other words at most so often: each rule leads to older words.
_STEPS: Final = 20


@dataclass
class _Places(Inference):
    """What every layer, by its path, is called on first, and what it gives."""

    met_calls: dict[Path, tuple[tuple[Spec, ...], Spec]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def _call_at(self, way: Path, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        path = self.path + way
        result = super()._call_at(way, layer, args, kwargs)
        names = _CALLED_ON.get(layer.class_name, ())
        bound = {**dict(zip(names, args, strict=False)), **kwargs}
        asked = [bound[name] for name in names if name in bound] if names else [*args, kwargs]  # a mask is no input of heads
        given = [leaf for leaf in iterate_leaves(asked) if isinstance(leaf, Spec)]
        self.met_calls.setdefault(path, (tuple(given), next(iter(flatten_specs(result)), UNKNOWN)))
        return result


@dataclass
class Descent:
    """One way back: the release, the box of the file, and the findings so far."""

    release: Release
    box: str
    findings: list[Finding] = field(default_factory=list)
    # What a rule makes of a layer may hold that layer without what was too new: the rule is done with it.
    _done: frozenset[tuple[str, str]] = frozenset()

    def express(self, model: Layer) -> Layer:
        """The model in words that the release has, as far as there are rules; in the vocabulary of Keras 3 still."""
        places = _Places()
        places.graph(model, None)

        before = dict(walk(model))

        def change(path: Path, layer: Layer) -> Layer:
            was = before[path].graph
            if layer.graph is not None and was is not None:
                layer = replace(layer, graph=adapt_calls(was, layer.graph, self.release))
            given, output = places.met_calls.get(path, ((), UNKNOWN))
            held = bool(path) and not isinstance(path[-1], Member)
            return self._layer(layer, Place(self.release, given, output, self.box, held))

        return rebuild_paths(model, change)

    def _layer(self, layer: Layer, place: Place) -> Layer:
        if layer.operation:
            return layer
        start = layer
        for _ in range(_STEPS):
            for rule in all_rules():
                if (rule.name, layer.class_name) in self._done or not rule.applies(layer, self.release):
                    continue
                if (changed := rule.change(layer, place)) is not None:
                    if rule.report:
                        self.findings.append(rule.finding(start, self.release))
                    break
            else:
                return layer
            if changed.graph is not None and layer.graph is None:
                return self._express_inside(changed, (rule.name, layer.class_name))
            layer = changed
        raise Bug("AK6009", f"the rules of the way back do not end at {start.class_name}", layer=start.name)

    def _express_inside(self, model: Layer, done: tuple[str, str]) -> Layer:
        before, self._done = self._done, self._done | {done}
        try:
            return self.express(model)
        finally:
            self._done = before


# What a model that stands for a layer is called on: the arguments of the layer's call in order, the missing ones as named.
_CALLED_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "MultiHeadAttention": ("query", "value", "key"),
    "GroupedQueryAttention": ("query", "value", "key"),
    "GroupQueryAttention": ("query", "value", "key"),
}
_NEUTRAL: Final = (None, False, ())


def call_model(class_name: str, call: Call) -> Call | None:
    """The call of a layer as that of the model that stands for it; None where the call says more."""
    names = _CALLED_ON.get(class_name)
    states = call.kwargs.get("initial_state")
    if states is not None and len(call.args) == 1:
        kwargs = {key: value for key, value in call.kwargs.items() if key != "initial_state"}
        call = Call(((call.args[0], *(states if isinstance(states, tuple) else (states,))),), kwargs)
    if names is None:
        plain = {key: value for key, value in call.kwargs.items() if key != "training" and value not in _NEUTRAL}
        return None if plain.keys() - {"inputs"} else call
    bound: dict[str, Value] = {**dict(zip(names, call.args, strict=False)), **call.kwargs}
    given = [bound.pop(name, None) for name in names]
    if any(value not in _NEUTRAL for value in bound.values()) or len(call.args) > len(names):
        return None
    query, value, key = given
    return Call(((query, value, value if key is None else key),))


def adapt_calls(before: Graph, after: Graph, release: Release) -> Graph:
    """The graph with calls that fit the models which came in the place of layers."""
    old = {layer.name: layer for layer in before.layers}
    calls = dict(after.calls)
    for layer in after.layers:
        was = old.get(layer.name)
        if was is None or was.graph is not None or layer.graph is None:
            continue
        changed = [call_model(was.class_name, call) for call in after.calls.get(layer.name, ())]
        if any(call is None for call in changed):
            raise refuse(layer.name, f"{was.class_name} is called with a mask or further arguments", release)
        calls[layer.name] = tuple(call for call in changed if call is not None)
    return replace(after, calls=calls)


_INPUT_AS_OUTPUT: Final = Since(tf="2.0")
"""TensorFlow 1 does not compute a graph of which an input is an output ("both fed and fetched")."""


def check_ends(model: Layer, release: Release) -> None:
    """Refuse a model that gives one of its inputs as it is, where nothing can run it. Raises Unsupported."""
    graph = model.graph
    if graph is None or graph.sequential or _INPUT_AS_OUTPUT.holds(release):
        return
    given = {ref.layer for ref in refs(graph.inputs)}
    for ref in refs(graph.outputs):
        if ref.layer in given:
            raise refuse(ref.layer, "an input of the model is one of its outputs", release)


def check_classes(model: Layer, release: Release) -> None:
    """Refuse a model with a layer of the user's own, or one that the release does not find by its name."""
    for layer in layers_of(model):
        found = find_signature(layer.class_name, release.signatures)
        is_found = found is not None and (release.line == "keras3" or not found.hidden)
        if layer.graph is None and not layer.operation and not is_found:
            raise refuse(layer.name, f"it has no layer {layer.class_name}", release)


def move_causal(model: Layer, release: Release) -> Layer:
    """The model with ``use_causal_mask`` of attention as an argument of the layer, where the release has it in no call."""
    if CAUSAL_CALLS.holds(release):
        return model

    def change(inner: Layer) -> Layer:
        graph = inner.graph
        if graph is None or graph.sequential:
            return inner
        calls, layers = dict(graph.calls), []
        for layer in graph.layers:
            made = graph.calls.get(layer.name, ())
            told = {bool(call.kwargs.get("use_causal_mask")) for call in made}
            if layer.class_name in (*ATTENTIONS, *HEADS) and True in told:
                if len(told) > 1:
                    raise refuse(layer.name, "some of its calls have a causal mask and others have none", release)
                layer = layer.with_config(causal=True)
                calls[layer.name] = tuple(
                    replace(call, kwargs={key: value for key, value in call.kwargs.items() if key != "use_causal_mask"})
                    for call in made
                )
            layers.append(layer)
        return replace(inner, graph=replace(graph, layers=tuple(layers), calls=calls))

    return rebuild(model, change)


def check_shared_layers(model: Layer, release: Release) -> None:
    """Refuse a shared layer whose calls the release would load in another order. Raises Unsupported."""
    if CALLS_WAIT.holds(release):
        return
    for inner in layers_of(model):
        graph = inner.graph
        if graph is None or graph.sequential or all(len(calls) < 2 for calls in graph.calls.values()):
            continue
        if order_by_creation(graph, order_names(graph, find_hidden_parents(graph))) is None:
            shared = next(name for name, calls in graph.calls.items() if len(calls) > 1)
            raise refuse(shared, "a shared layer is called on what comes of another call of it", release)


def number_calls(model: Layer) -> Layer:
    """The model with the calls of each shared layer in the order in which a stack makes them that does not wait.

    It goes through the layers as often as it must, and makes each time the calls whose tensors are there; it counts them so.
    """

    def change(layer: Layer) -> Layer:
        graph = layer.graph
        if graph is None or graph.sequential or all(len(calls) < 2 for calls in graph.calls.values()):
            return layer
        made = _make_calls(graph)
        numbers = {name: {old: new for new, old in enumerate(order)} for name, order in made.items()}
        if all(order == sorted(order) for order in made.values()):
            return layer

        def renumber(ref: Ref) -> Ref:
            return replace(ref, node=numbers.get(ref.layer, {}).get(ref.node, ref.node))

        moved = map_graph_refs(graph, renumber)
        calls = {name: tuple(calls[old] for old in made.get(name, range(len(calls)))) for name, calls in moved.calls.items()}
        return replace(layer, graph=replace(moved, calls=calls))

    return rebuild(model, change)


def _make_calls(graph: Graph) -> dict[str, list[int]]:
    """The numbers of each layer's calls in the order in which they are made."""
    sources, done = find_parents(graph), set[Node]()
    order = {name: list[int]() for name in order_names(graph, find_hidden_parents(graph))}
    waiting = {name: list(range(max(1, len(graph.calls.get(name, ()))))) for name in order}
    while any(waiting.values()):
        before = len(done)
        for name, numbers in waiting.items():
            for number in list(numbers):
                if all(node in done for node in sources.get((name, number), ())):
                    numbers.remove(number)
                    order[name].append(number)
                    done.add((name, number))
        if len(done) == before:
            break
    return {name: numbers + waiting[name] for name, numbers in order.items()}


_STACKS_TAKE_MODELS: Final = Since("3.4")
"""A Functional in a Sequential hands on a tensor; before, a list of one (keras 3.3.3 ops/function.py)."""


def connect_stacks(model: Layer) -> Layer:
    """The model with graphs of calls for stacks that hold such graphs."""

    def change(inner: Layer) -> Layer:
        graph = inner.graph
        if graph is None or not graph.sequential or graph.layers[:1] == () or graph.layers[0].class_name != "InputLayer":
            return inner
        if not any(layer.graph is not None and not layer.graph.sequential for layer in graph.layers[1:-1]):
            return inner
        names = [layer.name for layer in graph.layers]
        calls = {name: (Call((Ref(before),)),) for before, name in pairwise(names)}
        connected = Graph(graph.layers, calls, Ref(names[0]), Ref(names[-1]))
        return replace(inner, class_name="Functional", graph=connected)

    return rebuild(model, change)


def leave_flag(layer: Layer, call: Call) -> Call:
    """A call without its training flag: models of Keras 3 put their own in its place, and write True for random layers.

    In older Kerases the flag counts, and a random layer would act in ``predict`` too (keras 3.15.1 models/functional.py).
    """
    kwargs = {key: value for key, value in call.kwargs.items() if key != "training"}
    return call if layer.operation or len(kwargs) == len(call.kwargs) else replace(call, kwargs=kwargs)


def descend(document: Document, release: Release, box: str) -> tuple[Document, list[Finding]]:
    """The document in words that a release has, and what was done for it.

    For a minor of Keras 3 the vocabulary stays that of Keras 3; for tf.keras and Keras 2 it is their own, and the document is
    of their era.

    Args:
        document: of era keras3, with a model that has a graph.
        release: what it is written for.
        box: the suffix of the file.

    Raises:
        Unsupported: AK6050, with the layer and the reason, where the release cannot hold it.
    """
    descent = Descent(release, box)
    if release.line != "keras3" and document.writer.era is Era.KERAS3:
        document = replace(document, model=rebuild(document.model, lambda layer: change_calls(layer, leave_flag)))
    if release.line == "tfjs":
        return _descend_to_tfjs(document, descent)
    check_shared_layers(document.model, release)
    check_ends(document.model, release)
    check_masked_steps(document.model, release)
    check_masked_queries(document.model, release)
    if release.line == "keras3":
        plain = document.model if MODELS_AS_FUNCTIONS.holds(release) else recognise(document.model)
        expressed = descent.express(plain)
        check_merged(plain, expressed, release)
        check_classes(expressed, release)
        if not _STACKS_TAKE_MODELS.holds(release):
            expressed = connect_stacks(expressed)
        return replace(document, model=say_operations(expressed, release)), descent.findings
    plain = drop_masks(move_causal(recognise(document.model), release), release)
    said = say_operations(descent.express(plain), release)
    said = descent.express(said)  # the layers that stand for operations may be too new as well
    check_masks(plain, said, release)
    era = Era.TF2 if release.line == "tf" else Era.KERAS2
    return replace(document, model=respell(said, release), era=era), descent.findings


def _descend_to_tfjs(document: Document, descent: Descent) -> tuple[Document, list[Finding]]:
    """The same for TensorFlow.js: words of Keras 2, which it runs in its own way."""
    release = descent.release
    recognised = recognise(document.model)
    tfjs.check_calls(recognised, release)
    floats, findings = tfjs.use_floats(recognised, release)
    plain = drop_masks(floats, release)
    check_readers(plain, release)
    said = descent.express(say_operations(descent.express(plain), release))
    check_replaced(plain, said, release)
    check_run(said, release)
    slim, left_out = tfjs.leave_out_objects(tfjs.separate_inputs(said), release)
    named, renamed = tfjs.settle_names(slim)
    found = [*descent.findings, *findings, *left_out, *renamed]
    numbered = number_calls(named)
    if number_calls(numbered) is not numbered:
        raise refuse(named.name, "its shared layers are called in an order that cannot be written", release)
    return replace(document, model=respell(numbered, release), era=Era.KERAS2), found
