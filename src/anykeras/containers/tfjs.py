"""TensorFlow.js models: model.json with the configuration of Keras or a graph of operations, and files of weights beside it.

Sources: ``io/types.ts``, ``io/io_utils.ts`` (tfjs-core 4.22.0), ``models.ts`` and ``engine/container.ts`` (tfjs-layers 4.22.0),
``write_weights.py`` and ``quantization.py`` (tensorflowjs 3.18.0). The shards of a group are one after the other its weights.
"""

from __future__ import annotations

import bisect
import itertools
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .. import limits
from ..errors import Malformed, Unsupported
from ..tensors import Array, Tensor
from .base import Json, Match, NamedWeights, Raw, WeightGroup
from .folder import DiskFolder, Folder
from .json_text import decode_text, parse_json
from .source import ByteSource

MODEL = "model.json"
MARK = re.compile(rb'\A\s*\{.{0,65536}?"(?:modelTopology|weightsManifest)"\s*:', re.DOTALL)
DTYPES = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "bool": "?", "complex64": "<c8"}
FOLLOWED = "2.2.4"
"""The Keras that the layers of TensorFlow.js follow: its words, with GRU as before `reset_after`."""


class TensorFlowJS:
    """What ``tensorflowjs_converter``, ``tfjs.converters.save_keras_model`` and ``model.save`` of TensorFlow.js write."""

    name = "tfjs"

    def match(self, path: str, head: bytes) -> str | None:
        """By the keys of model.json, given itself or in a folder."""
        if not os.path.isdir(path):
            return "JSON with the keys of TensorFlow.js" if MARK.match(head) else None
        return f"{MODEL} of TensorFlow.js in a folder" if holds_model(DiskFolder(path)) else None

    def read(self, match: Match) -> Raw:
        """Configuration or graph, and weights. Raises NotAModel (AK1153 for missing files), Malformed."""
        folder, name = match.folder, MODEL
        if folder is None and os.path.isdir(match.path):
            folder = DiskFolder(match.path)
        elif folder is None:
            root, name = os.path.split(match.path)
            folder = DiskFolder(root or ".")
        bound = limits.current().config_bytes
        notes: list[str] = []
        text = decode_text(folder.open(name, bound).whole(bound, name), name)
        return _read_model(parse_json(text, name, notes), folder, match, notes)


def holds_model(folder: Folder) -> bool:
    """Whether model.json of the folder is one of TensorFlow.js."""
    size = folder.size(MODEL)
    return size is not None and bool(MARK.match(folder.open(MODEL, max(size, 1)).read(0, 1 << 17)))


def _read_model(model: Json, folder: Folder, match: Match, notes: list[str]) -> Raw:
    topology = model.get("modelTopology") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(topology, dict) or not topology:
        raise _make_contradiction_error("there is no modelTopology", MODEL)
    if model.get("format") == "graph-model" or "node" in topology:
        if not topology.get("node"):
            raise _make_contradiction_error("the graph has no operations", MODEL)
        from .tfjs_graph import read_graph_model  # loaded only where there is a graph

        constants = dict(_read_weights(model.get("weightsManifest"), folder))
        graph = read_graph_model(model, constants, match.path)
        return Raw(match, part=MODEL, attributes={"backend": "tensorflow"}, graph=graph, notes=tuple(notes))
    written = topology.get("model_config", topology)
    architecture: Json = written if isinstance(written, dict) else topology
    stamp = topology.get("keras_version")
    own = isinstance(stamp, str) and stamp.startswith("tfjs")
    if own:
        notes.append(f"written by {stamp}, whose layers are those of Keras 2")
        architecture = {key: value for key, value in topology.items() if key not in ("keras_version", "backend")}
    version = FOLLOWED if own else stamp
    stamps = {"backend": "tensorflow", **({"keras_version": version} if isinstance(version, str) else {})}
    found = list(_read_weights(model.get("weightsManifest"), folder))
    training = topology.get("training_config", model.get("trainingConfig"))
    weights = _group(found, architecture) if found else None
    return Raw(match, architecture, MODEL, stamps, weights, training, notes=tuple(notes))


def _read_weights(manifest: Json, folder: Folder) -> Iterator[tuple[str, Tensor]]:
    """Name and tensor of every weight that is not an optimizer's."""
    from .checkpoint.container import open_part  # loaded only where weights are read

    met: set[str] = set()
    for group in _read_objects(manifest, "weightsManifest"):
        paths = group.get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise _make_contradiction_error("paths of weights are no texts", MODEL)
        names = [_check_path(str(path)) for path in paths]
        before = len(met)
        met.update(names)
        if len(met) != before + len(names):
            raise _make_contradiction_error("a file of weights is named twice", MODEL)
        source = _join([open_part(folder, name, limits.current().tensor_bytes) for name in names])
        at = 0
        for weight in _read_objects(group.get("weights"), "weights"):
            name, tensor, size = _read_tensor(weight, source, at)
            at += size
            if weight.get("group") != "optimizer":
                yield name, tensor
        if at != source.size:
            raise _make_contradiction_error(f"the weights take {at:,} bytes, and their files have {source.size:,}", MODEL)


def _read_objects(value: Json, where: str) -> list[dict[str, Json]]:
    items = value if isinstance(value, list) else []
    limits.budget().charge(8 * len(items))
    found = [item for item in items if isinstance(item, dict)]
    if value is not None and (not isinstance(value, list) or len(found) != len(items)):
        raise _make_contradiction_error(f"{where} is no list of objects", MODEL)
    return found


def _check_path(path: str) -> str:
    """A path below the folder. Raises Malformed (AK1111)."""
    pieces = [piece for piece in path.split("/") if piece != "."]
    if not pieces or any(piece in ("", "..") or "\\" in piece or ":" in piece or "\0" in piece for piece in pieces):
        raise Malformed(
            "AK1111",
            f"the path {path[:80]!r} of weights leads out of the folder",
            part=MODEL,
            next_step="Download the files of weights into the folder of model.json, and name them there.",
        )
    return "/".join(pieces)


def _join(parts: Sequence[ByteSource]) -> ByteSource:
    """Several files as one."""
    if len(parts) == 1:
        return parts[0]
    ends = list(itertools.accumulate(part.size for part in parts))

    def fetch(start: int, count: int) -> bytes:
        found = []
        for number in range(bisect.bisect_right(ends, start), len(parts)):
            inside = start - (ends[number] - parts[number].size)
            found.append(parts[number].read(inside, count))
            start, count = start + len(found[-1]), count - len(found[-1])
            if count <= 0:
                break
        return b"".join(found)

    return ByteSource(MODEL, ends[-1] if ends else 0, fetch)


def _read_tensor(weight: dict[str, Json], source: ByteSource, at: int) -> tuple[str, Tensor, int]:
    """Name and tensor of a weight that begins at `at`, and how many bytes it takes."""
    name, shape, dtype = weight.get("name"), weight.get("shape"), weight.get("dtype")
    sizes = [size for size in (shape if isinstance(shape, list) else []) if type(size) is int and size >= 0]
    if not isinstance(name, str) or sizes != shape or len(sizes) > limits.current().tensor_rank:
        raise _make_contradiction_error(f"the weight {str(name)[:80]!r} has no name or shape", MODEL)
    packed = weight.get("quantization")
    stored = packed.get("dtype") if isinstance(packed, dict) else dtype
    if dtype not in ("float32", "int32", "bool", "complex64") or stored not in DTYPES:
        raise Unsupported("AK1151", f"the weight {name!r} is of the kind {dtype} ({stored})", part=MODEL, key=name)
    size = math.prod(sizes) * np.dtype(DTYPES[str(stored)]).itemsize
    if at + size > source.size:
        raise _make_contradiction_error(f"the files of weights end before {name!r}", MODEL)

    def load() -> Array:
        data = source.exactly(at, size, name)
        return _unpack(np.frombuffer(data, DTYPES[str(stored)]).reshape(sizes), packed, str(dtype), name)

    return name, Tensor(tuple(sizes), str(dtype), name, load), size


def _unpack(stored: Array, packed: Json, dtype: str, name: str) -> Array:
    """Quantized numbers as TensorFlow.js reads them: ``value * scale + min``, rounded where they are whole numbers."""
    if not isinstance(packed, dict):
        return stored
    scale, least = packed.get("scale"), packed.get("min")
    if stored.dtype == np.float16:
        return stored.astype(dtype)
    if not isinstance(scale, int | float) or not isinstance(least, int | float):
        raise _make_contradiction_error(f"the quantized weight {name!r} has no scale or min", MODEL)
    values = stored.astype("float64") * scale + least
    return (np.floor(values + 0.5) if dtype == "int32" else values).astype(dtype)


def _group(found: Sequence[tuple[str, Tensor]], architecture: Json) -> NamedWeights:
    """The weights by layer: the name of a weight holds that of its layer. Raises Malformed (AK1206) where it does not."""
    tops = list(_list_top_layers(architecture))
    groups: dict[str, list[tuple[str, Tensor]]] = {name: [] for name, _ in tops}
    owners: dict[str, list[str]] = {}
    for name, inside in tops:
        for inner in dict.fromkeys((name, *inside)):
            owners.setdefault(inner, []).append(name)
    for name, tensor in found:
        pieces = name.split("/")[:-1]
        scopes = ["/".join(pieces[: len(pieces) - cut]) for cut in range(len(pieces))][::-1]  # names may hold slashes
        held = next((owners[scope] for scope in (*scopes, *pieces) if scope in owners), [])
        if len(held) != 1:
            why = "belongs to no layer" if not held else f"may belong to {' or '.join(held[:3])}"
            raise Malformed("AK1206", f"the weight {name!r} {why}", part=MODEL, layer=name)
        groups[held[0]].append((name, replace(tensor, origin=name)))
    return NamedWeights(tuple(WeightGroup(name, tuple(weights)) for name, weights in groups.items()))


def _list_top_layers(architecture: Json) -> Iterator[tuple[str, list[str]]]:
    """The name of each layer of the model, and the names of layers inside it."""
    config = architecture.get("config") if isinstance(architecture, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config  # of a Sequential, a list up to Keras 2.2
    for layer in layers if isinstance(layers, list) else []:
        inner = layer.get("config") if isinstance(layer, dict) else None
        if isinstance(layer, dict) and isinstance(inner, dict):
            name = inner.get("name") or layer.get("name")
            yield str(name), list(_list_names_inside(inner))


def _list_names_inside(value: Json) -> Iterator[str]:
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        limits.budget().charge(1)
        if isinstance(item, dict):
            if isinstance(item.get("name"), str) and "class_name" not in item:
                yield str(item["name"])
            stack += item.values()
        elif isinstance(item, list):
            stack += item


def _make_contradiction_error(seen: str, part: str) -> Malformed:
    return Malformed("AK1158", seen, part=part, next_step="Export the model again with tensorflowjs_converter or model.save().")
