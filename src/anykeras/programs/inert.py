"""What a program of its time mentions and its architecture does without: optimizers, callbacks, sessions, plots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..compat.tensor import holds_legacy
from ..errors import MissingObject, Unsupported


class Inert:
    """An object that takes every call and attribute and does nothing."""

    def __init__(self, name: str = "") -> None:
        self.__dict__["_name"] = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if holds_legacy(args) or holds_legacy(kwargs):
            raise Unsupported(
                "AK1322",
                f"{self._name or 'a function'} is called on a tensor, and is not one that AnyKeras knows",
                next_step="Report the function, or write it with keras.backend or TensorFlow functions in the source.",
            )
        return INERT

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


class Missing:
    """A name that a statement would have defined, which failed: using it raises, with the reason.

    Calling it gives what is missing too, as long as neither a tensor nor a model is handed over: programs make loaders
    and loggers that their model does without.
    """

    def __init__(self, name: str, reason: str, part: str, next_step: str) -> None:
        self.__dict__.update(_name=name, _reason=reason, _part=part, _next_step=next_step)

    def refuse(self, *args: Any, **kwargs: Any) -> Any:
        """Raise MissingObject: the name is needed."""
        raise MissingObject("AK1323", f"{self._name} is needed, and {self._reason}", part=self._part, next_step=self._next_step)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self._name}.{name}", self._reason, self._part, self._next_step)

    def __mro_entries__(self, bases: object) -> tuple[type, ...]:
        return (InertBase,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(map(_is_part_of_model, (*args, *kwargs.values()))):
            self.refuse()
        return Missing(f"{self._name}()", self._reason, self._part, self._next_step)

    __getitem__ = __iter__ = __len__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __truediv__ = refuse
    __enter__ = __bool__ = __int__ = __float__ = __index__ = __contains__ = __eq__ = __ne__ = __lt__ = __gt__ = refuse
    __hash__ = object.__hash__

    def __exit__(self, *args: object) -> None:
        pass
