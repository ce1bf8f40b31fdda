"""Where code stands in a model: one file a kind of place, each with the lifters of its classes."""

from ...registry import load_all
from .base import CodeSite, Lifter, find_lifter

load_all(__name__)

__all__ = ["CodeSite", "Lifter", "find_lifter"]
