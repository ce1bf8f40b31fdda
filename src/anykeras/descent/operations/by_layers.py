"""Operations of ``keras.ops`` as built-in layers, which every Keras has: ``add`` of two tensors is an Add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...catalog.base import Shape
from ...catalog.operations import find
from ...catalog.releases import Release, Since
from ...catalog.shapes import UNKNOWN, Spec
from ...document.build import Builder
from ...document.model import Call, Config, Layer, Ref, Slice, Value
from ..activations import EXPRESSIONS, holds
from ..forms import find_affine, make_activation, reshape
from ..rulebook import Place, refuse


@dataclass(frozen=True)
class Operation:
    """One operation of a graph: its arguments by the names of the public function, and the shapes around."""

    layer: Layer
    arguments: Mapping[str, Value]
    specs: Mapping[Ref, Spec]
    release: Release

    @property
    def function(self) -> str:
        """The name of the function."""
        return self.layer.class_name

    @property
    def output(self) -> Spec:
        """What it gives."""
        return self.specs.get(Ref(self.layer.name), UNKNOWN)

    def shape(self, value: Value) -> Shape:
        """The shape of a tensor. Raises Unsupported where it is not known."""
        found = self.specs.get(value, UNKNOWN).shape if isinstance(value, Ref) else None
        if found is None:
            raise self.refuse("the shape of its argument is not known")
        return found

    def check_plain(self, *said: str) -> None:
        """Refuse arguments beside those `said` that are not what the function takes by itself. Raises Unsupported."""
        known = find(self.function)
        stated = {p.name: p.default for p in known.parameters} if known is not None else {}
        for key, value in self.arguments.items():
            if key not in said and value is not None and value != stated.get(key):
                raise self.refuse(f"with {key}")

    def refuse(self, reason: str) -> Exception:
        """The error that it cannot be said."""
        return refuse(self.layer.name, f"the operation {self.function}: {reason}", self.release)

    def layer_of(self, class_name: str, config: Config, argument: Value) -> tuple[Layer, Call]:
        """A layer in its place."""
        return Layer(class_name, self.layer.name, config, address=self.layer.address), Call((argument,))

    def model_of(self, argument: Value, steps: Callable[[Builder, Ref], Value]) -> tuple[Layer, Call]:
        """A model with one input in its place."""
        builder = Builder(self.layer.name, self.layer.address)
        spec = self.specs.get(argument, UNKNOWN) if isinstance(argument, Ref) else UNKNOWN
        end = builder.input(self.shape(argument)[1:], spec.dtype or "float32")
        return builder.finish(steps(builder, end)), Call((argument,))


Said = tuple[Layer, Call]
_BROADCASTS: Final = Since(None, keras2="2.1", tfjs="4.22")
"""Merges of tensors of one rank, with sizes of one."""
_ANY_RANK: Final = Since(None, tfjs="4.22")
"""A Rescaling takes tensors of any rank and type."""
_SAID_BY_OPERATIONS: Final = frozenset({"exponential", "log_softmax", "gelu", "hard_tanh"})
LARGEST: Final = 16.0
"""Of a bound that is taken from a tensor and added again, which costs its last digits: 1e-6."""
_FUNCTIONS: Final = (
    "relu", "sigmoid", "tanh", "softplus", "softsign", "elu", "selu", *(EXPRESSIONS.keys() - _SAID_BY_OPERATIONS),
)  # fmt: skip
"""Functions that are activations too, some said by other layers later."""
_MERGES: Final = {"add": "Add", "subtract": "Subtract", "multiply": "Multiply", "maximum": "Maximum", "minimum": "Minimum"}


def by_layers(operation: Operation) -> Said:
    """The layer, or the model of layers, that does what an operation does. Raises Unsupported where there is none."""
    said = _TABLE.get(operation.function)
    if said is None:
        raise operation.refuse("no layer does the same")
    return said(operation)


def _function(operation: Operation) -> Said:
    operation.check_plain("x")
    return operation.layer_of("Activation", {"activation": operation.function}, operation.arguments["x"])


def _exponential(operation: Operation) -> Said:
    if not holds("exponential", operation.release):
        raise operation.refuse("no layer does the same")
    return operation.layer_of("Activation", {"activation": "exponential"}, operation.arguments["x"])


def _elu(operation: Operation) -> Said:
    if operation.arguments.get("alpha", 1.0) == 1.0:
        return _function(operation)
    return operation.layer_of("ELU", {"alpha": operation.arguments["alpha"]}, operation.arguments["x"])


def _merge(operation: Operation) -> Said:
    a, b = operation.arguments["x1"], operation.arguments["x2"]
    if isinstance(a, Ref) and isinstance(b, Ref):
        if operation.function not in _MERGES:
            raise operation.refuse("a quotient of two tensors")
        one, other = operation.shape(a), operation.shape(b)
        if one != other and not (_BROADCASTS.holds(operation.release) and len(one) == len(other)):
            raise operation.refuse("tensors of different shapes")
        return operation.layer_of(_MERGES[operation.function], {}, (a, b))
    tensor, number = (a, b) if isinstance(a, Ref) else (b, a)
    if not isinstance(number, int | float) or isinstance(number, bool) or not isinstance(tensor, Ref):
        raise operation.refuse("an array of constants")
    line = {
        "add": (1.0, number),
        "subtract": (1.0, -number) if tensor is a else (-1.0, number),
        "multiply": (number, 0.0),
        **dict.fromkeys(("true_divide", "divide"), (1 / number, 0.0) if tensor is a and number else None),
    }.get(operation.function)
    if line is None:
        raise operation.refuse("with a constant")
    return _line(operation, tensor, *line)


def _line(operation: Operation, tensor: Value, scale: float, offset: float) -> Said:
    if _ANY_RANK.holds(operation.release):
        return operation.layer_of("Rescaling", {"scale": scale, "offset": offset}, tensor)
    width = find_width(operation, tensor)
    return operation.model_of(tensor, lambda builder, x: find_affine(builder, x, width, scale, offset))


def find_width(operation: Operation, tensor: Value) -> int:
    """The size of the last axis of a tensor of numbers. Raises Unsupported."""
    shape = operation.shape(tensor)
    spec = operation.specs.get(tensor, UNKNOWN) if isinstance(tensor, Ref) else UNKNOWN
    if len(shape) < 2 or shape[-1] is None or not (spec.dtype or "float32").startswith("float"):
        raise operation.refuse("a tensor without features, or of whole numbers")
    return shape[-1]


def _absolute(operation: Operation) -> Said:
    width = find_width(operation, operation.arguments["x"])

    def steps(builder: Builder, x: Ref) -> Ref:
        below = make_activation(builder, find_affine(builder, x, width, -1.0), "relu")
        return builder.layer("Add", {}, (make_activation(builder, x, "relu"), below))

    return operation.model_of(operation.arguments["x"], steps)


def _clip(operation: Operation) -> Said:
    lowest, highest = operation.arguments["x_min"], operation.arguments["x_max"]
    if not isinstance(lowest, int | float) or not isinstance(highest, int | float):
        raise operation.refuse("bounds that are no numbers")
    if abs(lowest) > LARGEST:
        raise operation.refuse("a lowest bound that would take its digits from what is added to it")
    width = find_width(operation, operation.arguments["x"])

    def steps(builder: Builder, x: Ref) -> Ref:
        up = find_affine(builder, x, width, 1.0, -lowest)
        return find_affine(builder, builder.layer("ReLU", {"max_value": highest - lowest}, up), width, 1.0, lowest)

    return operation.model_of(operation.arguments["x"], steps)


def _softmax(operation: Operation) -> Said:
    axis = operation.arguments.get("axis", -1)
    if axis in (-1, len(operation.shape(operation.arguments["x"])) - 1):
        return operation.layer_of("Activation", {"activation": "softmax"}, operation.arguments["x"])
    return operation.layer_of("Softmax", {"axis": axis}, operation.arguments["x"])


def _transpose(operation: Operation) -> Said:
    axes = operation.arguments.get("axes")
    if not isinstance(axes, tuple) or not axes or axes[0] != 0:
        raise operation.refuse("it moves the axis of the batch")
    return operation.layer_of("Permute", {"dims": axes[1:]}, operation.arguments["x"])


def _reshape(operation: Operation) -> Said:
    shape, given = operation.output.shape, operation.shape(operation.arguments["x"])
    if shape is None or not shape or any(size is None for size in shape[1:]):
        raise operation.refuse("sizes that are open")
    if shape[0] is not None and shape[0] != given[0]:
        raise operation.refuse("it changes the axis of the batch")
    return operation.layer_of("Reshape", {"target_shape": tuple(shape[1:])}, operation.arguments["x"])


def _concatenate(operation: Operation) -> Said:
    axis, tensors = operation.arguments.get("axis", 0), operation.arguments["xs"]
    if not isinstance(tensors, tuple) or not all(isinstance(x, Ref) for x in tensors) or axis == 0:
        raise operation.refuse("constants, or along the batch")
    return operation.layer_of("Concatenate", {"axis": axis}, tensors)


def _matmul(operation: Operation) -> Said:
    a, b = operation.arguments["x1"], operation.arguments["x2"]
    if len(operation.shape(a)) != 3 or len(operation.shape(b)) != 3:
        raise operation.refuse("tensors of other ranks than three")
    return operation.layer_of("Dot", {"axes": (2, 1)}, (a, b))


def _einsum(operation: Operation) -> Said:
    subscripts = str(operation.arguments.get("subscripts", "")).replace(" ", "")
    operands = operation.arguments.get("operands")
    inputs, _, output = subscripts.partition("->")
    labels = inputs.split(",")
    if not isinstance(operands, tuple) or len(operands) != 2 or [len(x) for x in labels] != [3, 3] or len(output) != 3:
        raise operation.refuse(f"the equation {subscripts!r}")
    one, other = labels
    shared = [label for label in one[1:] if label in other[1:]]
    if one[0] != other[0] or len(shared) != 1 or output != one[0] + (one + other[1:]).replace(shared[0], "")[1:]:
        raise operation.refuse(f"the equation {subscripts!r}")
    return operation.layer_of("Dot", {"axes": (one.index(shared[0]), other.index(shared[0]))}, operands)


def _pool(operation: Operation) -> Said:
    axis, keep = operation.arguments.get("axis"), operation.arguments.get("keepdims")
    operation.check_plain("x", "axis", "keepdims")
    x = operation.arguments["x"]
    kind = {"mean": "Average", "max": "Max"}[operation.function]
    rank = len(operation.shape(x))
    if keep or not ((rank == 3 and axis in (1, (1,), -2)) or (rank == 4 and axis in ((1, 2), (2, 1)))):
        raise operation.refuse("over these axes")
    return operation.layer_of(f"Global{kind}Pooling{rank - 2}D", {"data_format": "channels_last"}, x)


def _cast(operation: Operation) -> Said:
    x, wanted = operation.arguments["x"], operation.arguments["dtype"]
    spec = operation.specs.get(x, UNKNOWN) if isinstance(x, Ref) else UNKNOWN
    if spec.dtype is None or spec.dtype != wanted:
        raise operation.refuse(f"to {wanted!r}")
    return operation.layer_of("Activation", {"activation": "linear"}, x)


def _get_item(operation: Operation) -> Said:
    x, key, out = operation.arguments["x"], operation.arguments["key"], operation.output.shape
    shape = operation.shape(x)
    keys = key if isinstance(key, tuple) else (key,)
    if len(shape) not in (2, 3) or keys[0] != Slice() or out is None or any(size is None for size in (*shape[1:], *out[1:])):
        raise operation.refuse("an index of another kind than a range of a sequence")
    sizes = [size for size in shape[1:] if size is not None]
    borders = [find_borders(operation, one, size) for one, size in zip((*keys[1:], Slice(), Slice()), sizes, strict=False)]
    while len(borders) < 2:
        borders.append((0, 0))
    apart = (*sizes, 1) if len(sizes) == 2 else (*sizes, 1, 1)

    def steps(builder: Builder, tensor: Ref) -> Ref:
        cut = builder.layer(
            "Cropping2D", {"cropping": tuple(borders), "data_format": "channels_last"}, reshape(builder, tensor, apart)
        )
        assert out is not None
        return reshape(builder, cut, [size for size in out[1:] if size is not None])

    return operation.model_of(x, steps)


def find_borders(operation: Operation, key: Value, size: int) -> tuple[int, int]:
    """How many items an index leaves out before and behind."""
    if isinstance(key, int) and not isinstance(key, bool):
        return key % size, size - key % size - 1
    if not isinstance(key, Slice) or key.step not in (None, 1) or isinstance(key.start, Ref) or isinstance(key.stop, Ref):
        raise operation.refuse("an index with steps or tensors")
    start = key.start if isinstance(key.start, int) else None
    stop = key.stop if isinstance(key.stop, int) else None
    first, last, _ = slice(start, stop).indices(size)
    return first, size - last


_TABLE: Final[Mapping[str, Callable[[Operation], Said]]] = {
    **dict.fromkeys(_FUNCTIONS, _function),
    "elu": _elu,
    "exp": _exponential,
    **dict.fromkeys((*_MERGES, "true_divide", "divide"), _merge),
    "square": lambda operation: operation.layer_of("Multiply", {}, (operation.arguments["x"], operation.arguments["x"])),
    "negative": lambda operation: _line(operation, operation.arguments["x"], -1.0, 0.0),
    **dict.fromkeys(("abs", "absolute"), _absolute),
    "clip": _clip,
    "softmax": _softmax,
    "transpose": _transpose,
    **dict.fromkeys(("reshape", "expand_dims", "squeeze"), _reshape),
    "concatenate": _concatenate,
    "matmul": _matmul,
    "einsum": _einsum,
    **dict.fromkeys(("mean", "max"), _pool),
    "get_item": _get_item,
    "cast": _cast,
    "copy": lambda operation: operation.layer_of("Activation", {"activation": "linear"}, operation.arguments["x"]),
}
__all__ = ["Operation", "Place", "by_layers"]
