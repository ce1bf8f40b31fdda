"""Ways out: a file that stock Keras opens, or a live model on the running backend."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .base import DEFAULT, TARGETS, plan, suffix_of, write
    from .fresh import renew_misfits
    from .keras_live import build
    from .keras_read import LiveModel, fill_model, read_model
    from .live_paths import list_unfilled, locate_weights
    from .lowering import MINORS, Lowered, lower, omit_untrusted
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "base": "DEFAULT TARGETS plan suffix_of write",
            "fresh": "renew_misfits",
            "keras_live": "build",
            "keras_read": "LiveModel fill_model read_model",
            "live_paths": "list_unfilled locate_weights",
            "lowering": "MINORS Lowered lower omit_untrusted",
        },
    )

__all__ = [
    "DEFAULT",
    "MINORS",
    "TARGETS",
    "LiveModel",
    "Lowered",
    "build",
    "fill_model",
    "list_unfilled",
    "locate_weights",
    "lower",
    "omit_untrusted",
    "plan",
    "read_model",
    "renew_misfits",
    "suffix_of",
    "write",
]
