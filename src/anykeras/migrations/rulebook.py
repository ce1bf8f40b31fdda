"""What a migration rule is: one fact about what changed. Its worked examples are in ``tests/rule_examples``."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from typing import Final

from ..catalog.masks import makes_mask
from ..document.model import Era, Graph, Layer, Writer
from ..document.walk import layers_of
from ..errors import Bug
from ..findings import Fidelity, Finding
from ..lazily import read_data
from ..pages import require_page
from ..registry import Registry

INDEX: Final = "rules/index.json"
Change = Callable[[Layer, "RuleContext"], Layer | None]


class Surroundings:
    """What a layer may ask about the model that it stands in, found once for all layers."""

    def __init__(self, model: Layer | None) -> None:
        self.layers: tuple[Layer, ...] = () if model is None else tuple(layers_of(model))
        self.class_names = frozenset(layer.class_name for layer in self.layers)

    @cached_property
    def makes_masks(self) -> bool:
        """Whether anything in the model may make a mask."""
        return any(makes_mask(layer) for layer in self.layers)

    @cached_property
    def graphs(self) -> Mapping[tuple[str, str], Graph]:
        """The outermost graph of which a layer of this name and class is part."""
        found: dict[tuple[str, str], Graph] = {}
        for model in self.layers:
            for layer in model.graph.layers if model.graph is not None else ():
                assert model.graph is not None
                found.setdefault((layer.name, layer.class_name), model.graph)
        return found


@dataclass
class RuleContext:
    """What a rule may know beside the layer: who wrote the file, the findings to add to, and the model around it (as it
    was before the pass) where the pass tells."""

    writer: Writer
    stage: Era
    findings: list[Finding] = field(default_factory=list)
    model: Layer | None = None

    @cached_property
    def surroundings(self) -> Surroundings:
        """Questions about the model around; about no layers where the pass does not tell it."""
        return Surroundings(self.model)

    def note(self, rule: Rule, layer: Layer, seen: str, done: str, fidelity: Fidelity | None = None) -> None:
        """Record what `rule` saw at `layer` and what it did."""
        self.findings.append(Finding(rule.code, layer.address or layer.name, seen, done, fidelity or rule.fidelity))


@dataclass(frozen=True)
class Rule:
    """One fact about a change between eras.

    `to` is the vocabulary it leads to, `eras` the writers it concerns, `classes` the class names it looks at (all when
    empty). `change` returns the new layer, or None to leave the layer alone; config and weights change together.
    `report` is false for plain renames, which are not worth a finding each. `after` are the codes of rules of the same
    `to` that have to run before it; between all others the order makes no difference.
    """

    code: str
    title: str
    to: Era
    eras: tuple[Era, ...]
    classes: tuple[str, ...]
    change: Change
    fidelity: Fidelity
    report: bool = True
    after: tuple[str, ...] = ()

    def applies(self, layer: Layer) -> bool:
        """Whether the rule looks at this class."""
        return not layer.operation and (not self.classes or layer.class_name in self.classes)


EVERY_OTHER = ("*",)
"""The `after` of a rule that comes last: it takes away what all others may read."""

_rules: Registry[str, Rule] = Registry("rule", f"{__package__}.rules")


@dataclass(frozen=True)
class Listed:
    """What the index of rules says of one, so that its module is imported only for a file that it concerns."""

    code: str
    module: str
    eras: tuple[Era, ...]
    classes: tuple[str, ...]

    def load(self) -> Rule:
        """The rule. Raises Bug where the index is of another time than the module."""
        import_module(f"{__package__}.rules.{self.module}")
        found = _rules.find_entered(self.code)
        if found is None or (found.eras, found.classes) != (self.eras, self.classes):
            raise Bug("AK6009", f"the index of rules is out of date: {self.code} in {self.module}")
        return found


@cache
def read_listed_rules(to: Era) -> tuple[Listed, ...]:
    """The rules that lead to an era's vocabulary, in the order they run, by the index that ``scripts/make_docs.py`` writes."""
    rows = json.loads(read_data("anykeras.migrations", INDEX))[to.value]
    return tuple(Listed(code, module, tuple(map(Era, eras)), tuple(classes)) for code, module, eras, classes in rows)


def write_index() -> str:
    """The text of the index: for each era, the rules that lead to it in order."""

    def row(rule: Rule) -> list[object]:
        return [rule.code, rule.change.__module__.rpartition(".")[2], [era.value for era in rule.eras], rule.classes]

    rows = {to.value: list(map(row, order_rules(to))) for to in Era}
    lines = [f" {json.dumps(to)}: [\n" + ",\n".join(f"  {json.dumps(row)}" for row in of) + "\n ]" for to, of in rows.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def rule(
    code: str,
    *,
    to: Era,
    eras: Sequence[Era] | None = None,
    classes: Sequence[str] = (),
    report: bool = True,
    after: Sequence[str] = (),
) -> Callable[[Change], Change]:
    """Register the decorated function as a rule. Its page (`anykeras.pages`) has its title and says how faithful it is.

    `eras` defaults to all eras before `to`; `after` names the rules of the same `to` whose outcome this one reads, or that
    have to read what this one changes.

    Raises:
        ValueError: the code has no page, or is that of another rule.
    """
    concerned = tuple(eras) if eras is not None else tuple(e for e in Era if e.rank < to.rank)
    page = require_page(code)
    title, fidelity = page.title, page.fidelity or Fidelity.EXACT

    def register(change: Change) -> Change:
        _rules.add(
            code,
            Rule(
                code=code,
                title=title,
                to=to,
                eras=concerned,
                classes=tuple(classes),
                change=change,
                fidelity=fidelity,
                report=report,
                after=tuple(after),
            ),
        )
        return change

    return register


Choice = Callable[[Sequence[str]], str]
"""Which of the codes that may come next does."""


def put_in_order(found: Collection[Rule], choose: Choice = min) -> list[Rule]:
    """The rules such that each comes after those that it names.

    Args:
        found: all rules, or those of one `to`.
        choose: takes the codes that may come next, and returns one: the lowest, unless the order is to be shuffled.

    Raises:
        ValueError: a rule names one that is not among `found`, or the rules wait for each other.
    """
    waits = {rule.code: _waits(rule, found) for rule in found}
    left = {rule.code: rule for rule in found}
    ordered: list[Rule] = []
    while left:
        ready = sorted(code for code in left if not any(earlier in left for earlier in waits[code]))
        if not ready:
            raise ValueError(f"rules wait for each other: {', '.join(sorted(left))}")
        ordered.append(left.pop(choose(ready)))
    return ordered


def _waits(rule: Rule, found: Collection[Rule]) -> set[str]:
    """The codes of the rules that have to run before this one. Raises ValueError for one that is not there."""
    others = {other.code for other in found if other.to is rule.to and other is not rule}
    if rule.after == EVERY_OTHER:
        return {other.code for other in found if other.code in others and other.after != EVERY_OTHER}
    if unknown := set(rule.after) - others:
        raise ValueError(f"{rule.code} comes after {', '.join(sorted(unknown))}, which no rule that leads to {rule.to} is")
    return set(rule.after)


@cache
def order_rules(to: Era | None = None) -> tuple[Rule, ...]:
    """The rules that lead to an era's vocabulary (all when None), in the order they run."""
    return tuple(put_in_order([rule for rule in _rules.values() if to is None or rule.to is to]))
