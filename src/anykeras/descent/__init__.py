"""The way back: a document of current Keras 3 in words that an older release has. Importing the package loads every rule."""

from ..registry import load_all
from .engine import descend

load_all(__name__ + ".rules")

__all__ = ["descend"]
