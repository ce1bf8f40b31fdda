"""The hooks and the action, run as their hosts run them: by pre-commit itself, and step by step in the action's own shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from genuine import FIXTURES

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf8"))
HARMLESS = FIXTURES / "keras2.1-tf" / "nadam.h5"
SARIF = json.loads((ROOT / "tests" / "face" / "sarif-2.1.0-rtm.5.json").read_text("utf8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with an ordinary model and one that is a pickle of os.system, and our command on the path."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(HARMLESS, folder / "good model.h5")
    (folder / "bad.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    command = tmp_path / "bin" / "anykeras"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "src"}" exec "{sys.executable}" -m anykeras "$@"\n')
    command.chmod(0o755)
    return folder


def environment(project: Path, **more: str) -> dict[str, str]:
    path = f"{project.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    return {**clean, "PATH": path, "HOME": str(project.parent), "PRE_COMMIT_HOME": str(project.parent / "cache"), **more}


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=environment(folder))


def test_pre_commit_runs_the_hooks(project: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"  # a repository that offers our hooks
    hooks.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    for folder in (hooks, project):
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "first")
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=hooks, capture_output=True, text=True, check=True
    ).stdout.strip()
    offered = [{"id": name, "language": "system"} for name in ("anykeras-audit", "anykeras-inspect")]  # the command is there
    settings = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": offered}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(settings))
    git(project, "add", "-A")

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, env=environment(project), check=False)

    shown = run()
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert re.search(r"^anykeras audit\.+Failed", shown.stdout, re.MULTILINE)
    assert re.search(r"^anykeras inspect\.+Passed", shown.stdout, re.MULTILINE)
    assert "bad.pkl" in shown.stdout
    git(project, "rm", "-q", "-f", "bad.pkl")
    shown = run()
    assert shown.returncode == 0, shown.stdout + shown.stderr


def run_action(project: Path, **inputs: str) -> tuple[int, str, str]:
    """The second step as a runner runs it: inputs put into its environment, its script in bash -e."""
    values = {name: str(about.get("default", "")) for name, about in ACTION["inputs"].items()} | inputs
    step = ACTION["runs"]["steps"][1]
    filled = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: values[found[1]], text)
        for name, text in step["env"].items()
    }
    assert "${{" not in step["run"] and step["shell"] == "bash"
    outputs = project.parent / "outputs"
    outputs.touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=project, capture_output=True, text=True, check=False,
        env=environment(project, GITHUB_OUTPUT=str(outputs), **filled),
    )  # fmt: skip
    return done.returncode, done.stdout, outputs.read_text()


def test_the_action_annotates_and_fails(project: Path) -> None:
    code, shown, _ = run_action(project)
    assert code == 1 and re.search(r"^::error file=[^,]*bad\.pkl,title=AK8008", shown, re.MULTILINE)
    code, shown, _ = run_action(project, paths="good*.h5")
    assert code == 0 and "::error" not in shown
    assert run_action(project, **{"fail-on": "never"})[0] == 0
    assert run_action(project, verb="convert")[0] == 2
    assert run_action(project, paths="$(touch hacked) `touch hacked`")[0] != 0 and not (project / "hacked").exists()


def test_the_action_writes_sarif_for_code_scanning(project: Path) -> None:
    code, _, outputs = run_action(project, format="sarif", output="report.sarif")
    assert code == 1 and outputs == "report=report.sarif\n"
    document = json.loads((project / "report.sarif").read_text())
    jsonschema.validate(document, SARIF, jsonschema.Draft4Validator)
    found = document["runs"][0]["results"]
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for result in found for place in result["locations"]}
    assert "bad.pkl" in uris


def test_the_action_is_a_composite_action() -> None:
    assert (
        ACTION["runs"]["using"] == "composite"
        and ACTION["runs"]["steps"][0]["env"]["ANYKERAS_VERSION"] == "${{ inputs.version }}"
    )
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])
