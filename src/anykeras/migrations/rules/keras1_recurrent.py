"""Recurrent layers of Keras 0 and 1: a matrix for each gate, where Keras 2 has one for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.model import Era, Layer
from ...tensors import Tensor, concatenate, constant
from ..rulebook import Example, RuleContext, rule
from .keras1_layouts import OLD, TENSORFLOW_122, THEANO_122, channels_first, flip_kernel, on_theano, spatial_first

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


def _lstm_weights() -> Mapping[str, Tensor]:
    return {f"{kind}_{gate}": constant([[float(ord(gate))]] if kind != "b" else [1.0]) for kind in "WUb" for gate in "icfo"}


_LSTM = Layer("LSTM", "l", {"output_dim": 1, "consume_less": "cpu"}, _lstm_weights())
_GPU = Layer("LSTM", "l", {"output_dim": 1, "consume_less": "gpu"}, {"W": constant([[1.0] * 4])})


@rule(
    "AK2140",
    to=Era.KERAS2,
    eras=OLD,
    classes=("LSTM", "GRU"),
    examples=[
        Example(
            _LSTM,
            lambda layer: layer.weights["kernel"].read().ravel().tolist() == [105.0, 102.0, 99.0, 111.0],
            THEANO_122,
        )
    ],
    leaves_alone=[Example(_GPU, _GPU, THEANO_122)],
)
def _join_gates(layer: Layer, context: RuleContext) -> Layer | None:
    weights = _join(layer)
    return None if weights is None else replace(layer, weights=weights)


def _conv_weights() -> Mapping[str, Tensor]:
    kernel, bias = constant([[[[1.0], [2.0]]]]), constant([1.0])
    return {f"{kind}_{gate}": bias if kind == "b" else kernel.reshape(2, 1, 1, 1) for kind in "WUb" for gate in "icfo"}


_CONV_LSTM = Layer("ConvLSTM2D", "c", {"dim_ordering": "tf", "nb_filter": 1}, _conv_weights())
_CONV_LSTM_NEW = Layer("ConvLSTM2D", "c", {"filters": 1}, {"kernel": constant([1.0])})


@rule(
    "AK2142",
    to=Era.KERAS2,
    eras=OLD,
    classes=("ConvLSTM2D",),
    examples=[
        Example(_CONV_LSTM, lambda layer: layer.weights["kernel"].shape == (2, 1, 1, 4), TENSORFLOW_122),
        Example(
            _CONV_LSTM,
            lambda layer: layer.weights["kernel"].read()[:, 0, 0, 0].tolist() == [2.0, 1.0],
            THEANO_122,
        ),
    ],
    leaves_alone=[Example(_CONV_LSTM_NEW, _CONV_LSTM_NEW, THEANO_122)],
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
