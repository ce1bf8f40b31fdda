"""PeepholeLSTMCell of tf.keras and tensorflow-addons: a step that no cell of Keras 3 has, as the activation of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...catalog.shapes.spec import compute_dtype
from ...document.build import Builder
from ...document.edit import GraphEditor
from ...document.model import Call, Era, Graph, Layer, Ref, Slice, Value
from ...document.walk import map_refs
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Array, Tensor, combine, constant
from ..rulebook import RuleContext, rule
from .keras2_spelling import clipped_line
from .keras2_states import STATES

_PARTS = 5  # of the vector that goes from step to step: the output, the carry, and zeros as wide as three gates
_NAMES = ("PeepholeLSTMCell", "Addons>PeepholeLSTMCell")
_KEPT = ("trainable", "dtype", "dropout")


@rule(
    "AK2247",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    after=("AK2242", "AK2245"),
)
def peepholes(model: Layer, context: RuleContext) -> Layer | None:
    """The graph, or the TimeDistributed layer, with recurrences over such cells as recurrences over SimpleRNNCell."""
    held = model.config.get("layer")
    if model.class_name == "TimeDistributed" and isinstance(held, Layer) and (wide := _widen(held)) is not None:
        return model.with_config(layer=_alone(wide))
    if model.graph is None:
        return None
    found = {layer.name: wide for layer in model.graph.layers if (wide := _widen(layer)) is not None}
    if not found:
        return None
    if model.graph.sequential:
        layers = tuple(_alone(found[x.name]) if x.name in found else x for x in model.graph.layers)
        return replace(model, graph=replace(model.graph, layers=layers))
    return replace(model, graph=_in_graph(model.graph, found))


@dataclass(frozen=True)
class _Part:
    """Where a tensor of the old recurrence lies: features of output `tensor` of the new one."""

    tensor: int
    start: int
    stop: int
    size: int


@dataclass(frozen=True)
class _Wide:
    """A recurrence with its wide cells. `outputs` has, for each output of the old one, the parts that make it up, and
    `states` the sizes of the old states by cell."""

    layer: Layer
    outputs: tuple[tuple[_Part, ...], ...]
    states: tuple[tuple[int, bool], ...]
    nested: bool


def _widen(layer: Layer) -> _Wide | None:
    """The recurrence with other cells, None where it is none over such cells."""
    if layer.class_name == "Bidirectional":
        ways = [layer.config.get(key) for key in ("layer", "backward_layer")]
        both = [_widen(way) for way in ways if isinstance(way, Layer)]
        forward, backward = both if len(both) == 2 else (None, None)
        if forward is None or backward is None:
            return None
        changed = layer.with_config(layer=forward.layer, backward_layer=backward.layer)
        return _Wide(changed, _merge_outputs(layer, forward, backward), forward.states + backward.states, forward.nested)
    held = layer.config.get("cell")
    if layer.class_name != "RNN" or not isinstance(held, Layer):
        return None
    stacked = held.class_name == "StackedRNNCells"
    listed = held.config.get("cells") if stacked else (held,)
    cells = [cell for cell in listed if isinstance(cell, Layer)] if isinstance(listed, tuple) else []
    if not any(cell.class_name in _NAMES for cell in cells):
        return None
    wide = _widen_cells(cells)
    cell = held.with_config(cells=tuple(wide)) if stacked else wide[0]
    states = tuple((_units(one), one.class_name in _NAMES) for one in cells)
    return _Wide(layer.with_config(cell=cell), tuple(_list_outputs(cells)), states, stacked)


def _units(cell: Layer) -> int:
    units: Any = cell.config["units"]
    return int(units)


def _widen_cells(cells: Sequence[Layer]) -> list[Layer]:
    wide: list[Layer] = []
    for i, cell in enumerate(cells):
        if i and cells[i - 1].class_name in _NAMES and "kernel" in cell.weights:  # reads a vector of all parts
            cell = cell.with_weights(kernel=_pad_rows(cell.weights["kernel"], _PARTS))
        wide.append(_as_simple_cell(cell) if cell.class_name in _NAMES else cell)
    return wide


def _pad_rows(kernel: Tensor, times: int) -> Tensor:
    rows, columns = kernel.shape
    return combine(
        "more rows",
        [kernel],
        (times * rows, columns),
        lambda held: np.concatenate([held, np.zeros(((times - 1) * rows, columns), held.dtype)]),
    )


def _list_outputs(cells: Sequence[Layer]) -> Iterator[tuple[_Part, ...]]:
    """The outcome, and the states one after the other."""
    last = cells[-1]
    yield (_part(last, 0, 0),)
    tensor = 1
    for cell in cells:
        if cell.class_name in _NAMES:
            yield (_part(cell, tensor, 0),)
            yield (_part(cell, tensor, 1),)
            tensor += 1
        else:
            for _ in range(STATES.get(cell.bare_class_name, 1)):
                yield (_part(cell, tensor, 0),)
                tensor += 1


def _part(cell: Layer, tensor: int, number: int) -> _Part:
    units = _units(cell)
    return _Part(tensor, number * units, (number + 1) * units, units * (_PARTS if cell.class_name in _NAMES else 1))


def _merge_outputs(layer: Layer, forward: _Wide, backward: _Wide) -> tuple[tuple[_Part, ...], ...]:
    mode = layer.config.get("merge_mode", "concat")
    (one,), (two,) = forward.outputs[0], backward.outputs[0]
    first: tuple[tuple[_Part, ...], ...] = ((one,),)
    if mode == "concat":
        size = one.size + two.size
        first = ((replace(one, size=size), _Part(0, one.size + two.start, one.size + two.stop, size)),)
    elif mode is None:
        first = ((one,), (replace(two, tensor=1),))
    moved = len(first) - 1
    ahead = max(part.tensor for parts in forward.outputs for part in parts)
    states = [(replace(part, tensor=part.tensor + moved),) for (part,) in forward.outputs[1:]]
    states += [(replace(part, tensor=part.tensor + moved + ahead),) for (part,) in backward.outputs[1:]]
    return (*first, *states)


def _alone(wide: _Wide) -> Layer:
    """The recurrence and what cuts the outcome out of its own, as one model."""
    layer = wide.layer
    sub = Builder(layer.name, layer.address)
    made = sub.add(layer.without("batch_input_shape"), sub.input())
    model = sub.finish(sub.add(_select_parts(layer, wide.outputs[0]), made))
    shape = layer.config.get("batch_input_shape")
    return model if shape is None else model.with_config(batch_input_shape=shape)


def _select_parts(layer: Layer, parts: Sequence[_Part]) -> Layer:
    """A layer that hands masks on and gives the parts of a vector next to each other."""
    places = [place for part in parts for place in range(part.start, part.stop)]
    chosen = constant(np.eye(parts[0].size)[:, places], origin="parts of a vector")
    config: dict[str, Value] = {"units": len(places), "use_bias": False, "trainable": False}
    kept = {"dtype": layer.config["dtype"]} if "dtype" in layer.config else {}
    return Layer("Dense", f"{layer.name}_output", {**config, **kept}, {"kernel": chosen}, address=layer.address)


def _in_graph(graph: Graph, found: dict[str, _Wide]) -> Graph:
    """The graph with the recurrences; whoever reads an output of one reads the parts that it was."""
    editor = GraphEditor(graph)
    outside: dict[Ref, Ref] = {}
    for name, wide in found.items():
        editor.replace_layer(wide.layer)
        for number, call in enumerate(graph.calls[name]):
            call = _join_states(editor, wide, call)
            editor.replace_call(name, number, call)
            for tensor in _read_tensors(graph, name, number):
                parts = wide.outputs[tensor]
                new = Ref(name, number, parts[0].tensor)
                if all(part.size == part.stop for part in parts):
                    outside[Ref(name, number, tensor)] = new
                elif new.tensor == 0 or len(parts) > 1:
                    outside[Ref(name, number, tensor)] = editor.add(_select_parts(wide.layer, parts), new)
                else:
                    key = (Slice(), Slice(parts[0].start, parts[0].stop))
                    outside[Ref(name, number, tensor)] = editor.op(f"{name}_state", "get_item", new, key)
    for old, new in outside.items():
        editor.replace_ref(old, new)
    return editor.finish()


def _read_tensors(graph: Graph, name: str, number: int) -> list[int]:
    read = set[int]()

    def note(ref: Ref) -> Ref:
        if (ref.layer, ref.node) == (name, number):
            read.add(ref.tensor)
        return ref

    for calls in graph.calls.values():
        for call in calls:
            map_refs((call.args, call.kwargs), note)
    map_refs(graph.outputs, note)
    return sorted(read)


def _join_states(editor: GraphEditor, wide: _Wide, call: Call) -> Call:
    """The call with the initial states of each wide cell as one."""
    given = call.kwargs.get("initial_state")
    if given is None:
        return call
    left = list(given) if isinstance(given, tuple) else [given]
    states: list[Value] = []
    for units, peephole in wide.states:
        if wide.nested:
            own = left.pop(0)
            states.append(_join(editor, wide.layer.name, own, units) if peephole else own)
        elif peephole:
            states.append(_join(editor, wide.layer.name, tuple(left[:2]), units))
            del left[:2]
    return replace(call, kwargs={**call.kwargs, "initial_state": tuple(states)})


def _join(editor: GraphEditor, name: str, states: Value, units: int) -> Ref:
    if not isinstance(states, tuple) or len(states) != 2:
        raise Unsupported("AK2247", f"RNN {name!r} takes initial states in a form that is not known", layer=name)
    nothing = editor.op(f"{name}_nothing", "zeros_like", states[0])
    return editor.op(f"{name}_states", "concatenate", (*states, *[nothing] * (_PARTS - 2)), axis=-1)


# A step, of which all gates see the carry:
#     i = g(x W_i + h U_i + b_i + c p_i),  f = g(x W_f + h U_f + b_f + c p_f),  c' = f c + i tanh(x W_c + h U_c + b_c)
#     o = g(x W_o + h U_o + b_o + c' p_o),  h' = o tanh(c')
# SimpleRNNCell gives `activation(x W + b + s U)`: with s = (h, c, 0, 0, 0) that is every sum but the last, and c itself.


def _as_simple_cell(cell: Layer) -> Layer:
    units, weights = _units(cell), cell.weights
    if "kernel" not in weights:
        raise Unsupported(
            "AK2247",
            f"{cell.class_name} {cell.name!r} can be expressed with its weights alone, and they are not in the file",
            layer=cell.name,
            next_step="Give the weights, `weights=`, or a file of the whole model.",
        )
    peep = [weights[f"{gate}_gate_peephole_weights"] for gate in ("input", "forget", "output")]
    config: dict[str, Value] = {key: cell.config[key] for key in _KEPT if key in cell.config}
    config |= {"units": _PARTS * units, "use_bias": "bias" in weights, "activation": _step(cell, units, peep[2])}
    made = {
        "kernel": _widen_columns(weights["kernel"], units),
        "recurrent_kernel": _recurrent_kernel(weights["recurrent_kernel"], *peep[:2]),
        **({"bias": _widen_columns(weights["bias"], units)} if "bias" in weights else {}),
    }
    return Layer("SimpleRNNCell", cell.name, config, made, address=cell.address)


def _widen_columns(tensor: Tensor, units: int) -> Tensor:
    rows = tensor.shape[:-1]
    return combine(
        "a column for the carry",
        [tensor],
        (*rows, _PARTS * units),
        lambda held: np.concatenate([held, np.zeros((*rows, units), held.dtype)], axis=-1),
    )


def _recurrent_kernel(recurrent: Tensor, of_input: Tensor, of_forget: Tensor) -> Tensor:
    units = recurrent.shape[0]

    def compute(u: Array, p_i: Array, p_f: Array) -> Array:
        whole = np.zeros((_PARTS * units, _PARTS * units), u.dtype)
        whole[:units, : 4 * units] = u
        carry = whole[units : 2 * units]
        for place, values in ((0, p_i), (1, p_f), (4, np.ones(units))):
            carry[:, place * units : (place + 1) * units] = np.diag(values)
        return whole

    return combine("peepholes", [recurrent, of_input, of_forget], (_PARTS * units, _PARTS * units), compute)


def _step(cell: Layer, units: int, of_output: Tensor) -> Layer:
    """The model that computes a step from the sums."""
    sub = Builder(f"{cell.name}_step")
    x = sub.input((_PARTS * units,))
    i, f, g, o, c = (sub.op("get_item", x, (Slice(), Slice(n * units, (n + 1) * units))) for n in range(_PARTS))
    dtype = compute_dtype(cell)
    p_o = constant(of_output.read().astype(dtype if dtype in ("float16", "float64") else "float32"), dtype)

    def gate(total: Ref) -> Ref:
        held = cell.config.get("recurrent_activation", "hard_sigmoid")
        return activate(clipped_line() if held == "hard_sigmoid" else held, total)

    def activate(function: Value, total: Ref) -> Ref:
        return sub.layer("Activation", {"activation": function, "dtype": cell.config.get("dtype")}, total)

    tanh = cell.config.get("activation", "tanh")
    carry = sub.op("add", sub.op("multiply", gate(f), c), sub.op("multiply", gate(i), activate(tanh, g)))
    opened = gate(sub.op("add", o, sub.op("multiply", carry, p_o)))
    output = sub.op("multiply", opened, activate(tanh, carry))
    nothing = sub.op("zeros_like", c)
    return sub.finish(sub.op("concatenate", (output, carry, *[nothing] * (_PARTS - 2)), axis=-1))
