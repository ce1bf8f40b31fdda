"""The libraries that a program of its time imported, as modules over the running Keras.

One runtime stands for one writer: it says whose code is running, turns values of the running Keras into those of the
old library and back, and finds what an old name meant. What stands under the names is in the `finders`, which are asked
in order (`anykeras.compat.libraries`). Nothing enters ``sys.modules``: a program reaches a runtime through the
``__import__`` of its own builtins.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property, partial, wraps
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ..catalog.signatures import list_classes
from ..document.model import Era, Writer
from ..recovery.functions import Entry, EntryKind, FunctionContext, Refused, find_attribute, find_operator, is_module
from ..recovery.functions.live import LiveOps
from ..recovery.functions.table import canonical, names, resolve
from ..recovery.functions.values import Shape
from ..texts import list_words
from .tensor import LegacyShape, LegacyTensor, holds_legacy, mark_legacy

ROOTS = ("keras", "tensorflow", "tf_keras", "theano", "tensorflow_addons", "keras_contrib")
_PACKAGES = frozenset(
    list_words(
        """keras.backend keras.layers keras.engine keras.engine.topology keras.engine.base_layer keras.initializers
        keras.regularizers keras.constraints keras.activations keras.losses keras.objectives keras.metrics
        keras.optimizers keras.models keras.utils keras.utils.generic_utils keras.callbacks keras.saving keras.legacy
        keras.legacy.interfaces keras.initializations keras.preprocessing keras.applications tensorflow.keras
        tensorflow.python tensorflow.math tensorflow.nn tensorflow.image theano.tensor"""
    )
)


class LegacyRuntime:
    """The libraries of one writer.

    Args:
        writer: whose libraries.
        finders: what an old name means; the first that knows a canonical name decides.
        adapt: makes the legacy form of a class of the running Keras.
    """

    def __init__(self, writer: Writer, finders: Sequence[Finder], adapt: Adapter) -> None:
        self.writer = writer
        self.context = FunctionContext.of(writer)
        self.registered: dict[str, Any] = {}
        self.call_depth = 0
        self.in_legacy_code = False
        self._finders, self._adapt = finders, adapt
        self._adapted: dict[type, type] = {}
        self._modules: dict[str, LegacyModule] = {}
        self._names: dict[str, Any] = {}

    @cached_property
    def keras(self) -> ModuleType:
        """The running Keras."""
        return importlib.import_module("keras")

    @property
    def ops(self) -> LiveOps:
        """The tables' operations over the running Keras."""
        return LiveOps(self.keras, self.context)

    @property
    def is_keras1(self) -> bool:
        """Whether the writer's Keras is older than 2."""
        return self.context.era in (Era.KERAS0, Era.KERAS1)

    # -- whose code is running

    @contextmanager
    def enter_call(self, training: bool | None = None) -> Iterator[None]:
        """Inside a layer's call; `training` is the learning phase, None where the call does not say it."""
        before, self.call_depth = self.context, self.call_depth + 1
        if training is not None:
            self.context = replace(self.context, training=bool(training))
        try:
            with self.legacy_code():
                yield
        finally:
            self.context, self.call_depth = before, self.call_depth - 1

    @contextmanager
    def legacy_code(self, legacy: bool = True) -> Iterator[None]:
        """While code of the old program runs."""
        before, self.in_legacy_code = self.in_legacy_code, legacy
        try:
            yield
        finally:
            self.in_legacy_code = before

    def keras_code(self) -> AbstractContextManager[None]:
        """While Keras' own code runs."""
        return self.legacy_code(False)

    # -- values

    def is_tensor(self, value: object) -> bool:
        """Whether a value is a tensor of the running Keras."""
        return self.ops.is_tensor(value)

    def to_numpy(self, raw: object) -> Any:
        """The numbers of a tensor; raises Refused for a symbolic one."""
        if isinstance(raw, self.keras.KerasTensor):
            raise Refused("the code asks for the numbers of a tensor that has none yet", "AK3042")
        return self.keras.ops.convert_to_numpy(raw)

    def wrap(self, value: Any) -> Any:
        """A value of the running Keras as legacy code sees it."""
        if isinstance(value, LegacyTensor | LegacyShape | str | int | float | np.ndarray | np.generic | None):
            return value
        if isinstance(value, Shape):
            return LegacyShape(value)
        if isinstance(value, FunctionType | MethodType | BuiltinFunctionType | partial):
            return self.for_legacy(value)
        if type(value) in (list, tuple):
            return type(value)(self.wrap(item) for item in value)
        if type(value) is dict:
            return {key: self.wrap(item) for key, item in value.items()}
        return LegacyTensor(value, self) if self.is_tensor(value) else value

    def unwrap(self, value: object) -> Any:
        """A value of legacy code as the tables and the running Keras take it."""
        if isinstance(value, LegacyTensor):
            return value.raw
        if isinstance(value, LegacyShape):
            return Shape(tuple(value))
        if isinstance(value, FunctionType | MethodType):
            return self.for_keras(value)
        if isinstance(value, list | tuple) and type(value).__name__ in ("list", "tuple", "TrackedList"):
            items = [self.unwrap(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, dict):
            return {key: self.unwrap(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(self.unwrap(value.start), self.unwrap(value.stop), self.unwrap(value.step))
        return value

    def realize(self, value: Any) -> Any:
        """A value of the program as a live layer takes it."""
        return value

    def call_keras(self, function: Callable[..., object], *args: object, **kwargs: object) -> Any:
        """Call a function of the running Keras from legacy code."""
        with self.keras_code():
            return self.wrap(function(*self.unwrap(args), **self.unwrap(kwargs)))

    def for_legacy(self, function: Callable[..., object]) -> Callable[..., Any]:
        """A function of the running Keras that legacy code calls."""
        if getattr(function, "is_legacy", False):
            return function

        @wraps(function)
        def call(*args: object, **kwargs: object) -> object:
            return self.call_keras(function, *args, **kwargs)

        return call

    def for_keras(self, function: Callable[..., object]) -> Callable[..., Any]:
        """A function of legacy code that Keras calls; called by legacy code it is itself."""
        if getattr(function, "is_for_keras", False):
            return function

        @wraps(function)
        def call(*args: object, **kwargs: object) -> object:
            if holds_legacy(args) or holds_legacy(kwargs):
                return function(*args, **kwargs)
            with self.legacy_code():
                return self.unwrap(function(*self.wrap(args), **self.wrap(kwargs)))

        return mark_legacy(call, for_keras=True)

    def operate(self, name: str, *operands: object) -> Any:
        """A Python operator with the meaning that it had for the writer's tensors."""
        return self.call_entry(find_operator(name, self.context), *operands)

    def attribute(self, raw: object, name: str) -> object:
        """An attribute or method of a tensor."""
        held = self._variable_attribute(raw, name)
        if held is not None:
            return held
        found = find_attribute(name, "tensor", self.context)
        if found is None:
            return self.wrap(getattr(raw, name))
        if found.method:
            return lambda *args, **kwargs: self.call_entry(found.entry, raw, *args, **kwargs)
        return self.call_entry(found.entry, raw)

    def _variable_attribute(self, raw: object, name: str) -> object:
        """Methods and attributes that only variables had; None for any other."""
        if not isinstance(raw, self.keras.Variable):
            return None
        if name in ("assign", "set_value"):
            return lambda value, *args, **kwargs: raw.assign(self.unwrap(value))
        if name == "assign_add":
            return lambda value, *args, **kwargs: raw.assign(raw + self.unwrap(value))
        if name in ("get_value", "numpy", "eval"):
            return lambda *args, **kwargs: self.to_numpy(raw)
        if name in ("value", "read_value", "initialized_value"):
            return lambda *args, **kwargs: self.wrap(raw)
        return getattr(raw, name, None) if name in ("name", "trainable", "constraint", "regularizer", "path") else None

    def call_entry(self, entry: Entry, *args: object, **kwargs: object) -> Any:
        """Call an entry of the tables from legacy code."""
        return self.wrap(entry(self.ops, *self.unwrap(args), **self.unwrap(kwargs)))

    # -- names

    def adapt(self, current: type) -> Any:
        """A class of the running Keras as legacy code derives from it and constructs it."""
        if current not in self._adapted:
            self._adapted[current] = self._adapt(self, current)
        return self._adapted[current]

    def module(self, dotted: str) -> LegacyModule:
        """The module of that name."""
        return self._modules.setdefault(dotted, LegacyModule(self, dotted))

    def find(self, dotted: str) -> Any:
        """What a dotted name meant; raises AttributeError."""
        if dotted not in self._names:
            self._names[dotted] = self._search(dotted)
        return self._names[dotted]

    def _search(self, dotted: str) -> object:
        name = canonical(dotted)
        if name in _PACKAGES:
            return self.module(dotted)
        for find in self._finders:
            found = find(self, name)
            if found is not None:
                return found
        entry = resolve(name, self.context)
        if entry is not None and entry.kind is EntryKind.VALUE and entry.value is None:
            return None  # `tf.newaxis`, where None of a finder says that it knows nothing
        if self.is_package(dotted):
            return self.module(dotted)
        raise AttributeError(f"{dotted} is not known to anykeras.compat")

    def is_package(self, dotted: str) -> bool:
        """Whether a name may be that of a module."""
        name = canonical(dotted)
        if is_module(dotted) or any(known.startswith(name + ".") for known in _PACKAGES):
            return True
        return name.startswith("keras.") and name.rpartition(".")[2].islower() and name.count(".") < 5

    def list_names(self, dotted: str) -> list[str]:
        """The names that a module of the writer may have had: those of its classes, of the tables, and of the running Keras."""
        name = canonical(dotted)
        kind = "layers" if name.startswith(("keras.layers", "keras.models")) else name.rpartition(".")[2]
        found = {*list_classes(self.writer, kind)} if name.startswith("keras.") else set()
        found |= {known.removeprefix(f"{name}.").split(".")[0] for known in names(f"{name}.")}
        current: Any = self.keras
        for part in name.split(".")[1:] if name.startswith("keras.") else []:
            current = getattr(current, part, None)
        found |= {item for item in dir(current) if name.startswith("keras.")}
        if name == "keras":
            found |= _TOP_NAMES
        if kind == "layers":
            found |= {"Input", "Model", "Sequential", "Graph"} | ({"merge"} if name == "keras.layers" else set())
        return sorted(item for item in found if not item.startswith("_"))

    # -- programs

    def importer(self, find_beside: Callable[[str], ModuleType | None]) -> Callable[..., Any]:
        """An ``__import__`` that gives the old libraries from this runtime, and own modules from `find_beside`."""

        def run(
            name: str, globals: object = None, locals: object = None, fromlist: Sequence[str] | None = (), level: int = 0
        ) -> ModuleType:
            if not level and name.split(".")[0] in ROOTS:
                module = self._import(name)
                for item in fromlist or ():
                    if item == "*":
                        module.fill()
                    else:
                        getattr(module, item)
                return module if fromlist else self.module(name.split(".")[0])
            return find_beside(name) or builtins.__import__(name, globals, locals, fromlist, level)  # type: ignore[arg-type]

        return run

    def _import(self, name: str) -> LegacyModule:
        """The module that ``import name`` gives; raises ImportError."""
        if name.split(".")[0] == "theano" and importlib.util.find_spec("theano") is None and self.context.era is Era.KERAS3:
            raise ImportError(name)
        return self.module(name)


# What ``from tensorflow.keras import *`` gives (tensorflow 2.15; keras 2.2 to 2.3 has Input, Model and Sequential so too).
# fmt: off
_TOP_NAMES = frozenset({
    "Input", "Model", "Sequential", "activations", "applications", "backend", "callbacks", "constraints", "datasets",
    "experimental", "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "optimizers", "preprocessing",
    "regularizers", "utils",
})
# fmt: on


class LegacyModule(ModuleType):
    """A module of a runtime: names are looked up when they are used."""

    def __init__(self, runtime: LegacyRuntime, dotted: str) -> None:
        super().__init__(dotted)
        self._runtime, self._dotted = runtime, dotted
        if dotted in ("keras", "tensorflow", "tf_keras", "theano"):
            self.__version__ = ".".join(map(str, runtime.context.version)) or "2.2.4"

    def __call__(self, *args: object, **kwargs: object) -> object:
        """A function of that name is not known: only its use shows that it is no module."""
        raise AttributeError(f"{self._dotted} is not known to anykeras.compat")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._runtime.find(f"{self._dotted}.{name}")
        setattr(self, name, found)
        return found

    def fill(self) -> None:
        """Define every public name that the library is known to have had here, for ``from module import *``."""
        self.__all__ = []
        for name in self._runtime.list_names(self._dotted):
            try:
                getattr(self, name)
            except AttributeError:
                continue
            self.__all__.append(name)


Finder = Callable[[LegacyRuntime, str], object]
"""What a canonical name meant to the writer, None where the finder does not know it."""
Adapter = Callable[[LegacyRuntime, type], type]
