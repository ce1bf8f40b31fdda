"""`Ops` that write down what is asked of them: operation nodes in a document instead of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeGuard

from .. import limits, tensors
from ..catalog import find
from ..catalog.operations import UnknownOperation
from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..document.build import Builder
from ..document.model import Ellipsis_, Era, Layer, Ref, Slice
from ..lazily import np
from . import operands
from .functions import Dim, FunctionContext, Operand, Refused, Sizes, TensorOps, folding
from .functions.folding import leaves
from .functions.formulas import order_sum
from .functions.shapes import count_sizes, number, reshape_open, sizes
from .functions.values import Size
from .open_sizes import Open, SizeTensors, follow_sizes, open_sizes
from .rows import Row, map_along_batch

NODES = 20_000  # operations that one function may come to
OPERATION_STEPS = 100  # what one operation costs, in steps of a budget


@dataclass(frozen=True, eq=False)
class Symbol:
    """One tensor of the graph being written."""

    ref: Ref
    spec: Spec

    def __repr__(self) -> str:
        return f"{self.ref.layer}[{self.ref.node}, {self.ref.tensor}]"


class GraphOps(TensorOps[Symbol | Row]):
    """Collects nodes in a :class:`Builder`; shapes and dtypes go through the catalog.

    Operations on constants alone are computed at once, by numpy, in `folding`.
    """

    def __init__(self, builder: Builder, context: FunctionContext) -> None:
        self.builder, self.context = builder, context
        self.notes: list[str] = []
        self._known: dict[Ref, Symbol] = {}
        self._sizes = SizeTensors(self)
        self._operations: set[Ref] = set()

    @classmethod
    def for_layer(cls, layer: Layer, context: FunctionContext) -> Self:
        """Those that write what stands in the place of a layer."""
        return cls(Builder(layer.name, layer.address), context)

    def input(self, spec: Spec) -> Symbol:
        """One more input of the graph; `spec` has the batch axis."""
        shape = None if spec.shape is None else spec.shape[1:]
        ref = self.builder.input(shape, spec.dtype or self.context.floatx)
        return self._symbol(ref, spec)

    def _symbol(self, ref: Ref, spec: Spec) -> Symbol:
        made = self._known[ref] = Symbol(ref, open_sizes(spec))
        self._sizes.enter(made, made.spec.sizes or ())
        return made

    # -- what entries ask for

    def op(self, name: str, /, *args: Operand, **kwargs: Operand) -> Operand:
        """A node for ``keras.ops.<name>``, or numbers where all arguments are."""
        if any(isinstance(value, Row) for value in leaves((*args, *kwargs.values()))):
            return map_along_batch(self, name, args, kwargs)
        if name in ("zeros", "ones", "full"):
            return self._fill(name, *args, **kwargs)
        if name == "broadcast_to" and any(isinstance(size, Dim) for size in sizes(self, args[1])):
            return self.op("add", args[0], self._fill("zeros", args[1], dtype=self.dtype(args[0])))
        counted = None if kwargs else count_sizes(name, args)
        found = counted if counted is not None else operands.compare_wide(self, name, args)
        if found is not None:
            return found
        if not any(self._is_symbolic(value) for value in (*args, *kwargs.values())):
            folded = folding.fold(name, args, kwargs)
            if folded is not None:
                return folded
            args, kwargs = self._hang_on_input(args, kwargs)
        if name == "add" and len(args) == 2 and not any(isinstance(value, Dim) for value in args):
            name, *ordered = order_sum(self, *args)
            args = tuple(ordered)
        args, kwargs = tuple(self._to_operand(a) for a in args), {k: self._lift_sizes(v) for k, v in kwargs.items()}
        args = operands.as_tensors(self, name, args, self.anchor)
        node = Layer(name, f"{self.builder.name}_{name.rpartition('.')[2]}", operation=True)
        return self._call(node, args, kwargs)

    def _hang_on_input(
        self, args: tuple[Operand, ...], kwargs: dict[str, Operand]
    ) -> tuple[tuple[Operand, ...], dict[str, Operand]]:
        """Arguments of which the first array is a tensor of the graph: a graph has no node without an input."""
        for place, value in enumerate(args):
            if isinstance(value, np.ndarray | float):
                return (*args[:place], self.anchor(value), *args[place + 1 :]), kwargs
        for key, value in kwargs.items():
            if isinstance(value, np.ndarray):
                return args, {**kwargs, key: self.anchor(value)}
        return args, kwargs

    def layer(
        self,
        class_name: str,
        config: Mapping[str, Operand],
        /,
        *args: Operand,
        weights: Mapping[str, Operand] | None = None,
        **kwargs: Operand,
    ) -> Operand:
        """A layer of Keras 3 with its weights, called."""
        entry = find(class_name, Era.KERAS3)
        if entry is None:
            raise Refused(f"the code makes a layer {class_name}, which Keras 3 does not have", "AK3040")
        if any(isinstance(value, Row) for value in leaves((*args, *kwargs.values()))):
            raise Refused(f"a {class_name} is called in a function that is mapped over the batch", "AK3043")
        name = str(config.get("name") or f"{self.builder.name}_{class_name.lower()}")
        held = {key: _to_document(value) for key, value in config.items() if key != "name"}
        held_weights = {role: tensors.constant(value) for role, value in (weights or {}).items()}
        made = Layer(class_name, name, held, held_weights, address=self.builder.address)
        self._check_weights(made)
        if not any(self._is_symbolic(arg) for arg in args):  # noise of a fixed shape: a graph has no node without an input
            args = tuple(self.anchor(arg) for arg in args)
        return self._call(made, tuple(self._lift_sizes(a) for a in args), {k: self._lift_sizes(v) for k, v in kwargs.items()})

    def _check_weights(self, made: Layer) -> None:
        """A layer made inside a Lambda has weights that Keras never saved: only those given here may be there."""
        entry = find(made.class_name, Era.KERAS3)
        missing = [role.name for role in (entry.roles(made) if entry else ()) if role.name not in made.weights]
        if missing:
            raise Refused(
                f"the code makes a {made.class_name} inside the function; its {missing[0]} was never saved in the file",
                "AK3042",
            )

    def anchor(self, value: Operand) -> Symbol:
        """A constant as a tensor of the graph: added to nothing, so that it hangs on the first input."""
        first = next(iter(self._known.values()), None)
        if first is None:
            raise Refused("the function is called on no tensor")
        nothing = self.op("multiply", self.op("sum", self.op("zeros_like", first)), 0)
        array = np.asarray(self.constant(value))
        if array.size and (array == array.flat[0]).all():
            filled = self.op("add", self.op("cast", nothing, str(array.dtype)), array.flat[0].item())
            made: Symbol = self.op("broadcast_to", filled, array.shape) if array.shape else filled
        else:
            made = self.op("add", self.op("cast", nothing, str(array.dtype)), array)
        return made

    def embed(self, model: Layer, *args: Operand) -> Operand:
        """A whole layer or model (a traced custom function), called."""
        return self._call(model, tuple(self._lift_sizes(a) for a in args), {})

    def map_rows(self, function: Callable[[Operand], Operand], x: Operand) -> Operand:
        """`function` of each sample, as operations on the whole batch."""
        made = function(Row(x))
        if not isinstance(made, Row):
            raise Refused("a function that is mapped over the batch gives other than one tensor", "AK3043")
        return made.all

    def is_tensor(self, x: object) -> TypeGuard[Symbol | Row]:
        """Symbols are tensors; numbers and arrays are constants."""
        return isinstance(x, Symbol | Row)

    def shape(self, x: Operand) -> tuple[Size, ...]:
        """The sizes: ints, and a Dim where unknown."""
        if isinstance(x, Row):
            return self.shape(x.all)[1:]
        if not isinstance(x, Symbol):
            return np.shape(x)
        if x.spec.shape is None:
            raise Refused("the shape of a tensor could not be found", "AK3043")
        return tuple(size.dim if isinstance(size, Open) else int(size or 0) for size in x.spec.sizes or ())

    def dtype(self, x: Operand) -> str:
        """The name of the dtype; Python numbers have the one that Keras gives them."""
        if isinstance(x, Row):
            x = x.all
        if isinstance(x, Symbol):
            return x.spec.dtype or self.context.floatx
        if isinstance(x, np.ndarray | np.generic):
            return str(x.dtype)
        return "bool" if isinstance(x, bool) else "int32" if isinstance(x, int) else self.context.floatx

    def getitem(self, x: Operand, key: tuple[Operand, ...]) -> Operand:
        """``x[key]``."""
        if isinstance(x, Row):
            return Row(self.getitem(x.all, (slice(None), *key)))
        if not isinstance(x, Symbol):
            return folding.take_items(np.asarray(x), key)
        node = Layer("get_item", f"{self.builder.name}_getitem", operation=True)
        return self._call(node, (x, tuple(key)), {})

    def constant(self, array: Operand, dtype: str | None = None) -> Operand:
        """Numbers, as an array."""
        made = np.asarray(array, dtype) if dtype else np.asarray(array)
        if made.dtype == np.float64 and dtype is None:
            return made.astype(self.context.floatx)
        return made

    def size(self, dim: Operand, dtype: str) -> Operand:
        """A Dim as a number at run time: ones along its axes, summed."""
        return self._sizes.number(dim, dtype)

    def resize_open(self, x: Operand, sizes: tuple[Operand, ...]) -> Operand:
        """A reshape to several open sizes, element by element."""
        return reshape_open(self, x, sizes)

    def note(self, text: str) -> None:
        """Keep the note for the findings."""
        self.notes.append(text)

    # -- nodes

    def is_operation(self, symbol: Symbol) -> bool:
        """Whether a tensor is the outcome of an operation (and not of a layer)."""
        return Ref(symbol.ref.layer, symbol.ref.node) in self._operations

    def _call(self, layer: Layer, args: tuple[Operand, ...], kwargs: dict[str, Operand]) -> Operand:
        if len(self._known) > NODES:
            raise Refused(f"the code makes more than {NODES} operations")
        limits.budget().charge(OPERATION_STEPS)
        written = tuple(_to_refs(a) for a in args)
        named = {k: _to_refs(v) for k, v in kwargs.items()}
        ref = self.builder.add(layer, *written, **named)
        if layer.operation:
            self._operations.add(ref)
        try:
            specs, others = [_to_specs(a) for a in args], {k: _to_specs(v) for k, v in kwargs.items()}
            found = follow_sizes(layer, specs, others, Inference().call(layer, specs, others))
        except UnknownOperation as error:
            raise Refused(str(error)) from None
        return self._make_symbols(ref, found)

    def _make_symbols(self, ref: Ref, found: Operand, counter: list[int] | None = None) -> Operand:
        counter = counter if counter is not None else [0]
        if isinstance(found, Spec):
            made = self._symbol(Ref(ref.layer, ref.node, counter[0]), found)
            counter[0] += 1
            return made
        if isinstance(found, Mapping):
            return {key: self._make_symbols(ref, item, counter) for key, item in found.items()}
        return tuple(self._make_symbols(ref, item, counter) for item in found)

    def _is_symbolic(self, value: Operand) -> bool:
        if isinstance(value, tuple | list):
            return any(self._is_symbolic(item) for item in value)
        return isinstance(value, Symbol | Dim | Sizes)

    def _to_operand(self, value: Operand) -> Operand:
        """A positional argument: rows of numbers become an array, as Keras would do (its files cannot hold them)."""
        rows = isinstance(value, tuple | list) and len(value) > 0 and isinstance(value[0], tuple | list)
        if not rows or self._is_symbolic(value) or not _is_float_nest(value):
            return self._lift_sizes(value)
        made = np.asarray(value)
        return made.astype(self.context.floatx) if made.dtype == np.float64 else made

    def _lift_sizes(self, value: Operand) -> Operand:
        """A value as an argument of a node: sizes that are not known become tensors."""
        if isinstance(value, Dim | Sizes):
            return number(self, value, "int32")
        if isinstance(value, tuple | list):
            return tuple(self._lift_sizes(item) for item in value)
        return value

    def _fill(self, name: str, shape: Operand, *args: Operand, dtype: Operand = None, **kwargs: Operand) -> Operand:
        """Zeros, ones or a value in a shape of which some sizes are known only when the model runs."""
        value = args[0] if args else kwargs.get("fill_value", 1.0)
        fill: Operand = {"zeros": 0, "ones": 1}.get(name, value)
        return self._sizes.fill(sizes(self, shape), fill, str(dtype or self.context.floatx))


def _is_float_nest(value: Operand) -> bool:
    """Whether a nest holds floats, and all rows are alike."""
    try:
        return np.asarray(value).dtype.kind == "f"
    except ValueError:
        return False


def _to_document(value: Operand) -> Operand:
    if isinstance(value, list | tuple):
        return tuple(_to_document(item) for item in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return tensors.constant(value, str(value.dtype))
    return value


def _to_refs(value: Operand) -> Operand:
    """An argument as the document holds it."""
    if isinstance(value, Symbol):
        return value.ref
    if isinstance(value, slice):
        return Slice(_to_refs(value.start), _to_refs(value.stop), _to_refs(value.step))
    if value is Ellipsis:
        return Ellipsis_()
    if isinstance(value, list | tuple):
        return tuple(_to_refs(item) for item in value)
    if isinstance(value, dict):
        return {key: _to_refs(item) for key, item in value.items()}
    return _to_document(value)


def _to_specs(value: Operand) -> Operand:
    """An argument as shape inference takes it."""
    if isinstance(value, Symbol):
        return value.spec
    if isinstance(value, slice | type(Ellipsis)):
        return _to_refs(value)
    if isinstance(value, list | tuple):
        return tuple(_to_specs(item) for item in value)
    if isinstance(value, dict):
        return {key: _to_specs(item) for key, item in value.items()}
    return _to_document(value)


def flat_symbols(value: Operand) -> list[Symbol]:
    """All tensors of a structure, from left to right."""
    if isinstance(value, Symbol):
        return [value]
    if isinstance(value, Mapping):
        return [s for item in value.values() for s in flat_symbols(item)]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [s for item in value for s in flat_symbols(item)]
    return []
