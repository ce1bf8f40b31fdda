"""What a rule of the way back is: one fact that came later than the target, and what says the same without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ..catalog.base import Shape
from ..catalog.releases import Release, Since
from ..catalog.shapes import UNKNOWN, Spec
from ..document.model import Layer
from ..errors import Unsupported
from ..fidelity import Fidelity
from ..findings import Finding
from ..pages import require_page
from ..registry import Registry


@dataclass(frozen=True)
class Place:
    """Where a layer stands: the release it is written for, and what it is called on and gives, as far as that is known."""

    release: Release
    inputs: tuple[Spec, ...] = ()
    output: Spec = UNKNOWN
    box: str = ".h5"
    held: bool = False  # by another layer, in its configuration

    @property
    def shape(self) -> Shape | None:
        """The shape of the first input, with the batch axis."""
        return self.inputs[0].shape if self.inputs else None

    @property
    def width(self) -> int | None:
        """The size of the last axis of the first input."""
        return self.shape[-1] if self.shape else None

    def refuse(self, layer: Layer, reason: str, key: str | None = None) -> Unsupported:
        """The error that this layer cannot be said there."""
        return refuse(layer.name, f"{layer.class_name}: {reason}", self.release, key)


def refuse(layer: str | None, reason: str, release: Release, key: str | None = None) -> Unsupported:
    """The error of all that a release cannot hold: AK6050."""
    return Unsupported(
        "AK6050",
        f"{release} cannot hold this model: {reason}",
        layer=layer,
        key=key,
        next_step="Choose a newer target, or replace the layer in the Keras that you have.",
    )


Change = Callable[[Layer, Place], Layer | None]


@dataclass(frozen=True)
class BackRule:
    """One fact of Keras 3 that the releases before `since` lack.

    `change` returns what says the same in words that more releases have (another layer of Keras 3, or a model of such
    layers and operations under the same name), or None to leave the layer alone. `classes` may end in ``*``.
    """

    code: str
    name: str
    since: Since
    classes: tuple[str, ...]
    change: Change
    title: str
    fidelity: Fidelity
    report: bool

    def applies(self, layer: Layer, release: Release) -> bool:
        """Whether the rule looks at this layer for that release."""
        named = layer.class_name in self.classes or any(
            kind.endswith("*") and layer.class_name.startswith(kind[:-1]) for kind in self.classes
        )
        return named and not self.since.holds(release)

    def finding(self, layer: Layer, release: Release) -> Finding:
        """That the rule was used."""
        return Finding(self.code, layer.address or layer.name, f"{layer.class_name} for {release}", self.title, self.fidelity)


NEVER = Since(None)
"""No release has it, or the rule finds out by itself."""
LEGACY = Since()
"""Keras 3 has it, no release before has."""

_rules: Registry[str, BackRule] = Registry("rule of the way back")


def back_rule(code: str, *, since: Since, classes: Sequence[str], report: bool = True) -> Callable[[Change], Change]:
    """Register the decorated function as a rule; the page of its code says what changes and how faithful it is.

    Several rules may share a page. Raises ValueError where the code has none.
    """
    page = require_page(code)

    def register(change: Change) -> Change:
        name = change.__name__
        fidelity = page.fidelity or Fidelity.EXACT
        _rules.add(
            name,
            BackRule(code, name, since, tuple(classes), change, page.title, fidelity, report),
        )
        return change

    return register


@cache
def all_rules() -> tuple[BackRule, ...]:
    """All rules, in the order of their codes."""
    return tuple(sorted(_rules.values(), key=lambda rule: (rule.code, rule.name)))
