"""The author's own source as the architecture of a weights file: a program of its time, of which only the model is made."""

from .program import Noted, Sliced, describe_live, note_program, slice_program
from .reading import Given, read_given

__all__ = ["Given", "Noted", "Sliced", "describe_live", "note_program", "read_given", "slice_program"]
