"""A checkpoint beside the program that made its model: whose a weight is, by the attributes of the noted model.

``blocks/0/one/kernel`` is a way through the objects of the program, and the program has run: so the way is gone, and what it
leads to is a layer of the architecture. Names and order of the file are not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..catalog import find
from ..containers.base import NamedWeights, Raw, WeightGroup
from ..document.model import Era, Layer
from ..targets.live_paths import END, step_into
from ..tensors import Tensor
from .layers import Recorded
from .models import RecordedModel
from .sequential import RecordedSequential
from .tensors import list_layers

_MOST = 12  # shapes of an input that are tried


def name_by_attributes(model: object, weights: NamedWeights) -> NamedWeights | None:
    """The weights under the names of the layers that attributes lead to; None where they do not lead to all."""
    if not isinstance(model, RecordedModel) or isinstance(model, RecordedSequential) or type(model).call is RecordedModel.call:
        return None
    pairs = [pair for group in weights.groups for pair in group.weights if pair[1].origin.endswith(END)]
    roots = ["", *dict.fromkeys(tensor.origin.partition("/")[0] + "/" for _, tensor in pairs)]
    for root in roots:
        found: dict[str, list[tuple[str, Tensor]]] = {layer.name: [] for layer in list_layers(model.inputs, model.outputs)}
        own = [pair for pair in pairs if pair[1].origin.startswith(root)]
        named = [(_lead(model, tensor.origin.removeprefix(root).removesuffix(END), name), tensor) for name, tensor in own]
        if own and all(name is not None and name.partition("/")[0] in found for name, _ in named):
            for name, tensor in named:
                found[str(name).partition("/")[0]].append((f"{name}:0", tensor))
            return NamedWeights(tuple(WeightGroup(layer, tuple(held)) for layer, held in found.items()))
    return None


def _lead(model: RecordedModel, way: str, stored: str) -> str | None:
    """The name of a weight behind those of its layer of the top level and of the innermost one: ``encoder/dense/kernel``."""
    *steps, _ = way.split("/")
    live: Any = model
    names: list[str] = []
    for number, step in enumerate(steps):
        live = _step(live, step)
        record = _record(model, live)
        if record is not None:
            names.append(record.name)
            if not isinstance(record, RecordedModel):  # whatever it is made of has no name in the architecture
                names += steps[number + 1 :]
                break
        elif live is None or names:
            return None
    return "/".join([*names, stored.removesuffix(":0").rpartition("/")[2]]) if names else None


def _step(live: object, step: str) -> Any:
    kind, _, number = step.partition("-")
    if isinstance(live, RecordedModel) and number.isdigit():
        layers = live.layers if kind == "layer" else [layer for layer in live.layers if _takes_weights(layer)]
        return layers[int(number)] if int(number) < len(layers) else None
    return step_into(live, step)


def _takes_weights(layer: object) -> bool:
    entry = find(getattr(layer, "class_name", ""), Era.TF2)
    return isinstance(layer, RecordedModel) or entry is None or bool(entry.roles(Layer(entry.name, "")))


def _record(model: RecordedModel, live: object) -> Recorded | None:
    return live if isinstance(live, Recorded) else model.recorder.live.get(id(live))


def guess_inputs(weights: Raw) -> list[str]:
    """Shapes of an input that kernels of the file could take, in its order, as Python text."""
    return list(dict.fromkeys(_list_inputs(weights)))[:_MOST]


def _list_inputs(weights: Raw) -> Iterator[str]:
    groups = weights.weights.groups if isinstance(weights.weights, NamedWeights) else ()
    for name, tensor in (pair for group in groups for pair in group.weights):
        last, shape = name.removesuffix(":0").rpartition("/")[2], tensor.shape
        if last in ("kernel", "_kernel", "depthwise_kernel") and 2 <= len(shape) <= 5:
            open_ends = ["None"] * (1 if len(shape) == 2 else len(shape) - 1)
            yield f"({', '.join([*open_ends, str(shape[-2])])})"
        elif last == "embeddings":
            yield "(None, None)"
