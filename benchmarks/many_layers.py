"""What does a model of thousands of layers cost before Keras is called, and what does stock Keras take to load it?

    KERAS_BACKEND=jax python benchmarks/many_layers.py [LAYERS ...] [--without-keras]

Writes files as Keras 1 and 2 laid them out (and the first of them again as ``.keras``), and prints CPU seconds: of
`anykeras.inspect`, which does all but building the model; of `anykeras.load_model`; and of `keras.models.load_model`
on the same file, where stock Keras opens it. Kinds of models:

dense       a Sequential of Dense layers, Keras 2
keras1      the same as Keras 1.2 wrote it; stock Keras does not open it
residual    a functional model: Dense, BatchNormalization, Activation, and an Add around each three of them, Keras 2
masked      the same over a masked Embedding, each Add of a masked and an unmasked tensor, with an LSTM behind
wide        one input, as many Dense layers on it, a Concatenate, Keras 2
chain       a functional chain of Dense layers, longer than Keras can follow by recursion with Python's own limit
calls       one Dense layer, called as often
lambdas     a chain of Lambdas that share one function, as Python 3.6 compiled it
nested      submodels of eight layers, in one another sixteen deep, side by side
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


def wide(count: int) -> tuple[str, Json, Weights]:
    """`count` Dense layers side by side."""
    names = [f"dense_{i}" for i in range(1, count + 1)]
    listed = [entrance(), *(called("Dense", dense(name)["config"], "input_1") for name in names)]
    listed.append(called("Concatenate", {"name": "concatenate_1", "axis": -1}, *names))
    held: Weights = {"input_1": {}, **{name: dense_weights(name) for name in names}, "concatenate_1": {}}
    return functional("model_1", listed, "concatenate_1", held)


def chain(count: int) -> tuple[str, Json, Weights]:
    """`count` Dense layers one behind the other."""
    names = [f"dense_{i}" for i in range(1, count + 1)]
    before = ["input_1", *names]
    listed = [entrance(), *(called("Dense", dense(name)["config"], start) for start, name in zip(before, names, strict=False))]
    return functional("model_1", listed, names[-1], {"input_1": {}, **{name: dense_weights(name) for name in names}})


def calls(count: int) -> tuple[str, Json, Weights]:
    """One Dense layer, `count` times behind itself."""
    layer = called("Dense", dense("dense_1")["config"], "input_1")
    layer["inbound_nodes"] += [[["dense_1", i, 0, {}]] for i in range(count - 1)]
    return functional(
        "model_1", [entrance(), layer], "dense_1", {"input_1": {}, "dense_1": dense_weights("dense_1")}, count - 1
    )


# ``lambda x: x * 2 + 1`` as CPython 3.6 compiled it: what keras 2.3.1 ``func_dump`` gives, in base64 of marshal.
_LAMBDA = (
    "4wEAAAAAAAAAAQAAAAIAAABDAAAAcwwAAAB8AGQBFABkAhcAUwApA07pAgAAAOkBAAAAqQApAdoB\n"
    "eHIDAAAAcgMAAAD6BGEucHnaCDxsYW1iZGE+AQAAAHMAAAAA\n"
)


def lambdas(count: int) -> tuple[str, Json, Weights]:
    """`count` Lambdas one behind the other, of the same function."""
    names = [f"lambda_{i}" for i in range(1, count + 1)]
    common = {"function": [_LAMBDA, None, None], "function_type": "lambda", "output_shape": None, "arguments": {}}
    common |= {"output_shape_type": "raw"}
    listed = [entrance()]
    for start, name in zip(["input_1", *names], names, strict=False):
        listed.append(called("Lambda", {"name": name, "trainable": True, "dtype": "float32", **common}, start))
    return functional("model_1", listed, names[-1], {"input_1": {}, **{name: {} for name in names}})


def nested(count: int, depth: int = 16) -> tuple[str, Json, Weights]:
    """Towers of submodels in one another, `depth` deep, with eight layers at the bottom; about `count` layers."""
    listed, weights = [entrance()], {"input_1": {}}
    start = "input_1"
    for tower in range(max(1, count // (8 + 2 * depth))):
        inner = [entrance(f"in_{tower}_0")]
        names = [f"dense_{tower}_{i}" for i in range(8)]
        for before, name in zip([f"in_{tower}_0", *names], names, strict=False):
            inner.append(called("Dense", dense(name)["config"], before))
        model, end = functional(f"tower_{tower}_0", inner, names[-1])[1], f"tower_{tower}_0"
        for level in range(1, depth):
            around = [entrance(f"in_{tower}_{level}"), called("Model", model, f"in_{tower}_{level}")]
            end = f"tower_{tower}_{level}"
            model = functional(end, around, f"tower_{tower}_{level - 1}")[1]
        listed.append(called("Model", model, start))
        weights[end] = {key: value for name in names for key, value in dense_weights(name).items()}
        start = end
    return functional("model_1", listed, start, weights)


def entrance(name: str = "input_1") -> Json:
    """An input of `WIDTH` numbers."""
    return called("InputLayer", {"name": name, "batch_input_shape": [None, WIDTH], "dtype": "float32", "sparse": False})


def functional(
    name: str, listed: Sequence[Json], end: str, weights: Weights | None = None, call: int = 0
) -> tuple[str, Json, Weights]:
    """A functional model from its first layer to a call of `end`."""
    ends = {"input_layers": [[listed[0]["name"], 0, 0]], "output_layers": [[end, call, 0]]}
    return "Model", {"name": name, "layers": list(listed), **ends}, weights or {}


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
    "wide": (wide, "2.3.1"),
    "chain": (chain, "2.3.1"),
    "calls": (calls, "2.3.1"),
    "lambdas": (lambdas, "2.3.1"),
    "nested": (nested, "2.3.1"),
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
