"""Layers of Keras 0: they ask for their input (``get_input(train)``), and know its shape when they are built.

Source: keras/layers/core.py 0.3.3, Layer and MaskedLayer.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .tensor import LegacyShape

if TYPE_CHECKING:
    from .runtime import LegacyRuntime


def asked(runtime: LegacyRuntime, own: Mapping[str, Any]) -> dict[str, Any]:
    """The methods of today for those of a class of Keras 0; none for a class of another time."""
    made: dict[str, Any] = {}
    if "get_output" in own and "call" not in own:
        made |= {"call": _call(runtime), "get_input": _input, "get_input_mask": _mask}
    if not made and not isinstance(own.get("output_shape"), property):
        return made
    build = own.get("build")
    if inspect.isfunction(build) and len(inspect.signature(build).parameters) == 1:
        made["build"] = _build(build)
    made["input_shape"] = property(lambda self: vars(self)["_legacy_shape"])
    if isinstance(own.get("output_shape"), property):
        made["compute_output_shape"] = _output_shape
    if "get_output_mask" in own:
        made["compute_mask"] = lambda self, inputs, mask=None: self.get_output_mask(runtime.context.training)
    return made


def masked_layer(runtime: LegacyRuntime) -> Any:
    """``MaskedLayer``, which hands its mask on."""
    base: Any = runtime.find("keras.layers.Layer")

    class MaskedLayer(base):  # type: ignore[misc]  # a base made at run time
        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask

    return MaskedLayer


def _call(runtime: LegacyRuntime) -> Any:
    def call(self: Any, x: Any, mask: Any = None) -> Any:
        object.__setattr__(self, "_asked", (x, mask))
        return self.get_output(runtime.context.training)

    return call


def _input(self: Any, train: bool = False) -> Any:
    return vars(self)["_asked"][0]


def _mask(self: Any, train: bool = False) -> Any:
    return vars(self)["_asked"][1]


def _build(build: Any) -> Any:
    def run(self: Any, input_shape: Any) -> None:
        object.__setattr__(self, "_legacy_shape", LegacyShape(input_shape))
        build(self)

    return run


def _output_shape(self: Any, input_shape: Any) -> Any:
    object.__setattr__(self, "_legacy_shape", LegacyShape(input_shape))
    return self.output_shape
