"""What recurrent layers of Keras 1, 2 and tf.keras gave at masked steps where Keras 3 gives something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ...catalog.masks import RECURRENT, holds_mask_maker, makes_mask
from ...document.build import Builder
from ...document.edit import GraphEditor
from ...document.graph import list_refs
from ...document.model import Call, Era, Layer, Ref, Value, Writer, refs
from ...document.walk import layers_of
from ...errors import Unsupported
from ...findings import Fidelity, Finding
from ..mask_flow import build_mask_carrier, build_mask_reader
from ..rulebook import RuleContext, rule
from .keras2_states import STATES, stacked_cells, state_order
from .tfkeras_lost_masks import where_masked

_MERGED = ("concat", "sum", "mul", "ave", None)
Operation = Callable[..., Ref]  # adds a function of `keras.ops`, called on the other arguments


@rule(
    "AK2291",
    to=Era.KERAS3,
    eras=(Era.KERAS1, Era.KERAS2),
    classes=("Functional", "Sequential"),
    after=("AK2280", "AK2282", "AK2288", "AK2306"),
)
def repeat_outputs(model: Layer, context: RuleContext) -> Layer | None:
    """The two layers, a flip and a merge in place of every Bidirectional that gives each step and that a mask reaches."""
    if not holds_mask_maker(model):
        return None
    started = _started(model)
    return where_masked(model, lambda layer: _by_halves(layer, context.writer) if _gives_steps(layer, started) else layer)


def _halves(layer: Layer) -> tuple[Layer, Layer] | None:
    forward, backward = layer.config.get("layer"), layer.config.get("backward_layer")
    if layer.class_name != "Bidirectional" or layer.config.get("merge_mode", "concat") not in _MERGED:
        return None
    return (forward, backward) if isinstance(forward, Layer) and isinstance(backward, Layer) else None


def _started(model: Layer) -> frozenset[tuple[str, str]]:
    """Addresses and names of the layers, in any graph of the model, that are called on tensors beside their sequence."""
    graphs = [layer.graph for layer in layers_of(model) if layer.graph is not None]
    return frozenset(
        (layer.address, layer.name)
        for graph in graphs
        for layer in graph.layers
        if any(len(refs((call.args, call.kwargs))) > 1 for call in graph.calls.get(layer.name, ()))
    )


def _gives_steps(layer: Layer, started: frozenset[tuple[str, str]]) -> bool:
    """Whether it is a Bidirectional that gives each step, called on nothing beside its sequence."""
    halves = _halves(layer)
    steps = halves is not None and all(half.config.get("return_sequences") for half in halves)
    return steps and (layer.address, layer.name) not in started


@rule(
    "AK2292",
    to=Era.KERAS3,
    eras=(Era.TF2,),
    classes=("Functional", "Sequential"),
    after=("AK2280", "AK2282", "AK2288", "AK2306"),
)
def zero_outputs(model: Layer, context: RuleContext) -> Layer | None:
    """The same for a Bidirectional of unrolled or stateful layers, with zeros where tf.keras had them."""
    if not holds_mask_maker(model):
        return None
    started = _started(model)

    def change(layer: Layer) -> Layer:
        if _gives_steps(layer, started) and _is_unrolled(layer):
            return _by_halves(layer, context.writer, zeroed=True)
        kept = _keeps_and_gives(layer) and (layer.address, layer.name) not in started
        return _by_halves(_zero_steps(layer), context.writer) if kept else layer

    return where_masked(model, change)


def _is_unrolled(layer: Layer) -> bool:
    halves = _halves(layer)
    return halves is not None and any(half.config.get("unroll") for half in halves)


def _keeps_and_gives(layer: Layer) -> bool:
    """Whether it gives states that it keeps: on a masked tensor Bidirectional of Keras 3 fails then, in ``compute_mask``."""
    halves = _halves(layer)
    return halves is not None and all(half.config.get("return_state") and half.config.get("stateful") for half in halves)


def _zero_steps(layer: Layer) -> Layer:
    """The same with zeros at masked steps by its two layers themselves, as Bidirectional asks of them."""
    halves = {key: layer.config[key] for key in ("layer", "backward_layer")}
    return layer.with_config(**{
        key: half.with_config(zero_output_for_mask=bool(half.config.get("return_sequences")))
        for key, half in halves.items()
        if isinstance(half, Layer)
    })  # fmt: skip


def _by_halves(layer: Layer, writer: Writer, count: int | None = None, zeroed: bool = False) -> Layer:
    """Two layers, a flip and a merge; with a `count` called on `count` initial states and the mask beside its sequence.

    `zeroed` with zeros at the masked steps, those of the flipped one before its flip.
    """
    halves = _halves(layer)
    assert halves is not None
    sub = Builder(layer.name, layer.address)
    x, states = sub.input(), [sub.input() for _ in range(count or 0)]
    mask = sub.add(build_mask_reader(f"{layer.name}_present"), x) if count is None else sub.input(dtype="bool")
    middle = len(states) // 2
    ends: list[Ref] = []
    last: list[Ref] = []
    for half, initial in zip(halves, (states[:middle], states[middle:]), strict=True):
        end, left = _call(sub, half, x, mask if count is not None else None, initial, writer)
        last += left
        ends.append(sub.op("where", sub.op("expand_dims", mask, axis=-1), end, 0.0) if zeroed else end)
    if sequences := bool(halves[1].config.get("return_sequences")):
        ends[1] = sub.op("flip", ends[1], axis=1)
    outputs = tuple(ends) if layer.config.get("merge_mode", "concat") is None else (_merge(sub, layer, *ends),)
    if sequences:
        outputs = tuple(sub.add(build_mask_carrier(f"{layer.name}_masked"), end, mask=mask) for end in outputs)
    outputs += tuple(last)
    return sub.finish(outputs if len(outputs) > 1 else outputs[0], bool(layer.config.get("trainable", True)))


def _call(sub: Builder, layer: Layer, x: Ref, mask: Ref | None, initial: list[Ref], writer: Writer) -> tuple[Ref, list[Ref]]:
    """A recurrent layer called on a sequence: its outcome as the writer's Keras gave it, and the states behind it.

    `mask` where the sequence carries none that the layer would find.
    """
    if len(stacked_cells(layer)) > 1:
        return _call_stack(sub, layer, x, mask, initial, writer)
    given: dict[str, Value] = {} if mask is None else {"mask": mask}
    end = sub.add(layer, x, **given, **({"initial_state": tuple(initial)} if initial else {}))
    left = [replace(end, tensor=i) for i in range(1, 1 + _count_states(layer))]
    if initial and mask is not None:
        end = _begin(sub.op, layer, end, mask, _value_before(layer, initial[0], writer))
    return end, left


def _call_stack(
    sub: Builder, layer: Layer, x: Ref, mask: Ref | None, initial: list[Ref], writer: Writer
) -> tuple[Ref, list[Ref]]:
    """The same for a stack of cells: a layer a cell, each on what the one before gives."""
    if mask is None:
        mask = sub.add(build_mask_reader(f"{layer.name}_present"), x)
    cells, sequences = stacked_cells(layer), bool(layer.config.get("return_sequences"))
    order = sub.op("flip", mask, axis=1) if layer.config.get("go_backwards") else mask
    ends: list[Ref] = []
    states: list[list[Ref]] = []
    rest = list(initial)
    for number, cell in enumerate(cells):
        kept = layer.config if number == 0 else {**layer.config, "go_backwards": False}
        config = {**kept, "cell": cell, "return_sequences": sequences or number + 1 < len(cells)}
        one = Layer("RNN", f"{layer.name}_{cell.name}", config, address=layer.address)
        count = STATES[cell.bare_class_name]
        began = {"initial_state": tuple(rest[:count])} if rest else {}
        end = sub.add(one, ends[-1] if ends else x, mask=order if ends else mask, **began)
        states.append([replace(end, tensor=i) for i in range(1, 1 + _count_states(one))])
        if began:
            value = _value_before(layer, rest[0], writer)
            end = _begin(sub.op, replace(one, config={**config, "go_backwards": False}), end, order, value)
        ends.append(end)
        del rest[:count]
    numbers = state_order(layer)
    end = ends[-1]
    # Keras 2.0 and 2.1 listed the states of the last cell first.
    if _gives_state(layer, writer) and writer.release >= (2, 2) and numbers[0] != len(cells) - 1:
        other, kept_steps = ends[numbers[0]], order
        if not sequences:
            other, kept_steps = sub.op("take", other, -1, axis=1), sub.op("take", order, -1, axis=1)
        end = sub.op("where", sub.op("expand_dims", kept_steps, axis=-1), end, other)
    return end, [ref for number in numbers for ref in states[number]]


def _by_cells(layer: Layer, writer: Writer, count: int | None = None) -> Layer:
    """A layer for each cell of a stack; with a `count` called on `count` initial states and the mask too."""
    sub = Builder(layer.name, layer.address)
    x, states = sub.input(), [sub.input() for _ in range(count or 0)]
    mask = sub.add(build_mask_reader(f"{layer.name}_present"), x) if count is None else sub.input(dtype="bool")
    end, last = _call_stack(sub, layer, x, mask, states, writer)
    if layer.config.get("return_sequences"):
        end = sub.add(build_mask_carrier(f"{layer.name}_masked"), end, mask=mask)
    return sub.finish((end, *last) if last else end, bool(layer.config.get("trainable", True)))


def _count_states(layer: Layer) -> int:
    """How many states the layer gives behind its outcome."""
    if not layer.config.get("return_state"):
        return 0
    cell = layer.config.get("cell")
    name = cell.bare_class_name if isinstance(cell, Layer) else f"{layer.class_name}Cell"
    if name not in STATES:
        raise Unsupported(
            "AK2291",
            f"Bidirectional gives the states of {name}, and a mask reaches it",
            layer=layer.name,
            next_step="Report this file.",
        )
    return STATES[name]


def _merge(sub: Builder, layer: Layer, there: Ref, back: Ref) -> Ref:
    match layer.config.get("merge_mode", "concat"):
        case "concat":
            return sub.op("concatenate", (there, back), axis=-1)
        case "mul":
            return sub.op("multiply", there, back)
        case mode:
            both = sub.op("add", there, back)
            return sub.op("divide", both, 2.0) if mode == "ave" else both


# -- stacks of cells ---------------------------------------------------------------------------------------------------


@rule(
    "AK2300",
    to=Era.KERAS3,
    eras=(Era.KERAS2, Era.TF2),
    classes=("Functional", "Sequential"),
    after=("AK2238", "AK2242", "AK2244", "AK2287", "AK2291", "AK2292"),
)
def unstack_cells(model: Layer, context: RuleContext) -> Layer | None:
    """A layer for each cell in place of every stack of cells that a mask reaches."""
    if "RNN" not in model.class_names:
        return None
    started = _started(model)

    def change(layer: Layer) -> Layer:
        if (layer.address, layer.name) in started:
            return layer
        if layer.class_name == "RNN" and len(stacked_cells(layer)) > 1:
            return _by_cells(layer, context.writer)
        return _by_halves(layer, context.writer) if _ends_in_stack(layer) else layer

    changed = where_masked(model, change) or model
    graph = changed.graph
    if graph is not None and not graph.sequential:
        editor = GraphEditor(graph)
        for layer in graph.layers:
            if layer.class_name == "RNN" and len(stacked_cells(layer)) > 1:
                _replace_called(editor, layer, partial(_by_cells, layer, context.writer))
        changed = replace(changed, graph=editor.finish()) if editor.changed else changed
    return None if changed is model else changed


def _replace_called(editor: GraphEditor, layer: Layer, make: Callable[[int], Layer]) -> None:
    """What `make` gives for a number of initial states, in place of a layer whose calls have explicit masks."""
    calls = editor.calls(layer.name)
    masked = [isinstance(call.kwargs.get("mask"), Ref) for call in calls]
    states = {len(list_refs(call.kwargs.get("initial_state"))) for call in calls}
    if not any(masked):
        return
    if len(states) != 1 or not all(masked):
        raise Unsupported(
            "AK2297",
            f"{layer.class_name} is called both with and without a mask or initial states, and its masked steps depend on it",
            layer=layer.name,
            next_step="Report this file.",
        )
    editor.replace_layer(make(states.pop()))
    for number, call in enumerate(calls):
        tensors = (call.args[0], *list_refs(call.kwargs.get("initial_state")), call.kwargs["mask"])
        editor.replace_call(layer.name, number, Call((tensors,)))


def _ends_in_stack(layer: Layer) -> bool:
    """Whether it is a Bidirectional of stacks that gives the last step alone; at masked steps it gives zeros, as it did."""
    halves = _halves(layer)
    return halves is not None and not halves[0].config.get("return_sequences") and len(stacked_cells(halves[0])) > 1


# -- beside initial states ---------------------------------------------------------------------------------------------


@rule(
    "AK2297",
    to=Era.KERAS3,
    eras=(Era.KERAS1, Era.KERAS2, Era.TF2),
    classes=("Functional",),
    after=("AK2287", "AK2291", "AK2292", "AK2300"),
)
def begin_as_then(model: Layer, context: RuleContext) -> Layer | None:
    """What the writer's Keras gave at steps before the first that counts, wherever there are initial states and a mask."""
    graph = model.graph
    if graph is None or graph.sequential:
        return None
    editor = GraphEditor(graph)
    for layer in graph.layers:
        if layer.class_name == "Bidirectional":
            _split(editor, layer, context.writer)
        elif layer.class_name in RECURRENT:
            _fill_starts(editor, layer, context.writer)
    return replace(model, graph=editor.finish()) if editor.changed else None


def _split(editor: GraphEditor, layer: Layer, writer: Writer) -> None:
    """Two layers in place of a Bidirectional with an explicit mask, unless Keras 3 gives what its Keras gave: zeros."""
    halves, calls = _halves(layer), editor.calls(layer.name)
    started = any(call.kwargs.get("initial_state") for call in calls)
    if halves is None:
        return
    sequences = bool(halves[0].config.get("return_sequences"))
    zeros = writer.era is Era.TF2 and sequences
    if zeros and not _is_unrolled(layer) and not _keeps_and_gives(layer):
        return
    if sequences or started or len(stacked_cells(halves[0])) > 1:
        if zeros and not _is_unrolled(layer):
            layer, zeros = _zero_steps(layer), False
        _replace_called(editor, layer, partial(_by_halves, layer, writer, zeroed=zeros))


def _masked_states(calls: tuple[Call, ...]) -> list[int]:
    """The numbers of the calls with initial states and a mask."""
    return [i for i, call in enumerate(calls) if call.kwargs.get("initial_state") and isinstance(call.kwargs.get("mask"), Ref)]


def _fill_starts(editor: GraphEditor, layer: Layer, writer: Writer) -> None:
    if layer.class_name in _RANKS and any(isinstance(call.kwargs.get("mask"), Ref) for call in editor.calls(layer.name)):
        # The loop of Keras 3 on JAX and NumPy compares the mask with rows and columns; unrolled it does not.
        layer = layer.with_config(unroll=True)
        editor.replace_layer(layer)
        return

    stem = f"{layer.name}_begun"
    if editor.calls(f"{stem}_where"):
        return  # done before

    def operate(function: str, *args: Value, **kwargs: Value) -> Ref:
        return editor.op(f"{stem}_{function}", function, *args, **kwargs)

    for number in _masked_states(editor.calls(layer.name)):
        kwargs = editor.calls(layer.name)[number].kwargs
        mask, outcome = kwargs["mask"], Ref(layer.name, number)
        assert isinstance(mask, Ref)
        end = _begin(operate, layer, outcome, mask, _value_before(layer, list_refs(kwargs["initial_state"])[0], writer))
        if end is not outcome:
            if layer.config.get("return_sequences"):
                end = editor.add(build_mask_carrier(f"{layer.name}_masked"), end, mask=mask)
            editor.replace_ref(outcome, end)


def _value_before(layer: Layer, state: Ref, writer: Writer) -> Value:
    """What the layer gave at steps before the first that counts: zeros, or the state it began with.

    Only the loop of Keras' own backend for TensorFlow gave the state (tensorflow_backend.py `rnn` up to 2.2.5); Keras 2.3
    calls the loop of tf.keras.
    """
    return state if _gives_state(layer, writer) else 0.0


def _gives_state(layer: Layer, writer: Writer) -> bool:
    """Whether masked steps were given the first of the states that the layer carries."""
    own = writer.era is Era.KERAS2 and writer.library == "keras" and writer.backend in (None, "tensorflow")
    return own and () < writer.release < (2, 3) and not layer.config.get("unroll")


_RANKS = {"ConvLSTM1D": 4, "ConvLSTM2D": 5, "ConvLSTM3D": 6}  # of a sequence with its batch


def _begin(operate: Operation, layer: Layer, outcome: Ref, mask: Ref, value: Value) -> Ref:
    """`outcome` with `value` at the steps before the first that counts; itself where all backends of Keras 3 give that."""
    config = layer.config
    sequences, rank = bool(config.get("return_sequences")), _RANKS.get(layer.class_name, 3)
    if config.get("unroll") or (config.get("zero_output_for_mask") and sequences):
        return outcome
    if sequences:
        order = operate("flip", mask, axis=1) if config.get("go_backwards") else mask
        begun = operate("greater", operate("cumsum", order, axis=1, dtype="int32"), 0)
        value = operate("expand_dims", value, axis=1) if isinstance(value, Ref) else value
    else:
        begun = operate("any", mask, axis=1)
    for _ in range(rank - 2):
        begun = operate("expand_dims", begun, axis=-1)
    return operate("where", begun, outcome, value)


# -- what differs between the backends of Keras 3 ----------------------------------------------------------------------


@rule(
    "AK2304",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("Functional", "Sequential"),
    report=False,
)
def tell_backends_apart(model: Layer, context: RuleContext) -> Layer | None:
    """Nothing; a finding for each layer under a mask whose outcome depends on the backend of Keras 3."""
    layers = list(layers_of(model))
    if any(map(_depends_on_backend, layers)) and any(map(makes_mask, layers)):
        where_masked(model, lambda layer: _tell_of_backend(layer, context))
    return None


def _depends_on_backend(layer: Layer) -> bool:
    if layer.class_name == "Bidirectional":
        inner = layer.config.get("layer")
        sequences = isinstance(inner, Layer) and inner.config.get("return_sequences") and inner.config.get("unroll")
        return bool(sequences) or (isinstance(inner, Layer) and _depends_on_backend(inner))
    zeros = layer.class_name in RECURRENT and layer.config.get("unroll") and layer.config.get("zero_output_for_mask")
    return bool(zeros) or (layer.class_name == "RNN" and len(stacked_cells(layer)) > 1)


def _tell_of_backend(layer: Layer, context: RuleContext) -> Layer:
    where = layer.address or layer.name
    if _depends_on_backend(layer) and not any(f.code == "AK2304" and f.address == where for f in context.findings):
        seen = f"{layer.class_name} under a mask, unrolled or of several cells, gives other outputs on TensorFlow than on JAX"
        done = "kept; run it on the backend on which it was trained"
        context.findings.append(Finding("AK2304", where, seen, done, Fidelity.APPROXIMATE))
    return layer
