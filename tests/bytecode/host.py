"""Functions compiled by the running Python, run by the machine: the running Python itself is the witness."""

from __future__ import annotations

import marshal
import sys
from types import FunctionType

import pytest

from anykeras.bytecode import CodeObject, Machine, MachineLimits, identify
from anykeras.bytecode.dialects import VERSIONS

from . import numeric

HOST = sys.version_info[:2]
known = pytest.mark.skipif(HOST not in VERSIONS, reason="the running Python has no dialect")


def compiled(source: str) -> FunctionType:
    """The function ``f`` that ``source`` defines."""
    scope: dict[str, FunctionType] = {}
    exec(source, scope)
    return scope["f"]


def code_of(function: FunctionType) -> CodeObject:
    return next(code for code in identify(marshal.dumps(function.__code__)).candidates if code.version == HOST)


def run(source: str, *args: object, bounds: MachineLimits | None = None) -> object:
    function = compiled(source)
    machine = Machine(code_of(function), numeric.NumbersDomain(numeric.environment()), bounds)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return machine.run(machine.function(function.__defaults__ or (), cells, function.__kwdefaults__), args)
