"""Names that a stranger writes into a file: refused or left out with a finding, at every place of a configuration.

Every value of the configurations of genuine small files is replaced, one at a time, by each of the names below. Some of them
would touch a canary if they were ever looked up and called, by Keras or by anything else; the process has unsafe
deserialization enabled.
"""

from __future__ import annotations

import base64
import copy
import json
import marshal
import os
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import pytest

import anykeras
from anykeras import verification
from anykeras.catalog import allowed
from anykeras.catalog.operations import list_functions
from anykeras.errors import AnyKerasError
from genuine import FIXTURES

CANARY = Path(os.environ.get("TMPDIR", "/tmp")) / f"anykeras-canary-{os.getpid()}"
SHELL = f"touch {CANARY}"


@keras.saving.register_keras_serializable("hostile")
def registered(*args: Any, **kwargs: Any) -> Any:
    """A function that the process has registered for purposes of its own."""
    CANARY.write_text("called")
    return args[0] if args else None


def _code() -> dict[str, Any]:
    function = compile(f"lambda x: __import__('os').system({SHELL!r})", "x", "eval").co_consts[0]
    text = base64.b64encode(marshal.dumps(function)).decode()
    return {"class_name": "__lambda__", "config": {"code": text, "value": text, "defaults": None, "closure": None}}


def _object(module: str | None, class_name: str, config: Any, registered_name: str | None = None) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": registered_name}


SECRET = {"fname": "x", "origin": f"file://{CANARY}"}
HOSTILE: dict[str, Any] = {
    "a class of os": _object("os", "system", {"command": SHELL}),
    "a function of os": _object("os", "function", "system", "system"),
    "a function of builtins": _object("builtins", "function", "exec", "function"),
    "a class of builtins": _object("builtins", "eval", {"source": "1"}),
    "registered as another": _object("keras.layers", "Dense", {"name": "d", "units": 1}, "hostile>registered"),
    "what the process registered": _object("hostile", "registered", {}, "hostile>registered"),
    "its function": _object("hostile", "function", "hostile>registered", "hostile>registered"),
    "its name": "hostile>registered",
    "a download as a function": _object("keras.utils", "function", "get_file", "get_file"),
    "a download as a class": _object("keras.utils", "get_file", SECRET),
    "a download by its home": _object("keras.src.utils.file_utils", "get_file", SECRET),
    "loading as a function": _object("keras.models", "function", "load_model", "load_model"),
    "loading as a class": _object("keras.saving", "load_model", {"filepath": str(CANARY)}),
    "the switch of safe mode": _object("keras.config", "enable_unsafe_deserialization", {}),
    "code": _code(),
    "code in a layer": _object("keras.layers", "Lambda", {"name": "l", "function": _code()}),
    "code in TensorFlow's saved model": _object("keras.layers", "TFSMLayer", {"name": "t", "filepath": str(CANARY)}),
    "code in a pickle": _object("keras.layers", "TorchModuleWrapper", {"name": "t", "module": "gASVCg=="}),
    "code of jax": _object("keras.layers", "JaxLayer", {"name": "j", "call_fn": _code()}),
    "words in a file": _object("keras.layers", "StringLookup", {"name": "s", "vocabulary": str(CANARY)}),
    "an array of objects": {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
    "a type of TensorFlow": {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": [SHELL],
                             "registered_name": None},
    "no module": {"class_name": "os.system", "config": {"command": SHELL}},
}  # fmt: skip
MARKS = ("os.system", '"os"', "touch ", "hostile>", "get_file", "load_model", "file_utils", "enable_unsafe", "__lambda__",
         "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "__typespec__", '"exec"', '"eval"', '"object"',
         CANARY.name)  # fmt: skip

FILES = {
    "keras3": FIXTURES / "keras3.3-tf/sequential_trained.keras",
    "tf2 zip": FIXTURES / "tfkeras2.13/adamw.keras",
    "tf2": FIXTURES / "tfkeras2.13/adam_clipnorm.h5",
    "keras2": FIXTURES / "keras2.3-tf/adagrad.h5",
    "keras1": FIXTURES / "keras1-theano/bidirectional_modes.h5",
}


@pytest.fixture(autouse=True)
def unsafe() -> Iterator[None]:
    """Unsafe deserialization enabled, as some program may have done for a file of its own."""
    before = keras.src.saving.serialization_lib.in_safe_mode()
    keras.config.enable_unsafe_deserialization()
    CANARY.unlink(missing_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    keras.src.saving.serialization_lib.global_state.set_global_attribute("safe_mode_saving", before)
    assert not CANARY.exists()


def read_configs(path: Path) -> dict[str, Any]:
    """The configurations of a file, by the part that they stand in."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            return {"config.json": json.loads(archive.read("config.json"))}
    with h5py.File(path) as file:
        return {key: json.loads(file.attrs[key]) for key in ("model_config", "training_config") if key in file.attrs}


def write_configs(source: Path, target: Path, part: str, config: Any) -> None:
    """`source` with another configuration."""
    if source.suffix == ".keras":
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for info in old.infolist():
                new.writestr(info, json.dumps(config) if info.filename == part else old.read(info))
        return
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        file.attrs[part] = json.dumps(config)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a configuration below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def put(config: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    changed = copy.deepcopy(config)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


def convert(path: Path) -> tuple[str, anykeras.opened.Converted | None]:
    """What a conversion writes as the configuration, "" where it is refused."""
    target = path.with_suffix(".out.keras")
    try:
        result = anykeras.convert(path, target, force=True)
    except AnyKerasError:
        return "", None
    with zipfile.ZipFile(target) as archive:
        return archive.read("config.json").decode(), result


PAIRS = [(name, part, path) for name, source in FILES.items() for part, config in read_configs(source).items()
         for path in places(config)]  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_name_at_any_place_is_refused_or_left_out(what: str, tmp_path: Path) -> None:
    number = list(HOSTILE).index(what)
    for name, part, path in PAIRS[number :: len(HOSTILE) * 2]:
        source = FILES[name]
        target = tmp_path / f"x{source.suffix}"
        write_configs(source, target, part, put(read_configs(source)[part], path, HOSTILE[what]))
        written, _ = convert(target)
        is_label = path[-1] == "name"  # what a layer is called is looked up nowhere
        assert is_label or [mark for mark in MARKS if mark in written] == [], (name, path)


KERAS3 = FILES["keras3"]
FIRST = ("config", "layers", 3)  # a Dense with a regularizer, as the next test makes sure
MODEL_PLACES: dict[str, tuple[str | int, ...]] = {
    "layer": FIRST,
    "activation": (*FIRST, "config", "activation"),
    "dtype policy": (*FIRST, "config", "dtype"),
    "an argument": (*FIRST, "config", "units"),
    "quantization": (*FIRST, "config", "quantization_config"),
    "the model": ("config",),
}
GONE_PLACES: dict[str, tuple[str | int, ...]] = {
    "initializer": (*FIRST, "config", "kernel_initializer"),
    "regularizer": (*FIRST, "config", "kernel_regularizer"),
    "constraint": (*FIRST, "config", "bias_constraint"),
}
TRAINING_PLACES: dict[str, tuple[str | int, ...]] = {
    "optimizer": ("compile_config", "optimizer"),
    "schedule": ("compile_config", "optimizer", "config", "learning_rate"),
    "argument of an optimizer": ("compile_config", "optimizer", "config", "beta_1"),
    "loss": ("compile_config", "loss"),
    "metrics": ("compile_config", "metrics"),
    "weighted metrics": ("compile_config", "weighted_metrics"),
}
NAMES = [
    *("a class of os", "a function of builtins", "a class of builtins", "a download as a function", "a download as a class"),
    *("loading as a function", "the switch of safe mode", "code", "code in a layer", "a type of TensorFlow"),
]


def write_hostile(folder: Path, path: tuple[str | int, ...], value: Any) -> Path:
    target = folder / "x.keras"
    write_configs(KERAS3, target, "config.json", put(read_configs(KERAS3)["config.json"], path, value))
    return target


def test_the_file_is_as_the_places_say() -> None:
    config = read_configs(KERAS3)["config.json"]
    held: Any = config
    for step in FIRST:
        held = held[step]
    assert held["class_name"] == "Dense" and config["compile_config"]["optimizer"]


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("place", MODEL_PLACES)
def test_a_name_in_the_model_is_refused(place: str, what: str, tmp_path: Path) -> None:
    target = write_hostile(tmp_path, MODEL_PLACES[place], HOSTILE[what])
    with pytest.raises(AnyKerasError):
        anykeras.load_model(target)


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("place", GONE_PLACES)
def test_a_name_that_acts_on_training_alone_is_left_out(place: str, what: str, tmp_path: Path) -> None:
    try:
        opened = anykeras.open(write_hostile(tmp_path, GONE_PLACES[place], HOSTILE[what]))
    except AnyKerasError:
        return
    assert {finding.code for finding in opened.findings} & {"AK3014", "AK5008"}
    anykeras.load_model(opened.path)


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("place", TRAINING_PLACES)
def test_a_name_in_training_leaves_the_model_open(place: str, what: str, tmp_path: Path) -> None:
    target = write_hostile(tmp_path, TRAINING_PLACES[place], HOSTILE[what])
    written, result = convert(target)
    assert result is not None and [mark for mark in MARKS if mark in written] == []
    assert {finding.code for finding in result.findings} & {"AK4001", "AK4002", "AK4060"}
    anykeras.load_model(target)


def test_an_optimizer_that_names_another_thing_leaves_the_model_uncompiled(tmp_path: Path) -> None:
    target = write_hostile(tmp_path, TRAINING_PLACES["argument of an optimizer"], HOSTILE["a download as a class"])
    opened = anykeras.open(target)
    assert [finding.affects for finding in opened.findings if finding.code == "AK4060"] == [anykeras.Affects.TRAINING]
    assert getattr(opened.build(), "optimizer", None) is None


@pytest.mark.parametrize("key", sorted(allowed.CONTENT_ONLY))
def test_a_vocabulary_is_content_and_no_path(key: str, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("secret\n")
    config = {"name": "s", "output_mode": "tf_idf", "vocabulary": ["a"], "idf_weights": [1.0], key: str(words)}
    layer = {"module": "keras.layers", "class_name": "StringLookup", "config": config, "registered_name": None}
    with pytest.raises(AnyKerasError):
        anykeras.load_model(write_hostile(tmp_path, FIRST, layer))


def test_what_the_process_registered_does_not_take_the_place_of_what_keras_has(tmp_path: Path) -> None:
    keras.saving.get_custom_objects()["hostile>relu"] = registered
    try:
        anykeras.load_model(KERAS3)
    finally:
        del keras.saving.get_custom_objects()["hostile>relu"]


def test_stock_keras_sees_no_file_with_such_a_name(tmp_path: Path) -> None:
    layer = _object("keras.layers", "Lambda", {"name": "l", "function": _code()})
    target = write_hostile(tmp_path, FIRST, layer)
    assert verification.numeric.load_with_stock_keras(str(target)) is None
    assert verification.numeric.load_with_stock_keras(str(KERAS3)) is not None


PUBLIC = [(module, name) for module, names in allowed.CLASSES.items() for name in sorted(names)]


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_allowed_class_is_one_of_keras(module: str, name: str) -> None:
    if module == "keras.src.models.functional":
        assert keras.src.models.functional.Functional.__name__ == name
        return
    holder: Any = keras
    for part in module.split(".")[1:]:
        holder = getattr(holder, part)
    found = getattr(holder, name, None)
    assert found is None or hasattr(found, "from_config")  # the oldest minor lacks some
    assert name not in ("TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")


def test_every_operation_that_is_written_is_allowed() -> None:
    from anykeras.catalog.operations import find

    operations = [find(name) for name in list_functions()]
    assert all(op is not None and allowed.is_allowed(op.module, op.class_name) for op in operations)


def test_names_of_other_modules_are_not_allowed() -> None:
    assert not allowed.is_allowed("keras.src.layers.core.dense", "Dense")
    assert not allowed.is_allowed("keras.src.ops.nn", "get_file") and not allowed.is_allowed("os", "system")
