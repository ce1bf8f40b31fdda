"""Files of tf.keras, Keras 2 and TensorFlow.js: how they spell a model, and the boxes they keep it in."""

from .files import LegacyFile, prepare
from .tfjs import TfjsFolder
from .tfjs import prepare as prepare_tfjs

__all__ = ["LegacyFile", "TfjsFolder", "prepare", "prepare_tfjs"]
