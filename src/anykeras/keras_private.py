"""Everything that AnyKeras does with private attributes of Keras 3, so that a new minor can break this file alone.

Each function says which attribute it needs, and where keras 3.15.1 defines it. All of them are the same in Keras 3.12.
Nothing here imports Keras: it comes in, or live layers, models and tensors do.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import IO, Any

import numpy as np


def choose_backend() -> None:
    """Let Keras take the backend that is installed where it would take TensorFlow by default, and that is not.

    Keras takes the backend of ``KERAS_BACKEND``, else that of ``keras.json``, else TensorFlow, which it then writes into that
    file (backend/config.py). What the user asked for stays; once Keras is imported nothing changes.
    """
    if "keras" in sys.modules or os.environ.get("KERAS_BACKEND") or find_spec("tensorflow") is not None:
        return
    folder = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    try:
        with open(os.path.join(folder, "keras.json"), encoding="utf-8") as file:
            stated = json.load(file).get("backend", "tensorflow")
    except (OSError, ValueError, AttributeError):
        stated = "tensorflow"  # as Keras takes it where the file cannot be read
    installed = [name for name in ("jax", "torch") if find_spec(name) is not None]
    if stated == "tensorflow" and installed:
        os.environ["KERAS_BACKEND"] = installed[0]


@contextmanager
def enter_safe_scope(keras: ModuleType, custom_objects: Mapping[str, object] | None = None) -> Iterator[None]:
    """Safe mode of the module `keras`, whatever the process has set, and the user's objects by name.

    A flag set by ``keras.config.enable_unsafe_deserialization`` takes precedence over the argument ``safe_mode`` of every
    function of Keras; ``SafeModeScope`` (saving/serialization_lib.py) takes precedence over that flag.
    """
    scope = keras.src.saving.serialization_lib.SafeModeScope
    with keras.saving.custom_object_scope(dict(custom_objects or {})), scope(True):
        yield


AT_ONCE = "anykeras>Sequential"


def make_sequential_at_once(keras: ModuleType) -> type:
    """What stands in for ``keras.Sequential`` while a configuration is read, and gives a genuine one.

    ``Sequential.from_config`` (models/sequential.py) adds layer after layer, and each time builds the whole model anew: 5,000
    calls for 100 layers. The constructor builds once. It is found by the registered name `AT_ONCE`, which custom objects have
    before all others (saving/serialization_lib.py, `_retrieve_class_or_fn`).
    """

    class AtOnce:
        @staticmethod
        def from_config(config: Mapping[str, Any], custom_objects: object = None) -> Any:
            """The model; an input shape that no layer tells builds it as Keras does."""
            read = keras.saving.deserialize_keras_object
            model = keras.Sequential([read(layer) for layer in config["layers"]], name=config["name"])
            shape = config.get("build_input_shape")
            if not model.built and isinstance(shape, list | tuple) and shape:
                model.build(tuple(shape))
            return model

    return AtOnce


def list_own_variables(layer: object) -> list[Any]:
    """The variables of a layer itself, not of the layers in it, in the order in which a file numbers them.

    ``_trainable_variables`` and ``_non_trainable_variables`` (layers/layer.py; ``save_own_variables`` there).
    """
    return [*list_own_weights(layer, True), *list_own_weights(layer, False)]


def list_own_weights(layer: Any, trainable: bool) -> Sequence[Any]:
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


def iterate_inner_layers(model: Any) -> list[Any]:
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


def training_of_call(layer: object) -> bool | None:
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


def save_to_stream(keras: ModuleType, model: object, stream: IO[bytes]) -> None:
    """Write the ``.keras`` file of a live model to an open file (``saving/saving_lib.py``, ``_save_model_to_fileobj``).

    ``Model.save`` takes names only, and a file with a name stays behind when the process is killed.
    """
    keras.src.saving.saving_lib._save_model_to_fileobj(model, stream, "h5")


def forget_calls(layer: Any) -> None:
    """A layer as if it had never been called on symbolic tensors (``_inbound_nodes``, ops/operation.py)."""
    layer._inbound_nodes.clear()


def config_of(layer: Any) -> dict[str, Any]:
    """The configuration of a layer of Keras, without importing TensorFlow where nobody else has.

    ``get_config`` asks ``module_utils.tensorflow.available`` (utils/module_utils.py), which finds out by importing it: seconds
    under another backend. Only where it was imported can a configuration hold anything of it.
    """
    lazy = sys.modules["keras.src.utils.module_utils"].tensorflow
    if "tensorflow" in sys.modules or lazy._available is not None:
        return dict(layer.get_config())
    lazy._available = False
    try:
        return dict(layer.get_config())
    finally:
        lazy._available = None


def list_inner_layers(layer: Any) -> list[Any]:
    """The layers that a layer tracks, each once (``_flatten_layers``, layers/layer.py)."""
    return list(layer._flatten_layers(include_self=False, recursive=False))


def list_sequential_layers(model: Any) -> list[Any]:
    """The layers of a Sequential with its InputLayer (``_layers``, models/sequential.py)."""
    return list(model._layers)


def list_inbound_nodes(operation: Any) -> Sequence[Any]:
    """The calls of a layer or operation, in whatever model (``_inbound_nodes``, ops/operation.py)."""
    found: Sequence[Any] = operation._inbound_nodes
    return found


def list_graph_nodes(model: object) -> Sequence[Any] | None:
    """The calls that a functional model is made of (``_nodes_by_depth``, ops/function.py); None for what has no graph."""
    by_depth = getattr(model, "_nodes_by_depth", None)
    return None if by_depth is None else [node for nodes in by_depth.values() for node in nodes]


def find_call(tensor: Any) -> tuple[Any, int, int]:
    """The operation that gave a symbolic tensor, which call of it, and which of its outcomes.

    ``_keras_history`` (backend/common/keras_tensor.py, set in ops/node.py).
    """
    history = tensor._keras_history
    return history.operation, history.node_index, history.tensor_index


class Pending(list[Any]):
    """Variables that were made without a value, in order: the first `assign` of each gives it its memory.

    It takes the place of the list in which Keras notes such variables (``register_uninitialized_variable``,
    backend/common/variables.py), and sets the attribute ``assign`` of each until it has a value.
    """

    def __init__(self, keras: ModuleType, as_tensor: Callable[[Any], object]) -> None:
        self._random = keras.src.initializers.random_initializers.RandomInitializer
        self._zeros, self._as_tensor = keras.initializers.Zeros(), as_tensor
        self._own: dict[int, Any] = {}

    def append(self, variable: Any) -> None:
        """Note a variable. Until it is filled, whoever asks for its value gets zeros where Keras would draw numbers."""
        super().append(variable)
        self._own[id(variable)] = variable._initializer
        if isinstance(variable._initializer, self._random):
            variable._initializer = self._zeros
        variable.assign = partial(self._fill, variable)

    def _fill(self, variable: Any, value: Any) -> Any:
        """The first ``variable.assign(value)``: the memory of an array of the right type becomes that of the variable."""
        if tuple(np.shape(value)) != tuple(variable.shape):
            self._initialize(variable)
            return variable.assign(value)  # Keras says what is wrong
        self._release(variable)
        value = variable._convert_to_tensor(self._as_tensor(value), dtype=variable._dtype)
        variable._initialize(value)
        variable._initializer = None
        return value

    def _release(self, variable: Any) -> None:
        del variable.assign, self._own[id(variable)]

    def _initialize(self, variable: Any) -> None:
        variable._initializer = self._own[id(variable)]
        self._release(variable)
        variable._deferred_initialize()

    def initialize_rest(self) -> list[Any]:
        """Let Keras give a first value to the variables that have none yet; those."""
        rest = [variable for variable in self if id(variable) in self._own]
        for variable in rest:
            self._initialize(variable)
        return rest


@contextmanager
def defer_values(keras: ModuleType, as_tensor: Callable[[Any], object]) -> Iterator[Pending]:
    """Variables of layers and optimizers made meanwhile run no initializer and have no memory, until they are assigned to.

    ``StatelessScope(initialize_variables=False)`` (backend/common/stateless_scope.py) is how Keras itself builds layers
    whose values come later; what it notes of them is in the ``global_state`` of the thread. `as_tensor` is applied to what
    a variable is filled with.
    """
    state = keras.src.backend.common.global_state
    before, pending = state.get_global_attribute(_PENDING), Pending(keras, as_tensor)
    state.set_global_attribute(_PENDING, pending)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield pending
    finally:
        state.set_global_attribute(_PENDING, before if before is not None else [])


_PENDING = "uninitialized_variables"


@cache
def can_defer(keras: ModuleType) -> bool:
    """Whether the running Keras makes variables as `defer_values` expects it; tried with one variable."""
    drawn: list[object] = []
    try:
        if keras.src.backend.config.is_nnx_enabled():
            return False  # variables of flax cannot be changed from here
        with defer_values(keras, lambda value: value) as pending:
            one = keras.Variable(lambda shape, dtype: drawn.append(shape), shape=(2,), dtype="float32")
        if drawn or len(pending) != 1 or one._value is not None:
            return False
        one.assign(np.array([1, 2], "float32"))
        first = keras.ops.convert_to_numpy(one.value).tolist()
        one.assign(np.array([3, 4], "float32"))
        return [*first, *keras.ops.convert_to_numpy(one.value).tolist()] == [1, 2, 3, 4] and not pending.initialize_rest()
    except Exception:  # an attribute is gone or works differently: the public way does without
        return False


def in_stateless_scope(keras: ModuleType) -> bool:
    """Whether the caller computes without changing variables (``in_stateless_scope``, backend/common/stateless_scope.py)."""
    return bool(keras.src.backend.common.stateless_scope.in_stateless_scope())


def note_parameters(model: object) -> None:
    """What Keras does behind the build of each layer on torch: its variables become parameters of a module.

    ``_post_build`` (backend/torch/layer.py), left out there while variables have no values.
    """
    for layer in reversed(iterate_inner_layers(model)):
        note = getattr(layer, "_post_build", None)
        if layer.built and note is not None:
            note()


def list_downloaders() -> list[ModuleType]:
    """Where Keras has ``get_file``: its public place, utils/file_utils.py, and each module that took it from there by name."""
    original = import_module("keras.src.utils.file_utils").get_file
    loaded = [module for name, module in sorted(sys.modules.items()) if name.split(".")[0] == "keras"]
    return [module for module in loaded if getattr(module, "get_file", None) is original]
