"""What the models are run on: a recording, arrays of the user's, or inputs made up by a seed; what does not fit is refused."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Malformed, MissingFile, NotAModel, Unsupported
from ..keras_private import iterate_inner_layers

Arrays = list[NDArray[Any]]
_WHAT = "Pass an .npz with the inputs in0, in1, ... and the outputs out0, out1, ... of the old model."
_INPUTS = "Pass an .npz with one array an input: named as the inputs of the model, or in0, in1, ..."
UNKNOWN_AXIS = 5  # how long an axis is made whose length the model leaves open
BATCH = 3
WORDS = ("the", "model", "reads", "some", "words", "a", "b", "1", "2")


def read_recording(path: str, data: bytes | None = None) -> tuple[Arrays, Arrays]:
    """Inputs ``in0..`` and outputs ``out0..`` of a recording (``.npz``), its `data` where it is no file of its own.

    Raises:
        MissingFile, NotAModel, Malformed: there is no such file, or it is no recording.
    """
    held = _read_arrays(path, "recording", _WHAT, data)
    inputs, outputs = _take_series(held, "in"), _take_series(held, "out")
    if not inputs or not outputs:
        raise Malformed("AK7001", f"{path} has no arrays in0.. and out0..", part=path, next_step=_WHAT)
    return inputs, outputs


def read_inputs(path: str, model: Any) -> Arrays:
    """Inputs for a live model from an ``.npz``, by the names of its inputs or as ``in0..``. Raises AnyKerasError."""
    held = _read_arrays(path, "file of inputs", _INPUTS)
    names = list_names(model.inputs, getattr(model, "input", None), "in")
    for wanted in (names, [f"in{i}" for i in range(len(names))]):
        if all(name in held for name in wanted):
            return [held[name] for name in wanted]
    if len(names) == 1 and len(held) == 1:
        return list(held.values())
    raise Malformed(
        "AK7001",
        f"{path} has the arrays {', '.join(sorted(held)) or 'none'}, and the inputs of the model are {', '.join(names)}",
        part=path,
        next_step=_INPUTS,
    )


def read_outputs(path: str) -> Arrays:
    """The arrays ``out0``, ``out1`` ... of an ``.npz``. Raises MissingFile, NotAModel."""
    return _take_series(_read_arrays(path, "recording", _WHAT), "out")


def _read_arrays(path: str, what: str, advice: str, data: bytes | None = None) -> Mapping[str, NDArray[Any]]:
    try:
        with np.load(path if data is None else io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise MissingFile("AK1001", f"No such file: {path}", part=path) from None
    except (OSError, ValueError, RuntimeError, EOFError, LookupError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        # RuntimeError: an encrypted archive, or (NotImplementedError) a compression that Python does not have;
        # AttributeError: a bare .npy array
        raise NotAModel("AK7001", f"{path} is not a {what}: {error}", next_step=advice) from None


def _take_series(held: Mapping[str, NDArray[Any]], stem: str) -> Arrays:
    count = sum(name.rstrip("0123456789") == stem for name in held)
    return [held[f"{stem}{i}"] for i in range(count) if f"{stem}{i}" in held]


def list_names(tensors: Any, structure: Any, stem: str) -> list[str]:
    """Names of the inputs or outputs of a model: the keys of a dictionary, else those of the tensors, else numbered."""
    if isinstance(structure, Mapping) and len(structure) == len(tensors):
        return [str(key) for key in sorted(structure)]
    names = [str(getattr(tensor, "name", "") or f"{stem}{i}") for i, tensor in enumerate(tensors)]
    whole = len(set(names)) == len(names) and not any(name.startswith("keras_tensor") for name in names)
    return names if whole else [f"{stem}{i}" for i in range(len(names))]


def check_inputs(inputs: Arrays, model: Any, path: str, where: str) -> None:
    """Whether arrays go into a model, by number, axes and text or numbers.

    Raises:
        Unsupported: they do not; one message about the first that does not.
    """
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    names = list_names(model.inputs, getattr(model, "input", None), "in")
    if len(inputs) != len(shapes):
        raise _describe_misfit(where, f"it has {len(inputs)} inputs, and {path} takes {len(shapes)}: {', '.join(names)}")
    for name, array, shape, tensor in zip(names, inputs, shapes, model.inputs, strict=True):
        fits = len(array.shape) == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
        if not fits:
            raise _describe_misfit(where, f"input {name!r} has the shape {array.shape}, and {path} takes {_write_shape(shape)}")
        text = str(tensor.dtype) == "string"
        if text != (array.dtype.kind in "OUS"):
            kinds = ("text", "numbers") if text else ("numbers", "text")
            raise _describe_misfit(where, f"input {name!r} holds {kinds[1]}, and {path} takes {kinds[0]}")
    if len({array.shape[0] for array in inputs if array.shape}) > 1:
        raise _describe_misfit(
            where, f"its inputs are of different lengths: {', '.join(str(array.shape[0]) for array in inputs)}"
        )


def _describe_misfit(where: str, what: str) -> Unsupported:
    return Unsupported(
        "AK7002",
        f"{where} does not fit: {what}",
        part=where,
        next_step="Give a recording, inputs or a second file of this very model.",
    )


def _write_shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if axis is None else str(axis) for axis in shape)})"


def generate_inputs(model: Any, seed: int = 0) -> Arrays:
    """Inputs for a live model: every open axis gets a length, integers stay small enough for any table, texts are words."""
    rng = np.random.default_rng(seed)
    inputs: Arrays = []
    if not getattr(model, "layers", True):  # a Sequential without layers, of which Keras knows no inputs
        raise Unsupported(
            "AK7003",
            "the model has no layers, and so nothing that could be run",
            next_step="Look at the file with anykeras inspect: is it the one that you mean?",
        )
    for tensor in model.inputs:
        batch = tensor.shape[0] or BATCH
        shape = (batch, *[axis or UNKNOWN_AXIS for axis in tensor.shape[1:]])
        dtype = str(tensor.dtype)
        if dtype == "string":
            inputs.append(np.array([" ".join(rng.choice(WORDS, 4)) for _ in range(int(np.prod(shape)))]).reshape(shape))
        elif "int" in dtype or _has_embedding(model):
            inputs.append(rng.integers(0, _find_vocabulary(model), shape).astype("int32" if "int" in dtype else dtype))
        elif dtype == "bool":
            inputs.append(rng.integers(0, 2, shape).astype(bool))
        else:
            inputs.append(rng.normal(size=shape).astype("float32"))
    return inputs


def _find_embeddings(model: object) -> list[Any]:
    return [layer for layer in iterate_inner_layers(model) if type(layer).__name__ == "Embedding"]


def _has_embedding(model: object) -> bool:
    return bool(_find_embeddings(model))


def _find_vocabulary(model: object) -> int:
    sizes = [layer.input_dim for layer in _find_embeddings(model)]
    return max(1, min(sizes, default=10))
