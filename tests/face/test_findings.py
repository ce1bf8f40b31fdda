"""What a finding says about itself, and the registry that its page stands in."""

from __future__ import annotations

import pytest

import anykeras.pipeline  # noqa: F401  (importing it registers the pages)
from anykeras.findings import Affects, Fidelity, Finding, find_worst
from anykeras.pages import list_pages
from anykeras.registry import Registry


@pytest.mark.parametrize(
    ("finding", "affects"),
    [
        (Finding("AK2180", "model/d", "a", "b"), Affects.NOTHING),  # exact
        (Finding("AK2103", "model/d", "a", "b", Fidelity.APPROXIMATE), Affects.OUTPUTS),
        (Finding("AK4004", "training/optimizer", "a", "b", Fidelity.APPROXIMATE), Affects.TRAINING),
        (Finding("AK2273", "model/r", "a", "b", Fidelity.LOSSY), Affects.TRAINING),  # its page says so
        (Finding("AK5072", "model/crf", "a", "b", Fidelity.LOSSY), Affects.TRAINING),  # a lossy shim
        (Finding("AK5144", "model/g", "a", "b", Fidelity.APPROXIMATE), Affects.OUTPUTS),
        (Finding("AK5008", "model/d", "a", "b", Fidelity.LOSSY), Affects.TRAINING),
        (Finding("AK2105", "model/d", "a", "b", Fidelity.LOSSY, Affects.TRAINING), Affects.TRAINING),
    ],
)
def test_what_a_finding_affects(finding: Finding, affects: Affects) -> None:
    assert finding.affects is affects
    assert finding.as_dict()["affects"] == str(affects)


def test_fidelity_is_split_by_what_is_affected() -> None:
    found = [
        Finding("AK4004", "training/optimizer", "a", "b", Fidelity.LOSSY),
        Finding("AK2103", "model/d", "a", "b", Fidelity.APPROXIMATE),
    ]
    assert find_worst(found) is Fidelity.LOSSY
    assert find_worst(found, Affects.OUTPUTS) is Fidelity.APPROXIMATE
    assert find_worst(found, Affects.NOTHING) is Fidelity.EXACT


def test_lossy_shims_lose_training_alone() -> None:
    shims = [page for page in list_pages() if page.shim]
    assert len(shims) > 50
    assert {page.affects for page in shims if page.fidelity is Fidelity.LOSSY} == {Affects.TRAINING}
    assert Finding("AK5072", "model/crf", "a", "b").is_shim
    assert not Finding("AK2180", "model/d", "a", "b").is_shim


def test_a_registry_refuses_a_key_twice() -> None:
    table: Registry[str, object] = Registry("thing")

    @table.register("a", "b")
    def one() -> None: ...

    assert table["a"] is table["b"] is one
    assert list(table) == ["a", "b"]
    assert len(table) == 2
    with pytest.raises(ValueError, match="thing 'a' is registered twice"):
        table.add("a", 2)
    assert table.get("c") is None
