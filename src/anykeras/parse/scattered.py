"""The weights of one model out of the variables of a whole program, which ``tf.train.Saver`` keeps by their names alone.

A variable belongs to the layer whose name is among its scopes. Scopes before it are those that the program built the model
under, and a number behind it tells a second model that was built from the same code; both are the same for all layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..containers.base import NamedWeights, WeightGroup
from ..document.model import Layer
from ..document.walk import layers_of, list_children
from ..errors import Malformed, Undecided
from ..findings import Affects, Fidelity, Finding
from ..tensors import Tensor

_COPY = re.compile(r"(.+)(_\d+)\Z", re.DOTALL)

Way = tuple[str, str]
"""The scopes before the names of the layers, and what stands behind these."""


@dataclass
class _Variables:
    """The variables of one model by the layer of the top level."""

    groups: dict[str, list[tuple[str, Tensor]]] = field(default_factory=dict)

    def holds(self, wanted: Mapping[str, int | None]) -> bool:
        """Whether every layer has as many as it takes; any number will do where nobody knows."""
        if not wanted.keys() <= self.groups.keys():
            return False
        return all(count in (None, len(self.groups[name])) for name, count in wanted.items())


def gather_weights(weights: NamedWeights, tops: Sequence[Layer], wanted: Mapping[str, int | None], part: str) -> NamedWeights:
    """The weights by layer of the top level.

    Args:
        weights: the variables of a program.
        tops: the layers of the top level.
        wanted: by name how many weights each of these takes that takes some; None where nobody knows.
        part: what the weights are called in messages.

    Raises:
        Undecided: the program had the model several times, and each has other variables.
    """
    homes = {inner.name: top.name for top in tops for inner in layers_of(top) if inner.name}
    homes |= {top.name: top.name for top in tops}
    ways: dict[Way, _Variables] = {}
    for name, tensor in (pair for group in weights.groups for pair in group.weights):
        for way, layer in _list_ways(name.removesuffix(":0").split("/")[:-1], homes):
            ways.setdefault(way, _Variables()).groups.setdefault(homes[layer], []).append((name, tensor))
    whole = [way for way, found in ways.items() if found.holds(wanted)]
    if len(whole) > 1 and ("", "") not in whole:
        raise Undecided(
            "AK1217",
            f"the checkpoint holds the model {len(whole)} times: {', '.join(_spell(way, tops) for way in whole[:4])}",
            part=part,
            next_step="Build the model, and say with anykeras.load_weights(model, path, layers={...}) which layer each is:"
            f" layers={{{_spell(whole[0], tops)!r}: {tops[-1].name!r}, ...}}.",
        )
    if not whole:
        raise _refuse(weights, ways, wanted, part)
    groups = ways[("", "") if ("", "") in whole else whole[0]].groups
    return NamedWeights(tuple(WeightGroup(top.name, tuple(groups.get(top.name, ()))) for top in tops))


def _refuse(weights: NamedWeights, ways: Mapping[Way, _Variables], wanted: Mapping[str, int | None], part: str) -> Malformed:
    best = max(ways.values(), key=lambda found: len(found.groups), default=_Variables())
    missing = [name for name, count in wanted.items() if len(best.groups.get(name, ())) < (count or 1)]
    held = ", ".join(sorted({name.rpartition("/")[0] for group in weights.groups for name, _ in group.weights})[:6])
    what = f"no weights for {missing[0]!r}" if missing else "more weights for a layer than it takes"
    return Malformed(
        "AK1205",
        f"the checkpoint holds {what}; it has variables under: {held}",
        part=part,
        layer=missing[0] if missing else None,
        next_step="Give the architecture that the program saved; or build the model and call anykeras.load_weights:"
        " it goes by numbers and shapes where names differ.",
    )


def _list_ways(scopes: Sequence[str], homes: Mapping[str, str]) -> Iterator[tuple[Way, str]]:
    """How the scopes of a variable lead to a layer: by the first that has the name of one, else one with a number behind."""
    for at, scope in enumerate(scopes):
        if scope in homes:
            yield ("/".join(scopes[:at]), ""), scope
            return
    for at, scope in enumerate(scopes):
        copy = _COPY.match(scope)
        if copy is not None and copy[1] in homes:
            yield ("/".join(scopes[:at]), copy[2]), copy[1]
            return


def _spell(way: Way, tops: Sequence[Layer]) -> str:
    """The last layer as it is called that way."""
    return "/".join(filter(None, (way[0], f"{tops[-1].name}{way[1]}")))


def name_halves(layer: Layer, group: WeightGroup) -> WeightGroup:
    """The weights of a Bidirectional, each under the name of its half.

    TensorFlow 1.4 to 1.8 named both after the cell: the half that is built second, which is the backward one, has a number
    more (``Bidirectional.build``, tensorflow/python/keras/layers/wrappers.py 1.8).
    """
    halves = [inner.name for step, inner in list_children(layer)]
    scopes = sorted({name.rpartition("/")[0] for name, _ in group.weights}, key=lambda scope: (len(scope), scope))
    plain = {copy[1] if (copy := _COPY.match(scope)) else scope for scope in scopes}
    if (
        len(halves) != 2
        or len(scopes) != 2
        or len(plain) != 1
        or any(half in name for half in halves for name, _ in group.weights)
    ):
        return group
    owners = dict(zip(scopes, halves, strict=True))
    renamed = (
        (f"{group.name}/{owners[name.rpartition('/')[0]]}/{name.rpartition('/')[2]}", tensor) for name, tensor in group.weights
    )
    return WeightGroup(group.name, tuple(renamed))


def refuse_names(layer: Layer, group: WeightGroup, part: str) -> Malformed:
    """Names that do not say which weight of a layer each is: in a checkpoint of names nothing else does."""
    names = ", ".join(name.removesuffix(":0") for name, _ in group.weights[:4])
    return Malformed(
        "AK1207",
        f"the names of the weights of {layer.class_name} {layer.name!r} do not tell which is which: {names}",
        part=part,
        layer=layer.name,
        next_step="Build the model and call anykeras.load_weights(model, path, layers={...}), which takes what you know.",
    )


def report_others(weights: NamedWeights, model: Layer) -> tuple[Finding, ...]:
    """One finding for the variables of a program that are in no layer of the model."""
    taken = {leaf.origin for layer in layers_of(model) for tensor in layer.weights.values() for leaf in tensor.leaves()}
    others = [
        name.removesuffix(":0") for group in weights.groups for name, tensor in group.weights if tensor.origin not in taken
    ]
    if not others:
        return ()
    more = f" and {len(others) - 4} more" if len(others) > 4 else ""
    seen = f"the checkpoint holds {len(others)} variables that belong to no layer of the model: {', '.join(others[:4])}{more}"
    done = "left out: a checkpoint of tf.train.Saver holds the variables of the whole program"
    return (Finding("AK1218", "model", seen, done, Fidelity.EXACT, Affects.NOTHING),)
