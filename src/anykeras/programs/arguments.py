"""A constructor call of its time as the configuration that its layer would have written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..catalog import find
from ..catalog.signatures import MISSING, Signature, find_signature
from ..document.model import Document, Era, Layer, Object, Value, Writer
from ..errors import Unsupported
from ..migrations.engine import apply_all
from ..migrations.rulebook import RuleContext, order_rules
from ..migrations.rules.keras1_spelling import ARGUMENTS
from ..parse.era import KERAS1_WORDS

_HELD = "held by anykeras.programs"
_KERAS1 = Writer(Era.KERAS1, "keras", "1.2.2", "tensorflow")
# What every layer took beside its own arguments, and what of it a configuration never says.
_EVERY = frozenset({"name", "trainable", "dtype", "weights", "input_shape", "batch_input_shape", "batch_size", "input_dim",
                    "input_length", "input_dtype", "dynamic", "experimental_autocast", "autocast", "_name"})  # fmt: skip


# Keras 2 lowered these (keras/utils/conv_utils.py 2.1.5).
_LOWER = ("padding", "data_format")


def class_of_era(class_name: str, era: Era) -> str:
    """The class that a name of an era's modules meant: ``MaxPool2D`` was MaxPooling2D."""
    found = find(class_name, era)
    return class_name if found is None or find_signature(class_name, era) is not None else found.name


def read_arguments(
    class_name: str, args: Sequence[object], kwargs: Mapping[str, object], writer: Writer, data_format: str
) -> tuple[str, dict[str, object]]:
    """The class and its arguments by name, in the vocabulary of the writer.

    Keras 2 took the arguments of Keras 1 too (keras/legacy/interfaces.py): a call that only these fit is brought to the
    vocabulary of Keras 2 by the rules that migrate files.

    Raises:
        Unsupported: more arguments by place than the class ever took.
    """
    name = class_of_era(class_name, writer.era)
    now = find_signature(name, writer)
    if writer.era in (Era.KERAS2, Era.TF2) and _speaks_keras1(name, now, args, kwargs):
        old_name = class_of_era(class_name, Era.KERAS1)
        old = find_signature(old_name, _KERAS1)
        renamed = _rename(kwargs, now)
        if now is not None and _fits(now, args, renamed) and not _gives_sizes_apart(name, now, args):
            return name, _say_format(_bind(name, now, args, renamed), now, writer, data_format)
        if old is not None and _fits(old, args, kwargs):
            own, rest = _split(_bind(old_name, old, args, kwargs))
            new_name, new = _from_keras1(old_name, _say_format(own, old, _KERAS1, data_format))
            return new_name, {**new, **rest}
    call = _bind(name, now, args, kwargs)
    return name, _say_format({**_defaults_of_tensorflow1(name, now, writer), **call}, now, writer, data_format)


def _defaults_of_tensorflow1(name: str, now: Signature | None, writer: Writer) -> dict[str, object]:
    """The defaults of TensorFlow 1 that 2.0 changed: the stamp of both is the same, so that they are written down."""
    old = find_signature(name, "tf.keras 1.15") if writer.tensorflow == 1 else None
    if old is None or now is None:
        return {}
    changed = {key: value for key, value in old.defaults.items() if now.defaults.get(key, MISSING) not in (MISSING, value)}
    return {key: value for key, value in changed.items() if value is not MISSING}


def name_arguments(class_name: str, count: int, writer: Writer) -> list[str]:
    """The names of so many arguments by place; "" where the class has no more."""
    known = find_signature(class_of_era(class_name, writer.era), writer)
    order = [*(known.order if known is not None else ())][:count]
    return order + [""] * (count - len(order))


def _bind(name: str, known: Signature | None, args: Sequence[object], kwargs: Mapping[str, object]) -> dict[str, object]:
    order = known.order if known is not None else ()
    if len(args) > len(order):
        raise Unsupported(
            "AK5010",
            f"{name} is called with {len(args)} positional arguments, more than AnyKeras can name: pass them by keyword",
        )
    call = {**dict(zip(order, args, strict=False)), **kwargs}
    return {key: value.lower() if key in _LOWER and isinstance(value, str) else value for key, value in call.items()}


def _fits(known: Signature, args: Sequence[object], kwargs: Mapping[str, object]) -> bool:
    return len(args) <= len(known.order) and all(key in known.defaults or key in _EVERY for key in kwargs)


def _speaks_keras1(name: str, now: Signature | None, args: Sequence[object], kwargs: Mapping[str, object]) -> bool:
    """Whether a call in Keras 2 is spelled as in Keras 1: ``Convolution2D(32, 3, 3)``, ``Dense(output_dim=3)``."""
    if now is None or KERAS1_WORDS & (kwargs.keys() - {"input_dtype"} - now.defaults.keys()):
        return True
    return not _fits(now, args, kwargs) or _gives_sizes_apart(name, now, args)


def _gives_sizes_apart(name: str, now: Signature, args: Sequence[object]) -> bool:
    """``(32, 3, 3)``: the rows and columns of a kernel by place."""
    sizes = len(args) > 2 and now.order[:2] == ("filters", "kernel_size") and "1D" not in name
    return sizes and all(isinstance(arg, int) for arg in args[:3])


def _rename(kwargs: Mapping[str, object], now: Signature | None) -> dict[str, object]:
    """Arguments by their names of Keras 2 where only the name changed."""
    takes = now.defaults if now is not None else {}
    named = {key if key in takes else ARGUMENTS.get(key, key): value for key, value in kwargs.items()}
    if named.get("data_format") in ("th", "tf", "default"):
        named["data_format"] = {"th": "channels_first", "tf": "channels_last"}.get(str(named["data_format"]))
    return named


def _split(call: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The arguments of the class itself, and those that every layer took."""
    kept = {key for key in call if key in _EVERY}
    return {key: call[key] for key in call if key not in kept}, {key: call[key] for key in kept}


def _say_format(call: dict[str, object], known: Signature | None, writer: Writer, data_format: str) -> dict[str, object]:
    """The call with the data format of the program where it leaves that open; the rank of 1D layers has none."""
    defaults = known.defaults if known is not None else {}
    if "dim_ordering" in defaults and call.get("dim_ordering", "default") in (None, "default"):
        return {**call, "dim_ordering": "th" if data_format == "channels_first" else "tf"}
    if "data_format" in defaults and defaults["data_format"] is None and call.get("data_format") is None:
        return {**call, "data_format": data_format}
    return call


def _from_keras1(class_name: str, config: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The class and arguments of Keras 2 for those of Keras 1."""
    held: list[object] = []
    values = {key: _hold(value, held) for key, value in config.items()}
    layer = Layer(class_name, class_name.lower(), values)
    rules = [rule for rule in order_rules(Era.KERAS2) if Era.KERAS1 in rule.eras]
    document = Document(layer, _KERAS1, Era.KERAS1)
    changed = apply_all(rules, replace(document).model, RuleContext(_KERAS1, Era.KERAS2, []))
    if changed.graph is not None:
        raise Unsupported("AK5010", f"{class_name} is not a single layer in Keras 2: call it by its arguments of Keras 2")
    return changed.class_name, {key: _release(value, held) for key, value in changed.config.items()}


def _hold(value: object, held: list[object]) -> Value:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list) and all(isinstance(item, int | str | None) for item in value):
        return tuple(value)
    held.append(value)
    return Object(_HELD, {"number": len(held) - 1})


def _release(value: object, held: Sequence[object]) -> object:
    if isinstance(value, Object) and isinstance(value.config, Mapping):
        if value.class_name == _HELD:
            return held[int(str(value.config["number"]))]
        return {"class_name": value.class_name, "config": dict(value.config)}
    return value
