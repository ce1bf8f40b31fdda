"""How far long work is, for whoever watches; nothing is shown here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Watcher = Callable[[str, int, int], None]
"""Is told what is done, how many bytes of it are done, and of how many."""
Block = bytes | memoryview

_watcher: ContextVar[Watcher | None] = ContextVar("anykeras_progress", default=None)


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Tell `watcher` of the work that is done meanwhile."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


class Meter:
    """Counts the bytes of one piece of work for the watcher, if there is one."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self._watcher = _watcher.get()

    def pass_on(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks, each counted when the next one is asked for."""
        for block in blocks:
            yield block
            self.done += len(block)
            if self._watcher is not None:
                self._watcher(self.what, self.done, self.total)
