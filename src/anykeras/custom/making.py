"""Making a layer of a given class from what the file says, whatever arguments the class takes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AnyKerasError, Malformed

_BASE = ("name", "trainable", "dtype")  # arguments that a file has for every layer, and a class may not take


@dataclass(frozen=True)
class Maker:
    """Stands for a class where Keras looks for one: ``from_config`` is all that it calls."""

    made: Any

    @property
    def __name__(self) -> str:
        return str(self.made.__name__)

    def from_config(self, config: Mapping[str, Any], **kwargs: Any) -> Any:
        """The layer; arguments of every layer that its constructor does not take are set afterwards.

        Raises:
            Malformed: the class needs arguments that the file does not have, or does not take one that it has.
        """
        own = "from_config" in _own(self.made)
        config = config if own else {key: self._revived(value) for key, value in config.items()}
        if own:
            return self._named(self._called(self.made.from_config, dict(config)), config)
        takes = inspect.signature(self.made.__init__).parameters
        if any(p.kind is p.VAR_KEYWORD for p in takes.values()):
            return self._named(self._called(lambda given: self.made(**given), dict(config)), config)
        extra = sorted(key for key in config if key not in takes and key not in _BASE)
        if extra:
            raise self._refused(f"its constructor takes no {', '.join(map(repr, extra))}, which the file has")
        kept = {key: value for key, value in config.items() if key in takes}
        return self._named(self._called(lambda given: self.made(**given), kept), config)

    def _revived(self, value: Any) -> Any:
        """A layer in the configuration of a wrapper or recurrence, as the ``from_config`` of these made it."""
        import keras

        holders = (keras.layers.Wrapper, keras.layers.RNN)
        if not (isinstance(value, dict) and "class_name" in value and issubclass(self.made, holders)):
            return value
        made = keras.saving.deserialize_keras_object(value)
        runtime = getattr(self.made, "legacy_runtime", None)
        if runtime is None:
            return made
        from ..compat.proxies import as_legacy  # the class was made by it

        return as_legacy(runtime, made)

    def _called(self, make: Any, config: dict[str, Any]) -> Any:
        try:
            return make(config)
        except AnyKerasError:
            raise
        except Exception as error:  # whatever the reader's constructor raises is theirs to read
            raise self._refused(f"{type(error).__name__}: {error}", config) from error

    def _named(self, layer: Any, config: Mapping[str, Any]) -> Any:
        name = config.get("name")
        if isinstance(name, str) and getattr(layer, "name", name) != name:
            layer.name = name
        if config.get("trainable") is False:
            layer.trainable = False
        return layer

    def _refused(self, why: str, config: Mapping[str, Any] | None = None) -> Malformed:
        held = f" The file has: {', '.join(sorted(config))}." if config is not None else ""
        return Malformed(
            "AK5004",
            f"{self.made.__name__} cannot be made from the file: {why}.{held}",
            layer=str((config or {}).get("name", "")) or None,
            next_step="Give the class as it was, or one whose constructor takes what the file has.",
        )


def _own(made: type) -> set[str]:
    """The names that a class and its bases outside of Keras define."""
    foreign = [base for base in made.__mro__ if base.__module__.split(".")[0] not in ("keras", "builtins", "anykeras")]
    return {name for base in foreign for name in vars(base)}


def offered(objects: Mapping[str, Any]) -> dict[str, Any]:
    """The objects as Keras is given them."""
    return {name: Maker(value) if is_layer(value) else value for name, value in objects.items()}


def is_layer(value: Any) -> bool:
    """Whether an object is a layer or model class of the running Keras."""
    return inspect.isclass(value) and hasattr(value, "from_config") and hasattr(value, "add_weight")
