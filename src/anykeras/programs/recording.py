"""Layers, tensors and calls of a program of its time, noted down instead of computed.

The program builds its model out of these; what it leaves is the architecture that its own Keras would have written
(`programs.architecture`), which then goes the way of every file.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..compat.tensor import LegacyTensor, holds_legacy
from ..document.model import Era, Writer
from ..errors import Unsupported
from ..keras_private import forget_calls
from .arguments import class_of_era, read_arguments
from .inert import Flags, Missing, stop_at_missing

NUMBER = "source_layer"
"""The argument under which a layer of the program's own class is found again."""
_STATES = {"LSTM": 2, "CuDNNLSTM": 2, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}  # any other recurrence has one


class RecordedTensor(LegacyTensor):
    """The outcome `index` of a noted call. Its shape is found when the program asks for it."""

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node, self.index = node, index
        self.runtime = node.recorder.runtime

    @property
    def raw(self) -> Any:
        """A symbolic tensor of the running Keras of this shape."""
        return self.node.symbols()[self.index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "_keras_history":
            return (self.node.layer, self.node.number, self.index)
        if name in ("name", "op"):
            return self.node.layer.name
        return self.runtime.recorded_attribute(self, name)  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<tensor {self.index} of {self.node.layer.name}>"


class Node:
    """One call: of which layer, on what, and what it gives."""

    def __init__(self, layer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], count: int = 1) -> None:
        self.layer, self.args, self.kwargs = layer, args, dict(kwargs)
        self.recorder: Recorder = layer.recorder
        self.number = len(layer.nodes)
        self.known: list[Any] | None = None
        self.outputs = [RecordedTensor(self, i) for i in range(count)]
        layer.nodes.append(self)

    @property
    def tensors(self) -> list[RecordedTensor]:
        """What the call reads, from left to right."""
        return list(recorded([self.args, self.kwargs]))

    def symbols(self) -> list[Any]:
        """Symbolic tensors of the running Keras for the outputs."""
        if self.known is None:
            self.known = self.recorder.find_symbols(self)
        return self.known


def recorded(value: Any) -> Iterator[RecordedTensor]:
    """All noted tensors in a structure."""
    if isinstance(value, RecordedTensor):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from recorded(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from recorded(item)


def holds_recorded(value: Any) -> bool:
    """Whether a structure holds noted tensors."""
    return any(True for _ in recorded(value))


def replace_recorded(value: Any, change: Callable[[RecordedTensor], Any]) -> Any:
    """A structure with every noted tensor replaced."""
    if isinstance(value, RecordedTensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(replace_recorded(item, change) for item in value) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: replace_recorded(item, change) for key, item in value.items()}
    return value


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


def find_again(live_class: type, lives: Sequence[Any]) -> type:
    """The class such that a configuration gives the very layer that the program made."""

    def from_config(cls: type, config: Mapping[str, Any]) -> Any:
        live = lives[int(config[NUMBER])]
        forget_calls(live)
        return live

    body = {"from_config": classmethod(from_config), "__module__": live_class.__module__}
    return type(live_class.__name__, (live_class,), body)


def _further(runtime: Any, class_name: str, count: int) -> list[str]:
    """The names of the arguments behind the first of a call: today's for layers of several tensors, else the old order."""
    if not count:
        return []
    current = getattr(runtime.keras.layers, class_name, None)
    if class_name in ("MultiHeadAttention", "Attention", "AdditiveAttention") and current is not None:
        return list(inspect.signature(current.call).parameters)[2:]
    return ["mask", "training", "initial_state", "constants"]


class Recorded:
    """What layers and models that are noted down have in common."""

    recorder: Recorder
    class_name: str
    name: str
    nodes: list[Node]
    trainable: bool = True

    @property
    def output(self) -> Any:
        """What the first call gave."""
        return _one(self._node(0).outputs)

    @property
    def input(self) -> Any:
        """What the first call was made on."""
        return _one(self._node(0).tensors)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, sizes that are open as None."""
        return _one([tuple(tensor.raw.shape) for tensor in self._outputs()])

    @property
    def input_shape(self) -> Any:
        """The shape of the input."""
        return _one([tuple(tensor.raw.shape) for tensor in self._node(0).tensors])

    def _outputs(self) -> list[RecordedTensor]:
        return self._node(0).outputs

    def _node(self, number: int) -> Node:
        if number >= len(self.nodes):
            raise AttributeError(f"The layer {self.name!r} has never been called and thus has no defined output.")
        return self.nodes[number]

    def get_output_at(self, number: int) -> Any:
        """What a call gave."""
        return _one(self._node(number).outputs)

    def get_input_at(self, number: int) -> Any:
        """What a call was made on."""
        return _one(self._node(number).tensors)

    def get_output_shape_at(self, number: int) -> Any:
        """The shape of what a call gave."""
        return _one([tuple(tensor.raw.shape) for tensor in self._node(number).outputs])

    def get_weights(self) -> list[Any]:
        """No numbers: they are in the file."""
        return []

    def set_weights(self, *args: object, **kwargs: object) -> None:
        """Nothing: the numbers are in the file."""

    def count_params(self) -> int:
        """0: nothing is counted here."""
        return 0

    @property
    def weights(self) -> list[Any]:
        """No variables: there are none here."""
        return []

    trainable_weights = non_trainable_weights = trainable_variables = variables = losses = updates = weights


def _one(items: Sequence[Any]) -> Any:
    return items[0] if len(items) == 1 else list(items)


class RecordedLayer(Recorded):
    """A layer of a class of Keras: its arguments by name, and the calls made of it."""

    def __init__(self, recorder: Recorder, class_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        self.recorder, self.nodes = recorder, []
        self.made_by = (class_name, tuple(args), dict(kwargs))
        self._live: Any = None
        kwargs = {key: value for key, value in kwargs.items() if not _is_start(key, value)}
        stop_at_missing((args, kwargs))
        self.class_name, config = read_arguments(class_name, args, kwargs, recorder.writer, recorder.data_format)
        self.is_named = bool(config.get("name") or config.get("_name"))
        self.name = str(config.pop("name", None) or config.pop("_name", None) or recorder.name(self.class_name))
        config.pop("_name", None)
        self.trainable = bool(config.pop("trainable", True))
        self.batch_input_shape = _take_input_shape(self.class_name, config)
        self.config: dict[str, Any] = config

    def __getattr__(self, name: str) -> Any:
        config = self.__dict__.get("config", {})
        if name in config:
            return config[name]
        raise AttributeError(f"{self.__dict__.get('class_name')} has no attribute {name!r} here")

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        stop_at_missing((inputs, args, kwargs))
        if not holds_recorded([inputs, args, kwargs]):
            return self._call_on_values(inputs, *args, **kwargs)
        if self.class_name == "Lambda" and "function" in self.config:
            return self._call_lambda(inputs)
        states = kwargs.pop("initial_state", None), kwargs.pop("constants", None)
        for held in states:
            if held is not None:
                self.config |= {"num_constants": len(held)} if held is states[1] else {}
                inputs = [*_listed(inputs), *_listed(held)]
        return self.recorder.call(self, inputs, args, kwargs, self._count(kwargs))

    def _call_on_values(self, *args: Any, **kwargs: Any) -> Any:
        """Inside a layer of the program's own class it is a live part of it; elsewhere only a layer without weights is known.

        Raises Unsupported for one with weights in the function of a Lambda.
        """
        live = self.realize()
        outcome = live(*args, **kwargs)
        if not live.weights or self.recorder.runtime.call_depth:
            return outcome
        step = "Give the model file itself, or fill a model that has the numbers with anykeras.load_weights."
        called = f"{self.class_name} {self.name!r}"
        if not holds_legacy([args, kwargs]):
            return Missing(f"what {called} gives on numbers", "its weights are not in the file", "the source", step)
        raise Unsupported(
            "AK1329",
            f"{called} is called in a function, so that its weights are not in the file",
            layer=self.name,
            next_step=step,
        )

    def _call_lambda(self, inputs: Any) -> Any:
        node = Node(self, (inputs,), {})
        outcome = self.apply_function(replace_recorded(inputs, lambda tensor: LegacyTensor(tensor.raw, self.recorder.runtime)))
        flat = list(outcome) if isinstance(outcome, list | tuple) else [outcome]
        node.outputs = [RecordedTensor(node, i) for i in range(len(flat))]
        node.known = [self.recorder.runtime.unwrap(item) for item in flat]
        return list(node.outputs) if isinstance(outcome, list | tuple) else node.outputs[0]

    def apply_function(self, inputs: Any) -> Any:
        """The function of a Lambda, with its arguments."""
        arguments = self.config.get("arguments") or {}
        return self.config["function"](inputs, **arguments)

    def _count(self, kwargs: Mapping[str, Any]) -> int:
        """How many tensors a call gives."""
        inner = self.config.get("layer")
        if self.class_name == "Bidirectional":
            states = 2 * _states(inner) if getattr(inner, "config", {}).get("return_state") else 0
            return states + (2 if self.config.get("merge_mode", "concat") is None else 1)
        if self.config.get("return_state"):
            return 1 + _states(self)
        return 2 if kwargs.get("return_attention_scores") else 1

    def realize(self) -> Any:
        """A live layer of the running Keras, for a class of the program that has this one as a part."""
        if self._live is None:
            class_name, args, kwargs = self.made_by
            live_class = self.recorder.runtime.find_live(f"keras.layers.{class_name}")
            args, kwargs = self.recorder.runtime.realize(args), self.recorder.runtime.realize(kwargs)
            self._live = live_class(*args, **{**kwargs, "name": self.name})
        return self._live

    def get_weights(self) -> list[Any]:
        """Numbers to start from, of the right shapes, once the layer was called: those that count are in the file."""
        live = self.realize()
        if self.nodes and not live.built:
            live.build(self.input_shape)
        return list(live.get_weights())

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "trainable": self.trainable, **self.config}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """As of the live layer."""
        return self.realize().compute_output_shape(input_shape)

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.name}>"


def _is_start(key: str, value: Any) -> bool:
    """Whether an argument gives numbers to start from, which those of the file replace."""
    return key == "weights" or (isinstance(value, Missing) and (key.endswith("_initializer") or key == "init"))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _states(layer: Any) -> int:
    if getattr(layer, "class_name", "") == "RNN":
        cells = _listed(layer.config.get("cell"))
        if len(cells) == 1 and getattr(cells[0], "class_name", "") == "StackedRNNCells":
            cells = _listed(cells[0].config.get("cells"))
        sizes = [getattr(cell, "state_size", None) for cell in cells]
        return sum(
            len(size) if isinstance(size, list | tuple) else 2 if getattr(cell, "class_name", "") == "LSTMCell" else 1
            for cell, size in zip(cells, sizes, strict=True)
        )
    return _STATES.get(getattr(layer, "class_name", ""), 1)


def _take_input_shape(class_name: str, config: dict[str, Any]) -> tuple[int | None, ...] | None:
    """The shape with the batch that a first layer was told, in whatever words; they leave `config`."""
    batch = config.pop("batch_size", None)
    whole, shape = config.pop("batch_input_shape", None), config.pop("input_shape", None)
    length = config.get("input_length") if class_name == "Embedding" else config.pop("input_length", None)
    width = config.get("input_dim") if class_name == "Embedding" else config.pop("input_dim", None)
    if whole is not None:
        return _sizes(whole)
    if shape is not None:
        return (_size(batch), *_sizes(shape))
    if class_name == "Embedding":
        return (
            None
            if length is None
            else (_size(batch), *(_sizes(length) if isinstance(length, list | tuple) else (_size(length),)))
        )
    if width is None:
        return None
    steps = class_name in ("TimeDistributedDense", "TimeDistributed", "Convolution1D", "Conv1D", "LSTM", "GRU", "SimpleRNN",
                           "JZS1", "JZS2", "JZS3", "CuDNNLSTM", "CuDNNGRU", "RNN", "Bidirectional")  # fmt: skip
    return (_size(batch), _size(length), int(width)) if steps or length is not None else (_size(batch), int(width))


def _size(value: Any) -> int | None:
    return None if value is None else int(value)


def _sizes(value: Any) -> tuple[int | None, ...]:
    return tuple(_size(item) for item in (value if isinstance(value, list | tuple | np.ndarray) else [value]))


class LiveLayer(Recorded):
    """The record of a live layer of a class of the program."""

    def __init__(self, recorder: Recorder, live: Any) -> None:
        self.recorder, self.live, self.nodes = recorder, live, []
        self.class_name = type(live).__name__
        if re.fullmatch(rf"{re.escape(_snake(self.class_name))}(_\d+)?", live.name):
            live.name = recorder.name(self.class_name)
        self.name = live.name
        self.batch_input_shape = None

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.name}>"


def _snake(name: str) -> str:
    """How the running Keras names a layer (keras 3.15.1 utils/naming.py)."""
    return re.sub("([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))).lower()


class RecordedClass:
    """A class of Keras to a program: calling it notes a layer, deriving from it gives the live class."""

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.recorder, self.__name__ = recorder, name

    def __call__(self, *args: Any, **kwargs: Any) -> RecordedLayer:
        return RecordedLayer(self.recorder, self.__name__, args, kwargs)

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (self.recorder.runtime.find_live(f"keras.layers.{self.__name__}"),)

    def __instancecheck__(self, instance: object) -> bool:
        found = getattr(instance, "class_name", None)
        return found is not None and found == class_of_era(self.__name__, self.recorder.writer.era)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.recorder.runtime.find_live(f"keras.layers.{self.__name__}"), name)
