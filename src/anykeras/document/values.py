"""The values that a configuration can hold, frozen.

A configuration is made of None, bool, int, float, str, bytes, tuple, Mapping and the classes below. A JSON list is a
tuple here; nothing in a document is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from ..tensors import Tensor

if TYPE_CHECKING:
    from .model import Layer


@dataclass(frozen=True)
class Ref:
    """One tensor of a graph: output `tensor` of call `node` (both from 0) of the layer named `layer`."""

    layer: str
    node: int = 0
    tensor: int = 0


@dataclass(frozen=True)
class Object:
    """A serialized object that is not a layer: initializer, regularizer, policy, loss ...

    `module` and `registered_name` are what the file says, or None where its format has no such keys.
    """

    class_name: str
    config: Mapping[str, Value] | str = field(default_factory=dict)
    module: str | None = None
    registered_name: str | None = None


@dataclass(frozen=True)
class Code:
    """Python code found in the file, exactly as it was spelled there; never run.

    `stored` is the raw value (text, list or mapping), `kind` how its container labels it (``lambda``, ``function``).
    """

    stored: Value
    kind: str = "lambda"
    module: str | None = None


@dataclass(frozen=True)
class Slice:
    """A Python slice inside a call."""

    start: Value = None
    stop: Value = None
    step: Value = None


@dataclass(frozen=True)
class Ellipsis_:
    """The ``...`` of an index."""


@dataclass(frozen=True)
class Dtype:
    """A dtype named as such (``tf.float32`` in an op layer)."""

    name: str


Value = Union[
    None, bool, int, float, str, bytes, tuple["Value", ...], Mapping[str, "Value"],
    Ref, Object, Code, Slice, Ellipsis_, Dtype, Tensor, "Layer",
]  # fmt: skip
Config = Mapping[str, Value]
