"""Writes every model of sets for every release, opens each file in the genuine stack, and prints what came of it.

    python scripts/matrix.py STACKS SET ... [--only RELEASE ...] [--models NAME ...] [--sample N] [--seed N] [--own RELEASE]
        [--out DIR] [--page docs/targets.md]

STACKS is the folder of the old stacks; what is missing there is built (``scripts/stacks.py``). A release may have ``:.h5``
behind it for the box. A SET is a folder of one of three kinds: with ``index.json`` (models with recordings, as
``scripts/fixtures/targets.py`` makes them; "step" there says which target one more step was recorded with), with ``INDEX.json``
(the corpus of genuine files of every era), or what ``scripts/differential/generate.py`` made.
With `--sample` so many models of each set are drawn by the seed. Files and verdicts
are kept in DIR, a folder a set; a row per release says how many models are right, refused (with their reasons in
DIR/SET/RELEASE.json), need a GPU, and are wrong: opened with other outputs, or not opened at all. `--page` writes the rows of
all releases that were run so far into the page, between the marks of each set.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import stacks

import anykeras
from anykeras.catalog.releases import find_release
from anykeras.errors import AnyKerasError

OPENERS = {"tfjs": Path(__file__).with_name("matrix_open.js")}
OPENER = Path(__file__).with_name("matrix_open.py")
STEPS = {"adam_cnn": ([4], "int64"), "sgd_mom": ([4, 3], "float32"), "adamw": ([4, 3], "float32")}
TOLERANCES = {"mixed16": 2e-3}
HALF = 4e-3  # of models that compute in 16 bits
NO_KERNEL = re.compile(r"NCHW|NHWC|channels_first|NCDHW|NDHWC|only supports the? ?channels_last")
Models = dict[str, dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stacks", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--models", nargs="*", default=())
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/matrix"))
    parser.add_argument("--page", type=Path)
    parser.add_argument("--own", help="leave out the models whose own release does not give their outputs back")
    given = parser.parse_args()
    for folder in given.sets:
        models = read_set(folder) if not given.own else reproduced(read_set(folder), given.own, given.stacks, given.out)
        if given.sample and given.sample < len(models):
            drawn = sorted(random.Random(given.seed).sample(sorted(models), given.sample))
            models = {name: models[name] for name in drawn}
        models = {name: model for name, model in models.items() if not given.models or name in given.models}
        out = given.out / folder.name
        for release in given.only or boxes():
            stack = stacks.build(release.partition(":")[0], given.stacks.resolve())
            print(row(release, run(release, stack, given.stacks.resolve(), models, out)), flush=True)
        if given.page is not None:
            write_page(given.page, folder.name, out)


def reproduced(models: Models, release: str, folder: Path, out: Path) -> Models:
    """The models that the release which wrote them opens with the outputs that were recorded before they were saved."""
    out.mkdir(parents=True, exist_ok=True)
    jobs = [{**model, "name": name, "file": model["source"], "step": None} for name, model in models.items()]
    found = open_in(stacks.build(release, folder.resolve()), folder.resolve(), jobs, out)
    return {name: model for name, model in models.items() if found[name]["right"]}


def boxes() -> list[str]:
    """Every release that AnyKeras writes for and that there is a stack of, once for each of its boxes."""
    known = [(name, find_release(name)) for name in stacks.STACKS]
    return [f"{name}:{box}" for name, release in known if release is not None for box in release.boxes]


def read_set(folder: Path) -> Models:
    """The models of a set by name: source, recording, and what to feed."""
    if (folder / "INDEX.json").exists():
        return read_corpus(folder)
    if (folder / "index.json").exists():
        return read_targets(folder)
    found: Models = {}
    for recording in sorted(folder.glob("*/io.npz")):
        recipe = json.loads(recording.with_name("recipe.json").read_text())
        suffix = next((box for box in (".keras", ".h5") if recording.with_name("model" + box).exists()), None)
        if suffix is not None:
            tolerance = (recipe.get("tolerance") or {"rtol": 1e-4})["rtol"]
            found[recording.parent.name] = described(recording.with_name("model" + suffix), recording, tolerance)
    return found


def read_targets(folder: Path) -> Models:
    """A set with an index: file, recording, names of inputs, number of outputs."""
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
            "step": said.get("step") or (dict(zip(("shape", "dtype"), STEPS[name], strict=True)) if name in STEPS else None),
        }
        for name, said in index.items()
    }


def read_corpus(folder: Path) -> Models:
    """Whole models of every era without classes of the user's own; what the stack itself did not reload is left out."""
    found: Models = {}
    for line in json.loads((folder / "INDEX.json").read_text()):
        path = folder / line["file"]
        kind = {".h5": "h5", ".keras": "keras"}.get(path.suffix)
        said = line.get("own_reload") or {}
        if kind is None or line["custom"] or path.name.endswith(".weights.h5") or "ok" not in said.values():
            continue
        recording = path.with_name(path.name.removesuffix(path.suffix) + ".golden.npz")
        meta = json.loads(path.with_name(path.name.removesuffix(path.suffix) + ".meta.json").read_text())
        if recording.exists() and not meta.get("random_outputs") and not meta.get("stateful_batch"):
            tolerance = HALF if "16" in path.name else 1e-4
            found[line["file"].replace("/", "-")] = described(path, recording, tolerance, "dict_io" in path.name)
    return found


def described(source: Path, recording: Path, tolerance: float, by_name: bool = False) -> dict[str, Any]:
    import numpy

    with numpy.load(recording) as held:
        names = [name for name in held.files if re.fullmatch(r"in\d+", name)]
        outputs = sum(re.fullmatch(r"out\d+", name) is not None for name in held.files)
    inputs = ["alpha", "beta"] if by_name else names
    return {
        "source": str(source.resolve()), "recording": str(recording.resolve()), "inputs": inputs, "outputs": outputs,
        "dict": by_name, "tolerance": tolerance, "step": None,
    }  # fmt: skip


def run(release: str, stack: stacks.Stack, folder: Path, models: Models, out: Path) -> dict[str, Any]:
    """What became of every model: refused, right, wrong, and how far the next step of training was off."""
    inside = out / release.replace(":", "")
    inside.mkdir(parents=True, exist_ok=True)
    refused, jobs, bugs = {}, [], {}
    for name, model in models.items():
        try:
            jobs.append(write(name, model, release, inside))
        except AnyKerasError as error:
            refused[name] = f"{error.code} {error.layer}: {error.seen}"
        except Exception as error:  # a bug of ours must not end the run; it counts as wrong
            bugs[name] = {"seen": f"BUG {type(error).__name__}: {error}"}
    found = open_in(stack, folder, jobs, inside)
    wrong = {name: said for name, said in found.items() if not said["right"]}
    kernels = {name: said["seen"] for name, said in wrong.items() if said["opens"] and NO_KERNEL.search(said["seen"])}
    wrong = {name: said for name, said in (wrong | bugs).items() if name not in kernels}
    steps = {name: said["step"] for name, said in found.items() if "step" in said}
    right = sorted(name for name, said in found.items() if said["right"])
    report = {
        "date": str(datetime.date.today()),
        "refused": refused,
        "wrong": wrong,
        "kernels": kernels,
        "steps": steps,
        "right": right,
    }
    (out / f"{release.replace(':', '')}.json").write_text(json.dumps(report, indent=1))
    for name, said in wrong.items():
        print(f"    {release} {name}: {said['seen'][:300]}", file=sys.stderr)
    return report


HEAD = "| release | file | right | refused | needs a GPU | wrong | next step (Adam, SGD, AdamW) | date |\n" + "|---" * 8 + "|"


def row(release: str, report: dict[str, Any]) -> str:
    """One row of the table."""
    name, _, box = release.partition(":")
    counts = [len(report[key]) for key in ("right", "refused", "kernels", "wrong")]
    steps = ["uncompiled" if step is None else f"{step:.0e}" if step else "0" for step in report["steps"].values()]
    cells = [name, box or own_box(name), *map(str, counts), ", ".join(steps), report["date"]]
    return f"| {' | '.join(cells)} |"


def own_box(name: str) -> str:
    """What a release is written to where nothing is said."""
    known = find_release(name)
    return known.boxes[0] if known is not None else ""


def write_page(page: Path, name: str, out: Path) -> None:
    """The table of a set, between its marks in a page: rows of what was run, above all; those of other releases stay."""
    begin, end = f"<!-- matrix {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.read_text().partition(begin)
    table, _, after = rest.partition(end)
    rows = {
        tuple(line.split(" | ")[:2]): line for line in table.splitlines() if line.startswith("| ") and "release" not in line
    }
    for path in out.glob("*.json"):
        release = path.stem.removesuffix(".h5").removesuffix(".keras")
        line = row(f"{release}:{path.stem.removeprefix(release)}", json.loads(path.read_text()))
        rows[tuple(line.split(" | ")[:2])] = line
    order = [f"| {release.partition(':')[0]}" for release in boxes()]
    lines = [rows[key] for key in sorted(rows, key=lambda key: (order.index(key[0]), key[1]))]
    page.write_text(before + begin + "\n".join([HEAD, *lines, end]) + after)


def write(name: str, model: dict[str, Any], release: str, folder: Path) -> dict[str, Any]:
    """Convert one model; the job for the opener."""
    target, _, box = release.partition(":")
    path = folder / f"{name.removesuffix('.keras').removesuffix('.h5')}{box or own_box(target)}"
    anykeras.convert(model["source"], path, target=target, force=True)
    return {**model, "name": name, "file": str(path.resolve())}


def open_in(stack: stacks.Stack, folder: Path, jobs: list[dict[str, Any]], out: Path) -> dict[str, dict[str, Any]]:
    """What the genuine stack says of each file."""
    listed = out / "jobs.json"
    listed.write_text(json.dumps(jobs))
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "KERAS_BACKEND", "KERAS_HOME")}
    env.update(stack.env, CUDA_VISIBLE_DEVICES="", PYTHONPATH=str(stack.path(folder) or ""))
    opener = OPENERS.get(stack.library, OPENER)
    library = folder / "tfjs" / "node_modules" if stack.library == "tfjs" else stack.library
    command = [str(stack.python(folder)), str(opener), str(library), str(listed)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=3600)
    lines = [line[1:] for line in done.stdout.splitlines() if line.startswith("@")]
    if len(lines) < len(jobs):
        print(done.stderr[-2000:], file=sys.stderr)
    missing = {job["name"]: {"opens": False, "right": False, "seen": "no verdict"} for job in jobs}
    return {**missing, **{said["name"]: said for said in map(json.loads, lines)}}


if __name__ == "__main__":
    main()
