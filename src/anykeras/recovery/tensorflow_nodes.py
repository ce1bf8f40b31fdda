"""Nodes of a TensorFlow graph by the name of their op, over the function tables.

Semantics of each op: tensorflow/core/api_def/base_api and tensorflow/core/ops, r2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import Unsupported
from .functions import Ops, operator, resolve

Node = Callable[[Ops, Sequence[Any], Mapping[str, Any]], Any]

# op -> the public function with the same operands in the same order
_PLAIN: Mapping[str, str] = {
    "Abs": "tensorflow.abs", "Add": "tensorflow.add", "AddV2": "tensorflow.add", "Sub": "tensorflow.subtract",
    "Mul": "tensorflow.multiply", "RealDiv": "tensorflow.divide", "Div": "tensorflow.divide",
    "FloorDiv": "tensorflow.math.floordiv", "FloorMod": "tensorflow.math.floormod", "Maximum": "tensorflow.maximum",
    "Minimum": "tensorflow.minimum", "Pow": "tensorflow.pow",
    "SquaredDifference": "tensorflow.math.squared_difference", "Neg": "tensorflow.negative",
    "Exp": "tensorflow.exp", "Log": "tensorflow.math.log", "Log1p": "tensorflow.math.log1p",
    "Sqrt": "tensorflow.sqrt", "Rsqrt": "tensorflow.math.rsqrt", "Square": "tensorflow.square",
    "Sign": "tensorflow.sign", "Sin": "tensorflow.sin", "Cos": "tensorflow.cos", "Tanh": "tensorflow.tanh",
    "Sigmoid": "tensorflow.sigmoid", "Relu": "tensorflow.nn.relu", "Relu6": "tensorflow.nn.relu6",
    "Elu": "tensorflow.nn.elu", "Selu": "tensorflow.nn.selu", "Softplus": "tensorflow.nn.softplus",
    "Softsign": "tensorflow.nn.softsign", "Softmax": "tensorflow.nn.softmax", "Erf": "tensorflow.math.erf",
    "Floor": "tensorflow.floor", "Ceil": "tensorflow.math.ceil", "Round": "tensorflow.round",
    "Reciprocal": "tensorflow.math.reciprocal", "Greater": "tensorflow.greater",
    "GreaterEqual": "tensorflow.greater_equal", "Less": "tensorflow.less", "LessEqual": "tensorflow.less_equal",
    "Equal": "tensorflow.equal", "NotEqual": "tensorflow.not_equal", "LogicalAnd": "tensorflow.logical_and",
    "LogicalOr": "tensorflow.logical_or", "LogicalNot": "tensorflow.logical_not", "Reshape": "tensorflow.reshape",
    "Transpose": "tensorflow.transpose", "ExpandDims": "tensorflow.expand_dims", "Tile": "tensorflow.tile",
    "Pad": "tensorflow.pad", "PadV2": "tensorflow.pad", "Fill": "tensorflow.fill",
    "ZerosLike": "tensorflow.zeros_like", "OnesLike": "tensorflow.ones_like", "Shape": "tensorflow.shape",
    "BiasAdd": "tensorflow.nn.bias_add", "L2Loss": "tensorflow.nn.l2_loss", "Select": "tensorflow.where",
    "SelectV2": "tensorflow.where", "ReverseV2": "tensorflow.reverse", "BroadcastTo": "tensorflow.broadcast_to",
    "Slice": "tensorflow.slice", "ResizeBilinear": "tensorflow.compat.v1.image.resize_bilinear",
    "ResizeNearestNeighbor": "tensorflow.compat.v1.image.resize_nearest_neighbor",
}  # fmt: skip
_REDUCTIONS = {"Mean": "mean", "Sum": "sum", "Max": "max", "Min": "min", "Prod": "prod", "Any": "any", "All": "all"}
_DTYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_INT32": "int32", "DT_INT64": "int64", "DT_BOOL": "bool",
    "DT_HALF": "float16", "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_INT16": "int16", "DT_BFLOAT16": "bfloat16",
}  # fmt: skip


def compute(ops: Ops, op: str, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    """The outcome of a node. Raises Unsupported for an op that is in no table."""
    special = _SPECIAL.get(op)
    if special is not None:
        return special(ops, operands, attributes)
    if op in _REDUCTIONS:
        keep = bool(attributes.get("keep_dims", False))
        return ops.op(_REDUCTIONS[op], operands[0], axis=_numbers(operands[1]), keepdims=keep)
    entry = resolve(_PLAIN[op], ops.context) if op in _PLAIN else None
    if entry is None:
        raise Unsupported(
            "AK3005",
            f"the TensorFlow op {op} is not one that AnyKeras can express",
            next_step="Report the file: the op can be added to the table.",
        )
    return entry(ops, *operands)


def _numbers(value: Any) -> Any:
    """Axes given as a constant: one int, or several."""
    found = np.asarray(value).astype(int)
    return int(found) if found.ndim == 0 else tuple(int(v) for v in found.reshape(-1))


def _concat(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return ops.op("concatenate", list(operands[:-1]), axis=_numbers(operands[-1]))


def _pack(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return ops.op("stack", list(operands), axis=int(attributes.get("axis", 0)))


def _matmul(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    a, b = operands
    turned = [bool(attributes.get(k, False)) for k in ("transpose_a", "transpose_b")]
    turned = [t or bool(attributes.get(k, False)) for t, k in zip(turned, ("adj_x", "adj_y"), strict=True)]
    a, b = (ops.op("swapaxes", x, -1, -2) if t else x for x, t in zip((a, b), turned, strict=True))
    return ops.op("matmul", a, b)


def _cast(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return ops.op("cast", operands[0], _DTYPES[str(attributes["DstT"])])


def _squeeze(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    axes = attributes.get("squeeze_dims") or None
    return ops.op("squeeze", operands[0], axis=tuple(axes) if axes else None)


def _split(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    axis, value = operands
    return ops.op("split", value, int(attributes["num_split"]), axis=_numbers(axis))


def _unpack(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return ops.op("unstack", operands[0], num=int(attributes["num"]), axis=int(attributes.get("axis", 0)))


def _gather(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    axis = _numbers(operands[2]) if len(operands) > 2 else 0
    return ops.op("take", operands[0], operands[1], axis=axis)


def _leaky(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return ops.op("leaky_relu", operands[0], negative_slope=float(attributes.get("alpha", 0.2)))


def _arg(name: str) -> Node:
    return lambda ops, operands, attributes: ops.op(name, operands[0], axis=_numbers(operands[1]))


def _identity(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    return operands[0]


def _strided_slice(ops: Ops, operands: Sequence[Any], attributes: Mapping[str, Any]) -> Any:
    """``x[...]`` as five bit masks over begin, end and strides (array_ops.strided_slice)."""
    x, begin, end, strides = operands
    masks = {key: int(attributes.get(f"{key}_mask", 0)) for key in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    starts, stops, steps = (np.asarray(v).astype(int).reshape(-1) for v in (begin, end, strides))
    key: list[Any] = []
    for i in range(len(starts)):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            key.append(Ellipsis)
        elif masks["new_axis"] & bit:
            key.append(None)
        elif masks["shrink_axis"] & bit:
            key.append(int(starts[i]))
        else:
            start = None if masks["begin"] & bit else int(starts[i])
            stop = None if masks["end"] & bit else int(stops[i])
            key.append(slice(start, stop, int(steps[i])))
    return operator("getitem", ops.context)(ops, x, tuple(key))


_SPECIAL: Mapping[str, Node] = {
    "ConcatV2": _concat, "Pack": _pack, "MatMul": _matmul, "BatchMatMul": _matmul, "BatchMatMulV2": _matmul,
    "Cast": _cast, "Squeeze": _squeeze, "Split": _split, "Unpack": _unpack, "GatherV2": _gather, "Gather": _gather,
    "LeakyRelu": _leaky, "ArgMax": _arg("argmax"), "ArgMin": _arg("argmin"), "Identity": _identity,
    "StopGradient": _identity, "StridedSlice": _strided_slice,
}  # fmt: skip
