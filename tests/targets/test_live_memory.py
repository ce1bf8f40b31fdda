"""What a live model's variables are made of: no initializer runs, their bytes are those of the file, and nobody else's."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import anykeras
from anykeras import keras_private
from anykeras.containers import mapping
from anykeras.targets import live_memory

pytestmark = pytest.mark.backend
keras = pytest.importorskip("keras")
LINUX = sys.platform.startswith("linux")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:
    """A stock ``.h5`` whose kernel is large enough to be mapped and lies aligned; an input, and stock Keras' output."""
    folder = tmp_path_factory.mktemp("stock")
    model = keras.Sequential([keras.Input((512,)), keras.layers.Dense(768, name="wide"), keras.layers.Dropout(0.5)])
    model.add(keras.layers.Dense(3, activation="softmax", name="narrow"))
    x = np.random.default_rng(1).normal(size=(4, 512)).astype("float32")
    y = np.asarray(model.predict(x, verbose=0))
    model.save(folder / "stock.h5")
    align(folder / "stock.h5", folder / "aligned.h5")
    return folder / "aligned.h5", x, y


def align(source: Path, target: Path, gap: int = 0) -> None:
    """The same HDF5 file with large arrays on pages, behind `gap` bytes that are not stored."""
    with h5py.File(source) as old, h5py.File(target, "w", alignment_threshold=4096, alignment_interval=4096) as new:
        if gap:
            space, plist = h5py.h5s.create_simple((gap,)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            h5py.h5d.create(new.id, b"gap", h5py.h5t.NATIVE_UINT8, space, plist)
        for name in old:
            old.copy(name, new)
        for key, value in old.attrs.items():
            new.attrs[key] = value


@pytest.fixture
def mapped(saved: tuple[Path, np.ndarray, np.ndarray], tmp_path: Path) -> Iterator[tuple[Any, Path, np.ndarray, np.ndarray]]:
    """A model that was loaded from a copy of that file."""
    path = tmp_path / "model.h5"
    path.write_bytes(saved[0].read_bytes())
    yield anykeras.load_model(path, compile=False), path, *saved[1:]


def maps(path: Path) -> bool:
    """Whether this process has the file in its memory."""
    return any(line.rstrip("\n").endswith(str(path)) for line in open("/proc/self/maps"))


def same(model: Any, x: np.ndarray, y: np.ndarray) -> None:
    np.testing.assert_allclose(np.asarray(model.predict(x, verbose=0)), y, rtol=1e-5, atol=1e-6)


def on_the_processor() -> bool:
    return LINUX and keras.backend.backend() in ("jax", "torch", "tensorflow")


def test_no_initializer_runs_and_seeds_are_those_of_keras(saved, tmp_path, monkeypatch):
    path, x, y = saved
    keras.utils.set_random_seed(7)
    expected = [np.asarray(v) for v in seeds(keras.models.load_model(path, compile=False))]
    drawn = []
    for name in ("GlorotUniform", "Orthogonal", "RandomUniform"):
        monkeypatch.setattr(
            getattr(keras.initializers, name), "__call__", lambda self, *a, **k: drawn.append(self), raising=True
        )
    keras.utils.set_random_seed(7)
    model = anykeras.load_model(path, compile=False)
    assert not drawn
    np.testing.assert_array_equal([np.asarray(v) for v in seeds(model)], expected)
    same(model, x, y)
    assert all(v._initializer is None for v in model.variables) and "assign" not in vars(model.weights[0])


def seeds(model: Any) -> list[Any]:
    saved = {id(v) for v in model.weights}
    return [v for v in model.variables if id(v) not in saved]


@pytest.mark.skipif(not on_the_processor(), reason="memory is shared by these backends, on Linux")
def test_the_kernel_is_the_file_and_goes_with_the_model(mapped):
    model, path, x, y = mapped
    assert maps(path)
    same(model, x, y)
    path.unlink()
    same(model, x, y)


def test_nothing_is_left_behind(saved, tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes(saved[0].read_bytes())
    anykeras.load_model(path, compile=False)
    if LINUX:
        for _ in range(3):
            anykeras.load_model(path, compile=False)
            keras.backend.clear_session()
            gc.collect()
        held = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")]
        assert not maps(path) and str(path) not in held


@pytest.mark.parametrize("how", ["itself", "keras", "python", "another process", "truncate"])
def test_the_file_is_written_over(mapped, how, tmp_path):
    model, path, x, y = mapped
    if how == "itself":
        model.save(path)
        same(anykeras.load_model(path, compile=False), x, y)
    elif how == "keras":
        other = tmp_path / "model.keras"
        os.rename(path, other)  # Keras goes by the name
        model.save(other)
        same(anykeras.load_model(other, compile=False), x, y)
    elif how == "python":
        path.write_bytes(b"something else")
    elif how == "another process":
        subprocess.run([sys.executable, "-c", f"open({str(path)!r}, 'r+b').write(bytes(3_000_000))"], check=True)
    else:
        os.truncate(path, 10)
    same(model, x, y)
    gc.collect()  # of the model that was loaded to compare
    assert not LINUX or not maps(path)


@pytest.mark.framework
def test_training_writes_into_memory_and_not_into_the_file(mapped):
    model, path, x, y = mapped
    before, kernel = path.read_bytes(), np.array(model.get_layer("wide").kernel)
    model.compile("sgd", "mse")
    model.fit(x, np.zeros_like(y), epochs=2, verbose=0)
    assert path.read_bytes() == before
    assert np.abs(np.array(model.get_layer("wide").kernel) - kernel).max() > 0
    same(anykeras.load_model(path, compile=False), x, y)


def test_copies_and_pickles(mapped):
    model, _, x, y = mapped
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same(other, x, y)
        other.get_layer("wide").kernel.assign(np.zeros((512, 768), "float32"))
    same(model, x, y)


def test_two_builds_share_nothing(saved):
    opened = anykeras.open(saved[0])
    first, second = opened.build(compile=False), opened.build(compile=False)
    first.get_layer("wide").kernel.assign(np.zeros((512, 768), "float32"))
    same(second, *saved[1:])


def test_quantize(mapped):
    model, _, x, y = mapped
    model.quantize("int8")
    np.testing.assert_allclose(np.asarray(model.predict(x, verbose=0)), y, atol=0.05)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_process_has_the_values_also_when_the_file_is_cut(mapped):
    model, path, x, y = mapped
    kernel = model.get_layer("wide").kernel
    array = np.asarray(kernel.value.detach() if keras.backend.backend() == "torch" else kernel.value)
    expected = float(array.sum(dtype="float64"))
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if not child:  # computes with numpy alone, as frameworks have threads that a child lacks
        os.read(ready[0], 1)
        os.write(done[1], repr(float(array.sum(dtype="float64"))).encode())
        os._exit(0)
    os.truncate(path, 0)
    os.write(ready[1], b"x")
    assert float(os.read(done[0], 100)) == expected
    os.waitpid(child, 0)
    for number in (*ready, *done):
        os.close(number)
    same(model, x, y)


@pytest.mark.parametrize("missing", ["leases", "deferring", "both"])
def test_what_is_missing_is_done_without(mapped, missing, monkeypatch):
    _, path, x, y = mapped
    if missing != "deferring":
        monkeypatch.setattr(mapping, "map_file", lambda descriptor: None)
    if missing != "leases":
        monkeypatch.setattr(keras_private, "defer_values", None)
        keras_private.can_defer.cache_clear()
    model = anykeras.load_model(path, compile=False)
    keras_private.can_defer.cache_clear()
    same(model, x, y)
    path.write_bytes(b"")
    same(model, x, y)


def test_keras_makes_variables_as_expected():
    assert keras_private.can_defer(keras)


def test_read_only_and_beyond_four_gigabytes(saved, tmp_path):
    path = tmp_path / "far.h5"
    align(saved[0], path, gap=(1 << 32) + (1 << 20))
    if path.stat().st_blocks * 512 > 1 << 30:
        pytest.skip("the file system does not store gaps as such")
    path.chmod(0o400)
    same(anykeras.load_model(path, compile=False), *saved[1:])


@pytest.mark.framework
def test_slots_are_filled_and_training_goes_on(tmp_path):
    model = keras.Sequential([keras.Input((600,)), keras.layers.Dense(500), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    x, y = np.ones((8, 600), "float32"), np.ones((8, 2), "float32")
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "adam.keras")
    loaded = anykeras.load_model(tmp_path / "adam.keras")
    for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.array(ours), np.array(theirs), err_msg=theirs.path)
    kept = model.fit(x, y, epochs=1, verbose=0).history["loss"]
    np.testing.assert_allclose(loaded.fit(x, y, epochs=1, verbose=0).history["loss"], kept, rtol=1e-5)


def test_a_sequential_is_built_once(tmp_path, monkeypatch):
    """Keras builds it anew for each layer that is added: work that grows with the square of their number."""
    path = tmp_path / "chain.keras"
    inner = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)], name="inner")
    saved = keras.Sequential([keras.Input((4,)), *[keras.layers.Dense(4) for _ in range(30)], inner])
    saved.save(path)
    calls = []
    call = keras.layers.Dense.__call__
    monkeypatch.setattr(keras.layers.Dense, "__call__", lambda self, *a, **k: calls.append(self) or call(self, *a, **k))
    model = anykeras.load_model(path)
    assert type(model) is type(model.get_layer("inner")) is keras.Sequential
    assert len(calls) < 100  # 32 layers, each called for its shape and for the model; Keras: more than 500
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(model.predict(x, verbose=0), saved.predict(x, verbose=0))
    model.save(tmp_path / "again.keras")
    assert keras.models.load_model(tmp_path / "again.keras").get_config()["layers"][-1]["class_name"] == "Sequential"


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="how jax owns memory")
def test_large_weights_that_cannot_be_mapped_are_read_into_memory_of_xla(saved, monkeypatch):
    """It is what Keras may give away (``donate_argnums``): other memory would be copied when the model first runs."""
    path, x, y = saved
    monkeypatch.setattr(mapping, "map_file", lambda descriptor: None)
    made = []
    fresh = live_memory._find_jax_memory
    monkeypatch.setattr(live_memory, "_find_jax_memory", lambda *asked: made.append(fresh(*asked)) or made[-1])
    model = anykeras.load_model(path, compile=False)
    places = {memory.ctypes.data for memory in made}
    large = [v.value for v in model.weights if v.value.nbytes >= 1 << 20]
    assert large and {value.unsafe_buffer_pointer() for value in large} <= places
    same(model, x, y)


@pytest.mark.skipif(not on_the_processor(), reason="memory is shared by these backends, on Linux")
def test_pages_that_were_let_go_come_from_the_file_or_stay(tmp_path):
    """What was copied, as somebody opened the file to write, is not let go: zeros would come in its place."""
    path, numbers = tmp_path / "numbers", np.arange(1 << 20, dtype="int64")
    numbers.tofile(path)
    with open(path, "rb") as file:
        memory = mapping.map_file(file.fileno())
    mapping.forget_pages(memory, 4, 4 << 20)
    assert (memory.view("int64") == numbers).all()
    subprocess.run([sys.executable, "-c", f"open({str(path)!r}, 'r+b').write(bytes(3_000_000))"], check=True)
    mapping.forget_pages(memory, 4, 4 << 20)
    assert (memory.view("int64") == numbers).all()


def test_a_kernel_whose_layout_changes_is_read_from_the_mapping(tmp_path):
    """Two layers that have the same numbers in the file, flipped: each has its own."""
    kernel = np.random.default_rng(3).random((3, 3, 200, 200)).astype("float32")
    path = tmp_path / "theano.h5"
    layers = []
    with h5py.File(path, "w") as file:
        for owner in (file, file.create_group("model_weights")):
            owner.attrs["keras_version"], owner.attrs["backend"] = b"2.3.1", b"theano"
        file["model_weights"].attrs["layer_names"] = [b"c1", b"c2"]
        for name in ("c1", "c2"):
            config = {"name": name, "filters": 200, "kernel_size": [3, 3], "padding": "same", "use_bias": False}
            config |= {"batch_input_shape": [None, 4, 4, 200], "data_format": "channels_last"}
            layers.append({"class_name": "Conv2D", "config": config})
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode()]
            group.create_dataset(f"{name}/kernel:0", data=kernel)
        text = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}})
        file.attrs["model_config"] = text.encode()
    model = anykeras.load_model(path, compile=False)
    for layer in model.layers:
        np.testing.assert_array_equal(np.array(layer.kernel), kernel[::-1, ::-1])
    gc.collect()
    assert not LINUX or not maps(path)


@pytest.mark.skipif(not on_the_processor(), reason="memory is shared by these backends, on Linux")
@pytest.mark.parametrize("flipped", [False, True])
def test_a_live_model_is_filled_tensor_by_tensor(flipped, tmp_path, monkeypatch):
    """A file that cannot change is mapped until every tensor was checked; none of its arrays lies where a backend takes it."""
    path, names = tmp_path / "w.h5", [f"conv2d_{number}" for number in range(1, 7)]
    kernel = np.random.default_rng(4).random((3, 3, 200, 200)).astype("float32")
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.3.1", b"theano" if flipped else b"tensorflow"
        file.attrs["layer_names"] = [name.encode() for name in names]
        for number, name in enumerate(names):
            file.create_dataset(f"odd_{number}", data=np.zeros(3, "uint8"))
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode()]
            group.create_dataset(f"{name}/kernel:0", data=kernel + number)
    layers = [keras.layers.Conv2D(200, 3, padding="same", use_bias=False) for _ in names]
    model = keras.Sequential([keras.Input((4, 4, 200)), *layers])
    assign, held, step = keras.Variable.assign, [], -1 if flipped else 1

    def measure(variable, value):
        held.append(tracemalloc.get_traced_memory()[1])
        return assign(variable, value)

    monkeypatch.setattr(keras.Variable, "assign", measure)
    tracemalloc.start()
    try:
        anykeras.load_weights(model, path)
    finally:
        tracemalloc.stop()
    for number, layer in enumerate(model.layers):
        np.testing.assert_array_equal(np.array(layer.kernel), (kernel + number)[::step, ::step])
    assert held[0] < 2.5 * kernel.nbytes
