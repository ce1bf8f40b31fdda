"""Where code stands in a model: one file a kind of place, each with the lifters of its classes."""

from ...registry import load_all
from .base import Lifter, Site, lifter

load_all(__name__)

__all__ = ["Lifter", "Site", "lifter"]
