"""What people see. The only place that prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from ..api import Converted, Inspection
from ..errors import AnyKerasError
from ..findings import Fidelity, Finding
from ..registry import Page, markdown
from ..verify.report import Report

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
_COLOURS = {
    Fidelity.EXACT: "green",
    Fidelity.EQUIVALENT: "green",
    Fidelity.APPROXIMATE: "yellow",
    Fidelity.LOSSY: "red",
}


def refusal(error: AnyKerasError) -> None:
    """One message, and where to read more."""
    err.print(f"[red]refused[/red] {escape(str(error))}", soft_wrap=True)
    err.print(f"anykeras explain {error.code}")


def inspection(found: Inspection) -> None:
    """Writer, layers, findings."""
    data = found.as_dict()
    writer = found.original.writer
    out.print(f"[bold]{escape(data['path'])}[/bold]  {data['container']}", soft_wrap=True)
    out.print(f"written by [bold]{escape(str(writer))}[/bold]")
    for line in data["writer"]["evidence"]:
        out.print(f"  evidence  {escape(line)}", soft_wrap=True)
    table = Table("layer", "class", "weights", "parameters", box=None, header_style="bold")
    for row in data["layers"]:
        weights = ", ".join(f"{role} {tuple(shape)}" for role, shape in row["weights"].items())
        table.add_row(escape(row["layer"]), row["class"], escape(weights), str(row["parameters"] or ""))
    out.print(table)
    for note in (*data["notes"], *(f"left over: {name}" for name in data["leftovers"])):
        out.print(f"note  {escape(note)}", soft_wrap=True)
    findings(found.findings)
    if found.refusal is not None:
        refusal(found.refusal)


def code(found: Inspection) -> None:
    """The functions of the file, each with what is known of it."""
    for record in found.code:
        pythons = f"Python {' or '.join(record.pythons)}, " if record.pythons else ""
        origin = f"{pythons}{escape(record.spelling)}"
        out.print(f"[bold]{escape(record.address)}[/bold] {record.key}: {origin}", soft_wrap=True)
        for guard in record.guards:
            out.print(f"    # {escape(guard)}", soft_wrap=True)
        for line in record.source.splitlines():
            out.print(f"    {escape(line)}", soft_wrap=True)
        for note in record.notes:
            out.print(f"    note  {escape(note)}", soft_wrap=True)
    if not found.code:
        out.print("no code in this file")
    if found.refusal is not None:
        refusal(found.refusal)


def findings(listed: Sequence[Finding]) -> None:
    """One line a finding."""
    for finding in listed:
        colour = _COLOURS[finding.fidelity]
        out.print(
            f"[bold]{finding.code}[/bold] [{colour}]{finding.fidelity}[/{colour}] {escape(finding.address)}: "
            f"{escape(finding.seen)} -> {escape(finding.done)}",
            soft_wrap=True,
        )


def converted(done: Converted) -> None:
    """Findings, then the file."""
    findings(done.findings)
    out.print(
        f"[green]written[/green] {escape(done.path)} from {escape(str(done.opened.original.writer))} ({done.fidelity})",
        soft_wrap=True,
    )


def report(found: Report) -> None:
    """One line a check, then the verdict."""
    for check in found.checks:
        verdict = "[green]agrees[/green]" if check.agrees else "[red]differs[/red]"
        by = f" (largest difference {check.difference:.2g})" if check.difference is not None else ""
        out.print(f"{verdict} {escape(check.what)}: {check.evidence}{by} {escape(check.detail)}", soft_wrap=True)
    out.print(f"{'same outputs' if found.agrees else 'NOT the same'}: {found.evidence}")


def page(found: Page) -> None:
    """The page of a code."""
    out.print(Markdown(markdown(found)))


def page_data(found: Page) -> dict[str, Any]:
    """The page as plain JSON values."""
    data = asdict(found)
    data["fidelity"] = str(found.fidelity) if found.fidelity is not None else None
    return data
