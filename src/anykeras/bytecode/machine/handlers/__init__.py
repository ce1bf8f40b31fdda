"""What each instruction does, by name. One file a theme; a handler is ``(frame, instruction) -> Signal | None``."""

from __future__ import annotations

from . import arithmetic, blocks, calls, containers, jumps, names
from .table import Handler

__all__ = ["HANDLERS"]

HANDLERS: dict[str, Handler] = {
    name: handler for theme in (arithmetic, blocks, calls, containers, jumps, names) for name, handler in theme.TABLE.items()
}
