"""Files for older releases: what they hold, what is refused, and that the way up from them gives the same outputs again.

The genuine stacks are run by scripts/matrix.py; here the files are read again by our own reader, which needs no old Python.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import anykeras
from anykeras.catalog import renames
from anykeras.catalog.releases import RELEASES, find_release
from anykeras.catalog.shapes import Spec
from anykeras.catalog.signatures import find_signature
from anykeras.cli.main import app
from anykeras.descent.engine import check_classes
from anykeras.descent.rulebook import Place, all_rules
from anykeras.document.build import make_sequential
from anykeras.document.model import Layer, Object
from anykeras.document.walk import layers_of
from anykeras.errors import OutputExists, TargetError, Unsupported
from genuine import FOLDER, Recording, flat
from rule_examples import Examples, way_back_examples
from test_rules import seen

MODELS = FOLDER / "targets"
EXAMPLES = [(rule, example) for rule in all_rules() for example in way_back_examples().get(rule.name, Examples()).examples]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda x: getattr(x, "name", ""))
def test_worked_example(rule: Any, example: Any) -> None:
    release = find_release(example.release)
    assert release is not None and rule.applies(example.before, release)
    given = (Spec(example.shape, "float32"),) if example.shape else ()
    after = rule.change(example.before, Place(release, given, Spec(example.output, "float32")))
    assert seen(after) == seen(example.after) if isinstance(example.after, Layer) else example.after(after)
    newer = find_release("keras-3.15")
    assert newer is not None and (rule.since.keras3 is None or not rule.applies(example.before, newer))


def convert(name: str, target: str, folder: Path, box: str = ".h5") -> Path:
    path = folder / f"{name}{box}"
    anykeras.convert(MODELS / f"{name}.keras", path, target=target)
    return path


# One model for each way that a model can be said there; the outputs are those that Keras 3.15.1 recorded.
CASES = [
    ("keras-3.0", ".keras", ("rmsnorm", "ops_getitem", "discretize")),
    ("tf.keras-2.13", ".keras", ("acts3", "gqa", "nested_shared")),
    ("tf.keras-2.14", ".keras", ("mha", "nested_shared")),
    ("tf.keras-2.8", ".h5", ("ops_misc", "dict_io", "lstm_states")),
    ("tf.keras-2.3", ".h5", ("mha", "ops_getitem", "conv1dt", "pool_keepdims")),
    (
        "keras-2.2",
        ".h5",
        ("grouped_conv", "normalization", "lstm_hard", "embed_mask", "mha", "acts1"),
    ),
]


@pytest.mark.backend
@pytest.mark.parametrize(("target", "box", "name"), [(t, box, name) for t, box, names in CASES for name in names])
def test_up_again_gives_the_recorded_outputs(target: str, box: str, name: str, tmp_path: Path) -> None:
    live = anykeras.load_model(convert(name, target, tmp_path, box), compile=False)
    recorded = Recording(MODELS / f"{name}.keras", MODELS / f"{name}.npz")
    inputs = recorded.series("in")
    given: Any = dict(zip(("a", "b"), inputs, strict=True)) if name == "dict_io" else inputs
    outputs = flat(live(given if len(inputs) > 1 else inputs[0], training=False))
    assert len(outputs) == len(recorded.series("out"))
    for output, wanted in zip(outputs, recorded.series("out"), strict=True):
        np.testing.assert_allclose(np.asarray(output), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("target", "class_name"),
    [("tf.keras-2.1", "Resizing"), ("tf.keras-2.1", "Normalization"), ("tf.keras-2.2", "Discretization")],
)
def test_a_layer_that_is_not_found_by_its_name_is_refused(target: str, class_name: str) -> None:
    # Those releases have the class, and `keras.layers.deserialize` of neither knows it (run: "Unknown layer").
    release = find_release(target)
    assert release is not None and find_signature(class_name, release.signatures) is not None
    with pytest.raises(Unsupported):
        check_classes(make_sequential("m", Layer(class_name, "a")), release)


def test_an_image_is_resized_where_the_layer_is_not_found() -> None:
    layer = Layer("Resizing", "r", {"height": 2, "width": 2, "interpolation": "bilinear"})
    rules = [rule for rule in all_rules() if rule.name == "replace_resizing"]
    for target, applies in (("tf.keras-2.0", True), ("tf.keras-2.1", True), ("tf.keras-2.2", False)):
        release = find_release(target)
        assert release is not None and [rule.applies(layer, release) for rule in rules] == [applies]


# Policies and names of dtypes, arguments of one era, groups as one kernel, and what a Bidirectional sets by itself.
SPELLED_APART = ("dtype", "ragged", "groups", "zero_output_for_mask")


def plain(key: str, value: Any) -> Any:
    """A value of a configuration without the ways to spell it."""
    if isinstance(value, Object) and isinstance(value.config, dict | Mapping):
        name = {"L1": "L1L2", "L2": "L1L2"}.get(value.class_name, value.class_name)
        return name, {inner: item for inner, item in value.config.items() if item not in (None, 0.0)}
    return renames.ACTIVATIONS.get(value, value) if key.endswith("activation") and isinstance(value, str) else value


@pytest.mark.parametrize(("target", "box"), [("tf.keras-2.15", ".h5"), ("keras-2.3", ".h5"), ("tfjs", "")])
@pytest.mark.parametrize(
    "name", ["acts3", "adam_cnn", "conv1dt", "dict_io", "grouped_conv", "embed_mask", "lstm_states", "sgd_mom"]
)
def test_up_again_is_the_model_that_went_down(name: str, target: str, box: str, tmp_path: Path) -> None:
    before = {layer.name: layer for layer in layers_of(anykeras.open(MODELS / f"{name}.keras").document.model)}
    try:
        path = convert(name, target, tmp_path, box)
    except Unsupported:
        assert (name, target) == ("acts3", "keras-2.3")  # with functions that no layer of Keras 2 has
        return
    compared = 0
    for layer in layers_of(anykeras.open(path).document.model):
        was = before.get(layer.name)
        if was is None or was.class_name != layer.class_name or layer.graph is not None:
            continue
        functions = [was.config.get(key) for key in ("activation", "recurrent_activation")]
        if "hard_sigmoid" in functions:  # another function before Keras 3: its slope went into the weights
            continue
        for key in was.config.keys() & layer.config.keys():
            held = isinstance(layer.config[key], Layer)  # which comes by itself
            if not held and key not in SPELLED_APART and not key.endswith("initializer"):
                assert plain(key, layer.config[key]) == plain(key, was.config[key]), (layer.name, key)
        for role, tensor in was.weights.items() if was.config.get("groups", 1) == 1 else ():
            np.testing.assert_array_equal(layer.weights[role].read(), tensor.read())
        compared += 1
    assert compared


@pytest.mark.parametrize("target", ["keras-2.3", "tf.keras-1.15", "tf.keras-2.8", "tf.keras-2.15"])
@pytest.mark.parametrize("name", ["adam_cnn", "sgd_mom"])
def test_training_state_goes_down_and_up(name: str, target: str, tmp_path: Path) -> None:
    before = anykeras.open(MODELS / f"{name}.keras").document
    after = anykeras.open(convert(name, target, tmp_path)).document
    assert before.training is not None and after.training is not None
    assert before.training.config["loss"] == after.training.config["loss"] or name == "sgd_mom"
    for kind, slots in before.training.slots.items():
        weights = {layer.name: layer for layer in layers_of(after.model)}
        for layer in layers_of(before.model):
            for role, tensor in layer.weights.items():
                if tensor in slots:
                    found = after.training.slots[kind][weights[layer.name].weights[role]]
                    np.testing.assert_array_equal(slots[tensor].read(), found.read())
    steps = [document.training.counters["iterations"].read() for document in (before, after)]  # type: ignore[union-attr]
    assert steps[0] == steps[1] > 0


@pytest.mark.framework
@pytest.mark.parametrize(
    ("target", "metrics", "lost"),
    [
        ("tf.keras-2.8", ["mse", {"class_name": "AUC", "config": {"name": "area", "num_thresholds": 50}}], "F1Score"),
        ("keras-2.3", ["mse"], "AUC, F1Score"),
    ],
)
def test_metrics_that_a_release_has(target: str, metrics: list[Any], lost: str, tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    given = ["MSE", keras.metrics.AUC(num_thresholds=50, name="area"), keras.metrics.F1Score()]
    model.compile("sgd", "MSE", metrics=given)
    model.save(tmp_path / "now.keras")
    done = anykeras.convert(tmp_path / "now.keras", tmp_path / "then.h5", target=target)
    with h5py.File(tmp_path / "then.h5") as file:
        written = json.loads(file.attrs["training_config"])
    assert (written["loss"], written["metrics"]) == ("mse", metrics)
    assert [f.seen for f in done.findings if f.code == "AK2450"] == [f"{target} opens no file with the metric {lost}"]
    assert anykeras.check(tmp_path / "then.h5", [target]).forecasts[0].opens is not False


def test_losses_and_metrics_in_a_keras_file_of_tf_keras_have_their_module(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", keras.losses.CategoricalCrossentropy(label_smoothing=0.1), metrics=[keras.metrics.AUC()])
    model.save(tmp_path / "now.keras")
    anykeras.convert(tmp_path / "now.keras", tmp_path / "then.keras", target="tf.keras-2.13")
    with zipfile.ZipFile(tmp_path / "then.keras") as archive:
        compiled = json.loads(archive.read("config.json"))["compile_config"]
    # tensorflow 2.13.1: TypeError: Could not locate class 'AUC' without
    assert (compiled["loss"]["module"], compiled["metrics"][0]["module"]) == ("keras.losses", "keras.metrics")


def test_a_loss_that_a_release_lacks_leaves_the_model_uncompiled(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "dice")
    model.save(tmp_path / "now.keras")
    done = anykeras.convert(tmp_path / "now.keras", tmp_path / "then.h5", target="tf.keras-2.15")
    assert any("the loss dice" in f.seen for f in done.findings)


@pytest.mark.framework
@pytest.mark.parametrize(("target", "own"), [("keras-3.3", 2), ("keras-3.9", 2), ("keras-3.10", -1)])
def test_numbers_of_nadam_lie_where_a_minor_has_them(target: str, own: int, tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Nadam(0.01), "mse")
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
    model.save(tmp_path / "now.keras")
    anykeras.convert(tmp_path / "now.keras", tmp_path / "then.keras", target=target)
    with zipfile.ZipFile(tmp_path / "then.keras") as archive:
        weights = archive.extract("model.weights.h5", tmp_path)
    with h5py.File(weights) as file:
        held = file["optimizer/vars"]
        shapes = [held[str(number)].shape for number in range(len(held))]
    assert shapes.pop(own) == () and shapes == [(), (), (3, 2), (3, 2), (2,), (2,)]


@pytest.mark.framework
def test_what_keras_2_says_by_few_layers(tmp_path: Path) -> None:
    """Bounds, stacks, exponentials, gelu and log_softmax of an odd number, as Keras 2.2.4 gave them too."""
    import keras

    x = keras.Input((2, 5))
    ops = keras.ops
    gated = x * keras.layers.GlobalAveragePooling1D(keepdims=True)(x)
    made = [ops.maximum(x, 0.25), ops.minimum(0.5, x), ops.stack([x, x + 1.0], axis=2), ops.exp(x), gated]
    made += [keras.layers.Activation(name)(x) for name in ("gelu", "log_softmax")]
    model = keras.Model(x, [*made, keras.layers.RMSNormalization()(x)])
    model.save(tmp_path / "now.keras")
    anykeras.convert(tmp_path / "now.keras", tmp_path / "then.h5", target="keras-2.2")
    given = np.linspace(-6, 6, 40, dtype="float32").reshape(4, 2, 5)
    then = anykeras.load_model(tmp_path / "then.h5", compile=False)
    for found, wanted in zip(then(given), model(given), strict=True):
        np.testing.assert_allclose(np.asarray(found), np.asarray(wanted), rtol=1e-4, atol=2e-6)
    far = ops.maximum(x, -1e6)
    keras.Model(x, far).save(tmp_path / "far.keras")
    with pytest.raises(Unsupported, match="maximum"):
        anykeras.convert(tmp_path / "far.keras", tmp_path / "far.h5", target="keras-2.2")


@pytest.mark.framework
def test_a_schedule_and_further_optimizers_go_down(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    for optimizer in (keras.optimizers.RMSprop(rate, momentum=0.5), keras.optimizers.Adamax(rate)):
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
        model.save(tmp_path / "new.keras")
        for box in (".keras", ".h5"):
            done = anykeras.convert(tmp_path / "new.keras", tmp_path / f"old{box}", target="tf.keras-2.15", force=True)
            assert "AK2450" not in {finding.code for finding in done.findings}
            after = anykeras.open(tmp_path / f"old{box}").document.training
            assert after is not None and after.slots
            held = after.config["optimizer"]
            assert isinstance(held, Object) and isinstance(held.config, Mapping)
            schedule = held.config["learning_rate"]
            assert held.class_name == type(optimizer).__name__
            assert isinstance(schedule, Object) and schedule.class_name == "ExponentialDecay"
        done = anykeras.convert(tmp_path / "new.keras", tmp_path / "old.h5", target="keras-2.3", force=True)
        assert "AK2450" in {finding.code for finding in done.findings}


@pytest.mark.backend
def test_random_layers_do_nothing_in_predict_of_older_releases(tmp_path: Path) -> None:
    """Keras 3 writes training=True into their calls, and puts its own flag in its place; an older Keras would heed it."""
    import keras

    inner = keras.Input((4, 4, 1))
    augmented = keras.Model(inner, keras.layers.RandomFlip()(inner))
    outer = keras.Input((4, 4, 1))
    keras.Model(outer, keras.layers.Dropout(0.5)(augmented(outer), training=True)).save(tmp_path / "new.keras")
    assert b'"training": true' in zipfile.ZipFile(tmp_path / "new.keras").read("config.json")
    anykeras.convert(tmp_path / "new.keras", tmp_path / "old.keras", target="tf.keras-2.15")
    assert b'"training": true' not in zipfile.ZipFile(tmp_path / "old.keras").read("config.json")


def test_hdf5_is_spelled_as_the_release_has_it(tmp_path: Path) -> None:
    with h5py.File(convert("embed_mask", "tf.keras-1.15", tmp_path)) as file:
        assert file.attrs["keras_version"] == file["model_weights"].attrs["keras_version"] == "2.2.4-tf"
        config = json.loads(file.attrs["model_config"])
        names = [name.decode() for name in file["model_weights"].attrs["layer_names"]]
    assert config["class_name"] == "Model"
    layers = {layer["name"]: layer for layer in config["config"]["layers"]}
    assert list(layers) == names
    assert not any(layer["class_name"] in ("NotEqual", "not_equal") for layer in layers.values())
    assert all("mask" not in kwargs for layer in layers.values() for node in layer["inbound_nodes"] for *_, kwargs in node)
    inputs = [layer for layer in layers.values() if layer["class_name"] == "InputLayer"]
    assert all("batch_input_shape" in layer["config"] and "batch_shape" not in layer["config"] for layer in inputs)


def test_keras_3_minors_differ_in_ends_and_groups(tmp_path: Path) -> None:
    ends = {}
    for minor in ("3.3", "3.15"):
        path = convert(
            "lstm_hard", f"keras-{minor}", tmp_path / minor if (tmp_path / minor).mkdir() is None else tmp_path, ".keras"
        )
        with zipfile.ZipFile(path) as archive:
            weights = archive.extract("model.weights.h5", tmp_path / minor)
            text = archive.read("config.json").decode()
        with h5py.File(weights) as file:
            ends[minor] = ("vars" in file, "OrthogonalInitializer" in text)
    assert ends == {"3.3": (True, True), "3.15": (False, False)}


@pytest.mark.parametrize(
    ("name", "target", "layer"),
    [("textvec", "tf.keras-2.8", "text_vectorization"), ("discretize", "keras-2.3", None), ("ops_misc", "keras-2.3", None)],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_written(
    name: str, target: str, layer: str | None, tmp_path: Path
) -> None:
    with pytest.raises(Unsupported, match="AK6050") as caught:
        convert(name, target, tmp_path)
    assert target in str(caught.value) and caught.value.layer and layer in (None, caught.value.layer)
    assert not list(tmp_path.iterdir())


def test_what_an_old_stack_cannot_take_of_training_is_a_finding(tmp_path: Path) -> None:
    converted = anykeras.convert(MODELS / "rmsnorm.keras", tmp_path / "a.h5", target="tf.keras-2.8")
    assert {finding.code for finding in converted.findings} >= {"AK2412"}
    assert converted.outputs_fidelity == "exact" and converted.training_fidelity == "equivalent"


def test_names_of_releases() -> None:
    for name in ("tf.keras-2.8", "tf.keras==2.8.4", "tensorflow==2.8", "keras-2.8"):
        assert str(find_release(name)) == "tf.keras-2.8"
    assert str(find_release("keras==3.6.0")) == "keras-3.6" and find_release("keras-9.9") is None
    assert len({str(release) for release in RELEASES}) == len(RELEASES)


def test_the_name_of_the_file_and_of_the_target_are_checked(tmp_path: Path) -> None:
    source = MODELS / "lstm_hard.keras"
    with pytest.raises(Unsupported, match="AK6005"):
        anykeras.convert(source, tmp_path / "a.h5", target="tf.keras-9.9")
    with pytest.raises(TargetError, match="AK6024"):
        anykeras.convert(source, tmp_path / "a.keras", target="tf.keras-2.8")
    (tmp_path / "a.h5").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        anykeras.convert(source, tmp_path / "a.h5", target="tf.keras-2.8")
    assert (tmp_path / "a.h5").read_bytes() == b"mine"


def test_from_the_command_line(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    path = tmp_path / "old.h5"
    done = CliRunner().invoke(app, ["convert", str(MODELS / "grouped_conv.keras"), str(path), "--target", "keras-2.3"])
    assert done.exit_code == 0, done.output
    assert path.exists()


def test_a_check_by_another_keras_is_refused(tmp_path: Path) -> None:
    source = FOLDER / "fixtures" / "keras1-theano" / "mnist_cnn.h5"
    with pytest.raises(anykeras.AnyKerasError, match="AK6053"):
        anykeras.convert(source, tmp_path / "m.h5", target="tf.keras-2.8", check=True)
    assert not (tmp_path / "m.h5").exists()


@pytest.mark.parametrize(
    ("target", "reason"),
    [("keras-3.6", ""), ("keras-3.2", "masked steps"), ("tf.keras-2.8", "masked steps"), ("keras-2.3", "refuses it there")],
)
def test_masked_steps_that_are_computed_otherwise_are_refused(target: str, reason: str, tmp_path: Path) -> None:
    import keras

    numbers = keras.Input((5,), dtype="int32")
    vectors = keras.layers.Embedding(9, 2, mask_zero=True)(numbers)
    after = keras.layers.Reshape((10,)) if target == "keras-2.3" else keras.layers.Minimum()
    given = vectors if target == "keras-2.3" else [vectors, keras.layers.LayerNormalization()(vectors)]
    keras.Model(numbers, after(given)).save(tmp_path / "masked.keras")
    written = tmp_path / f"old{'.keras' if target.startswith('keras-3') else '.h5'}"
    if not reason:
        anykeras.convert(tmp_path / "masked.keras", written, target=target)
        return
    with pytest.raises(Unsupported, match=reason):
        anykeras.convert(tmp_path / "masked.keras", written, target=target)


def save_causal(keras: Any, path: Path) -> Any:
    """Operators between layers, calls of them by layers of the same names, and steps that see none behind them."""
    x = keras.Input((6,), dtype="int32")
    y = keras.layers.Embedding(9, 4)(x) + keras.layers.Embedding(6, 4)(keras.ops.arange(6))
    y = keras.layers.Add()([y, keras.layers.MultiHeadAttention(2, 3)(y, y, use_causal_mask=True)])
    turned = keras.ops.reshape(1 - y, (-1, 24))
    keras.Model(x, keras.layers.Reshape((4, 6), name="reshape_99")(turned)).save(path)
    return np.arange(12, dtype="int32").reshape(2, 6) % 9


def save_operations(keras: Any, path: Path) -> Any:
    x = keras.Input((4, 6))
    ops = keras.ops
    parts = [ops.elu(x, alpha=0.5), ops.moveaxis(x, 1, 2), x[..., 0], ops.logsumexp(x, axis=-1)]
    keras.Model(x, parts).save(path)
    return np.linspace(-1, 1, 48, dtype="float32").reshape(2, 4, 6)


def save_shared(keras: Any, path: Path) -> Any:
    """A layer whose second call waits for an input that is listed behind it; regularized by a class of late releases."""
    first, second = keras.Input((4,)), keras.Input((4,))
    shared = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.OrthogonalRegularizer())
    keras.Model([first, second], keras.layers.Average()([shared(shared(first)), shared(second)])).save(path)
    return [np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4), np.ones((2, 4), "float32")]


def save_stack(keras: Any, path: Path) -> Any:
    """A cropping that does nothing when it does not train, convolutions that pad their outcome by 0, and one number for all."""
    layers = keras.layers
    wide = layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=0)
    scaled = layers.Normalization(mean=0.3, variance=2.0)
    stack = [keras.Input((5, 5, 2)), wide, scaled, layers.PReLU(shared_axes=[1, 2]), layers.RandomCrop(4, 4)]
    keras.Sequential(stack).save(path)
    return np.linspace(-1, 1, 100, dtype="float32").reshape(2, 5, 5, 2)


def save_bins(keras: Any, path: Path) -> Any:
    bins = keras.layers.Discretization([-0.5, 0.5], output_mode="multi_hot")
    each = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(3)])
    x, series = keras.Input((4,)), keras.Input((3, 4))
    keras.Model([x, series], [keras.layers.Dense(2)(bins(x)), keras.layers.TimeDistributed(each)(series)]).save(path)
    return [np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4), np.linspace(-1, 1, 24, dtype="float32").reshape(2, 3, 4)]


def save_models_as_functions(keras: Any, path: Path) -> Any:
    """Models in the place of activations: the hard_sigmoid before Keras 3 at the gates, and one with weights of its own."""
    layers = keras.layers
    old = keras.Sequential([keras.Input((None, None, 2)), layers.Rescaling(0.2, 0.5), layers.ReLU(max_value=1.0)])
    own, other = (keras.Sequential([keras.Input((3,)), layers.PReLU("ones"), layers.Rescaling(x)]) for x in (0.3, 2.0))
    films = layers.ConvLSTM2D(2, 2, recurrent_activation=old)
    end = [layers.Flatten(), layers.Dense(3, activation=own), layers.Activation(other)]
    keras.Sequential([keras.Input((3, 4, 4, 1)), films, *end]).save(path)
    return np.linspace(-5, 5, 96, dtype="float32").reshape(2, 3, 4, 4, 1)


def save_masked_heads(keras: Any, path: Path) -> Any:
    x, mask = keras.Input((5, 8)), keras.Input((5, 5), dtype="bool")
    keras.Model([x, mask], keras.layers.MultiHeadAttention(2, 4)(x, attention_mask=mask, value=x)).save(path)
    return [np.linspace(-1, 1, 80, dtype="float32").reshape(2, 5, 8), np.tri(5, dtype=bool)[None].repeat(2, 0)]


def save_late_activations(keras: Any, path: Path) -> Any:
    x = keras.Input((5,))
    keras.Model(x, [keras.layers.Activation(n)(x) for n in ("squareplus", "sparse_plus", "sparse_sigmoid")]).save(path)
    return np.linspace(-3, 3, 30, dtype="float32").reshape(6, 5)


def test_layers_of_ones_own_are_refused_for_every_release(tmp_path: Path) -> None:
    source = FOLDER / "custom" / "programs" / "keras1_attention.h5"
    with pytest.raises(Unsupported, match=r"AK6050.* keras-3\.6 .*no layer AttLayer"):
        anykeras.convert(source, tmp_path / "new.keras", source.with_suffix(".py"), target="keras-3.6")
    assert not list(tmp_path.iterdir())


@pytest.mark.backend
@pytest.mark.parametrize(
    ("save", "targets"),
    [
        (save_causal, ("keras-3.2", "tf.keras-2.4", "keras-2.3")),
        (save_operations, ("keras-3.2", "tf.keras-2.8")),
        (save_shared, ("keras-3.2", "tf.keras-2.3", "keras-2.2")),
        (save_stack, ("keras-3.2", "keras-3.6")),
        (save_bins, ("keras-3.2", "keras-3.6")),
        (save_masked_heads, ("keras-3.3", "tf.keras-2.8")),
        (save_late_activations, ("keras-3.3", "tf.keras-2.8", "tf.keras-2.3")),
        (save_models_as_functions, ("keras-3.6", "tf.keras-2.4", "keras-2.3")),
    ],
)
def test_models_of_today_open_by_the_forecast_and_give_their_outputs(
    save: Any, targets: tuple[str, ...], tmp_path: Path
) -> None:
    import keras

    source = tmp_path / "source.keras"
    inputs = save(keras, source)
    wanted = flat(anykeras.load_model(source, compile=False)(inputs, training=False))
    for target in targets:
        written = tmp_path / f"{target}{'.keras' if target.startswith('keras-3') else '.h5'}"
        anykeras.convert(source, written, target=target)
        assert anykeras.check(written, [target]).forecasts[0].opens is not False, target
        found = flat(anykeras.load_model(written, compile=False)(inputs, training=False))
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-4, atol=1e-5)


def test_nodes_have_the_names_that_a_minor_takes(tmp_path: Path) -> None:
    import keras

    save_causal(keras, tmp_path / "source.keras")
    anykeras.convert(tmp_path / "source.keras", tmp_path / "old.keras", target="keras-3.6")
    with zipfile.ZipFile(tmp_path / "old.keras") as box:
        layers = json.loads(box.read("config.json"))["config"]["layers"]
    configs = {layer["class_name"]: layer["config"] for layer in layers if layer["module"].startswith("keras.src.ops")}
    assert "name" in configs["Add"] and "name" not in configs["Reshape"]
    assert "reshape_99" not in [layer["name"] for layer in layers if layer["module"] == "keras.layers"]


@pytest.mark.parametrize(
    ("target", "reason"), [("keras-3.6", "masked steps"), ("tf.keras-2.15", "masked steps"), ("keras-3.15", "")]
)
@pytest.mark.parametrize("attention", ["query", "pair"])
def test_attention_over_masked_steps(attention: str, target: str, reason: str, tmp_path: Path) -> None:
    import keras

    numbers = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(9, 4, mask_zero=True)(numbers)
    if attention == "pair" and target == "tf.keras-2.15":
        return
    y = keras.layers.MultiHeadAttention(2, 2)(x, x) if attention == "query" else keras.layers.Attention()([x, x])
    keras.Model(numbers, y).save(tmp_path / "masked.keras")
    if not reason:
        anykeras.convert(tmp_path / "masked.keras", tmp_path / "old.keras", target=target)
        return
    with pytest.raises(Unsupported, match=reason):
        anykeras.convert(tmp_path / "masked.keras", tmp_path / "old.keras", target=target)


def test_masked_steps_of_a_bidirectional_are_refused_for_keras_2(tmp_path: Path) -> None:
    import keras

    both = keras.layers.Bidirectional(keras.layers.LSTM(2, return_sequences=True))
    keras.Sequential([keras.Input((5,)), keras.layers.Embedding(9, 4, mask_zero=True), both]).save(tmp_path / "tagger.keras")
    with pytest.raises(Unsupported, match="no Bidirectional gives zeros"):
        anykeras.convert(tmp_path / "tagger.keras", tmp_path / "old.h5", target="keras-2.3")


@pytest.mark.parametrize("target", ["tfjs", "keras-2.3"])
def test_a_bidirectional_of_two_classes_is_refused_by_name(target: str, tmp_path: Path) -> None:
    import keras

    kinds = (keras.layers.GRU, keras.layers.LSTM)
    one, other = (kind(2, return_sequences=True, go_backwards=kind is keras.layers.LSTM) for kind in kinds)
    both = keras.layers.Bidirectional(one, backward_layer=other, name="both")
    keras.Sequential([keras.Input((5, 3)), both]).save(tmp_path / "mixed.keras")
    with pytest.raises(Unsupported, match=r"AK6050.*halves.*'both'"):
        anykeras.convert(tmp_path / "mixed.keras", tmp_path / ("old" if target == "tfjs" else "old.h5"), target=target)
