"""The worked examples of every rule: what it changes, what it leaves alone, and that doing it twice changes nothing."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from anykeras.document.model import Layer, Ref
from anykeras.migrations import Rule, RuleContext
from anykeras.migrations.engine import apply
from anykeras.migrations.rulebook import order_rules
from anykeras.pages import find_page
from anykeras.tensors import Tensor
from rule_examples import Example, migration_examples

OF = migration_examples()
CASES = [(rule, i) for rule in order_rules() for i in range(len(OF[rule.code].examples))]
OLD = [rule for rule in order_rules() if rule.code[:4] in ("AK20", "AK21")]  # of Keras 0 and 1
UNTOUCHED = [(rule, i) for rule in order_rules() for i in range(len(OF[rule.code].leaves_alone))]


def run(rule: Rule, example: Example, layer: Layer | None = None) -> Layer:
    return apply(rule, layer or example.before, RuleContext(example.writer, rule.to))


def seen(value: Any) -> Any:
    """A comparable form: tensors by their numbers."""
    if isinstance(value, Tensor):
        return [value.dtype, np.asarray(value.read()).tolist()]
    if isinstance(value, Layer):
        graph = value.graph
        inside = None
        if graph is not None:
            calls = {k: [(seen(c.args), seen(c.kwargs)) for c in v] for k, v in graph.calls.items()}
            inside = [[seen(x) for x in graph.layers], calls, seen(graph.inputs), seen(graph.outputs), graph.sequential]
        return [value.class_name, value.name, seen(value.config), seen(value.weights), inside, value.operation]
    if isinstance(value, Ref):
        return ["ref", value.layer, value.node, value.tensor]
    if isinstance(value, dict):
        return {key: seen(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [seen(item) for item in value]
    return value


@pytest.mark.parametrize(("rule", "i"), CASES, ids=lambda x: x.code if isinstance(x, Rule) else str(x))
def test_example(rule: Rule, i: int) -> None:
    example = OF[rule.code].examples[i]
    before = copy.deepcopy(seen(example.before))
    if isinstance(example.after, type):
        with pytest.raises(example.after, match=rule.code):
            run(rule, example)
        return
    after = run(rule, example)
    if isinstance(example.after, Layer):
        assert seen(after) == seen(example.after)
    else:
        assert example.after(after)
    assert seen(example.before) == before, "the rule changed its input"
    assert seen(run(rule, example, after)) == seen(after), "applied twice, the rule goes on"


@pytest.mark.parametrize(("rule", "i"), UNTOUCHED, ids=lambda x: x.code if isinstance(x, Rule) else str(x))
def test_left_alone(rule: Rule, i: int) -> None:
    example = OF[rule.code].leaves_alone[i]
    assert seen(run(rule, example)) == seen(example.before)


def test_every_rule_says_what_it_leaves_alone() -> None:
    assert not [code for code, of in OF.items() if not of.leaves_alone or not of.examples]
    assert OF.keys() == {rule.code for rule in order_rules()}
    assert len({rule.code for rule in order_rules()}) == len(order_rules())


@pytest.mark.parametrize("rule", OLD, ids=lambda rule: rule.code)
def test_the_page_of_an_old_rule_refers_to_its_sources(rule: Rule) -> None:
    found = find_page(rule.code)
    assert found is not None and {"References", "Example", "What changes"} <= found.sections.keys()


def test_tensors_are_lazy() -> None:
    """No rule for Keras 0 and 1 reads a number: a weight that cannot be read goes through all of them."""

    def refuse() -> np.ndarray:
        raise AssertionError("a rule read a weight")

    def unread(tensor: Tensor) -> Tensor:
        return Tensor(tensor.shape, tensor.dtype, tensor.origin, refuse)

    for rule in OLD:
        for example in OF[rule.code].examples:
            weights = {role: unread(tensor) for role, tensor in example.before.weights.items()}
            run(rule, example, replace(example.before, weights=weights))
