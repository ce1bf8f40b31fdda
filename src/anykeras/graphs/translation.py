"""From the graph of a signature to a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .. import limits
from ..containers.base import Raw
from ..containers.savedmodel.graph import USUAL, GraphFile
from ..containers.savedmodel.restore import read_variables
from ..document.build import Builder
from ..document.graph import find_reachable
from ..document.model import Document, Era, Evidence, Graph, Layer, Value, Writer, refs
from ..errors import Bug
from ..findings import Affects, Fidelity, Finding
from ..recovery.functions import FunctionContext, Operand, Refused
from ..recovery.graph_ops import Symbol
from .effects import list_effects
from .engine import Engine
from .folding import fold
from .refusals import make_effect_error
from .selection import NOTHING, Selection
from .signatures import GraphSignature, choose
from .values import require_output
from .writer import GraphWriter

HALVES = ("float16", "bfloat16")
CONTEXT = FunctionContext(era=Era.KERAS2, library="tf.keras", version=(2, 8, 0), tensorflow=2)
"""Whose functions the ops are taken from; the graph itself says everything that a version changes."""


def translate(raw: Raw, selection: Selection = NOTHING) -> Document:
    """The document of the graph in a file.

    Several outputs are a mapping by their names, one is alone. Inputs have the names of the signature, in the order of
    those.

    Args:
        raw: a file that has a graph.
        selection: the signature, or the inputs and outputs, where it is not the usual signature.

    Raises:
        MissingObject: there is no such signature, or no such tensor.
        Unsupported: the graph holds what keras.ops cannot express, or what AnyKeras does not do (files, code, network).
        Malformed, LimitExceeded: the graph is damaged, or asks for too much.
    """
    if raw.graph is None:
        raise Bug("AK6009", "a graph is translated that the file does not have", part=raw.match.path)
    with limits.spend(raw.budget):
        signature = _order_inputs(raw, choose(raw.graph, selection))
        if signature.name in raw.graph.signatures and (effects := list_effects(raw.graph, signature.name)):
            raise make_effect_error(effects[0])
        document = _make_document(raw.graph, signature)
        chosen = () if selection.stated else tuple(_note_choice(raw.graph, signature))
        return replace(document, findings=(*chosen, *document.findings))


def _note_choice(graph: GraphFile, signature: GraphSignature) -> Iterator[Finding]:
    """A finding where the file has several signatures and none of them is the usual one."""
    names = graph.signatures
    if len(names) > 1 and USUAL not in names:
        shown = ", ".join(names[:5]) + (", ..." if names[5:] else "")
        seen = f"the file has the signatures {shown}, and none was chosen"
        yield Finding("AK3074", f"signatures/{signature.name}", seen, f"{signature.name} is taken", Fidelity.APPROXIMATE)


def _order_inputs(raw: Raw, signature: GraphSignature) -> GraphSignature:
    """The inputs in the order of the Keras model in the file, where they are its inputs: a signature has them by name alone."""
    config = raw.architecture.get("config") if isinstance(raw.architecture, dict) else None
    listed = config.get("input_layers") if isinstance(config, dict) else None
    names = [entry[0] for entry in listed if isinstance(entry, list) and entry] if isinstance(listed, list) else []
    if sorted(map(str, names)) != sorted(port.name for port in signature.inputs):
        return signature
    return replace(signature, inputs=tuple(sorted(signature.inputs, key=lambda port: names.index(port.name))))


def describe(graph: GraphFile) -> Document:
    """What is known of a graph that is not translated: who wrote it."""
    return Document(Layer("Functional", "model", graph=Graph(())), _make_writer(graph), Era.KERAS3)


def _make_document(graph: GraphFile, signature: GraphSignature) -> Document:
    ops = GraphWriter(Builder("model"), CONTEXT)
    feeds = {port.ref.removesuffix(":0"): _make_input(ops, port.name, port.spec(), port.shape) for port in signature.inputs}
    constants = {ref.removesuffix(":0"): value for ref, value in signature.constants.items()}
    if not feeds:
        raise Refused("the outputs need no input, so there is nothing to call a model on", "AK3067")
    engine = Engine(graph, ops, read_variables(graph), {**feeds, **constants})
    values = engine.outputs([port.ref for port in signature.outputs])
    ends = {port.name: to_output(ops, port.name, value) for port, value in zip(signature.outputs, values, strict=True)}
    outputs: Value = {name: end.ref for name, end in ends.items()} if len(ends) > 1 else next(iter(ends.values())).ref
    folded = fold(prune(ops.builder.finish(outputs)), {symbol.ref: symbol.spec for symbol in ops.symbols()})
    findings = (*_list_findings(graph, signature, ops, engine), *folded.findings)
    return Document(folded.model, _make_writer(graph), Era.KERAS3, findings=findings)


def prune(model: Layer) -> Layer:
    """The model without what its outputs do not need; its inputs stay."""
    if model.graph is None:
        return model
    needed = {name for name, _ in find_reachable(model.graph)} | {ref.layer for ref in refs(model.graph.inputs)}
    layers = tuple(layer for layer in model.graph.layers if layer.name in needed)
    calls = {name: calls for name, calls in model.graph.calls.items() if name in needed}
    return replace(model, graph=replace(model.graph, layers=layers, calls=calls))


def _make_input(ops: GraphWriter, name: str, spec: Operand, shape: Sequence[int | None] | None) -> Operand:
    found = ops.named_input(name.replace("/", "_"), spec)
    return ops.getitem(found, (0,)) if shape == () else found  # a model is called on samples, so one number is a row of one


def to_output(ops: GraphWriter, name: str, value: Operand) -> Symbol:
    """An output as an operation of its own, called by its name in the signature."""
    value = ops.tensor(require_output(name, value))
    if not isinstance(value, Symbol):
        value = ops.anchor(np.asarray(value))
    if not ops.is_operation(value):
        value = ops.op("squeeze", ops.op("expand_dims", value, axis=-1), axis=-1)  # exact for every dtype
    found: Symbol = value
    return found


def _make_writer(graph: GraphFile) -> Writer:
    evidence = (Evidence("tensorflow_version", graph.version),) if graph.version else ()
    return Writer(Era.KERAS3, "tensorflow", graph.version or None, "tensorflow", "channels_last", evidence)


def _list_findings(graph: GraphFile, signature: GraphSignature, ops: GraphWriter, engine: Engine) -> list[Finding]:
    count = sum(ops.is_operation(symbol) for symbol in ops.symbols())
    found = [
        Finding(
            "AK3069",
            f"signatures/{signature.name}",
            f"the graph of the signature {signature.name}: {len(engine.used)} kinds of TensorFlow ops",
            f"translated without running it: {count} native operations",
            Fidelity.EQUIVALENT,
        ),
        Finding(
            "AK3075",
            f"signatures/{signature.name}",
            "a graph for inference does not say which layers act in training alone, as Dropout does",
            "further training goes on without them",
            Fidelity.LOSSY,
            Affects.TRAINING,
        ),
    ]
    if any(symbol.spec.dtype in HALVES for symbol in ops.symbols()):
        seen = "the graph computes in 16 bits"
        found.append(
            Finding("AK2296", "model", seen, "kept; results differ by a unit or two in the last place", Fidelity.APPROXIMATE)
        )
    for names, why in ((signature.aside, "text"), ((signature.parsed,) if signature.parsed else (), "records")):
        found += [_report_left_out(signature, name, why) for name in names]
    for name in sorted(engine.updated):
        seen = f"the variable {name} is changed by every call"
        found.append(Finding("AK3070", f"signatures/{signature.name}", seen, "kept as it was saved", Fidelity.APPROXIMATE))
    return found


def _report_left_out(signature: GraphSignature, name: str, why: str) -> Finding:
    """A part of a signature that no Keras model has: an output that is text, or the records that the inputs are read from."""
    where = f"signatures/{signature.name}"
    if why == "text":
        return Finding("AK3073", where, f"the output {name} is text", "left out; the other outputs are there", Fidelity.LOSSY)
    names = ", ".join(port.name for port in signature.inputs)
    seen = f"the input {name} takes serialized records (tf.train.Example)"
    return Finding("AK3073", where, seen, f"the model takes what is in them: {names}", Fidelity.EQUIVALENT)
