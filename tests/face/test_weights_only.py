"""Files that hold weights alone: what their shapes tell, the skeleton that is written of them, and what lies beside them."""

from __future__ import annotations

import ast
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import anykeras
from anykeras import pipeline
from anykeras.catalog.signatures import MISSING
from anykeras.cli.main import app
from anykeras.containers.base import Raw
from anykeras.document.model import Layer
from anykeras.document.walk import layers_of
from anykeras.matching.kinds import _ALIASES
from anykeras.weights_only import WeightsInspection, write_sketch
from genuine import FIXTURES

MNIST = FIXTURES / "keras1-theano" / "mnist_cnn.weights.h5"
ARCHITECTURE = FIXTURES / "keras1-theano" / "mnist_cnn.json"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def alone(raw: Raw) -> WeightsInspection:
    return WeightsInspection(replace(raw, architecture=None, training=None))


def pairs() -> list[tuple[Path, Path | None]]:
    """Every genuine file that stands as an architecture with weights, and every fourth whole one."""
    weights = sorted(FIXTURES.rglob("*.weights.h5"))
    split = [(path.with_name(path.name.replace(".weights.h5", ".json")), path) for path in weights]
    whole = sorted(path for path in FIXTURES.rglob("*") if path.suffix in (".h5", ".keras") and path not in weights)
    return [*((a, w) for a, w in split if a.exists()), *((path, None) for path in whole[::4])]


@pytest.fixture(scope="module")
def told() -> list[tuple[Layer, WeightsInspection]]:
    """(the model as its file says, what its weights alone say)."""
    found = []
    for architecture, weights in pairs():
        try:
            raw = pipeline.read(architecture, weights)
            model = pipeline.parse_raw(raw).document.model
        except anykeras.AnyKerasError:
            continue
        if raw.weights is not None and any(layer.weights for layer in layers_of(model)):
            found.append((model, alone(raw)))
    assert len(found) > 60
    return found


def test_the_class_of_nearly_every_layer_is_told(told: list[tuple[Layer, WeightsInspection]]) -> None:
    right, total, whole = 0, 0, 0
    for model, found in told:
        classes = [layer.bare_class_name for layer in layers_of(model) if layer.weights]
        truth = Counter(_ALIASES.get(name, name).removesuffix("Cell") for name in classes)
        said: Counter[str] = Counter()
        for layer in found.saved.weighted:
            halves = 2 if layer.kind is not None and layer.kind.wrapper == "Bidirectional" else 1
            said[layer.kind.class_name if layer.kind is not None else "?"] += halves
        right += (truth & said).total()
        total += truth.total()
        whole += truth == said
    assert right / total > 0.97
    assert whole / len(told) > 0.93


def test_every_sketch_is_code_that_asks_before_it_builds(told: list[tuple[Layer, WeightsInspection]]) -> None:
    """`build` refuses at the first ASK whatever the file; nothing of the file stands outside literals and comments."""
    pytest.importorskip("keras")
    for _, found in told:
        text = write_sketch(found)
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        assert not names & {layer.name for layer in found.chain.layers} - {"layers", "model", "inputs"}
        space: dict[str, object] = {}
        exec(compile(text, "model.py", "exec"), space)
        build = space["build"]
        assert callable(build)
        with pytest.raises(NotImplementedError, match=r"line \d+ of this file: ASK"):
            build()
        json.dumps(found.as_dict())


def fill(text: str, answers: dict[str, str]) -> str:
    """The sketch with answers by ``layer.argument``, the rest by their suggestions."""
    tree = ast.parse(text)

    class Fill(ast.NodeTransformer):
        layer = ""

        def visit_Call(self, node: ast.Call) -> ast.AST:
            names = [key.value.value for key in node.keywords if key.arg == "name" and isinstance(key.value, ast.Constant)]
            if names:
                self.layer = str(names[0])
            for key in node.keywords:
                answer = answers.get(f"{self.layer}.{key.arg}")
                if answer is not None:
                    key.value = ast.parse(answer, mode="eval").body
            return self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Fill().visit(tree)))


def test_a_filled_sketch_takes_every_weight_and_a_wrong_stride_is_named(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    text = anykeras.stub(MNIST)
    model = json.loads(ARCHITECTURE.read_text())
    configs = {layer["config"]["name"]: layer["config"] for layer in model["config"]}
    answers = {}
    for name, config in configs.items():
        if "pool_size" in config:
            answers |= {f"{name}.pool_size": repr(tuple(config["pool_size"])), f"{name}.padding": repr(config["border_mode"])}
            answers[f"{name}.strides"] = repr(tuple(config["strides"]))
        if "border_mode" in config and "subsample" in config:
            answers |= {f"{name}.strides": repr(tuple(config["subsample"])), f"{name}.padding": repr(config["border_mode"])}
        if "axis" in config:
            answers[f"{name}.axis"] = repr(config["axis"])
        if config.get("activation"):
            answers[f"{name}.activation"] = repr(config["activation"])
    rows, columns = next(c["batch_input_shape"] for c in configs.values() if "batch_input_shape" in c)[2:]
    filled = fill(text, answers).replace("(1, ASK(), ASK())", f"(1, {rows}, {columns})")
    space: dict[str, object] = {}
    exec(filled, space)
    built = space["build"](space["DEFAULT"])  # type: ignore[operator]
    assert isinstance(built, keras.Model)
    held = sum(int(np.prod(shape)) for layer in alone(pipeline.read(MNIST)).saved.weighted for shape in layer.weights.values())
    assert built.count_params() == held
    pool = next(name for name in configs if "pool_size" in configs[name])
    wrong = fill(text, {**answers, f"{pool}.pool_size": "(1, 1)", f"{pool}.strides": "(1, 1)"})
    space = {}
    exec(wrong.replace("(1, ASK(), ASK())", f"(1, {rows}, {columns})"), space)
    with pytest.raises(ValueError, match=r"dense_\d+.*positions.*strides, paddings and pooling"):
        space["build"](space["DEFAULT"])  # type: ignore[operator]


NASTY = [
    'x")\nimport os\n#',
    "'); raise SystemExit #",
    "\u202edlrow",
    "a\r\nb",
    "{0}%s\\",
    '"""',
    "import",
    "\x1b[31m",
    "é" * 300,
    "__import__",
    "\u2028x",
    "a/b",
]


def test_names_of_a_file_are_data_in_the_sketch(tmp_path: Path) -> None:
    """Names chosen to break out of strings and comments; roles too."""
    rng = np.random.default_rng(0)
    for number in range(40):
        path = tmp_path / f"{number}.h5"
        names = [f"{NASTY[i]}{i}" if rng.random() < 0.7 else f"dense_{i}" for i in rng.permutation(len(NASTY))]
        with h5py.File(path, "w") as file:
            groups = [name.replace("/", "|") for name in names]
            file.attrs["layer_names"] = np.array([name.encode() for name in groups])
            for name in groups:
                group = file.create_group(name)
                role = rng.choice(["kernel:0", "W", NASTY[rng.integers(len(NASTY))].replace("/", "|")])
                weights = [f"{name}/{role}"] if rng.random() < 0.8 else []
                group.attrs["weight_names"] = np.array([w.encode() for w in weights]) if weights else np.array([], "S1")
                for weight in weights:
                    group.create_dataset(weight, data=np.zeros(tuple(rng.integers(1, 4, size=rng.integers(1, 5)))))
        text = anykeras.stub(path)
        assert text.isascii() or all(line.isprintable() for line in text.split("\n"))
        tree = ast.parse(text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert len(imports) == 3
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert defined <= {"ASK", "DEFAULT", "check", "build", "hard_sigmoid_of_then"}
        shown = run("inspect", path)
        assert shown.exit_code == 0
        assert "\x1b[31m" not in shown.output and "\u202e" not in shown.output


def test_inspect_tells_kernels_widths_and_what_to_do(tmp_path: Path) -> None:
    shutil.copy(MNIST, tmp_path / "w.h5")
    shown = " ".join(run("inspect", tmp_path / "w.h5").output.split())
    for text in ("weights only", "keras (keras1) on theano", "Conv2D(", "'th'", "positions of", "next 1", "anykeras stub w.h5"):
        assert text in shown
    data = json.loads(run("inspect", tmp_path / "w.h5", "--json").output)["results"][0]["data"]
    assert data["weights_only"] and data["chain"]["linear"] and data["kernels"]["layout"] == "th"
    assert "AK1210" not in shown
    assert data["architectures_beside"] == []


def test_the_architecture_beside_is_taken_by_name_alone(tmp_path: Path) -> None:
    weights, beside = tmp_path / "mnist_weights.h5", tmp_path / "mnist.json"
    shutil.copy(MNIST, weights)
    with pytest.raises(anykeras.AnyKerasError, match=r"(?s)AK1210.*architecture=.*anykeras stub"):
        anykeras.open(weights)
    shutil.copy(ARCHITECTURE, beside)
    opened = anykeras.open(weights)
    (taken,) = [finding for finding in opened.findings if finding.code == "AK1331"]
    assert "mnist.json" in taken.seen + taken.done and taken.is_shim
    renamed = json.loads(ARCHITECTURE.read_text())
    renamed["config"][-1]["config"]["name"] = "other"
    renamed["config"][0]["config"]["name"] = "first"
    beside.write_text(json.dumps(renamed))
    with pytest.raises(anykeras.AnyKerasError, match=r"AK1210.*mnist\.json.*has no layer"):
        anykeras.open(weights)
    shutil.copy(ARCHITECTURE, beside)
    shutil.copy(ARCHITECTURE, tmp_path / "mnist_model.json")  # two of one stem: which is not for us to say
    with pytest.raises(anykeras.AnyKerasError, match=r"AK1210.*mnist\.json.*fits by name"):
        anykeras.open(weights)
    (tmp_path / "mnist_model.json").unlink()
    beside.rename(tmp_path / "other.json")
    assert "other.json" in str(anykeras.open(weights).findings[0].done)
    shutil.copy(ARCHITECTURE, tmp_path / "third.json")
    with pytest.raises(anykeras.AnyKerasError, match="AK1210"):
        anykeras.open(weights)


def test_transfer_writes_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "filled.keras"
    assert run("inspect", MNIST, "--into", ARCHITECTURE).exit_code == 0
    shown = run("transfer", MNIST, "--into", ARCHITECTURE, "-o", out)
    assert shown.exit_code == 0 and "written" in shown.output
    before = out.read_bytes()
    direct = tmp_path / "direct.keras"
    anykeras.convert(ARCHITECTURE, direct, weights=MNIST)
    assert before == direct.read_bytes()
    assert run("transfer", MNIST, "--into", ARCHITECTURE, "-o", out).exit_code == 2
    assert out.read_bytes() == before
    other = FIXTURES / "keras1-tf" / "multi_in_out.weights.h5"
    refused = run("transfer", other, "--into", ARCHITECTURE, "-o", tmp_path / "no.keras", "--json")
    assert refused.exit_code == 2 and json.loads(refused.output)["results"][0]["error"]["code"].startswith("AK13")
    assert not (tmp_path / "no.keras").exists()
    for wrong in (["--layer", "x"], ["--defaults", "old"], ["--data-format", "first"]):
        assert run("transfer", MNIST, "--into", ARCHITECTURE, "-o", tmp_path / "no.keras", *wrong).exit_code == 2


@pytest.mark.parametrize(
    "imports", ["from tensorflow.keras import *", "from keras import *", "from keras import layers, Sequential"]
)
def test_the_model_may_be_given_as_its_program(tmp_path: Path, imports: str) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"], file.attrs["keras_version"], file.attrs["backend"] = [b"mine"], "2.2.4", "tensorflow"
        group = file.create_group("mine")
        group.attrs["weight_names"] = [b"mine/kernel:0", b"mine/bias:0"]
        group["mine/kernel:0"], group["mine/bias:0"] = np.arange(12.0).reshape(4, 3), np.arange(3.0)
    program = tmp_path / "model.py"
    program.write_text(f"{imports}\ndef build(n):\n    return Sequential([layers.Dense(n, input_shape=(4,), name='other')])\n")
    shown = run("inspect", tmp_path / "w.h5", "--into", f"{program}:build(3)", "--json")
    found = json.loads(shown.output)["results"][0]["data"]
    assert [(pair["stored"], pair["layer"]) for pair in found["pairs"]] == [("mine", "other")]
    assert run("inspect", tmp_path / "w.h5", "--into", f"{program}:build(4)").exit_code == 2
    assert run("transfer", tmp_path / "w.h5", "--into", f"{program}:build(3)", "-o", tmp_path / "out.keras").exit_code == 0
    filled = anykeras.open(tmp_path / "out.keras").document.model
    (kernel,) = [layer.weights["kernel"] for layer in layers_of(filled) if layer.weights]
    np.testing.assert_array_equal(kernel.read(), np.arange(12.0).reshape(4, 3))


def test_suggestions_are_the_defaults_of_then() -> None:
    from anykeras.document.model import Era, Writer
    from anykeras.matching.unknowns import list_unknown_arguments

    def suggest(class_name: str, writer: Writer) -> dict[str, object]:
        return {unknown.name: unknown.suggestion for unknown in list_unknown_arguments(class_name, {}, writer)}

    assert suggest("LSTM", Writer(Era.KERAS2, version="2.1.5"))["recurrent_activation"] == "hard_sigmoid"
    assert suggest("LSTM", Writer(Era.KERAS3))["recurrent_activation"] == "sigmoid"
    assert suggest("BatchNormalization", Writer(Era.KERAS1, version="1.0.8"))["epsilon"] == 1e-5
    assert suggest("Activation", Writer(Era.KERAS1))["activation"] is MISSING
    assert not suggest("Dropout", Writer(Era.KERAS2))
