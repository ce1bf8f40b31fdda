"""Rules that bring a document of any era to current Keras 3; each is loaded when a file concerns it."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .engine import migrate
    from .rulebook import Rule, RuleContext, order_rules, rule
    from .training import resolve_training
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "engine": "migrate",
            "rulebook": "Rule RuleContext order_rules rule",
            "training": "resolve_training",
        },
    )

__all__ = ["Rule", "RuleContext", "migrate", "order_rules", "resolve_training", "rule"]
