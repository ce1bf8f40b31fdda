"""What AnyKeras raises: one family of errors, each with a stable code and the address of what is wrong.

Each also derives from the built-in error that code around ``keras.models.load_model`` catches.
"""

from __future__ import annotations

import errno
import re
from functools import cache
from importlib import import_module
from typing import Any

from .texts import escape


class AnyKerasError(Exception):
    """A file, or a request about one, that AnyKeras refuses.

    Args:
        code: stable code such as ``"AK1003"``; ``anykeras explain CODE`` prints its page.
        seen: what was found, in one sentence.
        part: the part of the file it was found in (``model_config``, ``model_weights/dense_1`` ...).
        layer: the name of the layer concerned.
        key: the key or argument concerned.
        writer: who wrote the file, where known (``Keras 1.2.2 on Theano``).
        next_step: what to do now.
    """

    _part_is_said = False  # whether `seen` names the part already

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
        self.writer, self._next_step = writer, next_step
        super().__init__(self._text())

    def _text(self) -> str:
        part = None if self._part_is_said else self.part
        named = (("in", part), ("layer", self.layer), ("key", self.key))
        where = [f"{label} {escape(repr(value))}" for label, value in named if value is not None]
        text = f"[{self.code}] {escape(self.seen)}"
        if where:
            text += f" ({', '.join(where)})"
        if self.writer:
            text += f"\nWritten by {escape(self.writer)}."
        if advice := self.next_step:
            text += f"\nWhat to do: {escape(advice)}"
        return text

    @property
    def next_step(self) -> str | None:
        """What to do now; where the error was made without it, the beginning of what the page of its code says."""
        return self._next_step or _find_advice(self.code)

    @next_step.setter
    def next_step(self, said: str) -> None:
        self._next_step = said

    def __str__(self) -> str:
        return self._text()

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows (IPython asks for it): the message, then the lines of the user's own code."""
        from traceback import extract_tb, format_list

        inside = f"{__package__}."
        frames = [
            frame
            for frame, name in zip(extract_tb(self.__traceback__), _list_modules(self), strict=True)
            if not name.startswith(inside)
        ]
        own = [frame for frame in frames if "ipykernel" not in frame.filename and "IPython" not in frame.filename]
        return [f"{type(self).__name__}: {self._text()}", "", *"".join(format_list(own)).splitlines()]

    def __reduce__(self) -> tuple[object, tuple[object, ...], dict[str, object]]:
        return (_restore, (type(self), self.code, self.seen), dict(self.__dict__))


@cache
def _find_advice(code: str) -> str | None:
    from .pages import find_page  # only where something is refused

    page = find_page(code)
    said = page.what_to_do if page is not None else None
    return " ".join(said.partition("\n\n")[0].split()) if said else None


def describe_error(error: Exception, longest: int = 300) -> str:
    """An error that is told of in another one, on one line: its kind and words, of ours what was seen; no colours."""
    if isinstance(error, AnyKerasError):
        return f"{error.seen} [{error.code}]"
    words = re.sub(r"\x1b\[[0-9;]*m", "", f"{type(error).__name__}: {error}")
    return " ".join(words.partition("Arguments received by")[0].split())[:longest]


def _list_modules(error: BaseException) -> list[str]:
    """The module of each frame of a traceback."""
    names, step = [], error.__traceback__
    while step is not None:
        names.append(f"{step.tb_frame.f_globals.get('__name__', '')}.")
        step = step.tb_next
    return names


def _restore(kind: type[AnyKerasError], code: str, seen: str) -> AnyKerasError:
    return kind(code, seen)


class _AboutPath(AnyKerasError):
    """An error about a path, which its message names already."""

    _part_is_said = True

    @property
    def filename(self) -> str | None:  # OSError has it as an attribute
        """The path that was asked for."""
        return self.part


class NotAModel(AnyKerasError, ValueError):
    """The bytes are not a Keras model; the message says what they are instead."""


class MissingFile(_AboutPath, NotAModel, FileNotFoundError):
    """There is no file at the path; ``part`` and ``filename`` are the path."""

    errno = errno.ENOENT


class Malformed(AnyKerasError, ValueError):
    """The file is a model file, but damaged or contradictory at the named part."""


class LimitExceeded(AnyKerasError):
    """The file asks for more than ``anykeras.limits`` or this machine allows."""


class Unsupported(AnyKerasError, ValueError):
    """The file is sound, and holds something that AnyKeras cannot express in the target."""


class Undecided(AnyKerasError, ValueError):
    """Weights and model can go together in several ways, or mean several things, and an argument has to say which."""


class MissingObject(AnyKerasError, ValueError):
    """The file names a layer, function or class that is not inside it and was not passed."""


class TargetError(AnyKerasError):
    """The result cannot be written or built where it was asked for."""


class OutputExists(_AboutPath, TargetError, FileExistsError):
    """The file to write is there already, and replacing it was not asked for."""

    errno = errno.EEXIST


class Unfaithful(AnyKerasError):
    """The result is less faithful than ``strict`` asks for; nothing was written."""


class Bug(AnyKerasError):
    """Something that AnyKeras promises does not hold: please report it. The error behind it is ``__cause__``."""


def import_extra(module: str, extra: str, what: str, part: str | None = None) -> Any:
    """A module of a package that is installed with an extra. Raises TargetError (AK6051), which names the extra."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        seen = f"{what} {package}, which is not installed"
        if error.name is not None and error.name.partition(".")[0] != package:
            seen = f"{what} {package}, which lacks {error.name}"
        raise TargetError("AK6051", seen, part=part, next_step=f"pip install 'anykeras[{extra}]'") from None
