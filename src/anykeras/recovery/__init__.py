"""Code that came with a file, turned into native operations without being run."""

from __future__ import annotations

from .lift import RANDOM, Recovered, on_numbers
from .listing import read
from .recovery import Recovery, recover

__all__ = ["RANDOM", "Recovered", "Recovery", "on_numbers", "read", "recover"]
