"""Models of a program that are lists of layers: ``Sequential``, and the ``Graph`` of Keras 0 with its nodes by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .layers import LiveLayer, Recorded
from .models import INERT_METHODS, RecordedModel
from .recording import Recorder
from .tensors import RecordedTensor, holds_recorded, recorded


class RecordedSequential(RecordedModel):
    """``Sequential``: a list of layers, each called on what the one before gives."""

    class_name = "Sequential"

    def __init__(self, layers: Sequence[object] | None = None, name: str | None = None, **kwargs: object) -> None:
        self.stack: list[Any] = []
        self._chain: list[tuple[Any, Any]] = []
        super().__init__(name=name)
        for layer in layers or ():
            self.add(layer)

    def _own_class_name(self) -> str:
        return "Sequential"

    def add(self, layer: object) -> None:
        """One more layer."""
        if isinstance(layer, RecordedTensor):
            layer = layer.node.layer
        record = layer if isinstance(layer, Recorded) else self.recorder.of_layer(layer)
        self.stack.append(record)

    def _make_live(self) -> Any:
        runtime = self.recorder.runtime
        layers = [layer.live if isinstance(layer, LiveLayer) else runtime.realize(layer) for layer in self.stack]

        class Sequential(runtime.keras.Sequential):  # type: ignore[misc,name-defined]  # of the running Keras
            def add(self, layer: Any, *args: object, **kwargs: object) -> None:
                """One more layer, noted or live."""
                super().add(runtime.realize(layer), *args, **kwargs)

        with runtime.keras_code():
            return Sequential(layers, name=self.name)

    def pop(self) -> None:
        """One layer less."""
        self.stack.pop()

    @property
    def layers(self) -> list[Any]:
        """The layers, each with its output where that of the model is known; a list of the model's own."""
        if self.is_built and not self.recorder.is_flat:
            self._follow()
        return self.stack

    def build(self, input_shape: Any = None) -> None:
        """Say the shape of the input, batch included, where no layer does."""
        if input_shape is not None and self.stack and self.stack[0].batch_input_shape is None:
            self.stack[0].batch_input_shape = (None, *(None if n is None else int(n) for n in tuple(input_shape)[1:]))

    def _build_for(self, values: Any, *args: object) -> None:
        self.build(np.shape(values))

    @property
    def is_built(self) -> bool:
        """Whether the shape of its input is known."""
        first = self.stack[0] if self.stack else None
        known = first is not None and (first.batch_input_shape is not None or first.class_name in ("InputLayer", "Merge"))
        return known or (isinstance(first, RecordedModel) and first.is_built)

    built = is_built

    def _follow(self) -> list[tuple[Any, Any]]:
        """Each layer with what it gives, from an input that stands for that of the model."""
        kept = 0
        while kept < min(len(self._chain), len(self.stack)) and self._chain[kept][0] is self.stack[kept]:
            kept += 1
        del self._chain[kept:]
        for layer in self.stack[kept:]:
            self._chain.append((layer, self._apply(layer, self._chain[-1][1] if self._chain else None)))
        return self._chain

    def _apply(self, layer: Any, before: object) -> Any:
        if before is not None:
            return (layer.live if isinstance(layer, LiveLayer) else layer)(before)
        if layer.class_name == "InputLayer" or (layer.class_name == "Merge" and layer.nodes):
            return layer.nodes[0].outputs[0]
        if isinstance(layer, RecordedModel):
            return layer.output
        if layer.class_name == "Merge":
            return layer([_output_of(inner) for inner in layer.config["layers"]])
        if layer.batch_input_shape is None:
            self._require()
        dtype = "int32" if layer.class_name == "Embedding" else "float32"
        return (layer.live if isinstance(layer, LiveLayer) else layer)(
            self.recorder.input(layer.batch_input_shape, dtype, f"{layer.name}_input")
        )

    @property
    def inputs(self) -> list[RecordedTensor]:
        """The tensor that it is called on."""
        first, outcome = self._follow()[0]
        if isinstance(first, RecordedModel):
            return first.inputs
        if first.class_name == "InputLayer":
            return [outcome]
        if first.class_name == "Merge":
            return list({id(tensor): tensor for inner in first.config["layers"] for tensor in inner.inputs}.values())
        return list(outcome.node.tensors)

    @property
    def outputs(self) -> list[RecordedTensor]:
        """What its last layer gives: a program may say so after it took one away, and nothing else."""
        return list(recorded(self._follow()[-1][1]))

    @outputs.setter
    def outputs(self, tensors: object) -> None:
        if [id(tensor) for tensor in recorded(tensors)] != [id(tensor) for tensor in self.outputs]:
            raise AttributeError("the outputs of a Sequential are those of its last layer")

    def __call__(self, inputs: object, *args: object, **kwargs: object) -> Any:
        if not holds_recorded(inputs):
            return self._call_on_values(inputs, *args, **kwargs)
        if not self.is_built:
            self.build(next(recorded(inputs)).raw.shape)
        rest = {key: value for key, value in kwargs.items() if key in ("training", "mask")}
        return self.recorder.call(self, inputs, (), rest)


def _output_of(model: Any) -> Any:
    return model.output if isinstance(model, RecordedModel) else model.nodes[0].outputs[0]


class RecordedGraph(Recorded):
    """``Graph`` of Keras 0 and 1.0: inputs, nodes and outputs by name."""

    recorder: Recorder
    class_name = "Graph"
    batch_input_shape = None

    def __init__(self, **kwargs: object) -> None:
        self.name, self.nodes = "graph", []
        self.input_config: list[dict[str, Any]] = []
        self.node_config: list[dict[str, Any]] = []
        self.output_config: list[dict[str, Any]] = []
        self.inner: dict[str, object] = {}
        self.recorder.models.append(self)

    def add_input(self, name: str, input_shape: Any = None, batch_input_shape: Any = None, dtype: str = "float") -> None:
        """A named input."""
        shape = batch_input_shape if batch_input_shape is not None else (None, *tuple(input_shape or ()))
        self.input_config.append({"name": name, "batch_input_shape": list(shape), "dtype": dtype})

    def add_node(
        self, layer: object, name: str, input: str | None = None, inputs: Sequence[str] = (), merge_mode: str = "concat",
        concat_axis: int = -1, dot_axes: object = -1, create_output: bool = False,
    ) -> None:  # fmt: skip
        """A layer on one input, or on several that are merged."""
        self.inner[name] = layer if isinstance(layer, Recorded) else self.recorder.of_layer(layer)
        merge = {"merge_mode": merge_mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
        self.node_config.append({"name": name, "input": input, "inputs": list(inputs), **merge})
        if create_output:
            self.add_output(name, input=name)

    def add_shared_node(
        self, layer: object, name: str, inputs: Sequence[str] = (), merge_mode: str | None = None, concat_axis: int = -1,
        dot_axes: object = -1, outputs: Sequence[str] = (), create_output: bool = False,
    ) -> None:  # fmt: skip
        """One layer on several inputs."""
        self.inner[name] = layer if isinstance(layer, Recorded) else self.recorder.of_layer(layer)
        merge = {"merge_mode": merge_mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
        self.node_config.append({"name": name, "inputs": list(inputs), "outputs": list(outputs), "shared": True, **merge})
        if create_output:
            self.add_output(name, input=name)

    def add_output(
        self, name: str, input: str | None = None, inputs: Sequence[str] = (), merge_mode: str = "concat",
        concat_axis: int = -1, dot_axes: object = -1,
    ) -> None:  # fmt: skip
        """A named output."""
        merge = {"merge_mode": merge_mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
        self.output_config.append({"name": name, "input": input, "inputs": list(inputs), **merge})


for _name in INERT_METHODS:
    setattr(RecordedGraph, _name, getattr(RecordedModel, _name))


def model_class(recorder: Recorder, base: type) -> type:
    """A class of models of one recorder."""
    made: dict[type, type] = recorder.__dict__.setdefault("model_classes", {})
    if base not in made:
        bases: tuple[type, ...] = (base,)
        if base is RecordedSequential:
            bases = (RecordedSequential, model_class(recorder, RecordedModel))
        name = base.__name__.removeprefix("Recorded")
        made[base] = type(name, bases, {"recorder": recorder, "__module__": "keras.models"})
    return made[base]
