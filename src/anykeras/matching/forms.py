"""The ways in which the tensors of an atom can become the variables of a layer: what migration makes of a layer of then.

An atom is put into a layer of each class that its writer had with such roles, with the few arguments that shapes tell, and
migrated as a file of that writer is. So every rule about weights serves here, and none is written a second time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from ..catalog import entries, find
from ..catalog.base import OLD, Role, Shape
from ..catalog.layout import join
from ..catalog.signatures import find_signature
from ..document.model import Config, Document, Era, Layer, Value, Writer
from ..document.walk import walk
from ..errors import AnyKerasError
from ..migrations import migrate
from ..tensors import Tensor
from .atoms import Atom
from .places import Place, Places

FIRST, LAST = "channels_first", "channels_last"
_MODES = ("int8", "int4/128", "float8", "gptq/4/128", "awq/4/128")
_BIASES: tuple[Config, ...] = ({}, {"use_bias": False}, {"bias_axes": "a"})
# Arguments that decide which weights a class has, in every combination that the catalog tells apart.
_WAYS: tuple[Config, ...] = (
    {},
    {"use_bias": False, "bias": False},
    {"consume_less": "gpu"},
    {"consume_less": "cpu"},
    {"scale": False},
    {"center": False},
    {"rms_scaling": True},
    {"use_scale": True},
    {"bias_axes": "a"},
    {"renorm": True},
    *({**way, "dtype": f"{mode}_from_float32"} for mode in _MODES for way in _BIASES),
)
_CELLS = ("SimpleRNN", "LSTM", "GRU")
_DIGITS = 4  # of a tensor of an image: rows, columns, inputs, outputs


@dataclass(frozen=True)
class Leaf:
    """One layer of today with the tensors of an atom in its roles."""

    class_name: str
    config: Config
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class Reading:
    """One way to read an atom: as a layer of a class of then, with images laid out in one way where that matters."""

    old_class: str
    layout: str | None
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Form:
    """How an atom becomes the variables of a place; `refused` names a difference that no change of layout bridges."""

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    layout: str | None = None
    old_class: str = ""
    refused: str | None = None

    def __str__(self) -> str:
        steps = dict.fromkeys(step.partition("(")[0] for tensor in self.tensors.values() for step in tensor.steps)
        return ", ".join(steps) or "as stored"


class Forms:
    """The forms of a file's atoms, for the layers of one model."""

    def __init__(self, writer: Writer, places: Places) -> None:
        self.writer = writer
        self._wanted = frozenset(place.class_name for place in places.all)
        self._readings: dict[tuple[Atom, Value], tuple[Reading, ...]] = {}
        self._first: dict[Hashable, Atom] = {}
        self._parts: dict[Atom, Reading] = {}

    def signature(self, atom: Atom) -> Hashable:
        """What atoms have in common that can be read in the same ways."""
        part = self._parts.get(atom)
        whole = (
            (part.old_class, part.layout, part.leaves[0].class_name, repr(part.leaves[0].config)) if part is not None else None
        )
        shapes = tuple((role, tensor.shape, tensor.dtype) for role, tensor in atom.tensors.items())
        return shapes, atom.hint, atom.numbered, whole

    def readings(self, atom: Atom, epsilon: Value = None) -> tuple[Reading, ...]:
        """Every way to read an atom; `epsilon` is that of the BatchNormalization that it is read for."""
        if atom in self._parts:
            return (self._parts[atom],)
        if (atom, epsilon) not in self._readings:
            first = self._first.setdefault((self.signature(atom), epsilon), atom)
            followed = (
                [_follow(reading, first, atom) for reading in self.readings(first, epsilon)] if first is not atom else [None]
            )
            told = [reading for reading in followed if reading is not None]
            whole = tuple(told) if len(told) == len(followed) else tuple(self._read(atom, epsilon))
            self._readings[atom, epsilon] = whole
        return self._readings[atom, epsilon]

    def _read(self, atom: Atom, epsilon: Value) -> Iterator[Reading]:
        for era in (Era.KERAS3, Era.TF2) if self.writer.era is Era.KERAS3 else (self.writer.era,):
            writer = self.writer if era is self.writer.era else replace(self.writer, era=era, library="tf.keras")
            found = False
            for class_name, way, roles in _classes_of(atom, era):
                if epsilon is not None and class_name in ("BatchNormalization", "SyncBatchNormalization"):
                    way = {**way, "epsilon": epsilon}
                for layout, said in _list_arguments(class_name, era, roles, way):
                    config = _list_accepted(class_name, era, said)
                    reading = _migrate(Layer(class_name, atom.name or "layer", config, roles), writer, layout)
                    if reading is not None:
                        found = True
                        yield reading
            if found:
                return

    def fit(self, atom: Atom, place: Place) -> tuple[Form, ...]:
        """The forms in which an atom fits a place; one that is refused by name only where no other fits."""
        if not place.known:
            return tuple(_fit_unknown(atom, place))
        epsilon = place.layer.config.get("epsilon") if "moving_variance" in place.shapes else None
        found = [
            form
            for reading in self.readings(atom, epsilon)
            if len(reading.leaves) == 1
            for form in _fit(reading, reading.leaves[0], place)
        ]
        good = [form for form in found if form.refused is None]
        return tuple(good or found)

    def split(self, atom: Atom) -> tuple[Atom, ...]:
        """The atom, or one for each of the layers that replace it today (a Highway is two Dense).

        An atom of several layers of today is one only where every reading is such.
        """
        readings = self.readings(atom)
        if not readings or any(len(reading.leaves) == 1 for reading in readings):
            return (atom,)
        wanted = [reading for reading in readings if {leaf.class_name for leaf in reading.leaves} <= self._wanted]
        if len(wanted) != 1:
            return (atom,)
        made = []
        for number, leaf in enumerate(wanted[0].leaves):
            owner = (*atom.owner, str(number))
            part = replace(atom, tensors=leaf.tensors, hint=None, generated=None, owner=owner, numbered=False)
            self._parts[part] = replace(wanted[0], leaves=(leaf,))
            made.append(part)
        return tuple(made)

    def renumber(self, atom: Atom, index: int) -> Atom:
        """The atom under another number; what it can be read as stays known."""
        if atom.index == index:
            return atom
        changed = replace(atom, index=index)
        if atom in self._parts:
            self._parts[changed] = self._parts[atom]
        return changed

    def default_arguments(self, atom: Atom, form: Form) -> Config:
        """The arguments that a layer of then has when it is made without any but those that shapes tell."""
        found = [reading for reading in self.readings(atom) if reading.old_class == form.old_class]
        leaves = [leaf for reading in found if reading.layout == form.layout for leaf in reading.leaves]
        return leaves[0].config if len(leaves) == 1 else {}


def _fit(reading: Reading, leaf: Leaf, place: Place) -> Iterator[Form]:
    if not _is_same_class(leaf.class_name, place.class_name) or set(leaf.tensors) != set(place.shapes):
        return
    tensors = {role: leaf.tensors[role] for role in place.shapes}
    misfits = [role for role, shape in place.shapes.items() if shape is not None and not _fits(tensors[role].shape, shape)]
    refused = _refuse(reading, leaf, place, misfits)
    if not misfits or refused is not None:
        yield Form(tensors, reading.layout, reading.old_class, refused)


def _refuse(reading: Reading, leaf: Leaf, place: Place, misfits: list[str]) -> str | None:
    """What an argument of the layer has to be, where that alone is in the way."""
    if leaf.class_name.startswith("GRU") and misfits in (["bias"], []):
        then, now = leaf.config.get("reset_after"), place.layer.config.get("reset_after", True)
        if misfits and isinstance(then, bool) and then != now:
            return f"reset_after={then}"
    if reading.old_class.startswith("CuDNN") and not misfits:
        now = place.layer.config.get("recurrent_activation", "sigmoid")
        if now != "sigmoid":
            return 'recurrent_activation="sigmoid"'
    fixed = leaf.config.get("activation")
    if reading.leaves != (leaf,) or reading.old_class == "Highway":
        now = place.layer.config.get("activation", "linear")
        if isinstance(fixed, str) and fixed != "linear" and isinstance(now, str) and now != fixed and not misfits:
            return f"activation={fixed!r}"
    return None


def _follow(reading: Reading, first: Atom, atom: Atom) -> Reading | None:
    """The same reading of another atom with tensors of the same shapes; None where migration computed other numbers."""
    own = {tensor: atom.tensors[role] for role, tensor in first.tensors.items()}
    leaves = []
    for leaf in reading.leaves:
        followed = {role: tensor.follow(lambda source: own.get(source, source)) for role, tensor in leaf.tensors.items()}
        tensors = {role: tensor for role, tensor in followed.items() if tensor is not None}
        if len(tensors) < len(followed):
            return None
        leaves.append(replace(leaf, tensors=tensors))
    return replace(reading, leaves=tuple(leaves))


def _is_same_class(then: str, now: str) -> bool:
    return then == now or any({then, now} == {name, f"{name}Cell"} for name in _CELLS)


def _fits(shape: tuple[int, ...], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(b is None or a == b for a, b in zip(shape, wanted, strict=True))


def _fit_unknown(atom: Atom, place: Place) -> Iterator[Form]:
    """The tensors for a class that the catalog does not have: by the names of its variables, or in order where the file
    has numbers, as its own code makes them."""
    wanted = dict(place.shapes)
    if atom.numbered or all(role.rpartition("/")[2].isdigit() for role in atom.tensors):
        tensors = dict(zip(wanted, atom.tensors.values(), strict=False)) if len(wanted) == len(atom.tensors) else {}
    else:
        tensors = {role: atom.tensors[role] for role in wanted if role in atom.tensors}
    if len(tensors) == len(wanted) == len(atom.tensors) and all(
        shape is None or _fits(tensors[role].shape, shape) for role, shape in wanted.items()
    ):
        yield Form(tensors)


def _migrate(layer: Layer, writer: Writer, layout: str | None) -> Reading | None:
    """A layer of then as layers of today; None where no layer of then had such weights."""
    if writer.era is Era.KERAS3:
        return Reading(layer.class_name, layout, (Leaf(layer.class_name, layer.config, layer.weights),))
    try:
        document, _ = migrate(Document(layer, replace(writer, data_format=layout), writer.era))
    except AnyKerasError:
        return None
    leaves = tuple(Leaf(inner.class_name, inner.config, inner.weights) for _, inner in walk(document.model) if inner.weights)
    return Reading(layer.class_name, layout, leaves) if leaves else None


def _classes_of(atom: Atom, era: Era) -> Iterator[tuple[str, Config, dict[str, Tensor]]]:
    """The classes of an era that have weights as an atom has, each with the arguments that it takes for them."""
    keys = list(atom.tensors)
    hinted = atom.hint is not None and find(atom.hint, era) is not None
    met: set[tuple[str, tuple[str, ...]]] = set()
    for name, way, roles in _read_table(era):
        if len(roles) != len(keys):
            continue
        named = [_list_names(role) for role in roles] if not atom.numbered else [{str(i)} for i in range(len(roles))]
        numbers = _find_numbers(roles)
        if all(key in keys for key in numbers):
            tensors = {role.name: atom.tensors[key] for role, key in zip(roles, numbers, strict=True)}
        else:
            spelled = [next((key for key in keys if key in names), None) for names in named]
            if None in spelled or len(set(spelled)) != len(keys):
                continue
            tensors = {role.name: atom.tensors[str(key)] for role, key in zip(roles, spelled, strict=True)}
        signature = (name, tuple(tensors))
        if name.startswith("CuDNN") and len(tensors["bias"].shape) != 1:
            continue  # its two biases lie in a row
        if signature not in met and (not hinted or _may_be(name, str(atom.hint))):
            met.add(signature)
            yield name, way, tensors


def _may_be(name: str, hint: str) -> bool:
    """Whether a class can have a generated name of another: what a wrapper holds is named after the wrapper at times."""
    return name == hint or name.removeprefix("CuDNN") == hint.removeprefix("CuDNN") or hint in _WRAPPERS


_WRAPPERS = frozenset({"Bidirectional", "TimeDistributed", "Wrapper", "RNN", "StackedRNNCells", "SpectralNormalization"})


def _list_names(role: Role) -> set[str]:
    return {role.name, *role.also}


def _find_numbers(roles: tuple[Role, ...]) -> list[str]:
    """The keys of roles in a tree: their numbers below where they are kept."""
    counts: dict[str, int] = {}
    keys = []
    for role in roles:
        number = counts.get(role.at, 0)
        counts[role.at] = number + 1
        keys.append(join(role.at, role.stored or str(number)))
    return keys


@cache
def _read_table(era: Era) -> tuple[tuple[str, Config, tuple[Role, ...]], ...]:
    """Every class of an era that has weights, with the arguments for each set of roles that it can have."""
    found = []
    for entry in entries(era):
        ways: dict[tuple[str, ...], Config] = {}
        for way in _WAYS:
            roles = tuple(role for role in entry.roles(Layer(entry.name, "", way)) if not role.copy)
            if roles and tuple(role.name for role in roles) not in ways:
                ways[tuple(role.name for role in roles)] = way
                found.append((entry.name, way, roles))
    return tuple(found)


def _list_arguments(
    class_name: str, era: Era, tensors: Mapping[str, Tensor], way: Config
) -> Iterator[tuple[str | None, Config]]:
    """Arguments that shapes tell, once for each way in which images can have been laid out."""
    kernel = next((tensors[role] for role in ("W", "kernel", "depthwise_kernel", "W_i") if role in tensors), None)
    if era not in OLD or kernel is None:
        yield None, {**way, **_find_units(tensors)}
        return
    rank = len(kernel.shape) - 2
    if class_name.endswith("1D") and len(kernel.shape) == _DIGITS:
        for filters, length in ((kernel.shape[3], kernel.shape[0]), (kernel.shape[0], kernel.shape[2])):
            yield None, {**way, "nb_filter": filters, "filter_length": length}
        return
    if rank < 2 or class_name in _PLAIN:
        yield None, {**way, **_find_units(tensors)}
        return
    for layout, ordering in ((FIRST, "th"), (LAST, "tf")):
        sizes = kernel.shape[2:] if layout == FIRST else kernel.shape[:rank]
        config: dict[str, Value] = {**way, "dim_ordering": ordering, **dict(zip(_SIZES[rank], sizes, strict=True))}
        if class_name.startswith("Deconv"):
            filters = kernel.shape[0] if layout == FIRST else kernel.shape[2]
            config["output_shape"] = (None, filters, *sizes) if layout == FIRST else (None, *sizes, filters)
            config["nb_filter"] = filters
        yield layout, config


def _list_accepted(class_name: str, era: Era, config: Config) -> Config:
    """The arguments that the class had."""
    known = find_signature(class_name, era)
    return config if known is None else {key: value for key, value in config.items() if key in known.defaults}


_PLAIN = frozenset({"MaxoutDense", "LocallyConnected1D", "LocallyConnected2D"})
_SIZES: Mapping[int, tuple[str, ...]] = {2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}


def _find_units(tensors: Mapping[str, Tensor]) -> dict[str, Value]:
    """The sizes that layers are told, under the names of every era."""
    kernel = next((tensors[role] for role in ("W", "kernel", "W_i", "embeddings") if role in tensors), None)
    if kernel is None or not kernel.shape:
        return {}
    recurrent = next((tensors[role] for role in ("U", "recurrent_kernel", "U_i") if role in tensors), None)
    units = recurrent.shape[-2] if recurrent is not None and len(recurrent.shape) > 1 else kernel.shape[-1]
    found: dict[str, Value] = {"output_dim": units, "units": units}
    if len(kernel.shape) > 1:
        found["input_dim"] = kernel.shape[0]
    if len(kernel.shape) == len("bio"):
        found |= {"nb_feature": kernel.shape[0]}
    return found


__all__ = ["FIRST", "LAST", "Form", "Forms", "Leaf", "Reading"]
