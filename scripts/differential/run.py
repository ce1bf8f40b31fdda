"""Open what `generate.py` made, live and converted, and compare with the outputs that the old stack recorded.

    KERAS_BACKEND=numpy python scripts/differential/run.py MODELS/STACK ... --lines results.jsonl [--seconds 600]
    KERAS_BACKEND=jax python scripts/differential/run.py MODELS/STACK ... --lines results-jax.jsonl --doubtful results.jsonl

Each folder holds the models of one stack. One JSON line for every (file, way) goes to `--lines`; what has a line already is not
run again, so that a run goes on where it stopped. By its seed, one file of a model is opened live and the next is converted;
with `--every` all files are opened both ways.
Stock Keras opens what was converted in the same process. A worker process opens hundreds of models; one that takes longer than
`--limit` for a model is ended and the next model gets a new one. With `--doubtful` only what was not right there and every
tenth model is opened. A table of counts per stack is printed at the end:

    right      every output within rtol 1e-4, atol 1e-5 (or what recipe.json says for narrow dtypes)
    told       an output differs, and a warning about outputs said of this file what may; counted by its code
    wrong      an output differs, and nothing said so
    refused    an AnyKeras error, counted by code
    crash      any other exception, from AnyKeras or from the Keras that opens what was converted; or out of time
"""

from __future__ import annotations

import argparse
import collections
import gc
import json
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "numpy")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np

RTOL, ATOL = 1e-4, 1e-5
RENEW = 400  # models, after which a worker has grown
Line = dict[str, Any]
Key = tuple[str, str, str, str]


# -- in the worker ----------------------------------------------------------------------------------------------------


def open_file(path: Path, way: str) -> tuple[Any, list[str]]:
    """The model, and the codes of the findings on the way that say that outputs may differ."""
    import keras

    import anykeras

    weights = path.with_name("model.weights.h5") if path.suffix == ".json" else None
    if way == "live":
        opened = anykeras.open(path, weights=weights)
        return opened.build(compile=False), codes_of(opened.findings)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "converted.keras")
        result = anykeras.convert(path, target, weights=weights)
        return keras.models.load_model(target, compile=False), codes_of(result.findings)


def codes_of(findings: Any) -> list[str]:
    """What `AnyKerasWarning` tells a person about outputs."""
    return sorted({f.code for f in findings if f.fidelity in ("approximate", "lossy") and f.affects == "outputs"})


def compare(model: Any, recorded: Any, tolerance: dict[str, float], keys: list[str] | None = None) -> tuple[bool, float]:
    """Whether every output is the recorded one, and the largest difference."""
    import keras

    names = [name for name in recorded.files if name.startswith("in")]
    inputs = [recorded[f"in{i}"] for i in range(len(names))]
    taken = dict(zip(keys, inputs, strict=True)) if keys else inputs if len(inputs) > 1 else inputs[0]
    found = model(taken, training=False)
    found = keras.tree.flatten(found)  # of tf.keras the outputs may be nested lists, and predict gives them flat
    wanted = [recorded[f"out{i}"] for i in range(len(recorded.files) - len(names))]
    if len(found) != len(wanted):
        return False, float("inf")
    worst, right = 0.0, True
    for value, want in zip(found, wanted, strict=True):
        value = np.asarray(keras.ops.convert_to_numpy(value)).astype("float64")
        if value.shape != want.shape:
            return False, float("inf")
        worst = max(worst, float(np.abs(value - want).max()))
        right = right and np.allclose(value, want, **tolerance)
    return right, worst


def run(path: Path, way: str) -> Line:
    """The line about one file, opened one way."""
    import anykeras

    line: Line = {"stack": path.parts[-3], "seed": path.parts[-2], "file": path.name, "way": way}
    recipe = json.loads(path.with_name("recipe.json").read_text())
    tolerance = recipe.get("tolerance") or {"rtol": RTOL, "atol": ATOL}
    try:
        model, codes = open_file(path, way)
        right, worst = compare(model, np.load(path.with_name("io.npz")), tolerance, recipe.get("keys"))
        line.update(outcome="right" if right else "told" if codes else "wrong", difference=worst)
        if codes and not right:
            line["code"] = "+".join(codes)
    except anykeras.AnyKerasError as error:
        line.update(outcome="refused", code=error.code, message=str(error)[:600])
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        line.update(outcome="crash", code=f"{type(error).__name__} {where}", message=str(error)[:600])
    return line


def work(pipe: Any) -> None:
    """Lines for the (path, way) pairs that come through the pipe, until it closes."""
    import keras

    import anykeras  # noqa: F401

    warnings.simplefilter("ignore")
    gc.freeze()  # the libraries: no collection looks through them
    pipe.send("ready")
    while True:
        try:
            path, ways = pipe.recv()
        except EOFError:
            return
        pipe.send([run(path, way) for way in ways])
        keras.backend.clear_session(free_memory=False)


# -- around it --------------------------------------------------------------------------------------------------------


class Worker:
    """A process that opens models, replaced where it takes too long, dies or has opened many."""

    def __init__(self, limit: float) -> None:
        self.limit, self.opened, self.process, self.pipe = limit, 0, None, None  # type: Any

    def lines(self, path: Path, ways: list[str]) -> list[Line]:
        if self.process is None or self.opened >= RENEW:
            self.renew()
        self.opened += 1
        self.pipe.send((path, ways))
        try:
            if self.pipe.poll(self.limit):
                return self.pipe.recv()
            reason = f"no answer in {self.limit:.0f} s"
        except EOFError:
            reason = "the process died"
        self.close()
        line = {"stack": path.parts[-3], "seed": path.parts[-2], "file": path.name, "outcome": "crash"}
        return [{**line, "way": way, "code": reason} for way in ways]

    def renew(self) -> None:
        self.close()
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=work, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.pipe.recv()
        self.opened = 0

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.pipe.close()
        self.process = None


def models_of(folders: list[Path], every: bool) -> Iterator[tuple[Path, list[str]]]:
    """Model files with the ways to open them, stacks by turns so that a run cut short covers all."""
    by_stack = [sorted(path.parent for path in folder.glob("*/io.npz")) for folder in folders]
    turns = sorted((i / len(models), model) for models in by_stack for i, model in enumerate(models))
    for _, model in turns:
        files = sorted(path for path in model.glob("model.*") if path.name != "model.weights.h5")
        first = int(model.name) % len(files)
        for index, path in enumerate(files):
            ways = ["live"] * (every or index == first) + ["converted"] * (every or index == (first + 1) % len(files))
            if ways:
                yield path, ways


def read_lines(path: Path | None) -> dict[Key, Line]:
    """The last line of each opening."""
    if path is None or not path.exists():
        return {}
    lines = [json.loads(text) for text in path.read_text().splitlines()]
    return {(line["stack"], line["seed"], line["file"], line["way"]): line for line in lines}


def table(lines: list[Line]) -> str:
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    codes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    models: dict[str, set[str]] = collections.defaultdict(set)
    for line in lines:
        for stack in (line["stack"], "together"):
            models[stack].add(line["stack"] + line["seed"])
            counts[stack][line["outcome"]] += 1
            if "code" in line:
                codes[stack][line["code"]] += 1
    rows = [
        "| stack | models | openings | right | told | wrong | refused | crash | codes |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for stack in sorted(counts, key=lambda name: (name == "together", name)):
        count = counts[stack]
        code_counts = ", ".join(f"{code} {n}" for code, n in codes[stack].most_common())
        outcomes = [count[outcome] for outcome in ("right", "told", "wrong", "refused", "crash")]
        cells = [stack, len(models[stack]), sum(count.values()), *outcomes, code_counts]
        rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="open nothing after so many seconds")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one file")
    parser.add_argument("--again", default="", help="run again what had these outcomes, e.g. wrong,crash")
    parser.add_argument("--every", action="store_true", help="all files both ways")
    parser.add_argument(
        "--doubtful", type=Path, help="lines of another run: only what was not right there and every tenth model"
    )
    args = parser.parse_args()
    lines, again, begun = read_lines(args.lines), set(args.again.split(",")) - {""}, time.monotonic()
    elsewhere = read_lines(args.doubtful)
    worker = Worker(args.limit)
    with args.lines.open("a") as target:
        for path, ways in models_of(args.folders, args.every):
            keys = {way: (path.parts[-3], path.parts[-2], path.name, way) for way in ways}
            ways = [way for way, key in keys.items() if key not in lines or lines[key]["outcome"] in again]
            if args.doubtful and int(path.parts[-2]) % 10:
                ways = [way for way in ways if elsewhere.get(keys[way], {}).get("outcome", "right") != "right"]
            if not ways or time.monotonic() - begun > args.seconds:
                continue
            for line in worker.lines(path, ways):
                lines[keys[line["way"]]] = line
                print(json.dumps(line), file=target, flush=True)
    worker.close()
    print(table(list(lines.values())))


if __name__ == "__main__":
    sys.exit(main())
