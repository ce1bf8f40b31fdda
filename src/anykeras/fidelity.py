"""How faithful a change is, and what it touches: the two scales that every finding and every page is measured on."""

from __future__ import annotations

import enum


class Fidelity(enum.StrEnum):
    """How close the migrated thing is to what the writer meant; from best to worst."""

    EXACT = "exact"  # another spelling of the same numbers
    EQUIVALENT = "equivalent"  # other operations, equal up to rounding
    APPROXIMATE = "approximate"  # close, with a stated difference
    LOSSY = "lossy"  # something of the file is not carried over

    @property
    def rank(self) -> int:
        """0 for exact to 3 for lossy."""
        return list(Fidelity).index(self)


class Affects(enum.StrEnum):
    """What a change can be noticed in."""

    OUTPUTS = "outputs"  # what the model predicts
    TRAINING = "training"  # only what happens if training goes on
    NOTHING = "nothing"  # neither
