"""Activation functions that packages registered under their own names, and the several that were saved as `gelu`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..document.build import Builder
from ..document.model import Era, Layer, Ref, Value
from ..findings import Fidelity, Finding
from ..migrations import RuleContext
from ..registry import Page, document
from .cyberzhg.attention import before_june_2020
from .tensorflow_addons import write_sparsemax

Formula = Callable[[Builder, Ref], Ref]
_KEYS = ("activation", "recurrent_activation")

document(
    Page(
        "AK5055",
        "Activation functions of packages -> native operations",
        "tensorflow-addons registered its activations as `Addons>name`, keras-cv-attention-models as `kecamCommon>name`; "
        "MobileNetV3 for Keras 2 wrote the names of its methods, `_relu6` and `_hard_swish`.",
        "The function is not in the file; what these compute is known.",
        "A name of Keras 3, or a small model without weights, in the place of the name. Your custom_objects take precedence.",
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
    "Addons>sparsemax": write_sparsemax,
    "kecamCommon>phish": lambda sub, x: sub.op("multiply", x, sub.op("tanh", sub.op("gelu", x, approximate=False))),
}


def resolve_activations(layer: Layer, context: RuleContext, find: Callable[[str], object]) -> Layer:
    """The layer with what Keras 3 has for activations of packages; custom_objects take precedence."""
    changed: dict[str, Value] = {}
    for key in _KEYS:
        name = layer.config.get(key)
        if not isinstance(name, str) or find(name) is not None:
            continue
        own = _resolve_gelu(name, key, layer, context)
        replacement = _NAMED.get(name) or _write_model(f"{layer.name}_{key}", name)
        if own is not None:
            changed[key] = own
        elif replacement is not None:
            changed[key] = replacement
            seen = f"{key} is {name}, which is not in custom_objects"
            finding = Finding("AK5055", layer.address or layer.name, seen, "native operations", Fidelity.EQUIVALENT)
            context.findings.append(finding)
    return layer.with_config(**changed) if changed else layer


def known_activations() -> list[str]:
    """The names that are known."""
    return [*_NAMED, *_FORMULAS]


def _write_model(label: str, name: str) -> Layer | None:
    formula = _FORMULAS.get(name)
    if formula is None:
        return None
    sub = Builder(label)
    return sub.finish(formula(sub, sub.input()))


_GELU: Final = "AK5144"
_GELU_NAMES = ("gelu", "gelu_tensorflow", "gelu_fallback")
_FAMILY = frozenset({"TokenEmbedding", "EmbeddingRet", "EmbeddingSim", "EmbeddingSimilarity", "FeedForward"})

document(
    Page(
        _GELU,
        "gelu, saved before Keras had a function of that name",
        "Keras 2 and tf.keras before 2.4 have no `gelu`; a file of theirs holds the name of a function of a program or a "
        "package. keras-transformer has the tanh approximation; keras-bert has the exact formula up to 0.82 on TensorFlow, "
        "and that of keras-transformer since.",
        "The formulas differ by up to 0.0005, and the file says neither which it is nor the version of the package.",
        "In models of keras-bert: the exact formula where the file is of Keras 2.3 or before, or of tf.keras before 2.2, as "
        "keras-bert 0.83 came out in June 2020; else the tanh approximation. In models of keras-transformer: the tanh "
        "approximation. In others: the exact formula. Your custom_objects take precedence.",
        example='anykeras.load_model("bert.h5", custom_objects={"gelu": my_gelu})',
        fidelity=Fidelity.APPROXIMATE,
        shim=True,
        references=("keras_transformer/gelu.py 0.30.0 and 0.38.0", "keras_bert/activations 0.75.0 to 0.82.0",
                    "keras_bert/bert.py 0.83.0"),
    )
)  # fmt: skip


def _resolve_gelu(name: str, key: str, layer: Layer, context: RuleContext) -> Value:
    """What `gelu` means in this file, None where it is a function of the Keras that wrote it or another name."""
    if name not in _GELU_NAMES:
        return None
    classes = context.surroundings.class_names
    family = bool(classes & _FAMILY)
    if not (family or _has_no_gelu(context)):
        return None
    on_tensorflow = context.writer.backend in (None, "tensorflow")
    bert = "TokenEmbedding" in classes
    exact = not family or (bert and on_tensorflow and before_june_2020(context))
    done = "the exact formula" if exact else "the tanh approximation"
    seen = f"{key} is {name}, by which several formulas were saved; they differ by up to 0.0005"
    fidelity = Fidelity.EQUIVALENT if family and not bert else Fidelity.APPROXIMATE
    context.findings.append(Finding(_GELU, layer.address or layer.name, seen, done, fidelity))
    sub = Builder(f"{layer.name}_{key}")
    return sub.finish(sub.op("gelu", sub.input(), approximate=not exact))


def _has_no_gelu(context: RuleContext) -> bool:
    """Whether the writer's Keras had no gelu (TensorFlow 2.4 brought it)."""
    writer = context.writer
    return writer.era in (Era.KERAS0, Era.KERAS1, Era.KERAS2) or (writer.era is Era.TF2 and () < writer.release < (2, 4))
