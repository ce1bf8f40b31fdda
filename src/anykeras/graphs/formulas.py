"""Layers of Keras on numbers, with the weights that they have: what a region of a graph is compared with.

Source: keras/src/layers/normalization/*.py and keras/src/layers/activations/prelu.py of Keras 3.15.1.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..document.model import Value
from ..recovery.functions import Operand

Shape = tuple[int, ...]
Weights = Mapping[str, Operand]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Formula:
    """A layer: its class and arguments, the shapes of its weights by role, and what it does with numbers."""

    class_name: str
    config: Mapping[str, Value]
    roles: Mapping[str, Shape]
    run: Callable[[Operand, Weights], Operand]


def list_formulas(
    shape: Shape, held: Mapping[Key, tuple[Shape, bool]], constants: Sequence[float]
) -> Iterator[tuple[Formula, tuple[Key, ...]]]:
    """Every layer that weights can be of, called on a tensor of `shape`, with the weights in the order of its roles.

    `held` has the shape of each weight and whether it trains, `constants` are what may be an epsilon.
    """
    trained = [key for key, (_, trains) in held.items() if trains]
    fixed = [key for key in held if key not in trained]
    for order in itertools.permutations(held):
        shapes = [held[key][0] for key in order]
        for formula in (*_iterate_activations(shape, shapes), *_iterate_normalisations(shape, shapes, constants)):
            moving = {"moving_mean", "moving_variance"} & formula.roles.keys()
            train = [role not in moving for role in formula.roles]
            states = {held[key][1] for key, trains in zip(order, train, strict=True) if trains}
            if all(key in fixed for key, trains in zip(order, train, strict=True) if not trains) and len(states) < 2:
                yield formula, order


def _iterate_activations(shape: Shape, shapes: Sequence[Shape]) -> Iterator[Formula]:
    """PReLU: one slope, the same along some axes."""
    if len(shapes) != 1 or len(shapes[0]) >= len(shape):
        return
    slopes = (*[1] * (len(shape) - 1 - len(shapes[0])), *shapes[0])
    if all(slope in (1, size) for slope, size in zip(slopes, shape[1:], strict=True)):
        axes = tuple(at + 1 for at, (slope, size) in enumerate(zip(slopes, shape[1:], strict=True)) if slope != size)
        config: dict[str, Value] = {"shared_axes": axes} if axes else {}
        yield Formula("PReLU", config, {"alpha": slopes}, lambda x, w: np.maximum(x, 0) - w["alpha"] * np.maximum(-x, 0))


def _iterate_normalisations(shape: Shape, shapes: Sequence[Shape], constants: Sequence[float]) -> Iterator[Formula]:
    for epsilon in constants:
        if len(shapes) <= 2 and len(set(shapes)) == 1:
            yield from _list_sample_formulas(shape, shapes, epsilon)
        if len(shapes) >= 2:
            yield from _list_statistics_formulas(shape, shapes, epsilon)


def _list_sample_formulas(shape: Shape, shapes: Sequence[Shape], epsilon: float) -> Iterator[Formula]:
    """LayerNormalization, RMSNormalization and GroupNormalization, of one weight or two."""
    flat = _drop_ones(shapes[0])
    for names in (("gamma", "beta"),) if len(shapes) == 2 else (("gamma",), ("beta",)):
        plain: dict[str, Value] = {"epsilon": epsilon, "center": "beta" in names, "scale": "gamma" in names}
        for width in range(1, len(shape)):
            if shape[-width:] == (shapes[0][-width:] if len(shapes[0]) >= width else None) and flat == _drop_ones(
                shape[-width:]
            ):
                axes = tuple(range(-width, 0))
                yield Formula(
                    "LayerNormalization", {**plain, "axis": axes if width > 1 else -1},
                    dict.fromkeys(names, shape[-width:]), _make_standard(axes, epsilon),
                )  # fmt: skip
        channels = (shape[-1],)
        if int(np.prod(shapes[0])) == channels[0] and len(shape) > 2:
            for groups in (size for size in range(1, channels[0] + 1) if channels[0] % size == 0):
                config: dict[str, Value] = {**plain, "groups": groups, "axis": -1}
                yield Formula("GroupNormalization", config, dict.fromkeys(names, channels), _make_grouped(groups, epsilon))
    if len(shapes) == 1 and shapes[0][-1:] == shape[-1:] and flat == _drop_ones(shape[-1:]):
        yield Formula("RMSNormalization", {"axis": -1, "epsilon": epsilon}, {"scale": shape[-1:]}, _make_root(epsilon))


_SCALED: Mapping[int, tuple[tuple[str, ...], ...]] = {2: ((),), 3: (("gamma",), ("beta",)), 4: (("gamma", "beta"),)}


def _list_statistics_formulas(shape: Shape, shapes: Sequence[Shape], epsilon: float) -> Iterator[Formula]:
    """BatchNormalization, of two weights to four."""
    for names in _SCALED[len(shapes)]:
        for axis in range(len(shape) - 1, 0, -1):
            if all(_drop_ones(one) in ((shape[axis],), ()) and int(np.prod(one)) == shape[axis] for one in shapes):
                config: dict[str, Value] = {
                    "axis": -1 if axis == len(shape) - 1 else axis, "epsilon": epsilon,
                    "center": "beta" in names, "scale": "gamma" in names,
                }  # fmt: skip
                roles = dict.fromkeys((*names, "moving_mean", "moving_variance"), (shape[axis],))
                yield Formula("BatchNormalization", config, roles, _make_kept(axis, epsilon))


def _drop_ones(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)


def _scale(y: Operand, weights: Weights) -> Operand:
    return y * weights.get("gamma", 1) + weights.get("beta", 0)


def _make_standard(axes: Shape, epsilon: float) -> Callable[[Operand, Weights], Operand]:
    def run(x: Operand, weights: Weights) -> Operand:
        apart = x - x.mean(axes, keepdims=True)
        return _scale(apart / np.sqrt((apart**2).mean(axes, keepdims=True) + epsilon), weights)

    return run


def _make_grouped(groups: int, epsilon: float) -> Callable[[Operand, Weights], Operand]:
    def run(x: Operand, weights: Weights) -> Operand:
        parts = x.reshape(*x.shape[:-1], groups, -1)
        axes = (*range(1, x.ndim - 1), x.ndim)
        apart = parts - parts.mean(axes, keepdims=True)
        return _scale((apart / np.sqrt((apart**2).mean(axes, keepdims=True) + epsilon)).reshape(x.shape), weights)

    return run


def _make_root(epsilon: float) -> Callable[[Operand, Weights], Operand]:
    return lambda x, weights: x / np.sqrt((x**2).mean(-1, keepdims=True) + epsilon) * weights["scale"]


def _make_kept(axis: int, epsilon: float) -> Callable[[Operand, Weights], Operand]:
    def run(x: Operand, weights: Weights) -> Operand:
        wide = {role: value.reshape([-1 if at == axis else 1 for at in range(x.ndim)]) for role, value in weights.items()}
        return _scale((x - wide["moving_mean"]) / np.sqrt(wide["moving_variance"] + epsilon), wide)

    return run
