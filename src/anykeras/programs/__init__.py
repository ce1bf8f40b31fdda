"""The author's own source as the architecture of a weights file: a program of its time, of which only the model is made."""

from .choices import Sliced, slice_program
from .current import describe_live
from .program import Noted, note_program
from .reading import Given, read_given

__all__ = ["Given", "Noted", "Sliced", "describe_live", "note_program", "read_given", "slice_program"]
