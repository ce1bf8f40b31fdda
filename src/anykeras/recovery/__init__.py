"""Functions found in a file become native Keras operations, without being executed."""

from . import pages
from .recover import recover

__all__ = ["pages", "recover"]
