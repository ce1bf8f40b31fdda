"""The libraries that a program of its time imported, as modules over the running Keras.

One runtime stands for one writer. Its functions are the entries of ``recovery.functions``, called on live tensors; its
classes are those of the running Keras with the arguments, the defaults and the ways of then (`layer`, `constructors`).
Nothing is put into ``sys.modules``: a program is given a runtime through the ``__import__`` of its own builtins.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property, partial, wraps
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..document.model import Era, Writer
from ..recovery.functions import Entry, FunctionContext, Kind, Refused, attribute, is_module, operator, resolve
from ..recovery.functions.base import words
from ..recovery.functions.live import LiveOps
from ..recovery.functions.lookup import canonical
from ..recovery.functions.shapes import Shape
from . import classes, initializers, recurrent, state
from .tensor import LegacyShape, LegacyTensor

ROOTS = ("keras", "tensorflow", "tf_keras", "theano", "tensorflow_addons", "keras_contrib")
# Where the running Keras has what an old module had, beside modules of the same name.
_MOVED = {
    "objectives": "losses",
    "engine": "layers",
    "legacy": "layers",
    "initializations": "initializers",
    "saving": "saving",
    "engine.training": "models",
}


class LegacyRuntime:
    """The libraries of one writer."""

    def __init__(self, context: FunctionContext | None = None, writer: Writer | None = None) -> None:
        self.context = context or FunctionContext()
        self.writer = writer or Writer(self.context.era, self.context.library, None, self.context.backend)
        self.registered: dict[str, Any] = {}
        self.calls = 0
        self.old = False
        self._modules: dict[str, Module] = {}
        self._names: dict[str, Any] = {}

    @cached_property
    def keras(self) -> Any:
        """The running Keras."""
        return importlib.import_module("keras")

    @property
    def ops(self) -> LiveOps:
        """The tables' operations over the running Keras."""
        return LiveOps(self.keras, self.context)

    @contextmanager
    def calling(self, training: bool | None = None) -> Iterator[None]:
        """Inside a layer's call: the learning phase is what the layer was told."""
        before, self.calls = self.context, self.calls + 1
        if training is not None:
            self.context = replace(self.context, training=bool(training))
        try:
            with self.inside():
                yield
        finally:
            self.context, self.calls = before, self.calls - 1

    @contextmanager
    def inside(self, old: bool = True) -> Iterator[None]:
        """While code of then runs; `outside` is while that code has called Keras."""
        before, self.old = self.old, old
        try:
            yield
        finally:
            self.old = before

    def outside(self) -> AbstractContextManager[None]:
        """While Keras' own code runs."""
        return self.inside(False)

    # -- values

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor of the running Keras."""
        return self.ops.is_tensor(value)

    def numbers(self, raw: Any) -> Any:
        """The numbers of a tensor that has some."""
        if isinstance(raw, self.keras.KerasTensor):
            raise Refused("the code asks for the numbers of a tensor that has none yet", "AK3042")
        return self.keras.ops.convert_to_numpy(raw)

    def wrap(self, value: Any) -> Any:
        """A value of the running Keras as old code sees it."""
        if isinstance(value, LegacyTensor | LegacyShape | str | int | float | np.ndarray | np.generic | None):
            return value
        if isinstance(value, Shape):
            return LegacyShape(value)
        if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | partial):
            return self.inwards(value)
        if type(value) in (list, tuple):
            return type(value)(self.wrap(item) for item in value)
        if type(value) is dict:
            return {key: self.wrap(item) for key, item in value.items()}
        return LegacyTensor(value, self) if self.is_tensor(value) else value

    def unwrap(self, value: Any) -> Any:
        """A value of old code as the tables and the running Keras take it."""
        if isinstance(value, LegacyTensor):
            return value.raw
        if isinstance(value, LegacyShape):
            return Shape(tuple(value))
        if isinstance(value, FunctionType | MethodType):
            return self.outwards(value)
        if isinstance(value, list | tuple) and type(value).__name__ in ("list", "tuple", "TrackedList"):
            made = [self.unwrap(item) for item in value]
            return tuple(made) if isinstance(value, tuple) else made
        if isinstance(value, dict):
            return {key: self.unwrap(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(self.unwrap(value.start), self.unwrap(value.stop), self.unwrap(value.step))
        return value

    def as_legacy(self, layer: Any) -> Any:
        """A live layer of the running Keras as old code calls it."""
        return classes.as_legacy(self, layer)

    def inwards(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the running Keras that old code calls."""
        if getattr(function, "is_legacy", False):
            return function

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.outside():
                return self.wrap(function(*self.unwrap(args), **self.unwrap(kwargs)))

        return call

    def outwards(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of old code that Keras calls; called by old code it is itself."""
        if getattr(function, "for_keras", False):
            return function

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if holds_legacy(args) or holds_legacy(kwargs):
                return function(*args, **kwargs)
            with self.inside():
                return self.unwrap(function(*self.wrap(args), **self.wrap(kwargs)))

        call.is_legacy = call.for_keras = True  # type: ignore[attr-defined]
        return call

    def operate(self, name: str, *operands: Any) -> Any:
        """A Python operator with the meaning that it had for the writer's tensors."""
        entry = operator(name, self.context)
        return self.wrap(entry(self.ops, *self.unwrap(operands)))

    def attribute(self, raw: Any, name: str) -> Any:
        """An attribute or method of a tensor."""
        held = state.variable_attribute(self, raw, name)
        if held is not None:
            return held
        found = attribute(name, "tensor", self.context)
        if found is None:
            return self.wrap(getattr(raw, name))
        if found.method:
            return lambda *args, **kwargs: self.run(found.entry, (raw, *args), kwargs)
        return self.run(found.entry, (raw,), {})

    def run(self, entry: Entry, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """An entry of the tables, called by old code."""
        return self.wrap(entry(self.ops, *self.unwrap(args), **self.unwrap(dict(kwargs))))

    # -- names

    def module(self, dotted: str) -> Module:
        """The module of that name."""
        return self._modules.setdefault(dotted, Module(self, dotted))

    def find(self, dotted: str) -> Any:
        """What a dotted name meant; raises AttributeError."""
        if dotted not in self._names:
            self._names[dotted] = self._found(dotted)
        return self._names[dotted]

    def _found(self, dotted: str) -> Any:
        name = canonical(dotted)
        if name in _PACKAGES:
            return self.module(dotted)
        for ask in (self._starting, self._state, self._class, self._function, self._current):
            made = ask(name)
            if made is not None:
                return made
        if is_module(dotted) or any(known.startswith(name + ".") for known in _PACKAGES):
            return self.module(dotted)
        if name.startswith("keras.") and name.rpartition(".")[2].islower() and name.count(".") < 5:
            return self.module(dotted)
        raise AttributeError(f"{dotted} is not known to anykeras.compat")

    def _starting(self, name: str) -> Any:
        made = initializers.find(self, name)
        return recurrent.find(self, name) if made is None else made

    def _state(self, name: str) -> Any:
        return state.find(self, name)

    def _class(self, name: str) -> Any:
        return classes.find(self, name)

    def _function(self, name: str) -> Any:
        if name.startswith("keras.layers."):
            return None
        entry = resolve(name, self.context)
        if entry is None:
            return None
        if entry.kind is Kind.VALUE and entry.run is None:
            return entry.value

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.run(entry, args, kwargs)

        call.__name__ = name.rpartition(".")[2]
        call.is_legacy = True  # type: ignore[attr-defined]
        return call

    def _current(self, name: str) -> Any:
        """What the running Keras (or TensorFlow, where it is the backend) has under the name, or where it moved."""
        parts = name.split(".")
        if parts[0] == "tensorflow" and self.keras.backend.backend() == "tensorflow":
            return self._adapted(_walk(importlib.import_module("tensorflow"), parts[1:]))
        if parts[0] != "keras" or len(parts) < 2:
            return None
        homes = [parts[1:-1], [_MOVED.get(".".join(parts[1:-1]), _MOVED.get(parts[1], parts[1]))]]
        for home in homes:
            found = _walk(self.keras, [*home, parts[-1]])
            if found is not None and not isinstance(found, ModuleType):
                return self._adapted(found)
        return None

    def _adapted(self, found: Any) -> Any:
        if isinstance(found, type):
            return classes.adapted(self, found)
        return self.inwards(found) if callable(found) else None if isinstance(found, ModuleType) else found

    # -- programs

    def importer(self, beside: Callable[[str], ModuleType | None]) -> Callable[..., Any]:
        """An ``__import__`` that answers old libraries from this runtime, and own modules through `beside`."""

        def run(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
            if not level and name.split(".")[0] in ROOTS:
                module = self.imported(name)
                for item in fromlist or ():
                    if item != "*":
                        getattr(module, item)
                return module if fromlist else self.module(name.split(".")[0])
            own = beside(name)
            if own is not None:
                return own
            return builtins.__import__(name, globals, locals, fromlist, level)

        return run

    def imported(self, name: str) -> Module:
        """The module that ``import name`` gives; raises ImportError."""
        if name.split(".")[0] == "theano" and importlib.util.find_spec("theano") is None and self.context.era is Era.KERAS3:
            raise ImportError(name)
        return self.module(name)


class Module(ModuleType):
    """A module of a runtime: names are looked up when they are asked for."""

    def __init__(self, runtime: LegacyRuntime, dotted: str) -> None:
        super().__init__(dotted)
        self._runtime, self._dotted = runtime, dotted
        if dotted in ("keras", "tensorflow", "tf_keras", "theano"):
            self.__version__ = ".".join(map(str, runtime.context.version)) or "2.2.4"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A function of that name is not known: only its use tells that it is no module."""
        raise AttributeError(f"{self._dotted} is not known to anykeras.compat")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = self._runtime.find(f"{self._dotted}.{name}")
        setattr(self, name, made)
        return made


_PACKAGES = frozenset(
    words(
        """keras.backend keras.layers keras.engine keras.engine.topology keras.engine.base_layer keras.initializers
        keras.regularizers keras.constraints keras.activations keras.losses keras.objectives keras.metrics
        keras.optimizers keras.models keras.utils keras.utils.generic_utils keras.callbacks keras.saving keras.legacy
        keras.legacy.interfaces keras.initializations keras.preprocessing keras.applications tensorflow.keras
        tensorflow.python tensorflow.math tensorflow.nn tensorflow.image theano.tensor"""
    )
)


def holds_legacy(value: Any) -> bool:
    """Whether a structure holds tensors of old code."""
    if isinstance(value, list | tuple):
        return any(holds_legacy(item) for item in value)
    if isinstance(value, dict):
        return any(holds_legacy(item) for item in value.values())
    return isinstance(value, LegacyTensor)


def _walk(start: Any, path: list[str]) -> Any:
    found = start
    for part in path:
        found = getattr(found, part, None)
        if found is None:
            return None
    return found
