"""Write what TensorFlow's own registry says of every op that route G reads: names of outputs, defaults of attributes.

    python scripts/make_tensorflow_ops.py        # needs TensorFlow; writes src/anykeras/graphs/registry.json

An attribute that equals its default is left out of a saved graph, so the defaults are facts of the file format.
"""

from __future__ import annotations

import json
from pathlib import Path

from tensorflow.core.framework import attr_value_pb2, types_pb2
from tensorflow.python.framework import op_def_registry

from anykeras.graphs.ops import list_supported

OUT = Path(__file__).parents[1] / "src" / "anykeras" / "graphs" / "registry.json"


def plain(value: attr_value_pb2.AttrValue) -> object:
    """A default as a JSON value; types by name, shapes as lists."""
    kind = value.WhichOneof("value")
    if kind == "list":
        items = value.list
        found = [*items.s, *items.i, *items.f, *items.b, *items.type]
        return [item.decode() if isinstance(item, bytes) else item for item in found]
    if kind == "s":
        return value.s.decode("utf-8", "replace")
    if kind == "type":
        return types_pb2.DataType.Name(value.type)
    if kind == "shape":
        return None if value.shape.unknown_rank else [dim.size for dim in value.shape.dim]
    if kind in ("i", "f", "b"):
        return getattr(value, kind)
    return None


def output(argument: object) -> str:
    """The name of an output; behind a star the attribute that says how many tensors it is."""
    many = argument.number_attr or argument.type_list_attr  # type: ignore[attr-defined]
    return f"{argument.name}*{many}" if many else argument.name  # type: ignore[attr-defined,no-any-return]


def describe(name: str) -> dict[str, object]:
    """One op: its outputs, and the attributes that have a default."""
    definition = op_def_registry.get(name)
    defaults = {
        attribute.name: plain(attribute.default_value)
        for attribute in definition.attr
        if attribute.HasField("default_value") and not attribute.name.startswith("_")
    }
    return {"outputs": [output(argument) for argument in definition.output_arg], **({"defaults": defaults} if defaults else {})}


def main() -> None:
    """Write the table."""
    known = [name for name in sorted(list_supported()) if op_def_registry.get(name) is not None]
    lines = [f' "{name}": {json.dumps(describe(name))}' for name in known]
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf8")


if __name__ == "__main__":
    main()
