"""Networks that everybody used, by the shapes of their weights: what a weights-only file may belong to.

``known_models.json`` is written by ``scripts/make_known_models.py`` from keras_applications 1.0.8 under Keras 2.3.1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

Shapes = Sequence[tuple[int, ...]]


def find_known_model(saved: Sequence[tuple[str, Shapes]]) -> str | None:
    """The known network whose weights have these shapes, in this order; None where none has.

    Args:
        saved: (layer name, shapes of its weights) for each layer of the file that has weights, in the order of the file.
    """
    found = [_spell(shapes) for _, shapes in saved if shapes]
    if len(found) < 10:
        return None
    names = {name for name, shapes in saved if shapes}
    fits: list[tuple[int, str]] = []
    for model, layers in _table().items():
        known = [shapes for _, shapes in layers]
        shared = len(names & {name for name, _ in layers})
        if found == known:
            fits.append((shared, f"keras.applications.{model}"))
        elif found == known[: len(found)] and len(known) - len(found) <= 3:
            fits.append((shared, f"keras.applications.{model} without its top"))
        elif found[:-1] == known[:-1] and len(found) == len(known):
            fits.append((shared, f"keras.applications.{model} with another number of classes"))
    return max(fits)[1] if fits else None


def _spell(shapes: Shapes) -> str:
    return ",".join("x".join(str(n) for n in shape) for shape in shapes)


@cache
def _table() -> dict[str, list[tuple[str, str]]]:
    text = files(__package__).joinpath("known_models.json").read_text("utf-8")
    return {model: [(name, shapes) for name, shapes in layers] for model, layers in json.loads(text).items()}
