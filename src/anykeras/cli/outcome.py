"""How a verb ends: one message or one result, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from ..boundary import as_our_error
from ..errors import AnyKerasError, Bug, Unfaithful
from . import render

DONE, FOUND, REFUSED, BUG = 0, 1, 2, 3
EXIT_CODES = (
    "Exit codes: 0 done; 1 less faithful than asked for, or outputs that differ or cannot be compared; "
    "2 refused, or wrong arguments; 3 a bug in AnyKeras."
)


@contextmanager
def show_errors(as_json: bool) -> Iterator[None]:
    """Turn an error into one message and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception as raised:
        error = raised if isinstance(raised, AnyKerasError) else as_our_error(raised)
        if as_json:
            print(json.dumps({"error": {"code": error.code, "message": str(error)}}, indent=1))
        else:
            render.print_refusal(error)
        raise typer.Exit(choose_exit_code(error)) from None


def choose_exit_code(error: AnyKerasError) -> int:
    if isinstance(error, Unfaithful):
        return FOUND
    return BUG if isinstance(error, Bug) else REFUSED


def print_result(as_json: bool, data: Callable[[], dict[str, Any]], show: Callable[[], None]) -> None:
    if as_json:
        print(json.dumps(data(), indent=1))
    else:
        show()
