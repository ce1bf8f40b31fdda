"""Code that came with a file, turned into native operations without being run. Loaded where a file has any."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .backend_faults import avoid_backend_faults
    from .lift import RANDOM, Recovered, on_numbers
    from .recovery import Recovery, read, recover
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "backend_faults": "avoid_backend_faults",
            "lift": "RANDOM Recovered on_numbers",
            "recovery": "Recovery read recover",
        },
    )

__all__ = ["RANDOM", "Recovered", "Recovery", "avoid_backend_faults", "on_numbers", "read", "recover"]
