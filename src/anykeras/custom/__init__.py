"""Objects that a file names and does not hold: what the reader gave, what is missing, what can be done without."""

from . import pages as _pages
from .adopt import Adopter
from .functions import functions
from .given import Given, Objects, given
from .prepare import Prepared, namesakes, prepare
from .stub import stub

__all__ = [
    "Adopter",
    "Given",
    "Objects",
    "Prepared",
    "functions",
    "given",
    "namesakes",
    "prepare",
    "stub",
]
del _pages
