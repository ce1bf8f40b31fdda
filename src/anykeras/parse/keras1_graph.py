"""The Graph model of Keras 1.0.0 to 1.0.2, rewritten as the functional model that later releases would have saved.

Its configuration lists inputs, nodes and outputs by name; the layer behind a node can have another name, since
``add_output`` renames it (keras/legacy/models.py, 1.0.2).
"""

from __future__ import annotations

from collections.abc import Mapping

from ..containers.base import Json
from .reading import ParseContext, mapping, sequence, text

_DTYPES = {"float": "float32", "int": "int32"}


def is_graph(config: Json) -> bool:
    """Whether this is the configuration of such a model."""
    return isinstance(config, dict) and {"input_config", "node_config", "output_config", "nodes"} <= set(config)


def parse_graph(config: dict[str, Json], context: ParseContext) -> dict[str, Json]:
    """The same model with ``layers``, ``inbound_nodes``, ``input_layers`` and ``output_layers``. Raises Malformed."""
    return _Rewriting(config, context).run()


class _Rewriting:
    """Layers so far, and what each name of the graph stands for: ``[layer, node, tensor]``."""

    def __init__(self, config: dict[str, Json], context: ParseContext) -> None:
        self.config, self.context = config, context
        self.layers: list[Json] = []
        self.tensors: dict[str, Json] = {}
        self.nodes = mapping(config["nodes"], context, "nodes")

    def run(self) -> dict[str, Json]:
        inputs: list[Json] = [self._add_input(item) for item in self._list_items("input_config")]
        for item in self._list_items("node_config"):
            self._add_shared(item) if isinstance(item.get("layer"), dict) else self._add_node(item)
        outputs: list[Json] = [self._find_incoming(item, str(item.get("name"))) for item in self._list_items("output_config")]
        name = self.config.get("name", "graph_1")
        return {"name": name, "layers": self.layers, "input_layers": inputs, "output_layers": outputs}

    def _list_items(self, key: str) -> list[dict[str, Json]]:
        return [mapping(item, self.context, key) for item in sequence(self.config[key], self.context, key)]

    def _add(self, class_name: Json, config: dict[str, Json], nodes: list[Json]) -> str:
        name = text(config.get("name"), self.context, "name")
        self.layers.append({"name": name, "class_name": class_name, "config": config, "inbound_nodes": nodes})
        return name

    def _add_input(self, item: Mapping[str, Json]) -> Json:
        name = text(item.get("name"), self.context, "name")
        shape = item.get("batch_input_shape")
        if not isinstance(shape, list):
            shape = [None, *sequence(item.get("input_shape"), self.context, "input_shape", name)]
        dtype = str(item.get("dtype", "float"))
        config: dict[str, Json] = {
            "name": name,
            "batch_input_shape": shape,
            "input_dtype": _DTYPES.get(dtype, dtype),
        }
        self.tensors[name] = [self._add("InputLayer", config, []), 0, 0]
        return self.tensors[name]

    def _add_node(self, item: Mapping[str, Json]) -> None:
        name = text(item.get("name"), self.context, "name")
        data = mapping(self.nodes.get(name), self.context, "node", name)
        config = mapping(data.get("config"), self.context, "config", name)
        incoming = self._find_incoming(item, f"merge_inputs_for_{name}")
        self.tensors[name] = [self._add(data.get("class_name"), config, [[incoming]]), 0, 0]

    def _add_shared(self, item: Mapping[str, Json]) -> None:
        name = text(item.get("name"), self.context, "name")
        data = mapping(item.get("layer"), self.context, "layer", name)
        config = mapping(data.get("config"), self.context, "config", name)
        sources = self._sources(item)
        layer = self._add(data.get("class_name"), config, [[source] for source in sources])
        heads: list[Json] = [[layer, node, 0] for node in range(len(sources))]
        if item.get("merge_mode"):
            self.tensors[name] = self._add_merge(heads, item, name)
        for output, head in zip(sequence(item.get("outputs", []), self.context, "outputs", name), heads, strict=False):
            self.tensors[text(output, self.context, "outputs", name)] = head

    def _sources(self, item: Mapping[str, Json]) -> list[Json]:
        one = item.get("input")
        wanted = [one] if isinstance(one, str) and one else sequence(item.get("inputs"), self.context, "inputs")
        found: list[Json] = []
        for name in wanted:
            if not isinstance(name, str) or name not in self.tensors:
                raise self.context.malformed(f"{name!r} is used before it is defined, or never defined", str(item.get("name")))
            found.append(self.tensors[name])
        if not found:
            raise self.context.malformed("a node without inputs", str(item.get("name")))
        return found

    def _find_incoming(self, item: Mapping[str, Json], merged: str) -> Json:
        """What flows into a node or output: one tensor, merged where there are several."""
        sources = self._sources(item)
        return sources[0] if len(sources) == 1 else self._add_merge(sources, item, merged)

    def _add_merge(self, sources: list[Json], item: Mapping[str, Json], name: str) -> Json:
        config: dict[str, Json] = {
            "name": name,
            "mode": item.get("merge_mode", "concat"),
            "concat_axis": item.get("concat_axis", -1),
            "dot_axes": item.get("dot_axes", -1),
        }
        return [self._add("Merge", config, [sources]), 0, 0]
