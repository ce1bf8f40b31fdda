"""Models that Keras 3 builds, through a Document and back: same weight paths, same outputs in stock Keras."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import Input, Model, Sequential, layers, ops

from anykeras import targets

from .transcribe import document


def sequential() -> Model:
    first = layers.Dense(3, "relu", kernel_regularizer="l2")
    return Sequential([Input((4,)), first, layers.Dropout(0.5), layers.Dense(2)])


def two_branches_of_unequal_depth() -> Model:
    x = Input((4,), name="x")
    long = layers.Dense(4, name="late")(layers.Dense(4, name="middle")(layers.Dense(4, name="early")(x)))
    short = layers.Dense(4, name="short")(x)
    return Model(x, layers.Add()([short, long]))


def shared_at_several_depths() -> Model:
    x, y = Input((4,), name="x"), Input((4,), name="y")
    shared, other = layers.Dense(4, name="shared"), layers.Dense(4, name="other")
    a = shared(x)
    b = shared(other(a))
    c = other(shared(y))
    return Model([y, x], [c, b, layers.Dense(4, name="last")(b)])


def nested() -> Model:
    inner_in = Input((4,))
    inner = Model(inner_in, [layers.Dense(3)(inner_in), layers.Dense(3)(layers.Dense(4)(inner_in))], name="inner")
    stack = Sequential([layers.Dense(4), layers.Dense(3)], name="stack")
    x = Input((4,))
    a, b = inner(x)
    c, d = inner(layers.Dense(4)(x))
    return Model(x, {"one": stack(a), "two": layers.Concatenate()([b, c, stack(d)]), "direct": inner(x)[1]})


def nested_sequences() -> Model:
    inner = Sequential([Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    return Sequential([Input((4,)), inner, Sequential([layers.Dense(2), layers.Dense(2)]), layers.Dense(2)])


def dict_inputs() -> Model:
    ins = {"b": Input((4,), name="b"), "a": Input((4,), name="a")}
    return Model(ins, {"z": layers.Dense(2)(ins["b"]), "y": layers.Dense(2)(ins["a"])})


def recurrent() -> Model:
    x = Input((5, 4))
    h = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="concat")(x)
    h = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2), layers.LSTMCell(3)], return_sequences=True)(h)
    h = layers.TimeDistributed(layers.Dense(4))(h)
    s, state_h, state_c = layers.LSTM(4, return_state=True, return_sequences=True)(h)
    out = layers.LSTM(4)(s, initial_state=[state_h, state_c])
    return Model(x, [layers.SimpleRNN(3)(s), layers.GRU(3)(s), out])


def wrapped_models() -> Model:
    x = Input((5, 4))
    inner = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    return Model(x, layers.TimeDistributed(inner)(x))


def attention() -> Model:
    x, y = Input((5, 4)), Input((6, 4))
    a = layers.MultiHeadAttention(2, 3)(x, y)
    b = layers.MultiHeadAttention(2, 3, use_bias=False)(a, y, y)
    c = layers.GroupQueryAttention(4, 4, 2)(b, y)
    d = layers.Attention(use_scale=True, score_mode="concat")([c, y])
    return Model([x, y], layers.AdditiveAttention()([d, y]))


def convolutional() -> Model:
    x = Input((8, 8, 3))
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    a = layers.BatchNormalization(scale=False)(layers.SeparableConv2D(4, 3, padding="same")(a))
    b = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    c = layers.Conv2DTranspose(3, 2, strides=2)(layers.MaxPooling2D()(b))
    h = layers.Concatenate()([a, b, c])
    h = layers.GroupNormalization(2)(layers.LayerNormalization()(layers.PReLU(shared_axes=[1, 2])(h)))
    return Model(x, layers.GlobalAveragePooling2D()(layers.SpectralNormalization(layers.Conv2D(2, 3))(h)))


def operations() -> Model:
    x = Input((4, 6), name="x")
    y = Input((4, 6), name="y")
    a = ops.matmul(x, ops.transpose(y, (0, 2, 1)))
    b = ops.concatenate([x * 2.0, y[:, ::2, ...][:, :2]], axis=1)
    c = ops.where(x > 0.0, x, np.linspace(0, 1, 6).astype("float32"))
    d = layers.Dense(3, name="absolute")(ops.sum(a, axis=-1, keepdims=True))
    e = ops.nn.softmax(c + y, axis=-1)
    return Model([x, y], [layers.Dense(3)(b), d, layers.Dense(3)(e), 1.0 - ops.expand_dims(ops.max(c, axis=(1, 2)), 1)])


def unused_input_and_layer_names() -> Model:
    x, y = Input((4,), name="used"), Input((4,), name="unused")
    return Model([y, x], layers.Dense(2, name="_dense_with-odd>name")(x))


def mixed_dtypes() -> Model:
    x = Input((4,), dtype="int32")
    h = layers.Embedding(10, 6)(x)
    h = layers.Dense(4, dtype="mixed_float16")(h)
    h = layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", dtype="mixed_bfloat16")(h)
    return Model(x, layers.Dense(2, dtype="bfloat16")(h))


def deep_chain() -> Model:
    h = x = Input((2,))
    for _ in range(300):
        h = layers.Dense(2)(h)
    return Model(x, h)


MODELS: list[Callable[[], Model]] = [
    sequential,
    two_branches_of_unequal_depth,
    shared_at_several_depths,
    nested,
    nested_sequences,
    dict_inputs,
    recurrent,
    wrapped_models,
    attention,
    convolutional,
    operations,
    unused_input_and_layer_names,
    mixed_dtypes,
    deep_chain,
]


def randomized(model: Model) -> Model:
    rng = np.random.default_rng(0)
    for v in model.weights:
        v.assign(rng.uniform(0.05, 0.6, v.shape))
    return model


def structure(model: Model) -> Any:
    return model.inputs if isinstance(model, Sequential) else model.input


def shapes_of(model: Model) -> str:
    return str(keras.tree.map_structure(lambda x: x.shape, structure(model)))


def sample(model: Model) -> Any:
    rng = np.random.default_rng(1)

    def one(x: Any) -> Any:
        shape = tuple(3 if n is None else n for n in x.shape)
        return rng.integers(0, 9, shape) if "int" in x.dtype else rng.normal(size=shape).astype("float32")

    return keras.tree.map_structure(one, structure(model))


def outputs(model: Model) -> list[np.ndarray]:
    return [np.asarray(keras.ops.convert_to_numpy(y), "float32") for y in keras.tree.flatten(model(sample(model)))]


def stored(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        found: dict[str, np.ndarray] = {}
        file.visititems(lambda name, held: found.update({name: held[()]}) if isinstance(held, h5py.Dataset) else None)
        return found


@pytest.fixture(params=MODELS, ids=lambda f: f.__name__)
def model(request: pytest.FixtureRequest) -> Model:
    keras.utils.clear_session(free_memory=False)
    return randomized(request.param())


def test_the_file_is_laid_out_as_keras_does_it(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "stock.keras")
    targets.write(document(model), str(tmp_path / "ours.keras"))
    stock, ours = stored(tmp_path / "stock.keras"), stored(tmp_path / "ours.keras")
    assert sorted(ours) == sorted(stock)
    for path, value in stock.items():
        assert ours[path].dtype == value.dtype and ours[path].tobytes() == value.tobytes(), path


def test_stock_keras_opens_the_file_with_the_same_outputs(model: Model, tmp_path: Path) -> None:
    targets.write(document(model), str(tmp_path / "ours.keras"))
    loaded = keras.models.load_model(tmp_path / "ours.keras")
    assert [x.name for x in loaded.layers] == [x.name for x in model.layers]
    assert shapes_of(loaded) == shapes_of(model)
    for made, wanted in zip(outputs(loaded), outputs(model), strict=True):
        np.testing.assert_array_equal(made, wanted)
    loaded.save(tmp_path / "again.keras")
    assert sorted(stored(tmp_path / "again.keras")) == sorted(stored(tmp_path / "ours.keras"))


def test_the_live_model_has_the_same_outputs(model: Model) -> None:
    live = targets.build(document(model))
    for made, wanted in zip(outputs(live), outputs(model), strict=True):
        np.testing.assert_array_equal(made, wanted)


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    given = document(randomized(sequential()))
    targets.write(given, str(tmp_path / "a.keras"))
    targets.write(given, str(tmp_path / "b.keras"))
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    assert json.loads(zipfile.ZipFile(tmp_path / "a.keras").read("metadata.json"))["keras_version"].startswith("3.")


@pytest.mark.parametrize("name", ["dense with spaces", "größe", "a+b", "a\\b"])
def test_a_name_that_tensorflow_refuses_is_changed_so_that_predict_works(name: str, tmp_path: Path) -> None:
    model = randomized(Sequential([Input((4,)), layers.Dense(2, name=name)], name="_model"))
    lowered = targets.lower(document(model))
    assert name in lowered.renamed.values() and lowered.renamed["model_model"] == "_model"
    targets.write(document(model), str(tmp_path / "ours.keras"))
    (x,) = sample(model)
    for opened in (keras.models.load_model(tmp_path / "ours.keras"), targets.build(document(model))):
        np.testing.assert_allclose(opened.predict(x, verbose=0), *outputs(model), rtol=1e-5)
