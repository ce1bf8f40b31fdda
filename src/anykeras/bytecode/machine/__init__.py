"""One virtual machine for the stored code of every known Python, over the values of a domain."""

from __future__ import annotations

from anykeras.bytecode.machine.core import Machine
from anykeras.bytecode.machine.domain import BaseDomain, Domain, Environment, Namespace, Operation
from anykeras.bytecode.machine.faults import throw
from anykeras.bytecode.machine.meter import MachineLimits
from anykeras.bytecode.machine.values import ExceptionValue, Function, MachineValue, Thrown, is_plain

__all__ = [
    "BaseDomain", "Domain", "Environment", "ExceptionValue", "Function", "Machine", "MachineLimits", "MachineValue",
    "Namespace", "Operation", "Thrown", "is_plain", "throw",
]  # fmt: skip
