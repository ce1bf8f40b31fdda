"""Old argument names: how a body is called by the spellings of each library."""

from __future__ import annotations

from typing import Any

import pytest

from anykeras.recovery.functions.table import Spelled


def body(ops: Any, x: Any, axis: Any = -1, keepdims: Any = False) -> tuple[Any, ...]:
    return x, axis, keepdims


CALLS: list[tuple[tuple[Any, ...], dict[str, Any], tuple[Any, ...]]] = [
    ((1,), {}, (1, -1, False)),
    ((1, 2), {}, (1, 2, False)),
    ((1,), {"axis": None}, (1, -1, False)),
    ((1,), {"dim": 3}, (1, 3, False)),
    ((1, None, "a name", 3), {}, (1, 3, False)),
    ((), {"input": 1, "keepdims": False, "keep_dims": True}, (1, -1, True)),
]


@pytest.mark.parametrize(("args", "kwargs", "expected"), CALLS)
def test_every_spelling_reaches_the_argument(args: tuple[Any, ...], kwargs: dict[str, Any], expected: tuple[Any, ...]) -> None:
    spelled = Spelled("x|input axis -name dim=axis keepdims keep_dims=keepdims", body)
    assert spelled(None, *args, **kwargs) == expected


def test_what_a_library_never_had_is_refused() -> None:
    spelled = Spelled("input=x axis?", body)
    with pytest.raises(TypeError):
        spelled(None, 1, keepdims=True)
    with pytest.raises(TypeError):
        spelled(None)


def test_an_argument_that_may_be_left_out_is_not_handed_on() -> None:
    def window(ops: Any, x: Any, **how: Any) -> dict[str, Any]:
        return how

    spelled = Spelled("x strides? border_mode?=padding -filter_shape", window)
    assert spelled(None, 1) == {}
    assert spelled(None, 1, None, "same", (3, 3)) == {"padding": "same"}
