"""How much a file may ask for. One place, so that a service can tighten and a workstation can widen it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Limits:
    """Bounds that hold while a file is read; sizes are in bytes."""

    config_bytes: int = 256 * MIB  # text of an architecture, inflated
    config_depth: int = 512  # nesting of JSON or YAML
    config_nodes: int = 20_000_000  # values in one architecture
    config_digits: int = 400  # digits of one number
    layers: int = 200_000  # layers in one file, nested ones included
    nesting: int = 64  # models inside models
    objects: int = 2_000_000  # groups and datasets of one HDF5 file
    links: int = 64  # depth of groups
    attribute_bytes: int = 256 * MIB
    tensor_bytes: int = 256 * GIB  # declared bytes of all tensors together
    unstored_bytes: int = 64 * MIB  # declared beyond what the file really stores (fill values), all together
    archive_members: int = 100_000
    asset_bytes: int = 2 * GIB
    tensor_rank: int = 32
    code_bytes: int = 4 * MIB  # marshalled code of one function
    steps: int = 2_000_000  # instructions of one recovered function


_DEFAULT = Limits()
_current: ContextVar[Limits] = ContextVar("anykeras_limits", default=_DEFAULT)


def current() -> Limits:
    """The limits in force."""
    return _current.get()


@contextmanager
def override(**bounds: int) -> Iterator[Limits]:
    """Use other bounds for a while: ``with anykeras.limits.override(layers=1000): ...``."""
    token = _current.set(replace(_current.get(), **bounds))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
