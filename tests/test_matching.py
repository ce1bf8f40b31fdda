"""Old weights into the layers of another model: what a file tells, which layer each weight is of, and what is asked."""

from __future__ import annotations

import bz2
import gzip
import itertools
import json
import lzma
import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

import anykeras
from anykeras import containers
from anykeras.containers import NamedWeights, TreeWeights, WeightGroup
from anykeras.document.model import Era, Layer, Writer
from anykeras.document.walk import layers_of, map_graph_refs, rebuild, walk
from anykeras.errors import Bug, Undecided
from anykeras.matching import Atom, Options, describe_conflict, forms, match, places, read_atoms
from anykeras.tensors import Tensor, constant
from genuine import ATOL, FIXTURES, RTOL, Recording, each, outputs, recordings

if TYPE_CHECKING:
    import keras


def tensor(*shape: int) -> Tensor:
    return constant(np.zeros(shape))


def atoms_of(era: Era, **groups: list[str]) -> tuple[Atom, ...]:
    listed = [WeightGroup(name, tuple((weight, tensor(2, 3)) for weight in names)) for name, names in groups.items()]
    return read_atoms(NamedWeights(tuple(listed)), era)


@pytest.mark.parametrize(
    ("era", "group", "names", "owners"),
    [
        (Era.KERAS1, "dense_1", ["dense_1_W", "dense_1_b"], {("dense_1",): ["W", "b"]}),
        (Era.KERAS1, "dense_1", ["dense_1_W_2:0", "dense_1_b_2:0"], {("dense_1",): ["W", "b"]}),
        (Era.KERAS1, "model_1", ["lstm_1_W_i", "dense_2_W"], {("model_1", "lstm_1"): ["W_i"], ("model_1", "dense_2"): ["W"]}),
        (Era.KERAS1, "scale_1", ["gamma", "beta"], {("scale_1",): ["gamma", "beta"]}),
        (Era.KERAS2, "dense_1", ["dense_1_1/kernel:0", "dense_1_1/bias:0"], {("dense_1",): ["kernel", "bias"]}),
        (Era.KERAS2, "conv2d_3", ["batch_normalization_1/bn/conv2d_3/kernel"], {("conv2d_3",): ["kernel"]}),
        (Era.KERAS2, "m", ["a/kernel:0", "b/gamma:0", "a/bias:0"], {("m", "a"): ["kernel", "bias"], ("m", "b"): ["gamma"]}),
        (Era.TF2, "a", ["a/query/kernel:0", "a/key/kernel:0", "a/value/kernel:0", "a/attention_output/kernel:0"],
         {("a",): ["query/kernel", "key/kernel", "value/kernel", "attention_output/kernel"]}),
    ],
)  # fmt: skip
def test_a_group_is_cut_by_owner(era: Era, group: str, names: list[str], owners: dict[tuple[str, ...], list[str]]) -> None:
    found = atoms_of(era, **{group: names})
    assert {atom.owner: list(atom.tensors) for atom in found} == owners


def test_the_halves_of_a_bidirectional_of_keras2_are_two_atoms() -> None:
    found = atoms_of(
        Era.KERAS2, bidirectional_1=[f"bidirectional_1/{role}:0" for role in ("kernel", "bias", "kernel_1", "bias_1")]
    )
    assert [list(atom.tensors) for atom in found] == [["kernel", "bias"], ["kernel", "bias"]]


def test_a_cell_in_a_tree_belongs_to_its_layer() -> None:
    paths = [
        "layers/lstm_1/cell/vars/0",
        "layers/lstm_1/cell/vars/1",
        "layers/dense/vars/0",
        "layers/dropout/seed_generator/vars/0",
    ]
    weights = TreeWeights({path: tensor(2, 3) for path in paths}, {"layers/dense": "head"})
    lstm, dense = read_atoms(weights, Era.KERAS3)
    assert (lstm.hint, list(lstm.tensors), lstm.generated and lstm.generated.number) == ("LSTM", ["cell/0", "cell/1"], 1)
    assert (dense.hint, dense.name) == ("Dense", "head")


def test_writers_contradict_each_other_by_era_and_by_theano() -> None:
    theano, tensorflow = (Writer(Era.KERAS2, backend=backend) for backend in ("theano", "tensorflow"))
    assert describe_conflict(tensorflow, theano)
    assert describe_conflict(Writer(Era.KERAS3), theano)
    assert describe_conflict(Writer(Era.TF2, "tf.keras", backend="tensorflow"), tensorflow) is None


# A live model


def numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def write_weights(path: Path, version: str | None, **layers: dict[str, np.ndarray]) -> Path:
    """A weights file as Keras 1 and 2 lay them out; what is in it is of this test's own making."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        if version is not None:
            file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
        for layer, weights in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name in weights]
            for name, values in weights.items():
                group.create_dataset(name, data=values)
    return path


def dense(name: str, seed: int, inputs: int = 4, outputs: int = 4) -> dict[str, np.ndarray]:
    return {f"{name}/kernel:0": numbers(seed, inputs, outputs), f"{name}/bias:0": numbers(seed + 1, outputs)}


def chain(*names: str | None, width: int = 4) -> keras.Model:
    import keras

    layers = [keras.layers.Dense(width, name=name) for name in names]
    return keras.Sequential([keras.Input((width,)), *layers])


def branches(left: str, right: str, joined: str = "left") -> keras.Model:
    import keras

    x = keras.Input((4,))
    a, b = keras.layers.Dense(4, name=left)(x), keras.layers.Dense(4, name=right)(x)
    return keras.Model(x, keras.layers.Concatenate()([a, b] if joined == "left" else [b, a]))


def values_of(model: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) for variable in model.variables]


def test_numbers_of_generated_names_may_be_shifted(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", **{f"dense_{i}": dense(f"dense_{i}", i) for i in (2, 3, 4)})
    model = chain("dense_1", "dense_2", "dense_3")
    report = anykeras.load_weights(model, file)
    assert report.complete and [pair.stored for pair in report.pairs] == ["dense_2", "dense_3", "dense_4"]
    np.testing.assert_array_equal(values_of(model)[0], numbers(2, 4, 4))
    assert "3 layers filled" in repr(report) and "<table>" in report._repr_html_()


@pytest.mark.parametrize(
    ("written", "model", "code"),
    [
        (("a", "b", "c"), lambda: chain("b", "a", "c"), "AK1303"),
        (("p", "q"), lambda: branches("left", "right"), "AK1304"),
        (("dense_1", "dense_2"), lambda: branches("dense_5", "dense_4"), "AK1304"),
        (("dense_1", "dense_2"), lambda: branches("dense", "dense_1", joined="right"), "AK1304"),
        (("a", "b", "c"), lambda: chain("a", "b"), "AK1302"),
        (("a", "b"), lambda: chain("a", "b", width=5), "AK1302"),
    ],
)
def test_what_can_be_two_things_is_refused_and_the_model_untouched(
    tmp_path: Path, written: tuple[str, ...], model: Callable[[], keras.Model], code: str
) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", **{name: dense(name, i) for i, name in enumerate(written)})
    live = model()
    before = values_of(live)
    with pytest.raises(anykeras.AnyKerasError) as refused:
        anykeras.load_weights(live, file)
    assert refused.value.code == code
    assert all((a == b).all() for a, b in zip(before, values_of(live), strict=True))


def test_layers_says_which_is_which(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", p=dense("p", 1), q=dense("q", 5))
    model = branches("left", "right")
    report = anykeras.load_weights(model, file, layers={"p": "right"})
    assert {pair.layer: pair.stored for pair in report.pairs} == {"left": "q", "right": "p"}
    np.testing.assert_array_equal(np.array(model.get_layer("right").kernel), numbers(1, 4, 4))


def test_another_head_is_left_as_it_is(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", a=dense("a", 1), b=dense("b", 3), head=dense("head", 5, 4, 7))
    report = anykeras.load_weights(chain("a", "b", "head"), file, skip_mismatch=True)
    assert (report.unfilled, report.unused) == (("head",), ("head",))
    with pytest.raises(anykeras.AnyKerasError, match="AK1304"):  # one layer more of the same shape: which of them is new?
        anykeras.load_weights(chain("dense_1", "dense_2", "dense_3", "dense_4"), write_weights(
            tmp_path / "v.h5", "2.2.4", **{f"dense_{i}": dense(f"dense_{i}", i) for i in (1, 2, 3)}
        ), skip_mismatch=True)  # fmt: skip


def test_by_name_finds_something_or_says_so(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", a=dense("a", 1), b=dense("b", 3))
    assert anykeras.load_weights(chain("b", "a"), file, by_name=True).pairs[0].stored == "b"
    with pytest.raises(anykeras.AnyKerasError, match="AK1309"):
        anykeras.load_weights(chain("x", "y"), file, by_name=True)


def test_by_name_trusts_no_numbers_that_begin_otherwise(tmp_path: Path) -> None:
    """Keras 3 begins at ``dense``, those before at ``dense_1``: the names overlap, each one layer off."""
    layers = {f"dense_{number}": dense(f"dense_{number}", number) for number in (1, 2, 3)}
    file = write_weights(tmp_path / "w.h5", "2.2.4", **layers)
    shifted = chain("dense", "dense_1", "dense_2")
    before = shifted.get_weights()
    with pytest.raises(Undecided, match="AK1304"):
        anykeras.load_weights(shifted, file, by_name=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, shifted.get_weights(), strict=True))
    told = {"dense_1": "dense", "dense_2": "dense_1", "dense_3": "dense_2"}
    assert not anykeras.load_weights(shifted, file, by_name=True, layers=told).unfilled
    np.testing.assert_array_equal(np.array(shifted.get_layer("dense").kernel), layers["dense_1"]["dense_1/kernel:0"])
    report = anykeras.load_weights(chain("dense_1", "dense_2", "other"), file, by_name=True)
    assert report.unfilled == ("other",) and report.unused == ("dense_3",)


def test_a_default_that_changed_is_asked_and_set(tmp_path: Path) -> None:
    import keras

    weights = {
        "lstm_1/kernel:0": numbers(1, 3, 8),
        "lstm_1/recurrent_kernel:0": numbers(2, 2, 8),
        "lstm_1/bias:0": numbers(3, 8),
    }
    file = write_weights(tmp_path / "w.h5", "2.2.4", lstm_1=weights)
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(2)])
    with pytest.raises(anykeras.AnyKerasError, match="AK1306"):
        anykeras.load_weights(model, file)
    assert [f.code for f in anykeras.load_weights(model, file, defaults="mine").findings] == ["AK1310"]
    mine = np.array(model(numbers(4, 1, 5, 3)))
    anykeras.load_weights(model, file, defaults="then")
    assert np.abs(np.array(model(numbers(4, 1, 5, 3))) - mine).max() > 1e-4
    gate = model.layers[0].cell.recurrent_activation
    np.testing.assert_allclose(np.array(gate(np.array([[-3.0, 0.5, 3.0]], "float32"))), [[0.0, 0.6, 1.0]], rtol=1e-6)


def test_reset_after_is_named(tmp_path: Path) -> None:
    import keras

    weights = {"gru_1/kernel:0": numbers(1, 3, 6), "gru_1/recurrent_kernel:0": numbers(2, 2, 6), "gru_1/bias:0": numbers(3, 6)}
    file = write_weights(tmp_path / "w.h5", "2.2.4", gru_1=weights)
    with pytest.raises(anykeras.AnyKerasError, match="reset_after=False"):
        anykeras.load_weights(keras.Sequential([keras.Input((5, 3)), keras.layers.GRU(2)]), file)


def test_an_embedding_is_no_dense(tmp_path: Path) -> None:
    import keras

    file = write_weights(tmp_path / "w.h5", "2.2.4", e={"e/embeddings:0": numbers(1, 10, 10)})
    with pytest.raises(anykeras.AnyKerasError, match="AK1302"):
        anykeras.load_weights(keras.Sequential([keras.Input((10,)), keras.layers.Dense(10, use_bias=False)]), file)


def test_a_nested_file_goes_into_a_flat_model(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", model_1={**dense("a", 1), **dense("b", 3)}, c=dense("c", 5))
    assert anykeras.load_weights(chain("x", "y", "z"), file).complete


def test_a_model_of_a_class_of_its_own_is_filled_by_names(tmp_path: Path) -> None:
    import keras

    class Mine(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = keras.layers.Dense(4, name="a"), keras.layers.Dense(4, name="b")

        def call(self, x: object) -> object:
            return self.second(self.first(x))

    model = Mine()
    file = write_weights(tmp_path / "w.h5", "2.2.4", b=dense("b", 3), a=dense("a", 1))
    with pytest.raises(anykeras.AnyKerasError, match="AK1312"):
        anykeras.load_weights(model, file)
    model(numbers(0, 1, 4))
    assert anykeras.load_weights(model, file).complete
    np.testing.assert_array_equal(np.array(model.second.kernel), numbers(3, 4, 4))


def test_rows_after_flatten_follow_the_format_of_the_images(tmp_path: Path) -> None:
    import keras

    layers = {"conv2d_1": {"conv2d_1/kernel": numbers(1, 1, 1, 1, 2), "conv2d_1/bias": numbers(2, 2)}}
    file = write_weights(
        tmp_path / "w.h5", None, **layers, dense_1={"dense_1/kernel": numbers(3, 12, 1), "dense_1/bias": numbers(4, 1)}
    )
    model = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Conv2D(2, 1), keras.layers.Flatten(), keras.layers.Dense(1)])
    with pytest.raises(anykeras.AnyKerasError, match="AK1307"):
        anykeras.load_weights(model, file)
    anykeras.load_weights(model, file, data_format="channels_first")
    moved = numbers(3, 12, 1).reshape(2, 2, 3, 1).transpose(1, 2, 0, 3).reshape(12, 1)
    np.testing.assert_array_equal(np.array(model.layers[-1].kernel), moved)


def two_towers(order: str = "ab") -> keras.Model:
    """Two towers of equal shapes on inputs of their own, joined in one order or the other."""
    import keras

    inputs = [keras.Input((4,), name=f"in_{side}") for side in "ab"]
    towers = dict(zip("ab", inputs, strict=True))
    for depth in "xy":
        towers = {side: keras.layers.Dense(4, name=f"{side}{depth}")(x) for side, x in towers.items()}
    return keras.Model(inputs, keras.layers.Add(name="sum")([towers[side] for side in order]))


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("era", [0, 1])
def test_merged_branches_of_then_are_in_the_order_of_the_inputs(tmp_path: Path, order: str, era: int) -> None:
    """A Sequential that began with a Merge has no other order of inputs; the graph alone would leave four ways."""
    file, arrays = tmp_path / "w.h5", [numbers(seed, *shape) for seed, shape in enumerate(((4, 4), (4,)) * 4)]
    if era == 1:
        pairs = {f"d{n}": {f"d{n}_W": arrays[2 * n], f"d{n}_b": arrays[2 * n + 1]} for n in range(4)}
        write_weights(file, None, **pairs)
    else:
        with h5py.File(file, "w") as opened:
            opened.attrs["nb_layers"] = 1
            group = opened.create_group("layer_0")
            group.attrs["nb_params"] = len(arrays)
            for number, array in enumerate(arrays):
                group.create_dataset(f"param_{number}", data=array)
    model = two_towers(order)
    assert anykeras.load_weights(model, file).complete
    for n, name in enumerate(("ax", "ay", "bx", "by")):
        np.testing.assert_array_equal(np.array(model.get_layer(name).kernel), arrays[2 * n])


def test_numbers_that_say_otherwise_than_the_inputs_are_asked_about(tmp_path: Path) -> None:
    import keras

    inputs = [keras.Input((4,)), keras.Input((4,))]
    towers = [keras.layers.Dense(4, name=name)(x) for name, x in zip(("dense_1", "dense"), inputs, strict=True)]
    model = keras.Model(inputs, keras.layers.Add()(towers))
    weights = {f"dense_{n}": {f"dense_{n}_W": numbers(n, 4, 4), f"dense_{n}_b": numbers(n, 4)} for n in (1, 2)}
    with pytest.raises(Undecided, match="AK1304"):
        anykeras.load_weights(model, write_weights(tmp_path / "w.h5", None, **weights))


def test_a_chain_of_equal_layers_is_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in proportion to the layers: neighbours are compared, and alike layers are one question."""
    size = 300
    file = write_weights(tmp_path / "w.h5", "2.2.4", **{f"dense_{n}": dense(f"dense_{n}", n) for n in range(1, size + 1)})
    counted = itertools.count()
    for place, name in ((places.Places, "is_before"), (forms.Forms, "fit")):
        plain = getattr(place, name)
        monkeypatch.setattr(place, name, lambda *args, plain=plain: (next(counted), plain(*args))[1])
    model = chain(*(f"own{n}" for n in range(size)))
    assert anykeras.load_weights(model, file).complete
    assert next(counted) < 6 * size


def test_no_other_framework_is_imported_to_fill_a_model(tmp_path: Path) -> None:
    """Keras finds out whether TensorFlow is installed by importing it, which takes longer than loading."""
    write_weights(tmp_path / "w.h5", "2.2.4", a=dense("a", 1))
    (tmp_path / "tensorflow.py").write_text("raise SystemExit('imported')")
    code = (
        "import keras, anykeras; model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)]);"
        "anykeras.load_weights(model, 'w.h5')"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "KERAS_BACKEND": "numpy", "PYTHONPATH": path}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)


def write_model(path: Path, *layers: dict[str, object], weights: dict[str, dict[str, np.ndarray]]) -> Path:
    """A whole model of Keras 2.1 on TensorFlow; what is in it is of this test's own making."""
    config = {"class_name": "Sequential", "config": list(layers)}
    write_weights(path, "2.1.5", **weights)
    with h5py.File(path, "r+") as file:
        group = file.create_group("model_weights")
        for name in weights:
            file.move(name, f"model_weights/{name}")
        for key, value in file.attrs.items():
            group.attrs[key] = value
        file.attrs["model_config"] = json.dumps(config).encode()
    return path


def test_a_whole_model_says_of_its_weights_what_weights_alone_do_not(tmp_path: Path) -> None:
    """The order of images and the arguments of layers stand in its configuration, so nothing is asked."""
    import keras

    convolution = {"name": "c", "filters": 2, "kernel_size": [1, 1], "batch_input_shape": [None, 1, 2, 3]}
    file = write_model(
        tmp_path / "image.h5",
        {"class_name": "Conv2D", "config": {**convolution, "data_format": "channels_first"}},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 1}},
        weights={
            "c": {"c/kernel:0": numbers(1, 1, 1, 1, 2), "c/bias:0": numbers(2, 2)},
            "d": {"d/kernel:0": numbers(3, 12, 1), "d/bias:0": numbers(4, 1)},
        },
    )
    model = keras.Sequential([keras.Input((2, 3, 1)), keras.layers.Conv2D(2, 1), keras.layers.Flatten(), keras.layers.Dense(1)])
    anykeras.load_weights(model, file)
    moved = numbers(3, 12, 1).reshape(2, 2, 3, 1).transpose(1, 2, 0, 3).reshape(12, 1)
    np.testing.assert_array_equal(np.array(model.layers[-1].kernel), moved)

    recurrent = {"name": "l", "units": 2, "recurrent_activation": "sigmoid", "batch_input_shape": [None, 5, 3]}
    weights = {"l/kernel:0": numbers(1, 3, 8), "l/recurrent_kernel:0": numbers(2, 2, 8), "l/bias:0": numbers(3, 8)}
    file = write_model(tmp_path / "steps.h5", {"class_name": "LSTM", "config": recurrent}, weights={"l": weights})
    report = anykeras.load_weights(keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(2)]), file)
    assert report.complete and not report.findings


def test_the_state_of_an_optimizer_is_said_to_stay_behind(tmp_path: Path) -> None:
    model = chain("a", "b")
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    file = tmp_path / "whole.keras"
    model.save(file)
    report = anykeras.load_weights(chain("x", "y"), file)
    assert report.complete and [found.code for found in report.findings] == ["AK1314"]


# Genuine weights: into their own model under any names, and beside an architecture of another time


PAIRS = [file for file in recordings(FIXTURES) if file.weights is not None and file.path.suffix == ".json"]


def rename_layers(model: Layer) -> Layer:
    """Every layer under a name of nobody's: no name of the file is left."""
    number = itertools.count()

    def rename(layer: Layer) -> Layer:
        if layer.graph is None:
            return replace(layer, name=f"own{next(number) * 37 % 101}x")
        old = {*layer.graph.calls, *(inner.name for inner in layer.graph.layers)}
        names = {name: f"own{next(number) * 37 % 101}y{next(number)}" for name in sorted(old)}
        graph = map_graph_refs(layer.graph, lambda ref: replace(ref, layer=names.get(ref.layer, ref.layer)))
        layers = tuple(replace(inner, name=names[inner.name]) for inner in graph.layers)
        calls = {names[name]: called for name, called in graph.calls.items()}
        return replace(layer, graph=replace(graph, layers=layers, calls=calls))

    return rebuild(model, rename)


@each(PAIRS)
@pytest.mark.parametrize("renamed", [False, True])
def test_genuine_weights_find_their_layers_or_are_asked_about(file: Recording, renamed: bool) -> None:
    try:
        document = anykeras.open(file.path, weights=file.weights).document
    except anykeras.AnyKerasError:
        pytest.skip("needs what is not in the file")
    model = rename_layers(document.model) if renamed else document.model
    assert file.weights is not None
    try:
        found = match(containers.open(str(file.weights)), replace(document, model=model), Options(defaults="mine"))
    except Undecided:
        assert file.path.stem not in ("merge_concat", "merge_mul"), "merged branches are in the order of the inputs"
        return  # asking is never wrong
    for (path, _), bound in zip(walk(model), layers_of(document.model), strict=True):
        for role, tensor in bound.weights.items():
            np.testing.assert_allclose(found.tensors[path][role].read(), tensor.read(), rtol=1e-5, atol=1e-6)


def test_theano_weights_go_into_an_architecture_of_today(tmp_path: Path) -> None:
    import keras

    file = next(file for file in PAIRS if file.id == "keras0-theano/convnet.json")
    today, converted = tmp_path / "today.json", tmp_path / "c.keras"
    today.write_text(anykeras.load_model(file.path, weights=file.weights, compile=False).to_json())
    for model in (
        anykeras.load_model(today, weights=file.weights),
        keras.models.load_model(anykeras.convert(today, converted, weights=file.weights).path),
    ):
        for outcome, wanted in zip(outputs(model, file), file.series("out"), strict=True):
            np.testing.assert_allclose(outcome, wanted, rtol=RTOL, atol=ATOL)


MNIST = FIXTURES / "keras1-theano" / "mnist_cnn.weights.h5"


@pytest.mark.parametrize("kind", ["mnist_cnn.yaml", "mnist_cnn.json", "mnist_cnn.h5", "live model"])
def test_an_architecture_is_given_in_any_form(kind: str) -> None:
    """The same Theano weights and the recorded outputs, whatever says what they belong to."""
    beside = MNIST.with_name(kind)
    architecture = anykeras.load_model(MNIST.with_name("mnist_cnn.json")) if kind == "live model" else beside
    recorded = next(found for found in recordings(FIXTURES) if found.path == MNIST.with_name("mnist_cnn.h5"))
    model = anykeras.load_model(MNIST, architecture=architecture)
    for found, wanted in zip(outputs(model, recorded), recorded.series("out"), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=RTOL, atol=ATOL)


def test_an_architecture_with_another_head_takes_what_fits(tmp_path: Path) -> None:
    file = write_weights(tmp_path / "w.h5", "2.2.4", a=dense("a", 1), head=dense("head", 5, 4, 7))
    with pytest.raises(anykeras.AnyKerasError):
        anykeras.load_model(file, architecture=chain("a", "head"))
    model = anykeras.load_model(file, architecture=chain("a", "head"), skip_mismatch=True)
    np.testing.assert_array_equal(np.array(model.get_layer("a").kernel), numbers(1, 4, 4))
    with pytest.raises(Undecided, match="leave weights= out"):
        anykeras.load_model(file, architecture=chain("a", "head"), weights=file)


@pytest.mark.parametrize("harm", ["cut in half", "last byte gone", "no HDF5", "a whole other file", "endless shape"])
def test_bad_weights_leave_the_model_as_it_was(tmp_path: Path, harm: str) -> None:
    good = write_weights(tmp_path / "w.h5", "2.2.4", a=dense("a", 1), b=dense("b", 3)).read_bytes()
    file = tmp_path / "bad.h5"
    if harm == "endless shape":
        write_weights(file, "2.2.4", a=dense("a", 1), b=dense("b", 3))
        with h5py.File(file, "r+") as opened:
            del opened["b"]["b/kernel:0"]
            opened["b"].create_dataset("b/kernel:0", (10**9, 10**9), "f4", chunks=(1, 1000))
    else:
        other = FIXTURES / "keras2.0-tf" / "embedding_mask.weights.h5"
        damaged = {"cut in half": good[: len(good) // 2], "last byte gone": good[:-1], "no HDF5": b"PK\3\4 no zip either"}
        file.write_bytes(damaged.get(harm) or other.read_bytes())
    model = chain("a", "b")
    before = values_of(model)
    with pytest.raises(anykeras.AnyKerasError) as refused:
        anykeras.load_weights(model, file)
    assert not isinstance(refused.value, Bug)
    assert all((a == b).all() for a, b in zip(before, values_of(model), strict=True))


def quantized(names: str, mode: str | None, seed: int) -> keras.Model:
    import keras

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((6,), dtype="int32")
    x = keras.layers.Embedding(20, 8, name=names[0])(inputs)
    x = keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 16), bias_axes="d", name=names[1])(x)
    x = keras.layers.Dense(8, use_bias=False, name=names[2])(x)
    model = keras.Model(inputs, keras.layers.Dense(5, name=names[3])(x))
    if mode is not None:
        model.quantize(mode)
    return model


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_quantized_weights_fill_a_quantized_model_under_other_names(mode: str, tmp_path: Path) -> None:
    saved = quantized("abcd", mode, seed=1)
    saved.save_weights(tmp_path / "q.weights.h5")
    model = quantized("wxyz", mode, seed=2)
    anykeras.load_weights(model, tmp_path / "q.weights.h5")
    for one, other in zip(saved.layers, model.layers, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)), one.name


def test_weights_quantized_in_one_way_do_not_go_into_a_model_of_another(tmp_path: Path) -> None:
    quantized("abcd", "int8", seed=1).save_weights(tmp_path / "q.weights.h5")
    for mode in ("int4", "float8", None):
        model = quantized("abcd", mode, seed=2)
        before = model.get_weights()
        with pytest.raises(anykeras.AnyKerasError, match="AK1302"):
            anykeras.load_weights(model, tmp_path / "q.weights.h5")
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(("class_name", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_weights_of_cudnn_fill_the_layer_of_today(class_name: str, gates: int, tmp_path: Path) -> None:
    """The expected numbers by the formulas of keras 2.3.1, engine/saving.py, `_convert_rnn_weights`."""
    import keras

    name = f"cu_dnn{class_name.lower()}_1"
    kernel, recurrent, bias = numbers(1, 4, gates * 3), numbers(2, 3, gates * 3), numbers(3, 2 * gates * 3)
    roles = {f"{name}/kernel:0": kernel, f"{name}/recurrent_kernel:0": recurrent, f"{name}/bias:0": bias}
    path = write_weights(tmp_path / "w.h5", "2.2.4", **{name: roles})
    model = keras.Sequential([keras.Input((5, 4)), getattr(keras.layers, class_name)(3, name="mine")])
    anykeras.load_weights(model, path)
    wanted = [
        np.hstack([gate.T.reshape(gate.shape, order="F") for gate in np.hsplit(kernel, gates)]),
        np.hstack([gate.T for gate in np.hsplit(recurrent, gates)]),
        np.sum(np.split(bias, 2), axis=0) if class_name == "LSTM" else bias.reshape(2, -1),
    ]
    assert all(np.array_equal(a, b) for a, b in zip(wanted, model.get_weights(), strict=True))


def test_layers_of_equal_shapes_each_get_the_numbers_that_were_computed_for_them(tmp_path: Path) -> None:
    """By the formula of keras 2.3.1, engine/saving.py: a layer of the same shapes as one before has the sum of its own bias."""
    import keras

    weights = {
        name: {
            f"{name}/kernel:0": numbers(i, 4, 16),
            f"{name}/recurrent_kernel:0": numbers(i + 5, 4, 16),
            f"{name}/bias:0": bias,
        }
        for i, (name, bias) in enumerate((f"cu_dnnlstm_{n}", numbers(n + 10, 32)) for n in range(1, 4))
    }
    path = write_weights(tmp_path / "w.h5", "2.2.4", **weights)
    lstms = [keras.layers.LSTM(4, return_sequences=True) for _ in range(3)]
    anykeras.load_weights(keras.Sequential([keras.Input((5, 4)), *lstms]), path)
    for layer, (name, held) in zip(lstms, weights.items(), strict=True):
        bias = held[f"{name}/bias:0"]
        np.testing.assert_array_equal(layer.get_weights()[2], bias[:16] + bias[16:])


def _write_halves(path: Path, wrappers: list[str]) -> tuple[Path, dict[str, np.ndarray]]:
    """Bidirectional layers as keras 2.3.1 saves them: the halves are numbered from 1. The kernels by wrapper."""
    groups, kernels = {}, {}
    for number, wrapper in enumerate(wrappers, 1):
        sizes = (("kernel", (8, 12)), ("recurrent_kernel", (4, 12)), ("bias", (12,)))
        groups[wrapper] = {
            f"{wrapper}/{half}_gru_{number}/{role}:0": numbers(10 * number + k, *shape)
            for k, half in enumerate(("forward", "backward"))
            for role, shape in sizes
        }
        kernels[wrapper] = groups[wrapper][f"{wrapper}/forward_gru_{number}/recurrent_kernel:0"]
    return write_weights(path, "2.3.1", **groups), kernels


@pytest.mark.parametrize("named", [True, False])
def test_by_name_halves_go_with_their_wrapper(named: bool, tmp_path: Path) -> None:
    """Keras 3 counts from forward_gru, Keras 2 from forward_gru_1: the name of a half alone is that of the wrong layer."""
    import keras

    keras.backend.clear_session()
    names = ["first", "second"] if named else ["bidirectional_1", "bidirectional_2"]
    path, kernels = _write_halves(tmp_path / "w.h5", names)
    layers = [
        keras.layers.Bidirectional(
            keras.layers.GRU(4, return_sequences=True, reset_after=False), name=names[number] if named else None
        )
        for number in range(2)
    ]
    model = keras.Sequential([keras.Input((5, 8)), *layers])
    if not named:
        with pytest.raises(anykeras.AnyKerasError, match="AK1304"):
            anykeras.load_weights(model, path, by_name=True, defaults="then")
        return
    report = anykeras.load_weights(model, path, by_name=True, defaults="then")
    assert not report.unfilled
    for layer in layers:
        np.testing.assert_array_equal(layer.get_weights()[1], kernels[layer.name])


LISTED = FIXTURES.parent / "containers" / "listed"


@pytest.mark.framework
@pytest.mark.parametrize("file", recordings(LISTED), ids=lambda file: file.path.stem)
def test_plain_arrays_go_where_the_stack_that_listed_them_had_them(file: Recording) -> None:
    """`get_weights` of a model, stored by its own stack with savez, save and pickle; who wrote them is asked."""
    writer, listed = json.loads((LISTED / "listed.json").read_text())[file.path.stem]
    model = anykeras.load_model(file.path, weights=file.weights)
    random = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(random.uniform(0.5, 1.5, variable.shape))
    with pytest.raises(Undecided, match="AK1315"):
        anykeras.load_weights(model, LISTED / listed)
    if writer.startswith("keras"):
        with pytest.raises(Undecided, match="several backends"):
            anykeras.load_weights(model, LISTED / listed, writer=writer.split(" on ")[0])
    anykeras.load_weights(model, LISTED / listed, writer=writer, defaults="mine")
    for found, wanted in zip(outputs(model, file), file.series("out"), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=RTOL, atol=ATOL)


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "two streams": lambda data: gzip.compress(data[:900]) + gzip.compress(data[900:]),
}


@pytest.mark.framework
@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_a_list_that_joblib_stored_is_read_through_its_compressor(compressor: str, tmp_path: Path) -> None:
    """joblib 0.11 and 0.14.1 were seen to write the bytes of the plain file through the compressor."""
    file = next(file for file in recordings(LISTED) if file.path.stem == "py36tf114-keras2.2.4-tf__text_lstm")
    stored = file.path.with_suffix(".listed.joblib").read_bytes()
    (tmp_path / "w.joblib").write_bytes(COMPRESSORS[compressor](stored))
    model = anykeras.load_model(file.path, weights=file.weights)
    wanted = [np.array(value) for value in model.get_weights()]
    for variable in model.weights:
        variable.assign(np.zeros(variable.shape))
    anykeras.load_weights(model, tmp_path / "w.joblib", writer="keras 2.2.4 on tensorflow", defaults="mine")
    assert all(np.array_equal(a, b) for a, b in zip(wanted, model.get_weights(), strict=True))


@pytest.mark.parametrize("compressor", [name for name in COMPRESSORS if name != "plain"])
def test_a_compressed_file_is_bounded_and_whole(compressor: str, tmp_path: Path) -> None:
    stored = pickle.dumps([np.arange(90_000.0)])
    path = tmp_path / "w.pkl"
    path.write_bytes(COMPRESSORS[compressor](stored)[:-30])
    with pytest.raises(anykeras.AnyKerasError, match=r"AK1104|AK1110"):
        containers.open(path)
    path.write_bytes(COMPRESSORS[compressor](pickle.dumps([np.zeros(1 << 20)])))
    with anykeras.limits.override(unstored_bytes=1 << 16), pytest.raises(anykeras.AnyKerasError, match="AK1003"):
        containers.open(path)


def test_lists_of_layers_are_one_list(tmp_path: Path) -> None:
    """``[layer.get_weights() for layer in model.layers]``: layers without weights have empty lists."""
    first, second = np.ones((4, 3), "float32"), np.zeros(3, "float32")
    (tmp_path / "w.pkl").write_bytes(pickle.dumps([[], [first, second], []]))
    held = containers.open(tmp_path / "w.pkl").weights
    assert isinstance(held, NamedWeights) and held.listed
    assert [tensor.shape for group in held.groups for _, tensor in group.weights] == [(4, 3), (3,)]


def test_plain_arrays_that_fit_no_layer_and_names_that_tell_none_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "w1.npz", W1=np.zeros((4, 3)), b1=np.zeros(3))
    with pytest.raises(anykeras.AnyKerasError, match="AK1133"):
        containers.open(tmp_path / "w1.npz")
    np.savez(tmp_path / "named.npz", **{"dense/kernel": np.zeros((4, 3)), "dense/bias": np.zeros(3)})
    held = containers.open(tmp_path / "named.npz").weights
    assert isinstance(held, NamedWeights) and not held.listed and [group.name for group in held.groups] == ["dense"]


@pytest.mark.backend
def test_a_variable_that_keras_does_not_know_of_is_told(tmp_path: Path) -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("such variables are TensorFlow's")
    import tensorflow as tf

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.scales = [tf.Variable([2.0, 2.0])]
            self.dense = keras.layers.Dense(2)

        def call(self, x: object) -> object:
            return self.dense(x) * self.scales[0]

    one, other = Net(), Net()
    one(np.ones((1, 3), "float32"))
    other(np.ones((1, 3), "float32"))
    one.save_weights(tmp_path / "w.weights.h5")
    with pytest.warns(anykeras.AnyKerasWarning, match="AK1316"):
        report = anykeras.load_weights(other, tmp_path / "w.weights.h5")
    assert report.unfilled == ("scales/0",)
