"""One virtual machine for the stored code of every known Python, over the values of a domain."""

from __future__ import annotations

from .core import Machine
from .domain import Domain
from .meter import MachineLimits, throw
from .values import ExceptionValue, Function, MachineValue, Thrown, is_plain

__all__ = [
    "Domain", "ExceptionValue", "Function", "Machine", "MachineLimits", "MachineValue",
    "Thrown", "is_plain", "throw",
]  # fmt: skip
