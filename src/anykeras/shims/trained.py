"""Weights of no layer of Keras, kept where training reaches them."""

from __future__ import annotations

from ..document.build import Builder
from ..document.model import Config, Ref
from ..tensors import Tensor


def vector(sub: Builder, x: Ref, rank: int, tensor: Tensor, name: str) -> Ref:
    """A trained vector, once for every sample of `x` (of this rank): (batch, its size).

    It is the kernel of a Dense layer without bias that is given a one.
    """
    one = sub.op("expand_dims", sub.op("max", sub.op("ones_like", x), axis=tuple(range(1, rank))), -1)
    config: Config = {"units": tensor.size, "use_bias": False}
    return sub.layer("Dense", config, one, weights={"kernel": tensor.reshape(1, tensor.size)}, name=name)
