"""Is a lifted Lambda as fast as the same operations written by hand? Prints the ratio for each kind of file.

    KERAS_BACKEND=jax python benchmarks/lambda_speed.py [ROUNDS]

Each pair is run in turns, so that what else the machine does falls on both; the fastest round counts.
"""

from __future__ import annotations

import base64
import marshal
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from anykeras import targets
from anykeras.document.build import Builder
from anykeras.document.model import Code, Document, Era, Layer, Writer
from anykeras.recovery import recover

K: Any = None  # what the functions below name; they are followed, not called
BATCH = 64


def scaling(x: Any) -> Any:
    return x / 127.5 - 1.0


def squash(x: Any, axis: int = -1) -> Any:
    s = K.sum(K.square(x), axis, keepdims=True) + K.epsilon()
    return K.sqrt(s) / (0.5 + s) * x


def attention(x: Any) -> Any:
    weights = K.softmax(K.sum(x, axis=-1))
    return K.sum(x * K.expand_dims(weights), axis=1)


def squash_by_hand(x: Any) -> Any:
    s = ops.sum(ops.square(x), -1, keepdims=True) + 1e-7
    return ops.sqrt(s) / (0.5 + s) * x


def attention_by_hand(x: Any) -> Any:
    weights = ops.softmax(ops.sum(x, axis=-1))
    return ops.sum(x * ops.expand_dims(weights, -1), axis=1)


CASES: list[tuple[str, Callable[..., Any], Callable[..., Any], tuple[int, ...]]] = [
    ("scaling of images", scaling, scaling, (96, 96, 3)),
    ("capsule squash", squash, squash_by_hand, (512, 16)),
    ("attention pooling", attention, attention_by_hand, (256, 64)),
]


def lifted(function: Callable[..., Any], shape: tuple[int, ...]) -> keras.Model:
    """The model that comes out of a file with this function in a Lambda."""
    build = Builder("model")
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    stored = Code((code, function.__defaults__, None), "lambda")
    x = build.input(shape)
    outcome = build.add(Layer("Lambda", "own", {"function": stored}), x)
    writer = Writer(Era.KERAS2, "keras", "2.3.1", "tensorflow", "channels_last")
    document = Document(build.finish(outcome), writer, Era.KERAS3)
    return targets.build(recover(document).document)


def by_hand(function: Callable[..., Any], shape: tuple[int, ...]) -> keras.Model:
    """The same operations as a Functional model."""
    x = keras.Input(shape)
    return keras.Model(x, function(x))


def seconds(model: keras.Model, data: np.ndarray) -> float:
    """One `predict`."""
    started = time.perf_counter()
    model.predict(data, batch_size=BATCH, verbose=0)
    return time.perf_counter() - started


def main(rounds: int = 15) -> None:
    """Print one row a case."""
    print(f"keras {keras.__version__} on {keras.backend.backend()}, batches of {BATCH}: lifted, by hand, ratio")
    for name, function, hand, shape in CASES:
        data = np.random.default_rng(0).normal(size=(BATCH * 8, *shape)).astype("float32")
        models = (lifted(function, shape), by_hand(hand, shape))
        outputs = [model.predict(data, batch_size=BATCH, verbose=0) for model in models]  # and warm up
        np.testing.assert_allclose(*outputs, rtol=1e-5, atol=1e-6)
        times = list(zip(*((seconds(models[0], data), seconds(models[1], data)) for _ in range(rounds)), strict=True))
        one, two = (min(found) for found in times)
        print(f"{name:32s} {1e3 * one:6.1f} ms {1e3 * two:6.1f} ms {one / two:6.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
