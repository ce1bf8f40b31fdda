"""A live Keras model on the running backend, from the same lowered configuration that a file is written from."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..catalog.layout import Access
from ..document.model import Document, Era
from ..errors import AnyKerasError, Bug, TargetError
from ..keras_private import safe_scope
from ..tensors import Tensor
from ..warning import UNAFFECTED, warn
from .keras_custom import fill_custom, slots_in_order, weights_of
from .keras_training import keep_flags
from .lowering import Lowered, LoweredTraining, Owner, lower, nearest_minor

if TYPE_CHECKING:
    import keras


def build(document: Document, *, compile: bool = True, custom_objects: Mapping[str, Any] | None = None) -> keras.Model:
    """Build `document` with the running Keras and fill every variable exactly once, the optimizer's with `compile`.

    `custom_objects` are classes and functions by the names that the lowered configuration has.

    Raises:
        TargetError: Keras is not installed, or refuses the model.
        AnyKerasError: the document cannot be lowered.
    """
    minor = nearest_minor(_import_keras().__version__)
    lowered = lower(document if compile else replace(document, training=None), minor)
    model = revive(lowered, custom_objects)
    _check_text(model)
    if document.writer.era is not Era.KERAS3:
        keep_flags(model)
    if lowered.bindings or any(weights_of(found.layer) for found in lowered.custom):
        fill(model, lowered)
    elif lowered.expected:
        warn(
            "[AK6041] The file holds an architecture and no weights: those of this model are random. "
            'Pass the weights file: weights="model.weights.h5".'
        )
    if compile and lowered.training is not None:
        compile_as(model, lowered.training, custom_objects)
        _resume(model, lowered)
    return model


def _import_keras() -> Any:
    """The module ``keras``. Raises TargetError where it, or its backend, is not installed."""
    try:
        import keras
    except ImportError as error:
        raise TargetError("AK6013", f"a live model needs Keras 3: {error}", next_step='pip install "anykeras[jax]"') from None
    return keras


def _check_text(model: keras.Model) -> None:
    """Refuse inputs of text where the backend has no such tensors. Raises TargetError."""
    import keras

    texts = [x.name for x in getattr(model, "inputs", None) or () if x.dtype == "string"]
    backend = keras.backend.backend()
    if texts and backend != "tensorflow":
        raise TargetError(
            "AK6018",
            f"the input {texts[0]!r} takes text, and tensors of {backend} hold numbers only",
            layer=texts[0],
            next_step="Set KERAS_BACKEND=tensorflow. convert works without any backend.",
        )


def compile_as(model: keras.Model, training: LoweredTraining, custom_objects: Mapping[str, Any] | None = None) -> None:
    """Compile a live model as the file says. Raises TargetError."""
    try:
        with safe_scope(_import_keras(), custom_objects):
            model.compile_from_config(copy.deepcopy(training.config))
    except Exception as error:  # whatever Keras raises for a configuration that it does not take
        raise TargetError(
            "AK6016",
            f"Keras refuses the compile configuration: {_first_lines(error)}",
            next_step="Open the model with compile=False.",
        ) from error


def _resume(model: keras.Model, lowered: Lowered) -> None:
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
        variable.assign(tensor.read())


def revive(lowered: Lowered, custom_objects: Mapping[str, Any] | None = None) -> keras.Model:
    """The model with fresh variables. Safe mode is on: nothing that came with a file is run."""
    keras = _import_keras()
    try:
        with safe_scope(keras, custom_objects):
            model = keras.saving.deserialize_keras_object(_copy(lowered.config), safe_mode=True)
    except AnyKerasError:
        raise
    except Exception as error:  # whatever Keras raises for a model that it does not take
        raise TargetError(
            "AK6014", f"Keras {keras.__version__} refuses the model: {_first_lines(error)}", next_step="Please report the file."
        ) from error
    return model


def fill(model: keras.Model, lowered: Lowered) -> None:
    """Assign every tensor to its variable; raises Bug when a variable stays unfilled or a tensor has none."""
    seen: set[tuple[Access, ...]] = set()
    for owner in lowered.owners():
        if owner.steps in seen:
            raise Bug("AK6008", f"{owner.path} is filled twice", layer=owner.name)
        seen.add(owner.steps)
        _assign(follow(model, owner.steps), owner)
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


def follow(model: Any, steps: tuple[Access, ...]) -> Any:
    """The live object at the end of `steps`."""
    found = model
    for step in steps:
        if step.kind == "layer":
            found = next(layer for layer in found.layers if layer.name == step.name)
        elif step.kind == "attribute":
            found = getattr(found, str(step.name))
        else:
            found = found[step.name]
    return found


def _assign(holder: Any, owner: Owner) -> None:
    values = {key: tensor.read() for key, tensor in owner.tensors.items()}
    try:
        holder.load_own_variables(values)
    except AnyKerasError:
        raise
    except ValueError as error:
        seen = f"{owner.path} does not take its weights: {_first_lines(error)}"
        raise Bug("AK6008", seen, layer=owner.name) from error


def _copy(value: Any) -> Any:
    """A copy of a configuration for Keras, which takes keys out of what it gets."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
