"""Code that came with a file, turned into native operations without being run."""

from __future__ import annotations

from .lift import Recovered
from .recover import Recovery, recover

__all__ = ["Recovered", "Recovery", "recover"]
