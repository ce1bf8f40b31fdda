"""Every recorded call of an old function, through the tables on today's Keras: the numbers must be the old ones.

`recovery/functions/<stack>.npz` is what scripts/fixtures/record_functions.py kept in each old stack.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from anykeras.document.model import Era
from anykeras.recovery.functions import Dim, FunctionContext, Refused, Shape, Sizes
from anykeras.recovery.functions.live import LiveOps
from genuine import FOLDER

from .interpret import Interpreter

DATA = Path(__file__).parents[1] / "data"
PLAIN = ("k_hwio", "k_hwoi", "k_even", "k_deconv", "k_oihw", "k_point", "k_lio", "k_dhwio", "k_local1", "k_local2")
REFUSALS: dict[str, str] = json.loads((DATA / "refusals.json").read_text())
"""Calls that worked in an old stack and that the tables refuse, each with the reason given."""


@cache
def recorded(stack: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with np.load(FOLDER / "recovery" / "functions" / f"{stack}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return json.loads(bytes(arrays.pop("meta")).decode()), arrays


def stacks() -> list[str]:
    return sorted(path.stem for path in (FOLDER / "recovery" / "functions").glob("*.npz"))


def cases() -> list[Any]:
    found = []
    for stack in stacks():
        for index, row in enumerate(recorded(stack)[0]["calls"]):
            if "error" not in row:
                # On numpy a constant is a tensor, and no variable starts from one.
                marks = [pytest.mark.framework] if "K.variable(" in row["call"] else []
                found.append(pytest.param(stack, index, id=f"{stack}:{row['call']}", marks=marks))
    return found


def context_of(stack: str) -> FunctionContext:
    given = recorded(stack)[0]["context"]
    version = tuple(int(part) for part in given["version"].split("-")[0].split(".")[:3])
    return FunctionContext(
        era=Era(given["era"]),
        backend=given["backend"],
        library=given["library"],
        version=version,
        data_format="channels_last",
    )


@cache
def tensors_of(stack: str) -> dict[str, Any]:
    given = {key[3:]: array for key, array in recorded(stack)[1].items() if key.startswith("in_")}
    return {key: one if key in PLAIN else keras.ops.convert_to_tensor(one) for key, one in given.items()}


def flat(value: Any) -> list[Any]:
    if isinstance(value, Sizes):
        return [np.asarray(value.items)]
    if isinstance(value, list | tuple) and not isinstance(value, Shape):
        return [one for part in value for one in flat(part)]
    if isinstance(value, Shape):
        return list(value)
    return [value]


def number(value: Any) -> Any:
    return value if isinstance(value, str | None) else np.asarray(keras.ops.convert_to_numpy(value), dtype="float64")


@pytest.mark.backend
@pytest.mark.parametrize(("stack", "index"), cases())
def test_gives_the_old_numbers(stack: str, index: int) -> None:
    meta, arrays = recorded(stack)
    row = meta["calls"][index]
    tensors = tensors_of(stack)
    ops = LiveOps(keras, context_of(stack))
    try:
        got = flat(Interpreter(ops, tensors).run(row["call"]))
    except Refused as refused:
        assert REFUSALS.get(row["call"]) == refused.code, str(refused)
        return
    want = [arrays[one["array"]] if isinstance(one, dict) else one for one in row["outputs"]]
    assert not any(isinstance(one, Dim) for one in got)
    if len(want) != len(got) and len(want) == 1 and np.ndim(want[0]) == 1:
        got = [np.asarray(got)]  # a shape: the old stack gave one vector
    assert len(got) == len(want)
    for one, expected in zip(got, want, strict=True):
        if isinstance(expected, str) or expected is None:
            assert one == expected
            continue
        value, wanted = number(one), np.asarray(expected, dtype="float64")
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=2e-6)


def test_every_stack_is_there() -> None:
    assert len(stacks()) >= 10
    assert len(cases()) > 2000
