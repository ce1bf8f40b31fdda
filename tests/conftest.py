"""What every test shares."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

GROWTH = 700_000_000  # bytes by which a process may grow before what it keeps compiled is given up
_bound = GROWTH


def resident() -> int:
    """The bytes that this process has in memory; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") if statm.exists() else 0


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Every model that is called leaves a compiled program behind, which backends keep for good: 5 GB in a whole run."""
    global _bound
    if resident() < _bound or "keras" not in sys.modules:
        return
    sys.modules["keras"].backend.clear_session()
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    _bound = resident() + GROWTH  # of what is left, most are the frameworks themselves: clearing again would free nothing
