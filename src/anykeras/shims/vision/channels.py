"""A weight or two for each channel, kept trainable in a native layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...document.model import Layer
from ...recovery.functions import Refused
from ...recovery.graph_ops import GraphOps
from ...tensors import Array, Tensor
from ..stored import SHARED, lettered

_LETTERS = "abcdefgh"


def ending(layer: Layer, *endings: str) -> Mapping[str, Tensor] | None:
    """The weights of a layer by the last word of their names; None where they are not exactly these."""
    found = lettered(layer)
    return found if found is not None and found.keys() == set(endings) else None


def bare(layer: Layer, *keys: str) -> bool:
    """Whether the configuration has no arguments but these and those that every layer has."""
    return layer.config.keys() <= {"name", *SHARED, *keys}


def scaled(ops: GraphOps, x: Any, axis: int, gamma: Array, beta: Array | None = None) -> Any:
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
