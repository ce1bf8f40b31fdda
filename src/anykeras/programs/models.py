"""Models of a program of its time: of inputs and outputs, or a class of its own with a ``call``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..compat.adapters import as_legacy
from ..compat.tensor import LegacyTensor, holds_legacy
from ..errors import Unsupported
from ..texts import list_words
from .inert import INERT, stop_at_missing
from .layers import LiveLayer, Recorded
from .recording import Recorder
from .tensors import RecordedTensor, holds_recorded, list_layers, order_nodes, recorded, replace_recorded

# Methods that train, show or store: they act on nothing here.
INERT_METHODS = list_words(
    """compile fit fit_generator train_on_batch test_on_batch predict predict_on_batch predict_classes predict_proba
    predict_generator evaluate evaluate_generator save save_weights load_weights summary add_loss add_metric add_update
    reset_states reset_metrics to_json to_yaml make_predict_function _make_predict_function _make_train_function
    make_train_function _make_test_function get_updates_for get_losses_for export"""
)


class Unbuilt(Unsupported):
    """A model of its own class is never called; `shapes` are those of inputs that the program states elsewhere."""

    def __init__(self, class_name: str, shapes: tuple[tuple[int | None, ...], ...]) -> None:
        super().__init__(
            "AK1321",
            f"the model {class_name} is never called, so that the shape of its input is not known",
            next_step='Build it in the expression, as in "model.py:Net().build((None, 32))"; the batch is None.',
        )
        self.shapes = shapes


class RecordedModel(Recorded):
    """``Model``: of inputs and outputs, or a class of the program's with a ``call``."""

    recorder: Recorder
    class_name = "Model"
    batch_input_shape = None
    _live: Any = None
    _listed: list[Any] | None = None

    def __init__(self, *args: object, **kwargs: object) -> None:
        names = ("inputs", "outputs", "name")
        ends = {**dict(zip(names, args, strict=False)), **kwargs}
        stop_at_missing(list(ends.values()))
        self.nodes = []
        self.is_named = bool(ends.get("name"))
        self.name = str(ends.get("name") or self.recorder.name(self._own_class_name()))
        self.recorder.models.append(self)
        self._inputs, self._outputs_ = ends.get("inputs", ends.get("input")), ends.get("outputs", ends.get("output"))
        if self._inputs is not None and not holds_recorded(self._inputs):
            self._inputs = self._outputs_ = None  # arguments of a class of the program's
        if isinstance(self._outputs_, list) and len(self._outputs_) == 1:
            self._outputs_ = self._outputs_[0]  # as every Keras gave it

    def _own_class_name(self) -> str:
        return "Model" if type(self).__name__ in ("Model", "Functional") else type(self).__name__

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in vars(cls):
            cls.class_name = "Model"

    # -- its graph

    @property
    def inputs(self) -> list[RecordedTensor]:
        """The tensors that it is called on. Raises Unsupported for a model of its own class that was never built."""
        self._require()
        return list(recorded(self._inputs))

    @property
    def outputs(self) -> list[RecordedTensor]:
        """The tensors that it gives; a program may set others."""
        self._require()
        return list(recorded(self._outputs_))

    @outputs.setter
    def outputs(self, tensors: object) -> None:
        self._outputs_ = tensors[0] if isinstance(tensors, list) and len(tensors) == 1 else tensors
        self._listed = None

    @property
    def input(self) -> Any:
        """The tensor or tensors that it is called on."""
        return self.inputs[0] if len(self.inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """The tensor or tensors that it gives."""
        return self.outputs[0] if len(self.outputs) == 1 else self.outputs

    @property
    def output_names(self) -> list[str]:
        """The layers that give the outputs."""
        return [tensor.node.layer.name for tensor in self.outputs]

    @property
    def input_names(self) -> list[str]:
        """The input layers."""
        return [tensor.node.layer.name for tensor in self.inputs]

    def _outputs(self) -> list[RecordedTensor]:
        return self.outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the input."""
        shapes = [tuple(tensor.raw.shape) for tensor in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def is_built(self) -> bool:
        """Whether its graph is known."""
        return self._inputs is not None

    built = is_built

    def _require(self) -> None:
        if not self.is_built:
            raise Unbuilt(type(self).__name__, tuple(self.recorder.shapes))

    @property
    def layers(self) -> list[Any]:
        """Its layers, in the order in which Keras listed them: one list, from which programs take what they replace."""
        if not self.is_built:
            return list(self._attributes())
        if self._listed is None:
            self._listed = list_layers(self.inputs, self.outputs)
        return self._listed

    def _attributes(self) -> Iterator[Any]:
        """The layers that are attributes of a model of its own class."""
        for name, value in vars(self).items():
            if not name.startswith("_") and name != "nodes":
                for item in value if isinstance(value, list | tuple) else [value]:
                    if isinstance(item, Recorded):
                        yield item

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """The layer of a name, or at a place."""
        if index is not None or isinstance(name, int):
            return self.layers[index if index is not None else int(str(name))]
        for layer in self.layers:
            if layer.name == name:
                return layer.live if isinstance(layer, LiveLayer) else layer
        raise ValueError(f"No such layer: {name}")

    # -- calls

    def __call__(self, inputs: object, *args: object, **kwargs: object) -> Any:
        if not holds_recorded(inputs):
            return self._call_on_values(inputs, *args, **kwargs)
        if not self.is_built:
            fresh = replace_recorded([inputs, args, kwargs], lambda t: self.recorder.input(t.raw.shape, t.raw.dtype))
            self._trace(fresh[0], *fresh[1], **fresh[2])
        rest = {key: value for key, value in kwargs.items() if key in ("training", "mask")}
        outcome = self.recorder.call(self, _join_inputs(inputs, args, kwargs), (), rest, len(self.outputs))
        return (
            outcome if isinstance(self._outputs_, RecordedTensor) or len(self.outputs) > 1 else _like(self._outputs_, [outcome])
        )

    def _call_on_values(self, inputs: Any, *args: object, **kwargs: object) -> Any:
        """On numbers it is only built; inside a layer of the program's own class it is live."""
        if self.recorder.runtime.call_depth and holds_legacy(inputs):
            return self.realize()(inputs, *args, **kwargs)
        self._build_for(inputs, *args)
        if not self.is_built:
            return INERT
        count = next(iter(np.shape(inputs)), 1) if hasattr(inputs, "shape") else 1
        shapes = [(count, *tuple(tensor.raw.shape)[1:]) for tensor in self.outputs]
        zeros = [INERT if None in shape else np.zeros(shape, "float32") for shape in shapes]
        return zeros if len(zeros) > 1 else zeros[0]

    def realize(self) -> Any:
        """A live model of the running Keras, for a class of the program that has this one as a part."""
        if self._live is None:
            self._live = as_legacy(self.recorder.runtime, self._make_live())
        return self._live

    def _make_live(self) -> Any:
        runtime = self.recorder.runtime
        raws = {id(tensor): tensor.raw for tensor in self.inputs}
        with runtime.legacy_code():
            for node in order_nodes(self.inputs, self.outputs):
                if all(id(tensor) in raws for tensor in node.outputs):
                    continue
                args, kwargs = (
                    replace_recorded(value, lambda tensor: LegacyTensor(raws[id(tensor)], runtime))
                    for value in (node.args, node.kwargs)
                )
                outcome = runtime.realize(node.layer)(*args, **kwargs)
                flat = outcome if isinstance(outcome, list | tuple) else [outcome]
                raws.update({id(tensor): runtime.unwrap(item) for tensor, item in zip(node.outputs, flat, strict=True)})
        ends = [[raws[id(tensor)] for tensor in tensors] for tensors in (self.inputs, self.outputs)]
        with runtime.keras_code():
            return runtime.keras.Model(*(items[0] if len(items) == 1 else items for items in ends), name=self.name)

    def build(self, input_shape: object = None) -> None:
        """Call it on an input of that shape, batch included."""
        if input_shape is None or self.is_built or type(self).call is RecordedModel.call:
            return
        self._trace(_inputs_of_shape(self.recorder, input_shape))

    def call(self, inputs: object, *args: object, **kwargs: object) -> Any:
        """The graph again, as a part of a class that derives from a functional model."""
        return self(inputs)

    def _build_for(self, values: object, *args: object) -> None:
        if not self.is_built and type(self).call is not RecordedModel.call:
            more = [_inputs_like(self.recorder, arg) if hasattr(arg, "shape") else arg for arg in args]
            self._trace(_inputs_like(self.recorder, values), *more)

    def _trace(self, inputs: object, *args: object, **kwargs: object) -> None:
        """Run the program's own ``call`` on inputs, which notes its graph."""
        takes = inspect.signature(self.call).parameters
        given = list(takes)[: 1 + len(args)]
        unsaid = {
            key: {"training": False}.get(key)
            for key, parameter in takes.items()
            if key in ("training", "mask") and parameter.default is parameter.empty and key not in given
        }
        outputs = self.call(inputs, *args, **{**unsaid, **kwargs})
        self._inputs, self._outputs_ = _join_inputs(inputs, args, kwargs), outputs

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.name}>"


def _join_inputs(inputs: object, args: Sequence[object], kwargs: Mapping[str, object]) -> Any:
    """The inputs of a model whose ``call`` takes several tensors by place or name, as one list."""
    more = [value for key, value in (*enumerate(args), *kwargs.items()) if key != "mask" and holds_recorded(value)]
    return [inputs, *more] if more else inputs


def _like(structure: object, items: list[Any]) -> Any:
    return items if isinstance(structure, list | tuple) else items[0]


def _inert(name: str) -> Any:
    def run(self: Any, *args: object, **kwargs: object) -> Any:
        if name.startswith("predict") and args:
            self._build_for(args[0])
        return INERT

    run.__name__ = name
    run.__doc__ = "Nothing happens: a model that is noted down is not trained, shown or stored."
    return run


for _name in INERT_METHODS:
    setattr(RecordedModel, _name, _inert(_name))


def _inputs_of_shape(recorder: Recorder, shape: Any) -> Any:
    """An input tensor for each shape."""
    if isinstance(shape, dict):
        return {key: _inputs_of_shape(recorder, item) for key, item in shape.items()}
    if isinstance(shape, list | tuple) and shape and isinstance(shape[0], list | tuple):
        return [_inputs_of_shape(recorder, item) for item in shape]
    return recorder.input((None, *(None if size is None else int(size) for size in tuple(shape)[1:])), "float32")


def _inputs_like(recorder: Recorder, values: object) -> Any:
    """An input tensor for each array."""
    if isinstance(values, list | tuple) and values and not isinstance(values[0], int | float | list | tuple):
        return [_inputs_like(recorder, item) for item in values]
    if isinstance(values, dict):
        return {key: _inputs_like(recorder, item) for key, item in values.items()}
    raw = values.raw if isinstance(values, LegacyTensor) else np.asarray(values)
    dtype = str(getattr(raw, "dtype", "float32")).replace("float64", "float32").rpartition(".")[2]
    return recorder.input((None, *raw.shape[1:]), dtype)
