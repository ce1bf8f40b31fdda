"""The save that keeps: ``anykeras.save_model`` writes a model with who wrote it and what it computed, and no Python code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .saving import save_model
else:
    __getattr__ = load_lazily(__name__, {"saving": "save_model"})

__all__ = ["save_model"]
