"""Op layers of tf.keras: one TensorFlow function or node a layer (``tf.math.add``, ``tf_op_layer_Relu``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...document.model import Layer
from ...errors import AnyKerasError, Unsupported
from ..functions import Entry, Operand, operator, resolve
from ..functions.base import FunctionContext
from ..graph_ops import GraphOps
from ..held import constant
from ..lift import Body, Lifted, submodel
from ..op_calls import compute_call, find_array
from ..refusals import locate
from ..tensorflow_nodes import compute
from .base import CodeSite, code_site

_OPERATOR = "__operators__."


@code_site("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
def tf_function(layer: Layer, site: CodeSite) -> Lifted:
    """One TensorFlow function or node with the arguments of the call, and what computes those of them that are sizes."""

    def body(ops: GraphOps, inputs: Operand) -> Operand:
        return compute_call(layer, inputs, lambda *call: _compute(ops, *call))

    return _lift(layer, site, body)


def _compute(ops: GraphOps, layer: Layer, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
    if layer.class_name == "TensorFlowOpLayer":
        return _compute_node(ops, layer, args)
    return _compute_function(ops, layer, args, kwargs)


def _compute_function(ops: GraphOps, layer: Layer, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
    """``tf.<function>`` (tensorflow/python/keras/layers/core.py, 2.4 to 2.15)."""
    name = str(layer.config.get("function", ""))
    if name == f"{_OPERATOR}getitem":
        return operator("getitem", ops.context)(ops, args[0], _key(kwargs.get("slice_spec", args[1:])))
    if name.startswith(_OPERATOR):
        operands = (*args, *(value for key, value in kwargs.items() if key != "name"))
        return operator(name.removeprefix(_OPERATOR), ops.context)(ops, *operands)
    return _entry(name, layer, ops.context)(ops, *args, **kwargs)


def _entry(name: str, layer: Layer, context: FunctionContext) -> Entry:
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


def _key(spec: Operand) -> Operand:
    """A slice specification as an index."""
    if isinstance(spec, Mapping):
        return slice(spec.get("start"), spec.get("stop"), spec.get("step"))
    if isinstance(spec, list | tuple):
        return tuple(_key(item) for item in spec)
    return Ellipsis if spec == "..." else spec


def _compute_node(ops: GraphOps, layer: Layer, args: Sequence[Operand]) -> Operand:
    """One node of a TensorFlow graph with constants for some inputs (tf.keras 1.14 to 2.3 base_layer.py)."""
    node = layer.config.get("node_def")
    if not isinstance(node, Mapping):
        raise Unsupported("AK3005", "the node of a TensorFlowOpLayer is not in a form that AnyKeras reads", layer=layer.name)
    held = layer.config.get("constants")
    constants = {int(k): _read_constant(v) for k, v in held.items()} if isinstance(held, Mapping) else {}
    first = args[0] if args else ()
    tensors = iter(first if isinstance(first, list) else [first])
    names = node.get("input", ())
    count = len(names) if isinstance(names, tuple | list) else 0
    operands = [constants[i] if i in constants else next(tensors) for i in range(count)]
    return compute(ops, str(node.get("op")), operands, _attributes(node.get("attr")))


def _read_constant(value: Operand) -> Operand:
    array = find_array(value) if isinstance(value, tuple | list) else None
    return constant(value) if array is None else array


def _attributes(held: Operand) -> dict[str, Operand]:
    """The attributes of a node: ``{"keep_dims": {"b": true}}`` as plain values."""
    if not isinstance(held, Mapping):
        return {}
    return {name: _attribute(value) for name, value in held.items() if isinstance(value, Mapping) and value}


def _attribute(value: Mapping[str, Operand]) -> Operand:
    kind, content = next(iter(value.items()))
    if kind == "i":
        return int(content)
    if kind == "list" and isinstance(content, Mapping):
        return [_attribute({key: item}) for key, items in content.items() for item in items]
    return content


@code_site("AddLoss", "AddMetric")
def passed_through(layer: Layer, site: CodeSite) -> Lifted:
    """Layers that only add to the training loss or the metrics: their outcome is what they are given."""
    return submodel(layer, site.args[0], site.context, lambda ops, inputs: inputs)


@code_site("ClassMethod", "InstanceMethod", "InstanceProperty")
def composite(layer: Layer, site: CodeSite) -> Lifted:
    """Methods of ragged and sparse tensors, which Keras 3 operations do not have."""
    raise Unsupported(
        "AK3006",
        f"{layer.class_name} calls a method of a ragged or sparse tensor",
        layer=layer.name,
        next_step="Rebuild this part with dense tensors.",
    )


def _lift(layer: Layer, site: CodeSite, body: Body) -> Lifted:
    given = list(site.args[0]) if isinstance(site.args[0], tuple) else site.args[0]
    try:
        return submodel(layer, given, site.context, body)
    except AnyKerasError as error:
        raise locate(error, layer.name) from None
