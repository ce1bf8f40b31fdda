"""Recurrent layers of Keras, found in functions and loops by what they compute and proven on random numbers.

A body is run on small random numbers, which costs no operation, and compared with each layer that its weights fit; where
one gives the same numbers, the layer takes its place, for any number of steps. Nothing is taken from names alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..containers.savedmodel.graph import Body
from ..containers.savedmodel.restore import GraphVariable
from ..document.model import Layer
from ..errors import AnyKerasError
from ..recovery.functions import Dim, Operand, Sizes
from ..tensors import Array
from .cells import LayerCell, list_cells, list_conv_cells, list_joined_cells, shrink
from .values import Handle, TensorList
from .writer import GraphWriter, find_layer_name

Run = Callable[[Sequence[Operand]], Sequence[Operand]]
STEPS, SAMPLES, MOST_STEPS = 3, 2, 32
API = ("lstm_", "gru_")  # how tf.keras 2.0 to 2.15 call the functions of their layers (keras/layers/rnn/gru_lstm_utils.py)


@dataclass
class _Probe:
    """What a body was run on: the sequence (time, batch, inputs), its mask, states and weights, with what they stand for."""

    x: Array
    mask: Array | None
    states: list[Array]
    weights: list[Array]
    variables: list[GraphVariable]

    def outcomes(self, cell: LayerCell, order: Sequence[int], backwards: bool) -> tuple[Operand, list[Operand]]:
        """What a layer makes of it."""
        weights = [self.weights[place] if place >= 0 else np.float32(0) for place in order]
        x, mask = (None if one is None else one[::-1] if backwards else one for one in (self.x, self.mask))
        assert x is not None
        return cell.run(x, self.states, weights, mask)


def call_layer(ops: GraphWriter, body: Body, given: Sequence[Operand], run: Run, read: Callable[[memoryview], Operand]) -> (
    tuple[Operand, ...] | None
):  # fmt: skip
    """The outputs of a function that is an LSTM or GRU of tf.keras; None for other functions.

    `run` evaluates the body on other arguments.
    """
    data = body.attributes.get("api_implements")
    if data is None or not str(read(data)).startswith(API):
        return None
    states = 2 if str(read(data)).startswith("lstm") else 1
    x, weights, rest = given[0], given[1 + states : 4 + states], given[4 + states :]
    variables = [found for value in weights if (found := ops.variable_of(value)) is not None]
    if not ops.is_tensor(x) or len(variables) != 3 or len(rest) > 1:
        return None
    for major in (False, True):
        sizes = ops.shape(x)
        trial = _make_trial(sizes[2], states, variables, bool(rest))
        if trial is None:
            return None
        numbers = trial.x if major else trial.x.swapaxes(0, 1)
        mask = [] if trial.mask is None else [trial.mask if major else trial.mask.swapaxes(0, 1)]
        try:
            outcomes = [_read_plain(value) for value in run([numbers, *trial.states, *trial.weights, *mask])]
        except AnyKerasError:
            continue
        known = _match(trial, outcomes, major)
        if known is not None:
            cell, order, backwards, places = known
            sequence = ops.op("transpose", x, axes=(1, 0, 2)) if major else x
            covered = None if not rest else ops.op("transpose", rest[0], axes=(1, 0)) if major else rest[0]
            whole, last = _add(ops, cell, [variables[p] if p >= 0 else None for p in order], backwards, sequence,
                               given[1 : 1 + states], covered)  # fmt: skip
            turned = ops.op("transpose", whole, axes=(1, 0, 2)) if major else whole
            row = ops.op("expand_dims", last[-1], axis=0 if major else 1)
            return tuple(_pick(place, turned, row, last, value) for place, value in zip(places, outcomes, strict=True))
    return None


def _make_trial(
    inputs: Operand, states: int, variables: list[GraphVariable], masked: bool, steps: int = STEPS
) -> _Probe | None:
    """Random numbers of the right shapes; None where the shapes are not those of a recurrent layer."""
    shapes = [variable.tensor.shape for variable in variables]
    units = next((shape[0] for shape in shapes if len(shape) == 2 and shape[1] in (shape[0], 3 * shape[0], 4 * shape[0])), None)
    if not isinstance(inputs, int) or units is None:
        return None
    return _draw((inputs,), [(units,)] * states, variables, (steps, SAMPLES) if masked else None, steps, SAMPLES)


def _draw(
    item: tuple[int, ...], held: Sequence[tuple[int, ...]], variables: list[GraphVariable], mask: tuple[int, ...] | None,
    steps: int, samples: int,
) -> _Probe:  # fmt: skip
    random = np.random.default_rng(0)

    def floats(*shape: int) -> Array:
        return random.standard_normal(shape).astype("float32")

    covered = None
    if mask is not None:
        covered = random.random(mask) > 0.4
        covered[0] = True
        covered.reshape(steps, -1)[-1, 0] = False
    states = [floats(samples, *shape) for shape in held]
    weights = [floats(*variable.tensor.shape) for variable in variables]
    return _Probe(floats(steps, samples, *item), covered, states, weights, variables)


def _read_plain(value: Operand) -> Operand:
    """Numbers, or a list of them; what is none is no proof."""
    if isinstance(value, TensorList):
        return [None if item is None else np.asarray(item) for item in value.items]
    return np.asarray(value) if isinstance(value, np.ndarray | np.generic | int | float | bool) else None


def _match(trial: _Probe, found: Sequence[Operand], major: bool) -> tuple[LayerCell, list[int], bool, list[str]] | None:
    """The layer that gives all of these outcomes, and which of its own each is."""
    shapes = [weight.shape for weight in trial.weights]
    for cell, order in list_cells(trial.x.shape[-1], len(trial.states), shapes, trial.mask is not None):
        for backwards in (False, True):
            with np.errstate(all="ignore"):
                whole, last = trial.outcomes(cell, order, backwards)
            turned = whole if major else whole.swapaxes(0, 1)
            places = [_find_place(value, turned, whole, last) for value in found]
            if all(places) and any(place != "constant" for place in places):
                return cell, order, backwards, [place or "" for place in places]
    return None


def _find_place(value: Operand, turned: Operand, whole: Operand, last: Sequence[Operand]) -> str | None:
    row = turned[:, -1:] if turned is not whole else whole[-1:]  # all that newer functions give where one output is wanted
    candidates = {
        "whole": turned,
        "last": whole[-1],
        "row": row,
        **{f"state{number}": state for number, state in enumerate(last)},
    }
    for name, other in candidates.items():
        if isinstance(value, np.ndarray) and value.shape == other.shape and np.allclose(value, other, 1e-4, 1e-5):
            return name
    return "constant" if isinstance(value, np.ndarray) and value.size == 1 else None


def _pick(place: str, turned: Operand, row: Operand, last: Sequence[Operand], value: Operand) -> Operand:
    """The outcome of the layer that a name means."""
    if place in ("whole", "row"):
        return turned if place == "whole" else row
    if place == "constant":
        return value  # how tf.keras notes which of its functions ran
    return last[int(place[5:])] if place.startswith("state") else last[-1]


def _add(
    ops: GraphWriter, cell: LayerCell, variables: Sequence[GraphVariable | None], backwards: bool, x: Operand,
    states: Sequence[Operand], mask: Operand,
) -> tuple[Operand, list[Operand]]:  # fmt: skip
    """The layer, called: the whole sequence (batch, time, units), and the last states with the last output behind them."""
    weights = cell.weights([None if variable is None else variable.tensor for variable in variables])
    config = {**cell.config(), "return_sequences": True, "return_state": True}
    config.update({"go_backwards": True} if backwards else {}, **({} if "bias" in weights else {"use_bias": False}))
    if not all(variable.trainable for variable in variables if variable is not None):
        config["trainable"] = False
    name = find_layer_name(
        weights["kernel"].origin.rpartition("/")[0].removesuffix("/" + _find_cell_scope(weights["kernel"].origin))
    )
    kwargs: dict[str, Operand] = {} if mask is None else {"mask": mask}
    if not all(map(ops.is_zero, states)):
        held = tuple(ops.as_tensor(state) for state in states)
        kwargs["initial_state"] = held if len(held) > 1 else held[0]
    made = ops.add_layer(Layer(cell.kind, name, config, weights, address=weights["kernel"].origin), x, **kwargs)
    whole, last = made[0], list(made[1:])
    return whole, [*last, ops.getitem(whole, (slice(None), -1)) if cell.zero_output or mask is not None else last[0]]


def _find_cell_scope(origin: str) -> str:
    """The scope of the cell inside the layer's, ``lstm_cell`` of ``lstm/lstm_cell/kernel``."""
    scope = origin.split("/")[-2] if origin.count("/") > 1 else ""
    return scope if "cell" in scope else "\0"


def make_loop_layer(ops: GraphWriter, cond: Run, body: Run, state: Sequence[Operand], name: str) -> list[Operand] | None:
    """The state after a loop over a sequence that is a recurrent layer; None for other loops."""
    spread = [value for value in state if isinstance(value, TensorList) and value.whole is not None]
    sequences = [value for value in spread if "float" in value.dtype and ops.rank(value.whole) in (3, 5)]
    if len(sequences) != 1 or len(spread) > 2:
        return None
    state = [ops.tensor(value) if isinstance(value, Handle) and value.variable.state else value for value in state]
    loop = _SliceLoop(ops, state, sequences[0], next((value for value in spread if value is not sequences[0]), None))
    try:
        return loop.replace(cond, body)
    except AnyKerasError:
        return None  # it does not run on numbers alone: it is another loop


@dataclass
class _SliceLoop:
    """A loop over the slices of one tensor (time, batch, inputs), and of its mask."""

    ops: GraphWriter
    state: Sequence[Operand]
    sequence: TensorList
    mask: TensorList | None

    def replace(self, cond: Run, body: Run) -> list[Operand] | None:
        """The state afterwards, by a layer. Raises AnyKerasError where the body does not run on numbers."""
        steps, samples, *item = self.ops.shape(self.sequence.whole)
        count = steps if isinstance(steps, int) else STEPS
        many = samples if isinstance(samples, int) else SAMPLES
        variables = [found for value in self.state if (found := self.ops.variable_of(value)) is not None]
        if len(self._known(item)) != len(item) or not 1 < count <= MOST_STEPS:
            return None
        places = [at for at, value in enumerate(self.state) if self._is_state(value, samples, len(item) + 1)]
        covered = None if self.mask is None else (count, many, *self._known(self.ops.shape(self.mask.whole)[2:]))
        held = [self._known(self.ops.shape(self.state[at])[1:]) for at in places]
        image = self._known(item)
        if len(item) == 3 and len(set(held)) == 1:
            image, state = shrink(image, held[0], [v.tensor.shape for v in variables if len(v.tensor.shape) == 4])
            held = [state] * len(held)
        trial = _draw(image, held, variables, covered, count, many)
        for number, at in enumerate(places):
            if self.ops.is_zero(self.state[at]):  # what masked steps give may be among them
                trial.states[number] = np.zeros_like(trial.states[number])
        start = self._numbers(trial, places, {steps: count, samples: many})
        if start is None:
            return None
        now = list(start)
        for _ in range(count + 1):
            if not bool(np.asarray(cond(now)[0]).reshape(-1)[0]):
                return self._build(trial, start, now, places, steps, count)
            now = list(body(now))
        return None

    def _known(self, sizes: Sequence[Operand]) -> tuple[int, ...]:
        return tuple(size for size in sizes if isinstance(size, int))

    def _is_state(self, value: Operand, samples: Operand, rank: int) -> bool:
        held = self.ops.is_tensor(value) or isinstance(value, np.ndarray)
        if not held or self.ops.variable_of(value) is not None or self.ops.rank(value) != rank:
            return False
        first, *sizes = self.ops.shape(value)
        known = len(self._known(sizes)) == len(sizes)
        return "float" in self.ops.dtype(value) and known and (first == samples or isinstance(first, Dim))

    def _numbers(self, trial: _Probe, places: Sequence[int], sizes: dict[Operand, int]) -> list[Operand] | None:
        """The state that the loop starts from, with numbers in the place of everything."""
        weights, states = iter(trial.weights), iter(trial.states)
        found: list[Operand] = []
        for at, value in enumerate(self.state):
            if value is self.sequence or value is self.mask:
                rows = trial.x if value is self.sequence else trial.mask
                assert rows is not None and isinstance(value, TensorList)
                found.append(replace(value, items=tuple(rows), whole=None, length=None))
            elif isinstance(value, TensorList):
                length = value.length if value.open else len(value.items)
                many = sizes.get(length, SAMPLES) if isinstance(length, Dim) else int(length)
                found.append(TensorList((None,) * many, value.shape, value.dtype))
            elif self.ops.variable_of(value) is not None:
                found.append(next(weights))
            elif at in places:
                found.append(next(states))
            elif isinstance(value, Dim):
                found.append(np.int32(sizes.get(value, SAMPLES)))  # where it is another size, the numbers will not agree
            elif isinstance(value, Sizes) or self.ops.is_tensor(value):
                return None
            else:
                found.append(value)
        return found

    def _build(
        self, trial: _Probe, start: Sequence[Operand], now: Sequence[Operand], places: Sequence[int], steps: Operand, count: int
    ) -> list[Operand] | None:
        """The layer, where one gives the same numbers, and of each part of the state what it came to."""
        changed = [at for at, (before, after) in enumerate(zip(start, now, strict=True)) if after is not before]
        moving = [at for at in places if at in changed]
        for order in _iterate_orders(moving, trial, places):
            known = self._compare(order, now, changed, count)
            if known is None:
                continue
            cell, roles, meanings = known
            x = self._turn(self.sequence.whole)
            variables = [trial.variables[place] if place >= 0 else None for place in roles]
            first = [self.state[at] for at in order.states]
            whole, last = _add(self.ops, cell, variables, False, x, first, self._mask())
            whole = self._turn(whole)
            return [self._after(at, meanings.get(at), whole, last, steps) for at in range(len(self.state))]
        return None

    def _turn(self, x: Operand) -> Operand:
        """Samples first instead of time, or the other way round."""
        return self.ops.op("transpose", x, axes=(1, 0, *range(2, self.ops.rank(x))))

    def _mask(self) -> Operand:
        if self.mask is None:
            return None
        whole = self.mask.whole
        flat = self.ops.op("squeeze", whole, axis=-1) if self.ops.rank(whole) == 3 else whole
        return self.ops.op("transpose", flat, axes=(1, 0))

    def _compare(
        self, order: _StateOrder, now: Sequence[Operand], changed: Sequence[int], count: int
    ) -> tuple[LayerCell, list[int], dict[int, str]] | None:
        trial = order.trial
        shapes = [weight.shape for weight in trial.weights]
        inputs, states = trial.x.shape[-1], len(trial.states)
        cells = (
            list_conv_cells(trial.x.shape[2:], trial.states[0].shape[1:], shapes)
            if trial.x.ndim == 5 and len(trial.states) == 2 and trial.mask is None
            else list_cells(inputs, states, shapes, trial.mask is not None)
        )
        joined = list_joined_cells(inputs, states, shapes) if trial.mask is None else ()
        for cell, roles in itertools.chain(cells, joined):
            with np.errstate(all="ignore"):
                whole, last = trial.outcomes(cell, roles, False)
            meanings = {at: _find_meaning(now[at], whole, last, count) for at in changed}
            if all(meanings.values()):
                return cell, roles, {at: meaning or "" for at, meaning in meanings.items()}
        return None

    def _after(self, at: int, meaning: str | None, whole: Operand, last: Sequence[Operand], steps: Operand) -> Operand:
        """What one part of the state came to."""
        value = self.state[at]
        if meaning is None:
            return value
        if meaning == "count":
            return steps if isinstance(steps, Dim) else np.int32(steps)
        if meaning.startswith("state"):
            return last[int(meaning[5:])]
        if meaning == "last":
            return last[-1]
        assert isinstance(value, TensorList)
        if meaning == "final":
            return replace(value, items=(last[-1],), length=None)
        return TensorList(value.items, value.shape, value.dtype, whole, steps)


@dataclass(frozen=True)
class _StateOrder:
    """Which parts of a state are the states of the layer, in its order, and the numbers of those."""

    states: tuple[int, ...]
    trial: _Probe


def _iterate_orders(moving: Sequence[int], trial: _Probe, places: Sequence[int]) -> list[_StateOrder]:
    """Every way to take the moving parts as the states of a layer; what only repeats the output may be among them."""
    numbers = {at: trial.states[number] for number, at in enumerate(places)}
    ways = [(one,) for one in moving] + [(one, other) for one in moving for other in moving if one != other]
    return [_StateOrder(way, replace(trial, states=[numbers[at] for at in way])) for way in ways]


def _find_meaning(value: Operand, whole: Operand, last: Sequence[Operand], count: int) -> str | None:
    """Which outcome of a layer a part of the state is."""
    if isinstance(value, TensorList):
        items = [None if item is None else np.asarray(item) for item in value.items]
        if len(items) == 1 and len(whole) != 1:
            return "final" if items[0] is not None and _close(items[0], whole[-1]) else None
        same = len(items) == len(whole) and all(i is not None and _close(i, row) for i, row in zip(items, whole, strict=True))
        return "whole" if same else None
    array = np.asarray(value)
    if array.dtype.kind in "iu" and array.size == 1:
        return "count" if int(array.reshape(-1)[0]) == count else None
    for number, state in enumerate(last):
        if _close(array, state):
            return f"state{number}"
    return "last" if _close(array, whole[-1]) else None


def _close(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, 1e-4, 1e-5))
