"""Building blocks of shims: native layers and operations that several of them need."""

from __future__ import annotations

from typing import Any

from ..document.build import Builder
from ..document.model import Config, Layer, Ref
from ..recovery.functions import Refused
from ..recovery.graph_ops import GraphOps
from ..tensors import Array, Tensor

_LETTERS = "abcdefgh"


def as_activation(layer: Layer, function: Layer) -> Layer:
    """An Activation named as `layer` that computes the model `function`: unlike a model, it hands masks on."""
    config: Config = {"activation": function, "trainable": layer.config.get("trainable") is not False}
    return Layer("Activation", layer.name, config, address=layer.address)


def mask_of(sub: Builder, x: Ref) -> Ref:
    """The mask that `x` (batch, time, features) carries as 0 and 1 (batch, time, 1); ones where it carries none.

    ``Attention`` multiplies its outcome by the mask of its query (keras/src/layers/attention/attention.py 3.15.1), and
    with a single one for the values its outcome is that mask.
    """
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    single = sub.op("max", ones, axis=1, keepdims=True)
    return sub.op("max", sub.layer("Attention", {}, (ones, single)), axis=-1, keepdims=True)


def with_mask(sub: Builder, y: Ref, mask: Ref) -> Ref:
    """`y` (batch, time, features) with a mask, from 0 and 1 (batch, time, 1)."""
    inner = Builder(f"{sub.name}_masked", sub.address)
    same = inner.finish(inner.layer("Activation", {"activation": "linear"}, inner.input()))
    return sub.add(same, y, mask=sub.op("not_equal", sub.op("squeeze", mask, axis=-1), 0))


def add_trained_vector(sub: Builder, x: Ref, rank: int, tensor: Tensor, name: str) -> Ref:
    """A trained vector, once for every sample of `x` (of this rank): (batch, its size).

    It is the kernel of a Dense layer without bias, called on a one.
    """
    one = sub.op("expand_dims", sub.op("max", sub.op("ones_like", x), axis=tuple(range(1, rank))), -1)
    config: Config = {"units": tensor.size, "use_bias": False}
    return sub.layer("Dense", config, one, weights={"kernel": tensor.reshape(1, tensor.size)}, name=name)


def scale_axis(ops: GraphOps, x: Any, axis: int, gamma: Array, beta: Array | None = None) -> Any:
    """`x` times `gamma`, plus `beta`, both along `axis`: an EinsumDense without a sum.

    Args:
        ops: the graph.
        x: a tensor with `gamma.size` entries along `axis`.
        axis: from 0, or from the end where negative.
        gamma: shape (channels,).
        beta: shape (channels,), or None.
    """
    rank = ops.rank(x)
    axis %= rank
    size = ops.shape(x)[axis]
    if gamma.ndim != 1 or size != gamma.size:
        raise Refused(f"a weight of shape {gamma.shape} is applied along an axis of {size}")
    letters = _LETTERS[:rank]
    sizes = tuple(size if i == axis else None for i in range(1, rank))
    config: dict[str, Any] = {"equation": f"{letters},{letters[axis]}->{letters}", "output_shape": sizes}
    weights = {"kernel": gamma}
    if beta is not None:
        config["bias_axes"] = letters[axis]
        weights["bias"] = beta.reshape(-1, *[1] * (rank - axis - 1))
    # EinsumDense says sizes or leaves them open for good; the sum with zeros has those of whatever it is called on
    return ops.add(ops.layer("EinsumDense", config, x, weights=weights), ops.zeros_like(x))
