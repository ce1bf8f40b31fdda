"""What single releases do that no signature tells, each with what it was seen in; and the messages that people see.

Sources are ``load_model`` and ``from_config`` of the releases named; every fact was met by running genuine files in genuine
stacks (docs/check.md has the counts).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..catalog.masks import Outgoing, mask_rule
from ..catalog.releases import CAUSAL_CALLS, Release, Since
from ..document.model import Era, Writer
from ..parse.era import infer
from . import objects
from .forecast import Reader

Config = Mapping[str, Any]

READS_ZIP: Final = Since(tf="2.12")  # keras/saving/saving_api.py
READS_MODULES: Final = Since(tf="2.12")  # keras/saving/serialization_lib.py
HAS_FUNCTIONAL: Final = Since(tf="2.3")  # keras/engine/functional.py; a Model before
SEQUENTIAL_AS_DICT: Final = Since(tf="1.13", keras2="2.2")  # Sequential.from_config
SEQUENTIAL_AS_LIST: Final = Since(keras3="99", tf="1.13", keras2="2.0")
FLAT_ENDS: Final = Since(keras3="3.4")  # functional_from_config, map_tensors
WAITS_FOR_CALLS: Final = Since(keras3="3.7")  # models/functional.py: IndexError, which is waited for; ValueError before
HISTORY: Final = re.compile(r'"keras_history": \[("(?:[^"\\]|\\.)*"),')
PIPELINE_READS_LAYERS: Final = Since(keras3="3.7")  # Pipeline.from_config, which 3.6 does not have
KEEPS_OUTPUT_SHAPE: Final = Since(keras3="3.7")  # MultiHeadAttention, a list after loading
REFUSES_LAMBDA: Final = Since(keras3="3.11", tf="99")  # Lambda.from_config in HDF5 too
INTEGER_TABLE: Final = Since(keras3="99", tf="1.13", keras2="2.1")  # Embedding.build
TAKES_HEADS_APART: Final = Since(keras3="99", tf="2.5")  # MultiHeadAttention.from_config: config.pop("query_shape")
# generic_utils.class_and_config_for_serialized_keras_object: cls_config.items(), of a list too.
LISTS_ARE_ITEMS: Final = ((2, 1), (2, 2))
SOFTMAX_TAKES_MASKS: Final = Since(tf="2.4")
# Layers whose names are also operations of Keras 3, which HDF5 does not tell apart.
MERGES: Final = ("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average", "Concatenate", "Dot")
TAKES_CONSTANTS: Final = Since(keras3=None, tf="2.5")  # TFOpLambda, the first argument no tensor
BUILDS_DOT: Final = Since(keras3="3.2")
STATES_OF_BIDIRECTIONAL: Final = Since(tf="1.13", keras2="2.1")
# Functions of Keras 2 that make the layer of Keras 1 (keras/legacy/layers.py).
LAYER_FUNCTIONS: Final = frozenset(("AtrousConvolution1D", "AtrousConvolution2D"))
# Layers that work whatever the rank of their input.
ANY_RANK: Final = frozenset((
    "InputLayer", "Dense", "Activation", "Dropout", "ActivityRegularization", "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "ReLU", "LeakyReLU", "ELU", "Softmax", "ThresholdedReLU", "BatchNormalization", "LayerNormalization",
    "Masking", "UnitNormalization", "Rescaling", "Identity", "Embedding", "Lambda", "PReLU",
))  # fmt: skip
# The minors of Keras 3 that take one output in a list for the output itself (models/functional.py, functional_from_config).
UNWRAPS_ENDS: Final = ((3, 3), *((3, minor) for minor in range(5, 11)))
# Classes that the format of Keras 3 finds by the file that defines them, in tf.keras (saving/serialization_lib.py imports it).
PRIVATE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"), ("layers.core.tf_op_layer",)),
    **dict.fromkeys(("LossScaleOptimizer", "LossScaleOptimizerV3"), ("mixed_precision.loss_scale_optimizer",)),
    **dict.fromkeys(("Functional", "Sequential", "Model"), ("engine.functional", "engine.sequential", "engine.training")),
}  # fmt: skip
STATEFUL: Final = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D")


# -- how a release reads


def reads_modules(reader: Reader) -> bool:
    """Whether the release looks at the module of an object."""
    return READS_MODULES.holds(reader.release)


def speaks_modules(reader: Reader, entry: Config) -> bool:
    """Whether a layer is found by its module: the format of Keras 3, in whatever box."""
    if not reads_modules(reader):
        return False
    return isinstance(entry.get("module"), str)


def is_private(module: Any, class_name: str, release: Release) -> bool:
    """Whether a release finds a class in the file that defines it; tf_keras takes ``keras.`` for its own name too."""
    own: tuple[str, ...] = PRIVATE.get(class_name, ()) if release.line == "tf" else ()
    roots: tuple[str, ...] = ("keras",) if release.numbers < (2, 13) else ("keras.src",)
    if release.library == "tf_keras":
        roots = ("keras.src", "tf_keras.src")
    if release.line == "keras3" and class_name in objects.MODELS:
        own = ("models.functional", "models.sequential", "models.model")
    return module in [f"{root}.{name}" for root in roots for name in own]


def has_model_class(class_name: str, release: Release) -> bool:
    """Whether a release has a kind of model by its bare name."""
    if class_name == "Functional":
        return HAS_FUNCTIONAL.holds(release)
    if class_name == "Graph":
        return release.line == "keras1"
    return class_name in ("Sequential", "Model") or objects.find_named(class_name, "layers", release) is not None


def means_something(reader: Reader, name: str, kind: str) -> bool:
    """Whether a release knows a string where something of a kind is named."""
    return objects.lists_name(name, kind, reader.release)


def prepare(release: Release, entry: Config, config: Config) -> Config:
    """What the release itself changes in a configuration before the class sees it (legacy/saving/saving_utils.py)."""
    if release.line == "keras3" and "module" not in entry:
        return {key: value for key, value in config.items() if key != "batch_input_shape"}
    return config


# -- what is looked at besides classes and keys


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


def look_at_graph(reader: Reader, config: Config, name: str) -> None:
    """Nodes and ends of a functional model."""
    release = reader.release
    ends = [config.get(key) for key in ("input_layers", "output_layers")]
    passed = {str(end[0]) for side in ends[1:] if isinstance(side, list) for end in side if isinstance(end, list) and end}
    inputs = {e.get("name") for e in config.get("layers", ()) if isinstance(e, dict) and e.get("class_name") == "InputLayer"}
    if release.line == "keras3" and passed & inputs:
        reader.notes.doubts.append("an input is also an output, which not every model of Keras 3 loads")
    flat = any(isinstance(end, list) and end and isinstance(end[0], str) for end in ends)
    if release.line == "keras3" and flat and not FLAT_ENDS.holds(release):
        reader.refuse(
            "TypeError: <class 'Functional'> could not be deserialized properly",
            "one input or output is written without a list around it since Keras 3.4",
            name,
            "input_layers",
        )
    look_at_waiting(reader, config, name)
    for entry in config.get("layers", ()):
        nodes = entry.get("inbound_nodes") if isinstance(entry, dict) else None
        for node in nodes if isinstance(nodes, list) else ():
            look_at_node(reader, entry, node)


def look_at_waiting(reader: Reader, config: Config, name: str) -> None:
    """Calls in the form of Keras 3 on what later layers give, which early minors do not wait for."""
    if reader.release.line != "keras3" or WAITS_FOR_CALLS.holds(reader.release):
        return
    entries = [entry for entry in config.get("layers", ()) if isinstance(entry, dict)]
    place = {str(entry.get("name")): number for number, entry in enumerate(entries)}
    for number, entry in enumerate(entries):
        nodes = entry.get("inbound_nodes")
        given = json.dumps([node for node in nodes if isinstance(node, dict)]) if isinstance(nodes, list) else ""
        parents = [json.loads(found) for found in HISTORY.findall(given)]
        later = [parent for parent in parents if place.get(parent, -1) > number]
        if later:
            said = "ValueError: Layer node index out of bounds."
            reader.refuse(said, f"it is called on {later[0]}, which comes later", str(entry.get("name", name)), "inbound_nodes")
            return


def look_at_sharing(reader: Reader, model: Any) -> None:
    """One layer in several models: Keras 3 counts its calls anew in each, and loses some."""
    seen: dict[str, str] = {}
    for place, entry in held_layers(model, ""):
        config = entry.get("config")
        name = str(entry.get("name") or (config.get("name") if isinstance(config, dict) else None) or "")
        if entry.get("class_name") == "InputLayer" or not name:
            continue
        if seen.setdefault(name, place) != place:
            reader.notes.doubts.append(f"{name} is in several models, whose calls Keras 3 does not always find again")
            return


def held_layers(model: Any, place: str) -> Iterator[tuple[str, Config]]:
    """The layers of a functional model and of those in it, with where they are."""
    for number, entry in enumerate(top_layers(model)):
        yield place, entry
        if entry.get("class_name") in objects.MODELS:
            yield from held_layers(entry, f"{place}/{entry.get('name')}/{number}")


def look_at_node(reader: Reader, entry: Config, node: Any) -> None:
    """One call of a layer."""
    if isinstance(node, dict) and reader.release.line != "keras3":
        said = "ValueError: Improperly formatted model config"
        reader.refuse(said, "calls are written in another form since Keras 3", str(entry.get("name", "")), "inbound_nodes")
    positions = node.get("args") if isinstance(node, dict) else None
    merges = reader.release.line == "keras3" and not reader.typed and entry.get("class_name") in MERGES
    if merges and isinstance(positions, list) and len(positions) > 1:
        reason = f"the operation {entry['class_name']} is taken for the layer of that name in HDF5"
        reader.refuse("TypeError: too many positional arguments", reason, str(entry.get("name", "")), "inbound_nodes")
    if isinstance(node, list) and not CAUSAL_CALLS.holds(reader.release):
        last = [part[3] for part in node if isinstance(part, list) and len(part) > 3 and isinstance(part[3], dict)]
        if any(kwargs.get("use_causal_mask") for kwargs in last):
            said = "TypeError: call() got an unexpected keyword argument 'use_causal_mask'"
            reader.refuse(said, "calls take no causal mask yet", str(entry.get("name", "")), "inbound_nodes")
    several = isinstance(node, list) and len(node) > 1 and entry.get("class_name") in STATEFUL
    if several and entry.get("class_name") == "RNN" and reader.release.line == "tf":
        reader.notes.doubts.append("initial states of cells are further inputs, which not every release counts alike")
    if several and not STATES_OF_BIDIRECTIONAL.holds(reader.release) and entry.get("class_name") == "Bidirectional":
        said = "AttributeError: 'list' object has no attribute 'get_shape'"
        reader.refuse(said, "a Bidirectional takes no initial states yet", str(entry.get("name", "")), "inbound_nodes")
    if several and reader.release.line == "keras3":
        said = f"ValueError: Layer expects 1 input(s), but it received {len(node)} input tensors"
        reason = "initial states are given as further inputs, which Keras 3 does not read"
        reader.refuse(said, reason, str(entry.get("name", "")), "inbound_nodes")


def look_at_name(reader: Reader, name: str) -> None:
    """A slash in the name of a layer (keras 3.0.5 to 3.15.1 ops/operation.py)."""
    if reader.release.line == "keras3" and "/" in name:
        said = f"ValueError: Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
        reader.refuse(said, "Keras 3 takes no slash in the name of a layer", name, "name")


def look_at_layer(reader: Reader, entry: Config, class_name: str, config: Config, name: str) -> None:
    """Facts about single classes."""
    dtype = config.get("dtype")
    if reader.release.line == "keras3" and isinstance(dtype, dict) and dtype.get("class_name") == "Policy":
        said = "TypeError: Could not locate class 'Policy'"
        reader.refuse(said, "a dtype policy is written in another form since Keras 3", name, "dtype")
    release = reader.release
    if class_name == "Lambda":
        look_at_lambda(reader, config, name)
    if "module" not in entry:
        look_at_words(reader, config, name)
    if class_name == "BatchNormalization" and config.get("mode") and release.line == "keras2":
        said = "TypeError: The `mode` argument of `BatchNormalization` no longer exists."
        reader.refuse(said, "mode 1 and 2 of BatchNormalization are gone since Keras 2", name, "mode")
    if class_name == "BatchNormalization" and config.get("virtual_batch_size"):
        reader.notes.doubts.append(f"the axis of {name} was shifted for its virtual batches, and is again when it is loaded")
    if class_name == "Dot" and entry.get("build_config") and release.line == "keras3" and not BUILDS_DOT.holds(release):
        reader.notes.doubts.append(f"{name} takes the shapes of its build configuration for one input in Keras 3.0 and 3.1")
    if class_name == "Pipeline" and config.get("layers") and not PIPELINE_READS_LAYERS.holds(release):
        said = "AttributeError: 'TrackedDict' object has no attribute '_call_has_mask_arg'"
        reader.refuse(said, "Pipeline does not read its layers before Keras 3.7", name, "layers")
    table = str(config.get("dtype", config.get("input_dtype")))
    if class_name == "Embedding" and table.startswith("int") and INTEGER_TABLE.holds(release):
        said = "TypeError: Cannot convert -0.05 to EagerTensor of dtype int32"
        reader.refuse(said, "Keras 1 and 2.0 gave an Embedding the dtype of its input", name, "dtype")
    heads = class_name == "MultiHeadAttention"
    if heads and "query_shape" not in config and TAKES_HEADS_APART.holds(release):
        reader.refuse("KeyError: 'query_shape'", "TensorFlow 2.4 did not write what later releases need", name, "query_shape")
    shaped = heads and config.get("output_shape")
    if shaped and release.line == "keras3" and not KEEPS_OUTPUT_SHAPE.holds(release):
        said = 'TypeError: can only concatenate tuple (not "list") to tuple'
        reason = "output_shape of MultiHeadAttention does not survive loading before Keras 3.7"
        reader.refuse(said, reason, name, "output_shape")


def look_at_words(reader: Reader, config: Config, name: str) -> None:
    """Strings that are also the name of a function of ``keras.layers``, for which Keras 3 may take them in HDF5."""
    if reader.release.line == "keras3" and not reader.typed and config.get("score_mode") == "dot":
        reader.notes.doubts.append(f"Keras 3 may take score_mode of {name} for the function dot, and refuse it")


def look_at_lambda(reader: Reader, config: Config, name: str) -> None:
    """A function in the file."""
    function = config.get("function")
    code = isinstance(function, list) or (isinstance(function, dict) and function.get("class_name") == "__lambda__")
    if code and (reader.typed or REFUSES_LAMBDA.holds(reader.release)):
        said = "ValueError: Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda."
        reader.refuse(said, "the file holds Python code, which safe mode refuses", name, "function")
    elif code:
        reader.notes.doubts.append("Python code in the file opens in the Python that wrote it, if anywhere")
    elif isinstance(function, str):
        reader.notes.doubts.append("a Lambda names a function that the file does not hold")
    elif isinstance(function, dict):
        look_at_function(reader, function, "activations", name, "function")


def look_at_held(reader: Reader, inner: Config, name: str, key: str) -> bool:
    """A layer inside a layer."""
    if reader.release.line == "keras3" and "module" not in inner:
        said = f"TypeError: Could not locate class '{inner.get('class_name')}'."
        reader.refuse(said, "Keras 3 does not find a layer inside a layer by its bare name", name, key)
        return False
    return True


def look_at_function(reader: Reader, value: Config, kind: str, layer: str, key: str) -> None:
    """A function of the new format: by its module and name."""
    name, module = value.get("config"), value.get("module")
    if not isinstance(name, str):
        return
    known = means_something(reader, name, kind)
    if isinstance(module, str) and module.startswith("keras."):
        known = known or objects.lists_name(f"{module}.{name}".removeprefix("keras."), "exports", reader.release)
    if not known:
        reader.refuse(f"TypeError: Could not locate function '{name}'.", no_class(reader, name), layer, key)


def look(reader: Reader) -> None:
    """The model as a whole."""
    if reader.release.line == "keras3":
        look_at_sharing(reader, reader.raw.architecture)
    if isinstance(reader.raw.architecture, dict) and reader.raw.architecture.get("class_name") == "FeatureSpace":
        reader.notes.doubts.append("a FeatureSpace loads the parts of its own, which are not looked at here")
    if not reader.typed:
        look_at_order(reader, reader.raw.architecture)
    look_at_older(reader)
    look_at_masks(reader, reader.raw.architecture)


def look_at_older(reader: Reader) -> None:
    """What releases take over from older ones in part only."""
    release, text = reader.release, json.dumps(reader.raw.architecture)
    if release.line != "keras1" and infer(reader.raw).era in (Era.KERAS0, Era.KERAS1):
        reader.notes.doubts.append("Keras 2 turns the weights of Keras 1 in some layers only")
    if release.line != "keras3":
        if '"_CONSTANT_VALUE"' in text and not TAKES_CONSTANTS.holds(release):
            reader.notes.doubts.append("an operation whose first argument is a constant, which early releases do not read")
        return
    if reader.typed:
        return
    nested = [str(entry.get("name")) for _, entry in held_layers(reader.raw.architecture, "") if is_nested(entry)]
    if any(re.search(rf'\["{re.escape(name)}", [1-9]', text) for name in nested):
        reader.notes.doubts.append("calls of models in the model, which Keras 3 counts otherwise")
    if '"_CONSTANT_VALUE"' in text:
        reader.notes.doubts.append("an operation on a constant in the form of TensorFlow")
    if '"class_name": "Normalization"' in text:
        reader.notes.doubts.append("Keras 3 does not always find the weights of a Normalization in HDF5 of TensorFlow")


def is_nested(entry: Config) -> bool:
    """Whether a layer is a model."""
    return entry.get("class_name") in objects.MODELS


def look_at_masks(reader: Reader, model: Any) -> None:
    """Layers that do not load where a mask reaches them.

    TimeDistributed asks the layer inside for its mask, since TensorFlow 2.0 with a fixed batch too (_always_use_reshape);
    Softmax adds a mask to its input, whatever their numbers of axes.
    """
    writer = Writer(Era.TF2, "tf.keras", reader.release.version, "tensorflow")
    entries = [(str(entry.get("class_name")), entry.get("config")) for _, entry in held_layers(model, "")]
    layers = [(class_name, config) for class_name, config in entries if isinstance(config, dict)]
    masked = any(class_name == "Masking" or config.get("mask_zero") for class_name, config in layers)
    if masked and SOFTMAX_TAKES_MASKS.holds(reader.release) and any(class_name == "Softmax" for class_name, _ in layers):
        reader.notes.doubts.append("a Softmax does not load where a mask of another number of axes reaches it")
    if not masked or reader.release.line != "tf":
        return
    inner = [config.get("layer") for class_name, config in layers if class_name == "TimeDistributed"]
    for entry in inner:
        class_name = str(entry.get("class_name")) if isinstance(entry, dict) else ""
        if class_name and mask_rule(class_name, writer).outgoing is Outgoing.NONE:
            reader.notes.doubts.append(f"TimeDistributed of a {class_name} does not load where a mask reaches it")


def look_at_order(reader: Reader, model: Any) -> None:
    """Calls of a shared layer: before Keras 3 one whose inputs come later is put off, and the calls get mixed up."""
    entries = {str(entry.get("name")): entry for entry in top_layers(model)}
    made = dict.fromkeys(entries, 0)
    waiting = [(name, node) for name, entry in entries.items() for node in call_inputs(entry)]
    first = True
    while waiting:
        left = []
        for name, node in waiting:
            if any(made.get(parent, 0) <= index for parent, index in node.inputs):
                left.append((name, node))
                continue
            if made[name] != node.number:
                said = f"{name} is called several times, which older releases put in another order"
                reader.notes.doubts.append(said)
                return
            made[name] += 1
        if len(left) == len(waiting) and not first:
            return
        waiting, first = left, False


@dataclass(frozen=True)
class Call:
    """The inputs of one call of a layer: names and call numbers."""

    number: int
    inputs: tuple[tuple[str, int], ...]


def call_inputs(entry: Config) -> Iterator[Call]:
    """The calls of a layer in the form before Keras 3; the one of an input layer has no inputs."""
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list):
        return
    for number, node in enumerate(nodes or ([[]] if entry.get("class_name") == "InputLayer" else [])):
        refs = node if isinstance(node, list) else []
        inputs = [(r[0], r[1]) for r in refs if isinstance(r, list) and len(r) > 1 and isinstance(r[1], int)]
        yield Call(number, tuple((str(name), index) for name, index in inputs))


def top_layers(model: Any) -> Iterator[dict[str, Any]]:
    """The layers of the top level of a model."""
    config = model.get("config") if isinstance(model, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config
    yield from (layer for layer in layers if isinstance(layer, dict)) if isinstance(layers, list) else ()


# -- what people see


def no_class(reader: Reader, name: str) -> str:
    """A name that the release does not know, in plain words."""
    return f"{reader.release} has no {name!r}"


def not_located(reader: Reader, name: str, module: Any) -> str:
    """The message for a class that its module does not have."""
    if (isinstance(module, str) and ".src." in module) or "engine" in str(module):
        return f"TypeError: Could not deserialize class '{name}' because its parent module {module} cannot be imported."
    return f"TypeError: Could not locate class '{name}'. Make sure custom classes are decorated with ..."


def unknown_layer(reader: Reader, name: str) -> str:
    """The message for a layer that a release does not have."""
    if reader.release.line in ("keras1", "keras2") or reader.release.numbers < (2, 4):
        return f"ValueError: Unknown layer: {name}"
    quoted = f"'{name}'" if reader.release.numbers >= (2, 11) else name
    return f"ValueError: Unknown layer: {quoted}. Please ensure you are using a `keras.utils.custom_object_scope` ..."


def unrecognised(reader: Reader, found: objects.Found, keys: Sequence[str], config: Config) -> str:
    """The message for keys that a constructor does not take."""
    release = reader.release
    if release.line == "keras3":
        shown = {key: config[key] for key in keys}
        if found.kind == "layers":
            return f"ValueError: Unrecognized keyword arguments passed to {found.name}: {shown}"
        return f"TypeError: {found.name}.__init__() got an unexpected keyword argument '{keys[0]}'"
    if found.kind == "layers" and release.line == "tf":
        if release.numbers >= (2, 7):
            return f"TypeError: Unrecognized keyword arguments: {list(keys)}"
        return f"TypeError: ('Keyword argument not understood:', '{keys[0]}')"
    return f"TypeError: __init__() got an unexpected keyword argument '{keys[0]}'"


def not_interpreted(reader: Reader, kind: str, name: str) -> str:
    """The message for a name of an activation, an initializer, ..."""
    one = {"activations": "activation function", "initializers": "initializer", "losses": "loss function"}.get(kind, kind[:-1])
    if reader.release.line == "keras3":
        return f"ValueError: Could not interpret {one} identifier: {name}"
    return f"ValueError: Unknown {one}: {name}"
