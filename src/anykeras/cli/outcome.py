"""How a verb ends: what it found, in the format asked for, and an exit code.

A verb runs inside `show_errors`, and says what it has with `print_result`, once or once a file. In text that is shown at once;
every other format is printed whole at the end, also where the file was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import typer

from .. import __version__
from ..boundary import as_our_error
from ..errors import AnyKerasError, Bug, Unfaithful
from ..findings import Finding
from ..reporting import Notice, Result, Run, Severity, Status, notice_of_error, notice_of_finding, write_run
from . import render

DONE, FOUND, REFUSED, BUG = (status.exit_code for status in Status)
EXIT_CODES = (
    "Exit codes: 0 done; 1 findings at or above --fail-on, less faithful than asked for, or outputs that differ or cannot be "
    "compared; 2 refused, or wrong arguments; 3 a bug in AnyKeras."
)
TEXT = "text"


@dataclass
class Session:
    """One call of a verb: how its outcome is wanted, and what it has come to so far."""

    verb: str = ""
    path: str = ""
    form: str = TEXT
    fail_on: Severity | None = None
    ignored: tuple[str, ...] = ()
    settings: str | None = None
    results: list[Result] = field(default_factory=list)

    def judge(self, result: Result) -> Result:
        """A result without what is ignored, and failed by the level asked for."""
        return result.ignoring(self.ignored).failing(self.fail_on)

    def add(self, result: Result) -> None:
        """Take a result in, as it is judged."""
        self.results.append(self.judge(result))


_SESSION: ContextVar[Session | None] = ContextVar("session", default=None)


def session() -> Session:
    """The call that is running; one of its own where a verb is called as a plain function."""
    found = _SESSION.get()
    if found is None:
        found = Session()
        _SESSION.set(found)
    return found


def begin(verb: str, path: str, form: str, fail_on: Severity | None, ignored: Iterable[str], settings: str | None) -> None:
    """A call begins; called with its options before the verb."""
    here = Session(verb, path, form, fail_on, tuple(ignored), settings)
    _SESSION.set(here)
    render.hide(here.ignored)


@contextmanager
def show_errors(as_json: bool = False) -> Iterator[Session]:
    """Turn an error into one message and an exit code, and print the outcome in the format asked for."""
    here = session()
    here.form = "json" if as_json and here.form == TEXT else here.form
    code: int | None = DONE
    try:
        yield here
    except typer.Exit as leaving:
        code = leaving.exit_code
    except (typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as raised:
        error = raised if isinstance(raised, AnyKerasError) else as_our_error(raised)
        add_refusal(here.path, error)
    finally:
        _SESSION.set(None)
    code = _finish(here, code or DONE)
    if code:
        raise typer.Exit(code) from None


def _finish(here: Session, code: int) -> int:
    """Print what is not text, and the exit code: that of the verb or of what it found, whichever is worse."""
    if code and here.results and all(result.status is Status.DONE for result in here.results):
        here.results[-1] = replace(here.results[-1], status=list(Status)[code])
    run = Run(here.verb, __version__, tuple(here.results), here.ignored, here.settings)
    if here.form != TEXT:
        render.print_raw(write_run(run, here.form))
    elif here.ignored and here.settings:
        render.print_note(f"{', '.join(here.ignored)} ignored, as {here.settings} says")
    return max(code, run.status.exit_code)


@contextmanager
def show_refusal(path: str) -> Iterator[None]:
    """One file of several: an error is its result, and the others go on."""
    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as raised:
        add_refusal(path, raised if isinstance(raised, AnyKerasError) else as_our_error(raised))


def add_refusal(path: str, error: AnyKerasError) -> None:
    """The result of a file that is refused."""
    here = session()
    here.add(Result(path, error=notice_of_error(error), status=list(Status)[choose_exit_code(error)]))
    if here.form == TEXT:
        render.print_refusal(error)


def choose_exit_code(error: AnyKerasError) -> int:
    if isinstance(error, Unfaithful):
        return FOUND
    return BUG if isinstance(error, Bug) else REFUSED


def print_result(
    as_json: bool,
    data: Callable[[], Mapping[str, object]],
    show: Callable[[], None],
    *,
    path: str | None = None,
    findings: Iterable[Finding] = (),
    notices: Iterable[Notice] = (),
    error: AnyKerasError | None = None,
    status: Status = Status.DONE,
) -> None:
    """What a verb has for one file.

    Args:
        as_json: whether ``--json`` was given.
        data: everything as plain JSON values; called only for the formats that have it.
        show: prints it as text.
        path: the file; the first argument of the call by default.
        findings, notices: what was found, for the formats that list it and for ``--fail-on``.
        error: why the file cannot be opened, where the verb answers all the same.
        status: how it ended, where the verb knows.
    """
    here = session()
    listed = (*(notice_of_finding(finding) for finding in findings), *notices)
    refusal = notice_of_error(error) if error is not None else None
    status = list(Status)[choose_exit_code(error)] if error is not None else status
    values = data() if here.form != TEXT else {}
    here.add(Result(here.path if path is None else path, values, listed, refusal, status))
    if here.form == TEXT:
        show()
