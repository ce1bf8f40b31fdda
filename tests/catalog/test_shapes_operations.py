"""Shapes and dtypes of operations against what stock Keras infers for the same call."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

from typing import Any

import keras
import numpy as np
import pytest
from operation_cases import BINARY, CASES, REDUCE, UNARY
from operation_world import BATCH, computed, traced

from anykeras.catalog.shapes.engine import operation
from anykeras.catalog.shapes.spec import Spec
from anykeras.document.graph import iterate_leaves
from anykeras.document.model import Ellipsis_, Slice


def frozen(value: Any) -> Any:
    """A call's argument as a document holds it, with specs for tensors."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {k: frozen(v) for k, v in value.items()}
    if isinstance(value, slice):
        return Slice(value.start, value.stop, value.step)
    if value is Ellipsis:
        return Ellipsis_()
    if isinstance(value, np.ndarray | keras.KerasTensor):
        dtype = value.dtype if isinstance(value.dtype, str) else value.dtype.name
        return Spec(tuple(value.shape), dtype)
    return value


# Where Keras's own inference is not what it computes: ours is compared with the computed arrays instead.
INFERRED_WRONGLY = ("multi_hot", "polar", "slogdet", "ndim")


def check(recorder: Any) -> None:
    for function, args, kwargs, made in recorder.calls:
        wanted = [(tuple(t.shape), t.dtype) for t in keras.tree.flatten(made) if isinstance(t, keras.KerasTensor)]
        if wanted and function not in INFERRED_WRONGLY:
            found = iterate_leaves(operation(function, frozen(args), frozen(kwargs)))
            assert [(s.shape, s.dtype) for s in found] == wanted, function


@pytest.mark.parametrize("batch", [None, BATCH])
@pytest.mark.parametrize("case", CASES)
def test_operations_infer_what_keras_infers(case: str, batch: int | None) -> None:
    try:
        recorder, _, _ = traced(case, batch)
    except (ValueError, TypeError):
        pytest.skip("stock Keras wants a batch size")
    check(recorder)


def test_operations_infer_what_keras_computes_where_its_inference_is_wrong() -> None:
    for case in [c for c in CASES if c.split("(")[0].removeprefix("o.") in INFERRED_WRONGLY]:
        recorder, _, _ = traced(case, BATCH)
        ((function, args, kwargs, _),) = recorder.calls
        found = iterate_leaves(operation(function, frozen(args), frozen(kwargs)))
        real = [np.asarray(a) for a in keras.tree.flatten(computed(case))]
        assert [s.shape for s in found] == [a.shape for a in real], case
        assert [s.dtype for s in found] == [
            a.dtype.name.replace("64", "32") if a.dtype.kind in "i" else a.dtype.name for a in real
        ]


SHAPES = [(None, 4), (3, 4), (None, 5, 1), (2,), (None, None, 4)]
DTYPES = ["float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool"]


def agree(function: str, *arguments: Any, **kwargs: Any) -> None:
    """Stock Keras either gives the same answer, or refuses the call."""
    try:
        made = getattr(keras.ops, function)(*arguments, **kwargs)
    except Exception:
        pytest.skip("stock Keras refuses it")
    found = iterate_leaves(operation(function, frozen(arguments), frozen(kwargs)))
    assert [(s.shape, s.dtype) for s in found] == [(tuple(t.shape), t.dtype) for t in keras.tree.flatten(made)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", sorted({*UNARY, *REDUCE} - {*INFERRED_WRONGLY}))
def test_dtypes_of_unary_functions(function: str, dtype: str) -> None:
    agree(function, keras.KerasTensor((None, 4), dtype))


@pytest.mark.parametrize("function", BINARY)
def test_broadcasting_and_promotion_of_binary_functions(function: str) -> None:
    checked = 0
    tensors = [keras.KerasTensor(shape, dtype) for shape in SHAPES for dtype in DTYPES]
    random = np.random.default_rng(1)
    for first, second in random.choice(len(tensors), (40, 2)):
        others = [tensors[second], 2, 2.5]
        for other in others:
            try:
                agree(function, tensors[first], other)
                checked += 1
            except pytest.skip.Exception:
                continue
    assert checked > 20
