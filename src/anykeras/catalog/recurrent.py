"""Recurrent layers and cells.

Keras 3 and tf.keras keep the variables of ``LSTM`` on its cell (``layers/lstm/cell/vars/0``), HDF5 files of every
era on the layer; here they belong to the layer and ``at`` says where Keras 3 puts them (keras 3.15.1 ``layers/rnn``).
"""

from __future__ import annotations

from dataclasses import replace

from ..document.model import Layer, Value
from ..document.walk import rebuild
from .base import ALL, MODERN, Role, entry, flag


def _recurrent(at: str) -> list[Role]:
    return [Role("kernel", at), Role("recurrent_kernel", at), Role("bias", at, when=flag("use_bias"))]


for _name in ("SimpleRNN", "LSTM", "GRU"):
    entry(_name, MODERN, _recurrent("cell"))
    entry(f"{_name}Cell", MODERN, _recurrent(""))

entry("ConvLSTM2D", MODERN, _recurrent("cell"))
for _name in ("ConvLSTM1D", "ConvLSTM3D"):
    entry(_name, MODERN, _recurrent("cell"))

entry("RNN", MODERN, children=[("cell", "cell")])
entry("StackedRNNCells", MODERN, children=[("cells", "cells")])
entry("TimeDistributed", MODERN, children=[("layer", "layer")])


def _both_ways(layer: Layer) -> Layer:
    """A Bidirectional with the backward half that its constructor makes where it was not given one.

    Names and direction as in Keras 1.2.2 layers/wrappers.py to keras 3.15.1 layers/rnn/bidirectional.py.
    """
    forward = layer.config.get("layer")
    if not isinstance(forward, Layer):
        return layer
    stem = forward.name.removeprefix("forward_")
    halves: dict[str, Value] = {"layer": replace(forward, name=f"forward_{stem}")}
    if not isinstance(layer.config.get("backward_layer"), Layer):
        # Layers inside (the cells of an RNN) are made anew too: weights are given out by the identity of a layer.
        own = rebuild(forward, replace)
        backward = own.with_config(go_backwards=not forward.config.get("go_backwards", False))
        halves["backward_layer"] = replace(backward, name=f"backward_{stem}", address=f"{forward.address}_backward")
    return layer.with_config(**halves)


# Saved forward first in HDF5 files (`weights` of tf.keras 2.15 layers/rnn/bidirectional.py).
entry(
    "Bidirectional",
    ALL,
    children=[("layer", "forward_layer"), ("backward_layer", "backward_layer")],
    completed=_both_ways,
)
