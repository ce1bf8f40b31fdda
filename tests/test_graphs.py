"""Graphs of TensorFlow without a Keras configuration: opened without TensorFlow, with the outputs that TensorFlow gave.

Made by scripts/fixtures/make_graphs.py in TensorFlow 1.15, 2.4 and 2.15 and by Keras 3.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import anykeras
from anykeras import graphs, pipeline
from anykeras.auditing.graphs import OPERATIONS
from anykeras.cli.main import app
from anykeras.document.model import refs
from anykeras.errors import AnyKerasError
from anykeras.graphs.ops import OPS as OPS_TABLE
from anykeras.graphs.ops import list_supported
from genuine import ATOL, FIXTURES, FOLDER, RTOL

GRAPHS = FOLDER / "graphs"
FOLDERS = sorted(GRAPHS.glob("*/*.savedmodel"))
GRAPH_MODELS = sorted((GRAPHS / "tfjs").glob("*.tfjs"))
"""Of TensorFlow.js, by its converter 3.18.0; recorded by tfjs 4.22.0 itself (scripts/fixtures/make_tfjs.js)."""
WHOLE = [folder for folder in (*FOLDERS, *GRAPH_MODELS) if folder.stem not in ("own_layer",)]


def recorded(path: Path, kind: str) -> dict[str, np.ndarray]:
    with np.load(path.with_suffix(".npz")) as arrays:
        return {key.removeprefix(kind): arrays[key] for key in arrays if key.startswith(kind)}


def check(model: keras.Model, path: Path) -> None:
    """By name: what goes in, and what comes out where there are several outputs."""
    given, expected = recorded(path, "in_"), recorded(path, "out_")
    found: Any = model(given if len(given) > 1 else next(iter(given.values())))
    found = found if isinstance(found, dict) else dict.fromkeys(expected, found)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(keras.ops.convert_to_numpy(found[name]), value, RTOL, ATOL)


@pytest.mark.parametrize("folder", WHOLE, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_graph_gives_what_tensorflow_gave(folder: Path, tmp_path: Path) -> None:
    model = anykeras.load_model(folder)
    check(model, folder)
    anykeras.convert(folder, tmp_path / "new.keras")
    check(keras.models.load_model(tmp_path / "new.keras"), folder)


def test_graphs_were_found() -> None:
    assert {folder.stem for folder in FOLDERS} == {
        "simple",
        "loops",
        "lengths",
        "masked",
        "decoder",
        "subclassed",
        "many_layers",
        "module",
        "own_layer",
        "export",
        "recurrent",
        "estimator",
        "records",
        "cells",
    }
    assert {folder.stem for folder in GRAPH_MODELS} == {"graph_cnn", "graph_cnn_float16", "graph_cnn_uint8", "graph_pair"}


def test_a_graph_model_of_tensorflow_js() -> None:
    """Layers under the names of their scopes, quantized weights as tfjs reads them, and the signature by its names."""
    path = GRAPHS / "tfjs" / "graph_cnn_uint8.tfjs"
    model = anykeras.load_model(path / "model.json")
    kinds = {
        layer.name: type(layer).__name__ for layer in model.layers if layer.weights and layer.name in ("conv", "depth", "top")
    }
    assert kinds == {"conv": "Conv2D", "depth": "DepthwiseConv2D", "top": "Dense"}
    assert model.get_layer("conv").get_config()["activation"] == "relu"
    (signature,) = anykeras.inspect(path.with_name("graph_pair.tfjs")).signatures  # type: ignore[union-attr]
    assert [(port.name, port.dtype, port.shape) for port in signature.inputs] == [
        ("left", "float32", (None, 3)),
        ("word", "int32", (None,)),
    ]
    assert [port.name for port in signature.outputs] == ["sum", "whole"]


@pytest.mark.framework
def test_weights_train_as_the_file_says() -> None:
    path = GRAPHS / "tf2.15" / "module.savedmodel"
    model = anykeras.load_model(path)
    trained = {variable.path.split("/")[0]: variable.shape for variable in model.trainable_variables}
    assert list(trained) == ["scope"]
    assert [variable.path.split("/")[0] for variable in model.non_trainable_variables] == ["scope_frozen"]
    before = [np.array(variable) for variable in model.trainable_variables]
    model.compile("sgd", "mse")
    given, wanted = recorded(path, "in_"), recorded(path, "out_")
    model.train_on_batch(given, {name: value + 1 for name, value in wanted.items()})
    assert all((one != np.array(other)).any() for one, other in zip(before, model.trainable_variables, strict=True))


def test_a_variable_that_every_call_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnyKerasError) as caught:
        anykeras.load_model(GRAPHS / "tf2.15" / "module.savedmodel", signature="counted")
    assert caught.value.code == "AK3064"


def test_a_signature_by_name() -> None:
    path = GRAPHS / "tf2.15" / "module.savedmodel"
    check(anykeras.load_model(path, signature="one"), path.with_name("module_one.npz"))
    with pytest.raises(AnyKerasError, match="serving_default, counted, one") as caught:
        anykeras.load_model(path, signature="none")
    assert caught.value.code == "AK3068"


def test_every_verb_takes_a_signature(tmp_path: Path) -> None:
    """`inspect` and `verify` look at what `convert` makes; where there is no graph, nothing can be chosen."""
    path = GRAPHS / "tf2.15" / "module.savedmodel"
    assert anykeras.inspect(path, signature="counted").refusal.code == "AK3064"  # type: ignore[union-attr]
    usual, other = (anykeras.inspect(path, signature=name).as_dict() for name in (None, "one"))
    assert usual["layers"] != other["layers"] and other["refusal"] is None
    with np.load(path.with_name("module_one.npz")) as recorded_by_tensorflow:
        given, wanted = recorded_by_tensorflow["in_x"], recorded_by_tensorflow["out_y"]
    np.savez(tmp_path / "in.npz", in0=given)
    report = anykeras.verify(path, signature="one", inputs=tmp_path / "in.npz", record=tmp_path / "one.npz")
    assert report.verdict == "PASS" and any("graph of the signature" in check.what for check in report.checks)
    with np.load(tmp_path / "one.npz") as held:
        np.testing.assert_allclose(held["out0"], wanted, rtol=RTOL, atol=ATOL)
    for verb in ("inspect", "verify"):
        refused = CliRunner().invoke(app, [verb, str(FIXTURES / "keras2.1-tf" / "nadam.h5"), "--signature", "one"])
        assert refused.exit_code == 2 and "[AK3068]" in refused.stderr


def test_an_incomplete_folder_is_named(tmp_path: Path) -> None:
    shutil.copytree(GRAPHS / "keras3" / "export.savedmodel", tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "variables")
    with pytest.raises(AnyKerasError) as caught:
        anykeras.load_model(tmp_path / "model")
    assert caught.value.code == "AK1153"


OPS = GRAPHS / "ops" / "ops.pb"
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_op_gives_what_tensorflow_gave(part: int) -> None:
    """Made by scripts/fixtures/record_ops.py: each case a node of its own, a part of all cases as one model."""
    with np.load(OPS.with_suffix(".npz")) as arrays:
        kept = dict(arrays)
    inputs = sorted(name for name in kept if ":" not in name)
    outputs = sorted(name for name in kept if ":" in name)[part::PARTS]
    model = anykeras.load_model(OPS, inputs=inputs, outputs=outputs)
    found = model({name: kept[name] for name in inputs})
    wrong = []
    for name in outputs:
        value = keras.ops.convert_to_numpy(found[name.removesuffix(":0").replace(":", "_")])
        expected = kept[name]
        if value.shape != expected.shape or not np.allclose(
            value.astype(float), expected.astype(float), RTOL, ATOL, equal_nan=True
        ):
            wrong.append(name)
    assert not wrong


def test_ops_on_numbers_give_what_tensorflow_gave() -> None:
    """The second route of `verify`, a seeded sample of the cases."""
    with np.load(OPS.with_suffix(".npz")) as arrays:
        kept = dict(arrays)
    inputs = sorted(name for name in kept if ":" not in name)
    outputs = np.random.default_rng(11).permutation(sorted(name for name in kept if ":" in name))[:150]
    raw = pipeline.read(OPS)
    for name in map(str, outputs):
        found = graphs.NumberGraph(raw, graphs.Selection(None, tuple(inputs), (name,))).run([kept[key] for key in inputs])
        value = next(iter(found.values())).astype(float)
        np.testing.assert_allclose(value, kept[name].astype(float), RTOL, ATOL, err_msg=name)


def test_every_translated_op_is_recorded() -> None:
    recorded_ops = {node.op for node in pipeline.read(OPS).graph.body.nodes.values()}  # type: ignore[union-attr]
    elsewhere = {
        "LoopCond", "NextIteration", "RefNextIteration", "ReadVariableOp", "ResourceGather", "ResourceGatherNd",
        "TensorArrayCloseV3", "TensorListConcat", "_FusedConv2D", "_FusedDepthwiseConv2dNative", "_FusedMatMul",
        "FusedDepthwiseConv2dNative", "Prelu", "RandomStandardNormal", "RandomUniform", "TruncatedNormal",
    }  # fmt: skip
    assert set(OPS_TABLE) - recorded_ops == elsewhere


def test_a_frozen_graph_tells_its_inputs_and_outputs(tmp_path: Path) -> None:
    path = GRAPHS / "tf1.15" / "frozen.pb"
    check(anykeras.load_model(path), path)
    (signature,) = anykeras.inspect(path).signatures  # type: ignore[union-attr]
    assert [port.name for port in signature.inputs] == ["image"]
    assert [port.name for port in signature.outputs] == ["scores"]
    part = anykeras.load_model(path, inputs=["conv/Conv2D:0[?,4,4,4]"], outputs=["last/BiasAdd"])
    assert part.input_shape == (None, 4, 4, 4)
    assert part.count_params() == 4 * 5 + 16 * 4 * 5 + 5 * 3 + 3


def test_inspect_lists_signatures(capsys: pytest.CaptureFixture[str]) -> None:
    found = anykeras.inspect(GRAPHS / "tf2.15" / "module.savedmodel")
    assert [signature.name for signature in found.signatures] == ["serving_default", "counted", "one"]  # type: ignore[union-attr]
    first = found.as_dict()["signatures"][0]
    assert first["inputs"][0]["shape"] == [None, 3]
    assert [port["name"] for port in first["outputs"]] == ["small", "sum"]


@pytest.mark.parametrize("stack", ["tf2.4", "tf2.15"])
def test_a_custom_class_opens_without_its_source(stack: str) -> None:
    """By the function that was traced of its call; the other layers are those of the configuration."""
    path = GRAPHS / stack / "own_layer.savedmodel"
    model = anykeras.load_model(path)
    check(model, path)
    kinds = {layer.name: type(layer).__name__ for layer in model.layers}
    assert kinds == {"inputs": "InputLayer", "first": "Dense", "scaled": "Functional", "last": "Dense"}
    assert len(model.trainable_variables) == 5


def test_recurrent_loops_become_layers_of_any_length() -> None:
    model = anykeras.load_model(GRAPHS / "keras3" / "recurrent.savedmodel")
    kinds = [type(layer).__name__ for layer in model.layers if layer.weights]
    assert sorted(kinds) == ["GRU", "LSTM", "LSTM", "SimpleRNN"]
    assert {layer.name for layer in model.layers if layer.weights} == {
        "both_forward_lstm",
        "both_backward_lstm",
        "gru",
        "simple",
    }
    for steps in (1, 9):
        assert model(np.zeros((2, steps, 3), "float32")).shape == (2, 2)


def test_cells_of_tensorflow_1_become_layers_of_any_length() -> None:
    """Kernels that hold the rows of the state behind those of the inputs, and a bias that is added to in the graph."""
    model = anykeras.load_model(GRAPHS / "tf1.15" / "cells.savedmodel")
    kinds = {layer.name: type(layer).__name__ for layer in model.layers if layer.weights}
    assert kinds == {"lstm": "LSTM", "gru": "GRU", "simple": "SimpleRNN", "forgets": "LSTM"}
    for steps in (1, 9):
        assert model(np.zeros((2, steps, 3), "float32"))["last"].shape == (2, 2)


@pytest.mark.parametrize(("name", "aside"), [("estimator", "classes is text"), ("records", "size")])
def test_an_estimator_opens_without_text(name: str, aside: str) -> None:
    """Classes as text are left out, and records give way to the features in them; both are told."""
    opened = anykeras.open(GRAPHS / "tf1.15" / f"{name}.savedmodel")
    told = [finding for finding in opened.findings if finding.code == "AK3073"]
    assert any(aside in finding.seen + finding.done for finding in told)
    assert {tensor.name: tensor.shape[1:] for tensor in opened.build().inputs} == {"age": (1,), "size": (3,)}


def test_a_placeholder_without_a_shape_has_that_of_the_weights_behind_it(tmp_path: Path) -> None:
    """As optimize_for_inference leaves it; where nothing says the shape, the refusal says how to give it."""
    tensorflow = pytest.importorskip("tensorflow")
    with tensorflow.Graph().as_default() as graph:
        v1 = tensorflow.compat.v1
        image, rows = v1.placeholder("float32", name="image"), v1.placeholder("float32", name="rows")
        tensorflow.nn.conv2d(image, np.ones((3, 3, 2, 4), "float32"), 1, "SAME", name="seen")
        tensorflow.raw_ops.MatMul(a=rows, b=np.ones((5, 2), "float32"), name="mapped")
        tensorflow.reduce_sum(v1.placeholder("float32", name="any"), name="summed")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    model = anykeras.load_model(tmp_path / "frozen.pb", inputs=["image", "rows"], outputs=["seen", "mapped"])
    assert {tensor.name: tensor.shape for tensor in model.inputs} == {"image": (None, None, None, 2), "rows": (None, 5)}
    assert model({"image": np.ones((1, 4, 4, 2)), "rows": np.ones((1, 5))})["mapped"].shape == (1, 2)
    with pytest.raises(AnyKerasError, match="--inputs"):
        anykeras.load_model(tmp_path / "frozen.pb", inputs=["any"], outputs=["summed"])


def test_one_number_for_a_whole_batch_is_cross_checked(tmp_path: Path) -> None:
    """`predict` of Keras has no place for an output that has no axes."""
    tensorflow = pytest.importorskip("tensorflow")
    with tensorflow.Graph().as_default() as graph:
        x = tensorflow.compat.v1.placeholder("float32", (None, 3), name="x")
        tensorflow.reduce_sum(tensorflow.linalg.matmul(x, np.ones((3, 2), "float32")), name="summed")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    report = anykeras.verify(tmp_path / "frozen.pb")
    assert str(report.verdict) == "PASS", report


def test_whole_numbers_are_divided_without_a_detour_over_floats(tmp_path: Path) -> None:
    """float32 holds 24 bits; expected are the numbers of C, as NumPy has them in `fmod`."""
    tensorflow = pytest.importorskip("tensorflow")
    with tensorflow.Graph().as_default() as graph:
        x = tensorflow.compat.v1.placeholder("int32", (None, 5), name="x")
        tensorflow.raw_ops.TruncateDiv(x=x, y=4, name="quotient")
        tensorflow.raw_ops.TruncateMod(x=x, y=7, name="rest")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    given = np.array([[16777217, -16777219, 2147483647, -20000001, 3]], "int32")
    model = anykeras.load_model(tmp_path / "frozen.pb", inputs=["x"], outputs=["quotient", "rest"])
    found = {name: keras.ops.convert_to_numpy(value) for name, value in model({"x": given}).items()}
    rest = np.fmod(given, 7)
    np.testing.assert_array_equal(found["rest"], rest)
    np.testing.assert_array_equal(found["quotient"], (given - np.fmod(given, 4)) // 4)


def test_a_signature_that_nobody_chose_is_told(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Two(tensorflow.Module):  # type: ignore[name-defined,misc]
        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 2), "float32", "x")])  # type: ignore[untyped-decorator]
        def double(self, x: Any) -> Any:
            return x * 2.0

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 2), "float32", "x")])  # type: ignore[untyped-decorator]
        def half(self, x: Any) -> Any:
            return x / 2.0

    two = Two()
    tensorflow.saved_model.save(two, str(tmp_path / "two"), signatures={"half": two.half, "double": two.double})
    codes = {finding.code for finding in anykeras.open(tmp_path / "two").findings}
    assert codes >= {"AK3074", "AK3075"}
    with pytest.warns(anykeras.AnyKerasWarning, match="AK3074"):
        anykeras.load_model(tmp_path / "two")
    assert "AK3074" not in {finding.code for finding in anykeras.open(tmp_path / "two", signature="half").findings}


def test_an_op_is_translated_or_reaches_out_or_is_unknown() -> None:
    """One table says what reaches out, for the audit and for the graph route; no row translates any of it."""
    listed = {name for _, names in OPERATIONS.values() for name in names}
    assert {graphs.classify(name) for name in listed} == {"reaches out"}
    assert {graphs.classify(name) for name in list_supported()} == {"translated"}
    assert not listed & list_supported()
    registry = pytest.importorskip("tensorflow.python.framework.op_def_registry")
    known = {name for name in dir(pytest.importorskip("tensorflow").raw_ops) if registry.get(name) is not None}
    standing = Counter(map(graphs.classify, known))
    assert set(standing) == {"translated", "reaches out", "unknown"}
    assert standing["translated"] > 200
    assert standing["reaches out"] > 50


def test_inspect_lists_what_a_signature_would_do_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Reached through a function, by a control input alone; what saves the variables is reached by no signature."""
    tensorflow = pytest.importorskip("tensorflow")

    class Writer(tensorflow.Module):  # type: ignore[name-defined,misc]
        @tensorflow.function  # type: ignore[untyped-decorator]
        def note(self) -> None:
            tensorflow.io.write_file(str(tmp_path / "written"), "x")

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None, 2), "float32", "x")])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            self.note()
            return x * 2.0

    writer = Writer()
    tensorflow.saved_model.save(writer, str(tmp_path / "model"), signatures=writer.__call__)
    found = anykeras.inspect(tmp_path / "model")
    assert [(effect.op, effect.effect, effect.reached_from) for effect in found.effects] == [  # type: ignore[union-attr]
        ("WriteFile", "writes files", "serving_default")
    ]
    assert found.as_dict()["effects"][0]["op"] == "WriteFile"
    for verb in (anykeras.load_model, lambda path: anykeras.convert(path, tmp_path / "made.keras")):
        with pytest.raises(AnyKerasError, match="AK3065"):  # though no output needs it
            verb(tmp_path / "model")
    assert not (tmp_path / "written").exists()
    assert not (tmp_path / "made.keras").exists()
    assert anykeras.inspect(GRAPHS / "tf2.15" / "module.savedmodel").effects == ()  # type: ignore[union-attr]


def test_a_placeholder_is_given_a_value() -> None:
    """A constant among the inputs: the branch of training, whose statistics are those of the batch."""
    path = GRAPHS / "tf1.15" / "frozen.pb"
    given, expected = recorded(path, "in_")["image"], recorded(path, "out_")["scores"]
    usual = anykeras.load_model(path, inputs=["image", "training=false"], outputs=["scores"])
    np.testing.assert_allclose(usual.predict(given, verbose=0), expected, RTOL, ATOL)
    training = anykeras.load_model(path, inputs=["image", "training=true"], outputs=["scores"])
    assert not np.allclose(training.predict(given, verbose=0), expected, RTOL, ATOL)
    with pytest.raises(AnyKerasError, match="no value for training"):
        anykeras.load_model(path, inputs=["image", "training=perhaps"], outputs=["scores"])


@pytest.mark.parametrize("op", ["StatelessWhile", "StatelessIf"])
def test_a_loop_or_branch_without_its_function_is_one_clear_error(op: str, tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    @tensorflow.function(input_signature=[tensorflow.TensorSpec((2,), "float32", "x")])  # type: ignore[untyped-decorator]
    def run(x: Any) -> Any:
        if op == "StatelessIf":
            return tensorflow.cond(x[0] > 0, lambda: x + 1, lambda: x - 1)
        return tensorflow.while_loop(lambda y: y[0] < 3, lambda y: [y + 1], [x])[0]

    graph = run.get_concrete_function().graph.as_graph_def()
    node = next(node for node in graph.node if node.op == op)
    for key in ("body", "cond", "then_branch", "else_branch"):
        node.attr.pop(key, None)
    (tmp_path / "frozen.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(AnyKerasError, match="AK1150"):
        anykeras.load_model(tmp_path / "frozen.pb")


def test_a_signature_keeps_the_order_of_inputs_of_the_model_in_the_file() -> None:
    """TensorFlow gives a signature its inputs by name; called by place, a model must take them as it did."""
    raw = pipeline.read(FOLDER / "savedmodel" / "tf2.15" / "named.savedmodel")
    assert isinstance(raw.architecture, dict)
    orders = []
    for names in (["left", "right"], ["right", "left"]):
        config = {**raw.architecture["config"], "input_layers": [[name, 0, 0] for name in names]}
        changed = replace(raw, architecture={**raw.architecture, "config": config})
        graph = graphs.translate(changed, graphs.Selection("serving_default")).model.graph
        assert graph is not None
        orders.append([ref.layer for ref in refs(graph.inputs)])
    assert orders == [["left", "right"], ["right", "left"]]
