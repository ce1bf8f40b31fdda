"""Writes every model of a set for every release, opens each file in the genuine stack, and prints what came of it.

    python scripts/matrix.py STACKS SET [--only RELEASE ...] [--models NAME ...] [--out DIR] [--table]

STACKS is a JSON file: {"keras-3.6": {"python": PATH, "library": "keras", "path": PYTHONPATH, "env": {}}}, a release may have
``:.keras`` behind it for the box. For ``tfjs`` the "python" is Node and the "library" the folder node_modules. SET is a folder
with ``index.json`` and for each model a source file and NAME.npz (see ``scripts/matrix_open.py``). Files and verdicts are kept
in DIR; a row per release says how many models are right, refused (with their reasons in DIR/RELEASE.json) and wrong: opened
with other outputs, or not opened at all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anykeras
from anykeras.errors import AnyKerasError

OPENERS = {"tfjs": Path(__file__).with_name("matrix_open.js")}
OPENER = Path(__file__).with_name("matrix_open.py")
STEPS = {"adam_cnn": ([4], "int64"), "sgd_mom": ([4, 3], "float32"), "adamw": ([4, 3], "float32")}
TOLERANCES = {"mixed16": 2e-3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--models", nargs="*", default=())
    parser.add_argument("--out", type=Path, default=Path("matrix"))
    given = parser.parse_args()
    stacks = json.loads(given.stacks.read_text())
    models = read_set(given.set)
    print("| release | right | refused | wrong | next step |\n|---|---|---|---|---|")
    for release in given.only or stacks:
        wanted = {name: model for name, model in models.items() if not given.models or name in given.models}
        print(run(release, stacks[release], wanted, given.out), flush=True)


def read_set(folder: Path) -> dict[str, dict[str, Any]]:
    """The models of a set by name: source, recording, and what to feed."""
    index = json.loads((folder / "index.json").read_text())
    inside = folder / "models" if (folder / "models").is_dir() else folder
    return {
        name: {
            "source": str(inside / said.get("file", f"{name}.keras")),
            "recording": str(inside / said.get("recording", f"{name}.npz")),
            "inputs": said["inputs"],
            "outputs": said["n_out"],
            "dict": said["dict"],
            "tolerance": said.get("tolerance", TOLERANCES.get(name, 1e-4)),
            "step": dict(zip(("shape", "dtype"), STEPS[name], strict=True)) if name in STEPS else None,
        }
        for name, said in index.items()
    }


def run(release: str, stack: dict[str, Any], models: dict[str, dict[str, Any]], out: Path) -> str:
    """One row of the table."""
    folder = out / release.replace(":", "")
    folder.mkdir(parents=True, exist_ok=True)
    refused, jobs = {}, []
    for name, model in models.items():
        try:
            jobs.append(write(name, model, release, folder))
        except AnyKerasError as error:
            refused[name] = f"{error.code} {error.layer}: {error.seen}"
        except Exception as error:  # a bug of ours must not end the run; it counts as wrong
            refused[name] = f"BUG {type(error).__name__}: {error}"
    found = open_in(stack, jobs, folder)
    wrong = {name: said for name, said in found.items() if not said["right"]}
    bugs = [name for name, said in refused.items() if said.startswith("BUG")]
    steps = {name: said["step"] for name, said in found.items() if "step" in said}
    report = {"refused": refused, "wrong": wrong, "steps": steps, "right": sorted(found.keys() - wrong.keys())}
    (out / f"{release.replace(':', '')}.json").write_text(json.dumps(report, indent=1))
    for name in [*wrong, *bugs]:
        print(f"    {release} {name}: {refused.get(name) or wrong[name]['seen'][:300]}", file=sys.stderr)
    said = ", ".join(f"{name} {'not compiled' if step is None else f'{step:.0e}'}" for name, step in steps.items())
    return f"| {release} | {len(found) - len(wrong)} | {len(refused) - len(bugs)} | {len(wrong) + len(bugs)} | {said} |"


def write(name: str, model: dict[str, Any], release: str, folder: Path) -> dict[str, Any]:
    """Convert one model; the job for the opener."""
    target, _, box = release.partition(":")
    usual = {"keras-3": ".keras", "tfjs": ""}.get(target[:7], ".h5")
    path = folder / f"{name}{box or usual}"
    anykeras.convert(model["source"], path, target=target, force=True)
    return {**model, "name": name, "file": str(path.resolve())}


def open_in(stack: dict[str, Any], jobs: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any]]:
    """What the genuine stack says of each file."""
    listed = folder / "jobs.json"
    listed.write_text(json.dumps(jobs))
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "KERAS_BACKEND")}
    env.update(stack.get("env", {}), PYTHONPATH=stack.get("path", ""), CUDA_VISIBLE_DEVICES="")
    opener = OPENERS.get(folder.name, OPENER)
    command = [stack["python"], str(opener), stack["library"], str(listed)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=3600)
    lines = [line[1:] for line in done.stdout.splitlines() if line.startswith("@")]
    if len(lines) < len(jobs):
        print(done.stderr[-2000:], file=sys.stderr)
    missing = {job["name"]: {"right": False, "seen": "no verdict"} for job in jobs}
    return {**missing, **{said["name"]: said for said in map(json.loads, lines)}}


if __name__ == "__main__":
    main()
