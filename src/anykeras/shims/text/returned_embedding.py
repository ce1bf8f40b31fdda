"""Embeddings that give their table beside the vectors: TokenEmbedding of keras-bert, EmbeddingRet of keras-embed-sim."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from .reading import fits
from .tables import table, whole

_OPTIONAL = ("embeddings_initializer", "embeddings_regularizer", "activity_regularizer", "embeddings_constraint", "mask_zero",
             "input_length")  # fmt: skip


@stands_for(
    "AK5137",
    "an Embedding that is called twice",
    classes=("TokenEmbedding", "EmbeddingRet"),
    package="keras-bert 0.81.0 and 0.86.0, keras-embed-sim 0.8.0",
    what="TokenEmbedding and EmbeddingRet give the vectors of the tokens and the whole table, which another layer compares "
    "with (tied weights).",
    checked="keras-bert 0.81.0 and keras-embed-sim 0.7.0 on Keras 2.3.1, 0.86.0 and 0.8.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/embedding.py 0.86.0", "keras_embed_sim/embeddings.py 0.8.0"),
)
def returned_embedding(layer: Layer, context: Context) -> Layer | None:
    """One Embedding, called on the tokens and on all numbers."""
    weights = layer.weights.get("embeddings")
    if not fits(layer, ("input_dim", "output_dim"), _OPTIONAL) or weights is None or len(layer.weights) != 1:
        return None
    sub = Builder(layer.name, layer.address)
    tokens = sub.input()
    rows = table(layer, weights)
    vectors = sub.add(rows, tokens)
    return sub.finish((vectors, whole(sub, rows, tokens, weights.shape[0])), layer.config.get("trainable") is not False)
