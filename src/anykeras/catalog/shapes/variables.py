"""Shapes of the variables that Keras 3 makes for a layer, from its arguments and what it is called on.

One function a class, after ``build`` of each in keras 3.15.1. A size that depends on an unknown input is None. Quantized
layers pack their kernels and have no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...document.graph import iterate_leaves
from ...document.model import Layer, Path
from ...document.walk import list_children
from ..base import Shape, mode_of
from .engine import Inference
from .layers import data_format, expand_ranks
from .spec import Argument, Spec, each, multiply_sizes
from .tables import Output, option

Shapes = Mapping[str, Sequence[int | None]]
"""The shape of each role."""
_Inputs = Mapping[str | int, Shape | None]
"""Shapes of the tensors of a call, by position and by name; None where one is not known."""
_Rule = Callable[[Layer, _Inputs], Shapes]

_rules: dict[str, _Rule] = {}
# What a rule raises over arguments that Keras would refuse too.
_REFUSED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def _variables(*class_names: str) -> Callable[[_Rule], _Rule]:
    def enter(rule: _Rule) -> _Rule:
        for name in class_names:
            _rules[name] = rule
        return rule

    return enter


def follow_calls(model: Layer) -> Calls:
    """One pass through a model in the Keras 3 vocabulary, with what its layers are called on."""
    calls = Calls()
    if model.graph is not None:
        calls.graph(model, None)
    return calls


def infer_variables(model: Layer, calls: Calls | None = None) -> dict[Path, Shapes]:
    """The shapes of the variables of every layer that has an entry here, by the layer's path.

    Args:
        model: in the Keras 3 vocabulary.
        calls: of `follow_calls`, where the model was followed already.

    Returns:
        For each role that the entry knows, whether the layer has it or not, a shape; sizes that are not known are None.
    """
    found: dict[Path, Shapes] = {}
    _visit(model, (), (calls or follow_calls(model)).inputs, found)
    return found


def _visit(layer: Layer, path: Path, inputs: Mapping[Path, _Inputs], found: dict[Path, Shapes]) -> None:
    rule = _rules.get(layer.class_name)
    if rule is not None and not layer.operation and not mode_of(layer.config):
        try:
            found[path] = rule(layer, inputs.get(path, {}))
        except _REFUSED:
            found[path] = {}
    for step, inner in list_children(layer):
        _visit(inner, path + step, inputs, found)


class Calls(Inference):
    """A pass through a model that keeps what each layer is called on first, as Keras builds it then."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs: dict[Path, _Inputs] = {}

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        seen: dict[str | int, Shape | None] = {}
        named: list[tuple[str | int, Argument]] = [*enumerate(args), *kwargs.items()]
        for key, value in named:
            specs = [leaf for leaf in iterate_leaves(value) if isinstance(leaf, Spec)]
            seen[key] = specs[0].shape if specs else None
        self._note(self.path, layer, seen)
        return super().call(layer, args, kwargs)

    def _note(self, path: Path, layer: Layer, seen: _Inputs) -> None:
        if path in self.inputs:
            return
        self.inputs[path] = seen
        sequence = seen.get(0)
        if layer.class_name == "Bidirectional" and isinstance(back := option(layer, "backward_layer"), Layer):
            self._note((*path, "backward_layer"), back, {0: sequence})
        if layer.class_name == "RNN" and isinstance(cell := option(layer, "cell"), Layer):
            self._note((*path, "cell"), cell, {0: None if sequence is None else (sequence[0], *sequence[2:])})


def _size(shape: Shape | None, axis: int = -1) -> int | None:
    """One size of a shape; None where the shape is not known."""
    return None if shape is None else shape[axis]


def _channels(layer: Layer, inputs: _Inputs, first: int = 1) -> int | None:
    """The number of channels of an input whose axes before `first` are batch and time."""
    return _size(inputs.get(0), first if data_format(layer) == "channels_first" else -1)


def _kernel_size(layer: Layer) -> tuple[int, ...]:
    rank = next(int(c) for c in layer.class_name if c.isdigit())
    return tuple(each(option(layer, "kernel_size"), rank))


@_variables("Dense")
def _dense(layer: Layer, inputs: _Inputs) -> Shapes:
    units = option(layer, "units")
    return {"kernel": (_size(inputs.get(0)), units), "bias": (units,)}


@_variables("Embedding", "ReversibleEmbedding")
def _shape_embedding(layer: Layer, inputs: _Inputs) -> Shapes:
    rows, columns = option(layer, "input_dim"), option(layer, "output_dim")
    return {"embeddings": (rows, columns), "reverse_embeddings": (columns, rows)}


@_variables("EinsumDense")
def _einsum_dense(layer: Layer, inputs: _Inputs) -> Shapes:
    """As `_analyze_split_string`: a letter of the output has the size that `output_shape` states, else the input's."""
    before, after = str(option(layer, "equation")).replace(" ", "").split("->")
    source, kernel = before.split(",")
    stated = option(layer, "output_shape")
    stated = (stated,) if isinstance(stated, int) else tuple(stated)
    shape = inputs.get(0) or ()
    if source.startswith("..."):
        sizes = dict(zip(source[:2:-1], shape[::-1], strict=False))
        sizes |= dict(zip(after[:2:-1], stated[::-1], strict=False))
        return {"kernel": [sizes.get(c) for c in kernel]}
    sizes = dict(zip(source.removesuffix("..."), shape, strict=False))
    known = dict(zip(after.removesuffix("...")[1:], stated, strict=False))
    return {"kernel": [known[c] if c in known else sizes.get(c) for c in kernel]}


@_variables(*expand_ranks("Conv{}D"))
def _conv(layer: Layer, inputs: _Inputs) -> Shapes:
    filters, channels = option(layer, "filters"), _channels(layer, inputs)
    return {
        "kernel": (*_kernel_size(layer), None if channels is None else channels // option(layer, "groups", 1), filters),
        "bias": (filters,),
    }


@_variables(*expand_ranks("Conv{}DTranspose"))
def _conv_transpose(layer: Layer, inputs: _Inputs) -> Shapes:
    filters = option(layer, "filters")
    return {"kernel": (*_kernel_size(layer), filters, _channels(layer, inputs)), "bias": (filters,)}


@_variables("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise(layer: Layer, inputs: _Inputs) -> Shapes:
    channels, multiplier = _channels(layer, inputs), option(layer, "depth_multiplier", 1)
    return {"kernel": (*_kernel_size(layer), channels, multiplier), "bias": (multiply_sizes(channels, multiplier),)}


@_variables("SeparableConv1D", "SeparableConv2D")
def _separable(layer: Layer, inputs: _Inputs) -> Shapes:
    channels, multiplier = _channels(layer, inputs), option(layer, "depth_multiplier", 1)
    size, filters = _kernel_size(layer), option(layer, "filters")
    return {
        "depthwise_kernel": (*size, channels, multiplier),
        "pointwise_kernel": (*(1 for _ in size), multiply_sizes(channels, multiplier), filters),
        "bias": (filters,),
    }


@_variables("BatchNormalization", "GroupNormalization")
def _shape_normalized_axis(layer: Layer, inputs: _Inputs) -> Shapes:
    shape = (_size(inputs.get(0), option(layer, "axis", -1)),)
    moving = ("moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev")
    return dict.fromkeys(("gamma", "beta", *moving), shape)


@_variables("LayerNormalization", "RMSNormalization")
def _shape_normalized_axes(layer: Layer, inputs: _Inputs) -> Shapes:
    axis = option(layer, "axis", -1)
    axes = sorted(axis) if isinstance(axis, tuple) else [axis]
    return {key: [_size(inputs.get(0), one) for one in axes] for key in ("gamma", "beta", "scale")}


@_variables("Normalization")
def _statistics(layer: Layer, inputs: _Inputs) -> Shapes:
    axis, shape = option(layer, "axis", -1), inputs.get(0)
    axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if shape is not None:
        axes = tuple(sorted(one % len(shape) for one in axes))
    kept = [_size(shape, one) for one in axes]
    return {"mean": kept, "variance": kept, "count": ()}


@_variables("PReLU")
def _prelu(layer: Layer, inputs: _Inputs) -> Shapes:
    shape = inputs.get(0)
    if shape is None:
        return {}
    shared = option(layer, "shared_axes") or ()
    return {"alpha": [1 if axis in shared else size for axis, size in enumerate(shape)][1:]}


_GATES = {"SimpleRNN": 1, "GRU": 3, "LSTM": 4}


@_variables(*_GATES, *(f"{name}Cell" for name in _GATES))
def _recurrent(layer: Layer, inputs: _Inputs) -> Shapes:
    units, gates = option(layer, "units"), _GATES[layer.class_name.removesuffix("Cell")]
    twice = gates == 3 and option(layer, "reset_after", True)
    return {
        "kernel": (_size(inputs.get(0)), gates * units),
        "recurrent_kernel": (units, gates * units),
        "bias": (2, gates * units) if twice else (gates * units,),
    }


@_variables(*expand_ranks("ConvLSTM{}D"))
def _conv_lstm(layer: Layer, inputs: _Inputs) -> Shapes:
    filters, size = option(layer, "filters"), _kernel_size(layer)
    return {
        "kernel": (*size, _channels(layer, inputs, 2), 4 * filters),
        "recurrent_kernel": (*size, filters, 4 * filters),
        "bias": (4 * filters,),
    }


def _count_attended(inputs: _Inputs) -> tuple[int | None, int | None, int | None]:
    """The features of query, value and key."""
    query, value = (inputs.get(i, inputs.get(name)) for i, name in enumerate(("query", "value")))
    key = inputs.get(2, inputs.get("key")) or value
    return _size(query), _size(value), _size(key)


@_variables("MultiHeadAttention")
def _multi_head_attention(layer: Layer, inputs: _Inputs) -> Shapes:
    query, value, key = _count_attended(inputs)
    heads, width = option(layer, "num_heads"), option(layer, "key_dim")
    wide = option(layer, "value_dim") or width
    stated: Any = option(layer, "output_shape")
    outcome = (query,) if stated is None else stated if isinstance(stated, tuple) else (stated,)
    return {
        "query_kernel": (query, heads, width),
        "query_bias": (heads, width),
        "key_kernel": (key, heads, width),
        "key_bias": (heads, width),
        "value_kernel": (value, heads, wide),
        "value_bias": (heads, wide),
        "output_kernel": (heads, wide, *outcome),
        "output_bias": outcome,
    }


@_variables("GroupQueryAttention", "GroupedQueryAttention")
def _group_query_attention(layer: Layer, inputs: _Inputs) -> Shapes:
    query, value, key = _count_attended(inputs)
    heads, groups = option(layer, "num_query_heads"), option(layer, "num_key_value_heads")
    width = option(layer, "head_dim")
    return {
        "query_kernel": (query, heads, width),
        "query_bias": (heads, width),
        "key_kernel": (key, groups, width),
        "key_bias": (groups, width),
        "value_kernel": (value, groups, width),
        "value_bias": (groups, width),
        "output_kernel": (heads, width, query),
        "output_bias": (query,),
    }


@_variables("Attention", "AdditiveAttention")
def _attention(layer: Layer, inputs: _Inputs) -> Shapes:
    additive = layer.class_name == "AdditiveAttention"
    return {"scale": (_size(inputs.get(0)),) if additive else (), "concat_score_weight": ()}
