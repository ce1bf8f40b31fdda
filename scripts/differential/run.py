"""Open what `generate.py` made, live and converted, and compare with the outputs that the old stack recorded.

    KERAS_BACKEND=tensorflow python scripts/differential/run.py MODELS/STACK ... --lines results.jsonl [--seconds 600]

Each folder holds the models of one stack. One JSON line for every (file, way) goes to `--lines`; what has a line already is not
run again, so that a run goes on where it stopped. A table of counts per stack is printed at the end:

    right      every output within rtol 1e-4, atol 1e-5
    wrong      opened, and at least one output differs
    refused    an AnyKeras error, counted by code
    crash      any other exception, from AnyKeras or from the Keras that opens what was converted
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np

import anykeras

RTOL, ATOL = 1e-4, 1e-5
WAYS = ("live", "converted")


def open_live(path: Path, weights: Path | None) -> Any:
    return anykeras.load_model(path, compile=False, weights=weights)


def open_converted(path: Path, weights: Path | None) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "converted.keras")
        anykeras.convert(path, target, weights=weights)
        return keras.models.load_model(target, compile=False)


def compare(model: Any, recorded: Any) -> tuple[bool, float]:
    """Whether every output is the recorded one, and the largest difference."""
    names = [name for name in recorded.files if name.startswith("in")]
    inputs = [recorded[f"in{i}"] for i in range(len(names))]
    found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    found = found if isinstance(found, (list, tuple)) else [found]
    wanted = [recorded[f"out{i}"] for i in range(len(recorded.files) - len(names))]
    if len(found) != len(wanted):
        return False, float("inf")
    worst, right = 0.0, True
    for value, want in zip(found, wanted, strict=True):
        value = np.asarray(keras.ops.convert_to_numpy(value), dtype="float64")
        if value.shape != want.shape:
            return False, float("inf")
        worst = max(worst, float(np.abs(value - want).max()))
        right = right and np.allclose(value, want, rtol=RTOL, atol=ATOL)
    return right, worst


def run(path: Path, way: str) -> dict[str, Any]:
    """The line about one file, opened one way."""
    weights = path.with_name("model.weights.h5") if path.suffix == ".json" else None
    line: dict[str, Any] = {"stack": path.parts[-3], "seed": path.parts[-2], "file": path.name, "way": way}
    try:
        model = open_live(path, weights) if way == "live" else open_converted(path, weights)
        right, worst = compare(model, np.load(path.with_name("io.npz")))
        line.update(outcome="right" if right else "wrong", difference=worst)
    except anykeras.AnyKerasError as error:
        line.update(outcome="refused", code=error.code, message=str(error)[:600])
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        line.update(outcome="crash", code=f"{type(error).__name__} {where}", message=str(error)[:600])
    return line


def models_of(folders: list[Path]) -> list[Path]:
    """Every model file that has recorded outputs, stacks by turns so that a run cut short covers all."""
    by_stack = [sorted(folder.glob("*/model.*")) for folder in folders]
    turns = [(i / len(files), path) for files in by_stack for i, path in enumerate(files)]
    return [path for _, path in sorted(turns) if path.name != "model.weights.h5" and path.with_name("io.npz").exists()]


def table(lines: list[dict[str, Any]]) -> str:
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    codes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    models: dict[str, set[str]] = collections.defaultdict(set)
    for line in lines:
        stack = line["stack"]
        models[stack].add(line["seed"])
        counts[stack][line["outcome"]] += 1
        if "code" in line:
            codes[stack][line["code"]] += 1
    rows = ["| stack | models | openings | right | wrong | refused | crash | codes |", "|---|--:|--:|--:|--:|--:|--:|---|"]
    for stack in sorted(counts):
        count = counts[stack]
        told = ", ".join(f"{code} {n}" for code, n in codes[stack].most_common())
        cells = [
            stack,
            len(models[stack]),
            sum(count.values()),
            *(count[k] for k in ("right", "wrong", "refused", "crash")),
            told,
        ]
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="open nothing after so many seconds")
    parser.add_argument("--again", default="", help="run again what had these outcomes, e.g. wrong,crash")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    known = [json.loads(text) for text in args.lines.read_text().splitlines()] if args.lines.exists() else []
    lines = {(line["stack"], line["seed"], line["file"], line["way"]): line for line in known}
    again = set(args.again.split(",")) - {""}
    begun = time.monotonic()
    with args.lines.open("a") as target:
        for path in models_of(args.folders):
            for way in WAYS:
                if time.monotonic() - begun > args.seconds:
                    break
                key = (path.parts[-3], path.parts[-2], path.name, way)
                if key in lines and lines[key]["outcome"] not in again:
                    continue
                lines[key] = run(path, way)
                print(json.dumps(lines[key]), file=target, flush=True)
            keras.backend.clear_session()
    print(table(list(lines.values())))


if __name__ == "__main__":
    sys.exit(main())
