"""What is refused, renamed or left out on the way to a target, and what happens to files then."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from anykeras import targets
from anykeras.document.build import Builder
from anykeras.document.model import Call, Code, Document, Era, Graph, Layer, Object, Ref, Writer
from anykeras.errors import AnyKerasError
from anykeras.tensors import constant


def dense(name: str, units: int = 2, inputs: int = 2, **config: object) -> Layer:
    weights = {"kernel": constant(np.eye(inputs, units)), "bias": constant(np.arange(units))}
    return Layer("Dense", name, {"units": units, **config}, weights)  # type: ignore[dict-item]


def model(*layers: Layer, shape: tuple[int, ...] = (2,)) -> Document:
    entrance = Layer("InputLayer", "entrance", {"batch_shape": (None, *shape), "dtype": "float32"})
    graph = Graph((entrance, *layers), sequential=True)
    return Document(Layer("Sequential", "model", graph=graph), Writer(Era.KERAS1), Era.KERAS3)


REFUSED = {
    "AK6001": model(Layer("Lambda", "f", {"function": Code("4wEAAAA", "lambda")})),
    "AK6002": model(Layer("Mine", "m")),
    "AK6003": model(dense("d", colour="red")),
    "AK6006": model(dense("a"), replace(dense("b"), weights={})),
    "AK6007": model(dense("a").with_weights(gamma=constant([1.0]))),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_written_is_named(code: str, tmp_path: Path) -> None:
    target = tmp_path / "out.keras"
    with pytest.raises(AnyKerasError) as raised:
        targets.write(REFUSED[code], str(target))
    assert raised.value.code == code and raised.value.layer
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_initializer_is_named() -> None:
    odd = dense("d", kernel_initializer=Object("Zeroes"))
    with pytest.raises(AnyKerasError, match=r"AK6002.*Zeroes.*kernel_initializer"):
        targets.lower(model(odd))


@pytest.mark.parametrize("key", ["kernel_initializer", "bias_regularizer", "kernel_constraint", "activation"])
def test_an_unknown_name_is_refused(key: str) -> None:
    with pytest.raises(AnyKerasError, match=rf"AK6002.*my_own.*{key}"):
        targets.lower(model(dense("d", **{key: "my_own"})))


def test_names_of_objects_that_keras_knows() -> None:
    named = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zero", "activation": "hard_silu"}
    targets.build(model(dense("d", kernel_regularizer="l2", kernel_constraint="UnitNorm", **named)))


def test_an_unknown_operation_is_named() -> None:
    build = Builder("f")
    x = build.input((2,))
    with pytest.raises(AnyKerasError, match="AK6004"):
        targets.lower(Document(build.finish(build.op("frobnicate", x)), Writer(Era.KERAS1), Era.KERAS3))


def test_an_architecture_alone_is_built_but_not_written(tmp_path: Path) -> None:
    bare = model(replace(dense("a"), weights={}))
    assert targets.build(bare).output_shape == (None, 2)
    with pytest.raises(AnyKerasError, match="AK6012"):
        targets.write(bare, str(tmp_path / "out.keras"))


def test_an_existing_target_is_kept_unless_forced(tmp_path: Path) -> None:
    target = tmp_path / "out.keras"
    target.write_bytes(b"precious")
    with pytest.raises(AnyKerasError, match="AK6010"):
        targets.write(model(dense("a")), str(target))
    assert target.read_bytes() == b"precious"
    targets.write(model(dense("a")), str(target), force=True)
    assert zipfile.is_zipfile(target)
    assert [p.name for p in tmp_path.iterdir()] == ["out.keras"]


def test_a_failure_while_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> np.ndarray:
        raise OSError(28, "No space left on device")

    lazy = replace(constant(np.eye(2)), load=broken)
    target = tmp_path / "out.keras"
    target.write_bytes(b"precious")
    with pytest.raises(AnyKerasError, match="AK6011"):
        targets.write(model(dense("a").with_weights(kernel=lazy)), str(target), force=True)
    assert target.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["out.keras"]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(AnyKerasError, match="AK6011"):
        targets.write(model(dense("a")), str(tmp_path / "nowhere" / "out.keras"))


def test_names_that_keras_refuses_are_changed_reversibly(tmp_path: Path) -> None:
    given = model(dense("conv1/conv"), dense("conv1_conv"), dense("conv1/bn/"), dense("block.1"))
    lowered = targets.lower(given)
    assert lowered.renamed == {"conv1_conv_1": "conv1/conv", "conv1_bn_": "conv1/bn/", "block_1": "block.1"}
    targets.write(given, str(tmp_path / "out.keras"))
    names = [layer.name for layer in keras.models.load_model(tmp_path / "out.keras").layers]
    assert names == ["conv1_conv_1", "conv1_conv", "conv1_bn_", "block_1"]
    metadata = json.loads(zipfile.ZipFile(tmp_path / "out.keras").read("metadata.json"))
    assert metadata["renamed"] == dict(lowered.renamed)


def test_references_follow_renamed_layers() -> None:
    shared = dense("a/b")
    calls = {"x": (Call(),), "a/b": (Call((Ref("x"),)), Call((Ref("a/b", 0),)))}
    entrance = Layer("InputLayer", "x", {"batch_shape": (None, 2)})
    graph = Graph((entrance, shared), calls, Ref("x"), (Ref("a/b", 1), Ref("a/b", 0)))
    live = targets.build(Document(Layer("Functional", "m/n", graph=graph), Writer(Era.KERAS2), Era.KERAS3))
    twice, once = live.predict(np.array([[3.0, 4.0]], "float32"), verbose=0)
    np.testing.assert_array_equal(once, [[3.0, 5.0]])
    np.testing.assert_array_equal(twice, [[3.0, 6.0]])
    assert live.name == "m_n" and live.layers[1].name == "a_b"


def test_one_operation_called_twice_becomes_two_nodes() -> None:
    build = Builder("m")
    x = build.input((2,))
    build.op("add", x, 1.0)
    halves = Layer("multiply", "scale", operation=True)
    y = build.add(halves, x, 2.0)
    z = build.add(halves, y, 5.0)
    live = targets.build(Document(build.finish((z, y)), Writer(Era.KERAS1), Era.KERAS3))
    out = live.predict(np.array([[1.0, 2.0]], "float32"), verbose=0)
    np.testing.assert_array_equal(out[0], [[10.0, 20.0]])
    np.testing.assert_array_equal(out[1], [[2.0, 4.0]])


def test_inner_inputs_without_a_shape_get_it_from_the_call() -> None:
    inner = Builder("inner")
    x = inner.input()
    body = inner.finish(inner.op("multiply", inner.add(dense("d"), x), 3.0))
    live = targets.build(model(dense("first"), body))
    np.testing.assert_array_equal(live.predict(np.array([[1.0, 2.0]]), verbose=0), [[3.0, 12.0]])


def test_an_input_whose_shape_nobody_knows_is_refused() -> None:
    build = Builder("m")
    x = build.input()
    with pytest.raises(AnyKerasError, match="AK6015"):
        targets.lower(Document(build.finish(build.op("relu", x)), Writer(Era.KERAS1), Era.KERAS3))


def test_writing_imports_no_framework(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np\n"
        "from anykeras import targets\n"
        "from anykeras.document.model import *\n"
        "from anykeras.tensors import constant\n"
        "d = Layer('Dense', 'd', {'units': 2}, {'kernel': constant(np.eye(2)), 'bias': constant([0, 0])})\n"
        "i = Layer('InputLayer', 'i', {'batch_shape': (None, 2)})\n"
        "m = Layer('Sequential', 'm', graph=Graph((i, d), sequential=True))\n"
        f"targets.write(Document(m, Writer(Era.KERAS1), Era.KERAS3), {str(tmp_path / 'out.keras')!r})\n"
        "print(sorted({'keras', 'jax', 'tensorflow', 'torch'} & set(sys.modules)))\n"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, env=dict(os.environ), check=True)
    assert done.stdout.strip() == "[]"
    assert keras.models.load_model(tmp_path / "out.keras").count_params() == 6


def test_peak_memory_is_about_one_tensor(tmp_path: Path) -> None:
    import tracemalloc

    size = 1 << 20

    def fresh(rows: int) -> Layer:
        shape = (rows, size // rows)
        kernel = replace(constant(0.0), shape=shape, load=lambda: np.ones(shape, "float32"))
        made = {"kernel": kernel, "bias": constant(np.zeros(shape[1]))}
        return Layer("Dense", f"d{rows}", {"units": size // rows}, made)

    side = 1 << 10
    given = model(*[replace(fresh(side), name=f"d{i}") for i in range(12)], shape=(side,))
    tracemalloc.start()
    targets.write(given, str(tmp_path / "out.keras"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    one = size * 4
    assert (tmp_path / "out.keras").stat().st_size > 12 * one
    assert peak < 6 * one


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="how wide JAX computes")
@pytest.mark.parametrize(("made", "told"), [({"dtype": "float64"}, True), ({"dtype": "float32"}, False)])
def test_what_jax_rounds_is_told(made: dict[str, str], told: bool) -> None:
    """By default JAX makes float32 of float64."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        targets.build(model(dense("d", **made)))
    assert any("AK6035" in str(warning.message) for warning in caught) == told


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_channels_first_where_tensorflow_cannot_compute_them_are_told(tmp_path: Path) -> None:
    """TensorFlow itself says in the same process whether it can: on every machine the two agree."""
    path = tmp_path / "first.keras"
    keras.Sequential([keras.Input((3, 4, 4)), keras.layers.Conv2D(2, 3, data_format="channels_first")]).save(path)
    program = f"""
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import anykeras
    model = anykeras.load_model({str(path)!r})
try:
    model.predict(__import__("numpy").ones((1, 3, 4, 4)), verbose=0)
    computes = True
except Exception:
    computes = False
print(computes, any("AK6036" in str(warning.message) for warning in caught))
"""
    said = {}
    for turned_on in "01":
        env = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": turned_on}
        said[turned_on] = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True
        ).stdout.split()
    assert said == {"0": ["False", "True"], "1": ["True", "False"]}
