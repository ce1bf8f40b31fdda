"""``keras.applications`` of a program: the network of the running Keras, noted down layer by layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..catalog.signatures import find_signature
from ..custom.trace import to_document
from ..document.graph import iterate_steps
from ..document.model import Era, Layer, Ref, Value
from .layers import RecordedLayer
from .models import RecordedModel
from .recording import Recorder
from .sequential import model_class
from .tensors import RecordedTensor, recorded


def find(recorder: Recorder, name: str) -> object:
    """The function of an application, or what prepares its images; None for a module."""
    home = recorder.runtime.keras.applications
    last = name.rpartition(".")[2]
    current = getattr(home, last, None)
    if last[:1].isupper() and callable(current):
        return _make(recorder, current)
    if last in ("preprocess_input", "decode_predictions"):
        return lambda x, *args, **kwargs: x
    return None


def _make(recorder: Recorder, current: Callable[..., Any]) -> Callable[..., Any]:
    def application(*args: Any, **kwargs: object) -> Any:
        """The network, without numbers: they are in the file."""
        takes = inspect.signature(current)
        bound = takes.bind_partial(*args, **{key: value for key, value in kwargs.items() if key in takes.parameters})
        call = {**bound.arguments, "weights": None}
        tensor = next(recorded(call.pop("input_tensor", None)), None)
        if tensor is not None:
            call["input_shape"] = tuple(tensor.raw.shape)[1:]
        call["classifier_activation"] = call.get("classifier_activation", "softmax")
        call = {key: value for key, value in call.items() if key in takes.parameters}
        with recorder.runtime.keras_code():
            live = current(**recorder.runtime.unwrap(call))
        return _note(recorder, live, tensor)

    return application


def _note(recorder: Recorder, live: Any, tensor: RecordedTensor | None) -> Any:
    """A live functional model in the words of the program's Keras."""
    graph = to_document(live, "keras.applications").graph
    assert graph is not None
    outcomes: dict[Ref, Any] = {}
    layers: dict[str, RecordedLayer] = {}
    for layer, number, call in iterate_steps(graph):
        if layer.class_name == "InputLayer":
            shape = layer.config.get("batch_shape")
            assert isinstance(shape, tuple)
            outcomes[Ref(layer.name)] = tensor if tensor is not None else recorder.input(shape)  # type: ignore[arg-type]
            continue
        if layer.name not in layers:
            layers[layer.name] = _layer(recorder, layer)
        given = _put(call.args[0], outcomes)
        outcome = layers[layer.name](given)
        outcomes[Ref(layer.name, number)] = outcome
    ends = [_put(graph.inputs, outcomes), _put(graph.outputs, outcomes)]
    return model_class(recorder, RecordedModel)(*ends, name=live.name)


def _layer(recorder: Recorder, layer: Layer) -> RecordedLayer:
    known = find_signature(layer.class_name, recorder.writer if recorder.writer.era is not Era.KERAS0 else Era.KERAS1)
    takes = known.defaults if known is not None else layer.config
    config = {key: value for key, value in layer.config.items() if key in takes and key != "dtype"}
    if layer.class_name == "ReLU":
        config = {"max_value": layer.config.get("max_value")}
    plain = {key: value for key, value in config.items() if not key.endswith("initializer")}
    return RecordedLayer(recorder, layer.class_name, (), {**plain, "name": layer.name})


def _put(value: Value, outcomes: dict[Ref, Any]) -> Any:
    if isinstance(value, Ref):
        return outcomes[value]
    return [_put(item, outcomes) for item in value] if isinstance(value, tuple) else value
