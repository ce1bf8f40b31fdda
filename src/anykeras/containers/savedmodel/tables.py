"""Vocabularies, which the configuration of StringLookup, IntegerLookup and TextVectorization leaves out.

They are keys of a lookup table: constants of the function that fills it, an asset with one token a line, or (tf.keras 2.3 to
2.5) tensors of the checkpoint. Sources: keras/layers/preprocessing/index_lookup.py (2.15.0, 2.6.0), and
tensorflow/python/keras/layers/preprocessing/table_utils.py (2.4.4).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ... import limits
from ...tensors import Tensor
from ..base import Json
from ..json_text import decode_text
from ..wire import read_message
from ..wire.messages import FunctionDef, MetaGraph, NodeDef
from ..wire.messages import GraphDef as GraphMessage
from .constants import read_constant
from .files import GRAPH, Files
from .keras_objects import KerasObjects

INNER = ("_lookup_layer", "_index_lookup_layer")  # of TextVectorization (2.7 to 2.15, and before)
TABLES = ("lookup_table", "_table")  # of the lookup layers (2.5 to 2.15, and before)
IMPORT, FROM_FILE = "LookupTableImportV2", "InitializeTableFromTextFileV2"
KEYS, VALUES = "-keys", "-values"  # behind the key of a table in the checkpoint
IDF = ("idf_weights", "tf_idf_weights")

Token = str | int


def restore_vocabularies(architecture: Json, objects: KerasObjects, files: Files, graph: MetaGraph) -> None:
    """Write the vocabularies that lie elsewhere in the folder into the configurations of `architecture`, in place."""
    tables = _LookupTables(objects, files, graph)
    for config, number in _find_layers(architecture, objects, 0):
        at = _find_first(objects.children(number), INNER)
        at = number if at is None else at
        table = _find_first(objects.children(at), TABLES)
        if table is None:
            continue
        if config.get("vocabulary") is None and (vocabulary := tables.vocabulary(table, bool(config.get("invert")))):
            config["vocabulary"] = _drop_reserved(vocabulary, config)
        if "idf_weights" in config and config["idf_weights"] is None and (weights := _find_weights(objects, at)) is not None:
            config["idf_weights"] = [float(value) for value in weights.read().reshape(-1).astype("float64")]


def _drop_reserved(vocabulary: Sequence[Token], config: Mapping[str, Json]) -> list[Json]:
    """The tokens without those for what is masked and what is unknown, of which a table may begin with one or both."""
    reserved = [
        config.get("mask_token", config.get("mask_value", "")),
        config.get("oov_token", config.get("oov_value", "[UNK]")),
    ]
    first = list(vocabulary[:2])
    while first and first[0] in reserved:
        reserved.remove(first.pop(0))
    return [*first, *vocabulary[2:]]


def _find_layers(model: Json, objects: KerasObjects, number: int) -> Iterator[tuple[dict[str, Json], int]]:
    """The configuration of each layer, those of nested models included, with the number of its object."""
    config = model.get("config") if isinstance(model, dict) else None
    listed = config.get("layers") if isinstance(config, dict) else None
    named = {_find_name(layer): layer for layer in listed if isinstance(layer, dict)} if isinstance(listed, list) else {}
    for child in objects.layers(number):
        layer = named.get(objects.metadata(child).get("name"))
        if layer is None:
            continue
        inner = layer.get("config")
        if isinstance(inner, dict) and "layers" in inner:
            yield from _find_layers(layer, objects, child)
        elif isinstance(inner, dict):
            yield inner, child


def _find_first(children: Mapping[str, int], names: Sequence[str]) -> int | None:
    return next((children[name] for name in names if name in children), None)


def _find_name(layer: dict[str, Json]) -> Json:
    config = layer.get("config")
    return layer.get("name") or (config.get("name") if isinstance(config, dict) else None)


def _find_weights(objects: KerasObjects, number: int) -> Tensor | None:
    children = objects.children(number)
    found = (objects.variable(children[name]) for name in IDF if name in children)
    return next((pair[1] for pair in found if pair is not None), None)


@dataclass(frozen=True)
class _LookupTables:
    """Where the contents of lookup tables are found."""

    objects: KerasObjects
    files: Files
    graph: MetaGraph

    def vocabulary(self, table: int, inverse: bool) -> Sequence[Token] | None:
        """The tokens in the order of their indices; `inverse` where the table goes from indices to tokens."""
        found = self._from_function(table) or self._from_checkpoint(table)
        if found is None:
            return None
        keys, values = found[::-1] if inverse else found
        limits.budget().charge(len(keys))
        return [token for _, token in sorted(zip(values, keys, strict=False), key=lambda pair: pair[0])]

    def _from_checkpoint(self, table: int) -> tuple[list[Token], list[Token]] | None:
        """A table that could grow keeps its keys and values as tensors."""
        pair = self.objects.pairs.get(table)
        if pair is None:
            return None
        bundle = self.objects.bundle
        for value in self.objects.tracked[pair].values:
            names = [value.key.removesuffix(KEYS) + ending for ending in (KEYS, VALUES)]
            if all(name in bundle.entries for name in names):
                keys, values = (_list_tokens(bundle.tensor(name).read().reshape(-1).tolist()) for name in names)
                return keys, values
        return None

    def _from_function(self, table: int) -> tuple[list[Token], list[Token]] | None:
        """A table that is filled once, by a function of its own."""
        children = self.objects.children(table)
        held = self.objects.nodes[children["_initialize"]].function if "_initialize" in children else None
        for name in held.concrete if held is not None else ():
            function = self._functions.get(name)
            for node in _list_nodes(function, name):
                if node.op == IMPORT and len(node.inputs) >= 3:
                    keys, values = (self._constant(function, name, given) for given in node.inputs[1:3])
                    if keys is not None and values is not None:
                        return _list_tokens(keys), _list_tokens(values)
                if node.op == FROM_FILE and len(node.inputs) >= 2:
                    lines = self._lines(function, name, node.inputs[1])
                    return (lines, list(range(len(lines)))) if lines is not None else None
        return None

    @functools.cached_property
    def _functions(self) -> Mapping[str, FunctionDef]:
        library = self._main.library
        read = [read_message(FunctionDef, data, GRAPH) for data in (library.functions if library is not None else ())]
        return {function.signature.name: function for function in read if function.signature is not None}

    @functools.cached_property
    def _main(self) -> GraphMessage:
        return read_message(GraphMessage, self.graph.graph, GRAPH)

    def _capture(self, function: FunctionDef | None, name: str, reference: str) -> int | None:
        """The number of the object that an argument of a function is bound to."""
        known = self.graph.objects.functions.get(name) if self.graph.objects is not None else None
        if function is None or function.signature is None or known is None:
            return None
        arguments = [argument.name for argument in function.signature.inputs]
        at = arguments.index(reference) if reference in arguments else -1
        # what a function captures stands behind its own arguments, of which one that fills a table has none
        number = known.captures[at] if 0 <= at < len(known.captures) else -1
        return number if 0 <= number < len(self.objects.nodes) else None

    def _constant(self, function: FunctionDef | None, name: str, reference: str) -> list[object] | None:
        """The values that a node of a function reads: a constant of it, or of the graph where the function captures it."""
        at = reference.partition(":")[0]
        number = self._capture(function, name, at)
        if number is not None:
            constant = self.objects.nodes[number].constant
            return self._find(self._main.nodes, constant.operation) if constant is not None else None
        return self._find(function.nodes if function is not None else (), at)

    def _find(self, nodes: Sequence[memoryview], name: str) -> list[object] | None:
        for data in nodes:
            node = read_message(NodeDef, data, GRAPH)
            if node.name == name and node.op == "Const" and "value" in node.attributes:
                return read_constant(node, GRAPH)
        return None

    def _lines(self, function: FunctionDef | None, name: str, reference: str) -> list[Token] | None:
        """The lines of a text file among the assets, of which the label must be a plain name."""
        number = self._capture(function, name, reference.partition(":")[0])
        asset = self.objects.nodes[number].asset if number is not None else None
        if asset is None or not 0 <= asset.index < len(self.graph.assets):
            return None
        label = self.graph.assets[asset.index].filename
        if not label or label in (".", "..") or "/" in label or "\\" in label:
            return None
        path, bound = f"assets/{label}", limits.current().config_bytes
        return list(decode_text(self.files.open(path, bound).whole(bound, path), path).splitlines())


def _list_nodes(function: FunctionDef | None, name: str) -> Iterator[NodeDef]:
    for data in function.nodes if function is not None else ():
        yield read_message(NodeDef, data, name)


def _list_tokens(values: Sequence[object]) -> list[Token]:
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values)
    return [text for text in texts if isinstance(text, str | int)]
