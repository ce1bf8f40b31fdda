"""What single releases refuse in a model as a whole, and what they take over from older ones in part only.

Sources are ``load_model`` and ``from_config`` of the releases named; every fact was met by running genuine files in genuine
stacks (docs/check.md has the counts).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, Final

from ..catalog.masks import Outgoing, find_mask_rule
from ..catalog.releases import Since
from ..document.model import Era, Writer
from . import objects
from .calls import iterate_held_layers, look_at_graph, look_at_order, look_at_sharing
from .forecast import Reader

Config = Mapping[str, Any]
READS_ZIP: Final = Since(tf="2.12")  # keras/saving/saving_api.py
SEQUENTIAL_AS_DICT: Final = Since(tf="1.13", keras2="2.2")  # Sequential.from_config
SEQUENTIAL_AS_LIST: Final = Since(keras3="99", tf="1.13", keras2="2.0")
# generic_utils.class_and_config_for_serialized_keras_object: cls_config.items(), of a list too.
LISTS_ARE_ITEMS: Final = ((2, 1), (2, 2))
SOFTMAX_TAKES_MASKS: Final = Since(tf="2.4")
TAKES_CONSTANTS: Final = Since(keras3=None, tf="2.5")  # TFOpLambda, the first argument no tensor
# Layers that work whatever the rank of their input.
ANY_RANK: Final = frozenset((
    "InputLayer", "Dense", "Activation", "Dropout", "ActivityRegularization", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU", "BatchNormalization", "LayerNormalization",
    "Masking", "UnitNormalization", "Rescaling", "Identity", "Embedding", "Lambda", "PReLU",
))  # fmt: skip
# The minors of Keras 3 that take one output in a list for the output itself (models/functional.py, functional_from_config).
UNWRAPS_ENDS: Final = ((3, 3), *((3, minor) for minor in range(5, 11)))


def look_at_model(reader: Reader, class_name: str, config: Any, name: str) -> None:
    """The form of a model's configuration."""
    release = reader.release
    if class_name == "Sequential":
        if isinstance(config, list) and not SEQUENTIAL_AS_LIST.holds(release) and release.line != "keras1":
            reader.refuse(
                "TypeError: pop expected at most 1 argument, got 2",
                "a Sequential saved before Keras 2.2.3 is a list of layers, which Keras 3 does not read",
                name,
                "config",
            )
        if isinstance(config, list) and release.line == "tf" and release.numbers in LISTS_ARE_ITEMS:
            said = "AttributeError: 'list' object has no attribute 'items'"
            reader.refuse(said, "this release reads no Sequential that is a list of layers", name, "config")
        if isinstance(config, dict) and not SEQUENTIAL_AS_DICT.holds(release):
            reader.refuse("KeyError: 0", "a Sequential of newer releases has a name beside its layers", name, "config")
        look_at_first(reader, config, name)
        look_at_ends(reader, config, name)
    elif isinstance(config, dict):
        look_at_graph(reader, config, name)


def look_at_first(reader: Reader, config: Any, name: str) -> None:
    """Keras 3 takes the batch size of a Sequential without an InputLayer for one more axis."""
    layers = config.get("layers") if isinstance(config, dict) else config
    if reader.release.line != "keras3" or reader.typed or not isinstance(layers, list) or not layers:
        return
    first = layers[0] if isinstance(layers[0], dict) else {}
    inner = first.get("config")
    if not (isinstance(inner, dict) and "batch_input_shape" in inner) or first.get("class_name") == "InputLayer":
        return
    rigid = [e.get("class_name") for e in layers if isinstance(e, dict) and not takes_any_rank(e)]
    if rigid:
        reader.refuse(
            f"ValueError: Input 0 of layer is incompatible with the layer {rigid[0]}: expected another number of axes",
            "a Sequential without an InputLayer gets one axis too many in Keras 3",
            name,
            "batch_input_shape",
        )


def look_at_ends(reader: Reader, config: Any, name: str) -> None:
    """A model inside a Sequential whose one output is written in a list: what it gives is a list, which layers do not take."""
    release = reader.release
    layers = config.get("layers") if isinstance(config, dict) else config
    if release.line != "keras3" or release.numbers in UNWRAPS_ENDS or not isinstance(layers, list):
        return
    for entry, after in itertools.pairwise(layers):
        inner = entry.get("config") if isinstance(entry, dict) and entry.get("class_name") in ("Functional", "Model") else None
        ends = inner.get("output_layers") if isinstance(inner, dict) else None
        if not (isinstance(ends, list) and len(ends) == 1 and isinstance(ends[0], list)) or not isinstance(after, dict):
            continue
        if after.get("class_name") == "Dense":
            said = "ValueError: Cannot convert '((None, 2), 2)' to a shape."
            reader.refuse(
                said, "a model whose one output is in a list gives a list to the layer after it", name, "output_layers"
            )
        else:
            reader.notes.doubts.append(f"a model in {name or 'the model'} gives a list to the layer after it")


def takes_any_rank(entry: Config) -> bool:
    """Whether a layer works with one axis more in front."""
    config = entry.get("config")
    axis = config.get("axis", -1) if isinstance(config, dict) else -1
    return entry.get("class_name") in ANY_RANK and axis in (-1, [-1])


def look(reader: Reader) -> None:
    """The model as a whole."""
    if reader.release.line == "keras3":
        look_at_sharing(reader, reader.raw.architecture)
    if isinstance(reader.raw.architecture, dict) and reader.raw.architecture.get("class_name") == "FeatureSpace":
        reader.notes.doubts.append("a FeatureSpace loads the parts of its own, which are not looked at here")
    if not reader.typed:
        look_at_order(reader, reader.raw.architecture)
    look_at_older(reader)
    look_at_own_classes(reader)
    look_at_masks(reader, reader.raw.architecture)


def look_at_older(reader: Reader) -> None:
    """What releases take over from older ones in part only."""
    release, text = reader.release, reader.content.text
    if release.line != "keras3":
        if '"_CONSTANT_VALUE"' in text and not TAKES_CONSTANTS.holds(release):
            reader.notes.doubts.append("an operation whose first argument is a constant, which early releases do not read")
        return
    if reader.typed:
        return
    nested = [str(entry.get("name")) for _, entry in iterate_held_layers(reader.raw.architecture, "") if is_nested(entry)]
    if any(re.search(rf'\["{re.escape(name)}", [1-9]', text) for name in nested):
        reader.notes.doubts.append("calls of models in the model, which Keras 3 counts otherwise")
    if '"_CONSTANT_VALUE"' in text:
        reader.notes.doubts.append("an operation on a constant in the form of TensorFlow")
    if '"class_name": "Normalization"' in text:
        reader.notes.doubts.append("Keras 3 does not always find the weights of a Normalization in HDF5 of TensorFlow")


def look_at_own_classes(reader: Reader) -> None:
    """A class of the user's own whose name a later Keras gave to a class of its own: Attention, before all."""
    content = reader.content
    if content.line not in ("keras1", "keras2") or content.writer.library != "keras":
        return
    for _, entry in iterate_held_layers(reader.raw.architecture, ""):
        name = str(entry.get("class_name"))
        if reader.release.line not in ("keras1", "keras2") and not objects.is_of_line(name, ("keras1", "keras2")):
            reader.notes.doubts.append(f"{name} is no class of the Keras that wrote the file, but of the user's own")


def is_nested(entry: Config) -> bool:
    """Whether a layer is a model."""
    return entry.get("class_name") in objects.MODELS


def look_at_masks(reader: Reader, model: Any) -> None:
    """Layers that do not load where a mask reaches them.

    TimeDistributed asks the layer inside for its mask, since TensorFlow 2.0 with a fixed batch too (_always_use_reshape);
    Softmax adds a mask to its input, whatever their numbers of axes.
    """
    writer = Writer(Era.TF2, "tf.keras", reader.release.version, "tensorflow")
    entries = [(str(entry.get("class_name")), entry.get("config")) for _, entry in iterate_held_layers(model, "")]
    layers = [(class_name, config) for class_name, config in entries if isinstance(config, dict)]
    masked = any(class_name == "Masking" or config.get("mask_zero") for class_name, config in layers)
    if masked and SOFTMAX_TAKES_MASKS.holds(reader.release) and any(class_name == "Softmax" for class_name, _ in layers):
        reader.notes.doubts.append("a Softmax does not load where a mask of another number of axes reaches it")
    if not masked or reader.release.line != "tf":
        return
    inner = [config.get("layer") for class_name, config in layers if class_name == "TimeDistributed"]
    for entry in inner:
        class_name = str(entry.get("class_name")) if isinstance(entry, dict) else ""
        if class_name and find_mask_rule(class_name, writer).outgoing is Outgoing.NONE:
            reader.notes.doubts.append(f"TimeDistributed of a {class_name} does not load where a mask reaches it")
