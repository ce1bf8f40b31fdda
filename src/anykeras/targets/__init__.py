"""Ways out: a file that stock Keras opens, or a live model on the running backend."""

from .base import DEFAULT, TARGETS, write
from .fresh import renew_misfits
from .keras_live import build
from .lowering import MINORS, Lowered, lower, omit_untrusted

__all__ = ["DEFAULT", "MINORS", "TARGETS", "Lowered", "build", "lower", "omit_untrusted", "renew_misfits", "write"]
