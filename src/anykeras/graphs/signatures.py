"""What of a graph is meant: a signature, or tensors named as inputs and outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

import numpy as np

from .. import limits
from ..catalog.shapes import Spec
from ..containers.savedmodel.constants import read_array
from ..containers.savedmodel.graph import GraphFile, strip
from ..containers.wire.messages import NodeDef, ShapeDef, TensorInfo
from ..errors import MissingObject, Unsupported
from ..recovery.functions import Operand
from .registry import read_attributes, read_dtype_name
from .selection import NOTHING, Selection

_FED = re.compile(r"([^=\[\]]+)=(.{1,4096})", re.DOTALL)
_SHAPED = re.compile(r"([^\[\]]+)\[([\d\s,?-]*)\]")


@dataclass(frozen=True)
class Port:
    """One input or output: its name for the user, its tensor in the graph, and what is said of it."""

    name: str
    ref: str
    dtype: str = "float32"
    shape: tuple[int | None, ...] | None = None
    dense: bool = True

    def as_dict(self) -> dict[str, object]:
        """The port as plain JSON values."""
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "tensor": self.ref, "dtype": self.dtype, "shape": shape}

    def spec(self) -> Spec:
        """What an input layer is made for. Raises Unsupported for text, sparse tensors and unknown ranks."""
        if self.dtype == "string" or not self.dense:
            what = "text" if self.dtype == "string" else "sparse or ragged tensors"
            raise _make_cannot_error(self, f"the input {self.name} takes {what}, for which keras.ops has nothing")
        if self.shape is None:
            raise _make_cannot_error(self, f"the input {self.name} has an unknown number of axes")
        return Spec(self.shape or (None,), self.dtype)


def _make_cannot_error(port: Port, seen: str) -> Unsupported:
    step = f'Say it: --inputs "{port.ref}[?,224,224,3]".' if port.shape is None and port.dense else ""
    return Unsupported("AK3067", seen, layer=port.ref, next_step=step or "Choose another signature, or inputs behind this one.")


@dataclass(frozen=True)
class GraphSignature:
    """Inputs and outputs of a graph that a model is made of, each in the order of their names."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    constants: Mapping[str, Operand] = field(default_factory=dict)
    """What the user says placeholders are, by their tensor."""

    aside: tuple[str, ...] = ()
    """Outputs that are text, which a Keras model does not have, where there are others."""

    parsed: str = ""
    """The input whose records (``tf.train.Example``) the graph takes apart, where `inputs` are what comes out of them."""

    def as_dict(self) -> dict[str, object]:
        """The signature as plain JSON values."""
        ports = {"inputs": self.inputs, "outputs": self.outputs}
        return {"name": self.name, **{key: [port.as_dict() for port in found] for key, found in ports.items()}}


def list_signatures(graph: GraphFile) -> tuple[GraphSignature, ...]:
    """All signatures that a user may call, the usual one first; of a frozen graph what its nodes tell."""
    if graph.frozen and not graph.signatures:
        return (infer_ports(graph),)
    return tuple(_read(graph, name) for name in graph.signatures)


def _read(graph: GraphFile, name: str) -> GraphSignature:
    found = graph.meta.signatures[name]
    return GraphSignature(name, _list_ports(found.inputs), _list_ports(found.outputs))


def _list_ports(found: Mapping[str, TensorInfo]) -> tuple[Port, ...]:
    return tuple(
        Port(name, info.name, read_dtype_name(info.dtype), sizes_of(info.shape), not (len(info.sparse) or len(info.composite)))
        for name, info in sorted(found.items())
    )


def sizes_of(shape: ShapeDef | None) -> tuple[int | None, ...] | None:
    """A shape of a graph, None where it is open; None for an unknown rank."""
    if shape is None or shape.unknown_rank:
        return None
    return tuple(None if size < 0 else size for size in shape.sizes)


def choose(graph: GraphFile, selection: Selection = NOTHING) -> GraphSignature:
    """What is meant: a signature, or the tensors that were named, where those of a signature keep their names there.

    Raises MissingObject (AK3068) where there is no such signature or tensor.
    """
    base = (
        _find_signature(graph, selection.signature)
        if selection.signature or not (selection.inputs and selection.outputs)
        else None
    )
    if base is not None and not (selection.inputs or selection.outputs):
        return _take_features(graph, _drop_text(base))
    given = base or GraphSignature("", (), ())
    stated = [_FED.fullmatch(name) for name in selection.inputs]
    fed = {
        port.ref: value
        for match in stated
        if match
        for port, value in [_find_constant(graph, match[1], match[2], given.inputs)]
    }
    named = [name for name, match in zip(selection.inputs, stated, strict=True) if match is None]
    inputs = tuple(_find_named(graph, name, given.inputs) for name in named) or given.inputs
    outputs = tuple(_find_named(graph, name, given.outputs) for name in selection.outputs) or given.outputs
    return GraphSignature(given.name or "tensors", tuple(port for port in inputs if port.ref not in fed), outputs, fed)


def _drop_text(signature: GraphSignature) -> GraphSignature:
    """The outputs that are numbers, where not all are text: an Estimator gives classes as numbers and as text."""
    numbers = tuple(port for port in signature.outputs if port.dtype != "string")
    aside = tuple(port.name for port in signature.outputs if port.dtype == "string")
    return replace(signature, outputs=numbers, aside=aside) if numbers and aside else signature


def _take_features(graph: GraphFile, signature: GraphSignature) -> GraphSignature:
    """The features of records as the inputs, where all that goes in is records that one op takes apart.

    Source: ParseExample and ParseExampleV2 (tensorflow/core/ops/parsing_ops.cc, 2.21): sparse features come out first.
    """
    if len(signature.inputs) != 1 or signature.inputs[0].dtype != "string":
        return signature
    records = signature.inputs[0]
    readers = [node for node in graph.body.nodes.values() if strip(records.ref) in map(strip, node.inputs[:1])]
    if len(readers) != 1 or readers[0].op not in ("ParseExample", "ParseExampleV2"):
        return signature
    node, said = readers[0], read_attributes(readers[0], graph.part)
    sparse, types, shapes = (said.get(key, ()) for key in ("sparse_types", "Tdense", "dense_shapes"))
    keys = [_read_texts(graph, ref) for ref in node.inputs[2:]]
    if node.op == "ParseExample":
        names = [key[0] for key in keys[len(sparse) : len(sparse) + len(types)] if key]
    else:
        names = keys[1] if len(keys) > 1 else []
    if not types or not len(names) == len(types) == len(shapes):
        return signature
    known = zip(range(3 * len(sparse), 3 * len(sparse) + len(types)), names, types, shapes, strict=True)
    ports = tuple(
        Port(name, f"{node.name}:{at}", dtype, None if shape is None else (None, *(None if n < 0 else n for n in shape)))
        for at, name, dtype, shape in known
    )
    return replace(signature, inputs=tuple(sorted(ports, key=lambda port: port.name)), parsed=records.name)


def _read_texts(graph: GraphFile, ref: str) -> list[str]:
    """The texts of a constant; none of what is no constant."""
    node = graph.body.nodes.get(strip(ref))
    if node is None or node.op != "Const":
        return []
    return [text.decode("utf-8", "replace") for text in read_array(node, graph.part).reshape(-1) if isinstance(text, bytes)]


def _find_constant(graph: GraphFile, name: str, text: str, known: Sequence[Port]) -> tuple[Port, Operand]:
    """A placeholder and what it is to be: ``keep_prob=1.0``, ``size=[8, 8]``. Raises MissingObject (AK3068)."""
    port = _find_named(graph, name, known)
    try:
        return port, np.asarray(json.loads(text.lower()), port.dtype)
    except (ValueError, TypeError):
        raise MissingObject(
            "AK3068",
            f"{text[:40]!r} is no value for {name}, which is of the type {port.dtype}",
            part=graph.part,
            next_step="Give numbers, true or false, or lists of them: keep_prob=1.0.",
        ) from None


def _find_signature(graph: GraphFile, wanted: str | None) -> GraphSignature:
    known = graph.signatures
    if wanted is None and not known and graph.frozen:
        return infer_ports(graph)
    name = wanted or (known[0] if known else "")
    return _read(graph, name) if name in graph.meta.signatures else _make_missing_error(graph, name)


def _make_missing_error(graph: GraphFile, name: str) -> NoReturn:
    known = graph.signatures
    raise MissingObject(
        "AK3068",
        f"the file has no signature {name!r}" if name else "the file has no signature",
        part=graph.part,
        next_step=f"Choose one of: {', '.join(known)}." if known else "Name inputs and outputs of its graph.",
    )


def _find_named(graph: GraphFile, name: str, known: Sequence[Port]) -> Port:
    """A port of the signature by its name there, or a tensor of the graph: ``dense/BiasAdd`` or ``dense/BiasAdd:0``.

    Behind it may stand the shape, where the graph does not say it: ``image:0[?,224,224,3]``.
    """
    stated = _SHAPED.fullmatch(name)
    if stated is not None:
        sizes = tuple(int(size) if size.strip().isdigit() else None for size in stated[2].split(",") if size.strip())
        return replace(_find_named(graph, stated[1], known), shape=sizes)
    for port in known:
        if name in (port.name, port.ref, port.ref.removesuffix(":0")):
            return port
    node = graph.body.nodes.get(name.partition(":")[0])
    if node is None:
        raise MissingObject(
            "AK3068",
            f"the graph has no tensor {name!r}",
            part=graph.part,
            next_step="Look at the file with `anykeras inspect`.",
        )
    return parse_port(graph, node, name)


def parse_port(graph: GraphFile, node: NodeDef, name: str) -> Port:
    """A tensor of a node, with what the node says of it."""
    said = read_attributes(node, graph.part)
    dtype = str(said.get("dtype") or said.get("T") or "float32")
    shape = said.get("shape")
    if shape is None:
        shape = _find_noted_shape(said, name)
    if shape is None and node.op in _FED_OPS:
        shape = _infer_shape(graph, node.name)
    known = None if shape is None else tuple(None if size is None or size < 0 else size for size in shape)
    return Port(name.removesuffix(":0").replace(":", "_"), name, dtype, known)


def _infer_shape(graph: GraphFile, name: str) -> Operand:
    """The shape that the first product or convolution with constant weights takes, where a placeholder says none."""
    limits.budget().charge(len(graph.body.nodes))
    for node in graph.body.nodes.values():
        if (
            len(node.inputs) < 2
            or strip(node.inputs[0]) != name
            or node.op not in ("MatMul", "Conv2D", "DepthwiseConv2dNative")
        ):
            continue
        weights = graph.body.nodes.get(strip(node.inputs[1]))
        if weights is not None and weights.op == "Identity" and weights.inputs:
            weights = graph.body.nodes.get(strip(weights.inputs[0]))
        said = read_attributes(node, graph.part)
        if weights is None or weights.op != "Const" or said.get("transpose_a"):
            continue
        sizes = read_array(weights, graph.part).shape
        if node.op == "MatMul":
            return (None, sizes[1 if said.get("transpose_b") else 0]) if len(sizes) == 2 else None
        if len(sizes) == 4:
            return (None, sizes[2], None, None) if said.get("data_format") == "NCHW" else (None, None, None, sizes[2])
    return None


def _find_noted_shape(said: Mapping[str, Operand], name: str) -> Operand:
    """The shape that TensorFlow notes for the outputs of a node beside its attributes."""
    noted = said.get("_output_shapes")
    place = int(name.partition(":")[2] or 0) if name.partition(":")[2].isdigit() or ":" not in name else 0
    return noted[place] if isinstance(noted, tuple) and place < len(noted) else None


def infer_ports(graph: GraphFile) -> GraphSignature:
    """Inputs and outputs of a frozen graph: its placeholders, and the nodes whose outcome nobody reads."""
    nodes = graph.body.nodes
    read = {strip(ref) for node in nodes.values() for ref in node.inputs}
    inputs = [node for node in nodes.values() if node.op in _FED_OPS]
    outputs = [node for node in nodes.values() if node.name not in read and node.op not in _NO_OUTPUT]
    if not inputs or not outputs:
        _make_missing_error(graph, "")
    given, made = (tuple(parse_port(graph, node, node.name) for node in found) for found in (inputs, outputs))
    return GraphSignature("frozen", given, made)


_FED_OPS = ("Placeholder", "PlaceholderV2")
_NO_OUTPUT = (
    "Const",
    "NoOp",
    "Assert",
    "Placeholder",
    "PlaceholderV2",
    "PlaceholderWithDefault",
    "SaveV2",
    "RestoreV2",
    "Print",
)
