"""Where the ways of attributes lead, by which files name the weights of a model: in the live model that has such attributes.

TensorFlow's checkpoints say ``blocks/0/one/kernel``, files of Keras 3 ``blocks/block/one/vars/0``. A way is followed and never
searched for: what it leads to is what the writer had there, whatever the layers are called and in whatever order they come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..catalog.operations import spell_in_snake_case
from ..containers.base import NamedWeights, TreeWeights
from ..document.model import Era, Layer, Path
from ..document.walk import layers_of
from ..findings import Affects, Fidelity, Finding
from ..keras_private import list_own_variables
from ..tensors import Tensor
from .keras_read import LiveModel

END = "/.ATTRIBUTES/VARIABLE_VALUE"
_PLACE = re.compile(r"layer_with_weights-(\d{1,9})\Z")
_LISTED = re.compile(r"layer-(\d{1,9})\Z")  # of a Sequential that was not built by then
_TRAINED = re.compile(r"optimizer/_trainable_variables/(\d{1,9})\Z")  # where Keras 3 reaches a weight first
_RENAMED = {"depthwise_kernel": "kernel", "_depthwise_kernel": "kernel"}  # of DepthwiseConv2D, which Keras 3 calls otherwise


Homes = Mapping[str, tuple[Path, str]]
"""The layer of a model and the role there of each weight of a file, by the origin of its tensor."""


@dataclass(frozen=True)
class Located:
    """Where the weights of a file belong; `others` are variables that Keras does not know of, as ``tf.Variable`` is one."""

    homes: Homes = field(default_factory=dict)
    others: tuple[tuple[Any, Tensor], ...] = ()


def locate_weights(live: LiveModel, weights: NamedWeights | TreeWeights | None, era: Era) -> Located:
    """Where ways of attributes lead in a model of a class of its own; nothing where two of them lead to one variable.

    A checkpoint of several objects has the model under a name of its own: the one under which most are found. In a model of
    a graph nothing is followed: its layers have names and an order, which tell more than their places in a list.
    """
    if live.document.model.graph is not None:
        return Located()
    homes = {id(variable): (path, role) for path, own in live.variables.items() for role, variable in own.items()}
    if isinstance(weights, TreeWeights):
        ways = {tensor.origin: path for path, tensor in weights.tensors.items()}
        listed = era is Era.KERAS3  # Keras 2 had another list of the layers of such a model
        go = partial(_follow_tree, live.model)
        return Located(_lead(ways, homes, lambda way: go(way) if listed or not way.startswith("layers/") else None))
    if weights is None or weights.scattered:
        return Located()
    tensors = [tensor for group in weights.groups for _, tensor in group.weights]
    ways = {tensor.origin: tensor.origin.removesuffix(END) for tensor in tensors if tensor.origin.endswith(END)}
    roots = ["", *dict.fromkeys(way.partition("/")[0] + "/" for way in ways.values() if "/" in way)]
    tries = [{origin: follow(live.model, way.removeprefix(root)) for origin, way in ways.items()} for root in roots]
    led = [_lead(found, homes, lambda variable: variable) for found in tries]
    most = max(range(len(roots)), key=lambda number: len(led[number]))
    own = [(tries[most].get(tensor.origin), tensor) for tensor in tensors if tensor.origin not in led[most]]
    return Located(led[most], tuple(pair for pair in own if _is_variable(pair[0], pair[1].shape)))


def _is_variable(value: object, shape: tuple[int, ...]) -> bool:
    return hasattr(value, "assign") and tuple(getattr(value, "shape", ())) == shape


def _lead(ways: Mapping[str, object], homes: Mapping[int, tuple[Path, str]], go: Callable[[Any], Any]) -> Homes:
    led = {origin: home for origin, way in ways.items() if (home := homes.get(id(go(way)))) is not None}
    return led if len(set(led.values())) == len(led) else {}


def follow(live: Any, way: str, layer: Layer | None = None) -> Any | None:
    """What a way of a checkpoint leads to in a live model; None where it leads nowhere.

    With the `layer` of a document that the model was made from, places are counted among the layers of that.
    """
    trained = _TRAINED.fullmatch(way)
    if trained is not None:
        return _at(live.trainable_variables, int(trained[1]))
    known = layer is not None
    for step in way.split("/"):
        place, listed = _PLACE.fullmatch(step), _LISTED.fullmatch(step) if hasattr(live, "layers") else None
        if place is None:
            live = step_into(live, step) if listed is None else _at(live.layers, int(listed[1]))
        elif known:
            layer = _find(layer, int(place[1]))
            live = _find_named(live, layer.name) if layer is not None else None
        else:
            live = _at([inner for inner in getattr(live, "layers", ()) if inner.weights], int(place[1]))
        if live is None:
            return None
    return live


def step_into(live: object, name: str) -> Any | None:
    """One attribute, item or value. None for what no object of a model hangs at, whatever the file says."""
    if name.startswith("__"):
        return None
    name = name.replace(".S", "/").replace("..", ".")  # as TensorFlow escapes them
    if isinstance(live, Mapping):
        return live.get(name)
    if isinstance(live, list | tuple):
        return _at(live, int(name)) if name.isdigit() else getattr(live, name, None)
    found = getattr(live, name, getattr(live, _RENAMED.get(name, name), None))
    return found if found is not None or not hasattr(live, "operations") else _find_operation(live, name)


def _find_operation(live: Any, name: str) -> Any | None:
    return list(live.operations) if name == "_operations" else None


def _follow_tree(live: object, way: str) -> Any | None:
    """What a path of a file of Keras 3 leads to: ``vars/1`` are variables of an object, in a list each class is counted."""
    steps = way.split("/")
    if len(steps) < 2 or steps[-2] != "vars" or not steps[-1].isdigit():
        return None
    for step in steps[:-2]:
        live = _find_item(live, step) if isinstance(live, list | tuple | set | Mapping) else step_into(live, step)
        if live is None:
            return None
    return _at(list_own_variables(live), int(steps[-1])) if hasattr(live, "_trainable_variables") else None


def _find_item(held: Any, name: str) -> Any | None:
    """The item of a container that a file calls so (``_save_container_state``, keras/src/saving/saving_lib.py 3.0 to 3.15).

    Containers in it are counted apart from layers.
    """
    counts: dict[str, int] = {}
    for item in held.values() if isinstance(held, Mapping) else held:
        stem = "container" if isinstance(item, list | tuple | set | Mapping) else spell_in_snake_case(type(item).__name__)
        number = counts[stem] = counts.get(stem, -1) + 1
        if name == (f"{stem}_{number}" if number else stem):
            return item
    return None


def _find(model: Layer | None, place: int) -> Layer | None:
    """The layer at a place among those of a model that have weights."""
    if model is None or model.graph is None:
        return None
    return _at([layer for layer in model.graph.layers if any(inner.weights for inner in layers_of(layer))], place)


def _find_named(live: object, name: str) -> Any | None:
    return next((layer for layer in getattr(live, "layers", ()) if layer.name == name), None)


def _at(items: Sequence[object], place: int) -> Any | None:
    return items[place] if place < len(items) else None


def list_unfilled(live: LiveModel, filled: Sequence[tuple[Any, Tensor]]) -> list[Finding]:
    """A finding for each variable of TensorFlow in a model of a class of its own that is not among those filled.

    The model reads them as it reads its weights, and Keras does not know of them: ``model.weights`` has none.
    """
    known = {id(variable) for variable, _ in filled}
    ways = [way for way, variable in _find_variables(live.model, "", set()) if id(variable) not in known]
    seen = "a variable of TensorFlow, which Keras does not know of, and the file has nothing for it"
    return [Finding("AK1316", way, seen, "left as it was", Fidelity.LOSSY, Affects.OUTPUTS) for way in ways]


def _find_variables(held: object, way: str, met: set[int]) -> Iterator[tuple[str, Any]]:
    if id(held) in met:
        return
    met.add(id(held))
    if type(held).__module__.startswith("tensorflow.") and hasattr(held, "assign"):
        yield way, held
    elif isinstance(held, Mapping):
        for key, item in held.items():
            yield from _find_variables(item, f"{way}/{key}", met)
    elif isinstance(held, list | tuple):
        for number, item in enumerate(held):
            yield from _find_variables(item, f"{way}/{number}", met)
    elif hasattr(held, "_trainable_variables"):
        own = (pair for pair in vars(held).items() if not pair[0].startswith("_self_"))  # the lists that TensorFlow keeps
        for name, item in own:
            yield from _find_variables(item, f"{way}/{name}" if way else name, met)
