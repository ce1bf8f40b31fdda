"""``Recurrent`` of Keras 1 and 2.0, from which layers derived that gave a ``step``.

Keras 0.3.3 to 2.0.8: keras/layers/recurrent.py; the names of the hooks changed from 1 (``get_initial_states``) to 2
(``get_initial_state``), and both are used here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from .runtime import LegacyRuntime
from .tensor import LegacyTensor

_ARGUMENTS = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


def find(runtime: LegacyRuntime, name: str) -> object:
    """``Recurrent`` and the functions beside it, by the last part of their names; None for any other."""
    last = name.rpartition(".")[2]
    if name.startswith("keras.") and last in ("time_distributed_dense", "_time_distributed_dense"):
        return _make_dense(runtime)
    return _make_recurrent(runtime) if name.startswith("keras.") and last == "Recurrent" else None


def _make_dense(runtime: LegacyRuntime) -> Callable[..., object]:
    K = runtime.module("keras.backend")

    def time_distributed_dense(
        x: LegacyTensor,
        w: LegacyTensor,
        b: LegacyTensor | None = None,
        dropout: float | None = None,
        *args: object,
        **_: object,
    ) -> object:
        """``x . w + b`` in every step; dropout as in training alone, one mask for all steps."""
        if dropout and runtime.context.training:
            ones = K.ones_like(x[:, 0, :])
            x = x * K.expand_dims(K.dropout(ones, dropout), 1)
        x = K.dot(x, w)
        return x if b is None else K.bias_add(x, b)

    return time_distributed_dense


def _make_recurrent(runtime: LegacyRuntime) -> type:
    """The class, of `runtime`: the methods are its own, for `LegacyLayer` adapts what stands in a class itself."""
    methods = {name: value for name, value in vars(_Recurrence).items() if inspect.isfunction(value)}
    return type("Recurrent", (_Recurrence, runtime.find("keras.layers.Layer")), methods)


def _backend(layer: _Recurrence) -> Any:
    return type(layer).legacy_runtime.module("keras.backend")


class _Recurrence:
    """A layer over time whose ``step(x, states)`` gives the output and the next states."""

    legacy_runtime: ClassVar[LegacyRuntime]
    states: Any
    return_sequences: bool
    return_state: bool
    go_backwards: bool
    stateful: bool

    def __init__(self, weights: object = None, **kwargs: object) -> None:
        options = {name: bool(kwargs.pop(name, False)) for name in _ARGUMENTS}
        self.consume_less = kwargs.pop("consume_less", "cpu")
        self.implementation = kwargs.pop("implementation", 0)
        self.input_dim = kwargs.pop("input_dim", None)
        self.input_length = kwargs.pop("input_length", None)
        super().__init__(weights=weights, **kwargs)  # type: ignore[call-arg]
        for name, value in options.items():
            setattr(self, name, value)
        spec: Any = type(self).legacy_runtime.find("keras.layers.InputSpec")
        self.input_spec = [spec(ndim=3)]
        self.state_spec = None
        self.supports_masking = True
        for name in ("dropout", "recurrent_dropout"):
            if name not in vars(self):
                setattr(self, name, 0)

    @property
    def _width(self) -> int:
        held: dict[str, Any] = vars(self)
        return int(held["output_dim"] if "output_dim" in held else held["units"])

    def compute_output_shape(self, input_shape: Any) -> object:
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        steps = (shape[1],) if self.return_sequences else ()
        out = (shape[0], *steps, self._width)
        return [out, *[(shape[0], self._width) for _ in self.states]] if self.return_state else out

    def compute_mask(self, inputs: object, mask: object = None) -> object:
        mask = mask[0] if isinstance(mask, list) else mask
        out = mask if self.return_sequences else None
        return [out, *[None for _ in self.states]] if self.return_state else out

    def step(self, x: object, states: object) -> object:
        raise NotImplementedError

    def get_constants(self, x: object, training: object = None) -> list[object]:
        return []

    def preprocess_input(self, x: object, training: object = None) -> object:
        return x

    def get_initial_states(self, x: object) -> list[object]:
        K = _backend(self)
        zeros = K.expand_dims(K.sum(K.zeros_like(x), axis=(1, 2)))
        return [K.tile(zeros, [1, self._width]) for _ in self.states]

    def get_initial_state(self, x: object) -> list[object]:
        return list(self.get_initial_states(x))

    def call(self, x: object, mask: object = None, training: object = None, initial_state: Any = None) -> object:
        if isinstance(x, list | tuple):
            initial_state, x = list(x[1:]) or None, x[0]
        mask = mask[0] if isinstance(mask, list) else mask
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(x)
        last, outputs, states = _backend(self).rnn(
            self.step,
            self.preprocess_input(x),
            list(initial_state),
            go_backwards=self.go_backwards,
            mask=mask,
            constants=self.get_constants(x),
        )
        if self.stateful:
            runtime = type(self).legacy_runtime
            for variable, value in zip(self.states, states, strict=True):
                runtime.unwrap(variable).assign(runtime.unwrap(value))
        out = outputs if self.return_sequences else last
        return [out, *states] if self.return_state else out

    def reset_states(self, states: object = None) -> None:
        K, shape = _backend(self), self.input_spec[0].shape
        if getattr(self, "states", None) is None or self.states[0] is None:
            count = len(getattr(self, "states", [None]))
            self.states = [K.zeros((shape[0], self._width)) for _ in range(count)]
            return
        for variable in self.states:
            K.set_value(variable, K.get_value(variable) * 0)

    def get_config(self) -> dict[str, object]:
        config = {name: getattr(self, name) for name in (*_ARGUMENTS, "implementation", "consume_less")}
        return {**super().get_config(), **config}  # type: ignore[misc]
