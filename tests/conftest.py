"""What every test shares."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # for channels first, on CPUs where TensorFlow leaves it off (AK6036)

CLASS = re.compile(rb"[\"']?class_name[\"']?: *[\"']?(\w+)")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--share", type=int, default=1, help="of tests that run models: one in so many, and one a class of layer")
    parser.addoption("--seed", default="0", help="which of them")


def pytest_report_header(config: pytest.Config) -> list[str]:
    share, seed = config.getoption("--share"), config.getoption("--seed")
    return [f"models: one in {share}, --seed {seed}"] if share > 1 else []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that numpy has nothing for are left out there; of the tests that run models a share is taken, where asked for."""
    if os.environ["KERAS_BACKEND"] == "numpy":
        keep(config, items, [item for item in items if item.get_closest_marker("framework") is None])
    if config.getoption("--share") > 1:
        keep(config, items, sample(items, config.getoption("--share"), config.getoption("--seed")))


def keep(config: pytest.Config, items: list[pytest.Item], chosen: list[pytest.Item]) -> None:
    """Leave the others out, and say so."""
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


def sample(items: list[pytest.Item], share: int, seed: str) -> list[pytest.Item]:
    """One test in so many, at random by the seed; and of files as many as bring a class that no file before has, by folder."""

    def draw(item: pytest.Item) -> int:
        return zlib.crc32(f"{seed} {item.nodeid}".encode())

    seen: set[tuple[str, bytes]] = set()
    on_jax_alone = os.environ["KERAS_BACKEND"] == "jax"  # what numpy leaves out is run whole there

    def is_drawn(item: pytest.Item) -> bool:
        marks = {mark.name for mark in item.iter_markers()}
        whole = "backend" not in marks or (on_jax_alone and "framework" in marks)
        return whole or not hasattr(item, "callspec") or draw(item) % share == 0

    chosen = {item for item in items if is_drawn(item)}
    for item in sorted(items, key=lambda item: (item not in chosen, draw(item))):
        file = getattr(getattr(item, "callspec", None), "params", {}).get("file")
        if found := list_classes(file) - seen:
            chosen.add(item)
            seen |= found
    return [item for item in items if item in chosen]


def list_classes(file: object) -> set[tuple[str, bytes]]:
    """The classes that a genuine file names, each with the generation of Keras that wrote it; nothing of other parameters."""
    path = getattr(file, "path", None)
    if path is None or not path.is_file():
        return set()
    content = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".json"))
    generation = re.search(r"(tf)?keras\d", f"{path.parent.name}/{path.name}")
    return {(generation[0] if generation else "", name) for name in CLASS.findall(content)}


def pytest_collection_finish() -> None:
    """What frameworks and tests have imported stays: no collection of garbage looks at it again."""
    gc.collect()
    gc.freeze()


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
