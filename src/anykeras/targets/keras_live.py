"""A live Keras model on the running backend, from the same lowered configuration that a file is written from."""

from __future__ import annotations

import contextlib
import copy
import inspect
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..catalog.layout import Access
from ..containers.memory import Memory
from ..document.model import Document, Era
from ..errors import AnyKerasError, Bug, TargetError
from ..keras_private import (
    AT_ONCE,
    Pending,
    call_flags,
    can_defer,
    choose_backend,
    defer_values,
    enter_safe_scope,
    in_stateless_scope,
    iterate_inner_layers,
    keep_call_flags,
    make_sequential_at_once,
    note_parameters,
)
from ..tensors import Tensor
from ..warning import UNAFFECTED, warn
from . import running_backend
from .keras_custom import fill_custom, slots_in_order, weights_of
from .live_memory import allocate_for_backend, as_tensor
from .lowering import Lowered, LoweredTraining, Owner, find_nearest_minor, lower

if TYPE_CHECKING:
    import keras


def build(document: Document, *, compile: bool = True, custom_objects: Mapping[str, object] | None = None) -> keras.Model:
    """Build `document` with the running Keras and fill every variable exactly once, the optimizer's with `compile`.

    `custom_objects` are classes and functions by the names that the lowered configuration has.

    Raises:
        TargetError: Keras is not installed, or refuses the model.
        AnyKerasError: the document cannot be lowered.
    """
    keras = _import_keras()
    running_backend.check_tensorflow(document)
    lowered = lower(document if compile else replace(document, training=None), find_nearest_minor(keras.__version__))
    has_weights = bool(lowered.bindings) or any(weights_of(found.layer) for found in lowered.custom)
    # Classes of the user may look at their variables while they are built, so that these have their values by then.
    deferring = has_weights and not lowered.custom and can_defer(keras) and not in_stateless_scope(keras)
    model, pending = _make(lowered, custom_objects, deferring)
    memory = allocate_for_backend() if deferring else Memory()
    running_backend.check_text(model)
    running_backend.tell_of_states(model)
    running_backend.tell_of_width(lowered.config)
    running_backend.tell_of_channels(model)
    if document.writer.era is not Era.KERAS3:
        keep_flags(model)
    if has_weights:
        fill(model, lowered, memory)
    elif lowered.expected:
        warn(
            "[AK6041] The file holds an architecture and no weights: those of this model are random. "
            'Pass the weights file: weights="model.weights.h5".'
        )
    if pending is not None:
        pending.initialize_rest()  # generators of random numbers, which no file holds
        note_parameters(model)
    if compile and lowered.training is not None:
        pending = compile_as(model, lowered.training, custom_objects, deferring)
        _resume(model, lowered, memory)
        if pending is not None:
            pending.initialize_rest()
    return model


def _make(lowered: Lowered, custom_objects: Mapping[str, object] | None, deferring: bool) -> tuple[keras.Model, Pending | None]:
    """The model; with `deferring` its variables have no values yet, and are in the list beside it.

    A layer that cannot be built without the values of its variables is built in the public way with all others.
    """
    if deferring:
        with contextlib.suppress(Exception), defer_values(_import_keras(), as_tensor()) as pending:
            return revive(lowered, custom_objects), pending
    return revive(lowered, custom_objects), None


BACKENDS: Final = ("jax", "tensorflow", "torch")
"""Those that an extra of ours installs."""


def _import_keras() -> Any:
    """The module ``keras``. Raises TargetError where it, or its backend, is not installed, or is too old."""
    choose_backend()
    try:
        import keras
    except (ImportError, ValueError) as error:  # ValueError: KERAS_BACKEND names none
        missing = getattr(error, "name", None) or "keras"
        package = f'"anykeras[{missing.replace("keras", "jax")}]"' if missing in ("keras", *BACKENDS) else missing
        step = f"pip install {package}, or set KERAS_BACKEND to the backend that is installed: {', '.join(BACKENDS)}."
        raise TargetError("AK6013", f"a live model needs Keras 3 and its backend: {error}", next_step=step) from None
    if keras.__version__ < "3":
        raise TargetError(
            "AK6013",
            f"a live model needs Keras 3, and Keras {keras.__version__} is installed",
            next_step='pip install "anykeras[tensorflow]" brings Keras 3; converting and reading need no Keras.',
        )
    return keras


def compile_as(
    model: keras.Model,
    training: LoweredTraining,
    custom_objects: Mapping[str, object] | None = None,
    deferring: bool = False,
) -> Pending | None:
    """Compile a live model as the file says; with `deferring`, the optimizer's variables may have no values yet.

    Raises TargetError.
    """
    keras = _import_keras()
    try:
        with enter_safe_scope(keras, custom_objects):
            if deferring and training.variables and type(model).compile is keras.Model.compile:
                # What `compile_from_config` does, of which the second half allocates the slots.
                model.compile(**keras.saving.deserialize_keras_object(copy.deepcopy(training.config)))
                with contextlib.suppress(Exception), defer_values(keras, as_tensor()) as pending:
                    model.optimizer.build(model.trainable_variables)
                    return pending
            # An optimizer with numbers of its own (Nadam) is built in the public way.
            model.compile_from_config(copy.deepcopy(training.config))
    except Exception as error:  # whatever Keras raises for a configuration that it does not take
        raise TargetError(
            "AK6016",
            f"Keras refuses the compile configuration: {_take_first_lines(error)}",
            next_step="Open the model with compile=False.",
        ) from error
    return None


def _resume(model: keras.Model, lowered: Lowered, memory: Memory) -> None:
    """Give a compiled model's optimizer its state."""
    training = lowered.training
    if training is None or not training.variables:
        return
    model.optimizer.build(model.trainable_variables)
    held = model.optimizer.variables
    filled: Sequence[Tensor] | None = training.variables
    if training.custom:
        filled = slots_in_order(model, training, [(follow(model, found.steps), found.layer) for found in lowered.custom])
    if filled is None or (training.custom and len(held) != len(filled)):
        warn(f"[AK5009] The optimizer starts fresh: its saved state does not fit the custom class. {UNAFFECTED}")
        return
    # Under a process-wide policy of mixed_float16 Keras wraps the optimizer on compiling (`Trainer.compile`, 3.15.1).
    inner = getattr(model.optimizer, "inner_optimizer", None)
    if len(held) != len(filled) and inner is not None:
        held = inner.variables
    if [tuple(v.shape) for v in held] != [t.shape for t in filled]:
        raise Bug("AK6017", f"the optimizer has {len(held)} variables, the file fills {len(filled)}")
    for variable, tensor in zip(held, filled, strict=True):
        variable.assign(memory.own(tensor))


def revive(lowered: Lowered, custom_objects: Mapping[str, object] | None = None) -> keras.Model:
    """The model with fresh variables. Safe mode is on: nothing that came with a file is run."""
    keras = _import_keras()
    try:
        known = {**(custom_objects or {}), AT_ONCE: make_sequential_at_once(keras)}
        with enter_safe_scope(keras, known), room_for(lowered.config):
            model = keras.saving.deserialize_keras_object(_copy(lowered.config), safe_mode=True)
    except AnyKerasError:
        raise
    except Exception as error:  # whatever Keras raises for a model that it does not take
        raise TargetError(
            "AK6014",
            f"Keras {keras.__version__} refuses the model: {_take_first_lines(error)}",
            next_step="Please report the file.",
        ) from error
    return model


def fill(model: keras.Model, lowered: Lowered, memory: Memory) -> None:
    """Assign every tensor to its variable; raises Bug when a variable stays unfilled or a tensor has none."""
    seen: set[tuple[Access, ...]] = set()
    by_name: LayersByName = {}
    if any(owner.tensors and not getattr(follow(model, owner.steps, by_name), "built", True) for owner in lowered.owners()):
        _touch(model)  # a layer that is the activation of another is built when it is called
    for owner in lowered.owners():
        if owner.steps in seen:
            raise Bug("AK6008", f"{owner.path} is filled twice", layer=owner.name)
        seen.add(owner.steps)
        _assign(follow(model, owner.steps, by_name), owner, memory)
    if any(len(weights_of(found.layer)) > len(follow(model, found.steps).weights) for found in lowered.custom):
        _touch(model)
    variables = {id(variable): variable for variable in model.weights}
    own = sum(fill_custom(follow(model, found.steps), found.layer) for found in lowered.custom)
    if lowered.expected + own != len(variables):
        names = ", ".join(variable.path for variable in list(variables.values())[:8])
        raise Bug("AK6008", f"the model has {len(variables)} variables, the file fills {lowered.expected + own}: {names} ...")


def _touch(model: keras.Model) -> None:
    """Run the model once on zeros: some custom layers make their weights when they are first called."""
    import keras

    with contextlib.suppress(Exception):  # filling in the weights reports what is missing
        sizes = [(tuple(2 if size is None else size for size in tensor.shape), tensor.dtype) for tensor in model.inputs]
        zeros = [keras.ops.zeros(shape, dtype) for shape, dtype in sizes]
        model(zeros[0] if len(zeros) == 1 else zeros)


LayersByName = dict[int, dict[str, Any]]
"""The layers of live models by name, by the identity of the model."""


def follow(model: Any, steps: tuple[Access, ...], by_name: LayersByName | None = None) -> Any:
    """The live object at the end of `steps`; `by_name` is filled on the way, for whoever follows many."""
    found, known = model, {} if by_name is None else by_name
    for step in steps:
        if step.kind == "layer":
            if id(found) not in known:
                known[id(found)] = {layer.name: layer for layer in reversed(found.layers)}
            found = known[id(found)][str(step.name)]
        elif step.kind == "attribute":
            found = getattr(found, str(step.name))
        else:
            found = found[step.name]
    return found


def _assign(holder: Any, owner: Owner, memory: Memory) -> None:
    values = {key: memory.own(tensor) for key, tensor in owner.tensors.items()}
    try:
        holder.load_own_variables(values)
    except AnyKerasError:
        raise
    except ValueError as error:
        seen = f"{owner.path} does not take its weights: {_take_first_lines(error)}"
        raise Bug("AK6008", seen, layer=owner.name) from error


def _copy(value: object) -> Any:
    """A copy of a configuration for Keras, which takes keys out of what it gets."""
    if isinstance(value, dict):
        copied = {key: _copy(item) for key, item in value.items()}
        if copied.get("class_name") == "Sequential" and str(copied.get("module")).partition(".")[0] == "keras":
            copied["registered_name"] = AT_ONCE
        return copied
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _take_first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


# Calls with an explicit ``training=`` in a live model.
#
# Before Keras 3 such a flag held in ``predict`` and ``fit`` alike. A Functional model of Keras 3 replaces it by its own
# flag on the way down (``operation_fn`` in keras/src/models/functional.py, 3.15.1), so that noise drawn with
# ``training=True`` is not drawn in ``predict``.


def keep_flags(model: object) -> None:
    """Let every layer that is called with a flag of its own keep it: it no longer takes the flag of the model."""
    for layer in iterate_inner_layers(model):
        if any(isinstance(flag, bool) and flag is not _find_own_default(layer) for flag in call_flags(layer, "training")):
            keep_call_flags(layer)


def _find_own_default(layer: Any) -> object:
    """What the layer's `call` takes where no flag is given; Keras records it as if it had been (True for RandomFlip)."""
    argument = inspect.signature(layer.call).parameters.get("training")
    return None if argument is None else argument.default


# Room for Keras to follow a chain of calls, which it does by recursion: one frame of Python for each call.


_lock = threading.Lock()
_wanted: list[int] = []  # by those who are inside
_before = 0  # the limit when the first of them came


@contextmanager
def room_for(config: object) -> Iterator[None]:
    """Raise Python's recursion limit as far as the longest chain in a configuration asks for, and lower it afterwards.

    Frames of Python alone are on the heap (CPython 3.11 and later), so that this does not use up the stack of the process.
    """
    calls = measure_longest_chain(config)
    if 2 * calls < 500:  # Python's own limit is enough, as it always was
        yield
        return
    _enter(2 * calls)
    try:
        yield
    finally:
        _leave(2 * calls)


def _enter(frames: int) -> None:
    global _before
    with _lock:
        if not _wanted:
            _before = sys.getrecursionlimit()
        _wanted.append(frames)
        sys.setrecursionlimit(_before + max(_wanted))


def _leave(frames: int) -> None:
    with _lock:
        _wanted.remove(frames)
        sys.setrecursionlimit(_before + max(_wanted, default=0))


def measure_longest_chain(config: object) -> int:
    """A bound for the longest chain of calls: the calls, or layers, of the largest graph in a lowered configuration."""
    longest, left = 0, [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            layers = value.get("layers")
            if isinstance(layers, list):
                longest = max(longest, sum(_count_calls(layer) for layer in layers))
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return longest


def _count_calls(layer: object) -> int:
    nodes = layer.get("inbound_nodes") if isinstance(layer, dict) else None
    return max(1, len(nodes)) if isinstance(nodes, list) else 1
