"""Arguments that the file cannot say, whose default was another one when its weights were trained.

The recurrences of Keras 0 to 2 had a `hard_sigmoid` that Keras 3 does not have; BatchNormalization had another epsilon. A layer
of today that was made without the argument has today's default, and nothing fails: the outputs are a little off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..catalog.signatures import MISSING, find_default
from ..containers.base import Raw
from ..document.model import Layer, Value, Writer
from ..document.walk import layers_of
from ..errors import AnyKerasError
from ..migrations import migrate
from ..parse import parse
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


def read_own_layers(raw: Raw, writer: Writer) -> Mapping[str, Layer]:
    """The layers of an architecture that lies in the file of the weights, by name, in the words of today.

    None where there is no architecture, or where it holds what needs its author's code; of two that share a name, neither.
    """
    if raw.architecture is None or raw.apart is not None:
        return {}
    try:
        document, _ = migrate(parse(raw, writer))
    except AnyKerasError:
        return {}
    found = [layer for layer in layers_of(document.model) if layer.name]
    counts = Counter(layer.name for layer in found)
    return {layer.name: layer for layer in found if counts[layer.name] == 1}


def list_changed_defaults(forms: Forms, atom: Atom, place: Place, form: Form, own: Mapping[str, Layer]) -> Iterator[Changed]:
    """The arguments of a layer that are today's defaults and were others when the file was written.

    What they were says the layer of that name in `own`, the file's architecture; where there is none, what migration makes of
    a layer that leaves them out.
    """
    said = own.get(atom.name)
    stated = said.config if said is not None and said.class_name == place.class_name else {}
    for key, usual_then in forms.default_arguments(atom, form).items():
        then = stated.get(key, usual_then)
        if key in _OTHER or key.endswith(_OF_TRAINING) or key not in place.layer.config:
            continue
        now, usual = place.layer.config[key], find_default(place.class_name, key)
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
