"""A file that holds weights alone: what it tells, what lies beside it, and a skeleton of the code that made it."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .inspection import WeightsInspection, describe_weights, list_saved_layers
    from .siblings import Sibling, choose_sibling, find_siblings, read_beside, refuse_alone
    from .sketch import write_sketch
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "inspection": "WeightsInspection describe_weights list_saved_layers",
            "siblings": "Sibling choose_sibling find_siblings read_beside refuse_alone",
            "sketch": "write_sketch",
        },
    )

__all__ = [
    "Sibling",
    "WeightsInspection",
    "choose_sibling",
    "describe_weights",
    "find_siblings",
    "list_saved_layers",
    "read_beside",
    "refuse_alone",
    "write_sketch",
]
