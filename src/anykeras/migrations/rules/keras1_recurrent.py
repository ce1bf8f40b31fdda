"""Recurrent layers of Keras 0 and 1: a matrix for each gate, where Keras 2 has one for all."""

from __future__ import annotations

from dataclasses import replace

from ...document.model import Era, Layer
from ...tensors import Tensor, concatenate
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD, channels_first, flip_kernel, on_theano, spatial_first

# The order of the gates in the joined matrices of Keras 2 (keras/layers/recurrent.py 2.0.0). Keras 1 saved the gates of
# an LSTM in another one (i, c, f, o); with consume_less='gpu' its joined matrices are in this order already.
_GATES = {"LSTM": "ifco", "GRU": "zrh", "ConvLSTM2D": "ifco"}
_ROLES = {"W": "kernel", "U": "recurrent_kernel", "b": "bias"}


def _join(layer: Layer) -> dict[str, Tensor] | None:
    """The weights with one tensor for all gates, or None where there is nothing to join."""
    gates = _GATES[layer.class_name]
    wanted = {old: [f"{old}_{gate}" for gate in gates] for old in _ROLES}
    if not all(role in layer.weights for roles in wanted.values() for role in roles):
        return None
    spent = {role for roles in wanted.values() for role in roles}
    rest = {role: tensor for role, tensor in layer.weights.items() if role not in spent}
    joined = {_ROLES[old]: concatenate([layer.weights[role] for role in roles]) for old, roles in wanted.items()}
    return {**rest, **joined}


@rule(
    "AK2140",
    to=Era.KERAS2,
    eras=OLD,
    classes=("LSTM", "GRU"),
)
def _join_gates(layer: Layer, context: RuleContext) -> Layer | None:
    weights = _join(layer)
    return None if weights is None else replace(layer, weights=weights)


@rule(
    "AK2142",
    to=Era.KERAS2,
    eras=OLD,
    classes=("ConvLSTM2D",),
)
def _join_conv_gates(layer: Layer, context: RuleContext) -> Layer | None:
    first, theano = channels_first(layer, context.writer), on_theano(context.writer)

    def lay_out(role: str, tensor: Tensor) -> Tensor:
        if role.startswith("b_"):
            return tensor
        tensor = spatial_first(tensor) if first else tensor
        return flip_kernel(tensor, 2) if theano else tensor

    old = replace(layer, weights={role: lay_out(role, tensor) for role, tensor in layer.weights.items()})
    weights = _join(old)
    return None if weights is None else replace(layer, weights=weights)
