"""CRF layers on top of ``crf_decode``: tensorflow-addons, tf2crf, kashgari 1, nlp-architect."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Layer, Ref
from ...migrations import RuleContext
from ...recovery.code_sites import CodeSite
from ...tensors import Tensor
from ..base import register_shim
from ..blocks import mask_of
from ..deferred import defer, in_layers
from ..stored import SHARED
from .viterbi import decode

_WHAT = "The path of the highest score is found by a SimpleRNN whose activation is a model, forth and back. "
_UNTRAINED = "The transitions cannot be trained: a CRF's likelihood needs a loss of its own."


@register_shim(
    "AK5073",
    classes=("CRF",),
    package="tf2crf 0.1.12 to 0.1.33, kashgari 1.1.5, nlp-architect 0.5.4",
    checked="tf2crf 0.1.12 and 0.1.33 on tf.keras 2.6, kashgari 1.1.5 and nlp-architect 0.5.4 on tf.keras 1.15",
    difference="0 (tags)",
)
def crf_tensorflow(layer: Layer, context: RuleContext) -> Layer | None:
    """The transitions, and a kernel and bias where the class has a Dense layer inside."""
    keys = layer.config.keys() - SHARED - {"units", "regularizer"}
    one_hot = {"output_dim", "transitions"} <= keys <= {"output_dim", "transitions", "mode", "supports_masking"}
    if not (one_hot or keys == {"chain_initializer"}) or layer.config.get("mode", "reg") != "reg":
        return None
    if layer.weights.keys() not in ({"transitions"}, {"transitions", "kernel", "bias"}):
        return None
    return defer(layer, _make_one_hot if one_hot else _make_tuple)


@register_shim(
    "AK5082",
    classes=("CRF",),
    package="tensorflow-addons 0.15.0",
    checked="tensorflow-addons 0.15.0 on tf.keras 2.6",
    difference="0 (tags), 1e-06 (scores)",
)
def crf_addons(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights chain_kernel, left_boundary, right_boundary, and kernel and bias of a Dense layer."""
    wanted = {"chain_kernel"}
    wanted |= {"left_boundary", "right_boundary"} if layer.config.get("use_boundary") is True else set()
    wanted |= {"kernel", "bias"} if layer.config.get("use_kernel") is True else set()
    if not (layer.registered_name or "").startswith("Addons>") or layer.weights.keys() != wanted:
        return None
    return defer(layer, _make_of_addons)


@in_layers
def _make_one_hot(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    lengths = _count_steps(sub, x, any(site.masked[:1]) and "supports_masking" not in layer.config)
    return sub.finish(decode(sub, _score(layer, sub, x), layer.weights["transitions"], lengths))


@in_layers
def _make_tuple(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    lengths = _count_steps(sub, x, any(site.masked[:1]))
    return _finish_four(sub, x, _score(layer, sub, x), layer.weights["transitions"], lengths, "int32")


@in_layers
def _make_of_addons(layer: Layer, site: CodeSite) -> Layer:
    sub, masked = Builder(layer.name, layer.address), any(site.masked[:1])
    x = sub.input()
    scores = _score(layer, sub, x)
    if "left_boundary" in layer.weights:
        mask = mask_of(sub, x) if masked else sub.op("ones_like", sub.op("max", scores, axis=-1, keepdims=True))
        for role, reverse in (("left_boundary", False), ("right_boundary", True)):
            scores = sub.op("add", scores, sub.op("multiply", _mark_edge(sub, mask, reverse), layer.weights[role]))
    return _finish_four(sub, x, scores, layer.weights["chain_kernel"], _count_steps(sub, x, masked), "int64")


def _mark_edge(sub: Builder, mask: Ref, reverse: bool) -> Ref:
    """1 where the mask begins, or ends if `reverse`."""
    turned = sub.op("flip", mask, axis=1) if reverse else mask
    rise = sub.op("diff", sub.op("pad", turned, ((0, 0), (1, 0), (0, 0))), axis=1)
    edge = sub.op("cast", sub.op("greater", rise, 0.5), "float32")
    return sub.op("flip", edge, axis=1) if reverse else edge


def _score(layer: Layer, sub: Builder, x: Ref) -> Ref:
    weights = {role: layer.weights[role] for role in ("kernel", "bias") if role in layer.weights}
    if not weights:
        return sub.op("multiply", x, 1.0)
    config: Config = {"units": weights["bias"].size}
    return sub.layer("Dense", config, x, weights=weights, name=f"{layer.name}_scores")


def _count_steps(sub: Builder, x: Ref, masked: bool) -> Ref | None:
    return sub.op("sum", mask_of(sub, x), axis=1, keepdims=True) if masked else None


def _finish_four(sub: Builder, x: Ref, scores: Ref, transitions: Tensor, lengths: Ref | None, dtype: str) -> Layer:
    """The tags, the scores, the lengths, and the transitions hung on the input."""
    tags = sub.op("argmax", decode(sub, scores, transitions, lengths), axis=-1)
    if lengths is None:
        lengths = sub.op("sum", sub.op("ones_like", sub.op("max", x, axis=-1, keepdims=True)), axis=1, keepdims=True)
    nothing = sub.op("sum", sub.op("zeros_like", x))
    counts = sub.op("cast", sub.op("squeeze", lengths, (1, 2)), dtype)
    return sub.finish((tags, sub.op("multiply", scores, 1.0), counts, sub.op("add", nothing, transitions)))
