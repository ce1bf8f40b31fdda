"""Every rule has a genuine file that it is about: one that it changes, refuses, or says something of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from anykeras import pipeline
from anykeras.document.model import Era, Layer
from anykeras.errors import AnyKerasError
from anykeras.migrations import migrate
from anykeras.migrations.rulebook import Change, Rule, RuleContext, order_rules
from genuine import FOLDER, recordings

FILES = [
    file for folder in sorted(FOLDER.iterdir()) for inner in (folder, *sorted(folder.iterdir())) for file in recordings(inner)
]


def watched(rule: Rule, fired: set[str]) -> Change:
    def change(layer: Layer, context: RuleContext) -> Layer | None:
        noted = len(context.findings)
        try:
            changed = rule.change(layer, context)
        except AnyKerasError:
            fired.add(rule.code)
            raise
        if changed is not None or len(context.findings) > noted:
            fired.add(rule.code)
        return changed

    return change


def test_every_rule_concerns_a_genuine_file() -> None:
    fired: set[str] = set()

    def order(era: Era) -> Sequence[Rule]:
        return [replace(rule, change=watched(rule, fired)) for rule in order_rules(era)]

    weights = {file.path: file.weights for file in FILES if file.path.exists()}
    weights |= {path: None for path in (FOLDER / "migrations").rglob("*.h5") if path not in weights}  # recorded in batches
    for path, beside in weights.items():
        try:
            migrate(pipeline.parse_raw(pipeline.read(path, beside)).document, order)
        except AnyKerasError:
            continue  # files that are refused are recorded too
    assert not [rule.code for rule in order_rules() if rule.code not in fired]
