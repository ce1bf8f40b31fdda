"""The second witness: run the models on the installed backend and compare outputs."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import containers
from ..errors import Malformed, MissingFile, NotAModel
from ..keras_private import inner_layers, safe_scope
from ..targets.lowering import check_model
from .report import ATOL, RTOL, Check, EvidenceKind

Arrays = list[NDArray[Any]]
_WHAT = "Pass an .npz with the inputs in0, in1, ... and the outputs out0, out1, ... of the old model."
UNKNOWN_AXIS = 5  # how long an axis is made whose length the model leaves open
BATCH = 3


def read_recording(path: str) -> tuple[Arrays, Arrays]:
    """Inputs ``in0..`` and outputs ``out0..`` of a recording (``.npz``). Raises MissingFile, NotAModel, Malformed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            held: Mapping[str, NDArray[Any]] = {
                name: file[name] for name in file.files if name.rstrip("0123456789") in ("in", "out")
            }
    except FileNotFoundError:
        raise MissingFile("AK1001", f"No such file: {path}", part=path) from None
    except (OSError, ValueError, RuntimeError, EOFError, LookupError, zipfile.BadZipFile, zlib.error) as error:
        # RuntimeError: an encrypted archive, or (NotImplementedError) a compression that Python does not have
        raise NotAModel("AK7001", f"{path} is not a recording: {error}", next_step=_WHAT) from None
    inputs, outputs = _take_series(held, "in"), _take_series(held, "out")
    if not inputs or not outputs:
        raise Malformed("AK7001", f"{path} has no arrays in0.. and out0..", part=path, next_step=_WHAT)
    return inputs, outputs


def _take_series(held: Mapping[str, NDArray[Any]], stem: str) -> Arrays:
    count = sum(name.rstrip("0123456789") == stem for name in held)
    return [held[f"{stem}{i}"] for i in range(count) if f"{stem}{i}" in held]


def generate_inputs(model: Any, seed: int = 0) -> Arrays:
    """Inputs for a live model: every open axis gets a length, integers stay small enough for any table."""
    rng = np.random.default_rng(seed)
    inputs: Arrays = []
    for tensor in model.inputs:
        batch = tensor.shape[0] or BATCH
        shape = (batch, *[axis or UNKNOWN_AXIS for axis in tensor.shape[1:]])
        dtype = str(tensor.dtype)
        if "int" in dtype or _has_embedding(model):
            inputs.append(rng.integers(0, _find_vocabulary(model), shape).astype("int32" if "int" in dtype else dtype))
        else:
            inputs.append(rng.normal(size=shape).astype("float32"))
    return inputs


def _find_embeddings(model: Any) -> list[Any]:
    return [layer for layer in inner_layers(model) if type(layer).__name__ == "Embedding"]


def _has_embedding(model: Any) -> bool:
    return bool(_find_embeddings(model))


def _find_vocabulary(model: Any) -> int:
    sizes = [layer.input_dim for layer in _find_embeddings(model)]
    return max(1, min(sizes, default=10))


def predict(model: Any, inputs: Sequence[NDArray[Any]]) -> Arrays:
    """The outputs of a live model as a list of arrays, in the order of its outputs."""
    batch = model.inputs[0].shape[0] or 32
    outputs = model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0, batch_size=batch)
    if isinstance(outputs, Mapping):
        return [np.asarray(outputs[key]) for key in sorted(outputs)]
    return [np.asarray(item) for item in outputs] if isinstance(outputs, list | tuple) else [np.asarray(outputs)]


def compare_outputs(what: str, evidence: EvidenceKind, got: Arrays, wanted: Arrays) -> Check:
    """Whether outputs agree within the tolerance (`RTOL`, `ATOL`)."""
    if [a.shape for a in got] != [b.shape for b in wanted]:
        shapes = f"{[a.shape for a in got]} against {[b.shape for b in wanted]}"
        return Check(what, evidence, False, None, f"the shapes of the outputs differ: {shapes}")
    worst, agrees = 0.0, True
    for a, b in zip(got, wanted, strict=True):
        if a.dtype.kind in "OUS" or b.dtype.kind in "OUS":
            agrees &= bool((a.astype(str) == b.astype(str)).all())
            continue
        x, y = a.astype("float64"), b.astype("float64")
        agrees &= bool(np.allclose(x, y, rtol=RTOL, atol=ATOL, equal_nan=True))
        worst = max(worst, float(np.nanmax(np.abs(x - y))) if x.size else 0.0)
    against = "the recording" if evidence is EvidenceKind.WITNESSED else "the first file"
    return Check(what, evidence, agrees, worst, "" if agrees else f"differs from {against} by {worst:.2g}")


def load_with_stock_keras(path: str) -> Any | None:
    """The model as stock Keras opens it, in safe mode and without custom objects; None where it does not.

    Keras sees a file only where its configuration names nothing but what Keras 3 has for models.
    """
    import keras

    try:
        raw = containers.open(path)
        if raw.match.name != "keras_zip":
            return None
        check_model(raw.architecture, (), written_by_keras=True)
        with safe_scope(keras):
            return keras.models.load_model(path, compile=False)
    except Exception:  # whatever stock Keras raises, the answer is that it does not open the file
        return None
