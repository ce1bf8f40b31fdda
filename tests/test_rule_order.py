"""The order of the rules: what they declare is enough, so that any order which they allow gives the same document."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from anykeras import pipeline
from anykeras.document.model import Document, Era
from anykeras.errors import AnyKerasError
from anykeras.migrations import migrate
from anykeras.migrations.rulebook import EVERY_OTHER, Rule, order_rules, put_in_order
from genuine import FOLDER, recordings
from rule_examples import migration_examples
from test_rules import seen

SEEDS = range(4)
EXAMPLES = [example for of in migration_examples().values() for example in (*of.examples, *of.leaves_alone)]
GENUINE = [file for folder in ("fixtures", "migrations") for file in recordings(FOLDER / folder)]
# Files that shuffling all of them found to matter beside a sample.
_TELLING = ("local2d_i3_last_valid_nob.h5",)
SAMPLE = [*GENUINE[::4], *(file for file in GENUINE if file.path.name.endswith(_TELLING))]


@cache
def documents() -> dict[str, Document]:
    """Examples of rules as whole documents, and a sample of the genuine files."""
    found = {f"example {i}": Document(e.before, e.writer, e.writer.era) for i, e in enumerate(EXAMPLES)}
    for file in SAMPLE:
        try:
            found[file.id] = pipeline.parse_raw(pipeline.read(file.path, file.weights)).document
        except AnyKerasError:
            continue  # what is refused before it is migrated
    return found


def outcome(document: Document, **order: Any) -> Any:
    """A migrated document in a comparable form, or why it is refused."""
    try:
        migrated, findings = migrate(document, **order)
    except AnyKerasError as error:
        return error.code
    return [seen(migrated.model), sorted(str(finding) for finding in findings)]


@cache
def as_usual() -> dict[str, Any]:
    return {name: outcome(document) for name, document in documents().items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_that_the_rules_allow_gives_the_same(seed: int) -> None:
    choose = random.Random(seed).choice
    shuffled = {era: put_in_order(order_rules(era), choose) for era in Era}
    assert any(list(shuffled[era]) != list(order_rules(era)) for era in Era)
    different = [name for name, document in documents().items() if outcome(document, order=shuffled.get) != as_usual()[name]]
    assert not different


def plain(code: str, *after: str) -> Rule:
    return replace(order_rules(Era.KERAS2)[0], code=code, after=after)


def test_each_comes_after_those_that_it_names() -> None:
    found = put_in_order([plain("A", *EVERY_OTHER), plain("B", "C"), plain("C"), plain("D")], max)
    assert [rule.code for rule in found] == ["D", "C", "B", "A"]


def test_a_name_of_no_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="X"):
        put_in_order([plain("A", "X")])
    with pytest.raises(ValueError, match="AK2201"):
        put_in_order([*order_rules(Era.KERAS3), plain("A", "AK2201")])


def test_rules_that_wait_for_each_other_are_an_error() -> None:
    with pytest.raises(ValueError, match="A, B"):
        put_in_order([plain("A", "B"), plain("B", "A"), plain("C")])
