"""What every container gives: a match with its evidence, and a Raw: all that is in the box, nothing believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from ..errors import Bug
from ..limits import Budget, budget
from ..tensors import Tensor
from .folder import Folder
from .source import ByteSource

if TYPE_CHECKING:
    from .savedmodel.graph import GraphFile

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Match:
    """Which container the bytes at `path` are, and why.

    A match that :func:`sniff` gives is read once, from the bytes that were looked at; the one of a `Raw` only tells.
    Where a path is taken, it stands for the file: several verbs then share the bytes, and what was parsed of them.
    """

    name: str
    path: str
    evidence: str
    container: Container | None = field(default=None, repr=False, compare=False)
    source: ByteSource | None = field(default=None, repr=False, compare=False)
    folder: Folder | None = field(default=None, repr=False, compare=False)  # inside of an archive, where it is meant

    def __fspath__(self) -> str:
        """The path."""
        return self.path

    def read(self) -> Raw:
        """Everything in the box. Raises AnyKerasError: Malformed, LimitExceeded, Unsupported or NotAModel."""
        if self.container is None:
            raise Bug("AK6009", "a match is read that no container made", part=self.path)
        raw = self.container.read(self)
        return replace(raw, match=replace(raw.match, container=None, source=None, folder=None))

    def require_source(self) -> ByteSource:
        """The bytes that were looked at."""
        if self.source is None:
            raise Bug("AK6009", "a match is read that holds no bytes", part=self.path)
        return self.source


@dataclass(frozen=True)
class WeightGroup:
    """The weights saved for one layer of the top level: (name in the file, tensor), in the order of the file."""

    name: str
    weights: tuple[tuple[str, Tensor], ...]


@dataclass(frozen=True)
class NamedWeights:
    """Weights by layer, as legacy HDF5 files hold them; `indexed` where layers and weights have numbers, not names.

    `listed` are plain arrays in the order of ``get_weights``: nothing says who wrote them, or where a layer begins.
    `scattered` are the variables of a whole program (``tf.train.Saver``): in no order, under whatever scopes, and perhaps
    beside those of other models; a group is what shares the outermost scope.
    """

    groups: tuple[WeightGroup, ...]
    indexed: bool = False
    listed: bool = False
    scattered: bool = False


@dataclass(frozen=True)
class TreeWeights:
    """Weights by object path (``layers/dense_1/vars/0``), as Keras 2.12 to 3 hold them.

    `names` gives the layer's name by object path (``layers/dense_1``) where the writer left it (Keras 3.6 and later).
    `padded` tells that the model itself has a group for weights of its own, empty or not, as Keras up to 3.6 writes it.
    """

    tensors: Mapping[str, Tensor]
    names: Mapping[str, str] = field(default_factory=dict)
    padded: bool = False


@dataclass(frozen=True)
class Asset:
    """A further file inside the box (a vocabulary); read only when asked for, up to the limit."""

    name: str
    size: int
    read: Callable[[], bytes] = field(repr=False)


@dataclass(frozen=True)
class Kept:
    """What `anykeras.save_model` left beside the model: notes of who wrote it, and a recording of inputs and outputs.

    `notes` are JSON values that the file says. `find_changed` reads the members whose hashes are noted, and names those
    that are not as they were written.
    """

    notes: Mapping[str, Json]
    recording: Asset | None
    find_changed: Callable[[], tuple[str, ...]] = field(repr=False, compare=False)


@dataclass(frozen=True)
class OwnedSlot:
    """A tensor that an optimizer keeps for one weight: of which kind (``m``), and the origin of that weight."""

    kind: str
    owner: str
    tensor: Tensor


@dataclass(frozen=True)
class Raw:
    """Everything in the box.

    `architecture` is the parsed configuration text (JSON values) and `part` the name of the place it came from.
    `attributes` are stamps (``keras_version``, ``backend``, ``date_saved``). `training` is the compile configuration,
    `optimizer` the optimizer's tensors in file order with their names there, `slots` those of which the file itself says
    whose they are. `leftovers` names what no reader claims. `budget` is what is left of the work that the file may cause, from
    reading on.
    """

    match: Match
    architecture: Json = None
    part: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    weights: NamedWeights | TreeWeights | None = None
    training: Json = None
    optimizer: tuple[tuple[str, Tensor], ...] = ()
    slots: tuple[OwnedSlot, ...] = ()
    assets: Mapping[str, Asset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    weights_path: str | None = None  # the weights file of an architecture file
    data_format: str | None = None  # of images in layers that do not write it, where the user says it
    kept: Kept | None = None  # what `anykeras.save_model` left beside the model
    apart: tuple[Raw, Raw] | None = None  # the two files that an architecture and its weights came from
    graph: GraphFile | None = field(default=None, repr=False, compare=False)  # of operations, where the file has one
    budget: Budget = field(default_factory=budget, repr=False, compare=False)

    def with_weights(self, other: Raw) -> Raw:
        """An architecture file with the weights, stamps and optimizer of the weights file that goes with it."""
        trained = other if other.optimizer or other.slots else self
        return replace(
            self,
            weights=other.weights,
            weights_path=other.match.path,
            attributes={**other.attributes, **self.attributes},
            optimizer=trained.optimizer,
            slots=trained.slots,
            apart=(self, other),
        )


class Container(Protocol):
    """A kind of file: `match` looks at bytes only; `read` reads what `match` recognised."""

    name: str

    def match(self, path: str, head: bytes) -> str | None:
        """The evidence that the bytes are of this kind, or None when they are something else."""

    def read(self, match: Match) -> Raw:
        """Everything in the box. Raises Malformed, LimitExceeded or NotAModel."""
