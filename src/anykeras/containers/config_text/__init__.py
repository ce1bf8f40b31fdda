"""Architectures as text, JSON or YAML, without weights."""

from .container import ConfigText

__all__ = ["ConfigText"]
