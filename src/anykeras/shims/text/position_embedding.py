"""PositionEmbedding of keras-pos-embd."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer, Ref
from ...migrations import Context
from ...tensors import Tensor
from ..base import stands_for
from ..masked import as_activation, mask_of
from .attending import keeping
from .reading import fits, masks_about
from .tables import positions, table

_OPTIONAL = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "mask_zero")


@stands_for(
    "AK5135",
    "an Embedding of the positions",
    classes=("PositionEmbedding",),
    package="keras-pos-embd 0.10.0 and 0.11.0",
    what="PositionEmbedding of keras-pos-embd (`mode`) adds a vector for every step to its input, or puts it beside; in the "
    "mode `expand` it looks up integers from -input_dim to input_dim, and `mask_zero` is the integer that is masked.",
    checked="keras-pos-embd 0.10.0 on Keras 2.3.1, 0.11.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_pos_embd/pos_embd.py 0.11.0",),
)
def position_embedding(layer: Layer, context: Context) -> Layer | None:
    """Embedding(positions), added, joined or alone."""
    weights, mode = layer.weights.get("embeddings"), layer.config.get("mode")
    if not fits(layer, ("input_dim", "output_dim", "mode"), _OPTIONAL) or weights is None:
        return None
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    if mode == "expand":
        return sub.finish(_looked_up(sub, x, layer, weights), layer.config.get("trainable") is not False)
    rows = sub.add(table(layer, weights, mask_zero=False), positions(sub, x))
    if mode == "add":
        return as_activation(layer, sub.finish(sub.op("add", x, rows)))
    joined = sub.op("concatenate", (x, rows), axis=-1)
    kept = keeping(sub, joined, mask_of(sub, x)) if masks_about(context) else joined
    return sub.finish(kept, layer.config.get("trainable") is not False) if mode == "concat" else None


def _looked_up(sub: Builder, x: Ref, layer: Layer, weights: Tensor) -> Ref:
    limit, masked = layer.config["input_dim"], layer.config.get("mask_zero")
    number = sub.op("clip", sub.op("cast", x, "int32"), -limit if isinstance(limit, int) else 0, limit)
    found = sub.add(table(layer, weights, mask_zero=False), sub.op("add", number, limit))
    if masked in (None, False) or not isinstance(masked, int):
        return found
    keep = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", x, int(masked)), "float32"), axis=-1)
    return keeping(sub, found, keep)
