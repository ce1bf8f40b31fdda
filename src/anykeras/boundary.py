"""The outer wall of every public verb: what leaves it is an AnyKerasError, a mistake in the call, or an interruption."""

from __future__ import annotations

import functools
import gc
import inspect
import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from . import limits
from .errors import AnyKerasError, Bug, LimitExceeded, TargetError
from .warning import warn

P = ParamSpec("P")
R = TypeVar("R")

ISSUES = "https://github.com/anykeras/anykeras/issues"


def guard_verb(verb: Callable[P, R]) -> Callable[P, R]:
    """`verb`, from which unexpected exceptions leave as a `Bug` with their cause chained.

    A call that does not fit the signature, or a path that is none, is a TypeError as everywhere in Python. Warnings that
    the user turned into errors, and interruptions, pass as they are.
    """

    @functools.cache
    def signature() -> inspect.Signature:
        return inspect.signature(verb)

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        called = signature().bind(*args, **kwargs).arguments
        for name, parameter in signature().parameters.items():
            is_path = str(parameter.annotation).startswith("Path")
            if is_path and (called.get(name) is not None or parameter.default is inspect.Parameter.empty):
                os.fspath(called[name])
        try:
            with limits.spend_one():
                return verb(*args, **kwargs)
        except (AnyKerasError, Warning):
            raise
        except Exception as error:
            raise as_our_error(error) from error

    return run


def pause_collection(verb: Callable[P, R]) -> Callable[P, R]:
    """`verb` without searches for cycles of garbage meanwhile.

    What is made of a file stays until it is opened, and a search looks at all of it, again and again: a quarter of the time
    of a model of thousands of layers.
    """

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return verb(*args, **kwargs)
        gc.disable()
        try:
            return verb(*args, **kwargs)
        finally:
            gc.enable()

    return run


def as_our_error(error: Exception) -> AnyKerasError:
    """The error of ours that an unexpected one is reported as."""
    if isinstance(error, MemoryError):
        return LimitExceeded("AK6019", "there is not enough memory for this file", next_step="Use a machine with more memory.")
    if isinstance(error, RecursionError):
        return LimitExceeded(
            "AK1209",
            "the file nests layers or values deeper than Python's recursion limit",
            next_step="If you trust the file, raise sys.setrecursionlimit(...) and try again.",
        )
    if isinstance(error, OSError):
        return TargetError("AK6022", f"the operating system refused: {error}", part=error.filename)
    return Bug(
        "AK6009",
        f"unexpected {type(error).__name__}: {error}",
        next_step=f"This is a bug in AnyKeras. Please report it at {ISSUES}, with the file if you can share it.",
    )


def rename_argument(old: str, new: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that accepts a keyword argument by its former name too, with a DeprecationWarning."""

    def decorate(verb: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(verb)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            if old in kwargs:
                if new in kwargs or args:
                    raise TypeError(f"{verb.__name__}() got both {new!r} and {old!r}, its former name")
                warn(f"{verb.__name__}({old}=...) is now called {new!r}", DeprecationWarning)
                kwargs[new] = kwargs.pop(old)
            return verb(*args, **kwargs)

        return run

    return decorate
