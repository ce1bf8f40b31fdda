"""What AnyKeras raises: one family of errors, each with a stable code and the address of what is wrong."""

from __future__ import annotations


class AnyKerasError(Exception):
    """A file, or a request about one, that AnyKeras refuses; the reason is true and addressed to a person.

    Args:
        code: stable code such as ``"AK1003"``; ``anykeras explain CODE`` prints its page.
        seen: what was found, in one sentence.
        part: the part of the file it was found in (``model_config``, ``model_weights/dense_1`` ...).
        layer: the name of the layer concerned.
        key: the key or argument concerned.
        writer: who wrote the file, where known (``Keras 1.2.2 on Theano``).
        next_step: what the reader can do now.
    """

    def __init__(
        self,
        code: str,
        seen: str,
        *,
        part: str | None = None,
        layer: str | None = None,
        key: str | None = None,
        writer: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.code, self.seen = code, seen
        self.part, self.layer, self.key = part, layer, key
        self.writer, self.next_step = writer, next_step
        super().__init__(self._text())

    def _text(self) -> str:
        where = [
            f"{label} {value!r}"
            for label, value in (("in", self.part), ("layer", self.layer), ("key", self.key))
            if value is not None
        ]
        text = f"[{self.code}] {self.seen}"
        if where:
            text += f" ({', '.join(where)})"
        if self.writer:
            text += f" Written by {self.writer}."
        if self.next_step:
            text += f" What to do: {self.next_step}"
        return text

    def __reduce__(self) -> tuple[object, tuple[object, ...], dict[str, object]]:
        return (_restore, (type(self), self.code, self.seen), dict(self.__dict__))


def _restore(kind: type[AnyKerasError], code: str, seen: str) -> AnyKerasError:
    return kind(code, seen)


class NotAModel(AnyKerasError):
    """The bytes are not a Keras model; the message says what they are instead."""


class Malformed(AnyKerasError):
    """The file is a model file, but damaged or contradictory at the named part."""


class LimitExceeded(AnyKerasError):
    """The file asks for more than ``anykeras.limits`` allows."""


class Unsupported(AnyKerasError):
    """The file is sound, and holds something that AnyKeras cannot express in the target."""


class MissingObject(AnyKerasError):
    """The file names a layer, function or class that is not inside it and was not given."""


class TargetError(AnyKerasError):
    """The result cannot be written or built where it was asked for."""


class Bug(AnyKerasError):
    """Something that AnyKeras promises does not hold: please report it."""
