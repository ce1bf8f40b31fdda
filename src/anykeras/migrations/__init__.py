"""Rules that bring a document of any era to current Keras 3. Importing the package loads every rule."""

from ..registry import load_all
from .engine import migrate
from .rulebook import Example, Rule, RuleContext, ordered_rules, rule
from .training import resolve_training

load_all(__name__ + ".rules")
ordered_rules()  # in an order that all of them agree to, or else this raises

__all__ = ["Example", "Rule", "RuleContext", "migrate", "resolve_training", "rule"]
