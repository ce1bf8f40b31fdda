"""Everything that AnyKeras does with private attributes of Keras 3, so that a new minor can break this file alone.

Each function says which attribute it needs, and where keras 3.15.1 defines it. All of them are the same in Keras 3.12.
Nothing here imports Keras: it comes in, or live layers, models and tensors do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any


@contextmanager
def safe_scope(keras: Any, custom_objects: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Safe mode of the module `keras`, whatever the process has set, and the user's objects by name.

    A flag set by ``keras.config.enable_unsafe_deserialization`` takes precedence over the argument ``safe_mode`` of every
    function of Keras; ``SafeModeScope`` (saving/serialization_lib.py) takes precedence over that flag.
    """
    scope = keras.src.saving.serialization_lib.SafeModeScope
    with keras.saving.custom_object_scope(dict(custom_objects or {})), scope(True):
        yield


def own_variables(layer: Any) -> list[Any]:
    """The variables of a layer itself, not of the layers in it, in the order in which a file numbers them.

    ``_trainable_variables`` and ``_non_trainable_variables`` (layers/layer.py; ``save_own_variables`` there).
    """
    return [*own_weights(layer, True), *own_weights(layer, False)]


def own_weights(layer: Any, trainable: bool) -> Sequence[Any]:
    """The variables that a layer itself lists as trained, or as not trained (layers/layer.py)."""
    found: Sequence[Any] = layer._trainable_variables if trainable else layer._non_trainable_variables
    return found


def track_variable(layer: Any, variable: object) -> None:
    """Make a variable one of the layer's own, also once the layer is built and takes no more.

    ``_tracker.locked`` (utils/tracking.py) and ``_track_variable`` (layers/layer.py).
    """
    locked, layer._tracker.locked = layer._tracker.locked, False
    layer._track_variable(variable)
    layer._tracker.locked = locked


def set_attribute(layer: Any, name: str, value: object) -> None:
    """Set an attribute of a layer that is built, which takes no further layers (``_tracker.locked``, utils/tracking.py)."""
    locked, layer._tracker.locked = layer._tracker.locked, False
    setattr(layer, name, value)
    layer._tracker.locked = locked


def draws_random_numbers(layer: Any) -> bool:
    """Whether a layer has a seed generator (``_seed_generators``, layers/layer.py)."""
    return bool(layer._seed_generators)


def set_mask(tensor: Any, mask: object) -> None:
    """Let a tensor carry a mask (``_keras_mask``, backend/common/masking.py)."""
    tensor._keras_mask = mask


def inner_layers(model: Any) -> list[Any]:
    """The model and every layer in it (``_flatten_layers``, layers/layer.py)."""
    return list(model._flatten_layers())


def call_flags(layer: Any, name: str) -> list[object]:
    """The value of one keyword argument in each symbolic call of a layer, None where a call left it out.

    ``_inbound_nodes`` (ops/operation.py) and ``Node.arguments`` (ops/node.py).
    """
    return [node.arguments.kwargs.get(name) for node in layer._inbound_nodes]


def keep_call_flags(layer: Any) -> None:
    """Let a layer keep the flags that it was called with, whatever the model around it is called with.

    ``_call_context_args`` is what ``operation_fn`` (models/functional.py) and ``Layer.__call__`` look at.
    """
    layer._call_context_args = set()


def training_of_call(layer: Any) -> bool | None:
    """Whether the call that runs now is one of training, as the outermost layer was told; None where it was not.

    ``_get_call_context`` and ``_maybe_reset_call_context`` (layers/layer.py).
    """
    if not hasattr(layer, "_get_call_context"):
        return None
    context = layer._get_call_context()
    training = getattr(context, "training", None)
    if training is None and context.entry_layer is layer:
        layer._maybe_reset_call_context()  # asking has opened one, in which all later calls would be inner ones
    return training if isinstance(training, bool) else None


def save_to_stream(keras: Any, model: Any, stream: IO[bytes]) -> None:
    """Write the ``.keras`` file of a live model to an open file (``saving/saving_lib.py``, ``_save_model_to_fileobj``).

    ``Model.save`` takes names only, and a file with a name stays behind when the process is killed.
    """
    keras.src.saving.saving_lib._save_model_to_fileobj(model, stream, "h5")


def forget_calls(layer: Any) -> None:
    """A layer as if it had never been called on symbolic tensors (``_inbound_nodes``, ops/operation.py)."""
    layer._inbound_nodes.clear()


def held_layers(layer: Any) -> list[Any]:
    """The layers that a layer tracks, each once (``_flatten_layers``, layers/layer.py)."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def listed_layers(model: Any) -> list[Any]:
    """The layers of a Sequential with its InputLayer (``_layers``, models/sequential.py)."""
    return list(model._layers)


def inbound_nodes(operation: Any) -> Sequence[Any]:
    """The calls of a layer or operation, in whatever model (``_inbound_nodes``, ops/operation.py)."""
    found: Sequence[Any] = operation._inbound_nodes
    return found


def graph_nodes(model: Any) -> Sequence[Any] | None:
    """The calls that a functional model is made of (``_nodes_by_depth``, ops/function.py); None for what has no graph."""
    by_depth = getattr(model, "_nodes_by_depth", None)
    return None if by_depth is None else [node for nodes in by_depth.values() for node in nodes]


def called_on(tensor: Any) -> tuple[Any, int, int]:
    """The operation that gave a symbolic tensor, which call of it, and which of its outcomes.

    ``_keras_history`` (backend/common/keras_tensor.py, set in ops/node.py).
    """
    history = tensor._keras_history
    return history.operation, history.node_index, history.tensor_index
