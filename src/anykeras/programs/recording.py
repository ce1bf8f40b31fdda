"""What one run of a program notes down: names, functions and the calls of layers.

The program builds its model out of `tensors`, `layers` and `models`; what it leaves is the architecture that its own Keras
would have written (`programs.architecture`), which then goes the way of every file.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..compat.tensor import LegacyTensor
from ..document.model import Era, Writer
from ..errors import Unsupported
from ..keras_private import forget_calls
from ..recovery.functions.values import Refused
from .inert import Flags, stop_at_missing
from .layers import LiveLayer, Recorded, RecordedLayer, find_again
from .sizes import list_axes, measure_again
from .tensors import Node, RecordedTensor, recorded, replace_recorded

# What stands for every size that is open: most programs divide sizes by one of its divisors.
_OPEN_SIZES = (48, 96)


class Recorder:
    """What one run of a program made: names given, functions and classes of its own, by the names of the architecture."""

    def __init__(self, runtime: Any, writer: Writer, data_format: str, find_outcomes: Callable[[Node], list[Any]]) -> None:
        """`runtime` is the `RecordingRuntime` around it; `find_outcomes` tells shape and dtype of all that a call gives."""
        self.runtime, self.writer, self.data_format = runtime, writer, data_format
        self._find_outcomes = find_outcomes
        self.counts = Counter[str]()
        self.flags = Flags()
        self.objects: dict[str, Any] = {}
        self.live: dict[int, LiveLayer] = {}
        self.models: list[Any] = []
        self.shapes: dict[tuple[int | None, ...], None] = {}  # of inputs
        self.sized: dict[int, RecordedTensor] = {}  # the noted tensors whose size was asked for, by their symbolic ones
        self.is_tracing = False  # whether a function runs on what stands for noted tensors

    @property
    def is_flat(self) -> bool:
        """Whether the program is of Keras 0, whose layers have no names and no graph."""
        return self.writer.era is Era.KERAS0

    # -- names

    def name(self, class_name: str) -> str:
        """The name that a layer without one was given then."""
        stem = self._stem(class_name)
        number = self.counts[stem] = self.counts[stem] + 1
        if self.writer.era is Era.TF2 and stem != "input":
            return stem if number == 1 else f"{stem}_{number - 1}"
        return f"{stem}_{number}"

    def _stem(self, class_name: str) -> str:
        if class_name == "InputLayer":
            return "input"
        if self.writer.era in (Era.KERAS0, Era.KERAS1):
            return class_name.lower()
        return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", class_name)).lower()

    def hold(self, function: Callable[..., object], stem: str) -> str:
        """A function under a name by which the architecture can mention it."""
        key = f"{stem}_function"
        while key in self.objects:
            key += "_"
        self.objects[key] = function
        return key

    # -- calls

    def call(self, layer: Any, inputs: object, args: Sequence[object], kwargs: Mapping[str, object], count: int = 1) -> Any:
        """Note a call; the tensor or tensors that it gives."""
        named = {**dict(zip(_further(self.runtime, layer.class_name, len(args)), args, strict=False)), **kwargs}
        node = Node(layer, (inputs,), {key: value for key, value in named.items() if value is not None}, count)
        return node.outputs[0] if count == 1 else list(node.outputs)

    def call_live(self, live: Any, args: Sequence[object], kwargs: Mapping[str, object]) -> Any:
        """Note the call of a layer of the program's own class; it runs on symbolic tensors, which tells its outputs."""
        layer = self.of_live(live)
        with self.runtime.keras_code():
            outputs = live(*self.runtime.unwrap(args), **self.runtime.unwrap(kwargs))
        forget_calls(live)
        flat = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        named = dict(zip(list(inspect.signature(live.call).parameters)[1:], args[1:], strict=False))
        node = Node(layer, tuple(args[:1]), {**named, **kwargs}, len(flat))
        node.known = flat
        return list(node.outputs) if isinstance(outputs, list | tuple) else node.outputs[0]

    def input(self, shape: Sequence[int | None], dtype: Any = "float32", name: str | None = None) -> RecordedTensor:
        """An input tensor of that shape, batch included."""
        self.shapes[tuple(shape)] = None
        kept = "input_dtype" if self.writer.era in (Era.KERAS0, Era.KERAS1) else "dtype"
        config = {"batch_input_shape": tuple(shape), kept: str(getattr(dtype, "name", dtype)), "name": name}
        return Node(RecordedLayer(self, "InputLayer", (), config), (), {}).outputs[0]

    def of_layer(self, layer: Any) -> Any:
        """The record of whatever a program adds to a model."""
        if isinstance(layer, Recorded):
            return layer
        if isinstance(layer, self.runtime.keras.layers.Layer):
            return self.of_live(layer)
        stop_at_missing(layer)
        raise TypeError(f"{layer!r} is added to a model, and is no layer")

    def custom_objects(self) -> dict[str, Any]:
        """Functions and classes of the program, by the names of its architecture."""
        lives = [record.live for record in self.live.values()]
        return {**self.objects, **{type(live).__name__: find_again(type(live), lives) for live in lives}}

    def of_live(self, live: Any) -> LiveLayer:
        """The record of a live layer."""
        if id(live) not in self.live:
            self.live[id(live)] = LiveLayer(self, live)
        return self.live[id(live)]

    def call_function(
        self, function: Callable[..., Any], args: Sequence[object], kwargs: Mapping[str, object], name: str
    ) -> Any:
        """Note the outcome of a function of tensors as a layer; what it gives that is no tensor is itself."""
        sized = [self.sized[id(axis.tensor)] for axis in list_axes([args, kwargs]) if id(axis.tensor) in self.sized]
        tensors = list({id(tensor): tensor for tensor in [*recorded([args, kwargs]), *sized]}.values())
        places = {id(tensor): i for i, tensor in enumerate(tensors)}
        raws = {id(tensor.raw): i for i, tensor in enumerate(tensors)}

        def run(inputs: Any) -> Any:
            """The function on what stands for the noted tensors, sizes that are open taken from these too."""
            values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]

            def measure(axis: Any) -> Any:
                at = raws.get(id(axis.tensor))
                return axis if at is None else replace(axis, tensor=self.runtime.unwrap(values[at]))

            def put(tensor: RecordedTensor) -> Any:
                return values[places[id(tensor)]]

            given, named = replace_recorded(list(args), put), replace_recorded(dict(kwargs), put)
            return function(*measure_again(given, measure), **measure_again(named, measure))

        outcome = self.find_outcome(run, tensors if len(tensors) > 1 else tensors[0])
        flat = list(outcome) if isinstance(outcome, list | tuple) else [outcome]
        if not flat or not all(isinstance(item, LegacyTensor) for item in flat):
            return outcome
        for tensor in tensors:
            if len(flat) == 1 and flat[0].raw is tensor.raw:
                return tensor
        layer = RecordedLayer(self, "Lambda", (), {"function": run, "name": self.name(f"op_{name}")})
        return self.note_outcome(layer, tensors if len(tensors) > 1 else tensors[0], outcome)

    def find_outcome(self, function: Callable[[Any], object], inputs: object) -> Any:
        """What a function gives on symbolic tensors in place of noted ones; where sizes are open that it has to know, what
        it gives on numbers says which are open there.

        Raises Refused for a function that neither is possible for.
        """
        self.is_tracing, before = True, self.is_tracing
        try:
            return function(replace_recorded(inputs, lambda tensor: LegacyTensor(tensor.raw, self.runtime)))
        except Refused as refusal:
            found = [self._run_on_numbers(function, inputs, size) for size in _OPEN_SIZES] if refusal.code == "AK3043" else []
            if not found:
                raise
            return self._join(*found)
        finally:
            self.is_tracing = before

    def _run_on_numbers(self, function: Callable[[Any], object], inputs: object, size: int) -> Any:
        def fill(tensor: RecordedTensor) -> Any:
            shape = tuple(size if one is None else one for one in tensor.raw.shape)
            return LegacyTensor(self.runtime.keras.ops.ones(shape, dtype=tensor.raw.dtype), self.runtime)

        return function(replace_recorded(inputs, fill))

    def _join(self, one: Any, other: Any) -> Any:
        """Symbolic tensors for what a function gave at two sizes: what differs is open."""
        if isinstance(one, list | tuple):
            return type(one)(map(self._join, one, other))
        raws = [self.runtime.unwrap(item) for item in (one, other)]
        if not self.runtime.is_tensor(raws[0]):
            return one
        shape = tuple(a if a == b else None for a, b in zip(raws[0].shape, raws[1].shape, strict=True))
        dtype = self.runtime.keras.backend.standardize_dtype(raws[0].dtype)
        return LegacyTensor(self.runtime.keras.Input(batch_shape=shape, dtype=dtype), self.runtime)

    def note_outcome(self, layer: RecordedLayer, inputs: Any, outcome: object) -> Any:
        """Note the call of a Lambda whose outcome on symbolic tensors is known; the tensor or tensors that it gives."""
        flat = list(outcome) if isinstance(outcome, list | tuple) else [outcome]
        node = Node(layer, (inputs,), {}, len(flat))
        node.known = [self.runtime.unwrap(item) for item in flat]
        return list(node.outputs) if isinstance(outcome, list | tuple) else node.outputs[0]

    # -- shapes

    def find_symbols(self, node: Node) -> list[Any]:
        """Symbolic tensors for the outputs of a call. Raises Unsupported where their shapes cannot be found."""
        found = self._find_outcomes(node)
        if len(found) < len(node.outputs) or any(spec.shape is None for spec in found[: len(node.outputs)]):
            raise Unsupported(
                "AK1320",
                f"the program asks for the shape that {node.layer.class_name} {node.layer.name!r} gives, and it is not known",
                layer=node.layer.name,
                next_step="Give the shape in the source where it asks for it.",
            )
        return [self.runtime.keras.Input(batch_shape=spec.shape, dtype=spec.dtype or "float32") for spec in found]


def _further(runtime: Any, class_name: str, count: int) -> list[str]:
    """The names of the arguments behind the first of a call: today's for layers of several tensors, else the old order."""
    if not count:
        return []
    current = getattr(runtime.keras.layers, class_name, None)
    if class_name in ("MultiHeadAttention", "Attention", "AdditiveAttention") and current is not None:
        return list(inspect.signature(current.call).parameters)[2:]
    return ["mask", "training", "initial_state", "constants"]
