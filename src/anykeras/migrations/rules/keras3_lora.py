"""Layers of Keras 3 that were trained with LoRA."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...document.model import Era, Layer
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Tensor, combine
from ..rulebook import RuleContext, rule


@rule(
    "AK2310",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
)
def merge_updates(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer with one kernel. Raises Unsupported where the kernel is quantized and its parts are apart."""
    rank = layer.config.get("lora_rank")
    if layer.graph is not None or not isinstance(rank, int) or not rank:
        return None
    weights = dict(layer.weights)
    for name in ("kernel", "embeddings"):
        left, right = weights.pop(f"lora_{name}_a", None), weights.pop(f"lora_{name}_b", None)
        if left is not None and right is not None:
            weights[name] = _add_update(layer, weights[name], left, right, rank)
    return replace(layer.without("lora_rank", "lora_alpha"), weights=weights)


def _add_update(layer: Layer, kernel: Tensor, left: Tensor, right: Tensor, rank: int) -> Tensor:
    if not kernel.dtype.startswith(("float", "bfloat")):
        raise Unsupported(
            "AK2310",
            f"the kernel of {layer.class_name} {layer.name!r} is {kernel.dtype}, and its update stands beside it",
            layer=layer.name,
            next_step="Save the model as .keras in the Keras that wrote the file: that merges the two.",
        )
    alpha = layer.config.get("lora_alpha") or rank
    share = float(alpha) / rank if isinstance(alpha, int | float) else 1.0

    def compute(whole: Any, a: Any, b: Any) -> Any:
        return np.asarray(whole + share * np.matmul(a, b), dtype=np.asarray(whole).dtype)

    return combine("kernel + update", [kernel, left, right], kernel.shape, compute)
