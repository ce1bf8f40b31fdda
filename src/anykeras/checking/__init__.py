"""Will a release of Keras open a file as it is, and if not, why and what helps: ``anykeras.check``.

Nothing is built: the configuration is read as the release would read it, against tables of what each release takes. ``run``
opens the file in a given interpreter instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .forecast import Forecast, Obstacle
    from .outlook import Outlook, check
    from .running import TIMEOUT, Outcome, Run, run
else:
    __getattr__ = load_lazily(
        __name__, {"forecast": "Forecast Obstacle", "outlook": "Outlook check", "running": "TIMEOUT Outcome Run run"}
    )

__all__ = ["TIMEOUT", "Forecast", "Obstacle", "Outcome", "Outlook", "Run", "check", "run"]
