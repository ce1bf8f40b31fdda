"""Documents around functions of this Python, spelled as Keras spells them."""

from __future__ import annotations

import base64
import marshal
from collections.abc import Callable
from types import FunctionType
from typing import Any

from anykeras.document.build import Builder
from anykeras.document.model import Code, Document, Era, Layer, Writer
from anykeras.recovery import Recovery, recover
from anykeras.recovery.readable import write_text

WRITER = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow", "channels_last")


def stored(function: Callable[..., Any]) -> Code:
    """``[code, defaults, closure]`` as ``func_dump`` of Keras writes it."""
    assert isinstance(function, FunctionType)
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    closure = tuple(cell.cell_contents for cell in function.__closure__) if function.__closure__ else None
    return Code((code, function.__defaults__, closure), "lambda")


def document(function: Callable[..., Any], *shapes: tuple[int | None, ...], writer: Writer = WRITER, **config: Any) -> Document:
    """A model of inputs of these shapes (without the batch) and a Lambda on them."""
    build = Builder("model")
    inputs = [build.input(shape, name=f"in{i}") for i, shape in enumerate(shapes or ((4,),))]
    layer = Layer("Lambda", "own", {"function": stored(function), **config}, address="model/own")
    outcome = build.add(layer, inputs[0] if len(inputs) == 1 else tuple(inputs))
    return Document(build.finish(outcome), writer, Era.KERAS3)


def recovered(function: Callable[..., Any], *shapes: tuple[int | None, ...], **options: Any) -> Recovery:
    """What becomes of such a model."""
    objects = options.pop("objects", None)
    return recover(document(function, *shapes, **options), objects)


def own(found: Recovery) -> Layer:
    """What stands where the Lambda stood."""
    graph = found.document.model.graph
    assert graph is not None
    return graph.layer("own")


def graph_text(function: Callable[..., Any], *shapes: tuple[int | None, ...], **options: Any) -> str:
    """The traced graph of a function as text."""
    return write_text(own(recovered(function, *shapes, **options)))
