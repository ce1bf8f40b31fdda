"""What a compile configuration of any era means in current Keras 3."""

from . import pages
from .embeddings import densified
from .migrate import migrate_training
from .unknown import settled

__all__ = ["densified", "migrate_training", "pages", "settled"]
