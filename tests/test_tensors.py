"""Lazy tensors: what was only rearranged is known, and its changes can be made to another tensor."""

from __future__ import annotations

import numpy as np

from anykeras.tensors import Tensor, combine, concatenate, constant, zeros

NUMBERS = np.arange(12, dtype="float32").reshape(3, 4)
OTHERS = NUMBERS + 100


def read_from_file(values: np.ndarray) -> Tensor:
    return Tensor(values.shape, str(values.dtype), "file", lambda: values)


def changed(weight: Tensor) -> Tensor:
    first, second = weight.transpose(1, 0).flip(0).split(2, axis=0)
    return concatenate([second, first, zeros((2, 3))], axis=0).reshape(3, 6).cast("float16")


def test_a_layout_is_followed_by_other_numbers() -> None:
    weight, slot = read_from_file(NUMBERS), read_from_file(OTHERS)
    final = changed(weight)
    assert final.rearranged
    assert set(final.leaves()) >= {weight}
    carried = final.follow(lambda leaf: slot if leaf is weight else leaf)
    assert carried is not None
    assert np.array_equal(carried.read(), changed(slot).read())
    assert carried.dtype == "float16" and carried.shape == final.shape


def test_arithmetic_is_not_followed() -> None:
    weight = read_from_file(NUMBERS)
    for computed in (
        weight.compute("times 2", weight.shape, lambda a: np.multiply(a, 2)).reshape(12),
        combine("sum", [weight, weight], weight.shape, np.add).flip(0),
        concatenate([weight, combine("sum", [weight, weight], weight.shape, np.add)]),
    ):
        assert not computed.rearranged
        assert computed.follow(lambda leaf: leaf) is None
    assert not constant(NUMBERS).rearranged and weight.rearranged


def test_arithmetic_may_say_what_it_is_for_slots() -> None:
    weight, slot = read_from_file(NUMBERS), read_from_file(OTHERS)
    half = combine("sum", [weight], (4,), lambda a: a.sum(0), lambda other: other.part(0, 0, 1).reshape(4))
    carried = half.follow_slots(lambda leaf: slot)
    assert not half.rearranged and carried is not None and half.follow(lambda leaf: slot) is None
    assert np.array_equal(carried.read(), OTHERS[0])
