"""Transposed convolutions of Keras 3, which did not write all of their arguments."""

from __future__ import annotations

from collections.abc import Sequence

from ...document.model import Era, Layer, Value
from ..rulebook import RuleContext, rule


@rule(
    "AK2294",
    to=Era.KERAS3,
    eras=(Era.KERAS3,),
    classes=("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
)
def state_output_padding(layer: Layer, context: RuleContext) -> Layer | None:
    """The layer with its `output_padding`, where the recorded sizes need one."""
    seen = layer.config.get("recorded_shapes")
    if not isinstance(seen, tuple) or len(seen) != 2:
        return None
    plain = layer.without("recorded_shapes")
    rank = int(layer.class_name[4])
    before, after = (_spatial(shape, rank, layer.config.get("data_format")) for shape in seen)
    size, strides, rate = (_each(layer.config.get(key), rank) for key in ("kernel_size", "strides", "dilation_rate"))
    same = layer.config.get("padding") == "same"
    padding: list[int] = []
    usual = True
    for n, made, k, s, d in zip(before, after, size, strides, rate, strict=True):
        if n is None or made is None:
            return plain
        reach = d * (k - 1) + 1
        usual = usual and made == (n * s if same else (n - 1) * s + max(reach, s))
        padding.append(made - (n - 1) * s - (reach % 2 if same else reach))
    fits = all(0 <= extra < s for extra, s in zip(padding, strides, strict=True))
    return plain.with_config(output_padding=tuple(padding)) if fits and not usual else plain


def _spatial(shape: Value, rank: int, data_format: Value) -> list[int | None]:
    sizes = list(shape) if isinstance(shape, tuple) and len(shape) == rank + 2 else [None] * (rank + 2)
    found = sizes[2:] if data_format == "channels_first" else sizes[1:-1]
    return [size if isinstance(size, int) else None for size in found]


def _each(value: Value, rank: int) -> Sequence[int]:
    sizes = value if isinstance(value, tuple) else (1 if value is None else value,) * rank
    return [size if isinstance(size, int) else 1 for size in sizes]
