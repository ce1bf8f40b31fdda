"""Operations of ``keras.ops`` as TFOpLambda layers: the public symbol of TensorFlow and its arguments.

tf.keras 2.4 to 2.15 write a call of ``tf.math.add`` on a symbolic tensor as such a layer and find the symbol again by its
name (keras 2.15 layers/core/tf_op_layer.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ...catalog.releases import Since
from ...document.model import Call, Layer, Ref, Value
from .by_layers import Operation, Said

TF_LAMBDA: Final = Since(None, tf="2.4")
"""The releases whose files hold TFOpLambda layers."""


@dataclass(frozen=True)
class TensorFlowSymbol:
    """A public function of TensorFlow: `names` maps arguments of ours to its own, the first of them is given by place.

    `fixed` are arguments that ours does not have.
    """

    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Value] = field(default_factory=dict)


_ONE: Final = {"x": "x"}
_TWO: Final = {"x1": "x", "x2": "y"}
_REDUCE: Final = {"x": "input_tensor", "axis": "axis", "keepdims": "keepdims"}


def _each(module: str, names: str, arguments: Mapping[str, str]) -> dict[str, TensorFlowSymbol]:
    """Functions of one module that are called alike; ``ours=theirs`` where the names differ."""
    pairs = [name.partition("=") for name in names.split()]
    return {ours: TensorFlowSymbol(f"{module}.{theirs or ours}".lstrip("."), arguments) for ours, _, theirs in pairs}


SYMBOLS: Final[Mapping[str, TensorFlowSymbol]] = {
    **_each("math", "sigmoid tanh exp abs absolute=abs sqrt square negative log rsqrt floor ceil sin cos tan sinh cosh", _ONE),
    **_each(
        "math", "asin arcsin=asin arccos=acos arctan=atan erf sign expm1 log1p reciprocal isnan=is_nan isfinite=is_finite", _ONE
    ),
    **_each("math", "logical_not log_sigmoid softplus", _ONE),
    **_each("nn", "relu relu6 elu selu silu gelu softsign", _ONE),
    **_each(
        "math", "add subtract multiply true_divide=truediv divide=truediv maximum minimum greater less equal not_equal", _TWO
    ),
    **_each("math", "arcsinh=asinh arctanh=atanh isinf=is_inf round", _ONE),
    "arctan2": TensorFlowSymbol("math.atan2", {"x1": "y", "x2": "x"}),
    "logical_xor": TensorFlowSymbol("math.logical_xor", _TWO),
    **_each("", "sort argsort", {"x": "values", "axis": "axis"}),
    "stop_gradient": TensorFlowSymbol("stop_gradient", {"variable": "input"}),
    **_each("math", "greater_equal less_equal power=pow floor_divide=floordiv mod=floormod logical_and logical_or", _TWO),
    **_each("math", "mean=reduce_mean sum=reduce_sum max=reduce_max amax=reduce_max min=reduce_min amin=reduce_min", _REDUCE),
    **_each("math", "prod=reduce_prod any=reduce_any all=reduce_all var=reduce_variance std=reduce_std", _REDUCE),
    "logsumexp": TensorFlowSymbol("math.reduce_logsumexp", _REDUCE),
    "matmul": TensorFlowSymbol("linalg.matmul", {"x1": "a", "x2": "b"}),
    "softmax": TensorFlowSymbol("nn.softmax", {"x": "logits", "axis": "axis"}),
    "log_softmax": TensorFlowSymbol("nn.log_softmax", {"x": "logits", "axis": "axis"}),
    "leaky_relu": TensorFlowSymbol("nn.leaky_relu", {"x": "features", "negative_slope": "alpha"}),
    "transpose": TensorFlowSymbol("transpose", {"x": "a", "axes": "perm"}),
    "reshape": TensorFlowSymbol("reshape", {"x": "tensor", "newshape": "shape"}),
    "expand_dims": TensorFlowSymbol("expand_dims", {"x": "input", "axis": "axis"}),
    "squeeze": TensorFlowSymbol("squeeze", {"x": "input", "axis": "axis"}),
    "concatenate": TensorFlowSymbol("concat", {"xs": "values", "axis": "axis"}),
    "stack": TensorFlowSymbol("stack", {"x": "values", "axis": "axis"}),
    "clip": TensorFlowSymbol("clip_by_value", {"x": "t", "x_min": "clip_value_min", "x_max": "clip_value_max"}),
    "where": TensorFlowSymbol("where", {"condition": "condition", "x1": "x", "x2": "y"}),
    "tile": TensorFlowSymbol("tile", {"x": "input", "repeats": "multiples"}),
    "repeat": TensorFlowSymbol("repeat", {"x": "input", "repeats": "repeats", "axis": "axis"}),
    "flip": TensorFlowSymbol("reverse", {"x": "tensor", "axis": "axis"}),
    "cast": TensorFlowSymbol("cast", {"x": "x", "dtype": "dtype"}),
    "zeros_like": TensorFlowSymbol("zeros_like", {"x": "input"}),
    "ones_like": TensorFlowSymbol("ones_like", {"x": "input"}),
    "take": TensorFlowSymbol("gather", {"x": "params", "indices": "indices", "axis": "axis"}),
    "cumsum": TensorFlowSymbol("math.cumsum", {"x": "x", "axis": "axis"}),
    "argmax": TensorFlowSymbol("math.argmax", {"x": "input", "axis": "axis"}, {"output_type": "int32"}),
    "one_hot": TensorFlowSymbol("one_hot", {"x": "indices", "num_classes": "depth", "axis": "axis", "dtype": "dtype"}),
    "norm": TensorFlowSymbol("norm", {"x": "tensor", "axis": "axis", "keepdims": "keepdims"}),
    "argmin": TensorFlowSymbol("math.argmin", {"x": "input", "axis": "axis"}, {"output_type": "int32"}),
    "roll": TensorFlowSymbol("roll", {"x": "input", "shift": "shift", "axis": "axis"}),
    "broadcast_to": TensorFlowSymbol("broadcast_to", {"x": "input", "shape": "shape"}),
}
_TRUTHS: Final = ("any", "all", "logical_not", "logical_and", "logical_or", "logical_xor")
_ALONG: Final = ("flip", "repeat", "cumsum", "take", "roll", "argmax", "argmin", "sort", "argsort")
_MANY: Final = ("concatenate", "stack")


def by_symbol(operation: Operation) -> Said:
    """The TFOpLambda of an operation. Raises Unsupported where the table has none or its first argument is no tensor."""
    if operation.function == "get_item":
        return _slicing(operation)
    if operation.function == "einsum":
        return _product(operation)
    operation = _as_transpose(operation)
    symbol = SYMBOLS.get(operation.function)
    if symbol is None:
        raise operation.refuse("no symbol of TensorFlow stands for it in the table")
    given = dict(operation.arguments)
    first, rest = _arrange(operation, symbol, given)
    config: dict[str, Value] = {"function": symbol.name, "trainable": True, "dtype": "float32"}
    return Layer("TFOpLambda", operation.layer.name, config, address=operation.layer.address), Call((first,), rest)


def _as_transpose(operation: Operation) -> Operation:
    """Axes that change places as a transpose of all of them; any other operation as it is."""
    given = operation.arguments
    names = {"swapaxes": ("axis1", "axis2"), "moveaxis": ("source", "destination")}.get(operation.function)
    moved = [given.get(name) for name in names or ()]
    if len(moved) != 2 or not all(isinstance(axis, int) for axis in moved):
        return operation
    rank = len(operation.shape(given["x"]))
    one, other = (axis % rank for axis in moved if isinstance(axis, int))
    axes = [*range(rank)]
    if operation.function == "swapaxes":
        axes[one], axes[other] = axes[other], axes[one]
    else:
        axes.insert(other, axes.pop(one))
    layer = replace(operation.layer, class_name="transpose")
    return replace(operation, layer=layer, arguments={"x": given["x"], "axes": tuple(axes)})


def _arrange(operation: Operation, symbol: TensorFlowSymbol, given: dict[str, Value]) -> tuple[Value, dict[str, Value]]:
    """The argument that is given by place, and the others by their names there."""
    function = operation.function
    operation.check_plain(*symbol.names, "approximate")
    if function == "reshape":
        shape = given["newshape"]
        given["newshape"] = tuple(-1 if size is None else size for size in shape) if isinstance(shape, tuple) else shape
    if function in _ALONG and given.get("axis") is None:
        raise operation.refuse("over a tensor that is made flat first, or along all axes")
    if function == "flip" and isinstance(given["axis"], int):
        given["axis"] = (given["axis"],)
    if function == "norm" and isinstance(axis := given.get("axis"), tuple) and len(axis) == 1:
        given["axis"] = axis[0]
    if function == "one_hot":
        given["dtype"] = given.get("dtype") or "float32"
    if function == "gelu" and given.pop("approximate", True) is not False:
        given["approximate"] = True
    if function == "expand_dims" and not isinstance(given["axis"], int):
        raise operation.refuse("of several axes")
    if function in _TRUTHS and any(isinstance(x, Ref) and not _is_truth(operation, x) for x in given.values()):
        raise operation.refuse("of numbers, which TensorFlow takes for no truth values")
    names = {**symbol.names, "approximate": "approximate"}
    first = next(iter(symbol.names))
    kept = {key: value for key, value in given.items() if key in names and not (key == "axes" and value is None)}
    rest = {names[key]: value for key, value in kept.items() if key != first}
    return _first(operation, given[first]), {**rest, **symbol.fixed}


def _is_truth(operation: Operation, ref: Ref) -> bool:
    spec = operation.specs.get(ref)
    return spec is not None and spec.dtype == "bool"


def _first(operation: Operation, value: Value) -> Value:
    """What stands by place: a tensor, a list of tensors, or a number where a tensor follows."""
    if operation.function in _MANY:
        if not isinstance(value, tuple) or not all(isinstance(item, Ref) for item in value):
            raise operation.refuse("constants among its tensors")
        return value
    if isinstance(value, int) and not isinstance(value, bool) and (operation.output.dtype or "").startswith("float"):
        return float(value)  # TensorFlow makes whole numbers of a number that stands first
    if isinstance(value, Ref | int | float):
        return value
    raise operation.refuse("its first argument is no tensor")


def _slicing(operation: Operation) -> Said:
    config: dict[str, Value] = {"function": "__operators__.getitem", "trainable": True, "dtype": "float32"}
    layer = Layer("SlicingOpLambda", operation.layer.name, config, address=operation.layer.address)
    key = operation.arguments["key"]
    return layer, Call((operation.arguments["x"],), {"slice_spec": key if isinstance(key, tuple) else (key,)})


def _product(operation: Operation) -> Said:
    """An einsum of two tensors as a matrix product: TFOpLambda itself loses the inputs of an einsum."""
    subscripts = str(operation.arguments.get("subscripts", "")).replace(" ", "")
    operands = operation.arguments.get("operands")
    inputs, _, output = subscripts.partition("->")
    one, _, other = inputs.partition(",")
    if not isinstance(operands, tuple) or len(operands) != 2 or len(one) < 2 or len(other) < 2:
        raise operation.refuse(f"the equation {subscripts!r}")
    batch = one[:-2]
    for flipped, left in enumerate((one[-2:], one[-1] + one[-2])):
        for turned, right in enumerate((other[-2:], other[-1] + other[-2])):
            if (
                other[:-2] == batch
                and left[1] == right[0]
                and output == batch + left[0] + right[1]
                and len(set(left + right)) == 3
            ):
                rest: dict[str, Value] = {"b": operands[1], "transpose_a": bool(flipped), "transpose_b": bool(turned)}
                config: dict[str, Value] = {"function": "linalg.matmul", "trainable": True, "dtype": "float32"}
                layer = Layer("TFOpLambda", operation.layer.name, config, address=operation.layer.address)
                return layer, Call((operands[0],), rest)
    raise operation.refuse(f"the equation {subscripts!r} is no product of matrices")
