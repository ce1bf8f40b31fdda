"""Stored Python functions: read, identified and followed without being executed. Knows nothing of Keras' meaning.

stored = read_stored(config["function"])            # text, list or dict -> bytes, defaults, closure
found = identify(stored.code_bytes)                  # which Pythons could have written it
machine = Machine(found.best, domain)                # the domain says what symbols mean
text = write_source(found.best, stored.defaults, stored.closure or ()).text
result = machine.run(machine.function(stored.defaults, stored.closure or ()), [x])
"""

from __future__ import annotations

from .code import CodeObject, Version
from .dialects import VERSIONS
from .errors import BytecodeError, CodeRaised, MissingName, make_unsupported_error
from .identify import Identification, identify
from .instructions import describe_constant, list_code
from .machine import Domain, Machine, MachineLimits, throw
from .source import FunctionSource, write_source
from .spelling import StoredFunction, looks_stored, read_stored
from .unmarshal import CodeLayout

__all__ = [
    "VERSIONS",
    "BytecodeError",
    "CodeLayout",
    "CodeObject",
    "CodeRaised",
    "Domain",
    "FunctionSource",
    "Identification",
    "Machine",
    "MachineLimits",
    "MissingName",
    "StoredFunction",
    "Version",
    "describe_constant",
    "identify",
    "list_code",
    "looks_stored",
    "make_unsupported_error",
    "read_stored",
    "throw",
    "write_source",
]  # fmt: skip
