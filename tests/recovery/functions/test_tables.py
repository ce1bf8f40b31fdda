"""The tables themselves: lookup, eras, refusals, sizes, constants, and models of recovered functions that save."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import anykeras.recovery.functions as functions
from anykeras.document.model import Era
from anykeras.recovery.functions import (
    Dim,
    EntryKind,
    FunctionContext,
    Refused,
    Shape,
    Sizes,
    find_attribute,
    find_operator,
    folding,
    is_module,
    module_of,
    names,
    resolve,
)
from anykeras.recovery.functions.live import LiveOps
from anykeras.recovery.functions.table import Spelled

from .interpret import Interpreter

KERAS1 = FunctionContext(era=Era.KERAS1, backend="theano", version=(1, 2, 2), data_format="channels_first")
TF2 = FunctionContext(era=Era.TF2, library="tf.keras", version=(2, 15, 0))
KERAS3 = FunctionContext(era=Era.KERAS3, backend="jax", version=(3, 6, 0))


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("K.dot", "keras.backend.dot"),
        ("tensorflow.python.keras.backend.dot", "keras.backend.dot"),
        ("keras.api._v2.keras.backend.dot", "keras.backend.dot"),
        ("tf.keras.backend.dot", "keras.backend.dot"),
        ("tensorflow.contrib.keras.backend.dot", "keras.backend.dot"),
        ("keras.backend.tensorflow_backend.dot", "keras.backend.dot"),
        ("tf.compat.v1.reduce_sum", "tensorflow.reduce_sum"),
        ("tf.math.reduce_sum", "tensorflow.reduce_sum"),
        ("tensorflow.python.ops.math_ops.reduce_sum", "tensorflow.reduce_sum"),
        ("keras.src.ops.numpy.tanh", "keras.ops.tanh"),
        ("keras.objectives.mse", "keras.losses.mse"),
        ("np.mean", "numpy.mean"),
        ("jnp.mean", "numpy.mean"),
        ("T.nnet.relu", "theano.tensor.nnet.relu"),
        ("tf.keras.layers.Flatten", "keras.layers.Flatten"),
    ],
)
def test_every_spelling_of_a_module_is_one(spelling: str, name: str) -> None:
    entry = resolve(spelling)
    assert entry is not None
    assert entry.name == name


def test_unknown_names_are_none() -> None:
    assert resolve("K.no_such_function") is None
    assert resolve("os.system") is None
    assert resolve("numpy.lib.npyio.save") is None
    assert module_of("os") is None
    assert find_attribute("__class__") is None
    assert find_attribute("tofile") is not None
    with pytest.raises(KeyError):
        find_operator("call")


def test_modules_are_walked() -> None:
    assert is_module("tensorflow.nn")
    assert is_module("tf")
    assert is_module("tensorflow.keras.backend")
    assert not is_module("tensorflow.nn.relu")
    assert not is_module("os")


def test_the_tables_are_as_wide_as_the_old_backends() -> None:
    """Every public function of ``keras.backend`` of Keras 1.2.2 and 2.3.1 is in the table or refused by name."""
    listed = (Path(__file__).parents[1] / "data" / "backend_names.txt").read_text().split()
    assert len(listed) > 150
    assert [name for name in listed if resolve(f"keras.backend.{name}") is None] == []
    assert len(names("tensorflow.")) > 400
    assert len(names("numpy.")) > 200


def test_refusals_say_why() -> None:
    for name in names():
        for entry in functions.table.all_entries()[name]:
            assert (entry.kind is EntryKind.REFUSED) == (entry.run is None and entry.kind is not EntryKind.VALUE), name
            assert entry.kind is not EntryKind.REFUSED or len(entry.reason) > 15, name


def test_same_name_other_era() -> None:
    ops = LiveOps(keras, KERAS3)
    x = keras.ops.convert_to_tensor(np.array([1.0, 2.6], "float32"))
    new = resolve("keras.activations.hard_sigmoid", KERAS3)
    old = resolve("keras.activations.hard_sigmoid", TF2)
    assert new is not None and old is not None
    np.testing.assert_allclose(new(ops, x), [4 / 6, 5.6 / 6], rtol=1e-6)
    np.testing.assert_allclose(old(ops, x), [0.7, 1.0], rtol=1e-6)


def test_equality_is_identity_before_tensorflow_2() -> None:
    x = keras.ops.ones((2,))
    assert find_operator("eq", KERAS1)(LiveOps(keras, KERAS1), x, x) is True
    assert find_operator("eq", KERAS1)(LiveOps(keras, KERAS1), x, keras.ops.ones((2,))) is False
    assert find_operator("eq", TF2)(LiveOps(keras, TF2), x, keras.ops.ones((2,))).shape == (2,)


def traced(source: str, context: FunctionContext, *shapes: tuple[Any, ...], **constants: Any) -> keras.Model:
    """A functional model of one line of old code, saved and opened again."""
    inputs = [keras.Input(shape) for shape in shapes]
    given: Any = inputs[0] if len(inputs) == 1 else inputs
    output = Interpreter(LiveOps(keras, context), {"x": given, **constants}).run(source)
    return keras.Model(inputs, output)


@pytest.mark.parametrize(
    ("source", "context", "shape", "expected"),
    [
        ("K.reshape(x, (K.shape(x)[0], -1))", TF2, (3, 4), lambda x: x.reshape(2, 12)),
        ("K.reshape(x, (-1, K.int_shape(x)[1] * 4))", TF2, (3, 4), lambda x: x.reshape(2, 12)),
        ("tf.reshape(x, tf.concat([tf.shape(x)[:1], [12]], 0))", TF2, (3, 4), lambda x: x.reshape(2, 12)),
        ("x.reshape((x.shape[0], x.shape[1] * x.shape[2]))", KERAS1, (3, 4), lambda x: x.reshape(2, 12)),
        ("ops.reshape(x, (ops.shape(x)[0], 2, -1))", KERAS3, (3, 4), lambda x: x.reshape(2, 2, 6)),
        ("K.zeros((K.shape(x)[0], 5)) + 1", TF2, (3, 4), lambda x: np.ones((2, 5))),
        ("tf.tile(tf.constant([[1., 2.]]), [tf.shape(x)[0], 1])", TF2, (3, 4), lambda x: [[1, 2], [1, 2]]),
        ("x / tf.cast(tf.shape(x)[0], tf.float32)", TF2, (3, 4), lambda x: x / 2),
        ("K.mean(x, 0) * K.cast(K.shape(x)[0], 'float32')", TF2, (3, 4), lambda x: x.sum(0)),
        ("x[:, ::-1]", TF2, (3, 4), lambda x: x[:, ::-1]),
        ("x[:, :, ::-2]", KERAS1, (3, 4), lambda x: x[:, :, ::-2]),
        ("x[:, [2, 0]]", KERAS1, (3, 4), lambda x: x[:, [2, 0]]),
        ("x[..., 1]", TF2, (3, 4), lambda x: x[..., 1]),
        ("x.dimshuffle(0, 'x', 2, 1)", KERAS1, (3, 4), lambda x: x.transpose(0, 2, 1)[:, None]),
        ("np.array([1., 2., 3., 4.]) * x", TF2, (3, 4), lambda x: x * [1, 2, 3, 4]),
        ("x + [1., 2., 3., 4.]", TF2, (3, 4), lambda x: x + np.arange(1, 5)),
        ("K.l2_normalize(x, -1)", TF2, (3, 4), lambda x: x / np.sqrt((x**2).sum(-1, keepdims=True))),
        (
            "tf.nn.depth_to_space(x, 2)",
            TF2,
            (2, 2, 4),
            lambda x: x.reshape(2, 2, 2, 2, 2, 1).transpose(0, 1, 3, 2, 4, 5).reshape(2, 4, 4, 1),
        ),
        ("K.repeat_elements(x, 2, 1)", TF2, (3, 4), lambda x: x.repeat(2, 1)),
        ("tf.math.top_k(x, 2).values", TF2, (4,), lambda x: -np.sort(-x)[:, :2]),
    ],
)
def test_unknown_batch(source: str, context: FunctionContext, shape: tuple[int, ...], expected: Any) -> None:
    model = traced(source, context, shape)
    x = np.random.RandomState(1).randn(2, *shape).astype("float32")
    np.testing.assert_allclose(model(x), expected(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("source", "mean", "deviation"),
    [
        ("K.random_normal((K.shape(x)[0], 500), mean=1.0, stddev=3.0)", 1.0, 3.0),
        ("K.random_uniform((K.shape(x)[0], 500), -1.0, 3.0)", 1.0, 4 / 12**0.5),
        ("K.random_binomial((K.shape(x)[0], 500), p=0.3)", 0.3, 0.21**0.5),
        ("tf.random.truncated_normal((tf.shape(x)[0], 500))", 0.0, 0.88),
        ("x[:, :1] * 0 + K.random_normal(K.shape(x), 0., 0.5, seed=3)", 0.0, 0.5),
    ],
)
def test_random_functions_stay_random(source: str, mean: float, deviation: float) -> None:
    model = traced(source, TF2, (500,))
    x = np.ones((40, 500), "float32")
    one, two = np.asarray(model(x)), np.asarray(model(x))
    assert one.shape == (40, 500)
    assert not np.allclose(one, two)
    assert abs(one.mean() - mean) < 0.1 * max(1.0, deviation)
    assert abs(one.std() - deviation) < 0.05 * max(1.0, deviation)


def test_truncated_and_uniform_stay_in_bounds() -> None:
    x = np.ones((20, 200), "float32")
    drawn = np.asarray(traced("tf.random.truncated_normal((tf.shape(x)[0], 200))", TF2, (200,))(x))
    assert np.abs(drawn).max() <= 2.0001
    whole = np.asarray(traced("tf.random.uniform((tf.shape(x)[0], 200), 0, 5, dtype='int32')", TF2, (200,))(x))
    assert set(np.unique(whole)) == {0, 1, 2, 3, 4}


@pytest.mark.framework  # on numpy a constant is a tensor, which is computed as it stands
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("K.gradients(x, x)", "AK3040"),
        ("tf.py_func(x, x, x)", "AK3040"),
        ("np.random.randn(3)", "AK3040"),
        ("np.save('file', x)", "AK3040"),
        ("K.sum(x, wrong=1)", "AK3041"),
        ("K.random_normal_variable((2, 3), 0, 1)", "AK3040"),
        ("K.get_value(x)", "AK3042"),
        ("tf.image.resize(x, tf.shape(x)[:2], 'bicubic')", "AK3043"),
        ("np.zeros((100000, 100000))", "AK3041"),
        ("np.tile([1, 2], 10000000)", "AK3041"),
        ("np.arange(0, 1e12)", "AK3041"),
        ("np.ones((2000, 2000)).dot(x)", "AK3041"),
        ("np.outer(np.ones(100000), np.ones(100000))", "AK3041"),
        ("np.array(['a'])", "AK3041"),
        ("np.power(9, 9, dtype='object')", "AK3041"),
        ("np.power(10 ** 30, 10)", "AK3041"),
        ("np.diag(np.ones(100000))", "AK3041"),
        ("np.diff([1, 2], 1000000000)", "AK3041"),
        ("np.dot(np.ones((100000, 1)), np.ones((1, 100000)))", "AK3041"),
        ("np.repeat([1, 2], [1000000000, 1])", "AK3041"),
        ("np.add(1, 2, np.zeros(3))", "AK3041"),
        ("np.sum([1, 2], out=3)", "AK3041"),
        ("K.constant(1., shape=(100000, 100000))", "AK3041"),
        ("tf.repeat(x, [1000000000, 1, 1], axis=1)", "AK3041"),
        ("tf.image.resize(x[..., None], (1000000000, 4), method='nearest')", "AK3041"),
        ("math.factorial(-1)", "AK3041"),
        ("math.factorial(100000)", "AK3041"),
        ("keras.layers.Dense(3)(x)", "AK3040"),
        ("tf.where(x > 0)", "AK3043"),
    ],
)
def test_refused(source: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        traced(source, TF2, (3, 4))
    assert refused.value.code == code


@pytest.mark.framework
def test_constants_are_computed_by_numpy() -> None:
    ops = LiveOps(keras, TF2)
    run = Interpreter(ops, {}).run
    assert run("np.sqrt(2.0) * np.pi") == np.sqrt(2.0) * np.pi
    assert isinstance(run("np.eye(3, dtype=np.float32)"), np.ndarray)
    assert run("np.float32(2)").dtype == np.float32
    assert run("np.prod([2, 3, 4])") == 24
    assert run("math.ceil(7 / 2.0)") == 4
    assert folding.fold("no_such", (1,), {}) is None


def test_dim_arithmetic() -> None:
    batch, time = Dim("b"), Dim("t")
    assert batch * 2 == 2 * batch != batch
    assert (batch * 6) // 3 == batch * 2
    assert batch + 3 - 3 == batch
    assert batch - batch == 0
    assert batch * time == time * batch
    assert batch // 2 == batch // 2 != (batch + 1) // 2
    assert batch - batch // 2 == (batch + 1) // 2
    with pytest.raises(Refused):
        batch / 2
    with pytest.raises(Refused):
        bool(batch > 3)


def test_shapes_behave_as_tuples_and_sizes_as_tensors() -> None:
    assert Shape((None, 3)) + Shape((4,)) == (None, 3, 4)
    assert isinstance(Shape((1, 2, 3))[1:], Shape)
    assert Sizes((2, 3)) * 2 == Sizes((4, 6))
    assert Sizes((2, 3)) + Sizes((1, 1)) == Sizes((3, 4))
    with pytest.raises(Refused):
        Sizes((2, 3)) + Sizes((1, 1, 1))


def test_no_module_imports_a_framework() -> None:
    root = Path(functions.__file__).parent
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            bad = {"keras", "tensorflow", "jax", "torch", "theano", "pickle", "marshal"}
            assert not {module.split(".")[0] for module in modules} & bad, path


@pytest.mark.parametrize(
    "source",
    [
        "K.batch_dot(x, x, axes=2)",
        "K.pool2d(K.expand_dims(x), (2, 2))",
        "tf.image.resize(x[..., None], (6, 7))",
        "x[:, ::-1] + K.softmax(x, axis=(1, 2))",
        "tf.norm(x, axis=1)",
        "K.switch(K.greater(x, 0.), x, 0.1 * x)",
    ],
)
def test_the_outcome_survives_saving(source: str, tmp_path: Path) -> None:
    model = traced(source, TF2, (3, 4))
    x = np.random.RandomState(1).randn(2, 3, 4).astype("float32")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(x), model(x), rtol=1e-6)


# Old argument names: how a body is called by the spellings of each library.


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
