"""Recurrent layers of Keras on numbers: what a body of a graph is compared with before it becomes one of them.

Source: keras/src/layers/rnn/lstm.py, gru.py, simple_rnn.py and rnn.py of Keras 3.15.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..migrations.rules.keras2_spelling import clipped_line
from ..recovery.functions import Operand
from ..tensors import Array, Tensor, combine

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
    "clipped_line": lambda x: np.clip(0.2 * x + 0.5, 0, 1),  # the hard sigmoid of Keras 1 and 2
}
KINDS = {"LSTM": (4, 2), "GRU": (3, 1), "SimpleRNN": (1, 1)}
"""How many gates a layer has, and how many states."""


@dataclass(frozen=True)
class LayerCell:
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
            found["recurrent_activation"] = clipped_line() if self.gate == "clipped_line" else self.gate
        if self.kind == "GRU":
            found["reset_after"] = self.reset_after
        return {**found, "zero_output_for_mask": True} if self.zero_output else found

    def weights(self, tensors: Sequence[Tensor | None]) -> dict[str, Tensor]:
        """The weights of the layer by role, out of those in the graph."""
        roles = zip(("kernel", "recurrent_kernel", "bias"), tensors, strict=True)
        return {role: tensor for role, tensor in roles if tensor is not None}

    def step(self, x: Operand, states: Sequence[Operand], weights: Sequence[Operand]) -> list[Operand]:
        """The states after one more step; the first is the output. `weights` are kernel, recurrent kernel and bias."""
        kernel, recurrent, bias = weights
        act, gate = ACTIVATIONS[self.activation], GATES[self.gate]
        h = states[0]
        if self.kind == "SimpleRNN":
            return [act(x @ kernel + bias + h @ recurrent)]
        if self.kind == "LSTM":
            return self._lstm(x @ kernel + h @ recurrent + bias, states[1])
        return [self._gru(x @ kernel, h, recurrent, bias, act, gate)]

    def _lstm(self, total: Operand, carry: Operand) -> list[Operand]:
        act, gate = ACTIVATIONS[self.activation], GATES[self.gate]
        i, f, g, o = np.split(total, 4, -1)
        c = gate(f) * carry + gate(i) * act(g)
        return [gate(o) * act(c), c]

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


@dataclass(frozen=True)
class JoinedCell(LayerCell):
    """A cell of ``tf.nn.rnn_cell``, whose kernels hold the rows of the inputs and, behind them, those of the state.

    Source: tensorflow/python/ops/rnn_cell_impl.py (1.15.5): gates i, j, f, o of an LSTM, to whose f `forget` is added; r and u
    of a GRU apart from its candidate, whose r comes before the product.
    """

    inputs: int = 0
    forget: float = 0.0

    def weights(self, tensors: Sequence[Tensor | None]) -> dict[str, Tensor]:
        """The weights of the layer by role."""
        held = [tensor for tensor in tensors if tensor is not None]
        width = KINDS[self.kind][0] * self.units
        shapes = {"kernel": (self.inputs, width), "recurrent_kernel": (self.units, width), "bias": (width,)}
        origin = held[0].origin.replace("/gates/", "/")
        return {
            role: replace(combine("keras_gates", held, shape, lambda *a, at=at: self._apart(a)[at]), origin=origin)
            for at, (role, shape) in enumerate(shapes.items())
        }

    def step(self, x: Operand, states: Sequence[Operand], weights: Sequence[Operand]) -> list[Operand]:
        """As that of the layer of Keras."""
        return super().step(x, states, self._apart(weights))

    def _apart(self, weights: Sequence[Operand]) -> list[Array]:
        """Kernel, recurrent kernel and bias of Keras, out of kernels and biases in turn."""
        pairs = [np.vstack(weights[at : at + 2]) for at in range(0, len(weights), 2)]  # the bias is the last row
        gates = [np.split(pair, pair.shape[1] // self.units, axis=1) for pair in pairs]
        if self.kind == "LSTM":
            (i, j, f, o), add = gates[0], np.zeros_like(gates[0][0])
            add[-1] = self.forget
            whole = np.concatenate([i, f + add, j, o], 1)
        else:
            whole = np.concatenate([*gates[0][::-1], *gates[-1]] if len(gates) > 1 else gates[0], 1)
        return [whole[: self.inputs], whole[self.inputs : -1], whole[-1]]


def list_joined_cells(inputs: int, states: int, shapes: Sequence[tuple[int, ...]]) -> Iterator[tuple[LayerCell, list[int]]]:
    """Every cell of ``tf.nn.rnn_cell`` that weights of these shapes can be, with the places of kernels and biases in turn."""
    kernels = sorted((at for at, shape in enumerate(shapes) if len(shape) == 2), key=lambda at: -shapes[at][1])
    for kind, widths in (("LSTM", (4,)), ("GRU", (2, 1)), ("SimpleRNN", (1,))):
        units = shapes[kernels[0]][1] // widths[0] if kernels else 0
        fits = [(inputs + units, width * units) for width in widths] == [shapes[at] for at in kernels]
        if not units or not fits or KINDS[kind][1] != states or len(shapes) != 2 * len(kernels):
            continue
        biases = [next((at for at, shape in enumerate(shapes) if shape == shapes[k][1:]), -1) for k in kernels]
        if -1 in biases:
            continue
        order = [place for pair in zip(kernels, biases, strict=True) for place in pair]
        for activation in ACTIVATIONS:
            for forget in (1.0, 0.0) if kind == "LSTM" else (0.0,):
                yield JoinedCell(kind, units, activation, "sigmoid", False, inputs=inputs, forget=forget), order


@dataclass(frozen=True)
class ConvCell(LayerCell):
    """A ConvLSTM2D of `units` filters (keras/src/layers/rnn/conv_lstm.py)."""

    window: tuple[int, ...] = (1, 1)
    strides: int = 1
    padding: str = "valid"

    def config(self) -> dict[str, Operand]:
        """The arguments of the layer."""
        found = super().config()
        del found["units"]
        where: dict[str, Operand] = {"kernel_size": self.window, "strides": self.strides, "padding": self.padding}
        return {"filters": self.units, **where, **found}

    def step(self, x: Operand, states: Sequence[Operand], weights: Sequence[Operand]) -> list[Operand]:
        """As that of an LSTM, with convolutions for products."""
        kernel, recurrent, bias = weights
        moved = correlate(states[0], recurrent, 1, "same")
        return self._lstm(correlate(x, kernel, self.strides, self.padding) + bias + moved, states[1])


def correlate(x: Operand, kernel: Operand, strides: int, padding: str) -> Operand:
    """A convolution of images (batch, height, width, channels) as TensorFlow pads them."""
    if padding == "same":
        over = [
            max((-(-size // strides) - 1) * strides + k - size, 0) for size, k in zip(x.shape[1:3], kernel.shape, strict=False)
        ]
        x = np.pad(x, ((0, 0), *((total // 2, total - total // 2) for total in over), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))[:, ::strides, ::strides]
    return np.einsum("bhwcij,ijcf->bhwf", windows, kernel, optimize=True).astype(x.dtype)


def count_windows(size: int, window: int, strides: int, padding: str) -> int:
    """How long an axis is behind a convolution."""
    return -(-size // strides) if padding == "same" else (size - window) // strides + 1


def list_windows(image: Sequence[int], state: Sequence[int], kernel: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """Strides and padding by which an image (height, width) becomes one of the size of a state."""
    for padding in ("valid", "same"):
        for strides in (1, 2, 3):
            sizes = [count_windows(size, k, strides, padding) for size, k in zip(image, kernel, strict=True)]
            if sizes == list(state):
                yield strides, padding


def shrink(
    image: tuple[int, ...], state: tuple[int, ...], kernels: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Smaller shapes of an image and of the state behind a convolution of it, which a proof is as good on."""
    for kernel in kernels:
        for strides, padding in list_windows(image[:2], state[:2], kernel[:2]):
            small = tuple(min(size, k + 2 * strides) for size, k in zip(image, kernel[:2], strict=False))
            behind = (count_windows(size, k, strides, padding) for size, k in zip(small, kernel, strict=False))
            return (*small, image[-1]), (*behind, state[-1])
    return image, state


def list_conv_cells(
    image: tuple[int, ...], state: tuple[int, ...], shapes: Sequence[tuple[int, ...]]
) -> Iterator[tuple[LayerCell, list[int]]]:
    """Every ConvLSTM2D that weights can be of, on images (height, width, channels), as :func:`list_cells` gives them."""
    for r, recurrent in enumerate(shapes):
        for k, kernel in enumerate(shapes):
            left = [place for place in range(len(shapes)) if place not in (k, r)]
            if k == r or len(recurrent) != 4 or len(kernel) != 4 or len(left) > 1:
                continue
            units, width = recurrent[2:]
            fits = width == 4 * units == kernel[-1] and kernel[2] == image[-1] and kernel[:2] == recurrent[:2]
            if not fits or state[-1] != units or any(shapes[place] != (width,) for place in left):
                continue
            for strides, padding in list_windows(image[:2], state[:2], kernel[:2]):
                for gate in GATES:
                    for activation in ACTIVATIONS:
                        cell = ConvCell(
                            "ConvLSTM2D", units, activation, gate, window=kernel[:2], strides=strides, padding=padding
                        )
                        yield cell, [k, r, left[0] if left else -1]


def list_cells(
    inputs: int, states: int, shapes: Sequence[tuple[int, ...]], masked: bool
) -> Iterator[tuple[LayerCell, list[int]]]:
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
                for cell in _iterate_variants(kind, recurrent[0], shapes[bias] if left else None, masked):
                    yield cell, [k, r, bias]


def _iterate_variants(kind: str, units: int, bias: tuple[int, ...] | None, masked: bool) -> Iterator[LayerCell]:
    width = KINDS[kind][0] * units
    after = (True, False) if kind == "GRU" else (True,)
    for reset_after in after:
        if bias is not None and bias != ((2, width) if kind == "GRU" and reset_after else (width,)):
            continue
        for gate in GATES if kind != "SimpleRNN" else ("sigmoid",):
            for activation in ACTIVATIONS:
                for zero_output in (False, True) if masked else (False,):
                    yield LayerCell(kind, units, activation, gate, reset_after, zero_output)
