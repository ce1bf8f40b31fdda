"""A GRU with `reset_after` step by step, where a stack has the other kind alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ...document.build import Builder
from ...document.model import Config, Layer, Ref, Value
from ...tensors import Array, Tensor, constant
from ..activations import OLD_HARD_SIGMOID
from ..forms import RESET_AFTER, make_activation, model_of, reshape
from ..rulebook import Place, back_rule

_MOST_STEPS: Final = 256
_GATES: Final = ("sigmoid", "hard_sigmoid", OLD_HARD_SIGMOID)


def _is_such(layer: Value) -> bool:
    return isinstance(layer, Layer) and layer.class_name in ("GRU", "GRUCell") and bool(layer.config.get("reset_after", True))


@dataclass(frozen=True)
class _Steps:
    """The layers of one GRU, which all steps share; `gru` has its arguments, `cell` its weights."""

    builder: Builder
    gru: Layer
    cell: Layer
    layers: Mapping[str, Layer]

    def run(self, rows: list[Ref], state: Ref) -> list[Ref]:
        """The state after each of the rows."""
        states = []
        for row in rows:
            state = self._step(row, state)
            states.append(state)
        return states

    def _step(self, row: Ref, state: Ref) -> Ref:
        builder = self.builder
        both = builder.layer("Concatenate", {"axis": -1}, (row, state))
        update, rest, reset = (builder.add(self.layers[gate], both) for gate in ("update", "rest", "reset"))
        kept = builder.layer("Multiply", {}, (reset, builder.add(self.layers["recurrent"], state)))
        total = builder.layer("Add", {}, (builder.add(self.layers["input"], row), kept))
        new = make_activation(builder, total, str(self.cell.config.get("activation") or "linear"))
        kept = builder.layer("Multiply", {}, (update, state))
        return builder.layer("Add", {}, (kept, builder.layer("Multiply", {}, (rest, new))))


def _make_layers(builder: Builder, cell: Layer) -> dict[str, Layer]:
    """The products of a step as Dense layers: both gates, and what the input and the state give of the new state.

    What the update leaves, one minus its gate, is the gate of the negative: so it is with the functions of `_GATES`.
    """
    arrays = {role: tensor.read() for role, tensor in cell.weights.items()}
    units = arrays["recurrent_kernel"].shape[0]
    bias = arrays.get("bias", np.zeros((2, 3 * units), "float32")).reshape(2, 3 * units)
    columns = {name: slice(at * units, (at + 1) * units) for at, name in enumerate(("update", "reset", "new"))}
    function = cell.config.get("recurrent_activation") or "linear"

    def dense(name: str, kernel: Array, offset: Array, function: Value = "linear") -> Layer:
        weights: dict[str, Tensor] = {"kernel": constant(kernel), "bias": constant(offset)}
        config: Config = {"units": units, "use_bias": True, "activation": function}
        return Layer("Dense", f"{builder.name}_{name}", config, weights, address=builder.address)

    both = np.concatenate([arrays["kernel"], arrays["recurrent_kernel"]])
    found = {name: dense(name, both[:, columns[name]], bias.sum(0)[columns[name]], function) for name in ("update", "reset")}
    update = columns["update"]
    found["rest"] = dense("rest", -both[:, update], -bias.sum(0)[update], function)
    new = columns["new"]
    found["input"] = dense("input", arrays["kernel"][:, new], bias[0, new])
    found["recurrent"] = dense("recurrent", arrays["recurrent_kernel"][:, new], bias[1, new])
    return found


def _rows(builder: Builder, x: Ref, layer: Layer, place: Place) -> list[Ref]:
    """The steps of a sequence. Raises Unsupported where their number is open, or large."""
    shape = place.shape
    length, width = shape[1:] if shape is not None and len(shape) == 3 else (None, None)
    if length is None or width is None or length > _MOST_STEPS:
        raise place.refuse(layer, f"a GRU with reset_after over more than {_MOST_STEPS} steps, or of an open number")
    image = reshape(builder, x, (length, width, 1))
    found = []
    for step in range(length):
        crop: Config = {"cropping": ((step, length - step - 1), (0, 0)), "data_format": "channels_last"}
        found.append(reshape(builder, builder.layer("Cropping2D", crop, image) if length > 1 else image, (width,)))
    return found


def _follow(builder: Builder, x: Ref, layer: Layer, gru: Layer, place: Place, states: tuple[Ref, ...] = ()) -> list[Ref]:
    """The state after each step, in the order in which they are taken."""
    inner = gru.config.get("cell", gru)
    assert isinstance(inner, Layer)
    if not inner.weights or gru.config.get("stateful") or inner.config.get("recurrent_activation") not in _GATES:
        raise place.refuse(layer, "a GRU with reset_after that is stateful, without weights, or with another gate")
    rows = _rows(builder, x, layer, place)
    ordered = rows[::-1] if gru.config.get("go_backwards") else rows
    layers = _make_layers(builder, inner)
    if not states:
        units, width = inner.weights["recurrent_kernel"].shape[0], inner.weights["kernel"].shape[0]
        zeros: Config = {"units": units, "use_bias": False, "activation": "linear", "trainable": False}
        nothing = {"kernel": constant(np.zeros((width, units)))}
        states = (builder.layer("Dense", zeros, ordered[0], weights=nothing),)
    return _Steps(builder, gru, inner, layers).run(ordered, states[0])


def _stack(builder: Builder, states: list[Ref], units: int) -> Ref:
    rows = tuple(reshape(builder, state, (1, units)) for state in states)
    return rows[0] if len(rows) == 1 else builder.layer("Concatenate", {"axis": 1}, rows)


def _units(gru: Layer) -> int:
    cell = gru.config.get("cell", gru)
    assert isinstance(cell, Layer)
    return cell.weights["recurrent_kernel"].shape[0]


@back_rule(
    "AK2480",
    since=RESET_AFTER,
    classes=("GRU", "RNN"),
)
def unroll(layer: Layer, place: Place) -> Layer | None:
    """Each step as Dense layers that all steps share."""
    if place.held or not _is_such(layer.config.get("cell", layer)):
        return None

    def steps(builder: Builder, x: Ref, *states: Ref) -> tuple[Ref, ...] | Ref:
        found = _follow(builder, x, layer, layer, place, states)
        sequences = layer.config.get("return_sequences")
        out = _stack(builder, found, _units(layer)) if sequences else found[-1]
        return (out, found[-1]) if layer.config.get("return_state") else out

    return model_of(layer, place, steps, inputs=max(1, len(place.inputs)))


@back_rule("AK2480", since=RESET_AFTER, classes=("Bidirectional",))
def unroll_both_ways(layer: Layer, place: Place) -> Layer | None:
    """The same for both directions, and their merge."""
    one, other = (layer.config.get(key) for key in ("layer", "backward_layer"))
    if not isinstance(one, Layer) or not isinstance(other, Layer):
        return None
    such = [_is_such(half.config.get("cell", half)) for half in (one, other)]
    if not all(such):
        if any(such):
            raise place.refuse(layer, "halves that differ in class or reset_after")
        return None
    if one.config.get("return_state") or len(place.inputs) > 1:
        raise place.refuse(layer, "a GRU with reset_after and states of its own")
    mode, sequences = layer.config.get("merge_mode", "concat"), one.config.get("return_sequences")
    kinds = {"concat": "Concatenate", "sum": "Add", "mul": "Multiply", "ave": "Average"}
    away = replace(other, config={**other.config, "go_backwards": not one.config.get("go_backwards")})

    def steps(builder: Builder, x: Ref) -> tuple[Ref, ...] | Ref:
        ends = []
        for gru, turned in ((one, False), (away, True)):
            found = _follow(builder, x, layer, gru, place)
            ends.append(_stack(builder, found[::-1] if turned else found, _units(gru)) if sequences else found[-1])
        if mode is None:
            return tuple(ends)
        return builder.layer(kinds[str(mode)], {"axis": -1} if mode == "concat" else {}, tuple(ends))

    return model_of(layer, place, steps)
