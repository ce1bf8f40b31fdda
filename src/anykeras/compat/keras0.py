"""Layers of Keras 0: they ask for their input (``get_input(train)``), and know its shape when they are built.

Source: keras/layers/core.py 0.3.3, Layer and MaskedLayer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .runtime import LegacyRuntime
from .tensor import LegacyShape


def find(runtime: LegacyRuntime, name: str) -> object:
    """``MaskedLayer``, which hands its mask on; None for any other name."""
    if not (name.startswith("keras.") and name.endswith(".MaskedLayer")):
        return None
    base: Any = runtime.find("keras.layers.Layer")

    class MaskedLayer(base):  # type: ignore[misc]  # a base made at run time
        def compute_mask(self, inputs: object, mask: object = None) -> object:
            return mask

    return MaskedLayer


def translate_methods(runtime: LegacyRuntime, own: Mapping[str, object]) -> dict[str, object]:
    """The methods of today for those of a class of Keras 0; none for a class of another time."""
    methods: dict[str, object] = {}
    if "get_output" in own and "call" not in own:
        methods |= {"call": _make_call(runtime), "get_input": _get_input, "get_input_mask": _get_mask}
    if not methods and not isinstance(own.get("output_shape"), property):
        return methods
    build = own.get("build")
    if inspect.isfunction(build) and len(inspect.signature(build).parameters) == 1:
        methods["build"] = _make_build(build)
    methods["input_shape"] = property(lambda self: vars(self)["_legacy_shape"])
    if isinstance(own.get("output_shape"), property):
        methods["compute_output_shape"] = _compute_output_shape
    if "get_output_mask" in own:
        methods["compute_mask"] = lambda self, inputs, mask=None: self.get_output_mask(runtime.context.training)
    return methods


def _make_call(runtime: LegacyRuntime) -> Callable[..., object]:
    def call(self: Any, x: object, mask: object = None) -> object:
        object.__setattr__(self, "_legacy_inputs", (x, mask))
        return self.get_output(runtime.context.training)

    return call


def _get_input(self: object, train: bool = False) -> object:
    return vars(self)["_legacy_inputs"][0]


def _get_mask(self: object, train: bool = False) -> object:
    return vars(self)["_legacy_inputs"][1]


def _make_build(build: Callable[..., object]) -> Callable[..., None]:
    def run(self: object, input_shape: tuple[int | None, ...]) -> None:
        object.__setattr__(self, "_legacy_shape", LegacyShape(input_shape))
        build(self)

    return run


def _compute_output_shape(self: Any, input_shape: tuple[int | None, ...]) -> object:
    object.__setattr__(self, "_legacy_shape", LegacyShape(input_shape))
    return self.output_shape
