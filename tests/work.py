"""Bounds on how much a piece of code does, counted and not timed, so that a busy machine changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooMuchWork(BaseException):
    """More calls than the test allows; no handler of the code under test takes it for one of its own errors."""


class Work:
    """What was done so far."""

    calls = 0


@contextmanager
def at_most(calls: int) -> Iterator[Work]:
    """Count the Python and C functions that the block calls, and stop it where they are more than `calls`."""
    done, before = Work(), sys.getprofile()

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event in ("call", "c_call"):
            done.calls += 1
            if done.calls > calls:
                sys.setprofile(None)
                raise TooMuchWork(f"more than {calls} calls")

    sys.setprofile(count)
    try:
        yield done
    finally:
        sys.setprofile(before)
