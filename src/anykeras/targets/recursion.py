"""Room for Keras to follow a chain of calls, which it does by recursion: one frame of Python for each call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_wanted: list[int] = []  # by those who are inside
_before = 0  # the limit when the first of them came


@contextmanager
def room_for(config: Any) -> Iterator[None]:
    """Raise Python's recursion limit as far as the longest chain in a configuration asks for, and lower it afterwards.

    Frames of Python alone are on the heap (CPython 3.11 and later), so that this does not use up the stack of the process.
    """
    calls = longest_chain(config)
    if 2 * calls < 500:  # Python's own limit is enough, as it always was
        yield
        return
    _enter(2 * calls)
    try:
        yield
    finally:
        _leave(2 * calls)


def _enter(frames: int) -> None:
    global _before
    with _lock:
        if not _wanted:
            _before = sys.getrecursionlimit()
        _wanted.append(frames)
        sys.setrecursionlimit(_before + max(_wanted))


def _leave(frames: int) -> None:
    with _lock:
        _wanted.remove(frames)
        sys.setrecursionlimit(_before + max(_wanted, default=0))


def longest_chain(config: Any) -> int:
    """A bound for the longest chain of calls: the calls, or layers, of the largest graph in a lowered configuration."""
    longest, left = 0, [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            layers = value.get("layers")
            if isinstance(layers, list):
                longest = max(longest, sum(_count_calls(layer) for layer in layers))
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)
    return longest


def _count_calls(layer: Any) -> int:
    nodes = layer.get("inbound_nodes") if isinstance(layer, dict) else None
    return max(1, len(nodes)) if isinstance(nodes, list) else 1
