"""Protocol buffers as TensorFlow writes them: a bounded reader of the wire format and the table of its messages."""

from __future__ import annotations

from .reader import read_message

__all__ = ["read_message"]
