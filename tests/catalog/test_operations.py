"""The operations table against stock Keras: the nodes that it records itself, and files that it opens."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import pathlib
from typing import Any

import keras
import numpy as np
import pytest
from operation_cases import CASES, limits
from operation_world import BATCH, NUMBERS, computed, node_of, traced, write

from anykeras.catalog import operations
from anykeras.document.model import Dtype


@pytest.fixture(params=CASES)
def case(request: Any) -> Any:
    keras.utils.clear_session(free_memory=False)
    try:
        return request.param, *traced(request.param)
    except (ValueError, TypeError):
        return request.param, *traced(request.param, BATCH)


def test_nodes_are_those_that_keras_records_and_join_reads_them(case: Any) -> None:
    _, recorder, _, _ = case
    for function, args, kwargs, made in recorder.calls:
        joined(operations.split(function, args, kwargs), function)
        made = keras.tree.flatten(made)[0]
        if not hasattr(made, "_keras_history") or made._keras_history.operation is None:
            continue
        operation, node = node_of(made)
        ours = operations.split(function, args, kwargs)
        assert (ours.module, ours.class_name) == (type(operation).__module__, type(operation).__name__)
        assert same(list(ours.args), list(node.arguments.args)), "args"
        assert set(ours.kwargs) == {k for k, v in node.arguments.kwargs.items() if k in ours.kwargs or v is not None}
        stated = operation.get_config() if operation._auto_config is not None else {}
        again = type(operation)(**ours.config)
        stated_again = again.get_config() if again._auto_config is not None else {}
        assert {**stated, "name": ""} == {**stated_again, "name": ""}


@pytest.mark.framework
def test_stock_keras_opens_the_file_and_computes_the_same(case: Any, tmp_path: pathlib.Path) -> None:
    expression, recorder, inputs, outcome = case
    used = write(tmp_path / "case.keras", recorder, inputs, outcome)
    if any("jax" in limit.backends for name, a, k, _ in recorder.calls for limit in limits(name, frozen(a), frozen(k))):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            run(tmp_path / "case.keras", used)
        return
    got = run(tmp_path / "case.keras", used)
    want = keras.tree.flatten(computed(expression))
    got = keras.tree.flatten(got)
    assert len(got) == len(want)
    for mine, theirs in zip(got, want, strict=True):
        assert np.shape(mine) == np.shape(theirs)
        if not expression.startswith("o.empty_like"):
            np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-5, atol=1e-6, equal_nan=True)


def joined(node: operations.OperationNode, function: str) -> None:
    """``join`` finds a function and arguments that ``split`` takes back to the same node."""
    name, args, kwargs = operations.join(node.module, node.class_name, node.config, node.args, node.kwargs)
    found = operations.find(function)
    assert found is not None and operations.find(name).class_name == found.class_name  # type: ignore[union-attr]
    again = operations.split(name, args, kwargs)
    assert same([again.config, list(again.args), again.kwargs], [node.config, list(node.args), node.kwargs])


def run(path: pathlib.Path, used: list[str]) -> Any:
    """What stock Keras makes of a file, on the numbers of its inputs."""
    model = keras.models.load_model(path)
    return model([NUMBERS[name] for name in used] if len(used) > 1 else NUMBERS[used[0]])


def frozen(value: Any) -> Any:
    """An argument with tuples for lists, as a document has it."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return {k: frozen(v) for k, v in value.items()} if isinstance(value, dict) else value


def same(ours: Any, theirs: Any) -> bool:
    """Equal structures, in which a tensor is only equal to itself."""
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    return ours is theirs or (not hasattr(ours, "shape") and bool(ours == theirs))


def test_every_function_of_keras_ops_that_makes_a_node_is_known() -> None:
    constants = {
        "bartlett",
        "blackman",
        "convert_to_numpy",
        "custom_gradient",
        "dtype",
        "empty",
        "eye",
        "hamming",
        "hanning",
        "identity",
        "is_tensor",
        "kaiser",
        "ones",
        "shape",
        "tri",
        "vectorize",
        "zeros",
    }
    public = {name for name in dir(keras.ops) if callable(getattr(keras.ops, name)) and not name.startswith("_")}
    assert {name for name in public if operations.find(name) is None} == constants


def test_a_dtype_goes_into_a_configuration_by_name() -> None:
    assert operations.split("cast", ("x", Dtype("int32")), {}).config == {"dtype": "int32"}


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [("no_such_function", (), {}), ("relu", ("x", 1, 2), {}), ("relu", ("x",), {"alpha": 1}), ("concatenate", (), {})],
)
def test_what_keras_does_not_have_is_refused(function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(operations.UnknownOperation):
        operations.split(function, args, kwargs)


def test_nodes_of_earlier_releases_are_found() -> None:
    assert operations.join("keras.src.ops.nn", "CtcLoss", {}, (1, 2, 3, 4), {})[0] == "ctc_loss"
    assert operations.join("keras.ops.numpy", "Add", {"name": "add_1"}, ("x", 1), {}) == ("add", ("x", 1), {})
