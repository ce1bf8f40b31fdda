"""A checkpoint of ``tf.train.Saver``: the variables of a program by their names, and whose each is by how names lie.

No variable lies below another one but what an optimizer, a moving average or a batch normalization keeps for it. So nothing
here knows how the layers are called, or under which scopes the program built them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ...errors import Malformed
from ...tensors import Tensor
from ..base import NamedWeights, OwnedSlot, WeightGroup
from ..wire.messages import BundleEntry
from .bundle import STRING, Bundle
from .state import RATE, STEPS, SavedState

AVERAGE = "ExponentialMovingAverage"
_KINDS = {
    "Adam": "m", "Adam_1": "v", "RMSProp": "rms", "RMSProp_1": "momentum", "Adagrad": "accumulator",
    "Adadelta": "accum_grad", "Adadelta_1": "accum_var", "Ftrl": "accumulator", "Ftrl_1": "linear",
}  # fmt: skip
"""Slots of the optimizers of ``tf.train`` (tensorflow/python/training, 1.15.5), as OptimizerV2 of tf.keras calls them.

``Momentum`` is not among them: it sums gradients, where Keras sums the steps that were made of them."""
_CENTERED = {**_KINDS, "RMSProp_1": "mg", "RMSProp_2": "momentum"}
_INTERNAL = re.compile(r"(biased|local_step)(_\d+)?\Z")  # of zero_debias_moving_averages, which no Keras file keeps
_COUNTS = ("iter", "iterations")
_RATES = ("learning_rate", "lr")
_PRODUCTS = ("momentum_cache", "m_schedule")
_STEP = "global_step"
_POWER = re.compile(r"beta[12]_power\Z")


@dataclass(frozen=True)
class NamedVariables:
    """The variables of a program: those of its layers, and what its optimizers keep.

    `averages` counts the weights of which it keeps a moving average too.
    """

    weights: NamedWeights
    state: SavedState
    averages: int = 0


def read_named(bundle: Bundle) -> NamedVariables:
    """What the names of the variables tell. Raises Malformed (AK1154) where there is none."""
    entries = {key: entry for key, entry in bundle.entries.items() if entry.dtype != STRING}
    owners = {key: owner for key in entries if (owner := _find_owner(key, entries)) is not None}
    names = sorted(entries)
    heads = [key for key in entries if key not in owners and _is_count_of_optimizer(key, entries, names, owners)]
    optimizers = {head.split("/")[-2] for head in heads}
    aside = {key for key in entries if key in owners or _is_kept_aside(key, optimizers)}
    groups: dict[str, list[tuple[str, Tensor]]] = {}
    for key in entries:
        if key not in aside:
            groups.setdefault(key.partition("/")[0], []).append((f"{key}:0", bundle.tensor(key)))
    if not groups:
        raise Malformed("AK1154", "the checkpoint holds no tensor", part=bundle.name)
    weights = NamedWeights(tuple(WeightGroup(name, tuple(found)) for name, found in groups.items()), scattered=True)
    averages = sum(key.endswith(f"/{AVERAGE}") for key in owners)
    return NamedVariables(weights, _read_state(bundle, entries, owners, heads), averages)


def _find_owner(key: str, entries: Mapping[str, BundleEntry]) -> str | None:
    """The variable that another one is kept for: the one whose whole name stands before the last part of its own."""
    parts = key.split("/")[:-1]
    for start in range(len(parts)):
        owner = "/".join(parts[start:])
        if owner in entries and (start == 0 or entries[owner].sizes == entries[key].sizes):
            return owner
    return None


def _is_count_of_optimizer(
    key: str, entries: Mapping[str, BundleEntry], names: Sequence[str], owners: Mapping[str, str]
) -> bool:
    """Whether a variable counts the steps of an optimizer of Keras: beside it are scalars alone, and slots below.

    `names` are the keys of `entries`, sorted.
    """
    scope, _, last = key.rpartition("/")
    if last not in _COUNTS or not scope or entries[key].sizes:
        return False
    inside = f"{scope}/"
    behind = (names[at] for at in range(bisect_left(names, inside), len(names)))
    beside = takewhile(lambda other: other.startswith(inside), behind)
    return all(other in owners or ("/" not in other[len(inside) :] and not entries[other].sizes) for other in beside)


def _is_kept_aside(key: str, optimizers: set[str]) -> bool:
    *scopes, last = key.split("/")
    return last == _STEP or _POWER.match(last) is not None or not optimizers.isdisjoint(scopes)


def _read_state(bundle: Bundle, entries: Mapping[str, BundleEntry], owners: Mapping[str, str], heads: list[str]) -> SavedState:
    """The slots, each with its owner, or in the order in which they were made where names tell no owner."""
    counters = dict(_read_counters(bundle, entries, heads))
    slots = tuple(_read_slots(bundle, owners))
    listed: tuple[tuple[str, Tensor], ...] = ()
    if not slots and len(heads) == 1:
        name = heads[0].split("/")[-2]
        kept = [key for key in entries if key not in owners and key.split("/")[-2:-1] == [name] and "/" in key]
        made = sorted((key for key in kept if key.rpartition("/")[0] != heads[0].rpartition("/")[0]), key=_put_in_order)
        listed = tuple((key, bundle.tensor(key)) for key in made)
    return SavedState(counters, slots, listed)


def _put_in_order(key: str) -> tuple[tuple[int, int | str], ...]:
    """A key that sorts ``Variable``, ``Variable_2``, ``Variable_10`` and ``m_2_1``, ``m_10_1``, ``v_0_1`` as they were made."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"_?(\d+)", key) if part)


def _read_counters(bundle: Bundle, entries: Mapping[str, BundleEntry], heads: list[str]) -> Iterator[tuple[str, Tensor]]:
    """The count of steps, the learning rate and the product of Nadam, where there is one optimizer."""
    steps = [key for key in entries if key.rpartition("/")[2] == _STEP]
    counts = heads or steps
    if len(counts) != 1:
        return
    yield STEPS, bundle.tensor(counts[0])
    scope = counts[0].rpartition("/")[0]
    for name, ways in ((RATE, _RATES), ("u_product", _PRODUCTS)):
        found = next((f"{scope}/{way}" for way in ways if heads and f"{scope}/{way}" in entries), None)
        if found is not None:
            yield name, bundle.tensor(found)


def _read_slots(bundle: Bundle, owners: Mapping[str, str]) -> Iterator[OwnedSlot]:
    lasts = {key: key.rpartition("/")[2] for key in owners}
    kinds = _CENTERED if "RMSProp_2" in lasts.values() else _KINDS
    for key, last in lasts.items():
        if last != AVERAGE and not _INTERNAL.match(last):
            yield OwnedSlot(kinds.get(last, last), owners[key], bundle.tensor(key))
