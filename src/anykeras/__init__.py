"""AnyKeras opens any Keras model file ever saved, in today's Keras 3, with the outputs it had when it was saved."""

from .api import convert, explain, inspect, load_model, stub, verify
from .errors import AnyKerasError

__version__ = "0.1.0"
__all__ = ["AnyKerasError", "__version__", "convert", "explain", "inspect", "load_model", "stub", "verify"]
