"""Shapes of recurrent layers, their cells and wrappers (keras/src/layers/rnn of 3.15.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...document.model import Layer
from ..base import Shape
from .layers import convolution, output_spec
from .spec import Spec, multiply_sizes, spec_of
from .tables import Apply, Output, layer, option, wrapper

States = int | Sequence["States"]
_STATES = {"SimpleRNN": 1, "GRU": 1, "LSTM": 2, "SimpleRNNCell": 1, "GRUCell": 1, "LSTMCell": 2}


def sequences(layer: Layer, batch: int | None, length: int | None, own: Shape, states: Sequence[Output]) -> Output:
    """The outcome over all steps or of the last one, and the states behind it where they are asked for."""
    found = output_spec(layer, (batch, length, *own) if option(layer, "return_sequences", False) else (batch, *own))
    return (found, *states) if option(layer, "return_state", False) else found


@layer("SimpleRNN", "GRU", "LSTM")
def recurrent(layer: Layer, sequence: Spec, *_: object, **__: object) -> Output:
    batch, length, *_rest = sequence.known()
    units = option(layer, "units")
    states = [output_spec(layer, (batch, units))] * _STATES[layer.class_name]
    return sequences(layer, batch, length, (units,), states)


@layer("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def conv_lstm(layer: Layer, sequence: Spec, *_: object, **__: object) -> Output:
    batch, length, *rest = sequence.known()
    state = convolution(layer, sequence.with_shape((batch, *rest)), option(layer, "filters"))
    return sequences(layer, batch, length, state.known()[1:], [state, state])


@layer("SimpleRNNCell", "GRUCell", "LSTMCell")
def cell(layer: Layer, inputs: Spec, states: object = None, **_: object) -> Output:
    found = output_spec(layer, (*inputs.known()[:-1], option(layer, "units")))
    return found, (found,) * _STATES[layer.class_name]


def sizes(cell: Layer) -> tuple[int, list[States]]:
    """The size of a cell's outcome, and those of its states (nested for stacked cells)."""
    if cell.class_name == "StackedRNNCells":
        inner = [sizes(c) for c in option(cell, "cells")]
        return inner[-1][0], [states if len(states) > 1 else states[0] for _, states in inner]
    units = option(cell, "units")
    return units, [units] * _STATES[cell.class_name]


@layer("RNN")
def rnn(layer: Layer, sequence: Spec, *_: object, **__: object) -> Output:
    batch, length, *_rest = sequence.known()
    size, states = sizes(option(layer, "cell"))
    return sequences(layer, batch, length, (size,), [_state(layer, batch, state) for state in states])


def _state(layer: Layer, batch: int | None, size: States) -> Output:
    return [_state(layer, batch, one) for one in size] if isinstance(size, list) else output_spec(layer, (batch, size))


@wrapper("Bidirectional")
def bidirectional(apply: Apply, layer: Layer, sequence: Spec, *_: object, **__: object) -> Output:
    inner = option(layer, "layer")
    found = apply(inner, [sequence], {})
    first, *states = found if isinstance(found, tuple) else (found,)
    shape = spec_of(first).known()
    mode = option(layer, "merge_mode", "concat")
    if mode == "concat":
        outcome = [output_spec(layer, (*shape[:-1], multiply_sizes(shape[-1], 2)))]
    else:
        outcome = [output_spec(layer, shape)] * (2 if mode is None else 1)
    everything = [*outcome, *states, *states]
    return tuple(everything) if len(everything) > 1 else everything[0]


@wrapper("TimeDistributed")
def time_distributed(apply: Apply, layer: Layer, inputs: Spec, **_: object) -> Output:
    batch, length, *rest = inputs.known()
    found = apply(option(layer, "layer"), [inputs.with_shape((batch, *rest))], {})
    return _restore_time(layer, found, length)


def _restore_time(layer: Layer, found: Output, length: int | None) -> Output:
    if isinstance(found, Mapping):
        return {key: _restore_time(layer, item, length) for key, item in found.items()}
    if isinstance(found, list | tuple):
        return tuple(_restore_time(layer, item, length) for item in found)
    batch, *rest = spec_of(found).known()
    return output_spec(layer, (batch, length, *rest))
