"""SavedModel folders with recorded outputs, opened by AnyKeras, tf_keras, TFSMLayer or tf2onnx: right, wrong, refused.

    python benchmarks/savedmodel_peers.py anykeras|graph|tf_keras|tfsm|tf2onnx FOLDER.savedmodel ...

Beside each folder lies NAME.golden.npz with in0.. and out0... Of several inputs every order is tried, as tools name them
otherwise. tf_keras, tf2onnx and onnxruntime are not among the extras: give the tools a virtual environment of their own.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[list[np.ndarray]], Any]


def open_by_anykeras(folder: Path, signature: str | None = None) -> Run:
    import anykeras

    model = anykeras.load_model(folder, compile=False, **({"signature": signature} if signature else {}))
    names = [tensor.name for tensor in model.inputs]
    return lambda inputs: model(dict(zip(names, inputs, strict=True)) if len(inputs) > 1 else inputs[0])


def open_by_tf_keras(folder: Path) -> Run:
    import tf_keras

    model = tf_keras.models.load_model(folder, compile=False)
    return lambda inputs: model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0, batch_size=len(inputs[0]))


def open_by_tfsm_layer(folder: Path) -> Run:
    import keras
    import tensorflow as tf

    layer = keras.layers.TFSMLayer(folder, call_endpoint="serving_default")
    asked = tf.saved_model.load(str(folder)).signatures["serving_default"].structured_input_signature[1]

    def run(inputs: list[np.ndarray]) -> Any:
        tensors = {name: tf.cast(x, asked[name].dtype) for name, x in zip(asked, inputs, strict=True)}
        return layer(tensors if len(tensors) > 1 else next(iter(tensors.values())))

    return run


def open_by_tf2onnx(folder: Path) -> Run:
    import onnxruntime

    target = Path(tempfile.mkdtemp()) / "model.onnx"
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", str(folder), "--output", str(target), "--opset", "18"]
    subprocess.run(command, check=True, capture_output=True)
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    dtypes = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(string)": "O"}
    asked = {x.name: dtypes.get(x.type, x.type[7:-1]) for x in session.get_inputs()}
    return lambda inputs: session.run(None, {n: x.astype(asked[n]) for n, x in zip(asked, inputs, strict=True)})


TOOLS: Mapping[str, Callable[[Path], Run]] = {
    "anykeras": open_by_anykeras,
    "graph": lambda folder: open_by_anykeras(folder, "serving_default"),
    "tf_keras": open_by_tf_keras,
    "tfsm": open_by_tfsm_layer,
    "tf2onnx": open_by_tf2onnx,
}


def flatten(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, list | tuple):
        for item in value:
            yield from flatten(item)
    else:
        yield np.asarray(value)


def judge(tool: str, folder: Path) -> str:
    """`right`, `wrong`, or why it is refused. Outputs come in any order too."""
    with np.load(folder.with_suffix(".golden.npz"), allow_pickle=True) as golden:  # texts of our own recordings are objects
        inputs, wanted = ([golden[name] for name in sorted(golden) if name.startswith(stem)] for stem in ("in", "out"))
    inputs = [x.astype(str) if x.dtype.kind in "OSU" else x for x in inputs]
    seen = ""
    try:
        run = TOOLS[tool](folder)
    except Exception as error:
        return f"refused: {type(error).__name__} {error}"
    for order in itertools.islice(itertools.permutations(inputs), 6):
        try:
            found = list(flatten(run(list(order))))
        except Exception as error:
            seen = seen or f"refused: {type(error).__name__} {error}"
            continue
        if any(same(outputs, wanted) for outputs in itertools.islice(itertools.permutations(found), 24)):
            return "right"
        seen = "wrong"
    return seen


def same(outputs: tuple[np.ndarray, ...], wanted: list[np.ndarray]) -> bool:
    pairs = list(zip(outputs, wanted, strict=False))
    return len(outputs) == len(wanted) and all(
        a.shape == b.shape and np.allclose(a.astype("float64"), b.astype("float64"), rtol=1e-4, atol=1e-5, equal_nan=True)
        for a, b in pairs
    )


if __name__ == "__main__":
    counts: Counter[str] = Counter()
    for name in sys.argv[2:]:
        outcome = judge(sys.argv[1], Path(name))
        counts[outcome.split(":")[0]] += 1
        print(name, outcome.replace("\n", " ")[:160], flush=True)
    print(sys.argv[1], dict(counts))
