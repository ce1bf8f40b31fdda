"""Making a layer of a user's class from what the file says, whatever arguments the class takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AnyKerasError, Malformed

_BASE = ("name", "trainable", "dtype")  # arguments that a file has for every layer, and a class may not take


@dataclass(frozen=True)
class LayerMaker:
    """Takes the place of a class where Keras looks for one: ``from_config`` is all that it calls."""

    layer_class: Any

    @property
    def __name__(self) -> str:
        return str(self.layer_class.__name__)

    def from_config(self, config: Mapping[str, Any], **kwargs: Any) -> Any:
        """The layer; arguments of every layer that its constructor does not take are set afterwards.

        Raises:
            Malformed: the class needs arguments that the file does not have, or does not take one that it has.
        """
        own = "from_config" in _own_names(self.layer_class)
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

    def _revive(self, value: Any) -> Any:
        """A layer in the configuration of a wrapper or recurrence, as the ``from_config`` of these made it."""
        import keras

        holders = (keras.layers.Wrapper, keras.layers.RNN)
        if not (isinstance(value, dict) and "class_name" in value and issubclass(self.layer_class, holders)):
            return value
        layer = keras.saving.deserialize_keras_object(value)
        runtime = getattr(self.layer_class, "legacy_runtime", None)
        if runtime is None:
            return layer
        from ..compat.proxies import as_legacy  # the class was made by it

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

    def _refusal(self, why: str, config: Mapping[str, Any] | None = None) -> Malformed:
        held = f" The file has: {', '.join(sorted(config))}." if config is not None else ""
        return Malformed(
            "AK5004",
            f"{self.layer_class.__name__} cannot be made from the file: {why}.{held}",
            layer=str((config or {}).get("name", "")) or None,
            next_step="Pass the class as it was when the model was saved, or one whose constructor takes these arguments.",
        )


def _own_names(layer_class: type) -> set[str]:
    """The names that a class and its bases outside of Keras define."""
    bases = [base for base in layer_class.__mro__ if base.__module__.split(".")[0] not in ("keras", "builtins", "anykeras")]
    return {name for base in bases for name in vars(base)}


def wrap_layer_classes(objects: Mapping[str, Any]) -> dict[str, Any]:
    """The objects as Keras takes them: layer classes in a :class:`LayerMaker`."""
    return {name: LayerMaker(value) if is_layer_class(value) else value for name, value in objects.items()}


def is_layer_class(value: Any) -> bool:
    """Whether an object is a layer or model class of the running Keras."""
    return inspect.isclass(value) and hasattr(value, "from_config") and hasattr(value, "add_weight")
