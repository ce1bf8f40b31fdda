"""From a function found in the file to a submodel of native operations, with the layer's own name."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import ModuleType
from typing import TypeVar

from .. import limits
from ..bytecode import describe_constant, list_code
from ..catalog.shapes import Argument, Output, Spec, flatten_specs
from ..document.build import Builder
from ..document.edit import rename_layers
from ..document.model import Code, Layer
from ..errors import AnyKerasError
from ..findings import Finding
from ..lazily import np
from .domain import CodeDomain
from .equality import computes_same
from .follow import FoundFunction, FunctionReading, Start, find, freeze, list_readings, thaw
from .follow import names as list_names
from .functions import FunctionContext, Operand, Ops, Refused
from .functions.live import LiveOps
from .functions.shapes import number
from .functions.values import Dim, Sizes
from .graph_ops import OPERATION_STEPS, GraphOps, Symbol, flat_symbols
from .held import constant
from .open_sizes import Open
from .readable import describe, list_guards, write_source_of
from .refusals import locate


def make_mask_input(ops: Ops, inputs: Operand, masked: Sequence[bool]) -> Operand:
    """What Keras gives for ``mask``: None where no input carries one, else a bool tensor, or one for each input."""
    if not any(masked):
        return None
    if isinstance(inputs, list):
        return [_lift_mask(ops, x) if has else None for x, has in zip(inputs, masked, strict=True)]
    return _lift_mask(ops, inputs)


def _lift_mask(ops: Ops, x: Operand) -> Operand:
    if ops.rank(x) != 3:
        raise Refused(
            f"the function takes the mask of a tensor of rank {ops.rank(x)}; a mask becomes a tensor of the graph only "
            "for (batch, time, features)",
            "AK3011",
        )
    ones = ops.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    seen = ops.layer("Attention", {}, [ones, ones])
    return ops.op("not_equal", ops.getitem(seen, (slice(None), slice(None), 0)), 0)


# From a function found in the file to a submodel of native operations, with the layer's own name.


RANDOM = frozenset(("GaussianNoise", "GaussianDropout", "AlphaDropout", "Dropout"))  # what draws, in a lifted graph
CustomObjects = Mapping[str, object]
G = TypeVar("G", bound=GraphOps)
_REMEMBERED, _SHORT = 256, 1 << 14  # functions, and bytes of each
_KNOWN: dict[Hashable, tuple[FunctionReading, str, Lifted]] = {}
"""How code is read that was found before, in this file or another, its checked text and what it became; by content."""


@dataclass(frozen=True)
class Recovered:
    """Code of the file as it was understood: what `inspect --code` shows.

    `source` is Python text; `checked` whether following the bytecode and evaluating that text give equal graphs (else
    the text is written from the graph itself). `guards` are the facts under which the code was followed.
    """

    layer: str
    address: str
    key: str
    pythons: tuple[str, ...]
    spelling: str
    source: str
    checked: bool
    guards: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lifting: Lifting | None = field(default=None, repr=False, compare=False)
    model: Layer | None = field(default=None, repr=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """The record as plain JSON values."""
        return {
            "layer": self.layer, "address": self.address, "key": self.key, "pythons": list(self.pythons),
            "spelling": self.spelling, "source": self.source, "checked": self.checked, "guards": list(self.guards),
            "notes": list(self.notes),
        }  # fmt: skip


@dataclass(frozen=True)
class Lifted:
    """What stands in the place of a layer with code, the specs of its outputs, and what was noted on the way."""

    layer: Layer
    outputs: Output
    notes: tuple[str, ...] = ()
    code: tuple[Recovered, ...] = ()
    damage: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def write_submodel(layer: Layer, called_on: Argument, ops: G, body: Callable[[G, Operand], Operand]) -> Lifted:
    """The Functional layer that `body` writes by `ops` for inputs of the shapes `called_on`: a spec, or a nest of them."""
    inputs = enter_inputs(ops, called_on)
    return _finish(layer, ops, inputs, body(ops, inputs))


def enter_inputs(ops: GraphOps, specs: Argument) -> Operand:
    """Inputs of a graph for specs, or a nest of them."""
    if isinstance(specs, Spec):
        return ops.input(specs)
    if isinstance(specs, Mapping):
        return {key: enter_inputs(ops, item) for key, item in specs.items()}
    if not isinstance(specs, list | tuple):
        raise Refused(f"the layer is called on {specs!r}, not on a tensor", "AK3041")
    return [enter_inputs(ops, item) for item in specs]


def _finish(layer: Layer, ops: GraphOps, inputs: Operand, outcome: Operand) -> Lifted:
    outputs = _list_outputs(ops, outcome, flat_symbols(inputs))
    trainable = layer.config.get("trainable", True) is not False
    model = ops.builder.finish(_map_outputs(outputs, lambda symbol: symbol.ref), trainable)
    return Lifted(model, _map_outputs(outputs, lambda symbol: symbol.spec), tuple(dict.fromkeys(ops.notes)))


def _list_outputs(ops: GraphOps, outcome: Operand, inputs: Sequence[Symbol]) -> Operand:
    """The outputs of a submodel: every one an operation of its own, never an input, a layer or a bare constant.

    Not a layer, since layers hand a mask on and a function does not.
    """
    if isinstance(outcome, Mapping):
        return {key: _list_outputs(ops, item, inputs) for key, item in outcome.items()}
    if isinstance(outcome, list | tuple) and not isinstance(outcome, Sizes):
        return tuple(_list_outputs(ops, item, inputs) for item in outcome)
    if isinstance(outcome, Symbol):
        if ops.is_operation(outcome) and all(outcome is not symbol for symbol in inputs):
            return outcome
        return ops.op("squeeze", ops.op("expand_dims", outcome, axis=-1), axis=-1)  # exact for every dtype
    if isinstance(outcome, int | float | np.ndarray | np.generic):
        return ops.anchor(outcome)
    if isinstance(outcome, Sizes | Dim):
        return _list_outputs(ops, number(ops, outcome, "int32"), inputs)
    raise Refused(f"the function returns {type(outcome).__name__}, not a tensor")


def _map_outputs(outputs: Operand, change: Callable[[Symbol], Operand]) -> Operand:
    if isinstance(outputs, Symbol):
        return change(outputs)
    if isinstance(outputs, Mapping):
        return {key: _map_outputs(item, change) for key, item in outputs.items()}
    return tuple(_map_outputs(item, change) for item in outputs)


@dataclass(frozen=True)
class Lifting:
    """A stored function, and the call of it that is to become operations.

    Args:
        layer: the layer that holds it.
        key: the argument of the layer that holds the function.
        code: the function.
        called_on: the specs of what it is called on, or a nest of them.
        context: who wrote it.
        custom_objects: functions and constants for names that the file does not hold.
        extra: further keyword arguments, constants of the layer's configuration.
        offered: keyword arguments that Keras gives only to functions that name them (``training``).
        masked: which of the inputs carry a mask; a function with a parameter ``mask`` is given it.
        name: what the submodel is called, where not like the layer.
    """

    layer: Layer
    key: str
    code: Code
    called_on: Argument
    context: FunctionContext
    custom_objects: CustomObjects = field(default_factory=dict)
    extra: Mapping[str, Operand] = field(default_factory=dict)
    offered: Mapping[str, Operand] = field(default_factory=dict)
    masked: tuple[bool, ...] = ()
    name: str = ""

    @cached_property
    def found(self) -> FoundFunction:
        """The function; one given under the layer's or the function's own name takes its place."""
        found = find(self.code)
        own = next((name for name in (self.layer.name, found.label) if callable(self.custom_objects.get(name))), "")
        return FoundFunction(None, None, own) if own else found

    def lift(self) -> Lifted:
        """The submodel.

        Raises:
            AnyKerasError: the code cannot be followed, or two Pythons would read it differently; the error names the
                layer and shows the function.
        """
        try:
            return self._find_agreed()
        except AnyKerasError as error:
            raise locate(error, self.layer.name, self._write_source(), self._list_names()) from None

    def _list_names(self) -> tuple[str, ...]:
        """Every name that the function uses, however it is read."""
        try:
            return tuple(name for reading in list_readings(self.found) for name in list_names(reading.code))
        except AnyKerasError:
            return ()

    def _write_source(self) -> str:
        try:
            return write_source_of(list_readings(self.found)[0])
        except AnyKerasError:
            return ""

    def _find_agreed(self) -> Lifted:
        content = self._content
        known = _KNOWN.get(content) if content is not None else None
        if known is not None:  # another layer has this code: what it means was found out there
            reading, text, met = known
            return self._record(reading, self._repeat(met) or self.trace(reading.run), text)
        traces: list[tuple[FunctionReading, Lifted]] = []
        errors: list[AnyKerasError] = []
        for reading in list_readings(self.found):
            try:
                traces.append((reading, self.trace(reading.run)))
            except AnyKerasError as error:
                errors.append(error)
        if not traces:
            raise errors[0]
        reading, first = traces[0]
        if not all(computes_same(first.layer, other.layer) for _, other in traces[1:]):
            raise Refused(
                f"the code means different things in the Pythons that could have written it ({', '.join(self.found.pythons)})",
                "AK3003",
            )
        text, checked = describe(reading, first.layer, lambda run: self.trace(run).layer)
        if content is not None and checked:
            if len(_KNOWN) >= _REMEMBERED:
                _KNOWN.clear()
            _KNOWN[content] = reading, text, first
        return self._record(reading, first, text, checked)

    @property
    def _content(self) -> Hashable | None:
        """All that decides what the code means, equal for equal code alone; None where something is no plain value."""
        stored = self.found.stored
        if stored is None or self.custom_objects:
            return None
        parts = (self.called_on, self.extra, self.offered, self.masked, stored.defaults, stored.closure)
        if len(stored.code_bytes) + len(repr(parts)) > _SHORT:
            return None
        try:
            return (stored.code_bytes, self.code.kind, self.code.module, self.context, *map(freeze, parts))
        except TypeError:
            return None

    def _record(self, reading: FunctionReading, trace: Lifted, text: str, checked: bool = True) -> Lifted:
        stored, identified = self.found.stored, self.found.identified
        record = Recovered(
            self.layer.name, self.layer.address or self.layer.name, self.key, self.found.pythons,
            stored.spelling if stored is not None else f"the name {self.found.name}", text, checked,
            list_guards(reading, self.called_on, self.context), (*(stored.notes if stored else ()), *trace.notes),
            self, trace.layer,
        )  # fmt: skip
        damage = tuple(identified.damage) if identified is not None else ()
        return Lifted(trace.layer, trace.outputs, trace.notes, (record,), damage)

    def _repeat(self, met: Lifted) -> Lifted | None:
        """The submodel of equal code called on equal sizes, under this layer's names; None where it holds more than operations.

        Nor where an output has an open size that no input has: that of another layer is another size.
        """
        graph = met.layer.graph
        known = {size for spec in flatten_specs(self.called_on) for size in spec.sizes or ()}
        sizes = {size for spec in flatten_specs(met.outputs) for size in spec.sizes or () if isinstance(size, Open)}
        if graph is None or not sizes <= known or not all(x.operation or x.class_name == "InputLayer" for x in graph.layers):
            return None
        limits.budget().charge(OPERATION_STEPS * len(graph.layers))
        name, address = self.name or self.layer.name, self.layer.address
        renamed = rename_layers(graph, {x.name: name + x.name.removeprefix(met.layer.name) for x in graph.layers})
        layers = tuple(replace(inner, address=address) for inner in renamed.layers)
        config = {"trainable": self.layer.config.get("trainable", True) is not False}
        return replace(met, layer=Layer("Functional", name, config, address=address, graph=replace(renamed, layers=layers)))

    def trace(self, run: Callable[[Callable[[], Start]], tuple[CodeDomain, Operand]]) -> Lifted:
        """The submodel of whatever `run` computes from a start over symbols."""
        started: dict[GraphOps, Operand] = {}

        def begin() -> Start:
            ops = GraphOps(Builder(self.name or self.layer.name, self.layer.address), self.context)
            inputs = enter_inputs(ops, self.called_on)
            started[ops] = inputs
            return self.start(ops, inputs)

        domain, outcome = run(begin)
        assert isinstance(domain.ops, GraphOps)
        return _finish(self.layer, domain.ops, started[domain.ops], outcome)

    def start(self, ops: Ops, inputs: Operand) -> Start:
        """The call over any `Ops`: symbols, or the arrays of a running backend."""
        known = self.found.parameters(self.context)
        offered = {key: value for key, value in self.offered.items() if key in known}
        if "mask" in known:
            offered["mask"] = make_mask_input(ops, inputs, self.masked)
        kwargs = {**{key: constant(value) for key, value in self.extra.items()}, **offered}
        return Start(CodeDomain(ops, self.custom_objects), [inputs], kwargs)


def on_numbers(record: Recovered, keras: ModuleType, inputs: Operand) -> Operand:
    """What the stored function of a record gives for arrays, followed over the running Keras that is handed in.

    Raises:
        AnyKerasError: the record was not followed, or the code cannot be followed on numbers.
    """
    lifting = record.lifting
    if lifting is None:
        raise Refused(f"the code of {record.address} was not followed")

    def tensors(value: Operand) -> Operand:
        if isinstance(value, list):
            return [tensors(item) for item in value]
        if isinstance(value, Mapping):
            return {key: tensors(item) for key, item in value.items()}
        return keras.ops.convert_to_tensor(value)

    run = list_readings(lifting.found)[0].run
    return run(lambda: lifting.start(LiveOps(keras, lifting.context), tensors(inputs)))[1]


# A function that a file holds, whatever becomes of it: what ``inspect --code`` shows of it.


def read_function(layer: str, address: str, key: str, code: Code) -> Recovered:
    """A function of a layer (of the training where that has no name), without knowing what reaches it."""
    try:
        found = find(code)
    except AnyKerasError as error:
        text = f"# These bytes cannot be read as a Python function: {error.seen}\n{describe_constant(thaw(code.stored))}"
        return Recovered(layer, address, key, (), f"stored as {code.kind}", text, False)
    spelling = found.stored.spelling if found.stored is not None else f"the name {found.name}"
    return Recovered(layer, address, key, found.pythons, spelling, _write(found), False)


def _write(found: FoundFunction) -> str:
    try:
        return write_source_of(list_readings(found)[0])
    except AnyKerasError as error:
        listing = "\n".join(list_code(found.identified.best)) if found.identified is not None else ""
        return f"# This function cannot be written as Python text: {error.seen}\n{listing}"
