"""Python text with a class to fill in for every class that a file needs and does not hold."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from ..document.model import Document, Era, Writer
from ..document.walk import layers_of
from ..texts import write_comment
from .packages import find_advice, find_package
from .preparation import is_unresolved
from .unresolved import ClassDescription, describe_classes

_IMPORTS: Mapping[Era, str] = {
    Era.KERAS0: "from keras import backend as K\nfrom keras.layers.core import Layer\n",
    Era.KERAS1: "from keras import backend as K\nfrom keras.engine.topology import Layer\n",
    Era.KERAS2: "from keras import backend as K\nfrom keras.layers import Layer\n",
    Era.TF2: "import tensorflow as tf\nfrom tensorflow.keras import backend as K\nfrom tensorflow.keras.layers import Layer\n",
    Era.KERAS3: "import keras\nfrom keras import ops\nfrom keras.layers import Layer\n",
}


def write_stub(document: Document, path: str) -> str:
    """Python text with one class for each missing one, in the ways of the file's writer; empty where none is missing.

    Args:
        document: in the vocabulary of Keras 3 (`writer` says what its program imported).
        path: the file, for the text.
    """
    found = describe_classes(document, [layer for layer in layers_of(document.model) if is_unresolved(layer)])
    if not found:
        return ""
    head = [
        write_comment(f"Classes that {path} needs and does not hold (written by {document.writer})."),
        "#",
        "# Fill in every `call`, then open the file:",
        "#",
        write_comment(f"    anykeras.load_model({path!r}, custom_objects={'my_layers.py'!r})"),
        "#",
        "# Legacy Keras imports are emulated.",
        "",
        _IMPORTS[document.writer.era],
    ]
    return "\n".join(head) + "".join(_write_class(item, document.writer) for item in found)


def _write_class(item: ClassDescription, writer: Writer) -> str:
    name = _make_identifier(item.name)
    lines = ["", "", *_write_registration(item, name, writer), f"class {name}(Layer):", *_write_doc(item)]
    names = _name_arguments(item.arguments)
    parameters = "".join(f", {names[key]}={_write_literal(value)}" for key, value in item.arguments.items())
    lines += [f"    def __init__(self{parameters}, **kwargs):", f"        super({name}, self).__init__(**kwargs)"]
    lines += [f"        self.{attribute} = {attribute}" for attribute in names.values()]
    lines += ["", "    def build(self, input_shape):"]
    lines += [_write_weight(weight, item) for weight in item.weights]
    lines += [f"        super({name}, self).build(input_shape)", ""]
    seen = ", ".join(str(shape) for shape in item.inputs if shape is not None)
    lines += ["    def call(self, x, mask=None):"]
    lines += [write_comment(f"called on {seen}", "        ")] if seen else []
    lines += [f'        raise NotImplementedError("write what {name} computes")', ""]
    lines += ["    def get_config(self):", f"        config = super({name}, self).get_config()"]
    lines += [f"        config[{key!r}] = self.{attribute}" for key, attribute in names.items()]
    return "\n".join([*lines, "        return config", ""])


def _write_registration(item: ClassDescription, name: str, writer: Writer) -> list[str]:
    if not item.registered_name or ">" not in item.registered_name:
        return []
    package, _, registered = item.registered_name.rpartition(">")
    home = {Era.KERAS3: "keras.saving", Era.TF2: "tf.keras.utils"}.get(writer.era)
    return [f"@{home}.register_keras_serializable(package={package!r}, name={registered!r})"] if home else []


def _write_doc(item: ClassDescription) -> list[str]:
    package = find_package(item.name, item.registered_name, item.module)
    facts = [f"layers {', '.join(item.layers)}"] + ([f"probably of {package}"] if package else [])
    facts += [find_advice(item.name)] if find_advice(item.name) else []
    return [f"    {'; '.join(facts) + '.'!r}", ""]


def _write_weight(weight: tuple[str, tuple[int, ...], str], item: ClassDescription) -> str:
    """A weight with the shape that the file has."""
    role, shape, dtype = weight
    short = _short(role)
    taken = [_short(other) for other, _, _ in item.weights]
    attribute = _make_identifier(short if taken.count(short) == 1 else role)
    of_dtype = "" if dtype == "float32" else f", dtype={dtype!r}"
    sizes = "".join(f"{_write_size(role, axis, item)}, " for axis in range(len(shape)))
    call = f"self.add_weight(name={attribute!r}, shape=({sizes.rstrip(' ')}), initializer='zeros'{of_dtype})"
    return f"        self.{attribute} = {call}"


def _write_size(role: str, axis: int, item: ClassDescription) -> str:
    """One size of a weight: a number where all layers of the class agree, else what it goes with in all of them."""
    sizes = [_at(use.weights.get(role, ()), axis) for use in item.uses]
    if len(set(sizes)) <= 1:
        return str(sizes[0])
    reaching = [_at(use.inputs[0] or (), -1) if use.inputs else None for use in item.uses]
    if any(reaching) and all(features in (None, size) for features, size in zip(reaching, sizes, strict=True)):
        return "int(input_shape[-1])"
    for key in item.arguments:
        if sizes == [use.arguments.get(key) for use in item.uses]:
            return f"self.{_name_arguments(item.arguments)[key]}"
    return f"{sizes[0]}"


def _at(shape: Sequence[int | None], axis: int) -> int | None:
    return shape[axis] if -len(shape) <= axis < len(shape) else None


def _short(role: str) -> str:
    """``my_dense_1_W`` as ``W``."""
    last = role.removesuffix(":0").rpartition("/")[2]
    return re.sub(r"^.*_\d+_(?=\w)", "", last)


def _name_arguments(arguments: Iterable[str]) -> dict[str, str]:
    """A parameter for each argument, no two of them alike, and none that the constructor has already."""
    taken = {"self", "kwargs"}
    names: dict[str, str] = {}
    for key in arguments:
        name = _make_identifier(key)
        while name in taken:
            name += "_"
        taken.add(name)
        names[key] = name
    return names


def _make_identifier(text: str) -> str:
    """An ASCII identifier: Python takes other letters in several forms for one."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    name = name if name and not name[0].isdigit() else f"v{name}"
    return name + "_" if keyword.iskeyword(name) else name


def _write_literal(value: object) -> str:
    """A default that can be written; a serialized object is left to the constructor's author."""
    if isinstance(value, list | tuple):
        return "(" + "".join(f"{_write_literal(item)}, " for item in value) + ")"
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    return repr(value) if isinstance(value, bool | int | float | str | None) else "None"
