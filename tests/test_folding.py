"""Layers out of the operations of TensorFlow graphs: same outputs, names of the variables, `trainable` as in the file."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

import anykeras
from anykeras import targets
from anykeras.graphs import folding
from anykeras.graphs.regions import FoundLayer
from genuine import ATOL, FOLDER, RTOL

GRAPHS = FOLDER / "graphs"


def layers_of(model: keras.Model) -> dict[str, keras.Layer]:
    """The layers with weights; a weight of operations is an Embedding of one row."""
    return {layer.name: layer for layer in model.layers if layer.weights}


def is_row(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.Embedding) and layer.input_dim == 1


def share_in_layers(model: keras.Model) -> float:
    sizes = {layer.name: sum(int(np.prod(weight.shape)) for weight in layer.weights) for layer in model.layers}
    return 1 - sum(sizes[layer.name] for layer in model.layers if is_row(layer)) / max(sum(sizes.values()), 1)


FOLDERS = ("keras3/export", "keras3/many_layers", "tf1.15/simple", "tf2.15/many_layers", "tf2.15/subclassed")


@pytest.mark.parametrize("path", FOLDERS)
def test_weights_end_in_real_layers(path: str) -> None:
    """Nine in ten parameters, the bar of the issue; what the layers give is what TensorFlow gave."""
    folder = GRAPHS / f"{path}.savedmodel"
    with np.load(folder.with_suffix(".npz")) as recorded:
        arrays = dict(recorded)
    model = anykeras.load_model(folder)
    names = [tensor.name for tensor in model.inputs]
    inputs = [arrays[key] for key in sorted(arrays) if key.startswith("in")]
    given = dict(zip(names, inputs, strict=True)) if len(inputs) > 1 else inputs[0]
    expected = [arrays[key] for key in sorted(arrays) if key.startswith("out")]
    for found, wanted in zip(keras.tree.flatten(model.predict(given, verbose=0)), expected, strict=True):
        np.testing.assert_allclose(found, wanted, RTOL, ATOL)
    assert share_in_layers(model) >= 0.9, Counter(type(layer).__name__ for layer in model.layers)


@pytest.mark.parametrize("stack", ["keras3", "tf2.15"])
def test_layers_that_stand_on_many_operations(stack: str) -> None:
    model = anykeras.load_model(GRAPHS / stack / "many_layers.savedmodel")
    kinds = Counter(type(layer).__name__ for layer in model.layers if layer.weights)
    assert kinds == {
        "BatchNormalization": 2, "Conv1D": 1, "Conv2D": 3, "Conv2DTranspose": 1, "ConvLSTM2D": 1, "Dense": 1,
        "DepthwiseConv2D": 2, "EinsumDense": 4, "GRU": 1, "GroupNormalization": 1, "LayerNormalization": 2, "PReLU": 1,
    }  # fmt: skip
    norm = next(layer for layer in model.layers if layer.name.endswith("norm_1"))
    assert (norm.epsilon, norm.center, norm.scale, len(norm.trainable_variables)) == (0.01, False, False, 0)
    assert next(layer for layer in model.layers if layer.name.endswith("holes")).dilation_rate == (2, 2)


def test_what_only_looks_like_a_normalisation_stays_operations(tmp_path: Path) -> None:
    """Divided by the root of a mean and not of a variance of all that is there: no layer gives these numbers."""
    tensorflow = pytest.importorskip("tensorflow")
    gamma = tensorflow.Variable(np.arange(1, 5, dtype="float32"), name="odd/gamma")

    class Odd(tensorflow.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.gamma = gamma

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 4), "float32", "x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: object) -> object:
            apart = x - tensorflow.reduce_mean(x, -1, keepdims=True)
            return apart * tensorflow.math.rsqrt(tensorflow.reduce_mean(apart**2) + 1e-3) * self.gamma

    odd = Odd()
    tensorflow.saved_model.save(odd, str(tmp_path / "odd"), signatures=odd.__call__)
    model = anykeras.load_model(tmp_path / "odd")
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), np.asarray(odd(x)), RTOL, ATOL)
    assert [layer.name for layer in model.layers if layer.weights] == ["odd_gamma"]


def make_network(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Blocks as MobileNetV2 has them, with a shared layer, and what TensorFlow gives for them."""
    tensorflow = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)

    class Network(tensorflow.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.held: list[object] = []
            shapes = {"stem/kernel": (3, 3, 3, 4), "deep/kernel": (3, 3, 4, 2), "point/kernel": (1, 1, 8, 6)}
            shapes |= {f"{norm}/{part}": (size,) for norm, size in (("norm", 4), ("last", 6)) for part in PARTS}
            shapes |= {"top/kernel": (6, 6), "top/bias": (6,), "table/embeddings": (5, 6)}
            for name, shape in shapes.items():
                value = rng.uniform(0.5, 1.5, shape) if name.endswith("variance") else rng.normal(size=shape)
                trainable = "moving" not in name and not name.startswith("stem")
                variable = tensorflow.Variable(value.astype("float32"), name=name, trainable=trainable)
                setattr(self, name.replace("/", "_"), variable)

        def norm(self, x: object, name: str) -> object:
            parts = [getattr(self, f"{name}_{part}") for part in PARTS]
            return tensorflow.compat.v1.nn.fused_batch_norm(x, *parts, epsilon=0.001, is_training=False)[0]

        @tensorflow.function(  # type: ignore[untyped-decorator]
            input_signature=[
                tensorflow.TensorSpec((None, 8, 8, 3), "float32", "image"),
                tensorflow.TensorSpec((None,), "int32", "word"),
            ]
        )
        def __call__(self, image: object, word: object) -> object:
            nn = tensorflow.nn
            x = nn.relu6(self.norm(nn.conv2d(image, self.stem_kernel, 2, "SAME"), "norm"))
            x = nn.depthwise_conv2d(x, self.deep_kernel, (1, 1, 1, 1), "SAME")
            x = self.norm(nn.conv2d(x, self.point_kernel, 1, "VALID"), "last")
            x = tensorflow.reduce_mean(x, (1, 2)) + tensorflow.gather(self.table_embeddings, word)
            for _ in range(2):  # one layer, called twice
                x = nn.tanh(tensorflow.matmul(x, self.top_kernel) + self.top_bias)
            return x

    network = Network()
    images, words = rng.random((2, 8, 8, 3)).astype("float32"), np.array([1, 4], "int32")
    tensorflow.saved_model.save(network, str(folder), signatures=network.__call__)
    return images, np.asarray(network(images, words))


PARTS = ("gamma", "beta", "moving_mean", "moving_variance")


def test_a_network_of_operations_becomes_its_layers(tmp_path: Path) -> None:
    images, expected = make_network(tmp_path / "network")
    found = anykeras.convert(tmp_path / "network", tmp_path / "new.keras")
    model = keras.models.load_model(tmp_path / "new.keras")
    given = {"image": images, "word": np.array([1, 4], "int32")}
    np.testing.assert_allclose(model.predict(given, verbose=0), expected, RTOL, ATOL)
    layers = layers_of(model)
    assert {name: type(layer).__name__ for name, layer in layers.items()} == {
        "stem": "Conv2D",
        "norm": "BatchNormalization",
        "deep": "DepthwiseConv2D",
        "point": "Conv2D",
        "last": "BatchNormalization",
        "table": "Embedding",
        "top": "Dense",
    }
    assert [name for name, layer in layers.items() if not layer.trainable] == ["stem"]
    assert layers["stem"].strides == (2, 2)
    assert layers["top"].get_config()["use_bias"] is True
    assert {"AK3080", "AK3081"} <= {finding.code for finding in found.findings}
    (said,) = [finding for finding in found.findings if finding.code == "AK3080"]
    assert re.search(r"of [\d,]+ parameters are in real layers; the others stay parameters of operations", said.done)


def test_a_weight_that_is_read_in_two_ways_stays_one_variable(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Tied(tensorflow.Module):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.table = tensorflow.Variable(np.eye(4, dtype="float32") * 3, name="tied/embeddings")

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None,), "int32", "word")])  # type: ignore[untyped-decorator]
        def __call__(self, word: object) -> object:
            return tensorflow.matmul(tensorflow.gather(self.table, word), self.table, transpose_b=True)

    tied = Tied()
    tensorflow.saved_model.save(tied, str(tmp_path / "tied"), signatures=tied.__call__)
    model = anykeras.load_model(tmp_path / "tied")
    words = np.array([0, 3], "int32")
    np.testing.assert_allclose(model.predict(words, verbose=0), np.asarray(tied(words)), RTOL, ATOL)
    assert sum(int(np.prod(weight.shape)) for weight in model.weights) == 16


def test_configuration_and_graph_of_a_folder_are_compared(tmp_path: Path) -> None:
    """An activation that was changed in the configuration alone shows in the graph, which nobody changed."""
    folder = tmp_path / "model"
    shutil.copytree(FOLDER / "savedmodel" / "tf2.15" / "mlp.savedmodel", folder)
    report = anykeras.verify(folder)
    assert (str(report.verdict), str(report.evidence)) == ("PASS", "cross-checked")
    assert [output.name for output in report.checks[0].outputs] == ["last"]
    assert report.checks[0].difference is not None
    done = anykeras.convert(folder, tmp_path / "new.keras", check=True)
    assert done.check is not None
    assert any("graph of the signature" in check.what and check.agrees for check in done.check.checks)
    path = folder / "keras_metadata.pb"
    data = path.read_bytes()
    assert b'"activation": "relu"' in data
    path.write_bytes(data.replace(b'"activation": "relu"', b'"activation": "tanh"'))
    assert str(anykeras.verify(folder).verdict) == "FAIL"


def shown_by_verify(folder: Path) -> tuple[str, str]:
    report = anykeras.verify(folder)
    return str(report.verdict), str(report.evidence)


def test_a_graph_alone_is_computed_a_second_time_on_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """NumPy computes the graph node by node; a weight or a layer that is not what the graph says shows there."""
    simple, layers = GRAPHS / "tf1.15" / "simple.savedmodel", GRAPHS / "tf2.15" / "many_layers.savedmodel"
    for folder in (*(GRAPHS / f"{path}.savedmodel" for path in FOLDERS), *(GRAPHS / "tf1.15").glob("l*.savedmodel")):
        assert shown_by_verify(folder) == ("PASS", "cross-checked"), folder
    done = anykeras.convert(simple, tmp_path / "new.keras", check=True)
    assert done.check is not None
    assert any("in NumPy" in check.what and check.agrees for check in done.check.checks)
    assert any("in NumPy" in check.what for check in anykeras.verify(simple, tmp_path / "new.keras").checks)

    def damage(document: object, **options: object) -> keras.Model:
        model = build(document, **options)
        weight = next(weight for weight in model.weights if weight.name == "gamma")
        weight.assign(weight * 1.01)
        return model

    build, find = targets.build, folding.find_layer
    with monkeypatch.context() as patch:
        patch.setattr(targets, "build", damage)
        assert shown_by_verify(simple)[0] == "FAIL"

    def misjudge(*given: object) -> FoundLayer | None:
        found = find(*given)  # type: ignore[arg-type]
        if found is None or "epsilon" not in found.formula.config:
            return found
        return replace(found, formula=replace(found.formula, config={**found.formula.config, "epsilon": 0.5}))

    monkeypatch.setattr(folding, "find_layer", misjudge)
    assert shown_by_verify(layers)[0] == "FAIL"


def test_numpy_computes_a_transform_as_keras_does(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Waves(tensorflow.Module):  # type: ignore[name-defined,misc]
        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 8), "float32", "x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: object) -> object:
            return tensorflow.abs(tensorflow.signal.rfft(x))

    waves = Waves()
    tensorflow.saved_model.save(waves, str(tmp_path / "waves"), signatures=waves.__call__)
    report = anykeras.verify(tmp_path / "waves")
    assert str(report.verdict) == "PASS", report
