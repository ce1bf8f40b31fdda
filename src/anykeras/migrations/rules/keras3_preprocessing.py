"""Preprocessing layers whose meaning changed between minors of Keras 3."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Era, Layer, Writer
from ..rulebook import Example, RuleContext, rule

KERAS33 = Writer(Era.KERAS3, "keras", "3.3.3")
KERAS34 = Writer(Era.KERAS3, "keras", "3.4.1")
_ONE_HOT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "one_hot"})
_COUNT = Layer("CategoryEncoding", "c", {"num_tokens": 5, "output_mode": "count"})


def _is_one_hot(made: Layer) -> bool:
    return made.graph is not None and made.graph.layers[-1].class_name == "one_hot"


@rule(
    "AK2293",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("CategoryEncoding",),
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
