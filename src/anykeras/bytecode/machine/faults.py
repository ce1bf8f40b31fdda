"""The builtin exceptions as stored code sees them, and the way from host errors to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...errors import AnyKerasError
from ..errors import limit_error
from .values import ExceptionType, ExceptionValue, Thrown

T = TypeVar("T")

# Class and base, "Exception hierarchy" of the Python library reference.
_HIERARCHY = """
BaseException:Exception GeneratorExit KeyboardInterrupt SystemExit BaseExceptionGroup
Exception:ArithmeticError AssertionError AttributeError BufferError EOFError ImportError LookupError MemoryError
Exception:NameError OSError ReferenceError RuntimeError StopIteration StopAsyncIteration SyntaxError SystemError
Exception:TypeError ValueError Warning StandardError ExceptionGroup
ArithmeticError:FloatingPointError OverflowError ZeroDivisionError
ImportError:ModuleNotFoundError
LookupError:IndexError KeyError
NameError:UnboundLocalError
RuntimeError:NotImplementedError RecursionError
ValueError:UnicodeError
UnicodeError:UnicodeDecodeError UnicodeEncodeError
Warning:UserWarning DeprecationWarning FutureWarning RuntimeWarning
"""


def _make_types() -> dict[str, ExceptionType]:
    types = {"BaseException": ExceptionType("BaseException", None)}
    for line in _HIERARCHY.split("\n"):
        base, _, names = line.partition(":")
        types.update((name, ExceptionType(name, types[base])) for name in names.split())
    types["IOError"] = types["EnvironmentError"] = types["OSError"]
    return types


EXCEPTIONS = _make_types()

# Errors that an operation on plain values raises in the host and that mean the same in the stored code.
_HOST_ERRORS = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError)


def exception(name: str, *args: object) -> ExceptionValue:
    return ExceptionValue(EXCEPTIONS[name], args)


def throw(name: str, *args: object) -> Thrown:
    """``raise throw("IndexError", "out of range")``: an exception that the stored code can catch."""
    return Thrown(exception(name, *args))


def safely(run: Callable[..., T], *args: object) -> T:
    """``run(*args)`` on plain values; what the host raises becomes an exception of the stored code."""
    try:
        return run(*args)
    except AnyKerasError:
        raise
    except (RecursionError, MemoryError) as error:
        raise limit_error("an operation of the code needs too much memory") from error
    except _HOST_ERRORS as error:
        names = [kind.__name__ for kind in type(error).__mro__ if kind.__name__ in EXCEPTIONS]
        raise throw(names[0], str(error)) from error
