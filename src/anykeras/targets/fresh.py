"""Weights that do not fit, made anew: as ``load_weights(..., skip_mismatch=True)`` of Keras leaves them, without Keras."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .. import limits
from ..catalog.layout import list_stored_layers, specs_of
from ..catalog.shapes.variables import infer_variables
from ..document.model import Document, Layer, Object, Path
from ..document.walk import fill_weights, layers_of, walk
from ..findings import Fidelity, Finding
from ..tensors import Array, Tensor, constant
from .checks import find_misfits
from .lowering.result import tensor_of

_ONES = frozenset({"gamma", "moving_variance", "moving_stddev", "renorm_stddev", "variance", "scale"})


def renew_misfits(document: Document) -> tuple[Document, tuple[Finding, ...]]:
    """The document with every weight that does not fit its configuration, or is missing, made anew; a finding for each.

    Weights of a size that is not known stay as they are; lowering then refuses them. A document without any weights
    stays without. Raises LimitExceeded for weights that would need more memory than a file may ask for.
    """
    model = document.model
    if not any(layer.weights for layer in layers_of(model)):
        return document, ()
    wanted = [spec for spec in specs_of(list_stored_layers(model)) if not spec.role.copy]
    held = [(spec, tensor_of(spec.layer, spec.role.name)) for spec in wanted]
    shapes = infer_variables(model)
    stored = [(spec, tensor) for spec, tensor in held if tensor is not None]
    misfits = {misfit.spec.target: misfit for misfit in find_misfits(shapes, stored)}
    renewed: dict[Path, dict[str, Tensor]] = {}
    findings = []
    for spec, tensor in held:
        path, role = spec.target
        misfit = misfits.get(spec.target)
        shape = shapes.get(path, {}).get(role)
        if (tensor is not None and misfit is None) or shape is None or None in shape:
            continue
        sizes = [size for size in shape if size is not None]
        if min(sizes, default=1) < 1:
            continue  # lowering refuses it, as every other shape that nothing can have
        renewed.setdefault(path, {})[role] = _initialize(spec.layer, role, sizes, f"{spec.layer.address}/{role}")
        seen = str(misfit) if misfit is not None else f"{role} is not in the file"
        findings.append(Finding("AK6028", spec.layer.address or spec.layer.name, seen, "initialized anew", Fidelity.LOSSY))
    layers = dict(walk(model))
    weights = {path: {**layers[path].weights, **roles} for path, roles in renewed.items()}
    return replace(document, model=fill_weights(model, weights)), tuple(findings)


def _initialize(layer: Layer, role: str, shape: Sequence[int], label: str) -> Tensor:
    """A fresh weight by the layer's own initializer; the same for the same label."""
    known = layer.config.get(f"{role}_initializer")
    name = known.class_name if isinstance(known, Object) else ""
    rng = np.random.default_rng(zlib.crc32(label.encode("utf-8", "surrogatepass")))
    limits.budget().hold(size := 4 * math.prod(shape))  # the configuration says how many, not what is stored
    values = _draw(name, role, shape, rng)
    limits.budget().hold(size, values)
    if role == "bias" and layer.class_name == "LSTM" and layer.config.get("unit_forget_bias", True):
        values[len(values) // 4 : len(values) // 2] = 1  # the gates are i, f, c, o
    return constant(values, "float32", f"new {label}")


def _draw(name: str, role: str, shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Numbers as Keras' initializer of that name draws them; scaled uniform ones where it is another (orthogonal ...)."""
    if name == "Zeros" or (not name and len(shape) < 2 and role not in _ONES):
        return np.zeros(shape, "float32")
    if name == "Ones" or (not name and role in _ONES):
        return np.ones(shape, "float32")
    if role in ("embeddings", "reverse_embeddings") or name == "RandomUniform":
        return _draw_evenly(0.05, shape, rng)
    if name in ("RandomNormal", "TruncatedNormal"):
        values = rng.standard_normal(shape, "float32")
        values *= np.float32(0.05)
        return values
    field = math.prod(shape[:-2])
    inputs, outputs = (shape[-2] if len(shape) > 1 else 1) * field, (shape[-1] if shape else 1) * field
    scale = {"He": 2 / max(1, inputs), "Lecun": 1 / max(1, inputs)}.get(name.removesuffix("Uniform").removesuffix("Normal"))
    bound = math.sqrt(3 * (scale if scale is not None else 2 / max(1, inputs + outputs)))
    return _draw_evenly(bound, shape, rng)


def _draw_evenly(bound: float, shape: Sequence[int], rng: np.random.Generator) -> Array:
    """Numbers between -bound and bound, in no more memory than theirs."""
    values = rng.random(shape, "float32")
    values *= np.float32(2 * bound)
    values -= np.float32(bound)
    return values
