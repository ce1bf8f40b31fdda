"""A document as plain JSON values: for `inspect --json`, for tests, and for looking at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ..tensors import Tensor
from .model import Document, Layer, Origin, Value
from .walk import layers_of


def dump(value: Value | Document) -> Any:
    """Plain JSON values; tensors as their shape, dtype and where they lie."""
    if isinstance(value, Tensor):
        return {"shape": list(value.shape), "dtype": value.dtype, "origin": value.origin, "steps": list(value.steps)}
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {str(key): dump(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        held = {key: dump(item) for key, item in held.items() if not isinstance(item, Origin)}
        return {key: item for key, item in held.items() if item not in (None, "", [], {}, False)}
    return value


def summary(model: Layer) -> list[dict[str, Any]]:
    """One row a layer, nested ones after their model: name, class, number of weights and of parameters."""
    rows = []
    for layer in layers_of(model):
        if layer.operation:
            continue
        rows.append(
            {
                "layer": layer.address or layer.name,
                "class": layer.class_name,
                "weights": {role: list(tensor.shape) for role, tensor in layer.weights.items()},
                "parameters": sum(tensor.size for tensor in layer.weights.values()),
            }
        )
    return rows
