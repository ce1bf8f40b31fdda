"""Rooms whose names are loaded when they are first used, so that a process imports what it needs and no more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def load_lazily(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562): a name is taken from its module when it is first asked for.

    Args:
        package: the ``__name__`` of the package.
        names: by module of the package, the names that it gives, with spaces between them; under ``""`` modules themselves.
            No name of a function is that of a module.
    """
    homes = {name: module for module, listed in names.items() for name in listed.split()}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = homes[name]
        value = getattr(import_module(f"{package}.{home}"), name) if home else import_module(f"{package}.{name}")
        setattr(sys.modules[package], name, value)
        return value

    return find
