"""Op layers of tf.keras: one TensorFlow function or node a layer (``tf.math.add``, ``tf_op_layer_Relu``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...document.model import Layer
from ...errors import AnyKerasError, Unsupported
from ...lazily import np
from ..functions import Entry, Operand, Ops, Sizes, find_operator, resolve
from ..functions.arguments import Axis
from ..functions.base import FunctionContext, words
from ..functions.indexing import SLICE_MASKS, slice_key
from ..graph_ops import GraphOps
from ..held import constant
from ..lift import Body, Lifted, write_submodel
from ..op_calls import compute_call, find_array
from ..refusals import locate
from .base import CodeSite, find_code_site

_OPERATOR = "__operators__."


@find_code_site("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
def lift_tf_function(layer: Layer, site: CodeSite) -> Lifted:
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
        return find_operator("getitem", ops.context)(ops, args[0], _key(kwargs.get("slice_spec", args[1:])))
    if name.startswith(_OPERATOR):
        operands = (*args, *(value for key, value in kwargs.items() if key != "name"))
        return find_operator(name.removeprefix(_OPERATOR), ops.context)(ops, *operands)
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


@find_code_site("AddLoss", "AddMetric")
def pass_through(layer: Layer, site: CodeSite) -> Lifted:
    """Layers that only add to the training loss or the metrics: their outcome is what they are given."""
    return write_submodel(layer, site.args[0], site.context, lambda ops, inputs: inputs)


@find_code_site("ClassMethod", "InstanceMethod", "InstanceProperty")
def refuse_composite(layer: Layer, site: CodeSite) -> Lifted:
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
        return write_submodel(layer, given, site.context, body)
    except AnyKerasError as error:
        raise locate(error, layer.name) from None


# Nodes of a TensorFlow graph by the name of their op, over the function tables.


Node = Callable[[Ops, Sequence[Operand], Mapping[str, Operand]], Operand]

# op -> the public function of TensorFlow with the same operands in the same order, where it is not of the same name
_FUNCTIONS: Mapping[str, str] = dict(
    pair.split("=")
    for pair in words(
        """
        Abs=abs Add=add AddV2=add Sub=subtract Mul=multiply RealDiv=divide Div=divide FloorDiv=math.floordiv
        FloorMod=math.floormod Maximum=maximum Minimum=minimum Pow=pow SquaredDifference=math.squared_difference
        Neg=negative Exp=exp Log=math.log Log1p=math.log1p Sqrt=sqrt Rsqrt=math.rsqrt Square=square Sign=sign
        Sin=sin Cos=cos Tanh=tanh Sigmoid=sigmoid Relu=nn.relu Relu6=nn.relu6 Elu=nn.elu Selu=nn.selu
        Softplus=nn.softplus Softsign=nn.softsign Softmax=nn.softmax Erf=math.erf Floor=floor Ceil=math.ceil
        Round=round Reciprocal=math.reciprocal Greater=greater GreaterEqual=greater_equal Less=less
        LessEqual=less_equal Equal=equal NotEqual=not_equal LogicalAnd=logical_and LogicalOr=logical_or
        LogicalNot=logical_not Reshape=reshape Transpose=transpose ExpandDims=expand_dims Tile=tile Pad=pad
        PadV2=pad Fill=fill ZerosLike=zeros_like OnesLike=ones_like Shape=shape BiasAdd=nn.bias_add
        L2Loss=nn.l2_loss
        Range=range Size=size Rank=rank Select=where SelectV2=where ReverseV2=reverse BroadcastTo=broadcast_to Slice=slice
        """
    )
)
_DTYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_INT64": "int64", "DT_BOOL": "bool",
    "DT_HALF": "float16", "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_INT16": "int16", "DT_BFLOAT16": "bfloat16",
}  # fmt: skip


def compute(ops: Ops, op: str, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    """The outcome of a node. Raises Unsupported for an op that is in no table."""
    node = _NODES.get(op)
    if node is not None:
        return node(ops, operands, attributes)
    entry = resolve(f"tensorflow.{_FUNCTIONS[op]}", ops.context) if op in _FUNCTIONS else None
    if entry is None:
        raise Unsupported(
            "AK3005",
            f"the TensorFlow op {op} is not one that AnyKeras can express",
            next_step="Report the file: the op can be added to the table.",
        )
    return entry(ops, *operands)


def _call(ops: Ops, function: str, *args: Operand, **kwargs: Operand) -> Operand:
    """A function of TensorFlow, on sizes too."""
    entry = resolve(f"tensorflow.{function}", ops.context)
    if entry is None:
        raise Unsupported("AK3005", f"the function tf.{function} is not one that AnyKeras can express")
    return entry(ops, *args, **kwargs)


def _numbers(value: Operand) -> Axis:
    """Axes given as a constant: one int, or several."""
    found = np.asarray(value).astype(int)
    return int(found) if found.ndim == 0 else tuple(int(v) for v in found.reshape(-1))


def _make_reduction(name: str) -> Node:
    return lambda ops, x, at: _call(ops, f"reduce_{name}", x[0], _numbers(x[1]), bool(at.get("keep_dims", False)))


def _position(name: str) -> Node:
    return lambda ops, x, at: ops.op(name, x[0], axis=_numbers(x[1]))


def _matmul(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    flags = (("transpose_a", "adj_x"), ("transpose_b", "adj_y"))
    turned = [any(bool(attributes.get(key, False)) for key in keys) for keys in flags]
    a, b = (ops.op("swapaxes", x, -1, -2) if t else x for x, t in zip(operands, turned, strict=True))
    return ops.op("matmul", a, b)


def _squeeze(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    axes = attributes.get("squeeze_dims") or None
    return ops.op("squeeze", operands[0], axis=tuple(axes) if axes else None)


def _gather(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    axis = _numbers(operands[2]) if len(operands) > 2 else 0
    return _call(ops, "gather", operands[0], operands[1], axis=axis, batch_dims=int(attributes.get("batch_dims", 0)))


def _resize(method: str) -> Node:
    def run(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
        flags = {key: bool(attributes.get(key, False)) for key in ("align_corners", "half_pixel_centers")}
        return _call(ops, f"compat.v1.image.resize_{method}", *operands, **flags)

    return run


def _strided_slice(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    """``x[...]`` as five bit masks over begin, end and strides (array_ops.strided_slice)."""
    x, *bounds = operands
    begin, end, strides = (list(v) if isinstance(v, Sizes) else np.asarray(v).astype(int).reshape(-1).tolist() for v in bounds)
    masks = {f"{key}_mask": int(attributes.get(f"{key}_mask", 0)) for key in SLICE_MASKS}
    return find_operator("getitem", ops.context)(ops, x, slice_key(begin, end, strides, **masks))


def _identity(ops: Ops, operands: Sequence[Operand], attributes: Mapping[str, Operand]) -> Operand:
    return operands[0]


_NODES: Mapping[str, Node] = {
    **{name.capitalize(): _make_reduction(name) for name in ("mean", "sum", "max", "min", "prod", "any", "all")},
    "ArgMax": _position("argmax"),
    "ArgMin": _position("argmin"),
    "ConcatV2": lambda ops, x, at: _call(ops, "concat", list(x[:-1]), _numbers(x[-1])),
    "Pack": lambda ops, x, at: _call(ops, "stack", list(x), axis=int(at.get("axis", 0))),
    "ResizeBilinear": _resize("bilinear"),
    "ResizeNearestNeighbor": _resize("nearest_neighbor"),
    "MatrixBandPart": lambda ops, x, at: _call(ops, "linalg.band_part", x[0], _numbers(x[1]), _numbers(x[2])),
    "GatherNd": lambda ops, x, at: _call(ops, "gather_nd", *x),
    "AddN": lambda ops, x, at: _call(ops, "add_n", list(x)),
    "OneHot": lambda ops, x, at: _call(ops, "one_hot", *x, axis=int(at.get("axis", -1))),
    "MatMul": _matmul,
    "BatchMatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "Cast": lambda ops, x, at: _call(ops, "cast", x[0], _DTYPES[str(at["DstT"])]),
    "Squeeze": _squeeze,
    "Split": lambda ops, x, at: ops.op("split", x[1], int(at["num_split"]), axis=_numbers(x[0])),
    "Unpack": lambda ops, x, at: _call(ops, "unstack", x[0], int(at["num"]), int(at.get("axis", 0))),
    "GatherV2": _gather,
    "Gather": _gather,
    "LeakyRelu": lambda ops, x, at: ops.op("leaky_relu", x[0], negative_slope=float(at.get("alpha", 0.2))),
    "Identity": _identity,
    "StopGradient": _identity,
    "StridedSlice": _strided_slice,
}
