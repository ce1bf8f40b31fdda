"""The document: one typed, frozen form for a model of any era. Everything after parsing meets here.

A model is a layer that has a graph. A wrapper is a layer whose configuration holds layers. So one class serves for
``Dense``, ``Bidirectional`` and a whole network, and a walk over a document is a walk over layers.

A configuration is made of None, bool, int, float, str, bytes, tuple, Mapping and the value classes below. A JSON list is
a tuple here; nothing in a document is ever changed in place.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple, Union

from ..findings import Finding
from ..tensors import Tensor


@dataclass(frozen=True)
class FromFile:
    """What the file says is all that is known: the origin of everything that a parser makes."""


@dataclass(frozen=True, eq=False)
class FromUser:
    """A class or function from ``custom_objects``, in place of what the file names. `value` is it."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FromUser) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


@dataclass(frozen=True)
class Deferred:
    """A layer of a package, replaced by native layers as soon as it is known which shapes and masks reach it.

    `make` is what replaces it, a lifter of :mod:`anykeras.recovery.code_sites`.
    """

    make: Callable[..., Any]


@dataclass(frozen=True)
class Unresolved:
    """An optimizer, loss or metric that Keras 3 does not have, until it is known whether custom_objects has it."""


Origin = FromFile | FromUser | Deferred | Unresolved
"""Where the meaning of a name comes from. No parser sets it, so nothing that a file says can pass for ours or the user's."""
FROM_FILE: Final = FromFile()
UNRESOLVED: Final = Unresolved()


class Era(enum.StrEnum):
    """The vocabulary that a document speaks, oldest first."""

    KERAS0 = "keras0"
    KERAS1 = "keras1"
    KERAS2 = "keras2"
    TF2 = "tf2"
    KERAS3 = "keras3"

    @property
    def rank(self) -> int:
        """Position in time, from 0."""
        return list(Era).index(self)


@dataclass(frozen=True)
class Ref:
    """One tensor of a graph: output `tensor` of call `node` (both from 0) of the layer named `layer`."""

    layer: str
    node: int = 0
    tensor: int = 0


@dataclass(frozen=True)
class Object:
    """A serialized object that is not a layer: initializer, regularizer, policy, loss ...

    `module` and `registered_name` are what the file says, or None where its format has no such keys. `origin` says
    where the object comes from.
    """

    class_name: str
    config: Mapping[str, Value] | str = field(default_factory=dict)
    module: str | None = None
    registered_name: str | None = None
    origin: Origin = FROM_FILE


@dataclass(frozen=True)
class Code:
    """Python code found in the file, exactly as it was spelled there; never run.

    `stored` is the raw value (text, list or mapping), `kind` how its container labels it (``lambda``, ``function``).
    """

    stored: Value
    kind: str = "lambda"
    module: str | None = None


@dataclass(frozen=True)
class Slice:
    """A Python slice inside a call."""

    start: Value = None
    stop: Value = None
    step: Value = None


@dataclass(frozen=True)
class Ellipsis_:
    """The ``...`` of an index."""


@dataclass(frozen=True)
class Dtype:
    """A dtype named as such (``tf.float32`` in an op layer)."""

    name: str


Value = Union[
    None, bool, int, float, str, bytes, tuple["Value", ...], Mapping[str, "Value"],
    Ref, Object, Code, Slice, Ellipsis_, Dtype, Tensor, "Layer",
]  # fmt: skip
Config = Mapping[str, Value]


class Member(NamedTuple):
    """The step to a layer of a graph: its name, and which one of that name it is (names may repeat, or lack)."""

    name: str
    number: int = 0


Step = Member | str | int
"""One step of a path: a member of a graph, a key of a configuration (or of a mapping in it), an index of a tuple."""
Path = tuple[Step, ...]
"""The way from a layer to one inside it; ``()`` is the layer itself. No two layers of a tree have the same path."""

# What is never a layer and holds none. Nearly all of a configuration are such, and pass without a further look.
LEAVES: Final = frozenset({type(None), bool, int, float, str, bytes, Ref, Object})


@dataclass(frozen=True)
class Call:
    """One call of a layer: its arguments, in which every tensor is a :class:`Ref`."""

    args: tuple[Value, ...] = ()
    kwargs: Config = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """The inside of a model.

    `layers` in the order of the file. `calls[name]` are the calls of that layer in node order, so ``Ref(name, 1)`` is
    the outcome of its second call whatever the order of `layers`. A sequential model has no calls: each layer is
    called once, on the outcome of the one before.
    """

    layers: tuple[Layer, ...]
    calls: Mapping[str, tuple[Call, ...]] = field(default_factory=dict)
    inputs: Value = ()
    outputs: Value = ()
    sequential: bool = False

    def layer(self, name: str) -> Layer:
        """The layer called `name`; raises KeyError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    @cached_property
    def members(self) -> tuple[tuple[Path, Layer], ...]:
        """The layers in their order, with the way to each."""
        met: dict[str, int] = {}
        found: list[tuple[Path, Layer]] = []
        for layer in self.layers:
            number = met.get(layer.name, 0)
            met[layer.name] = number + 1
            found.append(((Member(layer.name, number),), layer))
        return tuple(found)


@dataclass(frozen=True)
class Layer:
    """A layer, an operation, or (with a graph) a model.

    `config` holds constructor arguments without the name; layers inside it are :class:`Layer` values. `weights` are
    this layer's own tensors by role (``kernel``, ``bias``), not those of layers inside. `address` says where in the
    document it was found. `operation` marks a node that is a function of ``keras.ops`` and not a layer.

    `class_name` has its package before it (``Custom>Attention``) where it is not the built-in class of that name.
    `module` and `registered_name` are what the file says; `origin` says where the class comes from.
    """

    class_name: str
    name: str
    config: Config = field(default_factory=dict)
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    graph: Graph | None = None
    module: str | None = None
    registered_name: str | None = None
    address: str = ""
    operation: bool = False
    origin: Origin = FROM_FILE

    @property
    def bare_class_name(self) -> str:
        """The class name without the package before it."""
        return self.class_name.rpartition(">")[2]

    @cached_property
    def held(self) -> tuple[tuple[Path, Layer], ...]:
        """The layers in the configuration (wrapped, cells), with the way to each."""
        if LEAVES.issuperset(map(type, self.config.values())):
            return ()
        return tuple(pair for key, value in self.config.items() for pair in _find_layers(value, (key,)))

    @cached_property
    def class_names(self) -> frozenset[str]:
        """The class names of this layer and of every layer inside it."""
        inside = (*self.held, *(self.graph.members if self.graph is not None else ()))
        return frozenset((self.class_name,)).union(*(layer.class_names for _, layer in inside))

    def with_config(self, **changes: Value) -> Layer:
        """A copy with these arguments set."""
        return replace(self, config={**self.config, **changes})

    def without(self, *keys: str) -> Layer:
        """A copy without these arguments."""
        return replace(self, config={k: v for k, v in self.config.items() if k not in keys})

    def with_weights(self, **changes: Tensor) -> Layer:
        """A copy with these weights set."""
        return replace(self, weights={**self.weights, **changes})


def _find_layers(value: Value, path: Path) -> Iterator[tuple[Path, Layer]]:
    if isinstance(value, Layer):
        yield path, value
    elif isinstance(value, tuple):
        if LEAVES.issuperset(map(type, value)):
            return
        for index, item in enumerate(value):
            yield from _find_layers(item, (*path, index))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_layers(item, (*path, key))


@dataclass(frozen=True)
class Evidence:
    """One witness of who wrote a file: where it was seen, and what it says."""

    where: str
    says: str


@dataclass(frozen=True)
class Writer:
    """Who wrote the file, as far as the evidence goes.

    `library` is ``keras``, ``tf.keras`` or ``tf_keras``; `version` is what the file is stamped with or the oldest
    version that fits; `data_format` is ``channels_first`` or ``channels_last`` where the file decides it, or the user
    (`data_format_given`); `tensorflow` is the major version of TensorFlow where a file of ``tf.keras`` tells it.
    """

    era: Era
    library: str = "keras"
    version: str | None = None
    backend: str | None = None
    data_format: str | None = None
    evidence: tuple[Evidence, ...] = ()
    tensorflow: int | None = None
    data_format_given: bool = False

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, () where unknown."""
        return parse_release(self.version)

    def as_dict(self) -> dict[str, str | list[str] | None]:
        """What is known, with its evidence, as plain JSON values."""
        return {
            "library": self.library,
            "version": self.version,
            "era": str(self.era),
            "backend": self.backend,
            "data_format": self.data_format,
            "evidence": [f"{e.where}: {e.says}" for e in self.evidence],
        }

    def __str__(self) -> str:
        on = f" on {self.backend}" if self.backend else ""
        return f"{self.library} {self.version or f'({self.era})'}{on}"


def parse_release(version: str | None) -> tuple[int, ...]:
    """The numbers of a version such as ``"2.2.4-tf"``, () where there is none."""
    return tuple(int(part) for part in (version or "").split("-")[0].split(".") if part.isdigit())


@dataclass(frozen=True)
class Training:
    """What the file says about training.

    `config` is the compile configuration in the keys of Keras 3 (``optimizer``, ``loss``, ``loss_weights``, ``metrics``,
    ``weighted_metrics``), its values in the vocabulary of the document. `counters` are scalars of the optimizer
    (``iterations``, ``learning_rate``). `slots` are its other variables, by kind and by the weight that they belong to:
    those of the file until training is resolved, then those of the model. A weight without a slot was not trained.
    `verbatim` are the variables of a Keras 3 optimizer whose slots are not shaped like weights, as they
    are. `unbound` names tensors of the optimizer that could not be placed.
    """

    config: Config = field(default_factory=dict)
    counters: Mapping[str, Tensor] = field(default_factory=dict)
    slots: Mapping[str, Mapping[Tensor, Tensor]] = field(default_factory=dict)
    verbatim: tuple[Tensor, ...] = ()
    unbound: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A model file, understood. `era` is the vocabulary it speaks now; `writer` never changes.

    `findings` are what had to be concluded to parse it.
    """

    model: Layer
    writer: Writer
    era: Era
    training: Training | None = None
    findings: tuple[Finding, ...] = ()


def refs(value: Value) -> list[Ref]:
    """All refs inside a structure of arguments, from left to right."""
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, tuple):
        return [r for item in value for r in refs(item)]
    if isinstance(value, Mapping):
        return [r for item in value.values() for r in refs(item)]
    return []


def number_depth(value: Value) -> int | None:
    """The rank of the array that nested rows of numbers are, 0 for one number; None for what is none."""
    if isinstance(value, bool | int | float):
        return 0
    if not isinstance(value, tuple) or not value:
        return None
    depths = {number_depth(item) for item in value}
    inner = depths.pop()
    return None if depths or inner is None else inner + 1
