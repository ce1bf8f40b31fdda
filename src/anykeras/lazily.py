"""Rooms whose names are loaded when they are first used, so that a process imports what it needs and no more.

`np` is NumPy, imported with the first of its names that is used: what a file holds is known without an array.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["load_lazily", "np", "read_data"]


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


def read_data(package: str, name: str) -> str:
    """A text file beside the modules of a package, also of one in an archive. Raises OSError where there is none."""
    module = sys.modules[package]
    loader: Any = getattr(module.__spec__, "loader", None)
    data: bytes = loader.get_data(os.path.join(module.__path__[0], *name.split("/")))
    return data.decode("utf-8").replace("\r\n", "\n")


class _Later(ModuleType):
    """A module that is imported when the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


if not TYPE_CHECKING:
    np = _Later("numpy")
