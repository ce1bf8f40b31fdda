"""Witness of recovered code: the stored function followed on numbers, against the operations in its place.

Two routes to one outcome. The first follows the bytecode with arrays of the running backend; the second runs the
submodel as it is written into the file, with its constants, folded sizes and shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import targets
from ..catalog.shapes import Spec
from ..document.model import Document, Era, Layer, Writer
from ..document.walk import layers_of
from ..errors import AnyKerasError
from ..recovery import RANDOM, Recovered, on_numbers
from .inputs import BATCH, UNKNOWN_AXIS, Arrays
from .numeric import compare_outputs
from .report import Check, EvidenceKind


def check_recovered(record: Recovered, seed: int = 0) -> Check:
    """Whether a recovered function and its operations agree on random inputs, on the running backend."""
    return replace(_check(record, seed), whole=False)


def _check(record: Recovered, seed: int) -> Check:
    what = f"{record.address} {record.key}: the stored function and its operations agree"
    if record.lifting is None or record.model is None:
        return Check(what, EvidenceKind.UNWITNESSED, True, detail="the function was not followed")
    inputs = _draw_inputs(record.lifting.called_on, np.random.default_rng(seed))
    try:
        import keras

        followed = on_numbers(record, keras, inputs)
        built = targets.build(Document(record.model, Writer(Era.KERAS3), Era.KERAS3))
        outputs = built(inputs if not isinstance(inputs, list) or len(inputs) > 1 else inputs[0])
    except AnyKerasError as error:
        return Check(what, EvidenceKind.UNWITNESSED, True, detail=f"not run on numbers: {error.seen}")
    got, wanted = _list_arrays(outputs), _list_arrays(followed)
    if _is_random(record.model):
        agrees = [a.shape for a in got] == [b.shape for b in wanted]
        return Check(what, EvidenceKind.UNWITNESSED, agrees, detail="random: shapes compared, numbers not")
    if any(array.size and np.isnan(array.astype("float64")).all() for array in wanted):
        return Check(what, EvidenceKind.UNWITNESSED, True, detail="all outputs are NaN on random inputs")
    return compare_outputs(what, EvidenceKind.CROSS_CHECKED, got, wanted)


def _is_random(model: Layer) -> bool:
    return any(layer.class_name in RANDOM for layer in layers_of(model))


def _draw_inputs(spec: Any, rng: np.random.Generator) -> Any:
    if isinstance(spec, Spec):
        shape = tuple((UNKNOWN_AXIS if i else BATCH) if d is None else d for i, d in enumerate(spec.known()))
        dtype = spec.dtype or "float32"
        if "int" in dtype or dtype == "bool":
            return rng.integers(0, 2, shape).astype(dtype)
        return rng.normal(size=shape).astype(dtype)
    if isinstance(spec, Mapping):
        return {key: _draw_inputs(item, rng) for key, item in spec.items()}
    return [_draw_inputs(item, rng) for item in spec]


def _list_arrays(value: object) -> Arrays:
    if isinstance(value, Mapping):
        return [array for key in sorted(value) for array in _list_arrays(value[key])]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [array for item in value for array in _list_arrays(item)]
    return [np.asarray(value)]
