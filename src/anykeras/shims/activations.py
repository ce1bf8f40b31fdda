"""Activation functions that packages registered under their own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..document.build import Builder
from ..document.model import Layer, Ref, Value
from ..findings import Fidelity, Finding
from ..migrations import Context
from ..registry import Page, document
from .addons.sparsemax import sparse
from .text import gelu

Formula = Callable[[Builder, Ref], Ref]
_KEYS = ("activation", "recurrent_activation")

document(
    Page(
        "AK5055",
        "An activation function of a package",
        "tensorflow-addons registered its activations as `Addons>name`, keras-cv-attention-models as `kecamCommon>name`; "
        "MobileNetV3 for Keras 2 wrote the names of its methods, `_relu6` and `_hard_swish`.",
        "The function is not in the file; what these compute is known.",
        "A name of Keras 3, or a small model without weights, in the place of the name. A function of this name given "
        "through custom_objects goes first.",
        shim=True,
        fidelity=Fidelity.EQUIVALENT,
        versions="tensorflow-addons 0.15.0, keras-cv-attention-models 1.4.3, xiaochus/MobileNetV3",
        references=(
            "tensorflow_addons/activations/*.py 0.15.0",
            "keras_cv_attention_models/common_layers.py 1.4.3",
            "xiaochus/MobileNetV3, model/mobilenet_base.py",
        ),
    )
)

# The same function with the same defaults in Keras 3. (Its sparsemax is not: keras 3.15.1 differs by up to 0.03 from
# tensorflow-addons 0.15.0 on rows of three numbers.)
_NAMED: Mapping[str, str] = {
    "Addons>mish": "mish",
    "Addons>hardshrink": "hard_shrink",
    "Addons>softshrink": "soft_shrink",
    "Addons>tanhshrink": "tanh_shrink",
    "kecamCommon>hard_swish": "hard_swish",
    "kecamCommon>hard_sigmoid_torch": "hard_sigmoid",
    "kecamCommon>mish": "mish",
    "_relu6": "relu6",
    "_hard_swish": "hard_swish",
}


def _snake(sub: Builder, x: Ref) -> Ref:
    """x + (1 - cos(2 x)) / 2."""
    bent = sub.op("subtract", 1.0, sub.op("cos", sub.op("multiply", x, 2.0)))
    return sub.op("add", x, sub.op("multiply", bent, 0.5))


_FORMULAS: Mapping[str, Formula] = {
    "Addons>gelu": lambda sub, x: sub.op("gelu", x, approximate=True),
    "Addons>lisht": lambda sub, x: sub.op("multiply", x, sub.op("tanh", x)),
    "Addons>snake": _snake,
    "Addons>sparsemax": sparse,
    "kecamCommon>phish": lambda sub, x: sub.op("multiply", x, sub.op("tanh", sub.op("gelu", x, approximate=False))),
}


def settled(layer: Layer, context: Context, given: Callable[[str], object]) -> Layer:
    """The layer with what Keras 3 has for activations of packages; what the reader gave goes first."""
    changed: dict[str, Value] = {}
    for key in _KEYS:
        name = layer.config.get(key)
        if not isinstance(name, str) or given(name) is not None:
            continue
        own = gelu.meant(name, key, layer, context)
        made = _NAMED.get(name) or _model(f"{layer.name}_{key}", name)
        if own is not None:
            changed[key] = own
        elif made is not None:
            changed[key] = made
            seen = f"{key} is {name}, which was not given"
            finding = Finding("AK5055", layer.address or layer.name, seen, "native operations", Fidelity.EQUIVALENT)
            context.findings.append(finding)
    return layer.with_config(**changed) if changed else layer


def known() -> list[str]:
    """The names that are known."""
    return [*_NAMED, *_FORMULAS]


def _model(label: str, name: str) -> Layer | None:
    formula = _FORMULAS.get(name)
    if formula is None:
        return None
    sub = Builder(label)
    return sub.finish(formula(sub, sub.input()))
