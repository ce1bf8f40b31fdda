"""Ways out: a file that stock Keras opens, or a live model on the running backend."""

from .base import DEFAULT, TARGETS, write
from .fresh import renew_misfits
from .keras_live import build
from .keras_read import LiveModel, fill_model, read_model
from .lowering import MINORS, Lowered, lower, omit_untrusted

__all__ = [
    "DEFAULT",
    "MINORS",
    "TARGETS",
    "LiveModel",
    "Lowered",
    "build",
    "fill_model",
    "lower",
    "omit_untrusted",
    "read_model",
    "renew_misfits",
    "write",
]
