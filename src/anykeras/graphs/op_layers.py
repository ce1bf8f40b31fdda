"""A node of a graph as a layer of its own (``TensorFlowOpLayer`` of tf.keras 1.14 to 2.3), by the table of ops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .. import limits
from ..containers.tfjs_graph import read_node
from ..document.model import Layer, Value
from ..errors import AnyKerasError, Malformed, Unsupported
from ..recovery.code_sites import CodeSite
from ..recovery.code_sites.base import NODE
from ..recovery.code_sites.tf_layers import compute_function
from ..recovery.follow import thaw
from ..recovery.functions import Operand
from ..recovery.held import constant
from ..recovery.lift import Lifted, write_submodel
from ..recovery.op_calls import compute_call
from ..recovery.refusals import locate
from .engine import NODE_STEPS, run_op
from .registry import read_attributes
from .translation import CONTEXT
from .writer import GraphWriter

PART = "node_def"


def lift_node(layer: Layer, site: CodeSite) -> Lifted:
    """An op layer that is a node, or is computed from nodes, as the operations that they mean.

    Raises:
        Unsupported: an op is in no table, or a node is not in the JSON of protocol buffers.
    """

    ops = GraphWriter.for_layer(layer, replace(CONTEXT, floatx=site.context.floatx))

    def compute(inner: Layer, args: Sequence[Operand], kwargs: Mapping[str, Operand]) -> Operand:
        return _compute_node(ops, inner, args) if inner.class_name == NODE else compute_function(ops, inner, args, kwargs)

    def write(ops: GraphWriter, inputs: Operand) -> Operand:
        found = compute_call(layer, inputs, compute)
        return tuple(map(ops.tensor, found)) if isinstance(found, tuple) else ops.tensor(found)

    try:
        return write_submodel(layer, site.args[0], ops, write)
    except AnyKerasError as error:
        raise locate(error, layer.name) from None


def _compute_node(ops: GraphWriter, layer: Layer, args: Sequence[Operand]) -> Operand:
    """A node with constants for some inputs (tf.keras 1.14 to 2.3 base_layer.py)."""
    limits.budget().charge(NODE_STEPS)
    try:
        node = read_node(thaw(layer.config.get("node_def")), PART)
    except Malformed:
        raise Unsupported(
            "AK3005", "the node of a TensorFlowOpLayer is not in a form that AnyKeras reads", layer=layer.name
        ) from None
    attributes = read_attributes(node, PART)
    held = layer.config.get("constants")
    constants = {int(k): _read_constant(v, attributes.get("T")) for k, v in held.items()} if isinstance(held, Mapping) else {}
    first = args[0] if args else ()
    tensors = iter(first if isinstance(first, list) else [first])
    given = [constants[place] if place in constants else next(tensors) for place in range(len(node.inputs))]
    return run_op(ops, node, given, attributes)


def _read_constant(value: Value, dtype: Operand) -> Operand:
    """The numbers of an input, which a file lists without their dtype: floats have that of the node."""
    array = np.asarray(constant(value))
    if array.dtype == np.float64:
        return array.astype(dtype if "float" in str(dtype) else "float32")
    small = array.dtype == np.int64 and bool((np.abs(array) < 1 << 31).all())
    return array.astype("int32") if small else array
