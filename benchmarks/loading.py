"""What does loading a model cost, and its first prediction, by AnyKeras and by stock Keras?

    KERAS_BACKEND=torch python benchmarks/loading.py [--rows dense ...] [--runs 5] [--folder DIR] [--megabytes 1000]

Files are made first (kept in DIR, where it is given). Then for each file one process a loader: it imports everything, loads a
small model, and then loads the file `runs` times. Printed are medians of CPU seconds (user and system) of loading and of the
first `predict` on one sample, and the growth of the peak RSS by the first load, and with its first `predict`. The load of
the machine stands below. The device is the one that the backend takes: a GPU where one is present.

dense       four Dense layers, ``.keras`` and ``.h5`` of the running Keras
keras2      the same numbers as Keras 2.3.1 on TensorFlow wrote them (``.h5``)
theano      convolutions as Keras 2.3.1 on Theano wrote them: their kernels are flipped on loading. Stock Keras does not
            flip them, and its outputs are wrong.
densenet, inception, deep   DenseNet121, InceptionV3 and 2,000 Dense layers of width 8, ``.keras``
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

RNG = np.random.default_rng(0)


def dense(megabytes: int) -> Any:
    """Four square Dense layers of so many megabytes together."""
    import keras

    width = int((megabytes * 2**20 / 16) ** 0.5) // 64 * 64
    model = keras.Sequential([keras.Input((width,))])
    for _ in range(4):
        model.add(keras.layers.Dense(width, activation="relu"))
    for layer in model.layers:
        layer.kernel.assign(RNG.random((width, width), dtype="float32") / width)
    return model


def deep(count: int) -> Any:
    """Dense layers of width 8, in branches of 50."""
    import keras

    start, ends = keras.Input((8,)), []
    for _ in range(count // 50):
        end = start
        for _ in range(50):
            end = keras.layers.Dense(8)(end)
        ends.append(end)
    return keras.Model(start, keras.layers.Add()(ends))


def application(name: str) -> Any:
    """A network of keras.applications with random weights."""
    import keras

    return getattr(keras.applications, name)(weights=None)


def write_old(path: Path, backend: str, layers: list[tuple[str, dict[str, Any], dict[str, np.ndarray]]]) -> None:
    """A Sequential as Keras 2.3.1 laid it out in HDF5."""
    with h5py.File(path, "w") as file:
        listed = [{"class_name": kind, "config": config} for kind, config, _ in layers]
        file.attrs["model_config"] = json.dumps(
            {"class_name": "Sequential", "config": {"name": "s", "layers": listed}}
        ).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [config["name"].encode() for _, config, _ in layers]
        for owner in (file, group):
            owner.attrs["keras_version"], owner.attrs["backend"] = b"2.3.1", backend.encode()
        for _, config, weights in layers:
            own = group.create_group(config["name"])
            own.attrs["weight_names"] = [f"{config['name']}/{role}:0".encode() for role in weights]
            for role, value in weights.items():
                own.create_dataset(f"{config['name']}/{role}:0", data=value)


def keras2(path: Path, megabytes: int) -> None:
    """Four Dense layers."""
    width = int((megabytes * 2**20 / 16) ** 0.5) // 64 * 64
    layers = []
    for i in range(1, 5):
        config = {"name": f"dense_{i}", "units": width, "activation": "relu", "batch_input_shape": [None, width]}
        kernel = RNG.random((width, width), dtype="float32") / width
        layers.append(("Dense", config, {"kernel": kernel, "bias": np.zeros(width, "float32")}))
    write_old(path, "tensorflow", layers)


def theano(path: Path, megabytes: int) -> None:
    """Four convolutions of 3 x 3."""
    width = int((megabytes * 2**20 / 16 / 9) ** 0.5) // 16 * 16
    layers = []
    for i in range(1, 5):
        config = {"name": f"conv2d_{i}", "filters": width, "kernel_size": [3, 3], "padding": "same"}
        config |= {"batch_input_shape": [None, 4, 4, width], "data_format": "channels_last"}
        kernel = RNG.random((3, 3, width, width), dtype="float32") / width
        layers.append(("Conv2D", config, {"kernel": kernel, "bias": np.zeros(width, "float32")}))
    write_old(path, "theano", layers)


ROWS: Mapping[str, Callable[[Path, int], None]] = {
    "dense.keras": lambda path, size: dense(size).save(path),
    "dense.h5": lambda path, size: dense(size).save(path),
    "keras2.h5": keras2,
    "theano.h5": theano,
    "densenet.keras": lambda path, size: application("DenseNet121").save(path),
    "inception.keras": lambda path, size: application("InceptionV3").save(path),
    "deep.keras": lambda path, size: deep(2000).save(path),
}


def cpu() -> float:
    """CPU seconds of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """Peak RSS in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(path: Path, small: Path, loader: str, runs: int) -> None:
    """Print a JSON object: one loader, one file, this process."""
    import keras

    import anykeras

    load = {"anykeras": anykeras.load_model, "keras": keras.models.load_model}[loader]
    load(small, compile=False).predict(np.zeros((1, 8), "float32"), verbose=0)
    before, loads, predictions, peaks = peak(), [], [], []
    for _ in range(runs):
        start = cpu()
        model = load(path, compile=False)
        loads.append(cpu() - start)
        peaks.append(peak() - before)
        x = np.zeros((1, *model.input_shape[1:]), "float32")
        start = cpu()
        model.predict(x, verbose=0)
        predictions.append(cpu() - start)
        peaks.append(peak() - before)
        del model
        keras.backend.clear_session()
        gc.collect()
    median = statistics.median
    print(json.dumps({"load": median(loads), "predict": median(predictions), "rss": peaks[0], "rss_predict": peaks[1]}))


def run(path: Path, small: Path, loader: str, runs: int) -> dict[str, float] | None:
    """The same in a process of its own; None where the loader fails."""
    command = [sys.executable, __file__, "--one", str(path), str(small), loader, "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print("   ", done.stderr.strip().splitlines()[-1][:150])
        return None
    result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def main() -> None:
    """Make the files and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="*", default=list(ROWS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=2, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.make:
        path, small = arguments.make
        ROWS[path.name](path, arguments.megabytes)
        deep(50).save(small)
        return
    if arguments.one:
        measure(Path(arguments.one[0]), Path(arguments.one[1]), arguments.one[2], arguments.runs)
        return
    with tempfile.TemporaryDirectory() as temporary:
        measure_rows(arguments.folder or Path(temporary), arguments)


def measure_rows(folder: Path, arguments: argparse.Namespace) -> None:
    """Print a table; both loaders take turns on each file."""
    import keras

    print(f"keras {keras.__version__} on {keras.backend.backend()}, {arguments.runs} runs, {time.strftime('%Y-%m-%d %H:%M')}")
    print("| file | loader | load, CPU s | first predict, CPU s | peak RSS of load, MB | with predict, MB | load average |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.rows:
        path = folder / name
        small = folder / f"small{path.suffix}"
        if not (path.exists() and small.exists()):
            # In a process of its own: a child starts with the peak RSS of this one.
            make = [sys.executable, __file__, "--make", str(path), str(small), "--megabytes", str(arguments.megabytes)]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for loader in ("anykeras", "keras"):
            found = run(path, small, loader, arguments.runs)
            keys = ("load", "predict", "rss", "rss_predict")
            cells = [f"{found[key]:.2f}" if key[0] != "r" else f"{found[key]:.0f}" for key in keys] if found else ["-"] * 4
            print(f"| {name} | {loader} | {' | '.join(cells)} | {os.getloadavg()[0]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
