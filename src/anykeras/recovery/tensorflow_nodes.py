"""Nodes of a TensorFlow graph by the name of their op, over the function tables.

Semantics of each op: tensorflow/core/api_def/base_api and tensorflow/core/ops, r2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..errors import Unsupported
from ..lazily import np
from .functions import Operand, Ops, Sizes, operator, resolve
from .functions.arguments import Axis
from .functions.base import words
from .functions.indexing import SLICE_MASKS, slice_key

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
    return operator("getitem", ops.context)(ops, x, slice_key(begin, end, strides, **masks))


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
