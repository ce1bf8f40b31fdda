"""BatchNormalization of Keras 0 and 1: three modes, and a running deviation that became a variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from ...document.build import Builder
from ...document.model import Era, Layer, Ref, Value, Writer
from ...errors import Unsupported
from ...lazily import np
from ...tensors import Tensor
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD, as_activation, on_theano

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _epsilon(layer: Layer) -> float:
    value = layer.config.get("epsilon")
    return float(value) if isinstance(value, (int, float)) else 1e-3


Floats: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True)
class _Divisor:
    """What a release divides by: of the running statistic `s` it keeps, and of the variance `v` of a batch."""

    running: Callable[[Floats, float], Floats]
    batch: Callable[[Builder, Ref, float], Ref]


def _add(sub: Builder, v: Ref, epsilon: float) -> Ref:
    return sub.op("add", v, epsilon)


# running_std is a deviation: s + e, of a batch sqrt(v + e) + e.
_DEVIATION = _Divisor(
    lambda s, e: s + e,
    lambda sub, v, e: _add(sub, sub.op("sqrt", _add(sub, v, e)), e),
)
# running_std is a variance: sqrt(s) + e, of a batch the same.
_OUTSIDE = _Divisor(lambda s, e: np.sqrt(s) + e, lambda sub, v, e: _add(sub, sub.op("sqrt", v), e))
# running_std is a variance: sqrt(s + e), of a batch the same; so it has stayed.
_INSIDE = _Divisor(lambda s, e: np.sqrt(s + e), lambda sub, v, e: sub.op("sqrt", _add(sub, v, e)))


def _divisor(writer: Writer) -> _Divisor:
    """Which of them the writer used (layers/normalization.py and backend/*.py of 0.3.3 and 1.0.4 to 1.0.8)."""
    if writer.era is Era.KERAS0 or (writer.release and writer.release < (1, 0, 6)):
        return _DEVIATION
    early: dict[tuple[int, ...], _Divisor] = {(1, 0, 6): _DEVIATION, (1, 0, 7): _OUTSIDE}
    return early.get(writer.release, _INSIDE) if on_theano(writer) else _INSIDE


def _variance(running: Tensor, divisor: _Divisor, epsilon: float) -> Tensor:
    """The variance whose divisor in Keras 2, sqrt(variance + epsilon), is the one of old."""
    return running.compute(
        "variance",
        running.shape,
        lambda a: (np.square(divisor.running(a.astype(np.float64), epsilon)) - epsilon).astype(a.dtype),
    )


@rule(
    "AK2130",
    to=Era.KERAS2,
    eras=OLD,
    classes=("BatchNormalization",),
)
def _square_deviation(layer: Layer, context: RuleContext) -> Layer | None:
    found, divisor = layer.weights.get("running_std"), _divisor(context.writer)
    if found is None or divisor is _INSIDE or layer.config.get("mode", 0) not in (0, None):
        return None
    rest = {role: tensor for role, tensor in layer.weights.items() if role != "running_std"}
    return replace(layer, weights={**rest, "moving_variance": _variance(found, divisor, _epsilon(layer))})


def _affine(sub: Builder, layer: Layer, x: Ref) -> Ref:
    """gamma * x + beta over the last axis."""
    weights = {new: layer.weights[old] for old, new in (("gamma", "kernel"), ("beta", "bias")) if old in layer.weights}
    if "kernel" not in weights:
        raise Unsupported(
            "AK2131",
            f"the architecture alone does not say how wide BatchNormalization {layer.name!r} is",
            layer=layer.name,
            next_step="Give the weights too.",
        )
    regularizers = {
        "kernel_regularizer": layer.config.get("gamma_regularizer"),
        "bias_regularizer": layer.config.get("beta_regularizer"),
    }
    config: dict[str, Value] = {
        "equation": "...a,a->...a",
        "output_shape": (weights["kernel"].shape[0],),
        "bias_axes": "a",
        **{key: value for key, value in regularizers.items() if value is not None},
    }
    return sub.layer("EinsumDense", config, x, weights=weights, name=f"{layer.name}_scale")


def _normalize_samples(layer: Layer, writer: Writer) -> Layer:
    """(x - mean) / (deviation + epsilon) over the last axis; up to 1.0.4 the deviation has no epsilon of its own."""
    epsilon = _epsilon(layer)
    early = writer.era is Era.KERAS0 or (bool(writer.release) and writer.release < (1, 0, 5))
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    centred = sub.op("subtract", x, sub.op("mean", x, axis=-1, keepdims=True))
    variance: Ref = sub.op("mean", sub.op("square", centred), axis=-1, keepdims=True)
    deviation = sub.op("sqrt", variance if early else sub.op("add", variance, epsilon))
    normal = sub.op("divide", centred, sub.op("add", deviation, epsilon))
    return as_activation(layer, sub.finish(_affine(sub, layer, normal)))


def _normalize_batch(layer: Layer, writer: Writer) -> Layer:
    """(x - mean) / sqrt(variance + epsilon) over all axes but one, with the statistics of the batch at hand."""
    epsilon, axis = _epsilon(layer), layer.config.get("axis", -1)
    if not isinstance(axis, int):
        raise Unsupported("AK2132", f"BatchNormalization over the axis {axis!r}", layer=layer.name, key="axis")
    width = next((t.shape[0] for role, t in layer.weights.items() if role == "gamma"), 1)
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    last = x if axis == -1 else sub.op("moveaxis", x, axis, -1)
    rows = sub.op("reshape", last, (-1, width))
    centred = sub.op("subtract", last, sub.op("mean", rows, axis=0))
    divisor = _divisor(writer).batch(sub, sub.op("var", rows, axis=0), epsilon)
    out = _affine(sub, layer, sub.op("divide", centred, divisor))
    return as_activation(layer, sub.finish(out if axis == -1 else sub.op("moveaxis", out, -1, axis)))


def _register_mode(code: str, mode: int, normalize: Callable[[Layer, Writer], Layer]) -> None:
    def expand(layer: Layer, context: RuleContext) -> Layer | None:
        return normalize(layer, context.writer) if layer.config.get("mode") == mode else None

    rule(
        code,
        to=Era.KERAS2,
        eras=OLD,
        classes=("BatchNormalization",),
        after=("AK2101",),
    )(expand)


_register_mode("AK2131", 1, _normalize_samples)
_register_mode("AK2132", 2, _normalize_batch)
