"""The one error of this package, and its two kinds that a caller can act on."""

from __future__ import annotations

from ..errors import AnyKerasError, LimitExceeded

MALFORMED = "AK3101"  # the bytes are not a code object
UNKNOWN_PYTHON = "AK3102"  # no known Python could have written them
REFUSED = "AK3103"  # sound code that asks for something the machine does not do
LIMIT = "AK3104"  # steps, depth or sizes
MISSING_NAME = "AK3105"  # a global that is not in the file
RAISED = "AK3106"  # the code itself raised
SPELLING = "AK3107"  # the text in the config is no stored function


class BytecodeError(AnyKerasError):
    """Stored code that cannot be read or followed; ``code`` is one of the constants of this module."""


class CodeLimit(BytecodeError, LimitExceeded):
    """The code asks for more steps, depth or memory than the limits allow."""


class MissingName(BytecodeError):
    """The code reads a global ``name`` that the environment does not know."""

    name: str = ""


class CodeRaised(BytecodeError):
    """The code raised ``exception`` (a name such as ``"ValueError"``) and did not catch it."""

    exception: str = ""


def make_malformed_error(seen: str) -> BytecodeError:
    return BytecodeError(MALFORMED, seen, part="function code")


def make_unsupported_error(seen: str) -> BytecodeError:
    return BytecodeError(REFUSED, seen, part="function code")


def limit_error(seen: str) -> CodeLimit:
    return CodeLimit(
        LIMIT,
        seen,
        part="function code",
        next_step="If you trust the file, raise it with anykeras.limits.override(...).",
    )


def make_missing_name_error(name: str) -> MissingName:
    error = MissingName(
        MISSING_NAME,
        f"the code uses the global name {name!r}, which is not stored in the file",
        part="function code",
        key=name,
        next_step=f'Pass it: custom_objects={{"{name}": ...}}',
    )
    error.name = name
    return error


def make_uncaught_error(exception: str, message: str) -> CodeRaised:
    error = CodeRaised(RAISED, f"the code raised {exception}: {message}"[:500], part="function code")
    error.exception = exception
    return error
