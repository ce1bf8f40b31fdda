"""The path of the highest score, as ``crf_decode`` of tensorflow-addons (and before it tf.contrib) finds it."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Ellipsis_, Layer, Ref, Slice
from ...tensors import Tensor
from .scanning import place_identity, scan, take_columns


def decode(sub: Builder, scores: Ref, transitions: Tensor, lengths: Ref | None) -> Ref:
    """The tags of the best path, one-hot (batch, time, tags).

    Steps at and after the length of a row go on from its first tag by its last table, as upstream: nobody should read them.

    Args:
        sub: where it is added.
        scores: (batch, time, tags).
        transitions: (tags, tags), from and to.
        lengths: (batch, 1, 1), as floats; None where all rows are full.
    """
    tags = transitions.shape[0]
    one = sub.op("ones_like", take_columns(sub, scores, 0, 1))
    places = sub.op("subtract", sub.op("cumsum", one, axis=1), 1.0)
    first = sub.op("cast", sub.op("less", places, 0.5), "float32")
    valid = one if lengths is None else sub.op("cast", sub.op("less", places, lengths), "float32")
    size = 3 * tags + 2
    x = sub.op("concatenate", (scores, valid, first), axis=-1)
    found = scan(
        sub,
        x,
        _step_best(transitions, sub.name),
        place_identity(tags + 2, size, tags + 2),
        place_identity(size, size, 2 * tags, 0, tags + 2),
        f"{sub.name}_scores",
    )
    last = sub.op("argmax", take_columns(sub, _steps(sub, found, -1, None), 0, tags), axis=-1)
    tables = take_columns(sub, found, tags, 2 * tags)
    path = sub.op("flip", _walk_path(sub, tags, sub.op("one_hot", last, tags), tables, valid, first, True), axis=1)
    if lengths is None:
        return path
    left = sub.op("subtract", 1.0, valid)
    after = _walk_path(sub, tags, _steps(sub, path, 0, 1), tables, left, first, False)
    return sub.op("where", sub.op("greater", valid, 0.5), path, after)


def _walk_path(sub: Builder, tags: int, start: Ref, tables: Ref, moving: Ref, first: Ref, back: bool) -> Ref:
    """From `start` (batch, 1, tags) by the tables after the first, where `moving`; from the last one on if `back`."""
    turned = [_steps(sub, each, 1, None) for each in (tables, moving)]
    if back:
        turned = [sub.op("flip", each, axis=1) for each in turned]
    rows = sub.op("concatenate", (start, turned[0]), axis=1)
    going = sub.op("concatenate", (_steps(sub, moving, 0, 1), turned[1]), axis=1)
    size = 2 * tags + 2
    x = sub.op("concatenate", (rows, going, first), axis=-1)
    found = scan(
        sub,
        x,
        _step_along(tags, sub.name),
        place_identity(tags + 2, size, tags + 2),
        place_identity(size, size, tags, 0, tags + 2),
        f"{sub.name}_walk",
    )
    return take_columns(sub, found, 0, tags)


def _steps(sub: Builder, x: Ref, start: int | None, stop: int | None) -> Ref:
    return sub.op("get_item", x, (Slice(), Slice(start, stop), Ellipsis_()))


def _step_best(transitions: Tensor, name: str) -> Layer:
    """One step on: the best scores, and the tag before by which each is reached; both as before where it is not valid."""
    tags = transitions.shape[0]
    sub = Builder(f"{name}_best")
    x = sub.input((3 * tags + 2,))
    scores, before = take_columns(sub, x, 0, tags), take_columns(sub, x, tags + 2, 2 * tags + 2)
    valid, first = (sub.op("greater", take_columns(sub, x, at, at + 1), 0.5) for at in (tags, tags + 1))
    moves = sub.op("add", sub.op("expand_dims", before, -1), transitions)
    new = sub.op("where", valid, sub.op("add", scores, sub.op("max", moves, axis=1)), before)
    via = sub.op("cast", sub.op("argmax", moves, axis=1), "float32")
    by = sub.op("where", valid, via, take_columns(sub, x, 2 * tags + 2, 3 * tags + 2))
    new, by = sub.op("where", first, scores, new), sub.op("where", first, sub.op("zeros_like", by), by)
    return sub.finish(sub.op("concatenate", (new, by, sub.op("zeros_like", take_columns(sub, x, 0, tags + 2))), axis=-1))


def _step_along(tags: int, name: str) -> Layer:
    """One step along the path: the row itself at first, else what the table says of the tag, where it moves."""
    sub = Builder(f"{name}_next")
    x = sub.input((2 * tags + 2,))
    row, before = take_columns(sub, x, 0, tags), take_columns(sub, x, tags + 2, 2 * tags + 2)
    moving, first = (sub.op("greater", take_columns(sub, x, at, at + 1), 0.5) for at in (tags, tags + 1))
    place = sub.op("cast", sub.op("sum", sub.op("multiply", row, before), axis=-1), "int32")
    new = sub.op("where", moving, sub.op("one_hot", place, tags), before)
    new = sub.op("where", first, row, new)
    return sub.finish(sub.op("concatenate", (new, sub.op("zeros_like", take_columns(sub, x, 0, tags + 2))), axis=-1))
