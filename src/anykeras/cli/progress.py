"""A bar on the terminal for work that takes more than a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import progress

PATIENCE = 1.0  # seconds


class _Bar:
    """Appears when the work has taken a second, so that short work shows nothing and imports nothing."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._bar: Any = None
        self._tasks: dict[str, object] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() - self._start < PATIENCE:
                return
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total, completed=done)
            self._bar.refresh()  # else it waits for the next tick, and short work would show nothing
        self._bar.update(self._tasks[what], completed=done)

    def stop(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def show_progress(quiet: bool) -> Iterator[None]:
    """Show how far long work is, on standard error where that is a terminal; never with `quiet`."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    bar = _Bar()
    try:
        with progress.watch(bar):
            yield
    finally:
        bar.stop()
