"""One file of many: inspected, audited and, where asked for, converted. The same function runs in every kind of worker."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .. import api, auditing, html_report, limits
from ..boundary import as_our_error
from ..containers import Match, sniff
from ..containers.remote import is_url, open_any, stamp_remote
from ..containers.source import BLOCK
from ..errors import AnyKerasError
from ..opened import Inspection
from ..reporting import Notice, notice_of_finding
from ..weights_only import WeightsInspection

FINDING = ("code", "kind", "level", "severity", "place", "seen")
"""What is kept of a finding: its level is a fidelity, that of a risk its severity."""
DONE, REFUSED, CRASHED, STOPPED = "done", "refused", "crashed", "stopped"
"""What became of a file: described; no model or not openable; the worker died with it; its time was up."""


@dataclass(frozen=True)
class Job:
    """What is to be done with a file. `known` is its hash in an earlier run, `convert_to` and `page` are paths or ""."""

    path: str
    known: str = ""
    convert_to: str = ""
    force: bool = False
    trust: tuple[str, ...] = ()
    content: bool = True  # whether the content is hashed
    page: str = ""  # the HTML page to write about it

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for another process."""
        return asdict(self)


@dataclass
class Outcome:
    """What was found of a file: one row of the results. `same` says that it has the hash of the earlier run."""

    path: str
    status: str = DONE
    size: int = -1
    modified: int = 0  # nanoseconds
    sha256: str = ""
    container: str = ""
    writer: str = ""
    era: str = ""
    layers: int = 0
    parameters: int = 0
    functions: int = 0
    severity: str = ""
    verdict: str = ""
    fidelity: str = ""
    refusal_code: str = ""
    refusal: str = ""
    converted: str = ""
    seconds: float = 0.0
    same: bool = False
    findings: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def stamp(path: str) -> tuple[int, int]:
    """Size and time of change of a file; of a folder, the sum and the latest of its files; (-1, 0) where that is not known.

    Of a URL a number that stands for what its store knows it by (an ETag, a commit, a date) instead of the time.
    """
    if is_url(path):
        return stamp_remote(path)
    try:
        if not os.path.isdir(path):
            status = os.stat(path)
            return status.st_size, status.st_mtime_ns
        held = [os.stat(os.path.join(at, name)) for at, _, names in os.walk(path) for name in names]
    except OSError:
        return -1, 0
    return sum(one.st_size for one in held), max((one.st_mtime_ns for one in held), default=0)


def process(data: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job, given and answered as plain values. What is wrong with the file is in the answer; raises nothing for it."""
    job = Job(**{**data, "trust": tuple(data.get("trust", ()))})
    started = time.perf_counter()
    size, modified = stamp(job.path)
    found = Outcome(job.path, size=size, modified=modified)
    try:
        with limits.spend_one():
            _work(job, found)
    except (AnyKerasError, OSError, MemoryError, RecursionError) as raised:
        error = raised if isinstance(raised, AnyKerasError) else as_our_error(raised)
        found.status, found.refusal_code, found.refusal = REFUSED, error.code, str(error).splitlines()[0][:1000]
    found.seconds = round(time.perf_counter() - started, 4)
    return found.as_dict()


def _work(job: Job, found: Outcome) -> None:
    """Everything that is asked for of a file, noted in `found`. Raises AnyKerasError."""
    if job.content and not is_url(job.path):
        found.sha256 = hash_file(job.path)
    if job.known and found.sha256 == job.known:
        found.same = True
        return
    file = _sniff(job.path)
    audit = _audit(job, file, found)
    inspection = api.inspect(file)
    if job.page:
        _write_page(job, inspection, audit)
    _describe(inspection, found)
    if job.convert_to and found.status == DONE:
        _convert(job, file, inspection, found)


def _sniff(path: str) -> Match | str:
    """The file as all verbs share it; its path, where each is to refuse it."""
    try:
        match = sniff(path)
    except AnyKerasError:
        return path
    return match if match.path == path else path  # a checkpoint is named by its prefix


def hash_file(path: str) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files."""
    digest = hashlib.sha256()
    if not os.path.isdir(path):
        _feed(digest, path)
        return digest.hexdigest()
    for at, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            inner = os.path.join(at, name)
            digest.update(os.path.relpath(inner, path).encode("utf-8", "surrogateescape") + b"\0")
            if not os.path.islink(inner):
                _feed(digest, inner)
    return digest.hexdigest()


def _feed(digest: Any, path: str) -> None:
    source = open_any(path)
    for at in range(0, source.size, 8 * BLOCK):
        digest.update(source.read(at, 8 * BLOCK))


def _audit(job: Job, file: Match | str, found: Outcome) -> auditing.Audit:
    audit = auditing.audit(file, trust=job.trust)
    found.severity, found.verdict, found.functions = str(audit.severity), audit.verdict, audit.functions
    found.findings += [_describe_notice("risk", risk.as_notice(), str(risk.severity), risk.seen) for risk in audit.risks]
    return audit


def _describe_notice(kind: str, notice: Notice, level: str, seen: str) -> dict[str, str]:
    """A row of the table of findings, with the fields `FINDING`."""
    values = (notice.code, kind, level, str(notice.severity), notice.address, seen[:2000])
    return dict(zip(FINDING, values, strict=True))


def _write_page(job: Job, inspection: Inspection | WeightsInspection, audit: auditing.Audit) -> None:
    os.makedirs(os.path.dirname(job.page) or ".", exist_ok=True)
    html_report.write_page(inspection, audit, job.page, force=True)


def _describe(inspection: Inspection | WeightsInspection, found: Outcome) -> None:
    found.container = inspection.raw.match.name
    if not isinstance(inspection, Inspection):
        found.writer, found.era = str(inspection.writer), str(inspection.writer.era)
        found.container += " (weights)"
        return
    writer = inspection.original.writer
    found.writer, found.era = str(writer), str(writer.era)
    from ..document.walk import summarize_document  # `--help` needs no document

    rows = summarize_document(inspection.original.model)
    found.layers, found.parameters = len(rows), sum(row["parameters"] or 0 for row in rows)
    found.findings += [
        _describe_notice("finding", notice_of_finding(one), str(one.fidelity), one.seen) for one in inspection.findings
    ]
    if inspection.refusal is not None:
        raise inspection.refusal
    found.fidelity = str(inspection.opened.fidelity) if inspection.opened is not None else ""


def _convert(job: Job, file: Match | str, inspection: Inspection | WeightsInspection, found: Outcome) -> None:
    """Write what was read for the inspection, which is not read again; weights alone look for their architecture."""
    os.makedirs(os.path.dirname(job.convert_to) or ".", exist_ok=True)
    if isinstance(inspection, Inspection) and inspection.opened is not None:
        done = inspection.opened.convert(job.convert_to, force=job.force)
    else:
        done = api.convert(file, job.convert_to, force=job.force)
    found.converted, found.fidelity = done.path, str(done.fidelity)
