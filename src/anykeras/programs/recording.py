"""What one run of a program notes down: names, functions and the calls of layers.

The program builds its model out of `tensors`, `layers` and `models`; what it leaves is the architecture that its own Keras
would have written (`programs.architecture`), which then goes the way of every file.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..compat.tensor import LegacyTensor
from ..document.model import Era, Writer
from ..errors import Unsupported
from ..keras_private import forget_calls
from .inert import Flags, stop_at_missing
from .layers import LiveLayer, Recorded, RecordedLayer, find_again
from .tensors import Node, RecordedTensor, recorded, replace_recorded


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

    def hold(self, function: Callable[..., Any], stem: str) -> str:
        """A function under a name by which the architecture can mention it."""
        key = f"{stem}_function"
        while key in self.objects:
            key += "_"
        self.objects[key] = function
        return key

    # -- calls

    def call(self, layer: Any, inputs: Any, args: Sequence[Any], kwargs: Mapping[str, Any], count: int = 1) -> Any:
        """Note a call; the tensor or tensors that it gives."""
        named = {**dict(zip(_further(self.runtime, layer.class_name, len(args)), args, strict=False)), **kwargs}
        node = Node(layer, (inputs,), {key: value for key, value in named.items() if value is not None}, count)
        return node.outputs[0] if count == 1 else list(node.outputs)

    def call_live(self, live: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
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

    def call_function(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], name: str) -> Any:
        """Note the outcome of a function of tensors as a layer; what it gives that is no tensor is itself."""
        tensors = list({id(tensor): tensor for tensor in recorded([args, kwargs])}.values())
        places = {id(tensor): i for i, tensor in enumerate(tensors)}

        def run(inputs: Any) -> Any:
            """The function on what stands for the noted tensors."""
            values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]

            def put(tensor: RecordedTensor) -> Any:
                return values[places[id(tensor)]]

            return function(*replace_recorded(list(args), put), **replace_recorded(dict(kwargs), put))

        symbols = [LegacyTensor(tensor.raw, self.runtime) for tensor in tensors]
        outcome = run(symbols if len(symbols) > 1 else symbols[0])
        flat = list(outcome) if isinstance(outcome, list | tuple) else [outcome]
        if not flat or not all(isinstance(item, LegacyTensor) for item in flat):
            return outcome
        for item, symbol in ((item, symbol) for item in flat for symbol in zip(tensors, symbols, strict=True)):
            if item.raw is symbol[1].raw and len(flat) == 1:
                return symbol[0]
        layer = RecordedLayer(self, "Lambda", (), {"function": run, "name": self.name(f"op_{name}")})
        node = Node(layer, (tensors if len(tensors) > 1 else tensors[0],), {}, len(flat))
        node.known = [item.raw for item in flat]
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
