"""Scores of all tokens: EmbeddingSimilarity of keras-bert, EmbeddingSim of keras-embed-sim."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .attending import keeping
from .reading import fits, masks_about
from .tables import table, whole


@stands_for(
    "AK5138",
    "operations, and a table of one row for the bias",
    classes=("EmbeddingSimilarity", "EmbeddingSim"),
    package="keras-bert 0.81.0 and 0.86.0, keras-embed-sim 0.8.0",
    what="EmbeddingSimilarity and EmbeddingSim are `softmax(x E + b)`, with the table E of an embedding as an input. No "
    "layer of Keras has a bias alone; an Embedding of one row keeps it trainable.",
    checked="keras-bert 0.81.0 and keras-embed-sim 0.7.0 on Keras 2.3.1, 0.86.0 and 0.8.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/embedding.py 0.86.0", "keras_embed_sim/embeddings.py 0.8.0"),
)
def embedding_similarity(layer: Layer, context: Context) -> Layer | None:
    """softmax(x E + b)."""
    optional = ("use_bias", "stop_gradient") if layer.class_name == "EmbeddingSim" else ()
    if not fits(layer, ("initializer", "regularizer", "constraint"), optional):
        return None
    bias = layer.weights.get("bias")
    if (bias is not None) is not (layer.config.get("use_bias", True) is not False):
        return None
    sub = Builder(layer.name, layer.address)
    x, rows = sub.input(), sub.input()
    fixed = sub.op("stop_gradient", rows) if layer.config.get("stop_gradient") else rows
    scores = sub.op("matmul", x, sub.op("transpose", fixed, axes=(1, 0)))
    if bias is not None:
        single = table(layer, bias.reshape(1, bias.shape[0]))
        scores = sub.op("add", scores, whole(sub, single, x, 1))
    out = sub.op("softmax", scores, axis=-1)
    kept = keeping(sub, out, mask_of(sub, x)) if masks_about(context) else out
    return sub.finish(kept, layer.config.get("trainable") is not False)
