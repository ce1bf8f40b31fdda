"""States of recurrent layers as tensors of the graph: handed in, and handed out."""

from __future__ import annotations

from dataclasses import replace

from ...document.build import Builder
from ...document.edit import change_calls, change_layers
from ...document.model import Call, Era, Layer, Ref, Value, Writer
from ...document.walk import layers_of, map_graph_refs
from ...errors import Unsupported
from ...findings import Fidelity, Finding
from ..rulebook import RuleContext, rule

_RECURRENT = frozenset(
    [
        "LSTM",
        "GRU",
        "SimpleRNN",
        "RNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "Bidirectional",
        "CuDNNLSTM",
        "CuDNNGRU",
    ]
)
# How many tensors a cell carries from step to step.
STATES = {"LSTMCell": 2, "GRUCell": 1, "SimpleRNNCell": 1, "PeepholeLSTMCell": 2}


@rule(
    "AK2242",
    to=Era.KERAS3,
    after=("AK2203", "AK2238"),
    report=False,
)
def states_by_name(model: Layer, context: RuleContext) -> Layer | None:
    """Every such call with `initial_state`."""

    def change(layer: Layer, call: Call) -> Call:
        named = _by_name(layer, call) if layer.class_name in _RECURRENT else call
        return call if named == call else named

    changed = change_calls(model, change)
    return None if changed is model else changed


def _by_name(layer: Layer, call: Call) -> Call:
    if call.kwargs.get("constants") or layer.config.get("num_constants"):
        raise Unsupported(
            "AK2242",
            f"{layer.class_name} is called with constants, which only cells made by the user take",
            layer=layer.name,
            next_step="Give the cell's class through custom_objects.",
        )
    kwargs: dict[str, Value] = {k: v for k, v in call.kwargs.items() if k not in ("constants",)}
    args = call.args
    if len(args) == 1 and isinstance(args[0], tuple):
        first, *states = args[0]
        args = (first,)
        if states:
            kwargs["initial_state"] = tuple(states)
    initial = kwargs.get("initial_state")
    if isinstance(initial, Ref):
        initial = (initial,)
    if isinstance(initial, tuple):
        kwargs["initial_state"] = _nest(layer, initial)
    return Call(args, kwargs)


def stacked_cells(layer: Layer) -> tuple[Layer, ...]:
    """The cells of the stack of an RNN, those of stacks inside it too."""
    stack = layer.config.get("cell")
    return _flat_cells(stack) if isinstance(stack, Layer) and stack.bare_class_name == "StackedRNNCells" else ()


def _flat_cells(cell: Layer) -> tuple[Layer, ...]:
    cells = cell.config.get("cells")
    if cell.bare_class_name != "StackedRNNCells" or not isinstance(cells, tuple):
        return (cell,)
    return tuple(flat for inner in cells if isinstance(inner, Layer) for flat in _flat_cells(inner))


def _nest(layer: Layer, states: tuple[Value, ...]) -> tuple[Value, ...]:
    """The states of stacked cells by cell, as Keras 3 wants them."""
    cells = stacked_cells(layer)
    if len(cells) < 2 or any(isinstance(state, tuple) for state in states):
        return states
    left = list(states)
    nested: dict[int, Value] = {}
    for number in state_order(layer):
        count = STATES.get(cells[number].bare_class_name, 1)
        nested[number] = tuple(left[:count]) if count > 1 else left[0]
        del left[:count]
    return tuple(nested[number] for number in range(len(cells)))


def state_order(layer: Layer) -> list[int]:
    """The order in which a stack of cells lists their states."""
    stack = layer.config.get("cell")
    numbers = list(range(len(stacked_cells(layer))))
    backwards = isinstance(stack, Layer) and stack.config.get("reverse_state_order")
    return numbers[::-1] if backwards else numbers


@rule(
    "AK2238",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
    classes=("StackedRNNCells",),
    report=False,
)
def last_cell_first(layer: Layer, context: RuleContext) -> Layer | None:
    """`reverse_state_order` where the release had no other order."""
    release = context.writer.release
    if "reverse_state_order" in layer.config or not release or release >= (2, 2):
        return None
    return layer.with_config(reverse_state_order=True)


@rule(
    "AK2244",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2, Era.KERAS3),
    classes=("RNN",),
    report=False,
)
def unstack_one_cell(layer: Layer, context: RuleContext) -> Layer | None:
    """The cell itself in place of a stack of one, which in Keras 3 is called with, and gives, its states in a list more."""
    cells = stacked_cells(layer)
    if len(cells) != 1 or (context.writer.era is Era.KERAS3 and _hands_states(layer, context)):
        return None
    return layer.with_config(cell=cells[0])


def _hands_states(layer: Layer, context: RuleContext) -> bool:
    graph = context.surroundings.graphs.get((layer.name, layer.class_name))
    calls = () if graph is None else graph.calls.get(layer.name, ())
    return bool(layer.config.get("return_state")) or any(len(call.args) > 1 or "initial_state" in call.kwargs for call in calls)


@rule(
    "AK2245",
    to=Era.KERAS3,
    after=("AK2238", "AK2242", "AK2300"),
    report=False,
)
def order_states(model: Layer, context: RuleContext) -> Layer | None:
    """References to states by their new places, and stacks without `reverse_state_order`."""
    graph = model.graph
    if graph is None:
        return None
    moved = {layer.name: _move(layer) for layer in graph.layers if _reverses(layer)}
    if not moved:
        return None
    graph = map_graph_refs(graph, lambda r: replace(r, tensor=moved[r.layer][r.tensor]) if r.layer in moved else r)
    return change_layers(replace(model, graph=graph), lambda layer: _forward(layer) if layer.name in moved else layer)


def _reverses(layer: Layer) -> bool:
    stack = layer.config.get("cell")
    return isinstance(stack, Layer) and bool(stack.config.get("reverse_state_order"))


def _forward(layer: Layer) -> Layer:
    stack = layer.config["cell"]
    assert isinstance(stack, Layer)
    return layer.with_config(cell=stack.without("reverse_state_order"))


def _move(layer: Layer) -> list[int]:
    """The new place of each output: the sequence, then the states."""
    counts = [STATES.get(cell.bare_class_name, 1) for cell in stacked_cells(layer)]
    starts = [1 + sum(counts[:i]) for i in range(len(counts))]
    places = [0]
    for number in reversed(range(len(counts))):
        places += range(starts[number], starts[number] + counts[number])
    return places


# -- states that are kept from batch to batch --------------------------------------------------------------------------


@rule(
    "AK2305",
    to=Era.KERAS3,
    after=("AK2242", "AK2306"),
    report=False,
)
def tell_of_kept_states(model: Layer, context: RuleContext) -> Layer | None:
    """Nothing; a finding for each stateful layer that is called more than once, by graphs that update it at the end."""
    writer = context.writer
    updated_at_once = writer.tensorflow == 2 or writer.library == "tf_keras"
    if model.graph is None or updated_at_once:
        return None
    for layer in model.graph.layers:
        calls = [call for call in model.graph.calls.get(layer.name, ()) if not call.kwargs.get("initial_state")]
        for inner in layers_of(layer) if len(calls) > 1 else ():
            if inner.config.get("stateful") is True:
                seen = f"{inner.class_name} keeps its states and is called {len(calls)} times; they were stored at the end"
                done = "kept; in Keras 3 each call goes on with the states of the call before it"
                where = inner.address or inner.name
                context.findings.append(Finding("AK2305", where, seen, done, Fidelity.APPROXIMATE))
    return None


@rule(
    "AK2306",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Bidirectional",),
    report=False,
)
def forget_states(layer: Layer, context: RuleContext) -> Layer | None:
    """The two layers without states from batch to batch, where their stack made the updates and did not run them."""
    halves = {key: layer.config.get(key) for key in ("layer", "backward_layer")}
    kept = {key: half for key, half in halves.items() if isinstance(half, Layer) and half.config.get("stateful") is True}
    forgets = _forgets(context.writer)
    if not forgets and any(len(stacked_cells(half)) > 1 for half in kept.values()):
        raise _refuse_stack(layer, "in both directions")
    if not kept or forgets is False:
        return None
    seen, where = "Bidirectional is stateful", layer.address or layer.name
    if forgets is None:
        done = f"kept; whether {context.writer} handed states on to the next batch is not known, and Keras 3 does"
        context.findings.append(Finding("AK2306", where, seen, done, Fidelity.APPROXIMATE))
        return None
    done = "no longer: its stack began each batch with zeros too"
    context.findings.append(Finding("AK2306", where, seen, done, Fidelity.EQUIVALENT))
    return layer.with_config(**{key: half.with_config(stateful=False) for key, half in kept.items()})


def _forgets(writer: Writer) -> bool | None:
    """Whether Bidirectional began every batch with zeros; None where that is not known of the release.

    Recorded with Keras 2.0.9, 2.1.5, 2.2.4 and 2.3.1, tf.keras of TensorFlow 1.15, 2.3, 2.8 and 2.15.
    """
    if writer.era is Era.KERAS2:
        return None if not writer.release or (2, 0, 9) < writer.release < (2, 1, 5) else writer.release >= (2, 1, 5)
    if writer.library == "tf_keras":
        return False
    return None if writer.tensorflow is None else writer.tensorflow == 1


@rule(
    "AK2307",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    after=("AK2242",),
    report=False,
)
def tell_of_initial_states(model: Layer, context: RuleContext) -> Layer | None:
    """Nothing; a finding for each stateful layer that is called with initial states."""
    if model.graph is None or context.writer.tensorflow == 1:  # where each batch begins with them too
        return None
    for layer in model.graph.layers:
        calls = model.graph.calls.get(layer.name, ())
        begun = any(call.kwargs.get("initial_state") is not None for call in calls)
        if begun and any(inner.config.get("stateful") is True for inner in layers_of(layer)):
            seen = f"{layer.class_name} is stateful and called with initial_state, which counted while its states were zero"
            done = "kept; in Keras 3 every batch begins with initial_state, so the first batch after a reset is right"
            context.findings.append(Finding("AK2307", layer.address or layer.name, seen, done, Fidelity.APPROXIMATE))
    return None


@rule(
    "AK2308",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("RNN",),
    after=("AK2244", "AK2300", "AK2306"),
)
def chain_kept_cells(layer: Layer, context: RuleContext) -> Layer | None:
    """A stateful layer for each cell in place of a stateful stack of cells, for which Keras 3 can keep no states."""
    if layer.config.get("stateful") is not True or len(stacked_cells(layer)) < 2:
        return None
    if layer.config.get("return_state"):
        raise _refuse_stack(layer, "whose states are outputs")
    sub = Builder(layer.name, layer.address)
    end = sub.input()
    cells = stacked_cells(layer)
    for number, cell in enumerate(cells):
        last, kept = number + 1 == len(cells), layer.config if number == 0 else {**layer.config, "go_backwards": False}
        config = {**kept, "cell": cell, "return_sequences": not last or bool(layer.config.get("return_sequences"))}
        end = sub.add(Layer("RNN", f"{layer.name}_{cell.name}", config, address=layer.address), end)
    return sub.finish(end, bool(layer.config.get("trainable", True)))


def _refuse_stack(layer: Layer, what: str) -> Unsupported:
    return Unsupported(
        "AK2308",
        f"{layer.class_name} {layer.name!r} is a stateful stack of cells {what}, and Keras 3 can keep no states for it",
        layer=layer.name,
        next_step="Make it stateless, or a layer for each cell, in the Keras that wrote the file.",
    )
