"""Preprocessing layers whose meaning changed between minors of Keras 3."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Era, Layer, Writer
from ...findings import Fidelity
from ..rulebook import Example, RuleContext, rule

KERAS33 = Writer(Era.KERAS3, "keras", "3.3.3")
KERAS34 = Writer(Era.KERAS3, "keras", "3.4.1")
_ONE_HOT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "one_hot"})
_COUNT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "count"})


def _is_one_hot(made: Layer) -> bool:
    return made.graph is not None and made.graph.layers[-1].class_name == "one_hot"


@rule(
    "AK2293",
    "One-hot categories keep their axis",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("CategoryEncoding",),
    what="CategoryEncoding(output_mode='one_hot') of Keras 3.0 to 3.3 adds an axis to every input: (batch, 1) becomes "
    "(batch, 1, tokens).",
    why="Since Keras 3.4 a last axis of size 1 is dropped: (batch, 1) becomes (batch, tokens), as it did in tf.keras.",
    changes="A model of the operation `one_hot`, which adds the axis.",
    example="CategoryEncoding(5, output_mode='one_hot') of Keras 3.3.3 -> one_hot(x, 5)",
    fidelity=Fidelity.EXACT,
    versions="Keras 3.0 to 3.3",
    references=("keras/src/layers/preprocessing/category_encoding.py, 3.3.3 and 3.4.1",),
    examples=[Example(_ONE_HOT, _is_one_hot, KERAS33)],
    leaves_alone=[Example(_ONE_HOT, _ONE_HOT, KERAS34), Example(_COUNT, _COUNT, KERAS33)],
)
def one_hot_categories(layer: Layer, context: RuleContext) -> Layer | None:
    """``one_hot(x, num_tokens)``."""
    release, tokens = context.writer.release, layer.config.get("num_tokens")
    if not release or release >= (3, 4) or layer.config.get("output_mode") != "one_hot" or not isinstance(tokens, int):
        return None
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op("one_hot", sub.op("cast", sub.input(), "int32"), tokens))
