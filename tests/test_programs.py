"""The author's own source as the architecture of weights: 112 programs of 2015 to 2024, each recorded by its own stack.

`scripts/fixtures/build_scripts.py` made the recordings; `programs/stacks.json` says by which stack.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anykeras
from anykeras.catalog.signatures import find_signature
from anykeras.errors import AnyKerasError
from anykeras.programs import Given, read_given, slice_program
from anykeras.programs.slicing import flatten, free_names, slice_for, slice_import
from genuine import FOLDER as RECORDINGS

FOLDER = RECORDINGS / "programs"
PROGRAMS: dict[str, dict[str, Any]] = json.loads((FOLDER / "stacks.json").read_text())


def architecture_of(name: str) -> str:
    said = PROGRAMS[name]
    path, expression = str(FOLDER / said["file"]), said.get("told", said["model"])
    return f"{path}:{expression}" if expression else path


def weights_of(name: str) -> Path:
    return next(path for path in (FOLDER / f"{name}.h5", FOLDER / f"{name}.weights.h5") if path.exists())


@pytest.mark.framework
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_gives_the_model_that_its_stack_recorded(name: str) -> None:
    keras = pytest.importorskip("keras")
    model = anykeras.load_model(weights_of(name), architecture=architecture_of(name))
    with np.load(FOLDER / f"{name}.golden.npz") as golden:
        inputs = [golden[f"in{i}"] for i in range(sum(key.startswith("in") for key in golden.files))]
        expected = [golden[f"out{i}"] for i in range(sum(key.startswith("out") for key in golden.files))]
    found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(found)]
    assert [value.shape for value in outputs] == [value.shape for value in expected]
    for value, wanted in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


def sliced(text: str, name: str = "model") -> str:
    return ast.unparse(ast.Module(slice_for(name, tuple(flatten(ast.parse(text).body))), []))


TRAINING = """
import numpy as np, cv2
from keras.models import Sequential
from keras.layers import Dense
data = np.load("data.npy")
width = 4
for path in paths:
    data += cv2.imread(path)
sizes = [8, 16]
sizes.append(2)
model = Sequential()
for size in sizes:
    model.add(Dense(size, input_dim=width))
    print(size, data.shape)
if __name__ == "__main__":
    model.fit(data)
    model.save_weights("w.h5")
"""


def test_a_slice_neither_loads_nor_trains() -> None:
    kept = sliced(TRAINING)
    assert all(word in kept for word in ("width = 4", "sizes.append(2)", "for size in sizes", "model.add"))
    assert not any(word in kept for word in ("np.load", "imread", "fit", "save_weights", "print"))


@pytest.mark.parametrize(
    ("text", "kept", "left_out"),
    [
        ("x = load()\nx = 3\nmodel = f(x)", ["x = 3"], ["load"]),
        ("def f():\n    return n\nn = 2\nmodel = f()\nn = 3", ["n = 2"], []),
        ("n = 1\nif gpu:\n    n = 2\n    train()\nmodel = f(n)", ["n = 1", "if gpu", "n = 2"], ["train"]),
        ("i = load()\nmodel = f([i for i in range(3)])", ["range"], ["load"]),
        ("def grow(m):\n    m.add(1)\nmodel = f()\ngrow(model)\nshow(model)", ["grow(model)"], ["show"]),
        ("for layer in model.layers:\n    layer.trainable = False", ["trainable"], []),
        ("R = Table()\n@R.note('a')\ndef f():\n    pass\nmodel = R.build('a')", ["def f"], []),
        (
            "class Net:\n    def build(n):\n        pass\nseen = Net.build(2)\nmodel = Net.build(3)",
            ["class Net", "build(3)"],
            ["seen"],
        ),
        ("class Net:\n    sizes = []\nNet.sizes.append(3)\nNet.width = 3\nmodel = Net.build()", ["append", "width"], []),
    ],
)
def test_what_a_slice_keeps(text: str, kept: list[str], left_out: list[str]) -> None:
    found = sliced(text)
    assert all(part in found for part in kept)
    assert not any(part in found for part in left_out)


def test_names_of_comprehensions_and_arguments_are_their_own() -> None:
    tree = ast.parse("def f(a, b=c):\n    d = a\n    return [e for e in d if e > g]")
    assert free_names(tree.body[0]) == {"c", "g"}


@pytest.mark.parametrize(
    ("text", "path", "expression"),
    [
        ("model.py", "model.py", ""),
        ("a/agent.py:Agent(4, 2).build_model()", "a/agent.py", "Agent(4, 2).build_model()"),
        (r"C:\models\net.ipynb:net('x.py:y')", r"C:\models\net.ipynb", "net('x.py:y')"),
    ],
)
def test_how_a_program_is_given(text: str, path: str, expression: str) -> None:
    assert read_given(text) == Given(path, expression)


def test_other_files_are_no_programs() -> None:
    assert read_given("model.json") is None


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("import numpy as np\nmodel = np.zeros(n)\nmodel.fit()", "AK1326", "line 2"),
        ("x = 1", "AK1327", "makes no model"),
        ("from keras.models import Model\ndef build(n):\n    m = Model(n)\n    return m", "AK1327", "build(n)"),
        (
            "import tensorflow as tf\nfrom tensorflow.keras import Input, Model, layers\nx = Input((6, 4))\n"
            "pos = layers.Embedding(6, 4)(tf.range(6))\n"
            "model = Model(x, x + pos)\nmodel.fit()",
            "AK1323|AK1329",  # by backend: where the layer is met on numbers
            "its weights are not in the file",
        ),
        (
            "from keras.layers import *\nfrom keras.models import Model\nx = Input((4,))\n"
            "model = Model(x, Lambda(lambda t: Dense(3)(t))(x))\nmodel.fit()",
            "AK1329",
            "in a function",
        ),
        (
            "from keras.layers import *\nfrom keras.models import Model\nimport cfg_nowhere as cfg\n"
            "if cfg.load('x') == 3:\n    n = 3\n"
            "else:\n    n = 4\nx = Input((n,))\nmodel = Model(x, Dense(3)(x))\nmodel.fit()",
            "AK1323",
            "cfg",
        ),
        ("import nowhere\nmodel = nowhere.build()\nmodel.fit()", "AK1323", "nowhere"),
        (
            "from nowhere import size\nfrom keras.models import Sequential\nfrom keras.layers import Dense\n"
            "class Net:\n    @staticmethod\n    def build(width, classes):\n"
            "        model = Sequential()\n        model.add(Dense(classes, input_dim=width * 2))\n        return model\n"
            "model = Net.build(size, 3)\nmodel.fit()",
            "AK1323",
            "model.py:Net.build(width, classes)",
        ),
        ("from keras.models import load_model\nmodel = load_model('m.h5')\nmodel.fit()", "AK1325", "from a file"),
        ("def (", "AK5003", "Python"),
    ],
)
def test_a_program_that_gives_no_model_is_refused(tmp_path: Path, text: str, code: str, says: str) -> None:
    (tmp_path / "model.py").write_text(text)
    with pytest.raises(AnyKerasError, match=code) as refused:
        anykeras.load_model(weights_of("k1_agent"), architecture=str(tmp_path / "model.py"))
    assert says in str(refused.value)


def test_a_name_that_data_would_give_is_asked_for_and_can_be_told(tmp_path: Path) -> None:
    """Whatever else needs the data may fail; what the user says takes its place."""
    (tmp_path / "model.py").write_text(
        "import pandas_nowhere as pd\nfrom keras.models import Sequential\nfrom keras.layers import Dense\n"
        "table = pd.read_csv('x.csv')\nwith open('words.txt') as file:\n    words = file.read()\n"
        "width = len(words) + 1\nstart = [float(word) for word in words]\n"
        "model = Sequential()\nmodel.add(Dense(12, input_dim=width, weights=[start], activation='relu'))\n"
        "model.add(Dense(12, activation='relu'))\nmodel.add(Dense(2))\nmodel.fit(table)\n"
    )
    given = str(tmp_path / "model.py")
    with pytest.raises(AnyKerasError, match="AK1326") as refused:
        anykeras.load_model(weights_of("k1_agent"), architecture=given)
    assert "width is needed" in str(refused.value) and "words.txt" in str(refused.value)
    for said in ("width=4", "words='abc'", "width=4; model"):
        loaded = anykeras.load_model(weights_of("k1_agent"), architecture=f"{given}:{said}")
        assert loaded.layers[0].name == "dense_1" and loaded.input_shape == (None, 4)


def test_releases_are_read_by_their_own_major_version() -> None:
    assert find_signature("Dense", "2.0.0").order[0] == "units"  # type: ignore[union-attr]
    assert find_signature("Dense", "1.0.4").order[0] == "output_dim"  # type: ignore[union-attr]


def test_a_program_imports_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(
        "from keras.layers import Dense\nimport gone\ndef dense(n, **k):\n    return Dense(n, **k)\n"
    )
    (tmp_path / "model.py").write_text(
        "from parts import dense\nfrom keras.models import Sequential\nimport gone_too\n"
        "model = Sequential([dense(12, input_dim=4, activation='relu'), dense(12, activation='relu'), dense(2)])\n"
        "model.fit(gone_too.load())\n"
    )
    loaded = anykeras.load_model(weights_of("k1_agent"), architecture=str(tmp_path / "model.py"))
    assert [layer.name for layer in loaded.layers] == ["dense_1", "dense_2", "dense_3"]


def test_an_expression_has_usual_names_that_its_file_does_not_import(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from keras.layers import Dense\nfrom keras.models import Model\ndef body(inputs, n):\n"
        "    x = Dense(12, activation='relu')(inputs)\n    x = Dense(12, activation='relu')(x)\n"
        "    return Model(inputs, Dense(n)(x))\n"
    )
    loaded = anykeras.load_model(weights_of("k1_agent"), architecture=f"{tmp_path}/net.py:body(Input(shape=(4,)), 2)")
    assert loaded.output_shape == (None, 2)


def test_an_expression_imports_the_program_and_does_not_run_its_main() -> None:
    """What stands below the main guard is kept only where a name is made there."""
    tree = ast.parse(
        "class Net:\n    pass\nif __name__ == '__main__':\n    size = 3\n    Net().train()\ndef make():\n    return Net(size)"
    )
    for expression, runs in (("Net()", False), ("make()", True)):
        kept = slice_import(ast.parse(expression, mode="eval").body, tree.body)
        assert ("size = 3" in ast.unparse(ast.Module(kept, []))) is runs


def test_the_statements_that_run_are_shown() -> None:
    text = slice_program(Given(str(FOLDER / PROGRAMS["k0_mlp"]["file"]))).as_text()
    assert "model.add(Dense(16, input_shape=(12,)))  # line" in text
    assert "fit" not in text


@pytest.mark.parametrize(
    ("class_name", "at", "first"),
    [
        ("Convolution2D", "1.2.2", ("nb_filter", "nb_row", "nb_col")),
        ("BatchNormalization", "1.2.2", ("epsilon", "mode", "axis")),
        ("BatchNormalization", "tf.keras 2.3", ("axis", "momentum", "epsilon")),
        ("LSTM", "2.2.4", ("units", "activation", "recurrent_activation")),
    ],
)
def test_arguments_by_place_are_facts_of_a_release(class_name: str, at: str, first: tuple[str, ...]) -> None:
    found = find_signature(class_name, at)
    assert found is not None and found.order[: len(first)] == first
