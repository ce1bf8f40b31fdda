"""TaskEmbedding of keras-bert."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Layer
from ...migrations import Context
from ..base import stands_for
from ..masked import mask_of
from .attending import keeping
from .reading import fits, masks_about
from .tables import table

_OPTIONAL = ("embeddings_initializer", "embeddings_regularizer", "embeddings_constraint", "mask_zero")


@stands_for(
    "AK5141",
    "an Embedding of the task, added",
    classes=("TaskEmbedding",),
    package="keras-bert 0.81.0 and 0.86.0",
    what="TaskEmbedding adds the vector of a task to every step; with `mask_zero` task 0 adds nothing.",
    checked="keras-bert 0.81.0 on Keras 2.3.1, 0.86.0 on tf.keras 2.3",
    difference="1e-07",
    references=("keras_bert/layers/task_embed.py 0.86.0",),
)
def task_embedding(layer: Layer, context: Context) -> Layer | None:
    """x + Embedding(task)."""
    weights = layer.weights.get("embeddings")
    if not fits(layer, ("input_dim", "output_dim"), _OPTIONAL) or weights is None:
        return None
    sub = Builder(layer.name, layer.address)
    x, task = sub.input(), sub.input()
    number = sub.op("cast", task, "int32")
    vector = sub.add(table(layer, weights, mask_zero=False), number)
    if layer.config.get("mask_zero"):
        some = sub.op("expand_dims", sub.op("cast", sub.op("not_equal", number, 0), "float32"), axis=-1)
        vector = sub.op("multiply", vector, some)
    out = sub.op("add", x, vector)
    kept = keeping(sub, out, mask_of(sub, x)) if masks_about(context) else out
    return sub.finish(kept, layer.config.get("trainable") is not False)
