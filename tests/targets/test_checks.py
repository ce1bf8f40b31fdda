"""What is checked before a byte is written, against Keras itself: the shapes of variables, and models that cannot be called."""

from __future__ import annotations

import copy
import inspect
import json
import random
import zipfile
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import keras
import numpy as np
import pytest
from keras import Input, Model, layers
from typer.testing import CliRunner

import anykeras
from anykeras import targets
from anykeras.catalog.calls import FIRST, call_arguments
from anykeras.catalog.layout import list_variable_specs
from anykeras.catalog.shapes.variables import infer_variables
from anykeras.cli.main import app
from anykeras.errors import Bug, Malformed, Unsupported
from anykeras.targets import keras_zip
from anykeras.verification import Verdict, converted

from .test_roles import CALLABLE, model_of
from .transcribe import document

OTHERS = {
    "depthwise": lambda x: layers.DepthwiseConv2D(3, depth_multiplier=2)(layers.Reshape((4, 4, 3))(x)),
    "groups": lambda x: layers.Conv2D(6, 3, groups=3)(layers.Reshape((4, 4, 3))(x)),
    "first": lambda x: layers.Conv1DTranspose(5, 2, data_format="channels_first")(layers.Reshape((4, 12))(x)),
    "separable": lambda x: layers.SeparableConv1D(5, 2, depth_multiplier=3)(layers.Reshape((12, 4))(x)),
    "normalized": lambda x: layers.LayerNormalization(axis=(-1, 1))(layers.Reshape((4, 3, 4))(x)),
    "batch": lambda x: layers.BatchNormalization(axis=1)(layers.Reshape((4, 3, 4))(x)),
    "prelu": lambda x: layers.PReLU(shared_axes=[1, 2])(layers.Reshape((4, 3, 4))(x)),
    "gru": lambda x: layers.GRU(3, reset_after=False)(layers.Reshape((12, 4))(x)),
    "both ways": lambda x: layers.Bidirectional(layers.LSTM(3, return_sequences=True))(layers.Reshape((12, 4))(x)),
    "cells": lambda x: layers.RNN(layers.GRUCell(3))(layers.Reshape((12, 4))(x)),
    "over time": lambda x: layers.TimeDistributed(layers.Dense(3))(layers.Reshape((12, 4))(x)),
    "einsum": lambda x: layers.EinsumDense("...x,xy->...y", output_shape=7)(layers.Reshape((12, 4))(x)),
    "heads": lambda x: layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 5))(layers.Reshape((12, 4))(x)),
    "attention": lambda x: layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=(7,))(
        layers.Reshape((12, 4))(x), layers.Reshape((8, 6))(x), key=layers.Reshape((8, 6))(x)
    ),
    "nested": lambda x: keras.Sequential([layers.Dense(3), layers.Dense(2)])(x),
}


def _check(model: Model) -> int:
    """Compare with the variables of the live model; the number of shapes that are known in full."""
    given = document(model)
    expected = infer_variables(given.model)
    known = 0
    for spec in list_variable_specs(given.model):
        shape = expected.get(spec.holder.path, {}).get(spec.role.name)
        tensor = spec.layer.weights.get(spec.role.name)
        if shape is None or tensor is None:
            continue
        assert len(shape) == len(tensor.shape) and all(a in (None, b) for a, b in zip(shape, tensor.shape, strict=True))
        known += None not in shape
    return known


@pytest.mark.parametrize("name", CALLABLE)
def test_the_variables_of_every_class(name: str) -> None:
    model = model_of(name)
    if model.weights:
        _check(model)


@pytest.mark.parametrize("name", OTHERS)
def test_the_variables_of_arguments_that_matter(name: str) -> None:
    x = Input((48,))
    assert _check(Model(x, OTHERS[name](x))) >= 1


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A genuine file of Keras 3 whose configuration says more units than its kernel has."""
    keras.Sequential([Input((2,)), layers.Dense(4, name="narrow"), layers.Dense(3)]).save(tmp_path / "model.keras")
    path = tmp_path / "wide.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config: Any = json.loads(data)
                config["config"]["layers"][1]["config"]["units"] = 2**28
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return path


def test_weights_that_do_not_fit_are_one_error_everywhere(wide: Path) -> None:
    refusal = anykeras.inspect(wide).refusal
    errors: list[Any] = [refusal]
    written = {"keras": "out.keras", "keras-3.0": "old.keras", "tf.keras-2.13": "out.h5", "keras-2.3": "old.h5", "tfjs": "out"}
    verbs = [partial(anykeras.convert, wide, wide.parent / name, target=target) for target, name in written.items()]
    for verb in (partial(anykeras.load_model, wide), *verbs):
        with pytest.raises(Malformed) as caught:
            verb()
        errors.append(caught.value)
    for error in errors:
        assert error is not None and error.code == "AK6026" and not isinstance(error, Bug)
        assert error.layer == "narrow"
        assert "(2, 4)" in str(error) and f"(2, {2**28})" in str(error)
    assert not any((wide.parent / name).exists() for name in written.values())


def test_an_input_layer_that_is_called_is_refused_in_files_of_keras_3(tmp_path: Path) -> None:
    keras.Sequential([Input((2,)), layers.Flatten(name="flat")]).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        config: Any = json.loads(archive.read("config.json"))
        held = config["config"]["layers"]
        held.append({**held[0], "config": {**held[0]["config"], "name": "second"}})
        with zipfile.ZipFile(tmp_path / "two.keras", "w") as made:
            for name in archive.namelist():
                made.writestr(name, json.dumps(config) if name == "config.json" else archive.read(name))
    for verb in (anykeras.load_model, lambda path: anykeras.convert(path, tmp_path / "out.keras")):
        with pytest.raises(Unsupported, match=r"AK6027.*'second'"):
            verb(tmp_path / "two.keras")


def test_a_file_that_does_not_read_back_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = keras_zip.write_weights

    def flip(lowered: Any, stream: Any) -> Any:
        written = write(lowered, stream)
        with h5py.File(stream, "r+") as file:
            file["layers/dense/vars/0"][0, 0] += 1
        return written

    monkeypatch.setattr(keras_zip, "write_weights", flip)
    model = keras.Sequential([Input((2,)), layers.Dense(4)])
    with pytest.raises(Bug, match=r"AK6029.*layers/dense/vars/0"):
        targets.write(document(model), str(tmp_path / "out.keras"))
    assert not list(tmp_path.iterdir())


@pytest.mark.framework
def test_skip_mismatch_starts_such_weights_anew(tmp_path: Path) -> None:
    """As Keras: the layers that fit keep their weights, the others are new ones of the configured shape."""
    body = keras.Sequential([Input((2,)), layers.Dense(4, name="body"), layers.Dense(3, name="head")])
    other = keras.Sequential([Input((2,)), layers.Dense(4, name="body"), layers.Dense(7, name="head")])
    body.compile("adam", "mse")
    body.fit(np.zeros((4, 2)), np.ones((4, 3)), verbose=0)
    body.save(tmp_path / "body.h5")
    (tmp_path / "other.json").write_text(other.to_json())
    arguments = {"weights": tmp_path / "body.h5"}
    with pytest.raises(Malformed, match="AK6026"):
        anykeras.load_model(tmp_path / "other.json", **arguments)
    done = anykeras.convert(tmp_path / "other.json", tmp_path / "out.keras", **arguments, skip_mismatch=True)
    assert [finding.code for finding in done.findings].count("AK6028") == 2
    assert done.outputs_fidelity == "lossy"
    with pytest.warns(anykeras.AnyKerasWarning, match="AK6028"):
        live = anykeras.load_model(tmp_path / "other.json", **arguments, skip_mismatch=True)
    for model in (live, keras.models.load_model(tmp_path / "out.keras")):
        for mine, wanted in zip(model.get_layer("body").get_weights(), body.get_layer("body").get_weights(), strict=True):
            np.testing.assert_array_equal(mine, wanted)
        kernel, bias = model.get_layer("head").get_weights()
        assert kernel.shape == (4, 7) and 0 < np.abs(kernel).max() <= np.sqrt(6 / 11) and not bias.any()


def test_check_opens_and_runs_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keras.Sequential([Input((2,)), layers.Dense(4), layers.Dense(3)]).save(tmp_path / "model.h5")
    done = anykeras.convert(tmp_path / "model.h5", tmp_path / "out.keras", check=True)
    assert done.check is not None and done.check.verdict is Verdict.PASS
    assert anykeras.convert(tmp_path / "model.h5", tmp_path / "b.keras").check is None

    def refuse(*args: object, **kwargs: object) -> None:
        raise ValueError("\x1b[1mnot today\x1b[0m\n\nArguments received by Dense.call():\n  - training=False")

    monkeypatch.setattr(keras.models, "load_model", refuse)
    done = anykeras.convert(tmp_path / "model.h5", tmp_path / "c.keras", check=True)
    assert done.check is not None and done.check.verdict is Verdict.FAIL
    assert done.check.checks[0].detail == "ValueError: not today"  # as Keras says it, without its colours and arguments
    shown = CliRunner().invoke(app, ["convert", str(tmp_path / "model.h5"), str(tmp_path / "d.keras"), "--check"])
    assert shown.exit_code == 1 and (tmp_path / "d.keras").exists()


def test_a_check_that_could_compare_nothing_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for verify: 0 for PASS alone. What another verb refused is told in its words, not as a message in a message."""
    keras.Sequential([Input((2,)), layers.Dense(4)]).save(tmp_path / "model.h5")

    def refuse(model: object) -> None:
        raise Unsupported("AK7003", "the model does not run on these inputs", next_step="Pass others.")

    monkeypatch.setattr(converted, "generate_inputs", refuse)
    shown = CliRunner().invoke(app, ["convert", str(tmp_path / "model.h5"), str(tmp_path / "out.keras"), "--check"])
    assert shown.exit_code == 1 and (tmp_path / "out.keras").exists()
    arguments = ["convert", str(tmp_path / "model.h5"), str(tmp_path / "two.keras"), "--check", "--format", "junit"]
    suite = ElementTree.fromstring(CliRunner().invoke(app, arguments).stdout)
    assert [found.get("message", "").endswith("the written file: NOT VERIFIED") for found in suite.iter("failure")] == [True]
    last = "NOT VERIFIED: no inputs could be generated: the model does not run on these inputs [AK7003]"
    assert shown.stdout.splitlines()[-1] == last


@pytest.mark.parametrize("name", CALLABLE)
def test_arguments_of_calls_are_those_of_keras(name: str) -> None:
    signature = inspect.signature(getattr(layers, name).call)
    first, *others = [p for p in list(signature.parameters.values())[1:] if p.kind is not p.VAR_KEYWORD] or [None]
    if first is None:
        return
    ours = list(call_arguments(name))
    assert first.name in FIRST
    assert ours == [p.name for p in others] + (["training"] if not any(p.name == "training" for p in others) else [])


def _make_varied() -> Model:
    ids, state, x = Input((4,), dtype="int32"), Input((3,)), Input((4, 3))
    tokens = layers.Embedding(7, 3, mask_zero=True)(ids)
    read = layers.GRU(3, return_sequences=True)(x, initial_state=state)
    seen = layers.Attention()([tokens, read], use_causal_mask=True)
    heads = layers.MultiHeadAttention(1, 2)(seen, x)
    joined = layers.Concatenate()([layers.Add()([heads, read]), keras.ops.tanh(x)])
    return Model([ids, state, x], [layers.Dense(2)(joined), layers.Dot(1)([joined, x]), layers.Flatten()(heads)])


VALUES = [None, True, "yes", 0, -1, 1.5, [], [1.0, 2.0], [[1.0], [2.0]], {"a": 1}, "add", {"class_name": "__keras_tensor__"}]


def _mutate(config: Any, rng: random.Random) -> None:
    """Change one thing in one call: an argument, its name, what it refers to, or what a model begins and ends with."""
    layer = rng.choice([entry for entry in config["config"]["layers"] if entry["inbound_nodes"]])
    node = layer["inbound_nodes"][0]
    tensors: list[Any] = []
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            tensors.append(item)
        else:
            stack += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    tensor = rng.choice(tensors)
    history = tensor["config"]["keras_history"]
    changes = [
        lambda: node.update(args=[]),
        lambda: node["args"].append(rng.choice([*VALUES, copy.deepcopy(tensor)])),
        lambda: node.update(args=[rng.choice([*VALUES, [tensor], [tensor, tensor, tensor, tensor], tensor])]),
        lambda: node["kwargs"].update({rng.choice(["mask", "training", "initial_state", "key", "extra"]): rng.choice(VALUES)}),
        lambda: node["kwargs"].update(mask=copy.deepcopy(tensor), training=tensor),
        lambda: history.__setitem__(0, rng.choice(["absent", "", layer["name"]])),
        lambda: history.__setitem__(rng.choice([1, 2]), rng.choice([-1, 1, 7, "0"])),
        lambda: layer.update(inbound_nodes=[]),
        lambda: config["config"].update(input_layers=rng.choice(VALUES)),
        lambda: config["config"]["output_layers"].append([layer["name"], 0, rng.choice([1, 9])]),
    ]
    changes += [lambda: node["kwargs"].update(training=rng.choice([None, True, False]))] * 3  # nothing wrong with that
    rng.choice(changes)()


def test_a_conversion_that_succeeds_opens_and_runs(tmp_path: Path) -> None:
    """Configurations with something wrong in a call are refused, or what is written is a model that stock Keras calls."""
    _make_varied().save(tmp_path / "model.keras")
    inputs = [np.ones((2, 4), "int32"), np.ones((2, 3), "float32"), np.ones((2, 4, 3), "float32")]
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rng, refused, ran, wrong = random.Random(9), 0, 0, []
    for number in range(120):
        config = json.loads(members["config.json"])
        _mutate(config, rng)
        path = tmp_path / f"{number}.keras"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in {**members, "config.json": json.dumps(config).encode()}.items():
                archive.writestr(name, data)
        target = tmp_path / "out.keras"
        try:
            anykeras.convert(path, target, force=True)
        except anykeras.AnyKerasError as error:
            wrong += [str(error)] if isinstance(error, Bug) else []
            refused += 1
            continue
        try:
            model = keras.models.load_model(target)
            model(inputs[: len(model.inputs)] if len(model.inputs) > 1 else inputs[0], training=False)
            ran += 1
        except Exception as error:
            wrong.append(f"{number}: {error}")
    assert not wrong, "\n".join(wrong)
    assert refused > 40 and ran > 10


@pytest.mark.framework
def test_layers_that_leave_nothing_are_refused_as_by_keras(tmp_path: Path) -> None:
    """Sizes of a file are changed at random: `convert`, `load_model` and stock Keras open it, or none of them does."""
    draw = random.Random(9)
    path, out, seen = tmp_path / "model.h5", tmp_path / "out.keras", set()
    for build in SLIDING * 5:
        x = Input((9, 8, 2))
        Model(x, build(x)).save(path)
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            _resize(config, draw)
            file.attrs["model_config"] = json.dumps(config)
        stock = _opens(lambda: keras.models.load_model(path))
        assert _opens(lambda: anykeras.convert(path, out, force=True)) is stock, config
        assert _opens(lambda: anykeras.load_model(path)) is stock, config
        seen.add(stock)
        if stock:
            keras.models.load_model(out)
    assert seen == {True, False}


SLIDING = (
    lambda x: layers.Cropping2D(1)(x),
    lambda x: layers.Conv2D(2, 3)(x),
    lambda x: layers.SeparableConv2D(2, 3)(x),
    lambda x: layers.DepthwiseConv2D(3)(x),
    lambda x: layers.MaxPooling2D(2)(x),
    lambda x: layers.AveragePooling2D(2, padding="same")(x),
    lambda x: layers.TimeDistributed(layers.Cropping1D(1))(x),
    lambda x: layers.TimeDistributed(layers.Conv1D(2, 3))(x),
    lambda x: layers.Conv2DTranspose(2, 3)(x),
    lambda x: layers.MaxPooling2D(2)(layers.Cropping2D(2)(x)),
)


def _resize(config: Any, draw: random.Random) -> None:
    for key, value in list(config.items()) if isinstance(config, dict) else enumerate(config):
        if key == "batch_shape":
            config[key] = [None, draw.choice((None, 2, 9)), draw.choice((3, 5, 8)), 2]
        elif key in ("cropping", "pool_size", "dilation_rate"):
            config[key] = json.loads(json.dumps(value), parse_int=lambda _: draw.choice((1, 2, 3)))
        elif isinstance(value, (dict, list)):
            _resize(value, draw)


def _opens(call: Any) -> bool:
    try:
        call()
    except (Unsupported, ValueError) as error:
        assert not isinstance(error, Unsupported) or error.code in ("AK6031", "AK6032"), error
        return False
    return True


@pytest.mark.parametrize("kind", ["Conv1D", "Conv2DTranspose"])
def test_a_convolution_with_strides_and_a_dilation_is_refused(kind: str, tmp_path: Path) -> None:
    layer = getattr(layers, kind)(2, 2, strides=2)
    shape = (None, 9, 2) if kind == "Conv1D" else (None, 9, 9, 2)
    keras.Sequential([keras.Input(batch_shape=shape), layer]).save(tmp_path / "x.keras")
    with zipfile.ZipFile(tmp_path / "x.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    rates = b"[1]" if kind == "Conv1D" else b"[1, 1]"
    config = members["config.json"].replace(b'"dilation_rate": ' + rates, b'"dilation_rate": [2]')
    assert config != members["config.json"]
    with zipfile.ZipFile(tmp_path / "y.keras", "w") as archive:
        for name, data in {**members, "config.json": config}.items():
            archive.writestr(name, data)
    for verb in (anykeras.load_model, lambda path: anykeras.convert(path, tmp_path / "z.keras")):
        with pytest.raises(Unsupported, match="AK6032"):
            verb(tmp_path / "y.keras")
    assert not (tmp_path / "z.keras").exists()


def test_a_number_that_is_not_itself_reads_back(tmp_path: Path) -> None:
    """``Masking(mask_value=nan)``: what was written is compared with what was meant as text."""
    masking = {"class_name": "Masking", "config": {"name": "m", "mask_value": float("nan"), "batch_input_shape": [None, 3, 2]}}
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": [masking]}, "keras_version": "2.3.1"}
    (tmp_path / "model.json").write_text(json.dumps(model))
    anykeras.convert(tmp_path / "model.json", tmp_path / "out.keras")
    with zipfile.ZipFile(tmp_path / "out.keras") as archive:
        assert '"mask_value": NaN' in archive.read("config.json").decode()
