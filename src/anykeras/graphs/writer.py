"""Operations as nodes of a document, with the variables of a graph as weights that stay trainable."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from ..catalog.shapes import Spec
from ..containers.savedmodel.restore import GraphVariable
from ..document.build import Builder
from ..document.model import Layer
from ..recovery.functions import Dim, FunctionContext, Operand, Refused, Sizes
from ..recovery.functions.shapes import number
from ..recovery.graph_ops import GraphOps, Symbol, flat_symbols
from ..tensors import Array, Tensor
from .cells import correlate
from .values import Blocks, Complex, Handle, TensorList

MOST_HELD = 4096  # elements of a constant that is written into the configuration; more are a weight
MOST_WHOLE = 1 << 22  # whole numbers of a variable, which are written into the configuration
MOST_WORK = 1 << 31  # of a convolution of numbers
_STATISTICS = ("moving_mean", "moving_variance")
_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")


class GraphWriter(GraphOps):
    """As `GraphOps`, for whole graphs: named inputs, and weights by their variable.

    A weight is the one row of an Embedding of its name that is looked up at 0 and then reshaped, so that it is a variable of
    the model wherever it is used; the tensor keeps the name of the variable as its origin (``dense_1/kernel``). Folding makes
    layers of what it can.
    """

    recognises = True  # whether loops and functions that are recurrent layers become those

    def __init__(self, builder: Builder, context: FunctionContext) -> None:
        super().__init__(builder, context)
        self._held: dict[str, Symbol] = {}
        self._variables: dict[Symbol, GraphVariable] = {}
        self._index: Operand = None
        self._zeros: set[Symbol] = set()
        self._layers: dict[Hashable, Layer] = {}

    def named_input(self, name: str, spec: Spec) -> Symbol:
        """One more input, with its batch axis as the spec says it."""
        sizes = spec.shape or ()
        ref = self.builder.input(sizes[1:], spec.dtype or "float32", name, batch=sizes[0])
        return self._symbol(ref, spec)

    def weight(self, variable: GraphVariable) -> Operand:
        """The numbers of a variable: a weight, or constants where they are whole numbers or the state of a recurrence."""
        tensor = variable.tensor
        if variable.state:
            return np.zeros(tensor.shape, tensor.dtype)
        if "float" not in tensor.dtype:
            if tensor.size > MOST_WHOLE or tensor.dtype == "object":
                raise Refused(f"the variable {variable.name} holds {tensor.size} values of {tensor.dtype}", "AK3064")
            return tensor.read()
        if variable.name not in self._held:
            found = self._hold(variable)
            self._held[variable.name], self._variables[found] = found, variable
        return self._held[variable.name]

    def variable_of(self, value: Operand) -> GraphVariable | None:
        """The variable whose numbers a value is; None for other values."""
        if isinstance(value, Handle):
            return value.variable
        return self._variables.get(value) if isinstance(value, Symbol) else None

    def _hold(self, variable: GraphVariable) -> Symbol:
        tensor = variable.tensor
        size = max(tensor.size, 1)
        config: dict[str, Operand] = {"input_dim": 1, "output_dim": size, "trainable": variable.trainable}
        if tensor.dtype != "float32":
            config["dtype"] = tensor.dtype
        if self._index is None:
            first = next(iter(self._known.values()))
            zero = self.op("cast", self.op("multiply", self.op("sum", self.op("zeros_like", first)), 0), "int32")
            self._index = self.op("reshape", zero, (1,))
        row = Layer(
            "Embedding", find_layer_name(tensor.origin), config,
            {"embeddings": tensor.reshape(1, tensor.size)}, address=tensor.origin,
        )  # fmt: skip
        held: Symbol = self.op("reshape", self._call(row, (self._index,), {}), tensor.shape)
        return held

    def tensor(self, value: Operand, dtype: str = "int32") -> Operand:
        """A value where a tensor or numbers are wanted: variables are read, sizes become numbers of `dtype`."""
        if isinstance(value, Handle):
            return self.weight(value.variable)
        if isinstance(value, Blocks):
            return value.spread()
        if isinstance(value, Complex):
            raise Refused("complex numbers are used where keras.ops knows real ones alone", "AK3062")
        if isinstance(value, TensorList):
            raise Refused("a list of tensors is used where a tensor is wanted", "AK3062")
        if isinstance(value, Dim | Sizes):
            return number(self, value, dtype)
        return value

    def symbols(self) -> tuple[Symbol, ...]:
        """Every tensor so far."""
        return tuple(self._known.values())

    def as_tensor(self, value: Operand) -> Operand:
        """A tensor of the graph, numbers included."""
        value = self.tensor(value)
        return value if self.is_tensor(value) else self.anchor(value)

    def add_layer(self, layer: Layer, x: Operand, **kwargs: Operand) -> Operand:
        """A layer with the weights that it has, called on a tensor; once more, where its weights are in a layer already."""
        key = (layer.class_name, repr(sorted(layer.config.items())), tuple(id(tensor) for tensor in layer.weights.values()))
        found = self._call(self._layers.get(key, layer), (self.as_tensor(x),), kwargs)
        ref = flat_symbols(found)[0].ref
        self._layers.setdefault(key, self.builder.layer_named(ref.layer))
        return found

    def op(self, name: str, /, *args: Operand, **kwargs: Operand) -> Operand:
        """As everywhere; zeros are remembered, and small convolutions of numbers computed, of which proofs are made."""
        if name == "conv" and len(args) == 2 and all(isinstance(arg, np.ndarray) and arg.ndim == 4 for arg in args):
            done = _convolve(*args, **kwargs)
            if done is not None:
                return done
        found = super().op(name, *args, **kwargs)
        held = self._variables.get(args[0]) if name == "expand_dims" and isinstance(args[0], Symbol) else None
        if held is not None and isinstance(found, Symbol):
            self._variables[found] = replace(held, tensor=held.tensor.reshape(*(size or 0 for size in found.spec.known())))
        if isinstance(found, Symbol) and _is_zero_made(name, args, self._zeros):
            self._zeros.add(found)
        return found

    def is_zero(self, value: Operand) -> bool:
        """Whether a value is certainly all zeros."""
        if isinstance(value, np.ndarray | np.generic):
            return not np.any(value)
        return (isinstance(value, Handle) and value.variable.state) or value in self._zeros

    def constant_weight(self, name: str, array: Array, frozen: bool = False) -> Operand:
        """A constant; a weight where it is too large for a configuration, or where the weights of the graph are constants.

        Constants of a frozen graph do not say which of them train: all floats with axes do, but moving statistics.
        """
        known = array.dtype.kind == "f" or str(array.dtype) == "bfloat16"
        if not known or not (array.size > MOST_HELD or (frozen and array.size > 1)):
            return array
        held = Tensor(array.shape, str(array.dtype), _find_variable_name(name) if frozen else name, lambda: array)
        return Handle(GraphVariable(name, held, trainable=frozen and not name.endswith(_STATISTICS)))


def _find_variable_name(node: str) -> str:
    """The name that a variable had before it was frozen: ``model/conv/kernel`` of ``.../model/conv/Conv2D/ReadVariableOp``."""
    path = _CALLS.sub("", node)
    scope, _, last = path.rpartition("/")
    outer, _, op = scope.rpartition("/")
    return f"{outer}/{op}" if last.startswith("ReadVariableOp") and outer else path


_CALLS = re.compile(r"\A(StatefulPartitionedCall(_\d+)?/|PartitionedCall(_\d+)?/)+")
_KEPT = ("reshape", "cast", "tile", "broadcast_to", "expand_dims", "squeeze", "transpose", "zeros_like", "multiply", "sum")


def _convolve(
    x: Array,
    kernel: Array,
    strides: Operand = 1,
    padding: str = "valid",
    data_format: Operand = None,
    dilation_rate: Operand = 1,
) -> Operand:
    """A convolution of images, where it is a plain one and small."""
    step, holes = (set(value) if isinstance(value, tuple) else {value} for value in (strides, dilation_rate))
    plain = len(step) == 1 and holes == {1} and data_format in (None, "channels_last")
    if not plain or x.shape[-1] != kernel.shape[2] or x.size * kernel.size > MOST_WORK:
        return None
    return correlate(x, kernel, step.pop(), padding)


def _is_zero_made(name: str, args: tuple[Operand, ...], zeros: set[Symbol]) -> bool:
    """Whether an operation gives zeros, whatever finite numbers it is given."""
    if name in ("zeros", "zeros_like") or (name == "full" and len(args) > 1 and _is_number_zero(args[1])):
        return True
    found = [isinstance(arg, Symbol) and arg in zeros for arg in args]
    if name in ("multiply", "conv"):
        return any(found) or any(_is_number_zero(arg) for arg in args)
    return name in _KEPT and bool(found) and found[0]


def _is_number_zero(value: Operand) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float) and not isinstance(value, bool) and not np.any(value)


def find_layer_name(scope: str) -> str:
    """The scope of a variable as the name of a layer."""
    return _OTHER.sub("_", scope).strip("_.-") or "weight"
