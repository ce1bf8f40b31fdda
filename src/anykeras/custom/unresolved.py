"""Classes that are neither in a file, in Keras 3 nor in custom_objects: what the file knows of each, in one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog.shapes import UNKNOWN, infer
from ..document.model import Document, Layer, Ref, refs
from ..document.walk import dump, layers_of
from ..errors import AnyKerasError, MissingObject
from ..texts import join_lines
from .custom_objects import CustomObjects
from .packages import find_advice, find_package

Shape = tuple[int | None, ...]
_EVERY = ("trainable", "dtype", "batch_input_shape")
_MOST = 8  # weights, and layers, that a line of the error names
_LONGEST = 80  # characters of an argument there


@dataclass(frozen=True)
class Use:
    """One layer of an unresolved class: its arguments, the shapes of its weights by name, the shapes that reach it."""

    arguments: Mapping[str, Any]
    weights: Mapping[str, Shape]
    inputs: tuple[Shape | None, ...] = ()


@dataclass(frozen=True)
class ClassDescription:
    """What a file knows of a class that it does not hold.

    `arguments` are those of its constructor with their values; `weights` name, shape and dtype; `layers` where it is
    used; `inputs` the shapes that reach the first of them, where they can be found.
    """

    name: str
    registered_name: str | None
    module: str | None
    arguments: Mapping[str, Any]
    weights: tuple[tuple[str, tuple[int, ...], str], ...]
    layers: tuple[str, ...]
    inputs: tuple[Shape | None, ...] = ()
    failed: str = ""
    uses: tuple[Use, ...] = ()

    def text(self) -> str:
        """One line: the class with its arguments, its weights, the shapes of its inputs, where it is used."""
        arguments = ", ".join(f"{key}={_shorten(repr(value))}" for key, value in self.arguments.items())
        weights = _enumerate([f"{role} {shape}" for role, shape, _ in self.weights])
        parts = [f"{self.registered_name or self.name}({arguments})", f"weights: {weights or 'none'}"]
        shapes = [str(shape) for shape in self.inputs if shape is not None]
        parts += [f"input: {', '.join(shapes)}"] if shapes else []
        parts.append(f"layer{'s' if len(self.layers) > 1 else ''}: {_enumerate([repr(name) for name in self.layers])}")
        package = find_package(self.name, self.registered_name, self.module)
        parts += [f"likely from {package}"] if package else []
        parts += [find_advice(self.name)] if find_advice(self.name) else []
        parts += [f"its definition in custom_objects failed: {self.failed}"] if self.failed else []
        return "; ".join(parts)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _enumerate(items: Sequence[str]) -> str:
    """The items; of many, the first and how many more there are."""
    more = f" and {len(items) - _MOST} more" if len(items) > _MOST else ""
    return ", ".join(items[:_MOST]) + more


def describe_missing_classes(document: Document, layers: Sequence[Layer], custom_objects: CustomObjects) -> MissingObject:
    """The error for layers whose class is unresolved, with one line a class."""
    found = describe_classes(document, layers, custom_objects)
    failed = [f"{name}: {reason}" for name, reason in custom_objects.failed.items()]
    lines = [*(item.text() for item in found), *(f"in {custom_objects.path} this failed: {text}" for text in failed)]
    count = "a class that is" if len(found) == 1 else f"{len(found)} classes that are"
    return MissingObject(
        "AK5011",
        join_lines([f"the file needs {count} neither in it nor in Keras 3:", *(f"  {line}" for line in lines)]),
        layer=layers[0].name if len(layers) == 1 else None,
        writer=str(document.writer),
        next_step='Pass the source, custom_objects="my_layers.py" (legacy Keras imports are emulated), or a mapping of '
        "names to classes. `anykeras stub FILE > my_layers.py` writes the classes for you to fill in.",
    )


def describe_classes(
    document: Document, layers: Sequence[Layer], custom_objects: CustomObjects | None = None
) -> list[ClassDescription]:
    """One description for each class among the layers, in the order of the file."""
    classes: dict[tuple[str, str | None], list[Layer]] = {}
    for layer in layers:
        classes.setdefault((layer.class_name, layer.registered_name), []).append(layer)
    specs = _list_input_shapes(document)
    failed = custom_objects.failed if custom_objects is not None else {}
    return [_describe(used, specs, failed) for used in classes.values()]


def _describe(
    used: Sequence[Layer], specs: Mapping[str, tuple[Shape | None, ...]], failed: Mapping[str, str]
) -> ClassDescription:
    first = used[0]
    uses = tuple(
        Use(_list_arguments(layer), {role: t.shape for role, t in layer.weights.items()}, specs.get(layer.name, ()))
        for layer in used
    )
    return ClassDescription(
        first.bare_class_name,
        first.registered_name,
        first.module,
        uses[0].arguments,
        tuple((role, tensor.shape, tensor.dtype) for role, tensor in first.weights.items()),
        tuple(layer.name for layer in used),
        uses[0].inputs,
        failed.get(first.bare_class_name, ""),
        uses,
    )


def _list_arguments(layer: Layer) -> dict[str, Any]:
    return {key: dump(value) for key, value in layer.config.items() if key not in _EVERY}


def _list_input_shapes(document: Document) -> dict[str, tuple[Shape | None, ...]]:
    """The shapes of what the layers of every graph are called on, by name, as far as they can be found."""
    found: dict[str, tuple[Shape | None, ...]] = {}
    for model in (layer for layer in layers_of(document.model) if layer.graph is not None):
        try:
            specs = infer(model)
        except AnyKerasError:
            continue
        for name, taken in _find_inputs(model).items():
            found.setdefault(name, tuple(specs.get(ref, UNKNOWN).shape for ref in taken))
    return found


def _find_inputs(model: Layer) -> dict[str, list[Ref]]:
    graph = model.graph
    if graph is None:
        return {}
    if graph.sequential:
        pairs = zip(graph.layers, graph.layers[1:], strict=False)
        return {layer.name: [Ref(before.name)] for before, layer in pairs}
    return {name: refs(calls[0].args) for name, calls in graph.calls.items() if calls}
