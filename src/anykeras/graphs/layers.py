"""One layer of a class that is not in the file, by the function that tf.keras traced of its call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..catalog.shapes import Spec
from ..containers.base import Raw
from ..containers.savedmodel.graph import Body, GraphFile
from ..containers.savedmodel.restore import GraphVariable, list_captured_values
from ..document.build import Builder
from ..document.model import Deferred, Layer
from ..errors import AnyKerasError
from ..findings import Affects, Fidelity, Finding
from ..recovery.code_sites import CodeSite
from ..recovery.functions import Refused
from ..recovery.lift import Lifted
from ..recovery.refusals import locate
from .engine import Engine
from .translation import CONTEXT, prune, to_output
from .values import Handle
from .writer import GraphWriter


def defer_layer(raw: Raw, layer: Layer) -> Layer | None:
    """The layer, to be replaced by its traced function once the shapes that reach it are known; None where it has none."""
    graph = raw.graph
    names = graph.layers.get(layer.name, ()) if graph is not None else ()
    if graph is None or not names:
        return None
    return replace(layer, origin=Deferred(lambda inner, site: _lift(graph, names, inner, site)))


def _lift(graph: GraphFile, names: Sequence[str], layer: Layer, site: CodeSite) -> Lifted:
    try:
        given = site.args[0] if isinstance(site.args[0], tuple | list) else (site.args[0],)
        specs = [spec for spec in given if isinstance(spec, Spec) and spec.shape is not None]
        if site.mask_consumed:
            raise Refused("the model has layers that heed masks, and a function does not say what it does with one", "AK3062")
        body = _choose(graph, names, specs if len(specs) == len(given) else [])
        return _translate(graph, body, layer, specs)
    except AnyKerasError as error:
        raise locate(error, layer.name) from None


def _choose(graph: GraphFile, names: Sequence[str], specs: Sequence[Spec]) -> Body:
    """The function of the call that predicts. Raises Refused where there is not exactly one for these inputs."""
    fit = []
    for name in names:
        body, held = graph.function(name), graph.concrete(name)
        if body is None or held is None or True in held.flags:
            continue
        if len(body.arguments) - len(held.captures) == len(specs):
            fit.append(body)
    if not fit or not specs:
        raise Refused("the file holds no function of this layer for the inputs that reach it", "AK3062")
    return fit[0]


def _translate(graph: GraphFile, body: Body, layer: Layer, specs: Sequence[Spec]) -> Lifted:
    """The submodel that a function is, called on inputs of these specs."""
    ops = GraphWriter(Builder(layer.name, layer.address), CONTEXT)
    inputs = [ops.input(spec) for spec in specs]
    engine = Engine(graph, ops, {}, {})
    held = graph.concrete(body.name)
    captures = list_captured_values(graph, held.captures if held is not None else ())
    values = [Handle(value) if isinstance(value, GraphVariable) else value for value in captures]
    found = engine.call(body, [*inputs, *values], 0)
    if not found:
        raise Refused("the function of this layer gives nothing", "AK3062")
    ends = tuple(to_output(ops, layer.name, value) for value in found)
    several = len(ends) > 1
    outputs = tuple(end.ref for end in ends) if several else ends[0].ref
    model = prune(ops.builder.finish(outputs, layer.config.get("trainable", True) is not False))
    seen = f"{layer.class_name} is a class of its own, which is not in the file"
    done = "replaced by the function that was traced when the model was saved: what it does in training alone is not in it"
    said = Finding("AK3072", layer.address or layer.name, seen, done, Fidelity.LOSSY, Affects.TRAINING)
    return Lifted(model, tuple(end.spec for end in ends) if several else ends[0].spec, findings=(said,))
