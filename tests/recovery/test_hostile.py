"""Code that wants out: nothing of it may reach a file, the environment, a module or the machine's time and memory."""
# ruff: noqa: SIM115, UP030, UP032, B009  (the functions below are meant to be as bad as they are)

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest

import anykeras
from anykeras import limits
from anykeras.errors import AnyKerasError
from work import at_most

from .made import recovered, stored

K = np = tf = keras = os = None  # what the functions below name
SECRET = "not for strangers"
STEPS, CALLS = 100_000, 20_000_000  # of the machine, and of Python: fewer steps than usual, so that the tests are short
GIGABYTE_OF_KB = 1 << 20


def _writes_with_open(x):
    open("canary", "w").write("out")
    return x


def _imports_os(x):
    import os

    os.system("touch canary")
    return x


def _dunder_import(x):
    __import__("os").system("touch canary")
    return x


def _imports_what_is_not_loaded(x):
    import ftplib

    return x * ftplib.FTP_PORT


def _saves_an_array(x):
    np.save("canary", np.zeros(3))
    return x


def _array_to_file(x):
    np.zeros(3).tofile("canary")
    return x


def _tensor_to_file(x):
    x.tofile("canary")
    return x


def _tensorflow_writes(x):
    tf.io.write_file("canary", "out")
    return x


def _tensorflow_python(x):
    return tf.py_function(lambda v: open("canary", "w"), [x], tf.float32)


def _numpy_unpickles(x):
    return x + np.load("canary.npy", allow_pickle=True)


def _downloads(x):
    return keras.utils.get_file("canary", "http://127.0.0.1/x")


def _globals_by_format(x):
    return "{0.__globals__[SECRET]}".format(lambda: 0)


def _globals(x):
    return globals()["SECRET"]


def _subclasses(x):
    return ().__class__.__base__.__subclasses__()


def _mro(x):
    return type(x).mro()[-1]


def _function_globals(x):
    return (lambda: 0).__globals__


def _frame(x):
    return (i for i in x).gi_frame.f_back.f_globals


def _evaluates(x):
    return eval("__import__('os').system('touch canary')")


def _executes(x):
    exec("open('canary', 'w')")
    return x


def _reads_the_environment(x):
    return os.environ["ANYKERAS_TEST_SECRET"]


def _module_of_the_backend(x):
    return K.np.save("canary", [1])


def _dictionary_of_the_backend(x):
    return K.__dict__


def _builtins_by_attribute(x):
    return getattr(K, "__builtins__")["open"]("canary", "w")


def _power(x):
    return x * 9**9**9


def _long_text(x):
    return "a" * 10**10


def _long_list(x):
    return [0] * 10**10


def _long_range(x):
    return max(range(10**12))


def _shift(x):
    return 1 << 10**11


def _for_ever(x):
    while True:
        x = x


def _itself(x):
    def again(n):
        return again(n + 1)

    return again(0)


def _large_array(x):
    return x + np.zeros((100000, 100000))


def _many_nodes(x):
    for _ in range(10**7):
        x = x + 1
    return x


def _doubling(x):
    items = [0]
    while True:
        items = items + items


HOSTILE = [value for name, value in sorted(globals().items()) if name.startswith("_") and hasattr(value, "__code__")]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and a secret in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANYKERAS_TEST_SECRET", SECRET)
    return tmp_path


def test_there_are_many() -> None:
    assert len(HOSTILE) >= 30


@pytest.mark.parametrize("function", HOSTILE, ids=lambda function: function.__name__)
def test_hostile_code_is_refused(function: Callable[..., Any], nowhere: Path) -> None:
    modules, memory = set(sys.modules), _peak()
    with limits.override(steps=STEPS), at_most(CALLS), pytest.raises(AnyKerasError) as caught:
        recovered(function)
    assert list(nowhere.iterdir()) == []
    assert "ftplib" not in set(sys.modules) - modules
    assert SECRET not in str(caught.value)
    assert _peak() - memory < GIGABYTE_OF_KB


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _file(path: Path, function: Callable[..., Any]) -> Path:
    """A Keras 2 model file of one input and one Lambda."""
    code = stored(function).stored
    lambda_config = {"name": "own", "function": [code[0], None, None], "function_type": "lambda", "arguments": {}}
    layers = [
        {"class_name": "InputLayer", "name": "in", "inbound_nodes": [],
         "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "name": "in"}},
        {"class_name": "Lambda", "name": "own", "inbound_nodes": [[["in", 0, 0, {}]]], "config": lambda_config},
    ]  # fmt: skip
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["own", 0, 0]]}
    config = {"class_name": "Model", "config": {"name": "model", "layers": layers, **ends}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"], file.attrs["backend"] = "2.3.1", "tensorflow"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"in", b"own"]
        weights.attrs["keras_version"], weights.attrs["backend"] = "2.3.1", "tensorflow"
        for name in ("in", "own"):
            weights.create_group(name).attrs["weight_names"] = []
    return path


@pytest.mark.parametrize("verb", ["load_model", "convert", "inspect", "verify"])
@pytest.mark.backend
def test_every_verb_refuses_a_hostile_file(verb: str, nowhere: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = _file(tmp_path_factory.mktemp("file") / "hostile.h5", _writes_with_open)
    if verb == "inspect":
        assert "open" in str(anykeras.inspect(file).refusal)
    else:
        with pytest.raises(AnyKerasError, match="open"):
            getattr(anykeras, verb)(file, *([nowhere / "out.keras"] if verb == "convert" else []))
    assert list(nowhere.iterdir()) == []


@pytest.mark.backend
def test_safe_mode_off_runs_nothing_either(nowhere: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = _file(tmp_path_factory.mktemp("file") / "hostile.h5", _imports_os)
    with pytest.raises(AnyKerasError):
        anykeras.load_model(file, safe_mode=False)
    assert list(nowhere.iterdir()) == []


@pytest.mark.backend
def test_the_same_file_with_harmless_code_opens(tmp_path: Path) -> None:
    """Else the refusals above could have another reason."""
    model = anykeras.load_model(_file(tmp_path / "harmless.h5", lambda x: x * 2))
    assert model.output_shape == (None, 4)
