"""What a compile configuration of any era means in current Keras 3."""

from . import pages
from .migrate import migrate_training
from .unknown import settled

__all__ = ["migrate_training", "pages", "settled"]
