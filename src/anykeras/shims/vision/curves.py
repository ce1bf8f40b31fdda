"""Activation functions that were layers of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...document.build import Builder
from ...document.model import Layer, Ref, Value
from ...migrations import RuleContext
from ..base import has_only, register_shim

Curve = Callable[[Builder, Ref, float], Ref]


def _swish(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", x, sub.op("sigmoid", sub.op("multiply", x, beta)))


def _eswish(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", sub.op("multiply", x, beta), sub.op("sigmoid", x))


def _mila(sub: Builder, x: Ref, beta: float) -> Ref:
    return sub.op("multiply", x, sub.op("tanh", sub.op("softplus", sub.op("add", x, beta))))


# Without arguments: a name of Keras 3.
_NAMED: Mapping[str, str] = {"Mish": "mish", "Swish": "silu", "ReLU6": "relu6", "Relu6": "relu6", "HardSwish": "hard_swish"}
# With the argument beta, a number that does not train.
_CURVED: Mapping[str, Curve] = {"Swish": _swish, "Eswish": _eswish, "ESwish": _eswish, "Mila": _mila}


@register_shim(
    "AK5115",
    classes=tuple(dict.fromkeys((*_NAMED, *_CURVED))),
    package="echoAI 0.1.3, keras-yolo4, EfficientNet for Keras",
    checked="echoAI 0.1.3 on Keras 2.3.1; HardSwish and Swish without beta retyped, on Keras 2.1.5",
    difference="6e-07",
)
def curve(layer: Layer, context: RuleContext) -> Layer | None:
    """Activation(name), or Activation(model)."""
    beta = layer.config.get("beta")
    if not has_only(layer, "beta") or layer.weights or isinstance(beta, bool):
        return None
    function: Value = _NAMED.get(layer.bare_class_name) if "beta" not in layer.config else None
    if isinstance(beta, int | float) and layer.bare_class_name in _CURVED:
        sub = Builder(f"{layer.name}_function", layer.address)
        function = sub.finish(_CURVED[layer.bare_class_name](sub, sub.input(), float(beta)))
    if function is None:
        return None
    kept = {key: layer.config[key] for key in ("dtype",) if key in layer.config}
    return Layer("Activation", layer.name, {"activation": function, **kept})
