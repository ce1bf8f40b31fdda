"""What a catalog entry is, and how entries are found.

An entry states facts about one class in one span of eras: which weights it has, in which order its writer saved them,
where Keras 3 keeps them, which of its arguments hold layers, and how shapes go through it. Arguments and their
defaults per Keras version are generated tables (`catalog.signatures`), not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..document.model import Config, Era, Layer, Object, Value
from ..registry import Registry

Shape = tuple[int | None, ...]

OPERATION_LAYERS = frozenset(("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "AddLoss",
                              "AddMetric"))  # fmt: skip
"""Operations in layers' clothes, as tf.keras writes them: they have no weights and take no mask."""


def always(config: Config) -> bool:
    """The condition of a weight that every configuration has."""
    return True


@dataclass(frozen=True)
class Role:
    """One weight of a layer.

    `name` is the last part of the names that the writer gave it; `at` the sub-path in a Keras 3 weights file
    (``cell``, ``query_dense``); `when` whether a configuration has it; `also` other spellings seen in files. Keras 3
    numbers variables unless `stored` names the dataset. A `copy` is a variable of a layer inside (``layer.kernel``) that
    Keras 3 stores a second time; files of other kinds hold it once.
    """

    name: str
    at: str = ""
    trainable: bool = True
    when: Callable[[Config], bool] = always
    also: tuple[str, ...] = ()
    stored: str = ""
    copy: bool = False


Roles = Callable[[Layer], Sequence[Role]]
Completion = Callable[[Layer], Layer]


@dataclass(frozen=True)
class LayerEntry:
    """The facts of one class.

    `children` lists (config key, Keras 3 sub-path) of the layers it holds, in saving order. `completed` adds layers that
    the constructor makes and the file leaves out (the backward half of a Bidirectional). `exported` is the name in
    ``keras.layers`` of a class that calls itself otherwise.
    """

    name: str
    eras: tuple[Era, ...]
    roles: Roles
    aliases: tuple[str, ...] = ()
    children: tuple[tuple[str, str], ...] = ()
    module: str = "keras.layers"
    completed: Completion | None = None
    exported: str = ""


_entries: Registry[tuple[str, Era], LayerEntry] = Registry(
    "layer of the catalog", f"{__package__}.layers", f"{__package__}.keras1_layers"
)

ALL = tuple(Era)
OLD = (Era.KERAS0, Era.KERAS1)
MODERN = (Era.KERAS2, Era.TF2, Era.KERAS3)
LEGACY = (Era.KERAS2, Era.TF2)
NOW = (Era.KERAS3,)


def entry(
    name: str,
    eras: Sequence[Era],
    roles: Sequence[Role] | Roles = (),
    *,
    aliases: Sequence[str] = (),
    children: Sequence[tuple[str, str]] = (),
    module: str = "keras.layers",
    completed: Completion | None = None,
    exported: str = "",
) -> LayerEntry:
    """Add an entry; `roles` is a list, or a function of the layer where they depend on its configuration or shapes."""
    if callable(roles):
        find: Roles = roles
    else:
        fixed = tuple(roles)

        def find(layer: Layer) -> Sequence[Role]:
            return [role for role in fixed if role.when(layer.config)]

    made = LayerEntry(name, tuple(eras), find, tuple(aliases), tuple(children), module, completed, exported)
    for era in made.eras:
        for key in (name, *made.aliases):
            _entries.add((key, era), made)
    return made


def alias(of: str, eras: Sequence[Era], *names: str) -> None:
    """Further names of a class in these eras; the entry itself must exist by now."""
    for era in eras:
        for name in names:
            _entries.add((name, era), _entries[of, era])


def find(class_name: str, era: Era) -> LayerEntry | None:
    """The entry of a class in an era's vocabulary, or None where the catalog does not know it."""
    return _entries.get((class_name, era))


def entries(era: Era) -> list[LayerEntry]:
    """All entries of one era's vocabulary, by name."""
    found = [entry for (name, at), entry in _entries.items() if at is era and name == entry.name]  # under aliases too
    return sorted(found, key=lambda entry: entry.name)


def flag(key: str, default: bool = True) -> Callable[[Config], bool]:
    """A condition for :class:`Role`: the argument `key` is true."""
    return lambda config: bool(config.get(key, default))


# How a layer's dtype policy says that its weights are quantized.


Mode = str
_KINDS: Final = ("int8", "int4", "float8", "gptq", "awq")


def mode_of(config: Config) -> Mode:
    """``""`` for a plain layer, else ``int8``, ``int4``, ``int4 in blocks``, ``float8``, ``gptq`` or ``awq``."""
    dtype = config.get("dtype")
    if isinstance(dtype, Object) and isinstance(dtype.config, Mapping):
        mode, block = dtype.config.get("mode"), dtype.config.get("block_size", 128)
        if dtype.class_name == "DTypePolicy" or not isinstance(mode, str):
            return _find_by_name(dtype.config.get("name"))
        return _name_block(*mode.split("/")) if "/" in mode else _name_block(mode, str(block))
    return _find_by_name(dtype)


def _find_by_name(name: Value) -> Mode:
    if not isinstance(name, str) or "_from_" not in name:
        return ""
    kind, *details = name.partition("_from_")[0].split("/")
    return _name_block(kind, *details)


def _name_block(kind: str, *details: str) -> Mode:
    if kind not in _KINDS:
        return ""
    in_blocks = kind == "int4" and bool(details) and details[0] not in ("-1", "None")
    return "int4 in blocks" if in_blocks else kind
