"""The user's objects for names that a file does not define: from a mapping, a module, or a source file of its time."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import AnyKerasError, Malformed, MissingFile, MissingObject
from ..findings import Fidelity, Finding

if TYPE_CHECKING:
    from ..compat import LegacyRuntime
    from ..document.model import Document, Writer

_BASE = ("name", "trainable", "dtype")  # arguments that a file has for every layer, and a class may not take


@dataclass(frozen=True)
class LayerMaker:
    """Takes the place of a class where Keras looks for one: ``from_config`` is all that it calls."""

    layer_class: Any

    @property
    def __name__(self) -> str:
        return str(self.layer_class.__name__)

    def from_config(self, config: Mapping[str, object], **kwargs: object) -> Any:
        """The layer; arguments of every layer that its constructor does not take are set afterwards.

        Raises:
            Malformed: the class needs arguments that the file does not have, or does not take one that it has.
        """
        own = "from_config" in _list_own_names(self.layer_class)
        config = config if own else {key: self._revive(value) for key, value in config.items()}
        if own:
            return self._set_name(self._call(self.layer_class.from_config, dict(config)), config)
        takes = inspect.signature(self.layer_class.__init__).parameters
        if any(p.kind is p.VAR_KEYWORD for p in takes.values()):
            return self._set_name(self._call(lambda arguments: self.layer_class(**arguments), dict(config)), config)
        extra = sorted(key for key in config if key not in takes and key not in _BASE)
        if extra:
            raise self._refusal(f"its constructor takes no {', '.join(map(repr, extra))}, which the file has")
        kept = {key: value for key, value in config.items() if key in takes}
        return self._set_name(self._call(lambda arguments: self.layer_class(**arguments), kept), config)

    def _revive(self, value: object) -> Any:
        """A layer in the configuration of a wrapper or recurrence, as the ``from_config`` of these made it."""
        import keras

        holders = (keras.layers.Wrapper, keras.layers.RNN)
        if not (isinstance(value, dict) and "class_name" in value and issubclass(self.layer_class, holders)):
            return value
        layer = keras.saving.deserialize_keras_object(value)
        runtime = getattr(self.layer_class, "legacy_runtime", None)
        if runtime is None:
            return layer
        from ..compat.adapters import as_legacy  # the class was made by it

        return as_legacy(runtime, layer)

    def _call(self, make: Any, config: dict[str, Any]) -> Any:
        try:
            return make(config)
        except AnyKerasError:
            raise
        except Exception as error:  # whatever the user's constructor raises is theirs to read
            raise self._refusal(f"{type(error).__name__}: {error}", config) from error

    def _set_name(self, layer: Any, config: Mapping[str, Any]) -> Any:
        name = config.get("name")
        if isinstance(name, str) and getattr(layer, "name", name) != name:
            layer.name = name
        if config.get("trainable") is False:
            layer.trainable = False
        return layer

    def _refusal(self, why: str, config: Mapping[str, object] | None = None) -> Malformed:
        held = f" The file has: {', '.join(sorted(config))}." if config is not None else ""
        return Malformed(
            "AK5004",
            f"{self.layer_class.__name__} cannot be made from the file: {why}.{held}",
            layer=str((config or {}).get("name", "")) or None,
            next_step="Pass the class as it was when the model was saved, or one whose constructor takes these arguments.",
        )


def _list_own_names(layer_class: type) -> set[str]:
    """The names that a class and its bases outside of Keras define."""
    bases = [base for base in layer_class.__mro__ if base.__module__.split(".")[0] not in ("keras", "builtins", "anykeras")]
    return {name for base in bases for name in vars(base)}


def wrap_layer_classes(objects: Mapping[str, object]) -> dict[str, Any]:
    """The objects as Keras takes them: layer classes in a :class:`LayerMaker`."""
    return {name: LayerMaker(value) if is_layer_class(value) else value for name, value in objects.items()}


def is_layer_class(value: object) -> bool:
    """Whether an object is a layer or model class of the running Keras."""
    return inspect.isclass(value) and hasattr(value, "from_config") and hasattr(value, "add_weight")


# The user's objects for names that a file does not define: from a mapping, a module, or a source file of its time.


CustomObjectsSource = Mapping[str, Any] | ModuleType | str | os.PathLike[str] | None
"""What ``custom_objects=`` takes."""


@dataclass(frozen=True)
class CustomObjects:
    """Objects by the names under which a file may call them.

    `objects` come from the user, `registered` from the registry of the running Keras (classes that were decorated).
    `failed` are names whose statement in the source file `path` did not run, with the reason.
    """

    objects: Mapping[str, Any] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    runtime: LegacyRuntime | None = None

    @cached_property
    def registered(self) -> Mapping[str, Any]:
        """What the running Keras knows by registration; nothing where no Keras runs."""
        keras = sys.modules.get("keras")
        return dict(keras.saving.get_custom_objects()) if keras is not None and hasattr(keras, "saving") else {}

    @property
    def named(self) -> Mapping[str, Any]:
        """All objects by name; the user's take precedence over registered ones."""
        return {**self.registered, **self.objects}

    def find(self, name: str, registered_name: str | None = None, module: str | None = None) -> Any:
        """The object that a file calls so, by its registered name or a shorter one; None where there is none."""
        asked = [registered_name, f"{module}.{name}" if module else None, name]
        bare = name.rpartition(">")[2].rpartition(".")[2]
        for objects in (self.objects, self.registered):
            for key in (*asked, bare):
                if key and key in objects:
                    return objects[key]
            for key, found in objects.items():
                if key.rpartition(">")[2] == bare and ">" in key:
                    return found
        return None

    def for_keras(self, document: Document) -> dict[str, Any]:
        """The objects as Keras takes them: what the user passed, and what `document` was found to mean, by its names.

        What the process has registered is not among them for its name alone: a file's ``relu`` is that of Keras.
        """
        short = {name.rpartition(">")[2]: value for name, value in self.objects.items() if ">" in name}
        from ..targets.lowering.trust import list_user_objects  # loaded only where a target is

        asked = dict(list_user_objects(document.model, document.training))
        return wrap_layer_classes({**short, **self.objects, **asked})

    @property
    def findings(self) -> list[Finding]:
        """Statements of the source file that did not run."""
        return [
            Finding("AK5006", self.path, f"{name or 'a statement'}: {reason}", "skipped", Fidelity.LOSSY)
            for name, reason in self.failed.items()
        ]


def load_custom_objects(objects: CustomObjectsSource, writer: Writer) -> CustomObjects:
    """The objects of ``custom_objects=``, by name.

    Args:
        objects: a mapping of names to objects (or modules), a module, or the path of a Python source file. The file is
            run, as it is the user's own; :mod:`anykeras.compat` emulates its imports of an old Keras, TensorFlow or
            Theano as of `writer`.

    Raises:
        MissingFile: there is no such file.
        MissingObject: `objects` is none of these.
    """
    if objects is None:
        return CustomObjects()
    from ..keras_private import choose_backend  # imported where objects are passed, which Keras belongs to

    choose_backend()
    if isinstance(objects, ModuleType):
        return CustomObjects(_public(objects))
    if isinstance(objects, Mapping):
        named = {str(name): value for name, value in objects.items()}
        inner = [_public(value) for value in named.values() if isinstance(value, ModuleType)]
        return CustomObjects({**{k: v for held in inner for k, v in held.items()}, **named})
    accepted = "Pass a mapping of names to objects, a module, or the path of a .py file that defines them."
    if not isinstance(objects, str | os.PathLike):
        raise MissingObject("AK5003", f"custom_objects is of type {type(objects).__name__}", next_step=accepted)
    path = os.fspath(objects)
    if not os.path.isfile(path):
        seen = f"custom_objects: no such file: {path} (current directory: {os.getcwd()})"
        raise MissingFile("AK5003", seen, part=path, next_step=accepted)
    from ..compat import make_legacy_runtime  # loaded only where a source file asks for it
    from . import source

    runtime = make_legacy_runtime(writer)
    file = source.run_source(path, runtime)
    return CustomObjects(file.objects, file.failed, path, runtime)


def _public(module: ModuleType) -> dict[str, Any]:
    """The classes and functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__
    }
