"""Who wrote the file: the era's vocabulary, library, version and backend, each with its evidence.

A version stamp is one witness among others: Keras 1 stamps no backend, old weights files stamp nothing, and a stamp
can be wrong. The vocabulary of the configuration and the spelling of weight names testify too.
"""

from __future__ import annotations

from ..catalog import find
from ..containers.base import Json, NamedWeights, Raw, TreeWeights
from ..document.model import Era, Evidence, Writer
from .reading import IsCustom, is_never_custom

# Arguments that only one era used (keras/layers/*.py of 1.2.2 and 2.0.0).
KERAS1_WORDS = frozenset(
    {
        "output_dim", "nb_filter", "nb_row", "border_mode", "dim_ordering", "W_regularizer", "inner_activation", "dropout_W",
        "pool_length", "filter_length", "subsample", "consume_less", "W_constraint", "input_dtype", "b_regularizer",
    }
)  # fmt: skip
KERAS2_WORDS = frozenset(["units", "filters", "kernel_initializer", "recurrent_activation", "padding", "data_format", "rate"])
TF2_WORDS = frozenset(["ragged", "time_major", "renorm", "groups", "experimental_autocast"])
KERAS3_WORDS = frozenset(["batch_shape", "build_config", "autocast", "negative_slope", "zero_output_for_mask"])

# The last Keras 1 whose to_json and to_yaml leave keras_version out (keras/engine/topology.py 1.0.4 and 1.0.5).
UNSTAMPED = "1.0.4"
# A JSON of Keras 3 is not stamped. Since 3.4 the dtype policy of a layer is an object there (layers/layer.py `get_config`).
UNSTAMPED_3 = "3.0"


def infer(raw: Raw, is_custom: IsCustom = is_never_custom) -> Writer:
    """The writer, with evidence from stamps, vocabulary (not that of custom classes) and weight names."""
    evidence: list[Evidence] = []
    version = _read_stamp(raw, "keras_version", evidence)
    backend = _read_stamp(raw, "backend", evidence) or _infer_backend_by_names(raw, evidence)
    words, objects = _list_keys(raw.architecture, is_custom), list_objects(raw.architecture)
    era = _infer_era(raw, version, words, evidence)
    library = "tf.keras" if era is Era.TF2 else "keras"
    if library != "keras":
        backend = backend or "tensorflow"
    if era is Era.KERAS1 and version is None and raw.architecture is not None:
        evidence.append(Evidence(raw.part or "architecture", f"has no keras_version, as up to Keras {UNSTAMPED}"))
        version = UNSTAMPED
    if era is Era.KERAS3 and version is None and _has_named_policies(objects):
        evidence.append(Evidence(raw.part or "architecture", "names dtypes of layers in a word, as before Keras 3.4"))
        version = UNSTAMPED_3
    if era is Era.KERAS0 and backend is None:
        evidence.append(Evidence("era", "Keras 0 ran on Theano unless its user chose otherwise, and its files do not say"))
        backend = "theano"
    tensorflow = _find_tensorflow(objects, library, version, evidence)
    data_format = raw.data_format or _infer_data_format(objects, evidence)
    return Writer(era, library, version, backend, data_format, tuple(evidence), tensorflow, raw.data_format is not None)


def _has_named_policies(objects: list[dict[str, Json]]) -> bool:
    """Whether the layers of a Keras 3 architecture have their dtype as a word."""
    policies = []
    for item in objects:
        config = item.get("config")
        if item.get("module") == "keras.layers" and item.get("class_name") != "InputLayer" and isinstance(config, dict):
            policies += [config["dtype"]] if "dtype" in config else []
    return bool(policies) and all(isinstance(policy, str) for policy in policies)


def _find_tensorflow(objects: list[dict[str, Json]], library: str, version: str | None, evidence: list[Evidence]) -> int | None:
    """The major version of TensorFlow. 1.13 to 1.15, 2.0 and 2.1 all stamp 2.2.4-tf.

    The layers of a functional model tell them apart: 1.x writes ``name`` before ``class_name``, 2.x behind
    (``get_config`` in tensorflow/python/keras/engine/network.py of 1.15.5 and 2.0.4).
    """
    if library != "tf.keras" or version is None:
        return None
    if version != "2.2.4-tf":
        return 1 if version.endswith("-tf") and version < "2.2.4" else 2
    for item in objects:
        if {"name", "class_name", "inbound_nodes"} <= item.keys():
            order = [name for name in item if name in ("name", "class_name")]
            evidence.append(Evidence("layers", f"{order[0]} stands before {order[1]}"))
            return 1 if order[0] == "name" else 2
    return None


def list_objects(value: Json) -> list[dict[str, Json]]:
    """Every object of a JSON value, each before those in it."""
    stack, found = [value], []
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            found.append(item)
        held = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        stack += [inner for inner in held if isinstance(inner, dict | list)]
    return found


def _read_stamp(raw: Raw, key: str, evidence: list[Evidence]) -> str | None:
    top = raw.architecture if isinstance(raw.architecture, dict) else {}
    for where, source in ((raw.match.name, raw.attributes), (raw.part, top)):
        value = source.get(key)
        if isinstance(value, str) and value:
            evidence.append(Evidence(where, f"{key} = {value}"))
            return value
    return None


def _infer_backend_by_names(raw: Raw, evidence: list[Evidence]) -> str | None:
    """TensorFlow's variables are called ``name:0``; Theano's and CNTK's names have no suffix (Keras 1 and 2)."""
    if isinstance(raw.weights, TreeWeights) or raw.weights is None or raw.weights.indexed:
        return None
    names = [name for group in raw.weights.groups for name, _ in group.weights]
    if not names or not isinstance(raw.weights, NamedWeights):
        return None
    if any(name.endswith(":0") for name in names):
        evidence.append(Evidence("weight names", f"{names[0]} ends as TensorFlow variables do"))
        return "tensorflow"
    if any("param_" in name for name in names):
        return None
    evidence.append(Evidence("weight names", f"{names[0]} has no TensorFlow suffix"))
    return "theano"


def _list_keys(value: Json, is_custom: IsCustom) -> frozenset[str]:
    """Every key of the objects in a JSON value, but those of arguments of custom layers."""
    stack: list[tuple[Json, bool]] = [(value, True)]
    found: set[str] = set()
    while stack:
        item, counts = stack.pop()
        if isinstance(item, dict):
            own = not _is_custom_layer(item, is_custom)  # it may call its arguments as an era did
            if counts:
                found.update(item)
            stack += [(inner, own or key != "config") for key, inner in item.items() if isinstance(inner, dict | list)]
        elif isinstance(item, list):
            stack += [(inner, True) for inner in item if isinstance(inner, dict | list)]
    return frozenset(found)


def _is_custom_layer(item: dict[str, Json], is_custom: IsCustom) -> bool:
    """A layer of a class that no Keras had, or of another class than the one of its name."""
    name, config = item.get("class_name"), item.get("config")
    if not isinstance(name, str) or not isinstance(config, dict) or "layers" in config:
        return False
    known = any(find(name, era) is not None for era in Era)
    return "name" in config and (not known or is_custom(name.rpartition(">")[2], config))


def _infer_era(raw: Raw, version: str | None, words: frozenset[str], evidence: list[Evidence]) -> Era:
    stamped = _find_era_of_version(version)
    spoken = _find_era_of_words(raw.architecture, words)
    if spoken is not None:
        evidence.append(Evidence(raw.part or "architecture", f"speaks {spoken}"))
    if stamped is not None and (spoken is None or not _are_contradictory(stamped, spoken)):
        return stamped
    if spoken is not None:
        return spoken
    if isinstance(raw.weights, NamedWeights):
        return Era.KERAS0 if raw.weights.indexed else _find_era_of_weight_names(raw.weights)
    return Era.KERAS3 if isinstance(raw.weights, TreeWeights) else stamped or Era.KERAS2


def _are_contradictory(stamped: Era, spoken: Era) -> bool:
    """Keras 2 and tf.keras share most words; any other disagreement is one, and the words are right."""
    close = {Era.KERAS2, Era.TF2}
    return stamped is not spoken and not {stamped, spoken} <= close


def _find_era_of_version(version: str | None) -> Era | None:
    digits = (version or "").split("-")[0].split(".")
    if len(digits) < 2 or not all(part.isdigit() for part in digits[:2]):
        return None
    major, minor = int(digits[0]), int(digits[1])
    if major == 2:
        tf = "-tf" in (version or "") or minor >= 4
        return Era.TF2 if tf else Era.KERAS2
    return {0: Era.KERAS0, 1: Era.KERAS1, 3: Era.KERAS3}.get(major)


def _find_era_of_words(architecture: Json, words: frozenset[str]) -> Era | None:
    if not isinstance(architecture, dict):
        return None
    if "class_name" not in architecture and architecture.get("name") in ("Sequential", "Graph"):
        return Era.KERAS0
    if "module" in architecture and "build_config" not in words and "batch_input_shape" in words:
        return Era.TF2  # Keras 2.12 to 2.15 in the .keras format: new spelling, old arguments
    if words & KERAS3_WORDS and "batch_input_shape" not in words:
        return Era.KERAS3
    if words & TF2_WORDS:
        return Era.TF2
    old, new = len(words & KERAS1_WORDS), len(words & KERAS2_WORDS)
    if any(word.endswith("_initializer") for word in words):  # Embedding of Keras 2 still says `output_dim`
        return Era.KERAS2
    if old or new:
        return Era.KERAS1 if old > new else Era.KERAS2
    return None


def _find_era_of_weight_names(weights: NamedWeights) -> Era:
    names = [name for group in weights.groups for name, _ in group.weights]
    return Era.KERAS1 if names and not any("/" in name for name in names) else Era.KERAS2


def _infer_data_format(objects: list[dict[str, Json]], evidence: list[Evidence]) -> str | None:
    """The one data format that the layers name, or None where they name none or both."""
    found = [item.get("data_format", item.get("dim_ordering")) for item in objects]
    spelled = {"th": "channels_first", "tf": "channels_last"}
    spoken = {spelled.get(value, value) for value in found if isinstance(value, str)}
    if len(spoken) != 1:
        return None
    (only,) = spoken
    evidence.append(Evidence("layers", f"data format {only}"))
    return only
