"""The worked examples of every rule for files of Keras 0 and 1, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from anykeras.document.model import Era, Layer
from anykeras.document.walk import layers_of
from anykeras.migrations.engine import apply
from anykeras.migrations.rulebook import Example, Rule, RuleContext, ordered_rules
from anykeras.pages import find_page
from anykeras.tensors import Tensor

RULES = [rule for rule in ordered_rules() if rule.code[:4] in ("AK20", "AK21")]
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]
ALONE = [(rule, example) for rule in RULES for example in rule.leaves_alone]


def run(rule: Rule, example: Example) -> Layer:
    return apply(rule, example.before, RuleContext(example.writer, rule.to))


def snapshot(layer: Layer) -> list[tuple[str, Mapping[str, object], dict[str, np.ndarray]]]:
    """Everything in a tree of layers, numbers read."""
    return [
        (inner.class_name, dict(inner.config), {role: tensor.read().copy() for role, tensor in inner.weights.items()})
        for inner in layers_of(layer)
    ]


def same(a: list[tuple[str, Mapping[str, object], dict[str, np.ndarray]]], b: object) -> bool:
    return repr([(n, sorted(c.items()), {r: t.tolist() for r, t in w.items()}) for n, c, w in a]) == repr(
        [(n, sorted(c.items()), {r: t.tolist() for r, t in w.items()}) for n, c, w in b]  # type: ignore[attr-defined]
    )


def test_there_are_rules_for_both_eras() -> None:
    assert {Era.KERAS1, Era.KERAS2} < {rule.to for rule in RULES}


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda value: getattr(value, "code", ""))
def test_example(rule: Rule, example: Example) -> None:
    after = run(rule, example)
    if callable(example.after):
        assert example.after(after)
    else:
        assert same(snapshot(after), snapshot(example.after))


@pytest.mark.parametrize(("rule", "example"), ALONE, ids=lambda value: getattr(value, "code", ""))
def test_left_alone(rule: Rule, example: Example) -> None:
    assert same(snapshot(run(rule, example)), snapshot(example.before))


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda value: getattr(value, "code", ""))
def test_a_second_time_nothing_changes(rule: Rule, example: Example) -> None:
    once = run(rule, example)
    assert same(snapshot(apply(rule, once, RuleContext(example.writer, rule.to))), snapshot(once))


@pytest.mark.parametrize(("rule", "example"), EXAMPLES, ids=lambda value: getattr(value, "code", ""))
def test_the_input_is_not_changed(rule: Rule, example: Example) -> None:
    before = snapshot(example.before)
    run(rule, example)
    assert same(before, snapshot(example.before))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_page(rule: Rule) -> None:
    found = find_page(rule.code)
    assert found is not None and {"References", "Example", "What changes"} <= found.sections.keys() and rule.leaves_alone


def test_tensors_are_lazy() -> None:
    """No rule reads a number: a weight that cannot be read goes through all of them."""

    def refuse() -> np.ndarray:
        raise AssertionError("a rule read a weight")

    def unread(tensor: Tensor) -> Tensor:
        return Tensor(tensor.shape, tensor.dtype, tensor.origin, refuse)

    for rule, example in EXAMPLES:
        weights = {role: unread(tensor) for role, tensor in example.before.weights.items()}
        before = Layer(**{**example.before.__dict__, "weights": weights})
        apply(rule, before, RuleContext(example.writer, rule.to))
