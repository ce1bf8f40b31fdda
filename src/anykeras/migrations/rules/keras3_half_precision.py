"""Half precision: the same computation, rounded where the backend chooses to."""

from __future__ import annotations

from ...document.model import Era, Layer, Object, Value, Writer
from ...findings import Fidelity, Finding
from ..rulebook import Example, RuleContext, rule

CODE = "AK2296"
_HALF = ("float16", "bfloat16")
_MIXED = Layer("Dense", "d", {"units": 2, "dtype": "mixed_float16"})
_PLAIN = Layer("Dense", "d", {"units": 2, "dtype": "float32"})
TF = Writer(Era.TF2, "tf.keras", "2.13.1", "tensorflow")


@rule(
    CODE,
    to=Era.KERAS3,
    eras=tuple(Era),
    examples=[Example(_MIXED, _MIXED, TF)],
    leaves_alone=[Example(_PLAIN, _PLAIN, TF)],
    report=False,
)
def report_half_precision(layer: Layer, context: RuleContext) -> Layer | None:
    """Says once for a model that it computes in 16 bits."""
    policy = _policy(layer.config.get("dtype"))
    if policy.endswith(_HALF) and all(finding.code != CODE for finding in context.findings):
        seen, done = f"computes under {policy}", "kept; backends round 16 bits differently"
        context.findings.append(Finding(CODE, layer.address or layer.name, seen, done, Fidelity.APPROXIMATE))
    return None


def _policy(value: Value) -> str:
    """The name of a dtype or policy; "" where there is none."""
    if isinstance(value, Object):
        held = value.config if isinstance(value.config, str) else value.config.get("name")
        return str(held or "")
    return value if isinstance(value, str) else ""
