"""Layers of a program of its time: of Keras, noted down with their arguments and calls, and live ones of its own classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..catalog.operations import spell_in_snake_case
from ..compat.tensor import holds_legacy
from ..errors import Unsupported
from ..keras_private import forget_calls
from .arguments import class_of_era, name_arguments, read_arguments
from .inert import Missing, fill_sizes, stop_at_missing
from .tensors import Node, RecordedTensor, Recording, holds_recorded

NUMBER = "source_layer"
"""The argument under which a layer of the program's own class is found again."""
_STATES = {"LSTM": 2, "CuDNNLSTM": 2, "ConvLSTM1D": 2, "ConvLSTM2D": 2, "ConvLSTM3D": 2}  # any other recurrence has one


def find_again(live_class: type, lives: Sequence[object]) -> type:
    """The class such that a configuration gives the very layer that the program made."""

    def from_config(cls: type, config: Mapping[str, Any]) -> Any:
        live = lives[int(config[NUMBER])]
        forget_calls(live)
        return live

    body = {"from_config": classmethod(from_config), "__module__": live_class.__module__}
    return type(live_class.__name__, (live_class,), body)


class Recorded:
    """What layers and models that are noted down have in common."""

    recorder: Recording
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


def _one(items: Sequence[object]) -> Any:
    return items[0] if len(items) == 1 else list(items)


class RecordedLayer(Recorded):
    """A layer of a class of Keras: its arguments by name, and the calls made of it."""

    def __init__(self, recorder: Recording, class_name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        self.recorder, self.nodes = recorder, []
        self._live: Any = None
        names = name_arguments(class_name, len(args), recorder.writer)
        args = [fill_sizes({key: value}, class_name).get(key, value) for key, value in zip(names, args, strict=True)]
        kwargs = fill_sizes({key: value for key, value in kwargs.items() if not _is_start(key, value)}, class_name)
        stop_at_missing((args, kwargs))
        self.made_by = (class_name, tuple(args), dict(kwargs))
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

    def __call__(self, inputs: object, *args: object, **kwargs: Any) -> Any:
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

    def _call_on_values(self, *args: object, **kwargs: object) -> Any:
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
            f"{called} is called inside a Lambda or another function, so that its weights are not in the file",
            layer=self.name,
            next_step=step,
        )

    def _call_lambda(self, inputs: object) -> Any:
        return self.recorder.note_outcome(self, inputs, self.recorder.find_outcome(self.apply_function, inputs))

    def apply_function(self, inputs: object) -> Any:
        """The function of a Lambda, with its arguments."""
        arguments = self.config.get("arguments") or {}
        return self.config["function"](inputs, **arguments)

    def _count(self, kwargs: Mapping[str, object]) -> int:
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

    def adapt(self, *args: object, **kwargs: object) -> None:
        """Nothing for what weights hold. Raises MissingObject for what only the data would tell, as a vocabulary."""
        if self.class_name != "Normalization":
            step = "Give the whole model file."
            Missing(f"what {self.class_name} {self.name!r} learned", "adapt() reads data", "the source", step).stop()

    def build(self, input_shape: object) -> None:
        """Make the variables of the live layer, as a class of the program does whose part this is."""
        self.realize().build(input_shape)

    def get_weights(self) -> list[Any]:
        """Numbers to start from, of the right shapes, once the layer was called: those that count are in the file."""
        live = self.realize()
        if self.nodes and not live.built:
            live.build(self.input_shape)
        return list(live.get_weights())

    def get_config(self) -> dict[str, Any]:
        """The arguments by name."""
        return {"name": self.name, "trainable": self.trainable, **self.config}

    def compute_output_shape(self, input_shape: object) -> Any:
        """As of the live layer."""
        return self.realize().compute_output_shape(input_shape)

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.name}>"


def _is_start(key: str, value: object) -> bool:
    """Whether an argument gives numbers to start from, which those of the file replace."""
    return key == "weights" or (isinstance(value, Missing) and (key.endswith("_initializer") or key == "init"))


def _listed(value: object) -> list[Any]:
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


def _sizes(value: object) -> tuple[int | None, ...]:
    return tuple(_size(item) for item in (value if isinstance(value, list | tuple | np.ndarray) else [value]))


class LiveLayer(Recorded):
    """The record of a live layer of a class of the program."""

    def __init__(self, recorder: Recording, live: Any) -> None:
        self.recorder, self.live, self.nodes = recorder, live, []
        self.class_name = type(live).__name__
        if re.fullmatch(rf"{re.escape(spell_in_snake_case(self.class_name))}(_\d+)?", live.name):
            live.name = recorder.name(self.class_name)
        self.name = live.name
        self.batch_input_shape = None

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.name}>"


class RecordedClass:
    """A class of Keras to a program: calling it notes a layer, deriving from it gives the live class."""

    def __init__(self, recorder: Recording, name: str) -> None:
        self.recorder, self.__name__ = recorder, name

    def __call__(self, *args: object, **kwargs: object) -> RecordedLayer:
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
