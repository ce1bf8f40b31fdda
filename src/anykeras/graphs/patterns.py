"""Which operations are layers: rows by the function of ``keras.ops`` that reads a kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..catalog.shapes import Spec
from ..document.model import Call, Layer, Ref, Value
from ..tensors import Tensor


@dataclass(frozen=True)
class CallView:
    """One call of a layer or operation, and the tensor that it makes."""

    ref: Ref
    layer: Layer
    call: Call

    @property
    def args(self) -> tuple[Value, ...]:
        """Its arguments by place."""
        return self.call.args


@dataclass(frozen=True)
class HeldWeight:
    """A weight as operations read it: the tensor in the graph, its values, whether it trains."""

    ref: Ref
    tensor: Tensor
    trainable: bool
    dtype: str = "float32"  # that it is computed with


@dataclass(frozen=True)
class Kernel:
    """What a layer is, without the tensors that it is called on."""

    class_name: str
    role: str
    held: HeldWeight
    config: Mapping[str, Value]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Kernel)
            and (self.class_name, self.held.ref, dict(self.config)) == (other.class_name, other.held.ref, dict(other.config))
        )  # fmt: skip


@dataclass(frozen=True)
class LayerCall:
    """One call of a layer: its kernel, what it is called on, and the tensor that it makes."""

    kernel: Kernel
    x: Ref
    end: Ref
    reader: str = ""  # what reads the kernel, where that is not what makes the tensor


class Graphs(Protocol):
    """What patterns ask of a graph."""

    def view(self, ref: Ref) -> CallView | None:
        """The call that makes a tensor."""

    def held(self, value: Value) -> HeldWeight | None:
        """The weight that a tensor is."""

    def spec(self, ref: Ref, dtype: str = "float32") -> Spec | None:
        """Shape and dtype of a tensor of that dtype."""


def _find_operands(graph: Graphs, view: CallView, rank: int | None = None) -> tuple[Ref, Spec, HeldWeight] | None:
    """The tensor and the weight that a function takes first, both float32; None where they are something else."""
    if len(view.args) < 2 or not isinstance(view.args[0], Ref):
        return None
    held = graph.held(view.args[1])
    spec = graph.spec(view.args[0], held.dtype) if held is not None else None
    if held is None or spec is None or held.tensor.dtype != "float32" or graph.held(view.args[0]) is not None:
        return None
    return (view.args[0], spec, held) if rank is None or len(held.tensor.shape) == rank else None


def _recognise_dense(graph: Graphs, view: CallView) -> LayerCall | None:
    """``matmul(x, kernel)``: the last axis of x times a matrix."""
    found = _find_operands(graph, view, 2)
    if found is None or len(found[1].known()) < 2 or view.call.kwargs:
        return None
    x, spec, held = found
    if spec.known()[-1] != held.tensor.shape[0]:
        return None  # a layer has to know its input
    return LayerCall(Kernel("Dense", "kernel", held, {"units": held.tensor.shape[1], "use_bias": False}), x, view.ref)


def _read_window(view: CallView) -> dict[str, Value]:
    """Strides and so on, by place or by name."""
    names = ("strides", "padding", "data_format", "dilation_rate")
    return {**dict(zip(names, view.args[2:], strict=False)), **view.call.kwargs}


def _recognise_convolution(graph: Graphs, view: CallView) -> LayerCall | None:
    """``conv(x, kernel)``; groups follow from the channels."""
    found = _find_operands(graph, view)
    if found is None:
        return None
    x, spec, held = found
    shape, how = held.tensor.shape, _read_window(view)
    channels, rest = (spec.known()[-1] or 0) // max(shape[-2], 1), (spec.known()[-1] or 0) % max(shape[-2], 1)
    if not 3 <= len(shape) <= 5 or len(spec.known()) != len(shape) or rest or not channels:
        return None
    if how.pop("data_format", "channels_last") not in ("channels_last", None):
        return None
    config: dict[str, Value] = {"filters": shape[-1], "kernel_size": shape[:-2], "use_bias": False, "groups": channels}
    config |= {"strides": how.pop("strides", 1), "padding": how.pop("padding", "valid")}
    config["dilation_rate"] = how.pop("dilation_rate", 1)
    return None if how else LayerCall(Kernel(f"Conv{len(shape) - 2}D", "kernel", held, config), x, view.ref)


def _recognise_depthwise(graph: Graphs, view: CallView) -> LayerCall | None:
    """``depthwise_conv(x, kernel)``."""
    found = _find_operands(graph, view, 4)
    if found is None:
        return None
    x, spec, held = found
    shape, how = held.tensor.shape, _read_window(view)
    if how.pop("data_format", "channels_last") not in ("channels_last", None) or spec.known()[-1] != shape[2]:
        return None
    config: dict[str, Value] = {"kernel_size": shape[:2], "depth_multiplier": shape[3], "use_bias": False}
    config |= {"strides": how.pop("strides", 1), "padding": how.pop("padding", "valid")}
    config["dilation_rate"] = how.pop("dilation_rate", 1)
    return None if how else LayerCall(Kernel("DepthwiseConv2D", "kernel", held, config), x, view.ref)


def _recognise_einsum(graph: Graphs, view: CallView) -> LayerCall | None:
    """``einsum("abc,cde->abde", x, kernel)``, where the axis of samples stands first and is not summed over."""
    if len(view.args) != 3 or not isinstance(view.args[0], str) or not isinstance(view.args[1], Ref) or view.call.kwargs:
        return None
    held, spec = graph.held(view.args[2]), graph.spec(view.args[1])
    letters, _, ends = view.args[0].replace(" ", "").partition("->")
    left, _, right = letters.partition(",")
    if held is None or spec is None or held.tensor.dtype != "float32" or not ends or not (left + right + ends).isalpha():
        return None
    if left[0] != ends[0] or left[0] in right or len(set(ends)) != len(ends) or len(left) != len(spec.known()):
        return None
    sizes = dict(zip(left, spec.known(), strict=True)) | dict(zip(right, held.tensor.shape, strict=True))
    config: dict[str, Value] = {"equation": f"{left},{right}->{ends}", "output_shape": tuple(sizes[one] for one in ends[1:])}
    return LayerCall(Kernel("EinsumDense", "kernel", held, config), view.args[1], view.ref)


def _recognise_embedding(graph: Graphs, view: CallView) -> LayerCall | None:
    """``take(table, indices, axis=0)``."""
    if len(view.args) < 2 or not isinstance(view.args[1], Ref):
        return None
    held = graph.held(view.args[0])
    axis = view.args[2] if len(view.args) > 2 else view.call.kwargs.get("axis")
    if held is None or axis != 0 or len(held.tensor.shape) != 2 or held.tensor.dtype != "float32":
        return None
    config: dict[str, Value] = {"input_dim": held.tensor.shape[0], "output_dim": held.tensor.shape[1]}
    return LayerCall(Kernel("Embedding", "embeddings", held, config), view.args[1], view.ref)


Consume = Callable[[Graphs, CallView], LayerCall | None]
CONSUMERS: Mapping[str, Consume] = {
    "matmul": _recognise_dense, "conv": _recognise_convolution, "depthwise_conv": _recognise_depthwise,
    "einsum": _recognise_einsum, "take": _recognise_embedding,
}  # fmt: skip

FUNCTIONS: Mapping[tuple[str, tuple[tuple[str, Value], ...]], str] = {
    **{(name, ()): name for name in ("relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "selu", "silu", "softmax")},
    ("softmax", (("axis", -1),)): "softmax",
    ("elu", ()): "elu",
    ("elu", (("alpha", 1.0),)): "elu",
}
"""Activations of Keras by the operation that they are (keras/src/activations/activations.py of 3.15.1)."""
