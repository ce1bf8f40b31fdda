"""Building a graph by calling layers and operations, as a migration or a recovered function does.

sub = Builder("srelu_1")
x = sub.input()
y = sub.op("maximum", x, 0.0)
sub.finish(y)           # a Functional layer called "srelu_1"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..tensors import Tensor
from .edit import UniqueNames
from .model import Call, Config, Graph, Layer, Ref, Value


def make_sequential(name: str, *layers: Layer) -> Layer:
    """A Sequential model of these layers."""
    return Layer("Sequential", name, graph=Graph(layers, sequential=True))


def make_functional(name: str, inputs: Value, outputs: Value, *steps: tuple[Layer, *tuple[Call, ...]]) -> Layer:
    """A Functional model of layers, each with its calls."""
    calls = {layer.name: tuple(called) for layer, *called in steps}
    return Layer("Functional", name, graph=Graph(tuple(step[0] for step in steps), calls, inputs, outputs))


class Builder:
    """Collects layers and calls; :meth:`finish` gives a Functional layer whose parts have unique names."""

    def __init__(self, name: str, address: str = "") -> None:
        self.name, self.address = name, address
        self._layers: dict[str, Layer] = {}
        self._calls: dict[str, list[Call]] = {}
        self._inputs: list[Ref] = []
        self._names = UniqueNames()

    def input(
        self,
        shape: tuple[int | None, ...] | None = None,
        dtype: str = "float32",
        name: str = "",
        key: str = "batch_shape",
        batch: int | None = None,
    ) -> Ref:
        """One more input; `shape` without the batch axis, None where only the caller of the model knows it. `key` is what
        the era of the document calls the shape, `batch` the number of samples where the model takes only that many."""
        batch_shape: Value = None if shape is None else (batch, *shape)
        config: Config = {key: batch_shape, "dtype": dtype}
        ref = self.add(Layer("InputLayer", name or f"{self.name}_input", config, address=self.address))
        self._inputs.append(ref)
        return ref

    def layer(
        self,
        class_name: str,
        config: Config,
        *args: Value,
        weights: Mapping[str, Tensor] | None = None,
        name: str = "",
        **kwargs: Value,
    ) -> Ref:
        """Make a layer and call it on `args`; the ref is its first output."""
        name = name or f"{self.name}_{class_name.lower()}"
        return self.add(Layer(class_name, name, config, weights or {}, address=self.address), *args, **kwargs)

    def op(self, function: str, *args: Value, **kwargs: Value) -> Ref:
        """Call a function of ``keras.ops`` by its public name (``"matmul"``, ``"image.resize"``).

        Arguments are those of the public function; which of them Keras stores where is the catalog's fact, applied
        when the document is lowered.
        """
        name = f"{self.name}_{function.rpartition('.')[2]}"
        return self.add(Layer(function, name, operation=True, address=self.address), *args, **kwargs)

    def add(self, layer: Layer, *args: Value, **kwargs: Value) -> Ref:
        """Call an existing layer (once more, if it is already part of the graph); a new one gets a name of its own."""
        if self._layers.get(layer.name) is not layer:
            name = self._names.claim(layer.name)
            layer = layer if name == layer.name else replace(layer, name=name)
            self._layers[name], self._calls[name] = layer, []
        self._calls[layer.name].append(Call(args, kwargs))
        return Ref(layer.name, len(self._calls[layer.name]) - 1)

    def layer_named(self, name: str) -> Layer:
        """The layer that was added under this name. Raises KeyError."""
        return self._layers[name]

    def finish(self, outputs: Value, trainable: bool = True) -> Layer:
        """The Functional layer; one input stands alone, several are a tuple in the order they were made."""
        inputs: Value = self._inputs[0] if len(self._inputs) == 1 else tuple(self._inputs)
        graph = Graph(tuple(self._layers.values()), {k: tuple(v) for k, v in self._calls.items()}, inputs, outputs)
        return Layer("Functional", self.name, {"trainable": trainable}, graph=graph, address=self.address)
