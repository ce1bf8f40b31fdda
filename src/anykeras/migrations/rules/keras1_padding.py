"""ZeroPadding of Keras 1 took dictionaries and flat tuples."""

from __future__ import annotations

from collections.abc import Mapping

from ...document.model import Era, Layer, Value
from ..rulebook import Example, RuleContext, rule
from .keras1_layouts import OLD
from .keras1_samples import THEANO_122

_SIDES = {
    "ZeroPadding1D": (("left_pad", "right_pad"),),
    "ZeroPadding2D": (("top_pad", "bottom_pad"), ("left_pad", "right_pad")),
}
_DICT = Layer("ZeroPadding2D", "z", {"padding": {"top_pad": 1, "left_pad": 2}})
_FLAT = Layer("ZeroPadding2D", "z", {"padding": (1, 0, 2, 0)})
_NESTED = Layer("ZeroPadding2D", "z", {"padding": ((1, 0), (2, 0))})
_EVEN = Layer("ZeroPadding2D", "z", {"padding": (1, 2)})


@rule(
    "AK2160",
    to=Era.KERAS2,
    eras=OLD,
    classes=tuple(_SIDES),
    examples=[Example(_DICT, _NESTED, THEANO_122), Example(_FLAT, _NESTED, THEANO_122)],
    leaves_alone=[Example(_EVEN, _EVEN, THEANO_122), Example(_NESTED, _NESTED, THEANO_122)],
    report=False,
)
def _sides(layer: Layer, context: RuleContext) -> Layer | None:
    padding, sides = layer.config.get("padding"), _SIDES[layer.class_name]
    made: Value
    if isinstance(padding, Mapping):
        pairs = tuple((padding.get(before, 0), padding.get(after, 0)) for before, after in sides)
        made = pairs if len(pairs) > 1 else pairs[0]
    elif isinstance(padding, tuple) and len(padding) == 4:
        made = (padding[:2], padding[2:])
    else:
        return None
    return layer.with_config(padding=made)
