"""What lowering gives: everything that a file, or a live model, is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ...catalog.layout import Access, StoredLayer, VariableSpec, specs_of
from ...catalog.releases import BARE_GROUPS
from ...document.model import Layer
from ...tensors import Tensor
from .minors import spells

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Binding:
    """One variable of the target and the tensor that fills it."""

    spec: VariableSpec
    tensor: Tensor

    @property
    def path(self) -> str:
        """Where a ``.keras`` file keeps it: ``layers/dense_1/vars/0``."""
        return self.spec.path


@dataclass(frozen=True)
class Owner:
    """A live object that has variables: the way to it from the model, and its tensors by dataset, in Keras's order."""

    path: str
    steps: tuple[Access, ...]
    name: str
    tensors: Mapping[str, Tensor]


@dataclass(frozen=True)
class LoweredTraining:
    """`config` for ``Model.compile_from_config``; `variables` are all of the optimizer's, () where it starts fresh.

    Those of layers of custom classes are not among them, as only a live model knows their order: `custom` has their slots
    by kind, a copy of each layer in the order of ``Lowered.custom``; `scalars` come before all slots, and `groups` are the
    kinds that follow each other for one variable.
    """

    config: dict[str, Json]
    variables: tuple[Tensor, ...] = ()
    custom: Mapping[str, tuple[Layer, ...]] = field(default_factory=dict)
    scalars: int = 0
    groups: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Lowered:
    """A model in the words of one Keras 3 minor.

    `config` is the JSON value of ``config.json``. `bindings` are all variables that the file stores, in Keras's order;
    empty where the document has no weights at all. `expected` is how many variables the model has. `renamed` gives the
    name in the document for each name that had to change. `custom` are the layers of classes from custom_objects: what
    they hold in a live model only their classes know. `holders` are all layers with the places of their state.
    """

    config: dict[str, Json]
    bindings: tuple[Binding, ...]
    expected: int
    minor: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    training: LoweredTraining | None = None
    custom: tuple[StoredLayer, ...] = ()
    holders: tuple[StoredLayer, ...] = ()

    def empty_groups(self) -> list[str]:
        """The groups of variables that hold none and that Keras of the minor looks for all the same."""
        if spells(self.minor, BARE_GROUPS):
            return []
        first = [holder for holder in self.holders if not holder.again]
        parts = [spec.owner for spec in specs_of(first)]
        homes = {path.strip("/") for path in (*(holder.home for holder in first), *parts)}
        filled = {binding.spec.owner for binding in self.bindings}
        return [f"{home}/vars".strip("/") for home in sorted(homes - filled)]

    @property
    def weights(self) -> dict[str, Tensor]:
        """The tensors by path in ``model.weights.h5``."""
        return {binding.path: binding.tensor for binding in self.bindings}

    def owners(self) -> Iterator[Owner]:
        """The tensors by the object that has them, in Keras's order."""
        groups: dict[str, list[Binding]] = {}
        for binding in self.bindings:
            groups.setdefault(binding.spec.owner, []).append(binding)
        for path, group in groups.items():
            first = group[0].spec
            yield Owner(path, first.steps, first.layer.name, {binding.spec.key: binding.tensor for binding in group})


def tensor_of(layer: Layer, role: str) -> Tensor | None:
    """The tensor of a role; ``layer.kernel`` is that of the layer in ``config["layer"]``."""
    key, _, inner = role.partition(".")
    held = layer.config.get(key)
    return tensor_of(held, inner) if inner and isinstance(held, Layer) else layer.weights.get(role)
