"""What a program of its time mentions and its architecture does without: optimizers, callbacks, sessions, plots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..compat.tensor import holds_legacy
from ..errors import MissingObject, Unsupported

# What takes tensors of a model and gives none: a layer that is called on the outcome is refused.
_TRAINING = ("keras.optimizers.", "keras.callbacks.", "tensorflow.train.", "tensorflow.gradients", "tensorflow.summary.")


class Inert:
    """An object that takes every call and attribute and does nothing."""

    def __init__(self, name: str = "") -> None:
        self.__dict__["_name"] = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._name.startswith(_TRAINING) and (holds_legacy(args) or holds_legacy(kwargs)):
            raise Unsupported(
                "AK1322",
                f"{self._name or 'a function'} is called on a tensor, and is not one that AnyKeras knows",
                next_step="Report the function, or write it with keras.backend or TensorFlow functions in the source.",
            )
        return Inert(f"{self._name}()") if self._name else INERT

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert(f"{self._name}.{name}" if self._name else name)

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __getitem__(self, key: object) -> Any:
        if isinstance(key, int) and key >= 3:
            raise IndexError(key)
        return INERT

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (InertBase,)

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __neg__(self, *args: Any) -> Any:
        return INERT

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = __neg__

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: object) -> None:
        pass

    def __repr__(self) -> str:
        return f"<{self._name or 'nothing'}>"


class InertBase:
    """What classes of a program derive from that derive from a callback or another object of training."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass


INERT = Inert()


class Flags:
    """``tf.app`` and ``tf.flags`` of a program that is started without arguments: ``DEFINE_integer("n", 32)`` sets a value."""

    def __init__(self) -> None:
        self.FLAGS = self.flags = self
        self.run = INERT

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("DEFINE_"):
            raise AttributeError(f"no flag {name!r} was defined")
        return lambda flag, default=None, *args, **kwargs: setattr(self, flag, kwargs.get("default_value", default))


def _is_part_of_model(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_part_of_model, value))
    if isinstance(value, Missing | Inert):
        return False
    return holds_legacy(value) or hasattr(value, "batch_input_shape") or hasattr(value, "add_weight")


class Needed(MissingObject):
    """A name that is missing was used."""

    def __init__(self, missing: Missing) -> None:
        held = missing.__dict__
        seen = f"{held['_name']} is needed, and {held['_reason']}"
        super().__init__(held["_code"], seen, part=held["_part"], next_step=held["_next_step"])
        self.missing = missing


class Missing:
    """A name that a statement would have defined, which failed: using it raises, with the reason.

    Calling it gives what is missing too, as long as neither a tensor nor a model is handed over: programs make loaders
    and loggers that their model does without.
    """

    def __init__(self, name: str, reason: str, part: str, next_step: str, code: str = "AK1323", by: str = "") -> None:
        self.__dict__.update(_name=name, _reason=reason, _part=part, _next_step=next_step, _code=code, _by=by)

    def refuse(self, *args: Any, **kwargs: Any) -> Any:
        """Raise Needed: the name is needed."""
        raise Needed(self)

    def stop(self) -> None:
        """Raise MissingObject: a part of the model needs the name, so that nothing can stand for what it would have made."""
        needed = Needed(self)
        raise MissingObject(needed.code, needed.seen, part=needed.part, next_step=needed.next_step)

    def passed_on(self) -> Missing:
        """What is missing because this is."""
        reason = self._reason if self._by else f"it needs {self._name}: {self._reason}"
        return Missing(self._name, reason, self._part, self._next_step, self._code, by=self._name)

    def rename(self, name: str) -> Missing:
        """Another name that is missing for the same reason."""
        return Missing(name, self._reason, self._part, self._next_step, self._code, self._by)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.rename(f"{self._name}.{name}")

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (InertBase,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(map(_is_part_of_model, (*args, *kwargs.values()))):
            self.stop()
        return self.rename(f"{self._name}()")

    __getitem__ = __iter__ = __len__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __truediv__ = refuse
    __enter__ = __bool__ = __int__ = __float__ = __index__ = __contains__ = __eq__ = __ne__ = __lt__ = __gt__ = refuse
    __hash__ = object.__hash__

    def __exit__(self, *args: object) -> None:
        pass


def stop_at_missing(value: Any) -> None:
    """Raise MissingObject where an argument of a part of the model holds a name that is missing."""
    if isinstance(value, Missing):
        value.stop()
    if isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            stop_at_missing(item)
