"""One pass through a document: wherever code stands, the operations that it means, for the shapes that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..catalog.masks import find_mask_rule
from ..catalog.shapes import UNKNOWN, Argument, Output, Spec, flatten_specs
from ..catalog.shapes.engine import Inference
from ..catalog.shapes.masks import find_met
from ..document.model import Call, Code, Deferred, FromUser, Graph, Layer, Path, Ref, Value, Writer, refs
from ..document.walk import layers_of, map_refs, rebuild_paths, walk
from ..errors import AnyKerasError, Unsupported
from ..findings import Affects, Fidelity, Finding
from . import code_sites
from .code_sites import CodeSite
from .equality import computes_same
from .follow import guess_backend
from .functions import FunctionContext
from .lift import RANDOM, Lifted, Recovered
from .op_calls import OP_LAYERS, move_arguments_into_layers
from .open_sizes import follow_sizes, make_size, open_sizes
from .operands import WIDE

# Layers of tf.keras that hand on what they are given, and what they made of it in training.
_OF_TRAINING = {"AddLoss": "a loss by add_loss", "AddMetric": "metrics by add_metric"}
MakeSite = Callable[..., CodeSite]
"""What makes the site of a call, with what is the same for all of them filled in."""
_INLINED = OP_LAYERS | _OF_TRAINING.keys()


class RecoveryPass(Inference):
    """Shape inference that, where it meets code, follows the code: its outcome says what goes on from there."""

    def __init__(self, model: Layer, make_site: MakeSite) -> None:
        super().__init__()
        self._make_site = make_site
        self.lifted: dict[Path, Lifted] = {}
        self._batch = make_size()
        self.masks = find_met(model)
        self.mask_consumers = {path for path, layer in walk(model) if find_mask_rule(layer.class_name).reads}

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        """As in inference; a layer that holds code is lifted for these arguments."""
        lift = code_sites.find_lifter(layer)
        if lift is None:
            found = super().call(layer, args, kwargs)
            return found if layer.graph is not None else follow_sizes(layer, args, kwargs, found)
        if not isinstance(layer.origin, FromUser) and any(spec.shape is None for spec in flatten_specs(args)):
            raise Unsupported(
                "AK3007",
                f"the shape that reaches {layer.class_name} {layer.name!r} could not be found",
                layer=layer.name,
                next_step="Report the file: shape inference lacks a layer before this one.",
            )
        return self.lift(layer, lift, args, kwargs).outputs

    def _declare(self, layer: Layer) -> Spec:
        """As in inference; what is called together has one batch size."""
        return open_sizes(super()._declare(layer), self._batch)

    def lift(self, layer: Layer, lift: code_sites.Lifter, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Lifted:
        """The layer lifted; at a second call it must come to the same. Raises Unsupported where it does not."""
        mask_consumed = len(self.mask_consumers) > (self.path in self.mask_consumers)
        masked = tuple(self.masks.get(self.path, ()))
        site = self._make_site(args=args, kwargs=kwargs, masked=masked, mask_consumed=mask_consumed)
        lifted = lift(layer, site)
        if not site.context.backend_known and _depends_on_backend(layer, lift, site, lifted):
            lifted = replace(lifted, findings=(*lifted.findings, _tell_of_backend(layer, site.context)))
        known = self.lifted.get(self.path)
        model = lifted.layer if known is None else merge_inputs(lifted.layer, known.layer)
        if model is None:
            raise Unsupported(
                "AK3008",
                f"{layer.name!r} is called on tensors of several shapes, and its code does another thing for each",
                layer=layer.name,
                next_step="Split the model where the layer is shared.",
            )
        self.lifted[self.path] = replace(lifted, layer=model)
        return lifted

    def rest(self, model: Layer) -> None:
        """Lift what no call reached: the cells of a recurrence, whose shapes their configuration says."""
        for path, layer in walk(model):
            lift = code_sites.find_lifter(layer)
            if lift is not None and path not in self.lifted:
                self.path = path
                self.lift(layer, lift, [UNKNOWN], {})


def _depends_on_backend(layer: Layer, lift: code_sites.Lifter, site: CodeSite, lifted: Lifted) -> bool:
    """Whether code means another thing on the other backend that its writer may have had."""
    try:
        other = lift(layer, replace(site, context=site.context.on_other_backend()))
    except AnyKerasError:  # what only one of them has was written on that one
        return False
    return not computes_same(lifted.layer, other.layer)


def _tell_of_backend(layer: Layer, context: FunctionContext) -> Finding:
    seen = f"code that means another thing on {context.on_other_backend().backend}, and the file does not tell its backend"
    return Finding("AK3019", layer.address or layer.name, seen, f"read as on {context.backend}", Fidelity.APPROXIMATE)


def _list_findings(layer: Layer, lifted: Lifted) -> Iterator[Finding]:
    """The findings about a lifted layer."""
    address = layer.address or layer.name
    yield from lifted.findings
    if isinstance(layer.origin, FromUser | Deferred) or layer.class_name in _OF_TRAINING:
        return
    models = [record.model for record in lifted.code if record.model is not None] or [lifted.layer]
    nodes = sum(inner.operation for model in models for inner in layers_of(model))
    pythons = sorted({python for record in lifted.code for python in record.pythons})
    origin = f" compiled by Python {' or '.join(pythons)}" if pythons else ""
    done = f"followed without running it: {nodes} native operations"
    yield Finding("AK3000", address, f"{layer.class_name} with code{origin}", done, Fidelity.EQUIVALENT)
    if any(inner.class_name in RANDOM for model in models for inner in layers_of(model)):
        done = "load_model draws them in every call; of a converted file, predict and evaluate of stock Keras do not"
        yield Finding("AK3016", address, "random numbers are drawn", done, Fidelity.APPROXIMATE)
    for note in lifted.notes:
        if note == WIDE:
            yield Finding("AK3018", address, note, "kept", Fidelity.APPROXIMATE)
            continue
        yield Finding("AK3009", address, note, "kept", Fidelity.EQUIVALENT)
    for damage in lifted.damage:
        yield Finding("AK3010", address, damage, "repaired", Fidelity.EQUIVALENT)


def _find_added(layers: Sequence[Layer]) -> Iterator[Finding]:
    """What the model added to its training by itself, said once for the whole file."""
    added = {kind: [layer.name for layer in layers if layer.class_name == kind] for kind in _OF_TRAINING}
    if any(added.values()):
        named = [f"{_OF_TRAINING[kind]} ({', '.join(names[:3])})" for kind, names in added.items() if names]
        seen = f"the model computes {' and '.join(named)} in its own graph"
        done = "omitted: Keras 3 has no layer for it, so add it to your training"
        yield Finding("AK4061", "training/loss", seen, done, Fidelity.LOSSY, Affects.TRAINING)


def merge_inputs(model: Layer, other: Layer) -> Layer | None:
    """The model for the inputs of both: a size in which they differ is open. None where one model cannot be both."""
    if not computes_same(model, other):
        return None
    if model.graph is None or other.graph is None:
        return model
    shapes = {x.name: _shape(x) for x in other.graph.layers if x.class_name == "InputLayer"}
    layers = []
    for layer in model.graph.layers:
        one, two = _shape(layer), shapes.get(layer.name, ())
        if len(one) != len(two):
            return None
        open_sizes = tuple(a if a == b else None for a, b in zip(one, two, strict=True))
        layers.append(layer.with_config(batch_shape=open_sizes) if layer.name in shapes else layer)
    return replace(model, graph=replace(model.graph, layers=tuple(layers)))


def _shape(layer: Layer) -> tuple[Value, ...]:
    found = layer.config.get("batch_shape")
    return found if isinstance(found, tuple) and layer.class_name == "InputLayer" else ()


def recover_code(model: Layer, writer: Writer, make_site: MakeSite) -> tuple[Layer, list[Finding], tuple[Recovered, ...]]:
    """A model that holds code, as :func:`~.recovery.recover`: without it, what was found, and the code."""
    model = move_arguments_into_layers(model)
    context = FunctionContext.of(writer)
    if not context.backend_known:
        codes = (value for layer in layers_of(model) for value in layer.config.values() if isinstance(value, Code))
        backend = guess_backend(codes)
        context = context if backend is None else replace(context, backend=backend, backend_known=True)
    run = RecoveryPass(model, partial(make_site, context=context))
    run.graph(model, None)
    run.rest(model)
    order = [(layer, run.lifted[path]) for path, layer in walk(model) if path in run.lifted]
    findings = [finding for layer, lifted in order for finding in _list_findings(layer, lifted)]
    findings += _find_added([layer for layer, _ in order])
    code = tuple(record for _, lifted in order for record in lifted.code)
    return _rewrite(model, run.lifted), [*findings, *find_late_bound(code)], code


def _rewrite(model: Layer, lifted: Mapping[Path, Lifted]) -> Layer:
    inline = {
        layer.name for path, layer in walk(model) if layer.class_name in _INLINED and path in lifted
    }  # op layers were no layers of their author's: they become nodes where that is one node

    def change(path: Path, layer: Layer) -> Layer:
        found = lifted.get(path)
        if found is not None:
            return replace(found.layer, address=layer.address)
        graph = layer.graph
        held = graph is not None and not graph.sequential and any(inner.name in inline for inner in graph.layers)
        return replace(layer, graph=_inline_op_calls(graph, inline)) if graph is not None and held else layer

    return rebuild_paths(model, change)


def _inline_op_calls(graph: Graph, names: set[str]) -> Graph:
    """The graph with submodels of one operation as that operation."""
    layers, calls = [], dict(graph.calls)
    for layer in graph.layers:
        node = _find_single_operation(layer) if layer.name in names else None
        if node is None or layer.graph is None:
            layers.append(layer)
            continue
        inner = layer.graph.calls[node.name][0]
        starts = [ref.layer for ref in refs(layer.graph.inputs)]
        calls[layer.name] = tuple(_call_inside(inner, starts, refs(call.args)) for call in calls[layer.name])
        layers.append(replace(node, name=layer.name, address=layer.address))
    return replace(graph, layers=tuple(layers), calls=calls)


def _find_single_operation(layer: Layer) -> Layer | None:
    """The only operation of a submodel, if it has no more and its outputs are that operation's."""
    if layer.graph is None:
        return None
    nodes = [inner for inner in layer.graph.layers if inner.class_name != "InputLayer"]
    if len(nodes) != 1 or not nodes[0].operation:
        return None
    ends = refs(layer.graph.outputs)
    straight = [Ref(nodes[0].name, 0, i) for i in range(len(ends))] == ends
    return nodes[0] if straight else None


def _call_inside(inner: Call, starts: Sequence[str], given: Sequence[Ref]) -> Call:
    """The call inside a submodel, on the tensors that the submodel is called on."""
    outside = dict(zip(starts, given, strict=True))

    def change(ref: Ref) -> Value:
        return outside[ref.layer]

    args = tuple(map_refs(arg, change) for arg in inner.args)
    return Call(args, {key: map_refs(value, change) for key, value in inner.kwargs.items()})


def find_late_bound(code: Sequence[Recovered]) -> Iterator[Finding]:
    """Layers whose code is the same, byte for byte, with the same value of a variable from around it.

    A lambda made in a loop sees the loop variable as it is when the lambda is called, so that Keras stored the last
    value for all of them; what each meant when the model was built is then not in the file.
    """
    alike: dict[tuple[bytes, str], list[Recovered]] = {}
    for record in code:
        stored = record.lifting.found.stored if record.lifting is not None else None
        if stored is not None and stored.closure:
            alike.setdefault((stored.code_bytes, repr(stored.closure)), []).append(record)
    for (_, closure), records in alike.items():
        if len(records) > 1:
            names = ", ".join(record.layer for record in records)
            seen = f"{names} hold the same code with the same value {closure} of the variables around it"
            done = "kept as stored; if they were made in a loop, each may have meant another value"
            yield Finding("AK3013", records[0].address, seen, done, Fidelity.APPROXIMATE)
