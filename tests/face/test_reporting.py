"""What other programs read: one shape of JSON by its schema, SARIF by its own, annotations, JUnit, levels, settings."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from anykeras.cli.main import VERBS, app
from genuine import FIXTURES

EXACT = FIXTURES / "keras2.1-tf" / "conv2d_kinds.h5"
TRAINING = FIXTURES / "keras2.1-tf" / "nadam.h5"  # AK4004: approximate in training, exact in outputs; AK4012: equivalent
SCHEMA = json.loads((resources.files("anykeras.reporting") / "run-1.schema.json").read_text("utf8"))
SARIF = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text("utf8"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def json_of(*arguments: object) -> dict:
    shown = run(*arguments, "--format", "json")
    document = json.loads(shown.stdout)
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    assert document["exit_code"] == shown.exit_code
    return document


CALLS = [
    ("inspect", EXACT),
    ("inspect", TRAINING),
    ("inspect", "nowhere.h5"),
    ("convert", TRAINING, "out.keras"),
    ("convert", "nowhere.h5", "out.keras"),
    ("convert", TRAINING, "out.keras", "--strict", "exact"),
    ("stub", EXACT),
    ("transfer", "nowhere.h5", "--into", EXACT, "-o", "out.keras"),
    ("verify", "nowhere.h5"),
    ("audit", TRAINING),
    ("explain", "AK4004"),
]


@pytest.mark.parametrize("arguments", CALLS, ids=lambda call: " ".join(Path(str(word)).name for word in call))
def test_every_verb_speaks_json_and_sarif_by_their_schemas(arguments: tuple[object, ...]) -> None:
    document = json_of(*arguments)
    assert document["verb"] == arguments[0]
    refused = "nowhere.h5" in arguments
    (result,) = document["results"]
    assert (result["error"] is not None) == (result["status"] == "refused" or "--strict" in arguments)
    assert not refused or (result["error"]["code"] == "AK1001" and result["error"]["details"]["part"] == "nowhere.h5")
    Path("out.keras").unlink(missing_ok=True)
    sarif = json.loads(run(*arguments, "--format", "sarif").stdout)
    jsonschema.validate(sarif, SARIF, jsonschema.Draft4Validator)
    (only,) = sarif["runs"]
    assert [found["ruleId"] for found in only["results"]] == [
        notice["code"] for notice in (*filter(None, [result["error"]]), *result["notices"])
    ]
    assert all(only["tool"]["driver"]["rules"][found["ruleIndex"]]["id"] == found["ruleId"] for found in only["results"])


def test_json_is_one_shape_for_success_and_refusal() -> None:
    done, refused = json_of("inspect", TRAINING), json_of("inspect", "nowhere.h5")
    assert list(done) == list(refused) and list(done["results"][0]) == list(refused["results"][0])
    short = run("inspect", TRAINING, "--json")
    assert json.loads(short.stdout) == done


def test_a_level_fails_the_run_and_ignored_codes_do_not() -> None:
    assert run("inspect", TRAINING).exit_code == 0
    assert run("inspect", TRAINING, "--fail-on", "medium").exit_code == 0
    assert run("inspect", TRAINING, "--fail-on", "low").exit_code == 1
    assert run("inspect", TRAINING, "--fail-on", "low", "--ignore", "ak4004").exit_code == 0
    assert run("inspect", TRAINING, "--fail-on", "info", "--ignore", "AK4004,AK4012").exit_code == 0
    assert "AK4004" in run("inspect", TRAINING).stdout
    assert "AK4004" not in run("inspect", TRAINING, "--ignore", "AK4004").stdout
    document = json_of("inspect", TRAINING, "--ignore", "AK4004")
    assert [notice["code"] for notice in document["results"][0]["notices"]] == ["AK4012"]
    assert "AK4004" not in {finding["code"] for finding in document["results"][0]["data"]["findings"]}
    assert document["ignored"] == ["AK4004"]
    assert run("inspect", "nowhere.h5", "--ignore", "AK1001").exit_code == 2  # a refusal is no finding
    for wrong in (["--format", "xml"], ["--fail-on", "bad"], ["--json", "--format", "sarif"]):
        assert run("inspect", TRAINING, *wrong).exit_code == 2


def test_annotations_and_junit() -> None:
    shown = run("inspect", TRAINING, "--format", "github", "--fail-on", "low")
    assert shown.exit_code == 1
    first, *_ = lines = shown.stdout.splitlines()
    assert first.startswith(f"::notice file={TRAINING},title=AK4004%3A ") and len(lines) == 2
    (refusal,) = run("inspect", "a,b:c.h5", "--format", "github").stdout.splitlines()
    assert refusal.startswith("::error file=a%2Cb%3Ac.h5,title=AK1001%3A No such file::")
    suite = ElementTree.fromstring(run("inspect", TRAINING, "--format", "junit", "--fail-on", "low").stdout)
    (case,) = suite.iter("testcase")
    assert case.get("name") == str(TRAINING) and case.find("failure").get("type") == "AK4004"
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    suite = ElementTree.fromstring(run("inspect", "no\x01where\udc80.h5", "--format", "junit").stdout)
    assert suite.get("errors") == "1" and suite.find(".//error").get("type") == "AK1001"
    assert not list(ElementTree.fromstring(run("inspect", EXACT, "--format", "junit").stdout).iter("failure"))


def test_settings_of_a_project_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text(
        '[tool.anykeras]\nfail-on = "low"\n[tool.anykeras.convert]\nstrict = ["outputs=exact"]\nfail-on = "high"\n'
    )
    inside = tmp_path / "models"
    inside.mkdir()
    monkeypatch.chdir(inside)
    assert run("inspect", TRAINING).exit_code == 1
    assert run("--isolated", "inspect", TRAINING).exit_code == 0
    assert run("inspect", TRAINING, "--fail-on", "never").exit_code == 0
    assert run("convert", TRAINING, "a.keras").exit_code == 0
    assert run("convert", TRAINING, "b.keras", "--strict", "exact").exit_code == 1
    assert json_of("inspect", EXACT)["settings"] == str(settings)
    settings.write_text('[tool.anykeras]\nignore = "AK4004"\nformat = "github"\n')
    assert [line[:8] for line in run("inspect", TRAINING).stdout.splitlines()] == ["::notice"]
    assert "AK4004 ignored, as" in run("inspect", TRAINING, "--format", "text").stderr


@pytest.mark.parametrize(
    "text",
    [
        "[tool.anykeras]\ncustom-objects = 'evil.py'\n",  # a stranger's folder must run nothing
        "[tool.anykeras.convert]\nforce = 'yes'\n",
        "[tool.anykeras]\nignore = [1]\n",
        "[tool.anykeras]\nfail-on = ",
        "[tool.anykeras]\nfail-on = 'sometimes'\n",
        "[tool.anykeras.scan]\njobs = 'many'\n",
        "[tool.anykeras.inspekt]\nfail-on = 'low'\n",
        "tool = 3\n",
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    shown = run("inspect", EXACT)
    assert shown.exit_code == 2 and "AK9001" in shown.stderr
    assert run("--isolated", "inspect", EXACT).exit_code == 0


def test_every_verb_takes_the_common_options() -> None:
    for verb in VERBS:
        shown = " ".join(run(verb, "--help").stdout.split())
        assert all(option in shown for option in ("--format", "--fail-on", "--ignore"))
