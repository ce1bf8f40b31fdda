"""What does a model of thousands of layers cost before Keras is called, and what does stock Keras take to load it?

    KERAS_BACKEND=jax python benchmarks/many_layers.py [LAYERS ...] [--without-keras]

Writes files as Keras 1 and 2 laid them out (and the first of them again as ``.keras``), and prints CPU seconds: of
`anykeras.inspect`, which does all but building the model; of `anykeras.load_model`; and of `keras.models.load_model`
on the same file, where stock Keras opens it. Kinds of models:

dense       a Sequential of Dense layers, Keras 2
keras1      the same as Keras 1.2 wrote it; stock Keras does not open it
residual    a functional model: Dense, BatchNormalization, Activation, and an Add around each three of them, Keras 2
masked      the same over a masked Embedding, each Add of a masked and an unmasked tensor, with an LSTM behind
keras3      the residual model after `anykeras.convert`
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import anykeras

WIDTH = 4
Json = dict[str, Any]
Weights = Mapping[str, Mapping[str, np.ndarray]]


def dense_chain(count: int) -> tuple[str, Json, Weights]:
    """Class, configuration and weights by layer of a Sequential of `count` Dense layers, as Keras 2.3.1 wrote it."""
    layers = [dense(f"dense_{i}") for i in range(1, count + 1)]
    layers[0]["config"]["batch_input_shape"] = [None, WIDTH]
    return "Sequential", {"name": "sequential_1", "layers": layers}, {x["config"]["name"]: dense_weights() for x in layers}


def keras1_chain(count: int) -> tuple[str, Any, Weights]:
    """The same as Keras 1.2.2 wrote it: a list of layers, with the arguments of that time."""
    layers, weights = [], {}
    for i in range(1, count + 1):
        name = f"dense_{i}"
        config: Json = {"name": name, "output_dim": WIDTH, "input_dim": WIDTH, "init": "glorot_uniform"}
        config |= {"activation": "relu", "bias": True, "trainable": True, "W_regularizer": None, "b_regularizer": None}
        config |= {"W_constraint": None, "b_constraint": None, "activity_regularizer": None}
        if i == 1:
            config |= {"batch_input_shape": [None, WIDTH], "input_dtype": "float32"}
        layers.append({"class_name": "Dense", "config": config})
        weights[name] = {f"{name}_W": np.eye(WIDTH, dtype="float32"), f"{name}_b": np.zeros(WIDTH, "float32")}
    return "Sequential", layers, weights


def residual(count: int, masked: bool = False) -> tuple[str, Json, Weights]:
    """A functional model of `count` layers as Keras 2.3.1 wrote it; `masked` puts it on an Embedding that makes masks."""
    shape = [None, 5] if masked else [None, WIDTH]
    dtype = "int32" if masked else "float32"
    entrance: Json = {"name": "input_1", "batch_input_shape": shape, "dtype": dtype, "sparse": False}
    listed = [called("InputLayer", entrance)]
    weights: dict[str, Mapping[str, np.ndarray]] = {"input_1": {}}
    ends = ["input_1"]
    if masked:
        for name, mask_zero in (("embedding_1", True), ("embedding_2", False)):
            config: Json = {"name": name, "input_dim": 9, "output_dim": WIDTH, "mask_zero": mask_zero, "input_length": None}
            listed.append(called("Embedding", config, "input_1"))
            weights[name] = {f"{name}/embeddings:0": np.ones((9, WIDTH), "float32")}
        ends = ["embedding_1", "embedding_2"]
    start, other = ends[0], ends[-1]
    for number in range(1, (count - len(listed)) // 4 + 1):
        for layer, held in block(number):
            listed.append(called(layer["class_name"], layer["config"], start))
            weights[layer["config"]["name"]] = held
            start = layer["config"]["name"]
        name = f"add_{number}"
        listed.append(called("Add", {"name": name, "trainable": True}, start, other))
        weights[name] = {}
        start, other = name, other if masked else name
    if masked:
        listed.append(called("LSTM", {"name": "lstm_1", "units": WIDTH}, start))
        kernels = {part: np.zeros((WIDTH, 4 * WIDTH), "float32") for part in ("kernel", "recurrent_kernel")}
        held = {**kernels, "bias": np.zeros(4 * WIDTH, "float32")}
        weights["lstm_1"] = {f"lstm_1/{part}:0": value for part, value in held.items()}
        start = "lstm_1"
    ends_of = {"input_layers": [["input_1", 0, 0]], "output_layers": [[start, 0, 0]]}
    return "Model", {"name": "model_1", "layers": listed, **ends_of}, weights


def block(number: int) -> Iterator[tuple[Json, Mapping[str, np.ndarray]]]:
    """Three layers with their weights."""
    yield dense(f"dense_{number}"), dense_weights(f"dense_{number}")
    name = f"batch_normalization_{number}"
    numbers = {"gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}
    config = {"name": name, "axis": -1, "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True}
    yield (
        {"class_name": "BatchNormalization", "config": config},
        {f"{name}/{role}:0": np.full(WIDTH, value, "float32") for role, value in numbers.items()},
    )
    yield {"class_name": "Activation", "config": {"name": f"activation_{number}", "activation": "relu"}}, {}


def dense(name: str) -> Json:
    """A Dense layer."""
    config = {"name": name, "trainable": True, "units": WIDTH, "activation": "relu", "use_bias": True}
    return {"class_name": "Dense", "config": config}


def dense_weights(name: str = "dense") -> Mapping[str, np.ndarray]:
    """Kernel and bias of shapes (WIDTH, WIDTH) and (WIDTH,), float32."""
    return {f"{name}/kernel:0": np.eye(WIDTH, dtype="float32"), f"{name}/bias:0": np.zeros(WIDTH, "float32")}


def called(class_name: str, config: Json, *inputs: str) -> Json:
    """A layer of a functional model with its one call."""
    nodes = [[[name, 0, 0, {}] for name in inputs]] if inputs else []
    return {"class_name": class_name, "config": config, "name": config["name"], "inbound_nodes": nodes}


def write(path: Path, model: tuple[str, Any, Weights], version: str) -> Path:
    """An HDF5 file as ``model.save`` of that Keras laid it out."""
    class_name, config, weights = model
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        text = json.dumps({"class_name": class_name, "config": config}).encode()
        file.attrs["model_config"] = text
        group = file.create_group("model_weights")
        group.attrs["backend"], group.attrs["keras_version"] = b"tensorflow", version.encode()
        in_chunks(group, "layer_names", list(weights))
        for layer, held in weights.items():
            own = group.create_group(layer)
            own.attrs["weight_names"] = np.array([name.encode() for name in held], dtype="S64" if held else "S1")
            for name, value in held.items():
                own.create_dataset(name, data=value)
    return path


def in_chunks(group: h5py.Group, key: str, names: Sequence[str]) -> None:
    """A list of names, in several attributes where one would be too long (keras 2.3.1 ``save_attributes_to_hdf5_group``)."""
    encoded = np.array([name.encode() for name in names])
    chunks = np.array_split(encoded, encoded.nbytes // 60_000 + 1)
    if len(chunks) == 1:
        group.attrs[key] = encoded
    for i, chunk in enumerate(chunks if len(chunks) > 1 else []):
        group.attrs[f"{key}{i}"] = chunk


def cpu_seconds(work: Callable[[], Any]) -> float | None:
    """CPU seconds of this process, None where `work` fails."""
    gc.collect()
    start = time.process_time()
    try:
        work()
    except Exception as error:  # whatever stock Keras raises for a file that it does not open
        print(f"    {type(error).__name__}: {' '.join(str(error).split())[:120]}")
        return None
    return time.process_time() - start


FILES: Mapping[str, tuple[Callable[[int], tuple[str, Any, Weights]], str]] = {
    "dense": (dense_chain, "2.3.1"),
    "keras1": (keras1_chain, "1.2.2"),
    "residual": (residual, "2.3.1"),
    "masked": (lambda count: residual(count, masked=True), "2.3.1"),
}


def main() -> None:
    """Print a table for each number of layers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layers", nargs="*", type=int, default=[2000])
    parser.add_argument("--kinds", nargs="*", default=[*FILES, "keras3"])
    parser.add_argument("--without-keras", action="store_true", help="only what AnyKeras does before Keras is called")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100 * max(1000, *arguments.layers))  # Keras goes along the layers of a graph by recursion
    with tempfile.TemporaryDirectory() as folder:
        measure_all(Path(folder), arguments.layers, arguments.kinds, not arguments.without_keras)


def measure_all(folder: Path, layers: Sequence[int], kinds: Sequence[str], with_keras: bool) -> None:
    """Write each file and print what it costs."""
    warm_up(folder, with_keras)
    print(f"{'layers':>7}  {'kind':<9} {'before Keras':>12} {'anykeras.load_model':>20} {'keras.models.load_model':>24}")
    for count in layers:
        for kind in kinds:
            path = file_of(folder, kind, count)
            seconds = [cpu_seconds(lambda path=path: anykeras.inspect(path))]
            if with_keras:
                import keras

                seconds.append(cpu_seconds(lambda path=path: anykeras.load_model(path, compile=False)))
                seconds.append(cpu_seconds(lambda path=path: keras.models.load_model(path, compile=False)))
                keras.backend.clear_session()
            cells = ["-" if s is None else f"{s:.2f} s" for s in (*seconds, None, None)]
            print(f"{count:>7}  {kind:<9} {cells[0]:>12} {cells[1]:>20} {cells[2]:>24}", flush=True)


def warm_up(folder: Path, with_keras: bool) -> None:
    """Import what is imported late, which is no cost of a large model."""
    path = file_of(folder, "residual", 9)
    anykeras.inspect(path)
    if with_keras:
        import keras

        anykeras.load_model(path)
        keras.models.load_model(path, compile=False)


def file_of(folder: Path, kind: str, count: int) -> Path:
    """A file of this kind with about `count` layers."""
    if kind == "keras3":
        path = folder / f"keras3_{count}.keras"
        anykeras.convert(file_of(folder, "residual", count), path, force=True)
        return path
    model, version = FILES[kind]
    return write(folder / f"{kind}_{count}.h5", model(count), version)


if __name__ == "__main__":
    main()
