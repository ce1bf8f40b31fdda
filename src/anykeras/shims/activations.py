"""Activation functions that packages registered under their own names, and the several that were saved as `gelu`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ..document.build import Builder
from ..document.model import Era, Layer, Ref, Value
from ..findings import Fidelity, Finding
from ..migrations import RuleContext

Formula = Callable[[Builder, Ref], Ref]
_KEYS = ("activation", "recurrent_activation")


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


def _sparsemax(sub: Builder, x: Ref) -> Ref:
    from .tensorflow_addons import write_sparsemax  # loaded only where a file has one

    return write_sparsemax(sub, x)


_FORMULAS: Mapping[str, Formula] = {
    "Addons>gelu": lambda sub, x: sub.op("gelu", x, approximate=True),
    "Addons>lisht": lambda sub, x: sub.op("multiply", x, sub.op("tanh", x)),
    "Addons>snake": _snake,
    "Addons>sparsemax": _sparsemax,
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


def list_known_activations() -> list[str]:
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


def _resolve_gelu(name: str, key: str, layer: Layer, context: RuleContext) -> Value:
    """What `gelu` means in this file, None where it is a function of the Keras that wrote it or another name."""
    if name not in _GELU_NAMES:
        return None
    classes = context.surroundings.class_names
    family = bool(classes & _FAMILY)
    if not (family or _has_no_gelu(context)):
        return None
    from .cyberzhg.attention import before_june_2020  # loaded only where a file has one

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
