"""What the files of Keras 0 and 1 mean by an image's axes, and which backend's convolutions they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...document.model import Config, Era, Layer, Object, Value, Writer
from ...tensors import Tensor, concatenate
from ..rulebook import RuleContext, rule

OLD = (Era.KERAS0, Era.KERAS1)


def channels_first(layer: Layer, writer: Writer) -> bool:
    """Whether the layer's images are (channels, rows, columns).

    Where it says nothing: what the other layers say, or else the default of the time, ``th`` before Keras 1.2 and
    ``tf`` from then on (keras/backend/common.py).
    """
    said = layer.config.get("dim_ordering")
    if said in ("th", "tf"):
        return said == "th"
    if writer.data_format is not None:
        return writer.data_format == "channels_first"
    return writer.era is Era.KERAS0 or (bool(writer.release) and writer.release < (1, 2))


def on_theano(writer: Writer) -> bool:
    """Whether the writer convolved as Theano does: with the kernel turned round."""
    return writer.backend == "theano"


def spatial_first(kernel: Tensor) -> Tensor:
    """(out, in, rows, columns) as (rows, columns, in, out), for any number of spatial axes."""
    rank = len(kernel.shape)
    return kernel.transpose(*range(2, rank), 1, 0)


def flip_kernel(kernel: Tensor, rank: int) -> Tensor:
    """The kernel rotated by 180 degrees: its first `rank` axes reversed."""
    return kernel.flip(*range(rank))


def move_constraint(constraint: Value, order: Sequence[int | None]) -> Value:
    """A constraint whose axes were counted on a kernel that is laid out otherwise now: `order[old]` is the new axis."""
    if not isinstance(constraint, Object) or not isinstance(constraint.config, dict):
        return constraint
    axis = constraint.config.get("axis")
    listed = axis if isinstance(axis, tuple) else (axis,)
    found = [order[a] for a in listed if isinstance(a, int) and -len(order) <= a < len(order)]
    kept = tuple(a for a in found if a is not None)
    new: Value = kept if len(kept) != 1 else kept[0]
    return Object(constraint.class_name, {**constraint.config, "axis": new}) if kept else constraint


def integers(value: Value, count: int) -> tuple[int, ...]:
    """A size or stride for `count` axes, given as one number or one each; () where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * count
    if isinstance(value, tuple) and len(value) == count and all(isinstance(v, int) for v in value):
        return tuple(v for v in value if isinstance(v, int))
    return ()


def as_activation(layer: Layer, function: Layer) -> Layer:
    """An Activation named as `layer` that computes the model `function`: unlike a model, it passes masks on."""
    config: Config = {"activation": function, "trainable": layer.config.get("trainable") is not False}
    return Layer("Activation", layer.name, config, address=layer.address)


_SIDES = {
    "ZeroPadding1D": (("left_pad", "right_pad"),),
    "ZeroPadding2D": (("top_pad", "bottom_pad"), ("left_pad", "right_pad")),
}


@rule(
    "AK2160",
    to=Era.KERAS2,
    eras=OLD,
    classes=tuple(_SIDES),
    report=False,
)
def _sides(layer: Layer, context: RuleContext) -> Layer | None:
    padding, sides = layer.config.get("padding"), _SIDES[layer.class_name]
    made: Value
    if isinstance(padding, Mapping):
        pairs = tuple((padding.get(before, 0), padding.get(after, 0)) for before, after in sides)
        made = pairs if len(pairs) > 1 else pairs[0]
    elif isinstance(padding, tuple) and len(padding) == 4:
        made = (padding[:2], padding[2:])
    else:
        return None
    return layer.with_config(padding=made)


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
