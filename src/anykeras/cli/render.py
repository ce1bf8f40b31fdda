"""What people see. The only place that prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .. import html_report, weights_only
from ..errors import AnyKerasError, Bug
from ..findings import Affects, Fidelity, Finding
from ..reporting import Severity
from ..texts import Lines
from ..texts import escape as escape_text
from ..verification import Verdict
from .printer import Printer, escape_markup

if TYPE_CHECKING:
    from ..auditing import Audit, Risk
    from ..checking import Obstacle, Outlook, Run
    from ..explaining import Explanation
    from ..matching import WeightsReport
    from ..opened import Converted, Inspection
    from ..pages import Page
    from ..verification import Check, Report
    from ..weights_only import WeightsInspection

out = Printer("stdout")
err = Printer("stderr")
_HIDDEN: ContextVar[frozenset[str]] = ContextVar("hidden", default=frozenset())
_COLOURS = {
    Fidelity.EXACT: "green",
    Fidelity.EQUIVALENT: "green",
    Fidelity.APPROXIMATE: "yellow",
    Fidelity.LOSSY: "red",
}


_LEVELS = {
    Severity.INFO: "green",
    Severity.LOW: "green",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}


def escape(text: str) -> str:
    """Text from a file as rich takes it: one line, no markup."""
    return escape_markup(escape_text(text))


def hide(codes: Iterable[str]) -> None:
    """Leave findings of these codes out, until the next call says otherwise."""
    _HIDDEN.set(frozenset(codes))


def print_raw(text: str) -> None:
    """What other programs read, as it is."""
    out.file.write(text)


def print_path(path: str) -> None:
    """Whose result the lines after it are, where there are several."""
    out.print(f"[bold]{escape(path)}[/bold]")


def print_note(text: str) -> None:
    """Beside the outcome: what a person should know of the call."""
    err.print(f"note  {escape(text)}")


def print_refusal(error: AnyKerasError) -> None:
    """One message, and where to read more."""
    label = "bug" if isinstance(error, Bug) else "refused"
    err.print(f"[red]{label}[/red] {escape(Lines(error))}")
    err.print(f"More: anykeras explain {error.code}")


def print_inspection(found: Inspection) -> None:
    """Writer, layers, findings."""
    data = found.as_dict()
    writer = found.original.writer
    out.print(f"[bold]{escape(data['path'])}[/bold]  {escape(data['container'])}")
    out.print(f"written by [bold]{escape(str(writer))}[/bold]")
    for line in data["writer"]["evidence"]:
        out.print(f"  evidence  {escape(line)}")
    rows = []
    for row in data["layers"]:
        weights = ", ".join(f"{role} {tuple(shape)}" for role, shape in row["weights"].items())
        rows.append((escape(row["layer"]), escape(row["class"]), escape(weights), str(row["parameters"] or "")))
    out.print_table(("layer", "class", "weights", "parameters"), rows)
    for signature in data["signatures"]:
        out.print(f"signature  [bold]{escape(signature['name'])}[/bold]")
        for kind in ("inputs", "outputs"):
            for port in signature[kind]:
                shape = "any shape" if port["shape"] is None else tuple(port["shape"])
                text = f"{port['name']}: {port['dtype']} {shape}, {port['tensor']}"
                out.print(f"  {kind.removesuffix('s'):7} {escape(text)}")
    for effect in data["effects"]:
        text = f"{effect['op']} {effect['effect']} in TensorFlow, from {effect['reached_from']}: {effect['node']}"
        out.print(f"  [bold]op[/bold]      {escape(text)}")
    for note in (*data["notes"], *(f"not used: {name}" for name in data["leftovers"])):
        out.print(f"note  {escape(note)}")
    kept = data["kept"] or {}
    for key in ("saved", "anykeras", "keras", "backend", "python", "platform", "target", "commit"):
        if kept.get(key) is not None:
            out.print(f"kept  {key} {escape(str(kept[key]))}")
    print_findings(found.findings)
    if found.refusal is not None:
        print_refusal(found.refusal)


def print_weights(found: WeightsInspection) -> None:
    """A file of weights alone: writer, layers, what follows from their shapes and what does not, what to do."""
    out.print(f"[bold]{escape(found.raw.match.path)}[/bold]  weights only")
    out.print(f"written by [bold]{escape(str(found.writer))}[/bold]")
    for evidence in found.writer.evidence:
        out.print(f"  evidence  {escape(f'{evidence.where}: {evidence.says}')}")
    rows = [tuple(map(escape, row)) for row in weights_only.list_saved_layers(found)]
    out.print_table(("layer", "class", "features", "weights"), rows)
    for title, text in weights_only.describe_weights(found):
        out.print(f"[bold]{title}[/bold]  {escape(text)}")
    for note in (*found.raw.notes, *(f"not used: {name}" for name in found.raw.leftovers)):
        out.print(f"note  {escape(note)}")


def print_match(report: WeightsReport) -> None:
    """Each pair with its witness, what stays unfilled and unused, what was concluded."""
    out.print(f"weights written by [bold]{escape(str(report.writer))}[/bold]")
    cells = ((pair.stored, pair.layer, pair.class_name, str(pair.witness), pair.form) for pair in report.pairs)
    out.print_table(("file", "model", "class", "witness", "form"), [tuple(map(escape, row)) for row in cells])
    for name in report.unfilled:
        out.print(f"[yellow]unfilled[/yellow] {escape(name)} of the model")
    for name in report.unused:
        out.print(f"[yellow]unused[/yellow] {escape(name)} of the file")
    print_findings(report.findings)
    if report.complete:
        out.print("every layer is filled and every weight is used; activations, strides and padding are the model's own")


def print_transfer(done: Converted, report: WeightsReport) -> None:
    """The match, then the file."""
    print_match(report)
    out.print(f"[green]written[/green] {escape(done.path)} from {escape(done.opened.path)}")


def print_graph(found: Inspection | WeightsInspection) -> None:
    """The model as a tree: a line a layer with the shape that leaves it, and its inputs where they are not the line above."""
    if isinstance(found, weights_only.WeightsInspection):
        out.print("Weights alone: the file does not say how its layers are connected.")
        return
    document = found.opened.document if found.opened is not None else found.original
    for depth, name, kind, shape, sources in html_report.list_graph(document.model):
        came = f"  [dim]<- {escape(', '.join(sources))}[/dim]" if sources else ""
        out.print(f"{'  ' * depth}{escape(name)}  [cyan]{escape(kind)}[/cyan]  {escape(shape)}{came}")


def print_code(found: Inspection | WeightsInspection) -> None:
    """The functions of the file, each with what is known of it."""
    for record in found.code:
        pythons = f"Python {escape(' or '.join(record.pythons))}, " if record.pythons else ""
        origin = f"{pythons}{escape(record.spelling)}"
        out.print(f"[bold]{escape(record.address)}[/bold] {escape(record.key)}: {origin}")
        for guard in record.guards:
            out.print(f"    # {escape(guard)}")
        for line in record.source.splitlines():
            out.print(f"    {escape(line)}")
        for note in record.notes:
            out.print(f"    note  {escape(note)}")
    if not found.code:
        out.print("There is no code in this file.")
    if found.refusal is not None:
        print_refusal(found.refusal)


def print_findings(listed: Sequence[Finding]) -> None:
    """One line a finding."""
    for finding in (finding for finding in listed if finding.code not in _HIDDEN.get()):
        colour = _COLOURS[finding.fidelity]
        only = " (training only)" if finding.affects is Affects.TRAINING else ""
        out.print(
            f"[bold]{finding.code}[/bold] [{colour}]{finding.fidelity}[/{colour}]{only} {escape(finding.address)}: "
            f"{escape(finding.seen)} -> {escape(finding.done)}"
        )


def print_converted(done: Converted) -> None:
    """Findings, then the file."""
    print_findings(done.findings)
    levels = f"outputs {done.outputs_fidelity}, training {done.training_fidelity}"
    out.print(f"[green]written[/green] {escape(done.path)} from {escape(str(done.opened.original.writer))} ({levels})")
    _print_check(done)


def _print_check(done: Converted) -> None:
    if done.check is not None:
        print_report(done.check)


def print_report(found: Report) -> None:
    """One line a check, then the verdict with the strongest evidence for it."""
    for check in found.checks:
        if not (check.whole and check.verdict is found.verdict is Verdict.NOT_VERIFIED):  # the verdict says it
            out.print(_describe_check(check))
            _print_outputs(check)
    failed = next((check.detail for check in found.checks if not check.agrees and check.detail), "")
    unverified = next((check.detail for check in found.checks if check.whole and check.verdict is Verdict.NOT_VERIFIED), "")
    same = "outputs" if any(check.outputs for check in found.checks) else "weights"
    summary = {
        Verdict.PASS: f"same {same} ({found.evidence})",
        Verdict.FAIL: failed or "the outputs differ",
        Verdict.NOT_VERIFIED: unverified or "it runs, but there is nothing to compare with",
    }
    out.print(f"{_colour_verdict(found.verdict)}: {escape(summary[found.verdict])}")


def _print_outputs(check: Check) -> None:
    """The outputs of one comparison: the largest difference of each, and where it is."""
    rows = []
    for output in check.outputs:
        word = "[green]same[/green]" if output.agrees else "[red]differs[/red]"
        at = f"[{', '.join(map(str, output.where))}]" if output.where and output.largest else ""
        values = (output.got, output.wanted) if output.largest else ("", "")
        row = (output.name, str(output.shape), f"{output.largest:.3g}", at, *values)
        rows.append((word, *map(escape, row)))
    if rows:
        out.print_table(("", "output", "shape", "largest difference", "at", "value", "wanted"), rows)


def _describe_check(check: Check) -> str:
    by = f" (largest difference {check.difference:.2g})" if check.agrees and check.difference else ""
    detail = f": {check.detail}" if check.detail else ""
    return f"{_colour_verdict(check.verdict)} {escape(check.what)}{by}{escape(detail)}"


def _colour_verdict(verdict: Verdict) -> str:
    colour = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.NOT_VERIFIED: "yellow"}[verdict]
    return f"[{colour}]{verdict}[/{colour}]"


def print_audit(found: Audit) -> None:
    """The verdict and what to do; then each risk, the worst first, with what Keras would do and the code that was recovered."""
    colour = _LEVELS[found.severity]
    out.print(f"[{colour}]{escape(found.verdict)}[/{colour}]  {escape(found.path)}")
    out.print(f"    do: {escape(found.advice)}")
    for risk in found.risks:
        colour = _LEVELS[risk.severity]
        out.print(f"[{colour}]{risk.severity}[/{colour}] [bold]{risk.code}[/bold] {escape(risk.where)}")
        out.print(f"    {escape(risk.seen)}")
        if risk.severity.rank >= Severity.MEDIUM.rank:
            _print_loading(risk)
        for line in risk.source.splitlines():
            out.print(f"    | {escape(line)}")
    if found.refusal:
        out.print(f"note  no model that AnyKeras reads: {escape(found.refusal)}")


def _print_loading(risk: Risk) -> None:
    told = risk.loading
    rows = (("safe_mode=True", told.safe), ("safe_mode=False", told.unsafe), ("old versions", told.old))
    known = "; ".join(f"{label}: {text}" for label, text in rows)
    out.print(f"    {escape(known)}" + (f" ({', '.join(told.advisories)})" if told.advisories else ""))


def print_explanation(found: Explanation) -> None:
    """What a message means, in about ten lines; where it is not known, what is nearest."""
    cause = found.cause
    out.print(f"[bold]{escape(found.message)}[/bold]")
    if cause is None:
        if found.elsewhere:
            out.print(f"This is not known as an error about a model file: {escape(found.elsewhere)}")
        else:
            out.print("This message is not known. The nearest that are:")
            for near in found.nearest:
                out.print(f"  [bold]{near.id}[/bold]  {escape(found.fill(near.means))}")
        _print_file_check(found)
        out.print("If it is about loading a model, `anykeras inspect FILE` says what the file is.")
        return
    colour = {"yes": "green", "partly": "yellow", "no": "red"}[cause.opens]
    file = found.check.path if found.check is not None else None
    rows = (
        ("meaning", escape(found.fill(cause.means))),
        ("why", escape(found.fill(cause.why))),
        ("versions", escape(cause.versions)),
        ("opens", f"[{colour}]{cause.opens}[/{colour}]: {escape(found.fill(cause.answer))}"),
        ("command", f"[bold]{escape(found.command_for(file))}[/bold]"),
    )
    for label, text in rows:
        out.print(f"{label:9} {text}")
        if label == "why":
            for other in found.others:
                out.print(f"{'or':9} {escape(found.fill(other))}")
    _print_file_check(found)
    before = "; an error before the last one says so, which is not known" if found.earlier else ""
    out.print(f"{'known as':9} {cause.id}{before}")


def _print_file_check(found: Explanation) -> None:
    check = found.check
    if check is None:
        return
    if found.cause is not None:
        answer = {True: "[green]yes[/green], ", False: "[yellow]no[/yellow], ", None: ""}[check.present]
        out.print(f"{'in file':9} {escape(check.path)}: {answer}{escape(check.says)}")
    out.print(f"{'opens it':9} {escape(check.opens)}")


_SHOWN, _DETAIL = 8, 300  # obstacles of one release, characters of a message of old Keras


def print_check(found: Outlook, table: bool) -> None:
    """Each release with its verdict; in a table the first obstacle alone."""
    for one in found.forecasts:
        verdict = {True: "[green]opens[/green]", False: "[red]does not open[/red]", None: "[yellow]depends[/yellow]"}[one.opens]
        first = one.obstacles[0] if one.obstacles else None
        why = f"{_describe_place(first)}{first.reason}" if first else one.doubt
        if table:
            out.print(f"{one.release!s:<14} {verdict}{'  ' if why else ''}{escape(why)}")
            continue
        out.print(f"[bold]{one.release}[/bold]: {verdict}")
        for obstacle in one.obstacles[:_SHOWN]:
            out.print(f"    {escape(_describe_place(obstacle))}{escape(obstacle.reason)}")
        if len(one.obstacles) > _SHOWN:
            out.print(f"    and {len(one.obstacles) - _SHOWN} more")
        if first:
            out.print(f"    they see: {escape(first.message)}")
        elif why:
            out.print(f"    {escape(why)}")
        if one.conversion:
            helps = {True: "this helps: ", False: "convert --target does not help: ", None: ""}[one.converted]
            out.print(f"    {helps}{escape(one.conversion)}")
    if table:
        oldest, newest = found.span
        out.print(f"oldest that opens it: {oldest or 'none'}, newest: {newest or 'none'}")


def print_run(found: Run) -> None:
    """How one file went in one interpreter."""
    colour = "green" if found.right else "red"
    stack = f"Keras {found.keras or '?'} on Python {found.python or '?'}"
    out.print(f"[{colour}]{found.outcome}[/{colour}]  {escape(found.path)}  ({stack})")
    if found.difference is not None:
        out.print(f"    {found.evidence}, largest difference {found.difference:.2g}")
    if found.detail:
        out.print(f"    {escape(found.detail[:_DETAIL])}")


def _describe_place(obstacle: Obstacle) -> str:
    place = ".".join(part for part in (obstacle.layer, obstacle.key) if part)
    return f"{place}: " if place else ""


def print_page(found: Page) -> None:
    """The page of a code."""
    out.print_markdown(found.text)


def write_page_as_dict(found: Page) -> dict[str, object]:
    """The page as plain JSON values."""
    return {
        "code": found.code,
        "title": found.title,
        "fidelity": found.fidelity,
        "affects": found.affects,
        "what": found.what,
        **{title.lower().replace(" ", "_"): text for title, text in found.sections.items() if title},
    }
