"""Rules that bring a document of any era to current Keras 3. Importing the package loads every rule."""

from ..registry import load_all
from . import pages
from .engine import migrate
from .rule import Context, Example, Rule, rule
from .training import resolve_training

load_all(__name__ + ".rules")

__all__ = ["Context", "Example", "Rule", "migrate", "pages", "resolve_training", "rule"]
