"""Many files at once: ``anykeras.scan``. Every model below a folder is inspected, audited and, where asked for, converted.

Files are worked on by processes that are killed where one takes too long, or by a Ray cluster; the results are in a SQLite file
that a later scan goes on from.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .. import html_report, limits
from ..boundary import guard_verb
from ..containers.remote import is_url
from ..errors import TargetError
from ..targets.output import check_output, check_place
from ..texts import spell_count
from .locations import Entry, find_models, name_converted
from .one_file import Job, stamp
from .store import FORMATS, NOTHING, Store, Task, is_export

Path = str | os.PathLike[str]
SECONDS = 60.0
MEMORY = 8 * limits.GIB
COLUMNS = ("status", "writer", "era", "severity", "refusal_code")


@dataclass(frozen=True)
class Progress:
    """How far a scan is: files done of those to do, those skipped as unchanged, and the one just finished."""

    done: int
    total: int
    skipped: int
    outcome: dict[str, Any]


@dataclass(frozen=True, repr=False)
class Scan:
    """The outcome of a scan: where its results are, how many files were looked at and skipped, and counts over all of them.

    ``counts`` has the files by status, writer, era, severity and refusal; ``findings`` by code of what was found.
    """

    results: str
    files: int
    skipped: int
    counts: dict[str, list[tuple[str, int]]]
    findings: list[tuple[str, int]]

    def __repr__(self) -> str:
        counts = ", ".join(f"{number} {name}" for name, number in self.counts["status"])
        return (
            f"<Scan {self.results!r}: {spell_count(self.files, 'file')} looked at, {self.skipped} skipped; {counts or 'none'}>"
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every file with its findings, as exports have them, by path."""
        store = Store(self.results)
        try:
            yield from store.rows()
        finally:
            store.close()

    def as_dict(self) -> dict[str, Any]:
        """Counts and where the results are, as plain JSON values."""
        listed = {column: dict(rows) for column, rows in self.counts.items()}
        return {
            "results": self.results,
            "files": self.files,
            "skipped": self.skipped,
            **listed,
            "findings": dict(self.findings),
        }


@guard_verb
def scan(
    roots: Sequence[str] | str,
    *,
    results: str | None = None,
    jobs: int | None = None,
    convert: str | None = None,
    html: str | None = None,
    trust: Sequence[str] = (),
    seconds: float = SECONDS,
    memory: int = MEMORY,
    everything: bool = False,
    ray: str | None = None,
    exports: Sequence[str] = (),
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Scan:
    """Inspect, audit and, with `convert`, convert every model below some folders.

    Args:
        roots: folders, files, patterns, ``@list.txt``, or URLs with ``anykeras[remote]``.
        results: the SQLite file of the results; ``ROOT.scan.sqlite`` by default. Files in it that have not changed since (by
            size and time of change, else by hash) are skipped.
        jobs: processes; by default one for each processor.
        convert: a folder to convert into, with the folders of the originals.
        html: a folder for a page about every file (:func:`anykeras.report`) and an ``index.html``. Needs ``anykeras[report]``.
        trust: as for :func:`anykeras.audit`.
        seconds: what one file may take before its process is killed.
        memory: bytes of address space of a process; 0 for no limit.
        everything: look at every file, not only at those that hold a model by their first bytes.
        ray: do the work on a Ray cluster: its address, or ``"local"``. Needs ``anykeras[ray]``.
        exports: files to write the results to as well: ``.jsonl``, ``.csv``, ``.parquet`` (needs ``anykeras[parquet]``).
            An earlier export is replaced, another file only with `force`.
        force: replace files at `exports` that no scan wrote.
        progress: called after every file.

    Raises:
        MissingFile: a root does not exist.
        OutputExists: there is another file at one of `exports`.
        TargetError: the results cannot be written, or an extra is not installed.
    """
    named = (roots,) if isinstance(roots, str) else tuple(roots)
    _check(named, exports)
    path = results or _name_results(named)
    entries = _leave_made(convert, [entry for entry in find_models(named, everything) if not _is_ours(entry.path, path)])
    _check_outputs(entries, path, exports, force)
    for folder in (convert, html):
        if folder is not None:
            check_place(folder, [entry.path for entry in entries if not is_url(entry.path)])
    store = Store(path)
    try:
        task = _name_task(convert, html, trust)
        todo = list(_list_jobs(entries, store, task, _Folders(convert, html), tuple(trust)))
        store.begin(os.path.abspath(job.convert_to) for job in todo if job.convert_to and not os.path.exists(job.convert_to))
        skipped = len(entries) - len(todo)
        count = jobs or os.cpu_count() or 1
        for number, outcome in enumerate(_run(todo, count, seconds, memory, ray), 1):
            store.put(outcome, task)
            if progress is not None:
                progress(Progress(number, len(todo), skipped, outcome))
        for export in exports:
            store.export(export, force)
        if html is not None:
            pages = {entry.path: f"{entry.inside}{html_report.SUFFIX}" for entry in entries}
            html_report.write_index(store.rows(), pages, html)
        counts = {column: store.count(column) for column in COLUMNS}
        return Scan(store.path, len(todo), skipped, counts, store.count_findings())
    finally:
        store.close()


def _run(todo: Sequence[Job], count: int, seconds: float, memory: int, ray: str | None) -> Iterator[dict[str, Any]]:
    if ray is not None:
        from .on_ray import run_ray

        return run_ray(todo, ray, count, seconds, memory)
    from .pool import run_pool

    return run_pool(todo, min(count, max(1, len(todo))), seconds, memory)


def _check(roots: Sequence[str], exports: Sequence[str]) -> None:
    for root in roots:
        if not os.path.exists(root) and not any(mark in root for mark in "*?[@") and "://" not in root and root != "-":
            from ..containers.source import make_missing_file_error

            raise make_missing_file_error(root)
    for path in exports:
        if not path.endswith(FORMATS):
            raise TargetError("AK6052", f"results are written as {', '.join(FORMATS)}", part=path)


def _check_outputs(entries: Sequence[Entry], results: str, exports: Sequence[str], force: bool) -> None:
    """Refuse to write over what is scanned, or into it, and names that are none. Raises TargetError."""
    sources = [entry.path for entry in entries if not is_url(entry.path)]
    check_output(results, force=True, sources=sources, suffixes=("",))
    for path in exports:
        check_output(path, force=force or is_export(path), sources=sources, suffixes=FORMATS)


def _name_results(roots: Sequence[str]) -> str:
    """Beside the root; in the current folder where there are several."""
    if len(roots) == 1 and os.path.exists(roots[0]):
        return f"{os.path.abspath(roots[0])}.scan.sqlite"
    return "anykeras.scan.sqlite"


def _leave_made(folder: str | None, entries: list[Entry]) -> list[Entry]:
    """The entries without those that converting others of them makes (a folder for what is converted, inside the root)."""
    if folder is None:
        return entries
    made = {os.path.abspath(os.path.join(folder, name_converted(entry))): entry for entry in entries}
    return [entry for entry in entries if made.get(os.path.abspath(entry.path), entry) is entry]


def _is_ours(path: str, results: str) -> bool:
    return os.path.abspath(path).startswith(os.path.abspath(results))


@dataclass(frozen=True)
class _Folders:
    """Where what is made of each file goes."""

    convert: str | None
    html: str | None


def _name_task(convert: str | None, html: str | None, trust: Sequence[str]) -> Task:
    """What is done with a file, so that a later scan knows whether all of it was."""
    made = (f"convert to {os.path.abspath(convert)}",) if convert else ()
    pages = (f"pages in {os.path.abspath(html)}",) if html else ()
    return Task(frozenset((*made, *pages)), tuple(sorted(trust)))


def _list_jobs(entries: Sequence[Entry], store: Store, task: Task, folders: _Folders, trust: tuple[str, ...]) -> Iterator[Job]:
    """A job for each file that is new or has changed. One of another date is compared by its hash, in the worker."""
    known, begun = store.known(), store.begun()
    for entry in entries:
        size, modified, sha256, held = known.get(entry.path, (-2, 0, "", NOTHING))
        now = stamp(entry.path)
        done = held.covers(task)
        if done and now == (size, modified) and size >= 0:
            continue
        target = os.path.join(folders.convert, name_converted(entry)) if folders.convert else ""
        page = os.path.join(folders.html, f"{entry.inside}{html_report.SUFFIX}") if folders.html else ""
        same = sha256 if done and now[0] == size else ""
        ours = entry.path in known or os.path.abspath(target) in begun
        yield Job(entry.path, same, target, ours, trust, page=page)
