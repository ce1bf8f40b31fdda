"""Tables that fill themselves: named entries that may not collide."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Registry(Mapping[K, V], Generic[K, V]):
    """Entries by key, read as a mapping, filled by :meth:`add` or a decorator; a key is taken once.

    Args:
        what: what an entry is (``"page"``), for the message about a key that is taken.
        homes: modules, and packages with every module below them, that are imported before the first reading, so that
            their entries register themselves.
    """

    def __init__(self, what: str, *homes: str | None) -> None:
        self.what, self._homes = what, homes
        self._entries: dict[K, V] = {}

    @property
    def _filled(self) -> dict[K, V]:
        homes, self._homes = self._homes, ()
        for home in filter(None, homes):
            load_all(home)
        return self._entries

    def add(self, key: K, value: V) -> V:
        """Enter `value` under `key`, and return it. Raises ValueError where `key` has another value already."""
        known = self._entries.setdefault(key, value)
        if known is not value:
            raise ValueError(f"{self.what} {key!r} is registered twice: {known!r} and {value!r}")
        return value

    def register(self, *keys: K) -> Callable[[V], V]:
        """A decorator that enters what it decorates under each of `keys`."""

        def enter(value: V) -> V:
            for key in keys:
                self.add(key, value)
            return value

        return enter

    def find_entered(self, key: K) -> V | None:
        """The entry that is there already, without importing any."""
        return self._entries.get(key)

    def __getitem__(self, key: K) -> V:
        return self._filled[key]

    def __contains__(self, key: object) -> bool:
        return key in self._filled

    def __iter__(self) -> Iterator[K]:
        return iter(self._filled)

    def __len__(self) -> int:
        return len(self._filled)

    def __repr__(self) -> str:
        return f"Registry({self.what!r}, {len(self)} entries)"


def load_all(package: str) -> None:
    """Import a module, or every module below a package (one of ours), so that its entries register themselves."""
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(getattr(root, "__path__", ()), package + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
