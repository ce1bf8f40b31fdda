"""Arguments that the file cannot say, whose default was another one when its weights were trained.

The recurrences of Keras 0 to 2 had a `hard_sigmoid` that Keras 3 does not have; BatchNormalization had another epsilon. A layer
of today that was made without the argument has today's default, and nothing fails: the outputs are a little off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog.signatures import MISSING, default
from ..document.model import Layer, Value
from .atoms import Atom
from .forms import Form, Forms
from .places import Place

_OF_TRAINING = ("_initializer", "_regularizer", "_constraint")
_OTHER = frozenset(
    {"momentum", "seed", "trainable", "dtype", "name", "dropout", "recurrent_dropout", "unroll", "stateful", "autocast",
     "activity_regularizer", "unit_forget_bias", "data_format", "axis", "groups", "dilation_rate", "lora_rank", "lora_alpha",
     "use_bias", "units", "filters", "kernel_size", "input_dim", "output_dim", "mask_zero", "center", "scale",
     "return_sequences", "return_state", "go_backwards", "use_cudnn", "zero_output_for_mask", "input_length", "build_config",
     "build_shape", "strides", "padding", "synchronized", "virtual_batch_size", "renorm", "quantization_config"}
)  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """An argument that a layer has at today's default, and what the default of the writer was."""

    place: Place
    key: str
    now: Value
    then: Value

    def __str__(self) -> str:
        return f"{self.key} of {self.place.class_name} {self.place.label!r} is {self.now!r}; its default was {spell(self.then)}"


def changed_defaults(forms: Forms, atom: Atom, place: Place, form: Form) -> Iterator[Changed]:
    """The arguments of a layer that are today's defaults and were others when the file was written.

    What the default was is what migration makes of a layer that leaves it out.
    """
    for key, then in forms.default_arguments(atom, form).items():
        if key in _OTHER or key.endswith(_OF_TRAINING) or key not in place.layer.config:
            continue
        now, usual = place.layer.config[key], default(place.class_name, key)
        if usual is not MISSING and now == usual and not _is_same(now, then):
            yield Changed(place, key, now, then)


def _is_same(now: Value, then: Value) -> bool:
    if isinstance(now, int | float) and isinstance(then, int | float):
        return abs(now - then) <= 1e-12
    return now == then


def spell(value: Value) -> str:
    """A default as a user knows it."""
    if isinstance(value, Layer):
        return "hard_sigmoid as it was (0.2 x + 0.5, between 0 and 1)" if value.name == "hard_sigmoid" else value.name
    return repr(value)
