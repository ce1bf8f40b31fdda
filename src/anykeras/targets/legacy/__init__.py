"""Files of tf.keras and Keras 2: how they spell a model, and the boxes they keep it in."""

from .writing import LegacyFile, prepare

__all__ = ["LegacyFile", "prepare"]
