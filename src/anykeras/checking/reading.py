"""Reads a configuration as a release would, and notes what that release refuses. Nothing is built and nothing is imported.

The order is that of ``load_model``: the box, the layers, the weights, the training configuration. Facts are elsewhere: what a
class takes and what a name means in ``catalog.signatures``, what a release reads in ``catalog.releases``, `models`, `calls` and
`layers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..catalog.releases import Release
from ..containers.base import Json, NamedWeights, Raw
from ..descent.activations import MODELS_AS_FUNCTIONS
from ..errors import AnyKerasError
from ..limits import begin_budget, budget, spend
from ..parse.era import list_objects
from ..pipeline import parse_raw
from . import layers, messages, models, objects, training, traits, weights
from .forecast import Content, Forecast, Notes, Obstacle

Config = Mapping[str, Any]
BOXES: Final = {"keras_zip": ".keras", "hdf5": ".h5"}
_FORMS: Final[Mapping[str, Any]] = {
    "class_name": str, "name": str | None, "config": dict | list | str | None, "inbound_nodes": list,
}  # fmt: skip
"""What a layer or another object of a configuration consists of."""
_STEPS: Final = 4  # of work, for an object that is looked up in one release


def forecast(raw: Raw, release: Release) -> Forecast:
    """Whether stock ``load_model(path)`` of a release opens what was read, without custom objects."""
    return forecast_all(raw, (release,))[0]


def forecast_all(raw: Raw, releases: Sequence[Release]) -> list[Forecast]:
    """The forecasts for several releases."""
    if misshapen := find_misshapen(raw.architecture):
        return [Forecast(release, None, doubt=misshapen) for release in releases]
    found, content = [], Content(raw)
    with spend(begin_budget()):
        for release in releases:
            notes = Notes()
            _Reader(content, release, notes).read()
            found.append(notes.forecast(release))
    doubt = tell_doubt_of_parser(raw) if any(one.opens for one in found) else ""
    return [replace(one, opens=None, doubt=doubt) if doubt and one.opens else one for one in found]


def find_misshapen(architecture: Json) -> str:
    """What in a configuration has a form that no Keras writes, so that nobody knows who would read it; "" for nothing."""
    for item in list_objects(architecture):
        if "class_name" not in item:
            continue
        config, class_name = item.get("config"), item["class_name"]
        wrong = [key for key, kinds in _FORMS.items() if key in item and not isinstance(item[key], kinds)]
        if not wrong and class_name in objects.MODELS and isinstance(config, dict):
            wrong = ["layers"] if not isinstance(config.get("layers", []), list) else []
        if wrong:
            return f"the configuration has a {wrong[0]} of a kind that no Keras writes"
    return ""


def tell_doubt_of_parser(raw: Raw) -> str:
    """What AnyKeras itself has to say of a file that it reads: releases may not load what is unusual in it."""
    if any("\\" in name for name in raw.leftovers):
        return "the weights were saved with the paths of Windows"
    try:
        document = parse_raw(raw).document
    except AnyKerasError as error:
        return f"AnyKeras refuses the file: {error.seen}"
    return document.findings[0].seen if document.findings else ""


class _Reader:
    """One file read for one release."""

    def __init__(self, content: Content, release: Release, notes: Notes) -> None:
        self.content, self.raw, self.release, self.notes = content, content.raw, release, notes
        self.box = BOXES.get(self.raw.match.name, "")
        self.typed = self.box == ".keras"  # objects with their modules, the format of Keras 3 and tf.keras 2.12

    def refuse(self, message: str, reason: str, layer: str = "", key: str = "") -> None:
        """Note what the release does not take."""
        self.notes.obstacles.append(Obstacle(message, reason, layer, key))

    def read(self) -> None:
        """The whole file, as far as the release gets."""
        if not self._opens_box():
            return
        self.check_model(self.raw.architecture, "")
        if not self.notes.obstacles:
            models.look(self)
            weights.look(self)
        if not self.notes.obstacles:
            training.look(self)
        if not self.notes.obstacles:
            traits.look(self)

    def _opens_box(self) -> bool:
        if self.release.line == "tfjs":
            self._opens_in_tensorflow_js()
            return False
        if self.raw.match.name == "savedmodel":
            if self.release.line == "keras3":
                said = (
                    "ValueError: File format not supported. Keras 3 only supports V3 `.keras` files and legacy H5 format files."
                )
                self.refuse(said, "a SavedModel folder is not a model file for Keras 3")
            elif self.release.line == "tf":
                self.notes.doubts.append("a SavedModel is opened by TensorFlow itself, which is not looked at here")
            else:
                self.refuse("OSError: Unable to open file", "a SavedModel folder is not a model file for this Keras")
            return False
        if not self.box:
            self.refuse("OSError: Unable to open file (file signature not found)", "load_model takes model files, this is none")
            return False
        if self.raw.architecture is None:
            self.refuse("ValueError: No model found in config file.", "the file holds weights without a model")
            return False
        if self.box == ".keras" and not models.READS_ZIP.holds(self.release):
            self.refuse(
                "OSError: Unable to open file (file signature not found)", "the .keras format came later than this release"
            )
            return False
        return True

    def _opens_in_tensorflow_js(self) -> None:
        """TensorFlow.js takes folders of its own and nothing else."""
        if self.raw.match.name == "tfjs":
            self.notes.doubts.append("a folder for TensorFlow.js, whose layers are not looked at here")
        else:
            self.refuse("Failed to parse model JSON", "TensorFlow.js opens a folder with model.json, and no file of Keras")

    # -- models and layers

    def check_model(self, entry: Any, name: str) -> None:
        """A model, with all its layers."""
        budget().charge(_STEPS)
        if not isinstance(entry, dict) or "class_name" not in entry:
            return
        self.check_layer(entry, name)

    def check_layer(self, entry: Config, inside: str) -> None:
        """One layer: is there such a class, does it take its keys, do its parts exist."""
        budget().charge(_STEPS)
        class_name, config = str(entry.get("class_name", "")), entry.get("config")
        name = _find_name(entry) or inside
        layers.look_at_name(self, _find_name(entry))
        found = self.find_layer(entry, name)
        if found is None:
            return
        entries = config if isinstance(config, list) else config.get("layers") if isinstance(config, dict) else None
        if class_name in objects.MODELS and isinstance(entries, list):
            models.look_at_model(self, class_name, config, name)
            for inner in entries:
                if isinstance(inner, dict):
                    self.check_layer(inner, name)
            return
        if isinstance(config, dict):
            layers.look_at_layer(self, entry, class_name, config, name)
            if not isinstance(found, bool):
                self.check_keys(found, layers.prepare(self.release, entry, config), name)
            self.check_objects_in(config, name)
            self.check_layers_in(config, name)

    def find_layer(self, entry: Config, name: str) -> objects.Found | bool | None:
        """The class of a layer; True for one whose keys no signature shows; None with an obstacle for none."""
        class_name, module = str(entry.get("class_name", "")), entry.get("module")
        if objects.speaks_modules(self.release, entry):
            found: objects.Found | None
            if objects.is_private(module, class_name, self.release):
                return True
            if isinstance(module, str) and module.startswith("keras.src."):
                return self._find_private(module, class_name, name)
            found = objects.find_exported(str(module), class_name, self.release)
            registered = entry.get("registered_name")
            if found is None or (isinstance(registered, str) and ">" in registered):
                self.refuse(
                    messages.say_not_located(self, class_name, module),
                    messages.say_no_class(self, class_name),
                    name,
                    "class_name",
                )
                return None
            return True if class_name in objects.FREE | objects.MODELS else found
        if class_name in objects.MODELS:
            if objects.has_model_class(class_name, self.release):
                return True
            self.refuse(f"ValueError: Unknown layer: {class_name}", messages.say_no_class(self, class_name), name, "class_name")
            return None
        if self.release.line == "keras2" and class_name in objects.LAYER_FUNCTIONS:
            return True
        found = objects.find_named(class_name, "layers", self.release)
        if found is None:
            self.refuse(
                messages.say_unknown_layer(self, class_name), messages.say_no_class(self, class_name), name, "class_name"
            )
            return None
        return True if class_name in objects.FREE else found

    def _find_private(self, module: str, class_name: str, name: str) -> objects.Found | bool | None:
        """An operation of Keras 3 by the module that defines it."""
        operation = objects.find_operation(module, class_name, self.release) if self.release.line == "keras3" else None
        if operation is None:
            self.refuse(
                messages.say_not_located(self, class_name, module), messages.say_no_class(self, class_name), name, "module"
            )
        return operation

    def check_keys(self, found: objects.Found, config: Config, layer: str, key: str = "") -> None:
        """Whether the constructor takes all keys, and has all that it needs."""
        unknown = objects.list_unknown_keys(found, config)
        if unknown:
            reason = f"{found.name} of {self.release} does not take {', '.join(repr(name) for name in unknown)}"
            self.refuse(messages.say_unrecognised(self, found, unknown, config), reason, layer, key or unknown[0])
            return
        missing = objects.list_missing_keys(found, config)
        if missing:
            said = f"TypeError: {found.name}.__init__() missing {len(missing)} required positional argument: {missing[0]!r}"
            self.refuse(said, f"{found.name} needs {missing[0]!r}, which the file does not give", layer, missing[0])

    def check_layers_in(self, config: Config, name: str) -> None:
        """The layers that a wrapper holds."""
        for key in ("layer", "forward_layer", "backward_layer", "cell", "cells", "layers"):
            value = config.get(key)
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict) and "class_name" in inner:
                    if not layers.look_at_held(self, inner, name, key):
                        return
                    self.check_layer(inner, name)

    # -- objects in configurations

    def check_objects_in(self, config: Config, name: str) -> None:
        """Activations, initializers, regularizers and constraints of a layer."""
        for key, kind, value in objects.iterate_named_parts(config):
            self.check_object(kind, value, name, key)

    def check_object(self, kind: str, value: Any, layer: str, key: str) -> None:
        """A name, or an object with its configuration."""
        budget().charge(_STEPS)
        if isinstance(value, str):
            if not objects.lists_name(value, kind, self.release):
                self.refuse(messages.say_not_interpreted(self, kind, value), messages.say_no_class(self, value), layer, key)
            return
        if not isinstance(value, dict) or "class_name" not in value:
            return
        class_name, config = str(value["class_name"]), value.get("config")
        if class_name in objects.VALUES:
            return
        if class_name == "function":
            layers.look_at_function(self, value, kind, layer, key)
            return
        if kind == "activations" and self.release.line == "keras3" and not MODELS_AS_FUNCTIONS.holds(self.release):
            said = messages.say_not_interpreted(self, kind, class_name)
            self.refuse(said, "before Keras 3.10 no layer can stand for an activation", layer, key)
            return
        typed = isinstance(value.get("module"), str) and objects.READS_MODULES.holds(self.release)
        if self.release.line == "keras3":  # looks in its lists of names in HDF5, and for the parts of a layer everywhere
            typed = typed and (self.typed or kind == "activations") and kind not in objects.PARTS
        found = objects.find_exported(value["module"], class_name, self.release) if typed else None
        found = found or objects.find_named(class_name, kind, self.release)
        if found is None and objects.lists_name(class_name, kind, self.release):
            return
        registered = value.get("registered_name")
        if found is None or (typed and isinstance(registered, str) and ">" in registered):
            self.refuse(
                messages.say_not_interpreted(self, kind, class_name), messages.say_no_class(self, class_name), layer, key
            )
        elif isinstance(config, dict):
            self.check_keys(found, config, layer, key)

    def list_groups(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Shapes of weights by layer of the top level, of HDF5."""
        if not isinstance(self.raw.weights, NamedWeights):
            return {}
        return {group.name: {name: tensor.shape for name, tensor in group.weights} for group in self.raw.weights.groups}


def _find_name(entry: Config) -> str:
    config = entry.get("config")
    name = entry.get("name") or (config.get("name") if isinstance(config, dict) else None)
    return name if isinstance(name, str) else ""
