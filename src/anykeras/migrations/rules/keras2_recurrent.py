"""Recurrent layers: CuDNN's weights, the two GRUs, states handed in."""

from __future__ import annotations

from ...document.model import Era, Layer, Value
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Array, Tensor, combine
from ..rulebook import RuleContext, rule

# Arguments that CuDNN layers share with the layers that take their place (keras 2.3.1 layers/cudnn_recurrent.py).
_KEPT = [
    "units",
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "trainable",
    "dtype",
    "batch_input_shape",
    "kernel_initializer",
    "recurrent_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "recurrent_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
    "unit_forget_bias",
]
_GATES = {"CuDNNLSTM": 4, "CuDNNGRU": 3}


def _untranspose(kernel: Tensor, gates: int) -> Tensor:
    """CuDNN reads each gate's (inputs, units) block as (units, inputs), bytes as they lie."""

    def read(array: Array) -> Array:
        blocks = np.split(array, gates, axis=1)
        return np.concatenate([block.T.reshape(block.shape, order="F") for block in blocks], axis=1)

    return kernel.rearrange("from CuDNN", kernel.shape, read)


def _transpose_gates(kernel: Tensor, gates: int) -> Tensor:
    def read(array: Array) -> Array:
        return np.concatenate([block.T for block in np.split(array, gates, axis=1)], axis=1)

    return kernel.rearrange("from CuDNN", kernel.shape, read)


def _join_biases(bias: Tensor, gates: int) -> Tensor:
    half = bias.size // 2
    if gates == _GATES["CuDNNGRU"]:
        return bias.reshape(2, half)

    def add(both: Array) -> Array:
        return np.asarray(np.add(both[:half], both[half:]))

    # Both have the gradient of their sum, and so its momenta and means: those of the first go on.
    return combine("input + recurrent bias", [bias], (half,), add, lambda slot: slot.part(0, 0, half))


@rule(
    "AK2240",
    to=Era.KERAS3,
    classes=tuple(_GATES),
)
def replace_cudnn(layer: Layer, context: RuleContext) -> Layer | None:
    """The plain layer with the same weights in Keras's layout."""
    gates = _GATES[layer.class_name]
    config: dict[str, Value] = {key: layer.config[key] for key in _KEPT if key in layer.config}
    config |= {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True}
    if gates == _GATES["CuDNNGRU"]:
        config = {"reset_after": True, **{k: v for k, v in config.items() if k != "unit_forget_bias"}}
    change = {"kernel": _untranspose, "recurrent_kernel": _transpose_gates, "bias": _join_biases}
    weights = {role: change[role](tensor, gates) for role, tensor in layer.weights.items()}
    return Layer(layer.class_name.removeprefix("CuDNN"), layer.name, config, weights, address=layer.address)


@rule(
    "AK2241",
    to=Era.KERAS3,
    classes=("GRU", "GRUCell"),
    report=False,
)
def state_reset_after(layer: Layer, context: RuleContext) -> Layer | None:
    """The argument spelled out."""
    if isinstance(layer.config.get("reset_after"), bool):
        return None
    bias = layer.weights.get("bias")
    return layer.with_config(reset_after=bias is not None and len(bias.shape) == 2)


_CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell")


@rule(
    "AK2239",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
    classes=_CELLS,
    report=False,
)
def require_arguments(layer: Layer, context: RuleContext) -> Layer | None:
    """The cell without `implementation`. Raises Unsupported where it has no units."""
    if layer.config.get("units") is None:
        raise Unsupported(
            "AK2239",
            f"the file does not hold the arguments of {layer.class_name} {layer.name!r}: neither units nor activation",
            layer=layer.name,
            key="units",
            writer=str(context.writer),
            next_step="Build the model from its source, load these weights into it, and save it from a later Keras.",
        )
    return layer.without("implementation") if "implementation" in layer.config else None
