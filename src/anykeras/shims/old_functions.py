"""Functions of old libraries, for the bodies of shims."""

from __future__ import annotations

from ..recovery.functions import Entry, FunctionContext, Refused, resolve


def old(context: FunctionContext, name: str) -> Entry:
    """A function of an old library under its full dotted name, as the writer of the file had it.

    Raises:
        Refused: the writer's stack has no such function.
    """
    entry = resolve(name, context)
    if entry is None:
        raise Refused(f"the writer's stack has no {name}")
    return entry
