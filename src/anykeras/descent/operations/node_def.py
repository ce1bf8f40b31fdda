"""Operations of ``keras.ops`` as TensorFlowOpLayer: a node of a TensorFlow graph with its constants.

tf.keras 1.13 to 2.3 write each operation on a symbolic tensor as its ``node_def``, a message in JSON, and what of its inputs is
no tensor as ``constants`` by their number (tensorflow/python/keras/engine/base_layer.py, TensorFlowOpLayer).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...catalog.releases import Since
from ...document.model import Call, Layer, Ref, Slice, Value
from .by_layers import Operation, Said

NODE_DEF: Final = Since(None, tf="1.15")
"""The releases that hold such layers; those of `tf_lambda.TF_LAMBDA` have something better."""
_INT: Final = {"type": "DT_INT32"}

_ONE: Final = {
    "relu": "Relu", "relu6": "Relu6", "elu": "Elu", "selu": "Selu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exp": "Exp",
    "abs": "Abs", "absolute": "Abs", "sqrt": "Sqrt", "square": "Square", "negative": "Neg", "log": "Log", "rsqrt": "Rsqrt",
    "floor": "Floor", "ceil": "Ceil", "sin": "Sin", "cos": "Cos", "erf": "Erf", "sign": "Sign", "softplus": "Softplus",
    "softsign": "Softsign", "log1p": "Log1p", "expm1": "Expm1", "reciprocal": "Reciprocal",
}  # fmt: skip
_TWO: Final = {
    "add": "AddV2", "subtract": "Sub", "multiply": "Mul", "true_divide": "RealDiv", "divide": "RealDiv", "maximum": "Maximum",
    "minimum": "Minimum", "power": "Pow", "greater": "Greater", "less": "Less", "greater_equal": "GreaterEqual",
    "less_equal": "LessEqual",
}  # fmt: skip
_REDUCE: Final = {"mean": "Mean", "sum": "Sum", "max": "Max", "amax": "Max", "min": "Min", "amin": "Min", "prod": "Prod"}


def by_node(operation: Operation) -> Said:
    """The TensorFlowOpLayer of an operation. Raises Unsupported where the table has none."""
    if any(isinstance(x, Ref) and not _is_float(operation, x) for x in _tensors(operation)):
        raise operation.refuse("tensors of whole numbers or truth values")
    function, given = operation.function, operation.arguments
    if function in _ONE:
        operation.check_plain("x")
        return _node(operation, _ONE[function], [given["x"]])
    if function in _TWO:
        return _node(operation, _TWO[function], [float(x) if type(x) is int else x for x in (given["x1"], given["x2"])])
    if function in _REDUCE:
        operation.check_plain("x", "axis", "keepdims")
        axis = given.get("axis")
        axes = tuple(range(len(operation.shape(given["x"])))) if axis is None else axis
        attributes = {"keep_dims": {"b": bool(given.get("keepdims"))}, "Tidx": _INT}
        return _node(operation, _REDUCE[function], [given["x"], axes], attributes)
    said = _TABLE.get(function)
    if said is None:
        raise operation.refuse("no node of TensorFlow stands for it in the table")
    return said(operation)


def _tensors(operation: Operation) -> Sequence[Value]:
    listed = [item for value in operation.arguments.values() for item in (value if isinstance(value, tuple) else (value,))]
    return [value for value in listed if isinstance(value, Ref)] if operation.function != "where" else []


def _is_float(operation: Operation, ref: Ref) -> bool:
    spec = operation.specs.get(ref)
    return spec is None or spec.dtype in (None, "float32")


def _node(operation: Operation, op: str, inputs: Sequence[Value], attributes: Mapping[str, Any] | None = None) -> Said:
    """A node with its inputs in order: tensors, and constants."""
    tensors = tuple(value for value in inputs if isinstance(value, Ref))
    if not tensors:
        raise operation.refuse("none of its arguments is a tensor")
    constants = {str(number): value for number, value in enumerate(inputs) if not isinstance(value, Ref)}
    name = operation.layer.name
    listed = tuple(f"{name}/input_{number}" for number in range(len(inputs)))
    attr: Any = {"T": {"type": "DT_FLOAT"}, **(attributes or {})}
    node: Any = {"name": name, "op": op, "input": listed, "attr": attr}
    config: dict[str, Value] = {"node_def": node, "constants": constants, "trainable": True, "dtype": "float32"}
    argument: Value = tensors[0] if len(tensors) == 1 else tensors
    return Layer("TensorFlowOpLayer", name, config, address=operation.layer.address), Call((argument,))


def _softmax(operation: Operation) -> Said:
    rank = len(operation.shape(operation.arguments["x"]))
    if operation.arguments.get("axis", -1) not in (-1, rank - 1):
        raise operation.refuse("along another axis than the last")
    return _node(operation, "Softmax" if operation.function == "softmax" else "LogSoftmax", [operation.arguments["x"]])


def _reshape(operation: Operation) -> Said:
    shape = operation.arguments["newshape"]
    sizes = tuple(-1 if size is None else size for size in shape) if isinstance(shape, tuple) else shape
    return _node(operation, "Reshape", [operation.arguments["x"], sizes], {"Tshape": _INT})


def _squeeze(operation: Operation) -> Said:
    axis = operation.arguments.get("axis")
    axes = axis if isinstance(axis, tuple) else () if axis is None else (axis,)
    return _node(operation, "Squeeze", [operation.arguments["x"]], {"squeeze_dims": {"list": {"i": tuple(map(str, axes))}}})


def _concatenate(operation: Operation) -> Said:
    tensors = operation.arguments["xs"]
    if not isinstance(tensors, tuple):
        raise operation.refuse("its tensors are no list")
    attributes = {"Tidx": _INT, "N": {"i": str(len(tensors))}}
    return _node(operation, "ConcatV2", [*tensors, operation.arguments.get("axis", 0)], attributes)


def _stack(operation: Operation) -> Said:
    tensors = operation.arguments["x"]
    if not isinstance(tensors, tuple):
        raise operation.refuse("its tensors are no list")
    attributes = {"N": {"i": str(len(tensors))}, "axis": {"i": str(operation.arguments.get("axis", 0))}}
    return _node(operation, "Pack", tensors, attributes)


def _einsum(operation: Operation) -> Said:
    operands = operation.arguments.get("operands")
    if not isinstance(operands, tuple):
        raise operation.refuse("its tensors are no list")
    equation = base64.b64encode(str(operation.arguments["subscripts"]).replace(" ", "").encode()).decode()
    return _node(operation, "Einsum", operands, {"equation": {"s": equation}, "N": {"i": str(len(operands))}})


def _get_item(operation: Operation) -> Said:
    key = operation.arguments["key"]
    begin, end, steps = [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0, "new_axis_mask": 0, "ellipsis_mask": 0}
    for number, one in enumerate(key if isinstance(key, tuple) else (key,)):
        bit = 1 << number
        if isinstance(one, Slice):
            start, stop, step = (x if isinstance(x, int) else None for x in (one.start, one.stop, one.step))
            if any(isinstance(x, Ref) for x in (one.start, one.stop, one.step)):
                raise operation.refuse("an index by a tensor")
            masks["begin_mask"] |= bit if start is None else 0
            masks["end_mask"] |= bit if stop is None else 0
            begin.append(start or 0)
            end.append(stop or 0)
            steps.append(step or 1)
        elif isinstance(one, int) and not isinstance(one, bool):
            masks["shrink_axis_mask"] |= bit
            begin.append(one)
            end.append(one + 1)
            steps.append(1)
        else:
            raise operation.refuse("an index of another kind than ranges and numbers")
    if -1 in begin:
        masks["end_mask"] |= sum(1 << number for number, first in enumerate(begin) if first == -1)
    attributes = {"Index": _INT, **{name: {"i": str(mask)} for name, mask in masks.items()}}
    return _node(operation, "StridedSlice", [operation.arguments["x"], tuple(begin), tuple(end), tuple(steps)], attributes)


def _matmul(operation: Operation) -> Said:
    attributes = {"adj_x": {"b": False}, "adj_y": {"b": False}}
    return _node(operation, "BatchMatMulV2", [operation.arguments["x1"], operation.arguments["x2"]], attributes)


def _transpose(operation: Operation) -> Said:
    given = operation.arguments
    axes = given.get("axes") or tuple(reversed(range(len(operation.shape(given["x"])))))
    return _node(operation, "Transpose", [given["x"], axes], {"Tperm": _INT})


_TABLE: Final[Mapping[str, Callable[[Operation], Said]]] = {
    "softmax": _softmax,
    "log_softmax": _softmax,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "concatenate": _concatenate,
    "stack": _stack,
    "einsum": _einsum,
    "get_item": _get_item,
    "matmul": _matmul,
    "transpose": _transpose,
    "expand_dims": lambda o: _node(o, "ExpandDims", [o.arguments["x"], o.arguments["axis"]], {"Tdim": _INT}),
    "clip": lambda o: _node(o, "ClipByValue", [o.arguments["x"], o.arguments["x_min"], o.arguments["x_max"]]),
    "where": lambda o: _node(o, "SelectV2", [o.arguments["condition"], o.arguments["x1"], o.arguments["x2"]]),
}
