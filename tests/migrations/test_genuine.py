"""Small files of genuine old stacks, one fact or one odd argument each, against the outputs that those stacks gave.

Keras 0.3.3 to 1.2.2 on Python 2.7 with Theano 0.9 wrote those of `keras1` (``-c``: with its C code, which ``same`` needs
there); ``builder_source`` of each ``.meta.json`` says what was built. `odd.py` and `odd_*.py` of `scripts/fixtures` wrote those
of `keras2`, where a name is ``STACK-CASE``; models of `scripts/differential` that found a fault are there under the name of
the fault, and two of Theano that are a pooling with ``same`` (of windows of 3 by 2 and strides of 2 by 1; of 1 by 1 and 2 by
2) before a convolution of 1 by 1. Those of `told` differ in Keras 3, and a finding says so. Weights are random.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import anykeras
from anykeras.document.model import Era, Layer, Writer
from anykeras.migrations import RuleContext
from anykeras.migrations.engine import apply
from anykeras.migrations.rulebook import order_rules
from anykeras.tensors import constant
from genuine import FIXTURES, FOLDER, Recording, compare, each, outputs, recordings, reproduces

WRITER = Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow")
UNITS, FEATURES = 3, 2


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gates(kernel: np.ndarray, count: int) -> list[np.ndarray]:
    """cuDNN takes the bytes of each (inputs, units) block as a (units, inputs) matrix that multiplies a column."""
    return [np.ascontiguousarray(block).reshape(UNITS, -1) for block in np.split(kernel, count, axis=1)]


def migrated(class_name: str, count: int) -> tuple[Layer, list[np.ndarray]]:
    random = np.random.RandomState(3)
    kernel, recurrent = random.randn(FEATURES, count * UNITS), random.randn(UNITS, count * UNITS)
    bias = random.randn(2 * count * UNITS)
    weights = {"kernel": constant(kernel), "recurrent_kernel": constant(recurrent), "bias": constant(bias)}
    rule = next(rule for rule in order_rules() if rule.code == "AK2240")
    layer = apply(rule, Layer(class_name, "r", {"units": UNITS}, weights), RuleContext(WRITER, Era.KERAS3))
    return layer, [*gates(kernel, count), *gates(recurrent, count), *np.split(bias, 2 * count)]


def test_lstm() -> None:
    layer, raw = migrated("CuDNNLSTM", 4)
    w, r, b = raw[:4], raw[4:8], raw[8:]
    kernel, recurrent, bias = (layer.weights[role].read() for role in ("kernel", "recurrent_kernel", "bias"))
    h, c = np.array([0.3, -0.2, 0.5]), np.array([0.1, 0.7, -0.4])
    x = np.array([0.8, -1.1])
    i, f, g, o = (w[k] @ x + r[k] @ h + b[k] + b[4 + k] for k in range(4))
    expected = sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g))
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
    np.testing.assert_allclose(sigmoid(o) * np.tanh(sigmoid(f) * c + sigmoid(i) * np.tanh(g)), expected, rtol=1e-5)
    assert layer.config["recurrent_activation"] == "sigmoid"


def test_gru() -> None:
    layer, raw = migrated("CuDNNGRU", 3)
    w, r, b = raw[:3], raw[3:6], raw[6:]
    kernel, recurrent, bias = (layer.weights[role].read() for role in ("kernel", "recurrent_kernel", "bias"))
    h, x = np.array([0.3, -0.2, 0.5]), np.array([0.8, -1.1])
    z, reset = (sigmoid(w[k] @ x + r[k] @ h + b[k] + b[3 + k]) for k in range(2))
    expected = z * h + (1 - z) * np.tanh(w[2] @ x + b[2] + reset * (r[2] @ h + b[5]))
    xz, xr, xh = np.split(x @ kernel + bias[0], 3)
    hz, hr, hh = np.split(h @ recurrent + bias[1], 3)
    z = sigmoid(xz + hz)
    np.testing.assert_allclose(z * h + (1 - z) * np.tanh(xh + sigmoid(xr + hr) * hh), expected, rtol=1e-5)
    assert layer.config["reset_after"] is True


def test_bias_of_a_gru_keeps_both_rows() -> None:
    layer, _ = migrated("CuDNNGRU", 3)
    assert layer.weights["bias"].shape == (2, 9)


# Small files of genuine old stacks, one fact or one odd argument each, against the outputs that those stacks gave.


KERAS1, KERAS2 = (recordings(FOLDER / "migrations" / name) for name in ("keras1", "keras2"))
FILES = [*KERAS1, *KERAS2]


def test_there_are_files() -> None:
    assert len(KERAS1) >= 30 and len(KERAS2) >= 45


@pytest.mark.backend
@each(FILES)
def test_opened(file: Recording) -> None:
    model = anykeras.load_model(file.path, compile=False, weights=file.weights)
    assert reproduces(model, file)


@pytest.mark.backend
@each(FILES)
def test_converted(file: Recording, tmp_path: Path) -> None:
    import keras

    target = tmp_path / "converted.keras"
    anykeras.convert(file.path, target, weights=file.weights)
    assert reproduces(keras.models.load_model(target, compile=False), file)


def test_a_training_flag_that_stock_keras_drops_is_told(tmp_path: Path) -> None:
    (file,) = (file for file in KERAS2 if file.stem == "tf2.3-kept_out_of_training")
    found = anykeras.convert(file.path, tmp_path / "converted.keras").findings
    assert [(f.code, f.affects) for f in found if f.fidelity == "approximate"] == [("AK6030", "training")]
    frozen = tmp_path / "frozen.h5"
    frozen.write_bytes(file.path.read_bytes())
    with h5py.File(frozen, "r+") as held:
        text = json.loads(held.attrs["model_config"])
        for layer in text["config"]["layers"]:
            layer["config"]["trainable"] = layer["class_name"] != "BatchNormalization"
        held.attrs["model_config"] = json.dumps(text)
    done = anykeras.convert(frozen, tmp_path / "frozen.keras", strict="exact")
    assert [(f.code, f.fidelity) for f in done.findings if f.code == "AK6030"] == [("AK6030", "exact")]
    with warnings.catch_warnings():
        warnings.simplefilter("error", anykeras.AnyKerasWarning)
        anykeras.load_model(file.path)
    sampling = anykeras.convert(FIXTURES / "keras2.0-tf" / "vae_fixed_batch.h5", tmp_path / "vae.keras").findings
    assert "AK3016" in {f.code for f in sampling} and "AK6030" not in {f.code for f in sampling}


@pytest.mark.backend
@each(file for file in recordings(FOLDER / "migrations" / "told") if file.stem.endswith("stateful_twice"))
def test_calls_of_a_stateful_layer_that_went_on_otherwise_are_told(file: Recording) -> None:
    """The recorded outputs are those of a layer whose states begin anew with each call; that of TensorFlow 2 is in `keras2`."""
    with pytest.warns(anykeras.AnyKerasWarning, match="AK2305"):
        model = anykeras.load_model(file.path, compile=False)
    (found,) = (f for f in anykeras.inspect(file.path).findings if f.code == "AK2305")
    assert (found.fidelity, found.affects) == ("approximate", "outputs") and "called 3 times" in found.seen
    assert not compare(outputs(model, file), file.series("out"))
    layer = next(layer for layer in model.layers if getattr(layer, "stateful", False))

    def call(x: np.ndarray) -> np.ndarray:
        layer.reset_state()
        return np.asarray(layer(x))

    first, second = file.series("in")
    assert compare([call(first), call(call(second))], file.series("out"))


def _play(model: Any, path: Path) -> list[bool]:
    """Whether each call gave what was recorded: three batches, the first again after a reset, and two batches together."""
    import keras

    found = []
    with np.load(path.with_name(path.stem + ".batches.npz")) as recorded:
        for number in range(5):
            if number == 3:
                for layer in model._flatten_layers():
                    if getattr(layer, "stateful", False):
                        layer.reset_state()
            given, wanted = (
                [recorded[key] for key in sorted(recorded.files) if key.startswith(f"c{number}_{kind}")]
                for kind in ("in", "out")
            )
            out = keras.tree.flatten(model.predict(given if len(given) > 1 else given[0], batch_size=2, verbose=0))
            found.append(compare(out, wanted))
    return found


CARRIED = ("keras1.2.2-tf-bi_lstm", "keras2.0.9-tf-bi_lstm", "tfkeras2.8-bi_lstm", "tfkeras2.8-rnn2")


@pytest.mark.backend
@pytest.mark.parametrize("path", sorted((FOLDER / "migrations" / "batches").glob("*.h5")), ids=lambda path: path.stem)
def test_states_from_batch_to_batch_are_those_of_the_old_stack(path: Path, tmp_path: Path) -> None:
    """Bidirectional of Keras 2.1.5 to 2.3 and of TensorFlow 1 kept none; a stack of cells fails in Keras 3 itself."""
    import keras

    told = path.stem.endswith("states_in")
    lost = keras.backend.backend() == "jax" and path.stem in CARRIED  # by stock Keras: every predict begins with zeros
    done = anykeras.convert(path, tmp_path / "converted.keras")
    assert [f.code for f in done.findings if f.fidelity == "approximate"] == ["AK2307"] * told
    for model in (anykeras.open(path).build(), keras.models.load_model(tmp_path / "converted.keras")):
        assert _play(model, path) == ([True, False, False, True, False] if told or lost else [True] * 5)


@each(file for file in recordings(FOLDER / "migrations" / "told") if file.stem.endswith("squared_scores"))
def test_attention_of_a_release_that_squared_its_scores_is_told(file: Recording) -> None:
    with pytest.warns(anykeras.AnyKerasWarning, match="AK2314"):
        model = anykeras.load_model(file.path, compile=False)
    assert not compare(outputs(model, file), file.series("out"))


@pytest.mark.backend
@each(file for file in recordings(FOLDER / "migrations" / "told") if file.stem.endswith("image_order"))
def test_an_image_order_that_nothing_decides_is_told_and_can_be_said(file: Recording, tmp_path: Path) -> None:
    """The last images of these models could have their channels either way, and had them otherwise than the other layers."""
    import keras

    with pytest.warns(anykeras.AnyKerasWarning, match="AK2103"):
        model = anykeras.load_model(file.path, compile=False)
    assert not compare(outputs(model, file), file.series("out"))
    anykeras.convert(file.path, tmp_path / "converted.keras", data_format="channels_first", strict="equivalent")
    assert reproduces(keras.models.load_model(tmp_path / "converted.keras", compile=False), file)
    with pytest.raises(anykeras.AnyKerasError, match="AK1313"):
        anykeras.open(file.path, data_format="th")


def test_an_image_order_that_shapes_decide_is_not_said_of_the_input(tmp_path: Path) -> None:
    """Keras 1 keeps the input of a Sequential in its first layer, which is taken out of it and has its address."""
    shape, kernel = {"batch_input_shape": [None, 6, 6, 3]}, {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "dim_ordering": "tf"}
    layers = [
        {"class_name": "ZeroPadding2D", "config": {"name": "pad", "padding": [1, 1], **shape}},
        {"class_name": "Convolution2D", "config": {"name": "conv", **kernel}},
        {"class_name": "Reshape", "config": {"name": "reshape", "target_shape": [72]}},
    ]
    model = {"class_name": "Sequential", "keras_version": "1.2.2", "config": layers}
    (tmp_path / "model.json").write_text(json.dumps(model))
    assert anykeras.load_model(tmp_path / "model.json").output_shape == (None, 72)
    (found,) = (finding for finding in anykeras.inspect(tmp_path / "model.json").findings if finding.code == "AK2103")
    assert found.fidelity is anykeras.Fidelity.EQUIVALENT


# What Keras 3 gets wrong on one backend. On TensorFlow and NumPy `test_opened` finds it too.


def written(target: Path) -> list[dict[str, Any]]:
    """Every layer of a written file, those inside models and wrappers included."""

    def find(value: Any) -> Any:
        if isinstance(value, dict):
            yield from [value] if "class_name" in value and "config" in value else []
            value = list(value.values())
        for item in value if isinstance(value, list) else []:
            yield from find(item)

    with zipfile.ZipFile(target) as archive:
        return list(find(json.loads(archive.read("config.json"))))


def test_sums_that_tensorflow_takes_for_a_bias_are_written_otherwise(tmp_path: Path) -> None:
    convolutions, sums = (file for file in KERAS2 if "wide_as_deep" in file.stem)
    found = anykeras.convert(convolutions.path, tmp_path / "convolutions.keras").findings
    assert sum(f.code == "AK2311" and f.fidelity == "equivalent" for f in found) == 5
    layers = written(tmp_path / "convolutions.keras")
    formats = [layer["config"]["data_format"] for layer in layers if "Conv" in layer["class_name"]]
    assert formats == ["channels_last"] * 5
    assert [layer["config"]["activation"] for layer in layers if layer["class_name"] == "Activation"] == ["softmax"]
    anykeras.convert(sums.path, tmp_path / "sums.keras")
    layers = written(tmp_path / "sums.keras")
    assert sum(layer["class_name"] == "Subtract" for layer in layers) == 1
    merged = [
        json.dumps(layer["inbound_nodes"])
        for layer in layers
        if layer["class_name"] in ("Add", "Average") and layer.get("name") in ("add_1", "average_1")
    ]
    assert len(merged) == 2 and all(text.index("dense_1") < text.index("dense_2") for text in merged)


def _exp_sum(x: np.ndarray) -> np.ndarray:
    return np.exp(x).sum((1, 2), keepdims=True)


# What `keras.ops` computes along axes that come back from a file as a list, and the same in NumPy.
ALONG_AXES: dict[str, tuple[dict[str, object], Callable[[np.ndarray], np.ndarray]]] = {
    "norm": ({"axis": (1, 2)}, lambda x: np.sqrt((x**2).sum((1, 2)))),
    "norm 1": ({"axis": 1, "ord": 1, "keepdims": True}, lambda x: np.abs(x).sum(1, keepdims=True)),
    "norm 3": ({"axis": -1, "ord": 3}, lambda x: (np.abs(x) ** 3).sum(-1) ** (1 / 3)),
    "norm inf": ({"axis": -1, "ord": np.inf}, lambda x: np.abs(x).max(-1)),
    "count_nonzero": ({"axis": (1, -1)}, lambda x: (x != 0).sum((1, 3))),
    "logsumexp": ({"axis": (1, 2)}, lambda x: np.log(_exp_sum(x))[:, 0, 0]),
    "softmax": ({"axis": (1, 2)}, lambda x: np.exp(x) / _exp_sum(x)),
    "log_softmax": ({"axis": (1, 2)}, lambda x: x - np.log(_exp_sum(x))),
    "max_pool": ({"pool_size": (2, 1), "strides": (2, 1)}, lambda x: x[:, :4].reshape(2, 2, 2, 3, 2).max(2)),
}


@pytest.mark.backend
@pytest.mark.parametrize("case", ALONG_AXES)
def test_axes_that_a_file_keeps_as_a_list(case: str, tmp_path: Path) -> None:
    """Stock Keras fails to run these from its own file, on JAX or on NumPy."""
    import keras

    arguments, formula = ALONG_AXES[case]
    source, target = tmp_path / "model.keras", tmp_path / "converted.keras"
    x = keras.Input((4, 3, 2))
    keras.Model(x, getattr(keras.ops, case.partition(" ")[0])(x, **arguments)).save(source)
    given = np.random.default_rng(0).normal(size=(2, 4, 3, 2)).astype("float32")
    given[:, :2, 0] = 0
    anykeras.convert(source, target)
    for model in (anykeras.load_model(source), keras.models.load_model(target)):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(given)), formula(given), 1e-5, 1e-6)


@pytest.mark.backend
def test_an_initializer_that_keras_does_not_have_in_16_bits(tmp_path: Path) -> None:
    import keras

    source, target = tmp_path / "model.h5", tmp_path / "model.keras"
    layer = {"batch_input_shape": [None, 4, 2], "name": "gru", "units": 3, "dtype": "float16",
             "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": None}}}  # fmt: skip
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "GRU", "config": layer}]}}
    with h5py.File(source, "w") as held:
        held.attrs.update(model_config=json.dumps(model), keras_version="2.4.0", backend="tensorflow")
        weights = held.create_group("model_weights")
        weights.attrs.update(layer_names=[b"gru"], keras_version=b"2.4.0", backend=b"tensorflow")
        shapes = {"kernel:0": (2, 9), "recurrent_kernel:0": (3, 9), "bias:0": (2, 9)}
        weights.create_group("gru").attrs["weight_names"] = [f"gru/{name}".encode() for name in shapes]
        for name, shape in shapes.items():
            weights["gru"].create_dataset(f"gru/{name}", data=np.ones(shape, "float16"))
    assert "AK2312" in {finding.code for finding in anykeras.convert(source, target).findings}
    assert [weight.dtype for weight in keras.models.load_model(target).weights] == ["float16"] * 3
