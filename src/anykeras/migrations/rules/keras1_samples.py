"""Writers that the worked examples of the rules for Keras 0 and 1 share."""

from __future__ import annotations

from ...document.model import Era, Writer

THEANO_122 = Writer(Era.KERAS1, version="1.2.2", backend="theano")
TENSORFLOW_122 = Writer(Era.KERAS1, version="1.2.2", backend="tensorflow")
THEANO_100 = Writer(Era.KERAS1, version="1.0.0", backend="theano")
THEANO_033 = Writer(Era.KERAS0, version="0.3.3", backend="theano")
THEANO_200 = Writer(Era.KERAS2, version="2.0.0", backend="theano")
