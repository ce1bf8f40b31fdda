"""Recurrent layers of Keras on numbers: what a body of a graph is compared with before it becomes one of them.

Source: keras/src/layers/rnn/lstm.py, gru.py, simple_rnn.py and rnn.py of Keras 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..recovery.functions import Operand
from ..tensors import Array

ACTIVATIONS: dict[str, Callable[[Operand], Operand]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "linear": lambda x: x,
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
}
GATES: dict[str, Callable[[Operand], Operand]] = {
    "sigmoid": ACTIVATIONS["sigmoid"],
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
}
KINDS = {"LSTM": (4, 2), "GRU": (3, 1), "SimpleRNN": (1, 1)}
"""How many gates a layer has, and how many states."""


@dataclass(frozen=True)
class Cell:
    """A layer of Keras, as far as its numbers go."""

    kind: str
    units: int
    activation: str = "tanh"
    gate: str = "sigmoid"
    reset_after: bool = True
    zero_output: bool = False

    def config(self) -> dict[str, Operand]:
        """The arguments of the layer."""
        found: dict[str, Operand] = {"units": self.units, "activation": self.activation}
        if self.kind != "SimpleRNN":
            found["recurrent_activation"] = self.gate
        if self.kind == "GRU":
            found["reset_after"] = self.reset_after
        return {**found, "zero_output_for_mask": True} if self.zero_output else found

    def step(self, x: Operand, states: Sequence[Operand], weights: Sequence[Operand]) -> list[Operand]:
        """The states after one more step; the first is the output. `weights` are kernel, recurrent kernel and bias."""
        kernel, recurrent, bias = weights
        act, gate = ACTIVATIONS[self.activation], GATES[self.gate]
        h = states[0]
        if self.kind == "SimpleRNN":
            return [act(x @ kernel + bias + h @ recurrent)]
        if self.kind == "LSTM":
            i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, -1)
            c = gate(f) * states[1] + gate(i) * act(g)
            return [gate(o) * act(c), c]
        return [self._gru(x @ kernel, h, recurrent, bias, act, gate)]

    def _gru(
        self,
        x: Operand,
        h: Operand,
        recurrent: Operand,
        bias: Operand,
        act: Callable[..., Operand],
        gate: Callable[..., Operand],
    ) -> Operand:
        inner, outer = (bias[0], bias[1]) if self.reset_after and np.ndim(bias) == 2 else (bias, 0)
        xz, xr, xh = np.split(x + inner, 3, -1)
        if self.reset_after:
            hz, hr, hh = np.split(h @ recurrent + outer, 3, -1)
            z, new = gate(xz + hz), act(xh + gate(xr + hr) * hh)
        else:
            rz, rr, rh = np.split(recurrent, 3, -1)
            z, new = gate(xz + h @ rz), act(xh + (gate(xr + h @ rr) * h) @ rh)
        return z * h + (1 - z) * new

    def run(
        self, x: Array, states: Sequence[Array], weights: Sequence[Operand], mask: Array | None = None
    ) -> tuple[Operand, list[Operand]]:
        """All outputs (time, batch, units) and the last states, for `x` (time, batch, inputs)."""
        now, outputs = list(states), []
        before = np.zeros_like(states[0])
        for place, row in enumerate(x):
            after = self.step(row, now, weights)
            out = after[0]
            if mask is not None:
                here = mask[place].reshape(-1, 1)
                out = np.where(here, out, 0 if self.zero_output else before)
                after = [np.where(here, new, old) for new, old in zip(after, now, strict=True)]
            now, before = after, out
            outputs.append(out)
        return np.stack(outputs), now


def list_cells(inputs: int, states: int, shapes: Sequence[tuple[int, ...]], masked: bool) -> Iterator[tuple[Cell, list[int]]]:
    """Every layer that weights of these shapes can be, with the places of kernel, recurrent kernel and bias (-1: none)."""
    for kind, (gates, needed) in KINDS.items():
        for r, recurrent in enumerate(shapes):
            if needed != states or len(recurrent) != 2 or recurrent[1] != gates * recurrent[0]:
                continue
            for k, kernel in enumerate(shapes):
                left = [place for place in range(len(shapes)) if place not in (k, r)]
                if k == r or kernel != (inputs, recurrent[1]) or len(left) > 1:
                    continue
                bias = left[0] if left else -1
                for cell in _variants(kind, recurrent[0], shapes[bias] if left else None, masked):
                    yield cell, [k, r, bias]


def _variants(kind: str, units: int, bias: tuple[int, ...] | None, masked: bool) -> Iterator[Cell]:
    width = KINDS[kind][0] * units
    after = (True, False) if kind == "GRU" else (True,)
    for reset_after in after:
        if bias is not None and bias != ((2, width) if kind == "GRU" and reset_after else (width,)):
            continue
        for gate in GATES if kind != "SimpleRNN" else ("sigmoid",):
            for activation in ACTIVATIONS:
                for zero_output in (False, True) if masked else (False,):
                    yield Cell(kind, units, activation, gate, reset_after, zero_output)
