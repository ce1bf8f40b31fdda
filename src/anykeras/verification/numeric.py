"""The second witness: run the models on the installed backend and compare outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import containers
from ..errors import AnyKerasError, Unsupported, describe_error
from ..keras_private import enter_safe_scope, iterate_inner_layers
from ..targets.lowering import check_model
from .inputs import Arrays, list_names
from .report import RTOL, Check, EvidenceKind, OutputDifference


def predict(model: object, inputs: Sequence[NDArray[Any]]) -> Arrays:
    """The outputs of a live model as a list of arrays, in the order of its outputs; a stateful model begins anew.

    Raises:
        Unsupported: the model does not run on them.
    """
    for layer in iterate_inner_layers(model):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()
    try:
        outputs = _run(model, inputs)
    except AnyKerasError:
        raise
    except Exception as error:  # whatever the backend raises is about the inputs or the model, and one line of it is enough
        raise Unsupported(
            "AK7003",
            f"the model does not run on these inputs: {describe_error(error)}",
            next_step="Pass inputs that it takes with --inputs (anykeras.verify(..., inputs=...)), or another --backend.",
        ) from error
    if isinstance(outputs, Mapping):
        return [np.asarray(outputs[key]) for key in sorted(outputs)]
    return [np.asarray(item) for item in outputs] if isinstance(outputs, list | tuple) else [np.asarray(outputs)]


def _run(model: Any, inputs: Sequence[NDArray[Any]]) -> Any:
    import keras

    if any(array.dtype.kind in "OUS" for array in inputs):
        import tensorflow as tf

        given = [tf.constant(array) if array.dtype.kind in "OUS" else array for array in inputs]
        outputs = model(_find_structure(model, given), training=False)
        return _as_arrays(outputs)
    if any(len(tensor.shape) == 0 for tensor in model.outputs):  # `predict` puts the outputs of batches one behind the other
        return keras.tree.map_structure(keras.ops.convert_to_numpy, model(_find_structure(model, list(inputs)), training=False))
    batch = model.inputs[0].shape[0] or 32
    return model.predict(_find_structure(model, list(inputs)), verbose=0, batch_size=batch)


def _find_structure(model: object, arrays: list[Any]) -> Any:
    """Arrays in the form of the inputs of a model: one alone, a list, a dictionary. A Sequential has one."""
    import keras

    form = getattr(model, "input", None)
    return arrays[0] if form is None else keras.tree.pack_sequence_as(form, arrays)


def _as_arrays(outputs: object) -> Any:
    import keras

    return keras.tree.map_structure(lambda tensor: np.asarray(tensor), outputs)


def name_outputs(model: Any) -> list[str]:
    """The names of the outputs of a live model, in the order of :func:`predict`."""
    return list_names(model.outputs, getattr(model, "output", None), "out")


def compare_outputs(
    what: str,
    evidence: EvidenceKind,
    got: Arrays,
    wanted: Arrays,
    names: Sequence[str] = (),
    tolerance: float = RTOL,
) -> Check:
    """Whether outputs agree: each number within ``tolerance * (0.1 + |wanted|)``, which is `RTOL` and `ATOL` by default."""
    if [a.shape for a in got] != [b.shape for b in wanted]:
        shapes = f"{[a.shape for a in got]} against {[b.shape for b in wanted]}"
        return Check(what, evidence, False, None, f"the shapes of the outputs differ: {shapes}")
    called = names if len(names) == len(got) else [f"out{i}" for i in range(len(got))]
    differences = tuple(_compare(*both, tolerance) for both in zip(called, got, wanted, strict=True))
    agrees = all(difference.agrees for difference in differences)
    worst = max((difference.largest for difference in differences), default=0.0)
    against = "the recording" if evidence is EvidenceKind.WITNESSED else "the first file"
    if agrees and any(b.size for b in wanted) and all(_says_nothing(b) for b in wanted):
        detail = "all outputs are NaN, which proves nothing"
        return Check(what, EvidenceKind.UNWITNESSED, True, worst, detail, outputs=differences)
    detail = "" if agrees else f"differs from {against} by {worst:.2g}"
    return Check(what, evidence, agrees, worst, detail, outputs=differences)


def _says_nothing(array: NDArray[Any]) -> bool:
    return array.size > 0 and array.dtype.kind in "fc" and bool(np.isnan(array).all())


def _compare(name: str, got: NDArray[Any], wanted: NDArray[Any], tolerance: float) -> OutputDifference:
    """The largest difference of one output, and where it is."""
    if not got.size:
        return OutputDifference(name, got.shape, 0.0, (), "", "", True)
    if got.dtype.kind in "OUS" or wanted.dtype.kind in "OUS":
        apart = (got.astype(str) != wanted.astype(str)).astype("float64")
        allowed: Any = 0.0
    else:
        x, y = got.astype("float64"), wanted.astype("float64")
        with np.errstate(invalid="ignore"):
            apart = np.abs(x - y)
            allowed = tolerance * (0.1 + np.abs(y))
        apart = np.where((np.isnan(x) & np.isnan(y)) | (x == y), 0.0, np.where(np.isnan(apart), np.inf, apart))
    over = apart - np.where(np.isfinite(allowed), allowed, 0.0)
    where = np.unravel_index(int(np.argmax(apart if (over <= 0).all() else over)), apart.shape)
    at = tuple(int(index) for index in where)
    return OutputDifference(
        name, got.shape, float(apart.max()), at, str(got[where]), str(wanted[where]), bool((over <= 0).all())
    )


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
        with enter_safe_scope(keras):
            return keras.models.load_model(path, compile=False)
    except Exception:  # whatever stock Keras raises, the answer is that it does not open the file
        return None
