"""The weights of each layer of a SavedModel, in the order in which HDF5 files of the same Keras list them."""

from __future__ import annotations

from collections.abc import Iterator

from ...tensors import Tensor
from ..base import NamedWeights, WeightGroup
from .keras_objects import KerasObjects

STATE = ("mean", "variance", "count")  # of Normalization, which lists no variables (tf.keras 2.3 to 2.15)


def read_layer_weights(objects: KerasObjects, model: int = 0) -> NamedWeights:
    """One group a layer of the model."""
    return NamedWeights(tuple(_group(objects, layer) for layer in objects.layers(model)))


def _group(objects: KerasObjects, layer: int) -> WeightGroup:
    name = objects.metadata(layer).get("name")
    found = [objects.variable(number) for number in _read_numbers(objects, layer)]
    return WeightGroup(name if isinstance(name, str) else f"layer-{layer}", tuple(pair for pair in found if pair is not None))


def _read_numbers(objects: KerasObjects, layer: int) -> list[int]:
    """Trainable variables, then the others; of a wrapper without lists those of the layer in it (TF 1.15 and 2.0)."""
    children = objects.children(layer)
    if "variables" not in children and "trainable_variables" not in children:
        return [children[name] for name in STATE if name in children]
    trained = objects.items(layer, "trainable_variables") or []
    numbers = [*trained, *(number for number in objects.items(layer, "variables") or [] if number not in trained)]
    if not numbers and "layer" in children:
        return _read_numbers(objects, children["layer"])
    return numbers


def read_optimizer_state(objects: KerasObjects, class_name: str) -> tuple[tuple[str, Tensor], ...]:
    """The optimizer's tensors as HDF5 files list them: the count of steps, then slot by slot, or the list of Keras 2.11."""
    optimizer = objects.children(0).get("optimizer")
    if optimizer is None:
        return ()
    listed = objects.items(optimizer, "_variables")
    if listed:
        return tuple(pair for number in listed if (pair := objects.variable(number)) is not None)
    return tuple(_read_old_state(objects, optimizer, class_name))


SLOT_ORDER = ("m", "v", "vhat", "rms", "accumulator", "linear", "accum_grad", "accum_var", "momentum", "mg")
"""The order in which the optimizers of OptimizerV2 make their slots (tensorflow/python/keras/optimizer_v2, 2.4.4)."""


def _read_old_state(objects: KerasObjects, optimizer: int, class_name: str) -> Iterator[tuple[str, Tensor]]:
    """OptimizerV2 (tf.keras to 2.10): its slots are references, not children."""
    children = objects.children(optimizer)
    steps = children.get("iter", children.get("_iterations"))
    if steps is not None and (pair := objects.variable(steps)) is not None:
        yield pair
    trained = {number: at for at, number in enumerate(objects.items(0, "trainable_variables") or [])}
    slots = [slot for slot in objects.slots(optimizer) if slot.original in trained and slot.slot in SLOT_ORDER]
    for slot in sorted(slots, key=lambda slot: (SLOT_ORDER.index(slot.slot), trained[slot.original])):
        variable, tensor = objects.nodes[slot.original].variable, objects.slot_tensor(slot)
        if variable is not None and tensor is not None:
            yield f"{class_name}/{variable.name}/{slot.slot}:0", tensor
