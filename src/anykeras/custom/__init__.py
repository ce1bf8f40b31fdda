"""Objects that a file names and does not hold: what the reader gave for them, what is missing, what a file can do without."""

from . import pages as _pages
from .adopt import Adopter
from .functions import functions
from .given import Given, Objects, given
from .prepare import Prepared, layers_given, prepare, shadowed, without_slots

__all__ = ["Adopter", "Given", "Objects", "Prepared", "functions", "given", "layers_given", "prepare", "shadowed", "without_slots"]
del _pages
