"""A model as boxes and arrows: plain values, which the page lays out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..catalog.shapes import Spec, infer
from ..document.graph import iterate_steps, list_inputs, list_outputs, list_refs
from ..document.model import Layer, Ref
from ..errors import AnyKerasError

Drawing = dict[str, Any]


def draw(model: Layer) -> Drawing:
    """The boxes of a model, nested models inside theirs, and its arrows with the shapes that go along them.

    A box has `id` (unique in the page), `name`, `class`, `address`, for a model `inside`, the drawing of its graph, and where
    no arrow begins at it `shape`, which leaves it.
    An arrow is (from, to, shape); `in` and `out` are the boxes at which arrows from outside begin and end.
    """
    return _Pen().graph(model, "m")


def list_graph(model: Layer) -> Iterator[tuple[int, str, str, str, tuple[str, ...]]]:
    """(depth, name, class, shape that leaves it, where its inputs come from unless it is the line above) of every box."""
    if model.graph is not None:
        yield from _list(draw(model), 0)


def _list(drawing: Drawing, depth: int) -> Iterator[tuple[int, str, str, str, tuple[str, ...]]]:
    names = {box["id"]: box["name"] for box in drawing["boxes"]}
    before: dict[str, list[str]] = {}
    shapes: dict[str, str] = {}
    for start, end, shape in drawing["arrows"]:
        before.setdefault(end, []).append(start)
        shapes.setdefault(start, shape)
    above = None
    for box in drawing["boxes"]:
        sources = before.get(box["id"], [])
        said = () if sources == [above] else tuple(names[source] for source in sources)
        yield depth, box["name"], box["class"], shapes.get(box["id"], box.get("shape", "")), said
        if "inside" in box:
            yield from _list(box["inside"], depth + 1)
        above = box["id"]


class _Pen:
    def graph(self, model: Layer, prefix: str) -> Drawing:
        graph = model.graph
        assert graph is not None
        specs = _infer(model)
        ids = {layer.name: f"{prefix}.{number}" for number, layer in enumerate(graph.layers)}
        boxes = [self._box(layer, ids[layer.name]) for layer in graph.layers]
        arrows: dict[tuple[str, str], str] = {}
        for layer, _, call in iterate_steps(graph):
            for ref in list_refs((call.args, call.kwargs)):
                if ref.layer in ids:
                    arrows.setdefault((ids[ref.layer], ids[layer.name]), _spell(specs.get(ref)))
        begun = {start for start, _ in arrows}
        last = {ids[ref.layer]: _spell(specs.get(ref)) for ref in list_refs(list_outputs(graph)) if ref.layer in ids}
        for box in boxes:
            if box["id"] in last and box["id"] not in begun:
                box["shape"] = last[box["id"]]
        ends = list(last)
        starts = [ids[ref.layer] for ref in list_inputs(graph) if ref.layer in ids]
        if not starts and boxes:
            starts = [boxes[0]["id"]]
        return {"boxes": boxes, "arrows": [[*pair, shape] for pair, shape in arrows.items()], "in": starts, "out": ends}

    def _box(self, layer: Layer, number: str) -> dict[str, Any]:
        inner = layer.config.get("layer")
        wraps = f"({inner.class_name})" if isinstance(inner, Layer) else ""
        box: dict[str, Any] = {
            "id": number,
            "name": layer.name,
            "class": layer.class_name + wraps,
            "address": layer.address or layer.name,
        }
        if layer.operation:
            box["operation"] = True
        return {**box, "inside": self.graph(layer, number)} if layer.graph is not None else box


def _infer(model: Layer) -> Mapping[Ref, Spec]:
    """Shapes, as far as they can be found; a drawing is worth having without."""
    try:
        return infer(model)
    except AnyKerasError:
        return {}


def _spell(spec: Spec | None) -> str:
    if spec is None or spec.shape is None:
        return ""
    return "×".join("?" if size is None else str(size) for size in spec.shape[1:])
