"""Shapes of what noted calls give: found on the way that every file goes, for a model of that one call."""

from __future__ import annotations

from .. import custom, migrations, parse, recovery
from ..catalog.shapes import UNKNOWN, Spec, infer
from ..containers.base import Json, Match, Raw
from ..document.model import Document, Era, Layer, Ref, Writer, refs
from ..errors import AnyKerasError
from ..keras_private import forget_calls
from .architecture import write_call
from .layers import RecordedLayer
from .models import RecordedModel
from .tensors import Node, Recording


def find_outcomes(node: Node) -> list[Spec]:
    """Shape and dtype of everything that a call gives; empty where they cannot be found."""
    if isinstance(node.layer, RecordedModel):
        return [Spec(tuple(tensor.raw.shape), str(tensor.raw.dtype)) for tensor in node.layer.outputs]
    if not node.args:
        config = node.layer.config
        dtype = config.get("dtype") or config.get("input_dtype") or "float32"
        return [Spec(node.layer.batch_input_shape, str(getattr(dtype, "name", dtype)))]
    if node.layer.class_name == "BatchNormalization":
        raw = node.tensors[0].raw
        return [Spec(tuple(raw.shape), str(raw.dtype))]
    inner = node.layer.config.get("layer") if isinstance(node.layer, RecordedLayer) else None
    if node.layer.class_name == "TimeDistributed" and isinstance(inner, RecordedModel) and inner.is_built:
        steps = tuple(node.tensors[0].raw.shape)[:2]
        return [Spec((*steps, *tuple(tensor.raw.shape)[1:]), str(tensor.raw.dtype)) for tensor in inner.outputs]
    document = parse_record(write_call(node), node.recorder.writer, custom_objects_of(node.recorder))
    passed = custom_objects_of(node.recorder)
    try:
        migrated, _ = migrations.migrate(document)
        prepared = custom.prepare(migrated, passed, False)
        objects = custom.list_objects_for_code(passed.objects)
        model = recovery.recover(prepared.document, objects, custom.Tracer(passed, False)).document.model
    except AnyKerasError:
        return []
    found = _outcomes(model, node.layer.name)
    return found if all(spec.shape is not None for spec in found) else _run_live(node)


def _run_live(node: Node) -> list[Spec]:
    """What the live layer says, for a wrapper around a class of the program's."""
    recorder = node.recorder
    inner = node.layer.config.get("layer") if isinstance(node.layer, RecordedLayer) else None
    if not isinstance(inner, recorder.runtime.keras.layers.Layer):
        return []
    live = node.layer.realize()
    with recorder.runtime.keras_code():
        outputs = live(*recorder.runtime.unwrap(node.args))
    forget_calls(live)
    return [Spec(tuple(item.shape), str(item.dtype)) for item in (outputs if isinstance(outputs, list | tuple) else [outputs])]


def _outcomes(model: Layer, name: str) -> list[Spec]:
    assert model.graph is not None
    specs = infer(model)
    found = [specs.get(ref, UNKNOWN) for ref in refs(model.graph.outputs)][:1]
    number = 1
    while (ref := Ref(name, 0, number)) in specs:
        found.append(specs[ref])
        number += 1
    return found


def parse_record(architecture: Json, writer: Writer, passed: custom.CustomObjects) -> Document:
    """The document of an architecture that a program left."""
    at = Writer(Era.KERAS1, "keras", "1.0.8", writer.backend) if writer.era is Era.KERAS0 else writer
    raw = Raw(Match("python source", "", "noted down"), architecture=architecture, part="source")
    return parse.parse(raw, at, custom.find_namesakes(passed, at))


def custom_objects_of(recorder: Recording) -> custom.CustomObjects:
    """The functions and classes of the program, by the names of its architecture."""
    return custom.CustomObjects(recorder.custom_objects())
