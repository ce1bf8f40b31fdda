"""From the layers of Keras 0 to those of Keras 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.build import Builder, make_sequential
from ...document.model import Era, Layer, Value
from ...errors import Unsupported
from ...lazily import np
from ..rulebook import RuleContext, rule

_ERAS = (Era.KERAS0,)


@rule(
    "AK2001",
    to=Era.KERAS1,
    eras=_ERAS,
    report=False,
)
def _rename_arguments(layer: Layer, context: RuleContext) -> Layer | None:
    config: dict[str, Value] = {key: value for key, value in layer.config.items() if key not in ("input_shape", "dims")}
    shape = layer.config.get("input_shape")
    if layer.class_name == "Embedding" and (shape is not None or "input_dtype" not in config):
        config |= {"batch_input_shape": (None, config.get("input_length")), "input_dtype": "int32"}
    elif isinstance(shape, tuple) and config.get("batch_input_shape") is None:
        config["batch_input_shape"] = (None, *shape)
    if layer.class_name == "Reshape" and "dims" in layer.config:
        config["target_shape"] = layer.config["dims"]
    elif "dims" in layer.config:
        config["dims"] = layer.config["dims"]
    return None if config == layer.config else replace(layer, config=config)


@rule(
    "AK2002",
    to=Era.KERAS1,
    eras=_ERAS,
    classes=("Embedding",),
)
def _scale_table(layer: Layer, context: RuleContext) -> Layer | None:
    dropout, table = layer.config.get("dropout"), layer.weights.get("W")
    if not isinstance(dropout, (int, float)) or not dropout:
        return None
    kept = 1.0 - dropout
    changed = layer.with_config(dropout=0.0)
    if table is None:
        return changed
    return changed.with_weights(W=table.compute(f"times {kept}", table.shape, lambda a: np.multiply(a, kept).astype(a.dtype)))


# One number counts axes from the end of both inputs, or from the end of the first and the start of the second
# (keras/layers/core.py Merge.__init__ 0.3.3). Beyond one axis there is no counterpart.
_PAIRS: Mapping[int, tuple[int, int]] = {-1: (-1, -1), 1: (-1, 1)}


@rule(
    "AK2003",
    to=Era.KERAS1,
    eras=_ERAS,
    classes=("Merge",),
)
def _state_dot_axes(layer: Layer, context: RuleContext) -> Layer | None:
    axes = layer.config.get("dot_axes")
    if layer.config.get("mode") not in ("dot", "cos") or not isinstance(axes, int):
        return None
    if axes not in _PAIRS:
        raise Unsupported(
            "AK2003",
            f"the Merge {layer.name!r} contracts {abs(axes)} axes at once, and Keras 3 contracts one of each input",
            layer=layer.name,
            key="dot_axes",
        )
    return layer.with_config(dot_axes=_PAIRS[axes])


_REDUCTIONS = {"sum": "sum", "ave": "mean", "mul": "prod"}


@rule(
    "AK2112",
    to=Era.KERAS2,
    eras=_ERAS,
    classes=("TimeDistributedMerge",),
)
def _reduce_over_time(layer: Layer, context: RuleContext) -> Layer | None:
    mode = layer.config.get("mode", "sum")
    function = _REDUCTIONS.get(mode) if isinstance(mode, str) else None
    if function is None:
        raise Unsupported("AK2112", f"TimeDistributedMerge with the mode {mode!r}", layer=layer.name, key="mode")
    sub = Builder(layer.name, layer.address)
    return sub.finish(sub.op(function, sub.input(), axis=1))


@rule(
    "AK2004",
    to=Era.KERAS1,
    eras=_ERAS,
    classes=("ThresholdedLinear",),
)
def _expand_threshold(layer: Layer, context: RuleContext) -> Layer | None:
    theta = layer.config.get("theta", 1.0)
    sub = Builder(f"{layer.name}_function", layer.address)
    x = sub.input()
    out = sub.op("where", sub.op("less", sub.op("absolute", x), theta), 0.0, x)
    kept = {key: value for key, value in layer.config.items() if key != "theta"}
    return replace(layer, class_name="Activation", config={**kept, "activation": sub.finish(out)})


@rule(
    "AK2005",
    to=Era.KERAS1,
    eras=_ERAS,
    classes=("AutoEncoder",),
)
def _chain_autoencoder(layer: Layer, context: RuleContext) -> Layer | None:
    keys = ("encoder", "decoder") if layer.config.get("output_reconstruction", True) else ("encoder",)
    parts = tuple(part for key in keys if isinstance(part := layer.config.get(key), Layer))
    return replace(make_sequential(layer.name, *parts), address=layer.address)
