"""SigmoidFocalCrossEntropy of tensorflow-addons, which is BinaryFocalCrossentropy of Keras 3 summed over the last axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...document.model import UNRESOLVED, Object, Value
from ...findings import Fidelity
from .notes import Notes

_CLASS, _FUNCTION = "Addons>SigmoidFocalCrossEntropy", "Addons>sigmoid_focal_crossentropy"
# The losses of tf.keras that are not reduced have their gradients summed.
_REDUCTIONS = {"none": "sum", "sum": "sum"}


def express_focal_loss(loss: Value, weights: Value, widths: Sequence[int | None], notes: Notes) -> tuple[Value, Value]:
    """Losses and loss weights, one for each output (or alone), in Keras 3's words where the loss is this one.

    Args:
        loss: one loss, or a tuple of one for each output.
        weights: the same for loss weights; None for ones.
        widths: the last dimension of each output.
        notes: takes a finding for each.
    """
    losses = list(loss) if isinstance(loss, tuple) else [loss]
    given = list(weights) if isinstance(weights, tuple) else [1.0 if weights is None else weights] * len(losses)
    if len(losses) != len(widths) or len(given) != len(losses):
        return loss, weights
    made = [_express(*parts) for parts in zip(losses, given, widths, strict=True)]
    if all(one is None for one in made):
        return loss, weights
    for one in made:
        if one is not None:
            seen = "SigmoidFocalCrossEntropy of tensorflow-addons sums over the last axis"
            done = f"BinaryFocalCrossentropy, its mean, with a loss weight of {one[1]:g}"
            notes.add("AK4054", "loss", seen, done, Fidelity.EQUIVALENT)
    pairs = [(one or (before, weight)) for one, before, weight in zip(made, losses, given, strict=True)]
    ready: tuple[Value, ...] = tuple(pair[0] for pair in pairs)
    scaled: tuple[Value, ...] = tuple(pair[1] for pair in pairs)
    return (ready, scaled) if len(ready) > 1 else (ready[0], scaled[0])


def _express(loss: Value, weight: Value, width: int | None) -> tuple[Object, float] | None:
    if not isinstance(loss, Object) or loss.origin != UNRESOLVED or loss.registered_name not in (_CLASS, _FUNCTION):
        return None
    if not isinstance(width, int) or not isinstance(weight, int | float):
        return None
    held = loss.config if isinstance(loss.config, Mapping) else {}
    kept = {key: held[key] for key in ("alpha", "gamma", "from_logits") if key in held}
    reduction = _REDUCTIONS.get(str(held.get("reduction", "auto")).lower(), "sum_over_batch_size")
    config: dict[str, Value] = {"alpha": 0.25, "gamma": 2.0, **kept, "reduction": reduction}
    config["apply_class_balancing"] = bool(config["alpha"])
    return Object("BinaryFocalCrossentropy", config, "keras.losses"), float(weight) * width
