"""Classes that a file needs and nobody gave: what the file knows of each, in one error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog.shapes import UNKNOWN, infer
from ..document.dump import dump
from ..document.model import Document, Layer, Ref, refs
from ..document.walk import layers_of
from ..errors import AnyKerasError, MissingObject
from .given import Given
from .packages import advice, package_of

Shape = tuple[int | None, ...]
_EVERY = ("trainable", "dtype", "batch_input_shape")


@dataclass(frozen=True)
class Lacking:
    """A layer whose class is missing."""

    layer: Layer


@dataclass(frozen=True)
class Use:
    """One layer of a missing class: its arguments, the shapes of its weights by name, the shapes that reach it."""

    arguments: Mapping[str, Any]
    weights: Mapping[str, Shape]
    inputs: tuple[Shape | None, ...] = ()


@dataclass(frozen=True)
class Description:
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
        """One line for a person."""
        held = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        weights = ", ".join(f"{name} {shape}" for name, shape, _ in self.weights) or "none"
        parts = [f"{self.registered_name or self.name}({held})", f"weights: {weights}"]
        shapes = [str(shape) for shape in self.inputs if shape is not None]
        parts += [f"called on {', '.join(shapes)}"] if shapes else []
        parts.append(f"layer{'s' if len(self.layers) > 1 else ''} {', '.join(map(repr, self.layers))}")
        package = package_of(self.name, self.registered_name, self.module)
        parts += [f"probably of {package}"] if package else []
        parts += [advice(self.name)] if advice(self.name) else []
        parts += [f"its definition was given and did not run: {self.failed}"] if self.failed else []
        return "; ".join(parts)


def missing(document: Document, lacking: Sequence[Lacking], given: Given) -> MissingObject:
    """The error that names every missing class."""
    found = descriptions(document, [item.layer for item in lacking], given)
    texts = " / ".join(f"({i}) {description.text()}" for i, description in enumerate(found, 1))
    left = "; ".join(f"{name}: {reason}" for name, reason in given.failed.items())
    source = f" Of the source given this did not run: {left}." if left else ""
    count = "a class that is" if len(found) == 1 else f"{len(found)} classes that are"
    return MissingObject(
        "AK5011",
        f"the file needs {count} neither in it nor in Keras 3: {texts}.{source}",
        layer=lacking[0].layer.name,
        writer=str(document.writer),
        next_step='Give the source: custom_objects="my_layers.py" (its old imports are answered), or a mapping. '
        "`anykeras stub FILE > my_layers.py` writes a class to fill in.",
    )


def descriptions(document: Document, layers: Sequence[Layer], given: Given | None = None) -> list[Description]:
    """One description for each class among the layers, in the order of the file."""
    classes: dict[tuple[str, str | None], list[Layer]] = {}
    for layer in layers:
        classes.setdefault((layer.class_name, layer.registered_name), []).append(layer)
    specs = _inputs(document)
    failed = given.failed if given is not None else {}
    return [_description(used, specs, failed) for used in classes.values()]


def _description(
    used: Sequence[Layer], specs: Mapping[str, tuple[Shape | None, ...]], failed: Mapping[str, str]
) -> Description:
    first = used[0]
    uses = tuple(
        Use(_arguments(layer), {role: t.shape for role, t in layer.weights.items()}, specs.get(layer.name, ()))
        for layer in used
    )
    return Description(
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


def _arguments(layer: Layer) -> dict[str, Any]:
    return {key: dump(value) for key, value in layer.config.items() if key not in _EVERY}


def _inputs(document: Document) -> dict[str, tuple[Shape | None, ...]]:
    """The shapes of what the layers of every graph are called on, by name, as far as they can be found."""
    found: dict[str, tuple[Shape | None, ...]] = {}
    for model in (layer for layer in layers_of(document.model) if layer.graph is not None):
        try:
            specs = infer(model)
        except AnyKerasError:
            continue
        for name, given in _called_on(model).items():
            found.setdefault(name, tuple(specs.get(ref, UNKNOWN).shape for ref in given))
    return found


def _called_on(model: Layer) -> dict[str, list[Ref]]:
    graph = model.graph
    if graph is None:
        return {}
    if graph.sequential:
        pairs = zip(graph.layers, graph.layers[1:], strict=False)
        return {layer.name: [Ref(before.name)] for before, layer in pairs}
    return {name: refs(calls[0].args) for name, calls in graph.calls.items() if calls}
