"""A configuration walked value by value: stored functions, names that lead to code, paths and URLs, wherever they stand.

It knows nothing of models: what Keras would do with a value depends on its form, so that a value counts also where no
Keras looks today.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from .. import limits
from ..bytecode import looks_stored
from ..containers.json_text import parse_json
from ..errors import AnyKerasError
from ..texts import list_words
from . import graphs, loading, names
from .beside import judge_shown
from .functions import judge_stored
from .risks import Collector, Loading, Severity
from .words import judge_words

_PATHS = frozenset({"vocabulary", "idf_weights", "merges"})
_PLACES = frozenset(
    list_words(
        """filepath file_path handle weights_path model_path saved_model_path vocabulary_file fname origin url
        cache_dir log_dir export_dir asset_path proto proto_path preset"""
    )
)
_OUTSIDE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,12}://|file:|/(?!device:|job:)[^/\s]|~[\w/]|\.\.[/\\]|[A-Za-z]:[\\/]|\\\\|.*[/\\]\.\.[/\\]|"
    r"\$\{?\w+\}?[/\\]|%\w+%[/\\]|data:\w+/"
)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,12}://\S")
_CLIMBS = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\~]|^[A-Za-z]:[\\/]|\0")
_NAMES = frozenset({"name", "class_name", "module", "registered_name"})
_UNUSUAL = re.compile(
    r"[^\w\s.,:/\\()\[\]<>@%&=+*#~^!?'\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u3000-\u303f\ufe0f\U0001f000-\U0001faff-]|"
    r"<[\w/!?]|__proto__"
)  # in a name that people and programs read: signs of a language, but not of writing
_SPREADSHEET = re.compile(r"[=@+]\w+\(|=\w+\|")
_DTYPE = re.compile(
    r"(?:mixed_)?(?:b?float|int|uint|bool|str|string|complex|half|double|single|long|short|byte|resource|variant|auto|q?u?int|"
    r"float8_e\dm\d\w*|None|null|infer|unicode|numpy\.\w+|<dtype: '\w+'>|<class '\w+\.\w+'>|_?\w*policy\w*)\d*"
    r"(?:_ref)?(?:_from_\w+)?(?:/\d+)?",
    re.IGNORECASE,
)
_SIZES = frozenset(
    list_words(
        """units filters input_dim output_dim num_tokens max_tokens num_bins output_sequence_length target_shape
        batch_shape batch_input_shape shape input_length n size num_heads key_dim value_dim padding sequence_length
        kernel_size pool_size intermediate_dim hidden_dim vocabulary_size num_layers repeats height width target_height
        target_width"""
    )
)
_MOST = 2**31  # of one of them, and as a product
_GETS = re.compile(r"(?:^|_)(?:activation|initializer|regularizer|constraint|loss|metrics|optimizer|init|layer|cell)$")
"""Keys of names that Keras looks a function or class up by."""
_PLAIN = re.compile(r"[\w>:/@% +-]*(?<!:)|(?P<name>\w+)\([\w., =+-]*\)")  # a name, or a call of one with numbers
_PAIRS = (("input_dim", "output_dim"), ("height", "width"), ("num_heads", "key_dim"), ("units", "input_dim"))
_NO_SIZE = re.compile(
    r"seed|salt|mask|^id$|_id$|hash|time|date|version|value|^$|iterations|step|counter|state|_token$|^(?:min|max)"
)
_ODD_KEY = re.compile(r"^__(?!python_name)\w+__$|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|<\w+[ />]|^\w+://")
_LAYER_PLACES = frozenset({"layers", "layer", "cell", "cells", "forward_layer", "backward_layer", "preprocessor"})
_LONGEST = 1000  # characters of a name
_FUNCTION_KEYS = frozenset({"function", "output_shape", "mask", "call_fn", "init_fn"})
_TF_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"})


class _Place(NamedTuple):
    value: object
    where: str
    key: str
    holder: str  # the class of the innermost object around


def audit_text(found: Collector, text: str, part: str, legacy: bool) -> bool:
    """Audit a configuration as JSON text. Whether it was JSON; what is wrong with it is a risk or, if benign, nothing.

    `legacy` is true for what no safe mode of Keras has ever protected fully: HDF5 files and bare architectures.
    """
    try:
        value: object = parse_json(text, part)
    except AnyKerasError as error:
        value = error
    return audit_parsed(found, text, value, part, legacy)


def audit_parsed(found: Collector, text: str, value: object, part: str, legacy: bool) -> bool:
    """The same, for a text that was parsed already: its value, or why it is no JSON."""
    if isinstance(error := value, AnyKerasError):
        is_too_large = error.key == "config_nodes"
        value = None if is_too_large else _parse_leniently(text)
        if value is None and error.code != "AK1003":
            if '"class_name"' in text:
                found.add("AK8014", Severity.MEDIUM, part, f"a configuration that is no JSON: {error.seen}", loading.UNJUDGED)
            return False
        found.add("AK8014", Severity.MEDIUM, part, f"a configuration that no Keras writes: {error.seen}", loading.UNJUDGED)
        if is_too_large:
            return False
    if not isinstance(value, dict | list):
        return value is None
    walk_value(found, value, part, legacy)
    return True


def _parse_leniently(text: str) -> object:
    """As Python's own parser takes it, which Keras uses, with what it drops of repeated keys; None where it fails too."""
    if len(text) > limits.current().config_bytes:
        return None

    def keep(pairs: list[tuple[str, object]]) -> dict[str, object]:
        last = dict(pairs)
        if len(last) == len(pairs):
            return last
        return {**last, "(repeated)": [value for key, value in pairs if last[key] is not value]}

    try:
        return json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None


def walk_value(found: Collector, root: object, part: str, legacy: bool) -> None:
    """Every value of a configuration, without recursion; the work is charged to the budget of the file."""
    budget = limits.budget()
    as_code = loading.CODE
    left = [_Place(root, part, "", "")]
    budget.charge(1)
    while left:
        place = left.pop()
        value, where, key, holder = place
        if isinstance(value, str):
            _judge_text(found, place, as_code, legacy)
        elif isinstance(value, int | float):
            _judge_number(found, value, place)
        elif isinstance(value, list):
            budget.charge(len(value))
            if looks_stored(value) and judge_stored(found, where, value, key in _FUNCTION_KEYS, as_code):
                left += [_Place(item, f"{where}[{at}]", "value", holder) for at, item in enumerate(value[1:], 1)]
                continue
            inside = "" if key in _PATHS else key  # the words of a vocabulary are content
            _judge_sizes(found, value, place)
            left += [_Place(item, f"{where}[{at}]", inside, holder) for at, item in enumerate(value) if not _is_small(item)]
        elif isinstance(value, Mapping):
            budget.charge(len(value))
            inner = _judge_object(found, value, place, as_code)
            if inner == "__lambda__":
                value = _list_beside_code(value.get("config"))
            if not value or not all(type(item) is int for item in value.values()):  # a vocabulary
                _judge_keys(found, value, where)
            left += [_Place(item, f"{where}/{name}", str(name), inner) for name, item in value.items() if not _is_small(item)]


def _is_small(value: object) -> bool:
    """A number that is no risk at any place, or nothing."""
    return value is None or (isinstance(value, int | float) and -_MOST <= value <= _MOST)


def _judge_keys(found: Collector, value: Mapping[str, object], where: str) -> None:
    """Names of arguments, and the sizes among them together."""
    for key in value:
        if (match := _ODD_KEY.search(key)) is not None:
            seen = f"an argument named {key[:80]!r}, which no class has ({match[0][:20]!r})"
            found.add("AK8015", Severity.MEDIUM, where, seen, loading.SHOWN)
    for pair in _PAIRS:
        sizes = [item for key in pair if isinstance(item := value.get(key), int)]
        if len(sizes) > 1 and math.prod(sizes) > 2 * _MOST:
            seen = f"{' and '.join(pair)} come to {math.prod(sizes):,} numbers"
            found.add("AK8011", Severity.MEDIUM, where, seen, loading.BOMB)


def _judge_number(found: Collector, value: float, place: _Place) -> None:
    sized = place.key in _SIZES or (isinstance(value, int) and len(place.key) > 1 and not _NO_SIZE.search(place.key))
    if sized and not -_MOST <= value <= _MOST:
        seen = f"{place.key} is {value:,}, which no memory holds" if abs(value) < 1e60 else f"{place.key} is no number"
        found.add("AK8011", Severity.MEDIUM, place.where, seen, loading.BOMB)


def _judge_sizes(found: Collector, value: list[object], place: _Place) -> None:
    """A shape, of which the numbers multiply."""
    if place.key in _SIZES or place.key.endswith("shape"):
        product = math.prod(abs(size) for size in value[:64] if isinstance(size, int) and size) if value else 0
        if product > _MOST and all(isinstance(size, int | None) for size in value):
            found.add("AK8011", Severity.MEDIUM, place.where, f"a shape of {product:,} numbers", loading.BOMB)


def _list_beside_code(config: object) -> dict[str, object]:
    """What a stored function holds beside its code: its defaults and the content of its cells."""
    if not isinstance(config, dict):
        return {}
    value = config.get("value")
    listed = {f"value[{at}]": item for at, item in enumerate(value) if at} if isinstance(value, list) else {}
    return {**listed, **{key: item for key, item in config.items() if key not in ("code", "value")}}


def _judge_object(found: Collector, value: Mapping[str, object], place: _Place, as_code: Loading) -> str:
    """Judge a mapping that may be a serialized object; the name of the class that what is in it belongs to."""
    if isinstance(shards := value.get("weight_map", value.get("paths")), dict | list):
        _judge_shards(found, shards, place.where)
    if "op" in value and "name" in value and "class_name" not in value and isinstance(value["op"], str):
        graphs.judge_operation(found, value["op"], place.where)
    if "class_name" not in value:
        if value.get("safe_mode") is False:
            found.add(
                "AK8004", Severity.HIGH, place.where, "an argument that switches the safe mode of Keras off", loading.GADGET
            )
        return place.holder
    class_name, config = value["class_name"], value.get("config")
    if class_name == "__lambda__":
        judge_stored(found, place.where, value, True, as_code)
        return "__lambda__"
    if not isinstance(class_name, str) or not isinstance(value.get("module"), str | None):
        seen = "an object of which the class or module is no name"
        found.add("AK8014", Severity.MEDIUM, place.where, seen, loading.UNJUDGED)
        return place.holder
    module = _as_text(value.get("module")) or _as_text(value.get("package"))
    registered = _as_text(value.get("registered_name"))
    name = config if class_name in ("function", "__function__") and isinstance(config, str) else class_name
    if not found.is_trusted(f"{module}.{name}", name, registered):
        is_function = name is config
        judged = names.judge_function(module, name) if is_function else names.judge_class(module, name)
        if judged.severity.rank < Severity.MEDIUM.rank:
            judged = _judge_place(value, place, module, name, is_function) or judged
        _note(found, place.where, judged, _find_loading(module, name))
        if registered.partition(">")[1] and names.is_keras(module) and names.judge_class(module, class_name).why == "":
            seen = f"{module}.{class_name} by its name, but the class that is registered as {registered!r} would be taken"
            found.add("AK8004", Severity.MEDIUM, place.where, seen, loading.CUSTOM)
        for packaged in {registered, class_name if ">" in class_name else ""} - {"", name if ">" not in name else ""}:
            _judge_registered(found, place.where, packaged)
        if class_name not in _TF_LAYERS:
            _judge_module_attributes(found, config, place.where)
    if class_name in _TF_LAYERS and isinstance(config, dict):
        _judge_tensorflow(found, config, place.where)
    if class_name == "TensorFlowOpLayer" and isinstance(config, dict):
        graphs.judge_node_text(found, config.get("node_def"), place.where)
    return class_name


def _judge_place(value: Mapping[str, object], place: _Place, module: str, name: str, is_function: bool) -> names.Judged | None:
    """What is wrong with an object for the place that it has, or for what Keras writes of it."""
    if is_function and place.key in _LAYER_PLACES:
        return names.Judged(Severity.HIGH, f"the function {name!r} stands where a layer does, and would be called")
    if not (module + name).isascii():
        return names.Judged(Severity.MEDIUM, f"{module}.{name} has letters that look like others")
    foreign = module and not names.is_keras(module) and module != "builtins"
    if foreign and module.split(".")[0] not in names.MODEL_PACKAGES:
        registered, config = value.get("registered_name"), value.get("config")
        written = isinstance(registered, str) and (">" in registered or registered in (name, value["class_name"]))
        if not written or (not is_function and (not isinstance(config, dict) or not name[:1].isupper())):
            return names.Judged(
                Severity.MEDIUM, f"{module}.{name} would be imported, and is not written as Keras writes a class"
            )
    return None


def _judge_shards(found: Collector, shards: Mapping[str, object] | list[object], where: str) -> None:
    """The files that the weights are in, beside a configuration: of Keras by layer, of TensorFlow.js as a list."""
    listed = [shards] if isinstance(shards, list) else shards.values()
    for names_of in listed:
        for name in names_of if isinstance(names_of, list) else [names_of]:
            if isinstance(name, str) and (_CLIMBS.search(unquote(name)) or _URL.match(name)):
                seen = f"weights that lie outside of the folder: {name[:120]!r}"
                found.add("AK8006", Severity.HIGH, where, seen, loading.READS)


def _find_loading(module: str, name: str) -> Loading:
    if name in names.LOADERS:
        return loading.LOADS_MORE
    if names.is_keras(module):
        return loading.GADGET
    return loading.IMPORTED if names.judge_module(module) or module == "builtins" else loading.CUSTOM


def _note(found: Collector, where: str, judged: names.Judged, as_: Loading) -> None:
    if judged.severity is Severity.INFO and not judged.why:
        return
    if as_ is loading.LOADS_MORE:
        found.add("AK8007", judged.severity, where, judged.why, as_)
    elif judged.severity.rank >= Severity.MEDIUM.rank:
        found.add("AK8004", judged.severity, where, judged.why, as_)
    else:
        found.add("AK8005", judged.severity, where, judged.why, as_)


def _judge_registered(found: Collector, where: str, registered: str) -> None:
    """``Package>Name``: looked up among registered classes only, so that a dotted path has no business there."""
    package, _, name = registered.rpartition(">")
    if names.judge_module(package or name) or name in names.BUILTINS | names.ATTRIBUTES:
        seen = f"the registered name {registered!r} is the path of something that acts"
        found.add("AK8004", Severity.HIGH, where, seen, loading.IMPORTED)


def _judge_module_attributes(found: Collector, config: object, where: str) -> None:
    """A Lambda keeps the module of its function beside it; Keras 1 and 2 read its globals."""
    if not isinstance(config, dict):
        return
    for key in ("function", "output_shape", "mask"):
        module, name = config.get("module" if key == "function" else f"{key}_module"), config.get(key)
        if isinstance(name, str) and not looks_stored(name):
            judged = names.judge_function(_as_text(module) if module != "builtins" else "", name)
            if key == "function" or judged.severity.rank >= Severity.MEDIUM.rank:
                _note(found, f"{where}/config/{key}", judged, loading.IMPORTED)
        elif isinstance(module, str) and (
            module not in ("builtins", "__builtin__") and not names.is_keras(module) and names.judge_module(module) is not None
        ):
            found.add("AK8004", Severity.MEDIUM, f"{where}/config/{key}", f"its globals are those of {module!r}", loading.CODE)


def _judge_tensorflow(found: Collector, config: Mapping[str, object], where: str) -> None:
    """A call of a function of TensorFlow, by its dotted name."""
    name = _as_text(config.get("function")) or _as_text(config.get("cls_symbol")) or _as_text(config.get("cls_ref"))
    if not name:
        return
    root = name.split(".")[0]
    if names.FUNCTIONS_OF_TF.search(name) and not names.PARSERS_OF_TF.search(name):
        found.add("AK8012", Severity.HIGH, where, f"a call of tf.{name}, which reaches outside of the graph", loading.GRAPH)
    elif root in names.EXECUTING or root in names.BUILTINS or "__" in name.replace("__operators__", ""):
        found.add("AK8004", Severity.HIGH, where, f"a call of {name!r}, which is no function of TensorFlow", loading.GADGET)
    elif not name.startswith("__operators__.") and not names.computes("tf", name):
        found.add("AK8012", Severity.MEDIUM, where, f"a call of tf.{name}, which is not known to compute only", loading.GRAPH)


def _judge_text(found: Collector, place: _Place, as_code: Loading, legacy: bool) -> None:
    value, where, key, holder = place
    assert isinstance(value, str)
    if key in _NAMES | {"keras_version", "date_saved"}:
        judge_shown(found, value, where)
    unusual = (_UNUSUAL.search(value) and value != "<lambda>") or _SPREADSHEET.match(value) or len(value) > _LONGEST
    if key in _NAMES and unusual:
        seen = f"the name {value[:80]!r}, with characters or a length that mean something to other programs"
        found.add("AK8015", Severity.MEDIUM, where, seen, loading.SHOWN)
    if key == "dtype" and holder and (len(value) > _LONGEST or not _DTYPE.fullmatch(value)):
        found.add("AK8011", Severity.MEDIUM, where, f"the type {value[:80]!r}, which no layer has", loading.BOMB)
    if key and not key.startswith("("):
        judge_words(found, value, where)
    plain = _PLAIN.fullmatch(value) if _GETS.search(key) else None
    if _GETS.search(key) and plain is None and value != "<lambda>":
        seen = f"{value[:80]!r} stands where the name of a function does"
        found.add("AK8004", Severity.MEDIUM, where, seen, loading.GADGET)
    elif plain and (judged := names.judge_function("", plain["name"] or value)).severity.rank >= Severity.MEDIUM.rank:
        _note(found, where, judged, loading.GADGET)
    if len(value) >= 40 and looks_stored(value) and judge_stored(found, where, value, key in _FUNCTION_KEYS, as_code):
        return
    if len(value) >= 40 and holder == "Lambda" and key == "function":
        judge_stored(found, where, value, True, as_code)
    elif key in _PATHS:
        severity = Severity.HIGH if _OUTSIDE.match(value) else Severity.MEDIUM
        found.add("AK8006", severity, where, f"words that Keras reads from the file or URL {value[:120]!r}", loading.READS)
    elif key == "name" and _CLIMBS.search(value):
        seen = f"a layer whose name {value[:80]!r} is a path out of the folder"
        found.add("AK8006", Severity.MEDIUM, where, seen, loading.LAYER_PATH)
    elif key and value and (key in _PLACES or _OUTSIDE.match(value)) and len(value) < 4096:
        severity = Severity.MEDIUM if holder else Severity.LOW  # no object takes it
        found.add("AK8006", severity, where, f"the path or URL {value[:120]!r}", loading.READS if holder else loading.SHOWN)
    elif value[:1] in "{[" and len(value) > 20 and '"class_name"' in value:
        audit_text(found, value, where, legacy)  # JSON inside JSON


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else ""
