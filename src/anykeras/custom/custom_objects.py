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

from ..errors import MissingFile, MissingObject
from ..findings import Fidelity, Finding
from .maker import wrap_layer_classes

if TYPE_CHECKING:
    from ..compat import LegacyRuntime
    from ..document.model import Document, Writer

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
        from ..targets.lowering.trust import user_objects  # loaded only where a target is

        asked = dict(user_objects(document.model, document.training))
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
    from ..compat import legacy_runtime  # loaded only where a source file asks for it
    from . import source

    runtime = legacy_runtime(writer)
    file = source.run_source(path, runtime)
    return CustomObjects(file.objects, file.failed, path, runtime)


def _public(module: ModuleType) -> dict[str, Any]:
    """The classes and functions that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__ == module.__name__
    }
