"""What single releases refuse in one layer that no signature tells, each with what it was seen in.

Sources are the classes of the releases named; every fact was met by running genuine files in genuine stacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..bytecode import VERSIONS, CodeLayout
from ..catalog.releases import POLICIES_AS_OBJECTS, Release, Since
from ..catalog.signatures import find_default
from . import objects
from .forecast import Reader
from .messages import say_no_class

Config = Mapping[str, Any]
PIPELINE_READS_LAYERS: Final = Since(keras3="3.7")  # Pipeline.from_config, which 3.6 does not have
KEEPS_OUTPUT_SHAPE: Final = Since(keras3="3.7")  # MultiHeadAttention, a list after loading
REFUSES_LAMBDA: Final = Since(keras3="3.11", tf="99")  # Lambda.from_config in HDF5 too
INTEGER_TABLE: Final = Since(keras3="99", tf="1.13", keras2="2.1")  # Embedding.build
TAKES_HEADS_APART: Final = Since(keras3="99", tf="2.5")  # MultiHeadAttention.from_config: config.pop("query_shape")
KEEPS_AXIS: Final = Since(keras3="3.9")  # a number; a list of several is still lost
_LAST_OF_IMAGES: Final = 3
NORMALIZES_BY_CONFIGURATION: Final = Since(tf="2.6")
SAMPLES_OTHERWISE: Final = Since(tf="2.9")  # UpSampling2D: nearest and bilinear alone before
BUILDS_DOT: Final = Since(keras3="3.2")


def prepare(release: Release, entry: Config, config: Config) -> Config:
    """What the release itself changes in a configuration before the class sees it (legacy/saving/saving_utils.py)."""
    if release.line == "keras3" and "module" not in entry:
        return {key: value for key, value in config.items() if key != "batch_input_shape"}
    if release.line == "keras1":  # Layer.__init__ takes it of every layer (keras 1.2.2 engine/topology.py, allowed_kwargs)
        return {key: value for key, value in config.items() if key != "input_dtype"}
    return config


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
    look_at_axis(reader, entry, class_name, config, name)
    look_at_value(reader, class_name, config, name)
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
    if (
        class_name == "Hashing"
        and isinstance(dtype, dict)
        and release.line == "keras3"
        and not POLICIES_AS_OBJECTS.holds(release)
    ):
        said = "ValueError: When `output_mode=\"int\"`, `dtype` should be an integer type, 'int32' or 'in64'."
        reader.refuse(said, "Hashing takes no dtype policy before Keras 3.4", name, "dtype")
    heads = class_name == "MultiHeadAttention"
    if heads and "query_shape" not in config and TAKES_HEADS_APART.holds(release):
        reader.refuse("KeyError: 'query_shape'", "TensorFlow 2.4 did not write what later releases need", name, "query_shape")
    shaped = heads and config.get("output_shape")
    if shaped and release.line == "keras3" and not KEEPS_OUTPUT_SHAPE.holds(release):
        said = 'TypeError: can only concatenate tuple (not "list") to tuple'
        reason = "output_shape of MultiHeadAttention does not survive loading before Keras 3.7"
        reader.refuse(said, reason, name, "output_shape")


def look_at_axis(reader: Reader, entry: Config, class_name: str, config: Config, name: str) -> None:
    """Keras 3 loses an axis in HDF5, and the layer takes its default (legacy/saving/saving_utils.py, model_from_config)."""
    axis, release = config.get("axis"), reader.release
    if release.line != "keras3" or "module" in entry or axis in (None, -1, [-1]):
        return
    lost = len(axis) != 1 if isinstance(axis, list) else not KEEPS_AXIS.holds(release)
    joined = class_name == "Concatenate" and axis == _LAST_OF_IMAGES
    if lost and not joined and axis != find_default(class_name, "axis", release.signatures):
        reader.notes.doubts.append(f"Keras 3 may lose the axis of {name} in an HDF5 file, and takes its default")


def look_at_value(reader: Reader, class_name: str, config: Config, name: str) -> None:
    """Values that a constructor takes and the layer does not, or not on every machine."""
    release = reader.release
    sampled = config.get("interpolation") if class_name == "UpSampling2D" else None
    if sampled not in (None, "nearest", "bilinear") and not SAMPLES_OTHERWISE.holds(release):
        said = 'ValueError: `interpolation` argument should be one of `"nearest"` or `"bilinear"`.'
        reader.refuse(said, f"{release} has no interpolation {sampled!r}", name, "interpolation")
    if class_name == "SpectralNormalization" and release.line == "tf" and reader.typed:
        said = "TypeError: 'str' object is not callable"
        reader.refuse(said, "tf.keras does not read the layer in a SpectralNormalization from a .keras file", name, "layer")
    if class_name.startswith("CuDNN"):
        reader.notes.doubts.append(f"{name} is a {class_name}, which a machine without a GPU does not load")
    bare = class_name == "Normalization" and not reader.typed and not reader.list_groups().get(name)
    if bare and release.line == "tf" and not NORMALIZES_BY_CONFIGURATION.holds(release):
        said = "ValueError: You are trying to load a weight file containing too few layers"
        reader.refuse(said, "a Normalization keeps mean and variance as weights up to TensorFlow 2.5", name, "mean")


def look_at_words(reader: Reader, config: Config, name: str) -> None:
    """Strings that are also the name of a function of ``keras.layers``, for which Keras 3 may take them in HDF5."""
    if reader.release.line == "keras3" and not reader.typed and config.get("score_mode") == "dot":
        reader.notes.doubts.append(f"Keras 3 may take score_mode of {name} for the function dot, and refuse it")


def look_at_lambda(reader: Reader, config: Config, name: str) -> None:
    """A function in the file."""
    function = config.get("function")
    code = isinstance(function, list) or (isinstance(function, dict) and function.get("class_name") == "__lambda__")
    code = code or (isinstance(function, str) and config.get("function_type") == "lambda")
    if code and (reader.typed or REFUSES_LAMBDA.holds(reader.release)):
        said = "ValueError: Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda."
        reader.refuse(said, "the file holds Python code, which safe mode refuses", name, "function")
    elif code:
        look_at_code(reader, function, name)
    elif isinstance(function, str):
        said = f"ValueError: Unknown function: {function}"
        reader.refuse(said, "a Lambda names a function that the file does not hold", name, "function")
    elif isinstance(function, dict):
        look_at_function(reader, function, "activations", name, "function")


def look_at_code(reader: Reader, function: Any, name: str) -> None:
    """Python code, whose layout changed with Python 3, 3.8 and 3.11: `marshal` of another one does not read it."""
    first, last = reader.release.pythons
    read_there = {CodeLayout.of(python) for python in VERSIONS if first <= python <= last}
    if read_there.isdisjoint(reader.content.list_layouts(function) or read_there):
        reader.refuse(
            "ValueError: bad marshal data",
            f"the code in it is of another Python than those of {reader.release}",
            name,
            "function",
        )
    else:
        reader.notes.doubts.append("Python code in the file opens in the Python that wrote it, if anywhere")


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
    known = objects.lists_name(name, kind, reader.release)
    if isinstance(module, str) and module.startswith("keras."):
        known = known or objects.lists_name(f"{module}.{name}".removeprefix("keras."), "exports", reader.release)
    if not known:
        reader.refuse(f"TypeError: Could not locate function '{name}'.", say_no_class(reader, name), layer, key)
