"""``anykeras scan``: many files at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Annotated, Any

import typer

from ... import limits, scanning
from ...reporting import Notice, Result, Severity, Status
from ...texts import spell_count
from .. import render
from ..options import AsJson
from ..outcome import TEXT, print_result, session, show_errors

_SHOWN = 12  # rows of a summary


def scan(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Folders, files, patterns, @list.txt, - (a path a line on standard input), or URLs."
        ),
    ],
    results: Annotated[
        str | None,
        typer.Option("--results", metavar="FILE", help="The SQLite file of the results. [default: ROOT.scan.sqlite]"),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes. [default: one a processor]")] = None,
    convert: Annotated[
        str | None, typer.Option("--convert", metavar="FOLDER", help="Convert every model into this folder.")
    ] = None,
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="FOLDER", help="Write a page about every file, and an index, here."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option("--trust", metavar="PATTERN", help='Classes and functions that are yours: "mypackage.layers.*".'),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, help="What one file may take before its process is killed.")
    ] = scanning.SECONDS,
    memory: Annotated[int, typer.Option("--memory", min=0, help="GiB that a process may have; 0 for no limit.")] = 8,
    everything: Annotated[
        bool, typer.Option("--everything", help="Look at every file, not only at those that begin like a model.")
    ] = False,
    ray: Annotated[
        str | None, typer.Option("--ray", metavar="ADDRESS", help="Work on a Ray cluster: its address, auto, or local.")
    ] = None,
    export: Annotated[
        list[str] | None, typer.Option("--export", metavar="FILE", help="Write the results also as .jsonl, .csv or .parquet.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file at --export that no scan wrote.")] = False,
    as_json: AsJson = False,
) -> None:
    """Inspect, audit and convert every model below some folders. Needs no framework.

    A later scan with the same results goes on where this one ended, and skips files that have not changed.
    """
    with show_errors(as_json):
        with _show_progress(as_json) as progress, redirect_stdout(sys.stderr):  # Ray prints there what becomes of its workers
            found = scanning.scan(
                paths,
                results=results,
                jobs=jobs,
                convert=convert,
                html=html,
                trust=trust or (),
                seconds=seconds,
                memory=memory * limits.GIB,
                everything=everything,
                ray=ray,
                exports=export or (),
                force=force,
                progress=progress,
            )
        _print(found, as_json)


@contextmanager
def _show_progress(quiet: bool) -> Iterator[Callable[[scanning.Progress], None] | None]:
    """A bar on standard error, where that is a terminal: files done, the rate, and how long the rest will take."""
    if quiet or not render.err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # not for a pipe

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=render.err.console, transient=True) as bar:
        task = bar.add_task("scan", total=None, rate="")

        def show(state: scanning.Progress) -> None:
            speed = bar.tasks[0].speed
            rate = f"{speed:.1f} files/s" if speed else ""
            bar.update(task, completed=state.done, total=state.total, rate=rate)

        yield show


def _print(found: scanning.Scan, as_json: bool) -> None:
    """The summary as text; each file for every other format, in JSON after the summary; failing as ``--fail-on`` says."""
    here = session()
    files = (Result(row["path"], _describe(row), tuple(_list_notices(row))) for row in found.rows())
    if here.form == TEXT:
        failing = here.fail_on is not None and any(here.judge(one).status is Status.FOUND for one in files)
        status = Status.FOUND if failing else Status.DONE
        print_result(as_json, found.as_dict, lambda: _show(found, here.ignored), path=found.results, status=status)
        return
    if here.form == "json":
        here.add(Result(found.results, found.as_dict()))
    for one in files:
        here.add(one)


def _describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """A file as JSON values, without what its notices say."""
    return {name: value for name, value in row.items() if name not in ("path", "findings")}


def _list_notices(row: Mapping[str, Any]) -> Iterator[Notice]:
    """What was found of a file, from its row in the results; a refusal first."""
    if row["refusal_code"]:
        yield Notice(row["refusal_code"], Severity.HIGH, "", row["refusal"])
    for one in row["findings"]:
        known = one["severity"] in list(Severity)  # somebody may have written into the results
        yield Notice(one["code"], Severity(one["severity"]) if known else Severity.HIGH, one["place"], one["seen"])


def _show(found: scanning.Scan, ignored: Sequence[str]) -> None:
    """The summary."""
    skipped = f", {found.skipped} unchanged and skipped" if found.skipped else ""
    files = spell_count(found.files, "file")
    render.out.print(f"[bold]{files}[/bold]{skipped}; results in {render.escape(found.results)}")
    for title, rows in (*found.counts.items(), ("findings", found.findings)):
        rows = [row for row in rows if row[0] not in ignored]
        listed = [f"{render.escape(name) or '-'} {number}" for name, number in rows if name or title == "status"]
        more = f", {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
        if listed:
            render.out.print(f"{title.replace('_', ' '):13} {', '.join(listed[:_SHOWN])}{more}")
