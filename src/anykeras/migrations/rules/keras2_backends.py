"""What the CNTK and Theano backends of Keras 2 computed otherwise."""

from __future__ import annotations

from dataclasses import replace

from ...document.build import Builder
from ...document.edit import change_layers
from ...document.model import Call, Era, Graph, Layer, Ref
from ...document.walk import layers_of
from ...errors import Unsupported
from ...tensors import Tensor
from ..rulebook import RuleContext, rule

_GATED = ("LSTM", "ConvLSTM2D")


@rule(
    "AK2246",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
)
def hand_out_carries(model: Layer, context: RuleContext) -> Layer | None:
    """Every LSTM of the graph that CNTK ran step by step."""
    graph, writer = model.graph, context.writer
    if graph is None or writer.backend != "cntk" or not (2, 2) <= writer.release < (3,):
        return None
    if _is_fixed(graph) or _gives_carry(graph):
        return None
    changed = change_layers(model, lambda layer: _hand_out_carry(layer, graph))
    return None if changed is model else changed


def _gives_carry(graph: Graph) -> bool:
    """A model that this rule made."""
    last = graph.outputs
    return isinstance(last, Ref) and last.tensor == 2 and graph.layer(last.layer).class_name in _GATED


def _is_fixed(graph: Graph) -> bool:
    shapes = [x.config.get("batch_shape") for x in graph.layers if x.class_name == "InputLayer"]
    return any(isinstance(shape, tuple) and shape[:1] != (None,) for shape in shapes)


def _is_stepped(layer: Layer) -> bool:
    return layer.class_name in _GATED and not layer.config.get("unroll") and not layer.config.get("stateful")


def _hand_out_carry(layer: Layer, graph: Graph) -> Layer:
    if layer.graph is not None:
        return layer  # its own turn came first
    if not _is_stepped(layer):
        if any(_is_stepped(inner) for inner in layers_of(layer)):
            raise _refuse(layer, f"an LSTM inside a {layer.class_name}")
        return layer
    if layer.config.get("return_sequences") or layer.config.get("return_state"):
        raise _refuse(layer, "an LSTM that gives every step, or its states,")
    if any(call.kwargs.get("initial_state") for call in graph.calls.get(layer.name, (Call(),))):
        raise _refuse(layer, "an LSTM with initial states")
    kernel = layer.weights.get("kernel")
    flat = layer.class_name == "LSTM" and kernel is not None
    sub = Builder(layer.name, layer.address)
    x = sub.input((None, kernel.shape[0]) if flat and kernel is not None else None)
    made = sub.add(layer.with_config(return_state=True), x)
    return sub.finish(replace(made, tensor=2), bool(layer.config.get("trainable", True)))


def _refuse(layer: Layer, what: str) -> Unsupported:
    return Unsupported(
        "AK2246",
        f"{what} gave its carry state on CNTK, and no layer of Keras 3 does",
        layer=layer.name,
        writer="Keras 2.2 or later on CNTK",
        next_step="Load the file in Keras 2 on TensorFlow, which gives other outputs, and save it there if those are wanted.",
    )


# Kernels that Theano flips, with the number of axes in which they slide. Those of depthwise convolutions the backend
# flips itself before the convolution (keras 2.1.5 `depthwise_conv2d`, 2.3.1 `_preprocess_conv2d_depthwise_kernel`).
_SLIDING = {
    **{(f"Conv{rank}D", "kernel"): rank for rank in (1, 2, 3)},
    **{(f"Conv{rank}DTranspose", "kernel"): rank for rank in (2, 3)},
    ("ConvLSTM2D", "kernel"): 2,
    ("ConvLSTM2D", "recurrent_kernel"): 2,
    ("ConvLSTM2DCell", "kernel"): 2,
    ("ConvLSTM2DCell", "recurrent_kernel"): 2,
}
_CLASSES = tuple(dict.fromkeys(class_name for class_name, _ in _SLIDING))
_UNDILATED = (None, 1, (1,), (1, 1), (1, 1, 1))


@rule(
    "AK2230",
    to=Era.KERAS3,
    eras=(Era.KERAS2,),
    classes=_CLASSES,
)
def flip_kernels(layer: Layer, context: RuleContext) -> Layer | None:
    """Spatial axes reversed."""
    if context.writer.backend != "theano":
        return None
    if layer.class_name.endswith("Transpose") and layer.config.get("dilation_rate") not in _UNDILATED:
        raise Unsupported(
            "AK2230",
            f"{layer.class_name} with dilation on Theano gave an image cut to the size that it has without",
            layer=layer.name,
            key="dilation_rate",
            writer=str(context.writer),
            next_step="Report the file: no layer of Keras 3 cuts as this one did.",
        )
    turned: dict[str, Tensor] = {
        role: tensor.flip(*range(rank))
        for role, tensor in layer.weights.items()
        if (rank := _SLIDING.get((layer.class_name, role))) and not any(s.startswith("flip") for s in tensor.steps)
    }
    return layer.with_weights(**turned) if turned else None
