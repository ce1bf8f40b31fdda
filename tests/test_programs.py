"""The author's own source as the architecture of weights: 127 programs of 2015 to 2024, each recorded by its own stack.

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
        ("T = {}\ndef note(f):\n    T[0] = f\n    return f\n@note\ndef f():\n    pass\nmodel = T[0]()", ["@note"], []),
        ("def make():\n    global model\n    model = f()\nmake()\nshow()", ["make()"], ["show"]),
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
        ("from keras.models import Model\ndef build(n):\n    m = Model(n)\n    return m", "AK1323", "build(n)"),
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
            "inside a Lambda",
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


DENSE = "from keras.models import Sequential\nfrom keras.layers import Dense, Input\n"


def of_three(width: str, last: str = "2", hidden: str = "12", activation: str = "relu") -> str:
    """The layers that the weights of `k1_agent` are of."""
    first, second = f"Dense({hidden}, input_dim={width}, activation='relu')", f"Dense(12, activation='{activation}')"
    return f"Sequential([{first}, {second}, Dense({last})])"


def open_with(path: Path, text: str, expression: str = "") -> Any:
    (path / "model.py").write_text(DENSE + text)
    return anykeras.load_model(weights_of("k1_agent"), architecture=f"{path / 'model.py'}{expression}")


READING = (
    "import pandas_nowhere as pd, numpy as np, sys, argparse\ntable = pd.read_csv('x.csv')\n"
    "with open('words.txt') as file:\n    words = file.read()\n"
    "args = argparse.ArgumentParser()\nargs.add_argument('--n', type=int, required=True)\nargs = args.parse_args()\n"
)


@pytest.mark.parametrize(
    ("width", "last"),
    [
        ("len(words) + 1", "table.y.nunique()"),
        ("int(sys.argv[1])", "args.n"),
        ("np.prod(table.values.shape[1:])", "max(len(set(words)), 1)"),
        ("table.shape[1] - 1", "min(50, (args.n + 1) // 2)"),
    ],
)
def test_sizes_that_a_program_reads_elsewhere_are_those_of_its_weights(tmp_path: Path, width: str, last: str) -> None:
    """Whatever else needs the data may fail."""
    model = open_with(tmp_path, f"{READING}model = {of_three(width, last)}\nmodel.fit(table)\n")
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))


def test_a_size_can_be_told_and_one_that_weights_leave_open_is_asked(tmp_path: Path) -> None:
    reading = f"{READING}width = len(words)\nmodel = {of_three('width')}\nmodel.fit(table)"
    for said in (":width=4", ":words='abcd'", ":width=4; model"):
        assert open_with(tmp_path, reading, said).input_shape == (None, 4)
    with pytest.raises(AnyKerasError, match="AK1323"):
        open_with(
            tmp_path,
            f"{READING}model = {of_three('4', activation='relu')}\nif table.deep:\n    model.add(Dense(2))\nmodel.fit()",
        )


TUNED = (
    "from keras.optimizers import Adam\n"
    "def build(hp):\n    model = {}\n    model.add(Dropout(hp.Float('rate', 0.1, 0.5)))\n"
    "    model.compile(Adam(hp.Choice('rate', [1e-2, 1e-3])), 'mse')\n    return model\n"
)


def test_what_a_tuner_chose_is_shown_by_the_weights_or_asked(tmp_path: Path) -> None:
    """No default and no first choice stands for it: an activation leaves nothing in the weights."""
    sizes = of_three("hp.Int('n', 1, 9)", "2", "hp.Choice('units', [8, 12])")
    text = f"from keras.layers import Dropout\n{TUNED.format(sizes)}"
    assert open_with(tmp_path, text).input_shape == (None, 4)
    for function in ("hp.Choice('act', ['tanh', 'relu'])", "hp.Choice('act', ['tanh', 'relu'], default='relu')"):
        chosen = text.replace("activation='relu'", f"activation={function}")
        with pytest.raises(AnyKerasError, match="AK1327") as asked:
            open_with(tmp_path, chosen)
        assert "model.py:hp={'act': 'tanh'" in str(asked.value) and "model.py:hp={'act': 'relu'" in str(asked.value)
        told = open_with(tmp_path, chosen, ":hp={'act': 'tanh'}; build(hp)")
        assert told.layers[0].activation.__name__ == "tanh"
    assert open_with(tmp_path, text.replace("activation='relu'", "activation=hp.Choice('act', ['relu'])")).built


def test_a_tuner_with_more_ways_to_choose_than_are_tried_is_asked(tmp_path: Path) -> None:
    """The activation is asked for first and would change last: only one of its values would ever be tried."""
    flags = "    for i in range(9):\n        hp.Boolean(str(i))\n"
    text = "def build(hp):\n    act = hp.Choice('act', ['tanh', 'relu'])\n" + flags
    text += f"    return {of_three('4', activation='relu').replace(repr('relu'), 'act')}\n"
    with pytest.raises(AnyKerasError, match="more than 256 ways"):
        open_with(tmp_path, text, ":build(hp)")


CALLED = """
def train(width, last=2):
    model = {}
    model.fit()
    model.save_weights("w.h5")
if __name__ == "__main__":
    train(4)
"""


def test_arguments_are_those_that_the_program_calls_its_function_with(tmp_path: Path) -> None:
    assert open_with(tmp_path, CALLED.format(of_three("width", "last"))).output_shape == (None, 2)


@pytest.mark.framework
def test_a_tuner_of_keras3(tmp_path: Path) -> None:
    """Sizes and counts are shown by the weights; rates of training are not asked for."""
    keras = pytest.importorskip("keras")
    dense = [keras.layers.Dense(n, activation="relu") for n in (12, 12, 3)]
    made = keras.Sequential([keras.Input((5,)), *dense])
    made.save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "model.py").write_text(
        "import keras\nimport keras_tuner_nowhere as kt\nfrom keras import layers\n"
        "class Net(kt.HyperModel):\n    def build(self, hp):\n"
        "        model = keras.Sequential([keras.Input((5,))])\n        for _ in range(hp.Int('times', 1, 3)):\n"
        "            model.add(layers.Dense(hp.Int('units', 8, 64, step=4), activation='relu'))\n"
        "        if hp.Boolean('drop'):\n            model.add(layers.Dropout(hp.Float('rate', 0.1, 0.5)))\n"
        "        model.add(layers.Dense(3, activation=hp.Choice('end', ['relu'])))\n"
        "        model.compile(keras.optimizers.Adam(hp.Float('lr', 1e-4, 1e-2)), 'mse')\n        return model\n"
    )
    found = anykeras.load_model(tmp_path / "w.weights.h5", architecture=f"{tmp_path}/model.py:Net().build(hp)")
    x = np.linspace(-1, 1, 10, dtype="float32").reshape(2, 5)
    expected = keras.ops.convert_to_numpy(made(x))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found(x, training=False)), expected, rtol=1e-5, atol=1e-6)


TWO = (
    "class Agent:\n    def __init__(self, env, layers):\n        self.n = env.action_space.n\n"
    "        self.critic = self.make(env, 1)\n"
    "        self.actor = self.make(env, self.n)\n    def make(self, env, n):\n"
    "        model = {}\n        model.compile('adam')\n        return model\n"
    "    def save(self):\n        self.actor.save_weights('actor.h5')\n"
)


def test_of_several_models_the_one_that_the_weights_fit_is_taken(tmp_path: Path) -> None:
    agent = TWO.format(of_three("env.observation_space.shape[0]", "n"))
    (tmp_path / "model.py").write_text(DENSE + agent)
    opened = anykeras.open(weights_of("k1_agent"), architecture=str(tmp_path / "model.py"))
    assert "AK1328" in {finding.code for finding in opened.findings}
    two = f"one = {of_three('4')}\ntwo = {of_three('4', activation='tanh')}\none.fit()\ntwo.fit()\n"
    with pytest.raises(AnyKerasError, match="AK1327") as asked:
        open_with(tmp_path, two)
    assert "model.py:one" in str(asked.value) and "model.py:two" in str(asked.value)
    assert open_with(tmp_path, two.replace("tanh", "relu")).output_shape == (None, 2)
    assert open_with(tmp_path, f"one = {of_three('4')}\ntwo = {of_three('5')}\none.fit()\ntwo.fit()\n").input_shape == (None, 4)


def test_releases_are_read_by_their_own_major_version() -> None:
    assert find_signature("Dense", "2.0.0").order[0] == "units"  # type: ignore[union-attr]
    assert find_signature("Dense", "1.0.4").order[0] == "output_dim"  # type: ignore[union-attr]


_NETWORK = """import keras
net = keras.applications.MobileNet(weights="imagenet", include_top=False, input_shape=(32, 32, 3), alpha=0.25)
"""
FETCHING = {
    "an application of Keras 3": _NETWORK,
    "one of Keras 2": _NETWORK.replace("import keras", "import keras\nfrom keras.layers.core import Dense"),
    "one of tf.keras": _NETWORK.replace("import keras", "import tensorflow as tf").replace("keras.app", "tf.keras.app"),
    "get_file": "import keras\nat = keras.utils.get_file('w.h5', 'https://example.org/w.h5')\nDENSE.load_weights(at)\n",
    "get_file by name": "from keras.utils import get_file\nDENSE.load_weights(get_file('w.h5', 'https://example.org/w.h5'))\n",
    "get_file of Keras 2": "from keras.utils.data_utils import get_file\nDENSE.load_weights(get_file('w.h5', 'https://h/w.h5'))\n",
    "a data set": "import keras\n(x, y), _ = keras.datasets.mnist.load_data()\nDENSE.fit(x, y)\n",
    "an index of words": "import keras\nwidth = len(keras.datasets.imdb.get_word_index()) and 2\nnet = DENSE\n",
}


@pytest.mark.parametrize("what", FETCHING)
def test_weights_with_a_program_download_nothing(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    import keras

    asked: list[object] = []

    def deny(*args: object, **kwargs: object) -> None:
        asked.append(args)
        raise OSError("no network here")

    text = FETCHING[what]
    if "DENSE" in text:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
        width = "width" if what == "an index of words" else "2"
        made = f"keras.Sequential([keras.layers.Dense({width}, input_shape=(4,))])"
        text = (
            text.replace("DENSE", made) if width == "width" else f"import keras\nnet = {made}\n{text.replace('DENSE', 'net')}"
        )
    else:
        model = keras.applications.MobileNet(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.25)
    model.save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "program.py").write_text(text)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, deny)
    monkeypatch.setattr(socket.socket, "connect", deny)
    try:
        found = anykeras.load_model(tmp_path / "w.weights.h5", architecture=f"{tmp_path / 'program.py'}:net")
    except AnyKerasError as refusal:
        assert what == "an index of words" and refusal.code == "AK1326"  # a width that depends on what is not there
    else:
        assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), found.get_weights(), strict=True))
    assert not asked


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


@pytest.mark.framework
def test_a_layer_with_weights_is_the_activation_of_another(tmp_path: Path) -> None:
    """It is built when the other is called, which Keras does not do by itself where it knows the shape without."""
    keras = pytest.importorskip("keras")
    inputs = keras.Input((4,))
    made = keras.Model(inputs, keras.layers.Dense(3, activation=keras.layers.PReLU())(inputs))
    x = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)
    made(x)
    made.layers[1].activation.alpha.assign([0.1, 0.5, 0.9])
    made.save(tmp_path / "m.keras")
    found = anykeras.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found(x)), keras.ops.convert_to_numpy(made(x)), rtol=1e-6)
