"""Which tensor of the checkpoint each variable of a graph is: the restore op of the saver says it, in every TensorFlow.

``RestoreV2(names)`` -> ``AssignVariableOp`` or ``Assign`` -> ``VarHandleOp`` or ``VariableV2``, in the graph itself
(TensorFlow 1) or in a function that the handles are arguments of (TensorFlow 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ...limits import budget
from ...tensors import Array, Tensor
from ..checkpoint.objects import find_value_key, list_children, pair_objects, read_objects
from ..wire import read_message
from ..wire.messages import NodeDef, VariableNote
from ..wire.reader import make_wire_error
from .constants import read_array
from .graph import VARIABLES, Body, GraphFile, strip

_PASSED = ("Identity", "IdentityN", "Cast")
_STEPS = 10  # what looking at a node costs
_STATE = re.compile(r"(.*/)?rnn_state(_\d+)?")  # of a stateful layer of Keras 3 (keras/src/layers/rnn/rnn.py)
_EXTENT = re.compile(r"(-)|(\d{1,18}),(\d{1,18}|-)")


@dataclass(frozen=True)
class GraphVariable:
    """A variable of a graph: its node, its value, whether it trains, and whether it is the state of a recurrence.

    The tensor's origin is the name that the variable had in the program (``dense_1/kernel``), which several may share.
    """

    name: str
    tensor: Tensor
    trainable: bool = True
    state: bool = False


@dataclass(frozen=True)
class _Restored:
    """Where a variable comes from: the key, and the part of it (``6 4 0,2:-``), all where that is empty."""

    key: str
    part: str = ""


def read_variables(graph: GraphFile) -> dict[str, GraphVariable]:
    """Every variable that the checkpoint fills, by the name of its node. Tensors are read when they are asked for.

    Raises Malformed (AK1150), LimitExceeded or NotAModel (AK1153) where the files do not hold what they should.
    """
    bundle = graph.bundle
    if bundle is None:
        return {}
    trained, states, names = _find_roles(graph)
    found = {}
    for name, place in find_restored(graph).items():
        if place.key not in bundle.entries:
            continue
        tensor = _take_part(bundle.tensor(place.key), place.part, graph.part)
        trainable = "float" in tensor.dtype and (trained is None or place.key in trained or name in trained)
        origin = names.get(place.key) or name
        found[name] = GraphVariable(name, replace(tensor, origin=origin), trainable, place.key in states)
    return found


def _find_roles(graph: GraphFile) -> tuple[set[str] | None, set[str], dict[str, str]]:
    """Keys (TensorFlow 2) or names (TensorFlow 1) of what trains, None where the file does not say; keys of states of
    recurrences; and the names of variables by key."""
    objects = graph.meta.objects
    if objects is None or not objects.nodes or graph.bundle is None:
        return _list_trainable(graph), set(), {}
    tracked = read_objects(graph.bundle)
    keys = {node: find_value_key(tracked[other]) for node, other in pair_objects(objects.nodes, tracked).items()}
    trained, states, names = set[str](), set[str](), dict[str, str]()
    for number, node in enumerate(objects.nodes):
        key = keys.get(number)
        if node.variable is not None and key is not None:
            names[key] = node.variable.name
            trained |= {key} if node.variable.trainable else set()
            states |= {key} if _STATE.fullmatch(node.variable.name) else set()
        held = list_children(node).get("states")
        inside = list_children(objects.nodes[held]).values() if held is not None else ()
        states |= {found for child in inside if (found := keys.get(child)) is not None}
    return trained, states, names


def _list_trainable(graph: GraphFile) -> set[str] | None:
    collection = graph.meta.collections.get("trainable_variables")
    if collection is None or collection.held is None:
        return None
    notes = (read_message(VariableNote, data, graph.part) for data in collection.held.values)
    return {note.name.partition(":")[0] for note in notes}


def list_captured_values(graph: GraphFile, numbers: Sequence[int]) -> list[GraphVariable | Array]:
    """What a function captures, by the numbers of the objects: variables, and constants of the graph.

    Raises Malformed (AK1150) for an object that is neither.
    """
    objects, bundle = graph.meta.objects, graph.bundle
    if objects is None or bundle is None:
        raise make_wire_error("a function captures objects of a graph that has none", graph.part)
    tracked = read_objects(bundle)
    pairs = pair_objects(objects.nodes, tracked)
    found: list[GraphVariable | Array] = []
    for number in numbers:
        node = objects.nodes[number] if 0 <= number < len(objects.nodes) else None
        key = find_value_key(tracked[pairs[number]]) if number in pairs else None
        held = graph.body.nodes.get(node.constant.operation) if node is not None and node.constant is not None else None
        if node is not None and node.variable is not None and key in bundle.entries and key is not None:
            tensor = replace(bundle.tensor(key), origin=node.variable.name)
            found.append(GraphVariable(key, tensor, bool(node.variable.trainable) and "float" in tensor.dtype))
        elif held is not None:
            found.append(read_array(held, graph.part))
        else:
            raise make_wire_error(f"a function captures the object {number}, which has no value", graph.part)
    return found


def _take_part(tensor: Tensor, part: str, where: str) -> Tensor:
    """The part of a variable that one node holds: the sizes of the whole, then start and length of each axis."""
    if not part:
        return tensor
    extents = part.split(" ")[-1].split(":")
    if len(extents) != len(tensor.shape):
        raise make_wire_error(f"the part {part!r} of a variable of shape {tensor.shape}", where)
    for axis, extent in enumerate(extents):
        found = _EXTENT.fullmatch(extent)
        if found is None:
            raise make_wire_error(f"the part {part!r} of a variable", where)
        if found[1]:
            continue
        start = int(found[2])
        stop = tensor.shape[axis] if found[3] == "-" else start + int(found[3])
        if not start <= stop <= tensor.shape[axis]:
            raise make_wire_error(f"the part {part!r} of a variable of shape {tensor.shape}", where)
        tensor = tensor.part(axis, start, stop)
    return tensor


@dataclass(frozen=True)
class _NodePlace:
    """A node, in the body where it is and with what the arguments of that body refer to."""

    body: Body
    arguments: Mapping[str, tuple[_NodePlace, str] | None]


def find_restored(graph: GraphFile) -> dict[str, _Restored]:
    """The key and part in the checkpoint by the name of the variable's node; empty where nothing is restored."""
    saver = graph.meta.saver
    if saver is None or not saver.restore:
        return {}
    found: dict[str, _Restored] = {}
    for place, node in _walk_restored(graph, _NodePlace(graph.body, {}), saver.restore):
        if node.op in ("Assign", "AssignVariableOp") and len(node.inputs) >= 2:
            variable, key = _trace(place, node.inputs[0]), _find_key(graph, place, node.inputs[1])
            if variable is not None and key is not None:
                found[variable] = key
    return found


def _walk_restored(graph: GraphFile, start: _NodePlace, name: str) -> Iterator[tuple[_NodePlace, NodeDef]]:
    """Every node that the restore op runs, those of called functions included; each function once."""
    waiting, seen = [(start, strip(name))], set[tuple[str, str]]()
    while waiting:
        place, at = waiting.pop()
        node = place.body.nodes.get(at)
        if node is None or (place.body.name, at) in seen:
            continue
        seen.add((place.body.name, at))
        budget().charge(_STEPS)
        yield place, node
        waiting += [(place, strip(ref)) for ref in node.inputs]
        called = graph.called(node)
        if called is not None:
            given = [(place, ref) for ref in node.inputs if not ref.startswith("^")]
            inside = _NodePlace(called, dict(zip(called.arguments, given, strict=False)))
            waiting += [(inside, inner) for inner in called.nodes]


def _follow(place: _NodePlace, ref: str) -> tuple[_NodePlace, NodeDef, int] | None:
    """The node behind arguments and identities, and which of its outputs is meant."""
    for _ in range(200):
        name, _, rest = ref.partition(":")
        given = place.arguments.get(name)
        if given is not None:
            place, ref = given
            continue
        node = place.body.nodes.get(name)
        if node is None:
            return None
        number = int(rest.split(":")[-1]) if rest and rest.split(":")[-1].isdigit() else 0
        if node.op not in _PASSED or not node.inputs:
            return place, node, number
        at = number if node.op == "IdentityN" else 0
        if at >= len(node.inputs):
            return None
        ref = node.inputs[at]
    return None


def _trace(place: _NodePlace, ref: str) -> str | None:
    found = _follow(place, ref)
    return found[1].name if found is not None and found[1].op in VARIABLES else None


def _find_key(graph: GraphFile, place: _NodePlace, ref: str) -> _Restored | None:
    """The name that RestoreV2 reads for one of its outputs, and the part of it."""
    found = _follow(place, ref)
    if found is None or found[1].op != "RestoreV2" or len(found[1].inputs) < 3:
        return None
    key, part = (_read_text(graph, found[0], text, found[2]) for text in found[1].inputs[1:3])
    return _Restored(key, part) if key else None


def _read_text(graph: GraphFile, place: _NodePlace, ref: str, number: int) -> str:
    """One of the texts of a constant."""
    found = _follow(place, ref)
    if found is None or found[1].op != "Const":
        return ""
    texts = read_array(found[1], graph.part).reshape(-1)
    text = texts[number] if number < len(texts) else b""
    return text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else ""
