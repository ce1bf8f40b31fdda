"""Architectures of Keras 0.1 to 0.3: flat objects in which ``name`` is the class and ``custom_name`` the name.

The layout is that of ``Layer.get_config`` and of the containers in Keras 0.3.3 (keras/layers/core.py,
keras/layers/containers.py, read back by keras/utils/layer_utils.py). Names repeat in these files (every Dense is called
``dense``), so repeated ones are numbered here. A Graph becomes a functional model; a Siamese node a shared layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..containers.base import Json
from ..containers.config_text.yaml.values import NAME_KEY
from ..document.edit import UniqueNames
from ..document.model import Call, Code, Config, Graph, Layer, Ref, Value
from .graph import check_refs
from .reading import ParseContext, mapping, number, plain, sequence, text

_DTYPES = {"float": "float32", "int": "int32"}  # Graph.add_input, keras/layers/containers.py


def parse_model(data: dict[str, Json], context: ParseContext) -> Layer:
    """The Sequential or Graph of a file, with everything in it. Raises Malformed, LimitExceeded."""
    return _parse_layer(data, context, UniqueNames(), "")


def _parse_layer(data: dict[str, Json], context: ParseContext, names: UniqueNames, address: str, wanted: str = "") -> Layer:
    """`wanted` is the name that the surrounding graph calls the layer by."""
    context.count_layer()
    class_name = text(data.get("name"), context, "name")
    custom = data.get("custom_name")
    name = names.claim(wanted or (custom if isinstance(custom, str) and custom else class_name.lower()))
    source = _LayerSource(data, class_name, name, context, names, f"{address}/{name}" if address else name)
    context.enter()
    layer = _KINDS.get(class_name, _parse_plain_layer)(source)
    context.leave()
    return layer


@dataclass(frozen=True)
class _LayerSource:
    """One layer being read."""

    data: dict[str, Json]
    class_name: str
    name: str
    context: ParseContext
    names: UniqueNames
    address: str

    def layer(self, config: Config, graph: Graph | None = None, class_name: str = "") -> Layer:
        return Layer(class_name or self.class_name, self.name, config, graph=graph, address=self.address)

    def config(self, *without: str) -> dict[str, Value]:
        """The arguments as they stand: all but the names, the cache switch and what is read apart."""
        left_out = {"name", "custom_name", "cache_enabled", *without}
        return {key: _parse_config_value(value) for key, value in self.data.items() if key not in left_out}

    def inner(self, value: Json, wanted: str = "") -> Layer:
        data = mapping(value, self.context, "layer", self.name)
        return _parse_layer(data, self.context, self.names, self.address, wanted)

    def inners(self, key: str) -> tuple[Layer, ...]:
        return tuple(self.inner(item) for item in sequence(self.data.get(key), self.context, key, self.name))


def _parse_config_value(value: Json) -> Value:
    """A value as it stands. Of a Lambda's function there is the name alone, in YAML; JSON could not hold it."""
    if isinstance(value, dict) and isinstance(name := value.get(NAME_KEY), str):
        module, _, function = name.rpartition(".")
        return Code(function, "function", module)
    return plain(value)


def _parse_plain_layer(source: _LayerSource) -> Layer:
    return source.layer(source.config())


def _parse_sequential(source: _LayerSource) -> Layer:
    return source.layer({}, Graph(source.inners("layers"), sequential=True))


def _merge(source: _LayerSource) -> Layer:
    return source.layer({**source.config("layers"), "layers": source.inners("layers")})


def _parse_wrapper(source: _LayerSource) -> Layer:
    return source.layer({**source.config("layer"), "layer": source.inner(source.data.get("layer"))})


def _parse_autoencoder(source: _LayerSource) -> Layer:
    encoder, decoder = (source.inner(source.data.get(key)) for key in ("encoder_config", "decoder_config"))
    rest = source.config("encoder_config", "decoder_config")
    return source.layer({**rest, "encoder": encoder, "decoder": decoder})


def _parse_graph(source: _LayerSource) -> Layer:
    return source.layer({}, _GraphReader(source).read(), "Functional")


_KINDS: Mapping[str, Callable[[_LayerSource], Layer]] = {
    "Sequential": _parse_sequential,
    "Graph": _parse_graph,
    "Merge": _merge,
    "TimeDistributed": _parse_wrapper,
    "AutoEncoder": _parse_autoencoder,
}


def _unwrap_single(ends: list[Ref]) -> Value:
    """One tensor stands by itself, several in a tuple."""
    return ends[0] if len(ends) == 1 else tuple(ends)


class _GraphReader:
    """One Graph: its inputs, nodes and outputs, in the order in which they were added."""

    def __init__(self, source: _LayerSource) -> None:
        self.source, self.context = source, source.context
        self.layers: list[Layer] = []
        self.calls: dict[str, tuple[Call, ...]] = {}
        self.refs: dict[str, tuple[Ref, ...]] = {}  # several for a Siamese node, whose heads are apart

    def read(self) -> Graph:
        inputs = [self._input(item) for item in self._list_items("input_config")]
        nodes = mapping(self.source.data.get("nodes", {}), self.context, "nodes", self.source.name)
        for item in self._list_items("node_config"):
            self._node(item, nodes)
        outputs = [self._find_incoming(item)[0] for item in self._list_items("output_config")]
        graph = Graph(tuple(self.layers), self.calls, _unwrap_single(inputs), _unwrap_single(outputs))
        return check_refs(graph, self.context)

    def _list_items(self, key: str) -> list[dict[str, Json]]:
        found = [mapping(item, self.context, key) for item in sequence(self.source.data.get(key), self.context, key)]
        order = self.source.data.get(key.replace("_config", "_order"))
        if isinstance(order, list) and sorted(map(str, order)) == sorted(str(item.get("name")) for item in found):
            found.sort(key=lambda item: order.index(item.get("name")))
        return found

    def _add(self, layer: Layer, *calls: Call) -> tuple[Ref, ...]:
        self.layers.append(layer)
        self.calls[layer.name] = calls
        return tuple(Ref(layer.name, node) for node in range(len(calls)))

    def _input(self, item: Mapping[str, Json]) -> Ref:
        name = text(item.get("name"), self.context, "name")
        shape = item.get("batch_input_shape")
        if not isinstance(shape, list):
            shape = [None, *sequence(item.get("input_shape"), self.context, "input_shape", name)]
        dtype = _DTYPES.get(str(item.get("dtype", "float")), str(item.get("dtype")))
        config: Config = {"batch_input_shape": plain(shape), "input_dtype": dtype}
        layer = Layer("InputLayer", self.source.names.claim(name), config, address=f"{self.source.address}/{name}")
        self.refs[name] = self._add(layer, Call())
        return self.refs[name][0]

    def _node(self, item: Mapping[str, Json], nodes: Mapping[str, Json]) -> None:
        name = text(item.get("name"), self.context, "name")
        data = mapping(nodes.get(name), self.context, "node", name)
        kind = data.get("name")
        if kind == "SiameseHead":
            self.refs[name] = (self._head(item, data, name),)
        elif kind == "Siamese":
            layer = self.source.inner(data.get("layer"), name)
            heads = self._add(layer, *(Call((ref,)) for ref in self._sources(item)))
            self.refs[name] = (self._add_merge(heads, item, name),) if item.get("merge_mode") else heads
        else:
            incoming = self._find_incoming(item)
            layer = self.source.inner(data, name)
            self.refs[name] = self._add(layer, *(Call((ref,)) for ref in incoming))

    def _head(self, item: Mapping[str, Json], data: Mapping[str, Json], name: str) -> Ref:
        heads = self._sources(item)
        head = number(data.get("head"), self.context, "head", name)
        if head >= len(heads):
            raise self.context.malformed(f"head {head} of a layer that is shared by {len(heads)}", name)
        return heads[head]

    def _sources(self, item: Mapping[str, Json]) -> tuple[Ref, ...]:
        one, several = item.get("input"), item.get("inputs") or []
        wanted = [one] if isinstance(one, str) and one else sequence(several, self.context, "inputs")
        found: list[Ref] = []
        for name in wanted:
            if not isinstance(name, str) or name not in self.refs:
                raise self.context.malformed(f"{name!r} is used before it is defined, or never defined", str(item.get("name")))
            found += self.refs[name]
        return tuple(found)

    def _find_incoming(self, item: Mapping[str, Json]) -> tuple[Ref, ...]:
        """What flows into a node or output: one tensor, merged where there are several."""
        name = text(item.get("name"), self.context, "name")
        sources = self._sources(item)
        if not sources:
            raise self.context.malformed("a node without inputs", name)
        return sources if len(sources) == 1 else (self._add_merge(sources, item, name),)

    def _add_merge(self, sources: tuple[Ref, ...], item: Mapping[str, Json], name: str) -> Ref:
        config: Config = {
            "mode": plain(item.get("merge_mode", "concat")),
            "concat_axis": plain(item.get("concat_axis", -1)),
            "dot_axes": plain(item.get("dot_axes", -1)),
        }
        layer = Layer("Merge", self.source.names.claim(f"{name}_merge"), config, address=f"{self.source.address}/{name}")
        return self._add(layer, Call((sources,)))[0]
