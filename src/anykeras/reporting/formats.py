"""A run as text for other programs: JSON, GitHub annotations, SARIF 2.1.0, JUnit XML."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from ..lazily import read_data
from ..pages import find_page
from ..texts import defuse, escape
from .notices import Notice, Severity
from .results import Result, Run, Status

DOCUMENTATION = "https://github.com/anykeras/anykeras/blob/main/docs/rules/README.md"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"
_SARIF_LEVELS = {Severity.INFO: "note", Severity.LOW: "note", Severity.MEDIUM: "warning"}
_GITHUB_LEVELS = {Severity.INFO: "notice", Severity.LOW: "notice", Severity.MEDIUM: "warning"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_run(run: Run, form: str) -> str:
    """The run in one of `FORMATS`, with a line break at its end unless it is empty."""
    return FORMATS[form](run)


def read_schema() -> dict[str, object]:
    """The JSON schema of ``--format json``, as it is published."""
    text = read_data("anykeras.reporting", "run-1.schema.json")
    return dict(json.loads(text))


def _as_json(run: Run) -> str:
    return _write_json(run.as_dict())


def _write_json(document: Mapping[str, object]) -> str:
    return defuse(json.dumps(document, indent=1), "\\u{:04x}") + "\n"


def _as_github(run: Run) -> str:
    """Workflow commands: the runner shows each as an annotation of its file."""
    lines = []
    for result, notice in _notices_of(run):
        level = _GITHUB_LEVELS.get(notice.severity, "error")
        place = {"file": result.path} if result.path else {}
        properties = {**place, "title": f"{notice.code}: {notice.title}"}
        listed = ",".join(f"{key}={_escape_property(text)}" for key, text in properties.items())
        lines.append(f"::{level} {listed}::{_escape_command(_describe(notice))}")
    lines += [
        f"::error title=anykeras {_escape_property(run.verb)}::{_escape_command(_write_failure(result, run))}"
        for result in run.results
        if result.status is Status.FOUND and (not result.all_notices or _find_check(result))
    ]
    return "".join(f"{line}\n" for line in lines)


def _escape_command(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_command(text).replace(":", "%3A").replace(",", "%2C")


def _as_sarif(run: Run) -> str:
    """SARIF 2.1.0 as code scanning reads it: a rule for each code that occurs, a result for each notice."""
    notices = list(_notices_of(run))
    codes = sorted({notice.code for _, notice in notices})
    driver = {
        "name": "anykeras",
        "informationUri": "https://github.com/anykeras/anykeras",
        "semanticVersion": run.version,
        "rules": [_write_rule(code) for code in codes],
    }
    invocation = {
        "executionSuccessful": run.status not in (Status.REFUSED, Status.BUG),
        "exitCode": run.status.exit_code,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": _write_failure(result, run)}, "locations": _write_locations(result, "")}
            for result in run.results
            if result.status is Status.FOUND and (not result.all_notices or _find_check(result))
        ],
    }
    document = {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": f"anykeras-{run.verb}/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [invocation],
                "results": [_write_sarif_result(result, notice, codes.index(notice.code)) for result, notice in notices],
            }
        ],
    }
    return _write_json(document)


def _write_rule(code: str) -> dict[str, object]:
    page = find_page(code)
    rule: dict[str, object] = {"id": code, "helpUri": DOCUMENTATION}
    if page is not None:
        rule |= {
            "shortDescription": {"text": page.title},
            "fullDescription": {"text": page.what or page.title},
            "help": {"text": page.text, "markdown": page.text},
        }
    return rule


def _write_sarif_result(result: Result, notice: Notice, rule: int) -> dict[str, object]:
    import hashlib  # only for this format

    name = f"{notice.code}\0{result.path}\0{notice.address}\0{notice.message}"
    return {
        "ruleId": notice.code,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS.get(notice.severity, "error"),
        "message": {"text": _describe(notice)},
        "locations": _write_locations(result, notice.address),
        "partialFingerprints": {"anykeras/v1": hashlib.sha256(name.encode("utf8", "surrogatepass")).hexdigest()},
        "properties": {"severity": str(notice.severity), **notice.details},
    }


def _write_locations(result: Result, address: str) -> list[dict[str, object]]:
    """The file (a model has no lines: its first) and the place in the model."""
    if not result.path:
        return []
    location: dict[str, object] = {
        "physicalLocation": {"artifactLocation": {"uri": _write_uri(result.path)}, "region": {"startLine": 1}}
    }
    if address:
        location["logicalLocations"] = [{"fullyQualifiedName": address}]
    return [location]


def _write_uri(path: str) -> str:
    """A path below the working directory as a relative URI, another one as a ``file:`` URI, a URL as it is."""
    if re.match(r"[a-z][a-z0-9+.-]+://", path):
        return quote(path, safe=":/?#[]@!$&'()*+,;=%")
    absolute = os.path.abspath(path)
    try:
        inside = Path(absolute).relative_to(os.getcwd())
    except ValueError:
        return Path(absolute).as_uri()
    return quote(os.fsencode(inside.as_posix()))


def _as_junit(run: Run) -> str:
    """JUnit XML: a test case a file, failed where what was found is at the level asked for, an error where it is refused."""
    counts = {
        "tests": str(len(run.results)),
        "failures": str(sum(result.status is Status.FOUND for result in run.results)),
        "errors": str(sum(result.status in (Status.REFUSED, Status.BUG) for result in run.results)),
    }
    from xml.etree import ElementTree  # only for this format

    root = ElementTree.Element("testsuites", {"name": "anykeras", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"anykeras {run.verb}", **counts})
    for result in run.results:
        named = {"classname": f"anykeras.{run.verb}", "name": _escape_xml(result.path or run.verb)}
        case = ElementTree.SubElement(suite, "testcase", named)
        if result.status is not Status.DONE:
            kind = "failure" if result.status is Status.FOUND else "error"
            worst = next(iter(sorted(result.notices, key=lambda notice: -notice.severity.rank)), None)
            about = result.error or (None if _find_check(result) else worst)
            said = {
                "message": _escape_xml(about.message if about else _write_failure(result, run)),
                "type": about.code if about else run.verb,
            }
            ElementTree.SubElement(case, kind, said).text = _escape_xml("\n".join(_list(result)))
        elif result.notices:
            ElementTree.SubElement(case, "system-out").text = _escape_xml("\n".join(_list(result)))
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{defuse(text, "&#{};")}\n'


def _escape_xml(text: str) -> str:
    """Text that XML can hold."""
    return _NOT_XML.sub("\ufffd", text)


def _list(result: Result) -> list[str]:
    return [f"{notice.code} {notice.severity} {_describe(notice)}" for notice in result.all_notices]


def _find_check(result: Result) -> str | None:
    """What a file that was written said when it was opened again (`convert --check`), where that is no PASS."""
    check = result.data.get("check")
    verdict = check.get("verdict") if isinstance(check, Mapping) else None
    return f"the written file: {verdict}" if isinstance(verdict, str) and verdict != "PASS" else None


def _write_failure(result: Result, run: Run) -> str:
    """Why a file failed of which nothing was noticed: the verdict of its verb, or of the check of what it wrote."""
    verdict = _find_check(result) or result.data.get("verdict")
    return (
        f"{result.path or run.verb}: {verdict}" if isinstance(verdict, str) else f"{result.path or run.verb}: {result.status}"
    )


def _describe(notice: Notice) -> str:
    """The place and the message; text from a file can move no cursor of a log."""
    message = "\n".join(escape(line) for line in notice.message.split("\n"))
    address = escape(notice.address)
    return f"{address}: {message}" if address and address not in message else message


def _notices_of(run: Run) -> Iterator[tuple[Result, Notice]]:
    for result in run.results:
        for notice in result.all_notices:
            yield result, notice


FORMATS: Mapping[str, Callable[[Run], str]] = {
    "json": _as_json,
    "github": _as_github,
    "sarif": _as_sarif,
    "junit": _as_junit,
}
"""What writes a run in each format but text, which is the command line's own."""
