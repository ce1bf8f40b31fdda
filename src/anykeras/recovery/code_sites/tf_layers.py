"""Op layers of tf.keras: one TensorFlow function or node a layer (``tf.math.add``, ``tf_op_layer_Relu``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ...document.model import Layer
from ...errors import AnyKerasError, Unsupported
from ..functions import Entry, Operand, find_operator, resolve
from ..functions.base import FunctionContext
from ..graph_ops import GraphOps
from ..lift import Lifted, write_submodel
from ..op_calls import compute_call, list_classes
from ..refusals import locate
from .base import NODE, CodeSite, delegate, find_code_site

_OPERATOR = "__operators__."


@find_code_site("TFOpLambda", "SlicingOpLambda", NODE)
def lift_op_layer(layer: Layer, site: CodeSite) -> Lifted:
    """One TensorFlow function or node with the arguments of the call, and what computes those of them that are sizes."""
    if NODE in list_classes(layer):
        return delegate(site.lift_node, layer, site)
    ops = GraphOps.for_layer(layer, site.context)
    try:
        return write_submodel(
            layer, site.args[0], ops, lambda ops, inputs: compute_call(layer, inputs, partial(compute_function, ops))
        )
    except AnyKerasError as error:
        raise locate(error, layer.name) from None


def compute_function(ops: GraphOps, layer: Layer, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
    """``tf.<function>`` (tensorflow/python/keras/layers/core.py, 2.4 to 2.15)."""
    name = str(layer.config.get("function", ""))
    if name == f"{_OPERATOR}getitem":
        return find_operator("getitem", ops.context)(ops, args[0], _read_key(kwargs.get("slice_spec", args[1:])))
    if name.startswith(_OPERATOR):
        operands = (*args, *(value for key, value in kwargs.items() if key != "name"))
        return find_operator(name.removeprefix(_OPERATOR), ops.context)(ops, *operands)
    return _find_entry(name, layer, ops.context)(ops, *args, **kwargs)


def _find_entry(name: str, layer: Layer, context: FunctionContext) -> Entry:
    entry = resolve(f"tensorflow.{name}", context)
    if entry is None:
        raise Unsupported(
            "AK3005",
            f"the function tf.{name} is not one that AnyKeras can express",
            layer=layer.name,
            key="function",
            next_step="Report the file: the function can be added to the tables.",
        )
    return entry


def _read_key(spec: Operand) -> Operand:
    """A slice specification as an index."""
    if isinstance(spec, Mapping):
        return slice(spec.get("start"), spec.get("stop"), spec.get("step"))
    if isinstance(spec, list | tuple):
        return tuple(_read_key(item) for item in spec)
    return Ellipsis if spec == "..." else spec


@find_code_site("AddLoss", "AddMetric")
def pass_through(layer: Layer, site: CodeSite) -> Lifted:
    """Layers that only add to the training loss or the metrics: their outcome is what they are given."""
    return write_submodel(layer, site.args[0], GraphOps.for_layer(layer, site.context), lambda ops, inputs: inputs)


@find_code_site("ClassMethod", "InstanceMethod", "InstanceProperty")
def refuse_composite(layer: Layer, site: CodeSite) -> Lifted:
    """Methods of ragged and sparse tensors, which Keras 3 operations do not have."""
    raise Unsupported(
        "AK3006",
        f"{layer.class_name} calls a method of a ragged or sparse tensor",
        layer=layer.name,
        next_step="Rebuild this part with dense tensors.",
    )
