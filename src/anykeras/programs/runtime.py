"""The runtime in which a program builds a model that is noted down."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..compat import classes
from ..compat.libraries import FINDERS
from ..compat.runtime import LegacyRuntime
from ..document.model import Writer
from ..recovery.functions import Entry, find_attribute
from ..recovery.functions import find_operator as operator_entry
from . import names
from .inert import INERT, Inert, Missing
from .layers import RecordedLayer
from .models import RecordedModel
from .recording import Recorder
from .shapes import find_outcomes
from .sizes import list_axes
from .tensors import RecordedTensor, holds_recorded


class RecordingRuntime(LegacyRuntime):
    """`LegacyRuntime` in which layers and models of Keras are noted down.

    A class of the program that derives from a layer is live, and so is everything inside it; the call of one on a
    noted tensor is noted too.
    """

    def __init__(self, writer: Writer, data_format: str) -> None:
        super().__init__(writer, (names.find, *FINDERS), classes.adapt_class)
        self.recorder = Recorder(self, writer, data_format, find_outcomes)

    def find_live(self, dotted: str) -> Any:
        """What a name means inside a live layer."""
        for find in FINDERS:
            found = find(self, dotted)
            if found is not None:
                return found
        raise AttributeError(f"{dotted} is not known to anykeras.compat")

    def knows(self, name: str) -> bool:
        """Whether the libraries have a name that is not noted down."""
        return any(find(self, name) is not None for find in FINDERS)

    def realize(self, value: Any) -> Any:
        """A value with live layers in place of noted ones."""
        if isinstance(value, RecordedLayer | RecordedModel):
            return value.realize()
        if type(value) in (list, tuple):
            items = [self.realize(item) for item in value]
            return value if all(map(operator.is_, items, value)) else type(value)(items)  # Keras knows its lists by identity
        if type(value) is dict:
            held = {key: self.realize(item) for key, item in value.items()}
            return value if all(held[key] is value[key] for key in held) else held
        return value

    def call_keras(self, function: Callable[..., object], *args: object, **kwargs: object) -> Any:
        """Call a function of the running Keras; the call of a live layer on noted tensors is noted."""
        if not holds_recorded([args, kwargs]):
            return super().call_keras(function, *args, **kwargs)
        owner = getattr(function, "__self__", None)
        if isinstance(owner, self.keras.layers.Layer):
            return self.recorder.call_live(owner, args, kwargs)
        name = getattr(function, "__name__", "function")
        call = super().call_keras
        return self.recorder.call_function(lambda *a, **k: call(function, *a, **k), args, kwargs, name)

    def call_entry(self, entry: Entry, *args: object, **kwargs: object) -> Any:
        """Call an entry of the tables; what it makes of noted tensors is noted, and nothing of nothing."""
        for arg in args:
            if isinstance(arg, Missing):
                arg.refuse()
        if any(isinstance(arg, Inert) for arg in args) and not holds_recorded(args):
            return INERT
        if not holds_recorded([args, kwargs]) and not self._measures([args, kwargs]):
            return super().call_entry(entry, *args, **kwargs)
        call = super().call_entry
        name = getattr(entry, "name", "function").rpartition(".")[2]
        return self.recorder.call_function(lambda *a, **k: call(entry, *a, **k), args, kwargs, name)

    def _measures(self, value: object) -> bool:
        """Whether an open size in a structure is one of a noted tensor."""
        if self.call_depth or self.recorder.is_tracing:
            return False
        return any(id(axis.tensor) in self.recorder.sized for axis in list_axes(value))

    def operate(self, name: str, *operands: object) -> Any:
        """A Python operator."""
        return self.call_entry(operator_entry(name, self.context), *operands)

    def recorded_attribute(self, tensor: RecordedTensor, name: str) -> Any:
        """An attribute or method of a noted tensor."""
        found = find_attribute(name, "tensor", self.context)
        if found is None:
            raise AttributeError(name)
        if found.method:
            return lambda *args, **kwargs: self.call_entry(found.entry, tensor, *args, **kwargs)
        return self.call_entry(found.entry, tensor)
