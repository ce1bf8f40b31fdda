"""Functions found in a file become native Keras operations, without being executed."""

from .recover import recover

__all__ = ["recover"]
