"""Recurrent layers of tf.keras with time on the first axis: Keras 3 has batch first only."""

from __future__ import annotations

from dataclasses import replace

from ...document.build import Builder
from ...document.edit import GraphEditor
from ...document.model import Call, Era, Layer, Ref, Value, Writer, refs
from ...document.walk import layers_of, map_refs
from ...errors import Unsupported
from ..mask_flow import build_mask_carrier, build_mask_reader
from ..rulebook import RuleContext, rule
from .keras2_states import STATES, stacked_cells
from .tfkeras_lost_masks import where_masked

_HALVES = ("layer", "backward_layer")
_SEQUENCE, _MASK = (1, 0, 2), (1, 0)  # axes, before and after


@rule(
    "AK2303",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    classes=("Functional", "Sequential"),
    after=("AK2242", "AK2281"),
)
def swap_masked(model: Layer, context: RuleContext) -> Layer | None:
    """Every such layer that a mask reaches between two transpositions, of which each has the mask swapped too."""
    if not any(map(_is_time_first, layers_of(model))):
        return None
    started = _list_started(model)

    def change(layer: Layer) -> Layer:
        if not _is_time_first(layer):
            return layer
        if (layer.address, layer.name) in started:
            raise _refuse(layer, "gets a mask beside initial states", "AK2303")
        return _swap(layer, context.writer, masked=True)

    return where_masked(model, change)


@rule(
    "AK2243",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    classes=("Functional", "Sequential"),
    after=("AK2242", "AK2303"),
)
def swap_others(model: Layer, context: RuleContext) -> Layer | None:
    """A model that swaps the first two axes, before and (for sequences) after, in place of each; its states stay inputs."""
    graph = model.graph
    for layer in graph.layers if graph is not None else ():
        if layer.class_name != "Bidirectional" and any(_is_time_first(inner) for _, inner in layer.held):
            raise _refuse(layer, "is in a wrapper")
    if graph is None or not any(map(_is_time_first, graph.layers)):
        return None
    if graph.sequential:
        return replace(model, graph=replace(graph, layers=tuple(_swap_alone(layer, context.writer) for layer in graph.layers)))
    editor = GraphEditor(graph)
    for layer in filter(_is_time_first, graph.layers):
        _swap_called(editor, layer, context.writer)
    return replace(model, graph=editor.finish())


def _is_time_first(layer: Layer) -> bool:
    inner = layer.config.get("layer") if layer.class_name == "Bidirectional" else layer
    return layer.graph is None and isinstance(inner, Layer) and inner.config.get("time_major") is True


def _list_started(model: Layer) -> frozenset[tuple[str, str]]:
    """Addresses and names of the layers, in any graph of the model, that are called with initial states."""
    return frozenset(
        (layer.address, layer.name)
        for inner in layers_of(model)
        for layer in (inner.graph.layers if inner.graph is not None else ())
        if inner.graph is not None and any(call.kwargs.get("initial_state") for call in inner.graph.calls.get(layer.name, ()))
    )


def _swap_alone(layer: Layer, writer: Writer) -> Layer:
    return _swap(layer, writer) if _is_time_first(layer) else layer


def _swap_called(editor: GraphEditor, layer: Layer, writer: Writer) -> None:
    """The swapped layer in the place of `layer`; each call gives the states it begins with as further inputs."""
    calls = editor.calls(layer.name)
    states = {_shape_of(call.kwargs.get("initial_state")) for call in calls}
    masked = any(isinstance(call.kwargs.get("mask"), Ref) for call in calls)
    initial = next((call.kwargs["initial_state"] for call in calls if call.kwargs.get("initial_state")), None)
    if len(states) > 1 or (masked and initial is not None):
        raise _refuse(layer, "is called in more ways than one, or with a mask beside initial states")
    editor.replace_layer(_swap(layer, writer, initial, masked))
    for number, call in enumerate(calls if initial is not None else ()):
        editor.replace_call(layer.name, number, Call(((*call.args, *refs(call.kwargs["initial_state"])),)))


def _shape_of(states: Value) -> Value:
    """The structure of a call's initial states, as a value that compares."""
    return map_refs(states, lambda ref: None) if states else None


def _swap(layer: Layer, writer: Writer, initial: Value = None, masked: bool = False) -> Layer:
    """A model of the layer's name that takes its sequence, and `initial` states, as it did, and gives what it gave."""
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    began = {} if initial is None else {"initial_state": map_refs(initial, lambda _: sub.input())}
    mask = sub.add(build_mask_reader(f"{layer.name}_present"), x) if masked else None
    start = _exchange(sub, x, mask and sub.op("transpose", mask, axes=_MASK))
    first = sub.add(_put_batch_first(layer, writer), start, **began)
    both = layer.class_name == "Bidirectional" and layer.config.get("merge_mode", "concat") is None
    ends: list[Ref] = [replace(first, tensor=i) for i in range(2 if both else 1)]
    behind = [replace(first, tensor=len(ends) + i) for i in range(_count_states(layer))]
    if _gives(layer, "return_sequences"):
        ends = [_exchange(sub, end, mask) for end in ends]
    outputs = (*ends, *behind)
    return sub.finish(outputs if len(outputs) > 1 else outputs[0], bool(layer.config.get("trainable", True)))


def _exchange(sub: Builder, sequence: Ref, mask: Ref | None) -> Ref:
    """The sequence with its first two axes exchanged, and with `mask`, one of its new axes."""
    swapped = sub.op("transpose", sequence, axes=_SEQUENCE)
    return swapped if mask is None else sub.add(build_mask_carrier(f"{sub.name}_masked"), swapped, mask=mask)


def _put_batch_first(layer: Layer, writer: Writer) -> Layer:
    """The layer for sequences with the batch first. Raises Unsupported where it flipped the batch."""
    if layer.class_name != "Bidirectional":
        return layer.without("time_major", "batch_input_shape")
    if writer.release < (2, 4) and writer.library != "tf_keras" and _gives(layer, "return_sequences"):
        # TensorFlow 1.15 and 2.0 flipped the second axis of what the second layer gave, 2.3 the first.
        raise _refuse(layer, f"is in Bidirectional of {writer}, which flipped the batch")
    halves = {key: half for key in _HALVES if isinstance(half := layer.config.get(key), Layer)}
    bare = layer.without("batch_input_shape")
    return bare.with_config(**{key: half.without("time_major") for key, half in halves.items()})


def _gives(layer: Layer, argument: str) -> bool:
    inner = layer.config.get("layer")
    return bool((inner if isinstance(inner, Layer) else layer).config.get(argument))


def _count_states(layer: Layer) -> int:
    """How many states the layer gives behind its outcome."""
    if not _gives(layer, "return_state"):
        return 0
    if layer.class_name == "Bidirectional":
        return sum(_count_states(half) for key in _HALVES if isinstance(half := layer.config.get(key), Layer))
    cell = layer.config.get("cell")
    cells = stacked_cells(layer) or ((cell,) if isinstance(cell, Layer) else ())
    names = [cell.bare_class_name for cell in cells] or [f"{layer.class_name}Cell"]
    if not STATES.keys() >= set(names):
        raise _refuse(layer, f"gives the states of {names}")
    return sum(STATES[name] for name in names)


def _refuse(layer: Layer, seen: str, code: str = "AK2243") -> Unsupported:
    return Unsupported(
        code,
        f"a recurrent layer with time_major=True {seen}: {layer.class_name} {layer.name!r}",
        layer=layer.name,
        key="time_major",
        next_step="Save the model with time_major=False in the Keras that wrote it.",
    )
