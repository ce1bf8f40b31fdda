"""The command line: exit codes, wordings, and that what fails writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import anykeras
from anykeras import pipeline, verification
from anykeras.cli.main import app
from anykeras.verification import Check, EvidenceKind, Report, Verdict
from anykeras.verification.numeric import compare_outputs
from genuine import FIXTURES

EXACT = str(FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5")
TRAINING = str(FIXTURES / "keras2.1-tf" / "nadam.h5")  # AK4004: approximate in training, exact in outputs


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_version_and_help() -> None:
    assert run("--version").output == f"anykeras {anykeras.__version__}\n"
    for arguments in (["-h"], ["--help"], ["convert", "-h"], ["verify", "--help"]):
        shown = run(*arguments)
        assert shown.exit_code == 0
        assert "Exit codes: 0 done; 1 " in " ".join(shown.output.split())
    assert "--show-completion" in run("-h").output
    verbs = CliRunner().invoke(app, ["-h"], env={"COLUMNS": "80"}).output.split("Commands:")[1]
    assert "inspect" in verbs and "..." not in verbs, "what a verb does fits its line"


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "nowhere.h5"],
        ["convert", "nowhere.h5", "x.keras"],
        ["stub", "nowhere.h5"],
        ["verify", "nowhere.h5"],
        ["explain", "AK9999"],
        ["convert", EXACT],
        ["convert", EXACT, "x.keras", "--strict", "good"],
        ["convert", EXACT, "x.keras", "--strict", "weights=exact"],
        ["convert", EXACT, "x.keras", "--target", "abacus"],
    ],
)
def test_what_is_refused_exits_with_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments).exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["inspect", EXACT], ["convert", EXACT, "x.keras"], ["stub", EXACT], ["verify", EXACT]])
def test_a_bug_exits_with_3_and_no_traceback(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pipeline, "migrate", fail)
    shown = run(*arguments)
    assert shown.exit_code == 3
    assert "[AK6009] unexpected ZeroDivisionError: boom" in shown.stderr
    assert "Please report it" in shown.stderr
    assert "Traceback" not in shown.output + shown.stderr


def test_advice_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    lines = run("convert", EXACT, str(tmp_path / "x.keras"), "--target", "abacus").stderr.splitlines()
    assert any(line.startswith("What to do: Choose one of: ") for line in lines)


def test_an_existing_output_is_replaced_only_with_force(tmp_path: Path) -> None:
    output = tmp_path / "x.keras"
    output.write_bytes(b"mine")
    shown = run("convert", EXACT, str(output))
    assert shown.exit_code == 2
    assert f"Output {output} already exists. Use --force (force=True) to overwrite it." in shown.stderr
    assert output.read_bytes() == b"mine"
    assert run("convert", EXACT, str(output), "--force").exit_code == 0
    assert output.read_bytes() != b"mine"


@pytest.mark.parametrize("levels", [["exact"], ["training=equivalent"], ["outputs=exact", "training=exact"]])
def test_strict_exits_with_1_and_writes_nothing(tmp_path: Path, levels: list[str]) -> None:
    options = [option for level in levels for option in ("--strict", level)]
    shown = run("convert", TRAINING, str(tmp_path / "x.keras"), *options)
    assert shown.exit_code == 1
    assert "[AK6020]" in shown.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("levels", [["approximate"], ["outputs=exact"], ["outputs=exact", "training=approximate"]])
def test_strict_allows_what_it_does_not_ask_about(tmp_path: Path, levels: list[str]) -> None:
    options = [option for level in levels for option in ("--strict", level)]
    shown = run("convert", TRAINING, str(tmp_path / "x.keras"), "--json", *options)
    assert shown.exit_code == 0
    fidelity = json.loads(shown.output)["results"][0]["data"]["fidelity"]
    assert fidelity == {"all": "approximate", "outputs": "exact", "training": "approximate"}
    assert (tmp_path / "x.keras").exists()


def test_no_stub_is_needed() -> None:
    assert run("stub", EXACT).output == "# No custom classes needed.\n"


CROSS, UNSEEN, WITNESS = EvidenceKind.CROSS_CHECKED, EvidenceKind.UNWITNESSED, EvidenceKind.WITNESSED


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ([], Verdict.NOT_VERIFIED),
        ([Check("a", UNSEEN, True)], Verdict.NOT_VERIFIED),
        ([Check("f", CROSS, True, whole=False), Check("a", UNSEEN, True)], Verdict.NOT_VERIFIED),
        ([Check("a", CROSS, True)], Verdict.PASS),
        ([Check("a", WITNESS, True), Check("b", UNSEEN, True)], Verdict.PASS),
        ([Check("a", WITNESS, True), Check("f", CROSS, False, whole=False)], Verdict.FAIL),
        ([Check("a", UNSEEN, False)], Verdict.FAIL),
    ],
)
def test_the_verdict_of_a_report(checks: list[Check], verdict: Verdict) -> None:
    assert Report(tuple(checks)).verdict is verdict


def test_verdicts_are_said_and_are_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    differs = compare_outputs("outputs equal", WITNESS, [np.float32([1.13])], [np.float32([1.0])])
    same = Check("all 6 weight tensors identical", CROSS, True, 0.0)
    alone = Check("a.h5", UNSEEN, True, detail="it runs, but there is nothing to compare with")
    expected = [
        ((same,), 0, "PASS all 6 weight tensors identical", "PASS: same weights (cross-checked)"),
        ((alone,), 1, "NOT VERIFIED: it runs", "NOT VERIFIED: it runs, but there is nothing to compare with"),
        ((same, differs), 1, "FAIL outputs equal", "FAIL: differs from the recording by 0.13"),
    ]
    for checks, code, line, last in expected:
        monkeypatch.setattr(verification, "verify_documents", lambda *_, checks=checks, **__: Report(checks))
        shown = run("verify", EXACT)
        assert shown.exit_code == code
        assert any(one.startswith(line) for one in shown.output.splitlines())
        assert shown.output.splitlines()[-1] == last
        assert shown.output.count("nothing to compare with") <= 1


def test_explain_prints_the_page() -> None:
    shown = run("explain", "ak5052")
    assert shown.exit_code == 0
    assert "WeightNormalization" in shown.output
    assert json.loads(run("explain", "AK5052", "--json").output)["results"][0]["data"]["affects"] == "training"
