"""Regularizers and constraints of Keras 0 and 1: plain dictionaries with a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...document.model import Era, Layer, Object, Value
from ...findings import Affects, Fidelity, Finding
from ..rulebook import RuleContext, rule
from .keras1_layouts import OLD

_L1L2 = ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer", "l1", "l2", "l1l2")
# (class of Keras 1, its arguments): class of Keras 2 and theirs (keras/constraints.py 1.2.2 and 2.0.0).
_CONSTRAINTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "MaxNorm": ("MaxNorm", {"m": "max_value", "axis": "axis"}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {"axis": "axis"}),
    "MinMaxNorm": ("MinMaxNorm", {"low": "min_value", "high": "max_value", "rate": "rate", "axis": "axis"}),
}
# The names that Keras 1 resolved in its modules beside the classes.
_ALIASES = {"maxnorm": "MaxNorm", "nonneg": "NonNeg", "unitnorm": "UnitNorm"}


def _translate(value: Mapping[str, Value]) -> Value:
    """The object that a dictionary names, the dictionary itself where the name is another's, None for what is gone."""
    name = value.get("name")
    if not isinstance(name, str):
        return value
    if name in _L1L2:
        return Object("L1L2", {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)})
    known = _CONSTRAINTS.get(_ALIASES.get(name, name))
    if known is None:
        return Object(name, {key: held for key, held in value.items() if key != "name"})
    class_name, renamed = known
    return Object(class_name, {new: value[old] for old, new in renamed.items() if old in value})


@rule(
    "AK2105",
    to=Era.KERAS2,
    eras=OLD,
    report=False,
)
def _respell_objects(layer: Layer, context: RuleContext) -> Layer | None:
    changed: dict[str, Value] = {}
    for key, value in layer.config.items():
        if not key.endswith(("_regularizer", "_constraint")) or not isinstance(value, Mapping):
            continue
        changed[key] = _translate(value)
        if value.get("name") == "EigenvalueRegularizer":
            changed[key] = None
            seen = f"{key} is an EigenvalueRegularizer"
            where = layer.address or layer.name
            context.findings.append(Finding("AK2105", where, seen, "dropped", Fidelity.LOSSY, Affects.TRAINING))
    return replace(layer, config={**layer.config, **changed}) if changed else None
