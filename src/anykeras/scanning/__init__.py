"""Many files at once: which are meant (:func:`expand`), and a scan of all below some folders (:func:`scan`)."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .locations import Entry, expand, find_models, is_model_folder, name_converted
    from .many import MEMORY, SECONDS, Progress, Scan, scan
    from .store import FORMATS, Store
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "locations": "Entry expand find_models is_model_folder name_converted",
            "many": "MEMORY SECONDS Progress Scan scan",
            "store": "FORMATS Store",
        },
    )

__all__ = [
    "FORMATS",
    "MEMORY",
    "SECONDS",
    "Entry",
    "Progress",
    "Scan",
    "Store",
    "expand",
    "find_models",
    "is_model_folder",
    "name_converted",
    "scan",
]
