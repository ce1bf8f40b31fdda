"""Where code stands in a model: one file a kind of place, each with the lifters of its classes."""

from .base import CodeSite, Lifter, find_lifter, holds_code

__all__ = ["CodeSite", "Lifter", "find_lifter", "holds_code"]
