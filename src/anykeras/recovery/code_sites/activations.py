"""Functions for activations: code, or the name of a function that Keras 3 does not have.

The function becomes a model without weights in the place of the name. Stock Keras applies it as it applies a name, also
inside a recurrence, and masks pass (measured on keras 3.15.1: jax, tensorflow, torch).
"""

from __future__ import annotations

from ...catalog.shapes import Output, Spec
from ...catalog.shapes.engine import Inference
from ...document.model import Layer
from ..lift import Lifted, Lifting
from .base import ACTIVATION, ACTIVATION_KEYS, CodeSite, activation_function, code_site

_CONVOLUTIONAL = {"ConvLSTM1D": 1, "ConvLSTM2D": 2, "ConvLSTM3D": 3}


@code_site(ACTIVATION)
def activation(layer: Layer, site: CodeSite) -> Lifted:
    """The layer with a model for each activation that is a function."""
    functions = {key: code for key in ACTIVATION_KEYS if (code := activation_function(layer.config.get(key))) is not None}
    outputs = Inference().call(layer.with_config(**dict.fromkeys(functions, "linear")), site.args, site.kwargs)
    changed, parts = layer, list[Lifted]()
    for key, code in functions.items():
        given = _find_argument(layer, outputs)
        lifted = Lifting(layer, key, code, given, site.context, site.custom_objects, name=f"{layer.name}_{key}").lift()
        changed = changed.with_config(**{key: lifted.layer})
        parts.append(lifted)
    return Lifted(
        changed,
        outputs,
        tuple(note for part in parts for note in part.notes),
        tuple(record for part in parts for record in part.code),
        tuple(damage for part in parts for damage in part.damage),
    )


def _find_argument(layer: Layer, outputs: Output) -> Spec:
    """The tensor that the activation is applied to: the outcome, and inside a recurrence one step of it."""
    units = layer.config.get("units")
    if "recurrent_activation" in layer.config or layer.class_name.startswith("SimpleRNN"):
        if layer.class_name in _CONVOLUTIONAL:
            return Spec((None,) * (_CONVOLUTIONAL[layer.class_name] + 2), "float32")
        return Spec((None, units if isinstance(units, int) else None), "float32")
    first = outputs
    while isinstance(first, tuple | list):
        first = first[0]
    return first if isinstance(first, Spec) else Spec()
