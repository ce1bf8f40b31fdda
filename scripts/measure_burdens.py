"""What files that ask for too much really cost: CPU seconds and memory above the start, each in a process of its own.

    python scripts/measure_burdens.py FILE_OR_FOLDER ... [--verbs inspect convert ... | all] [--json OUT]

Prints one row a file: how each verb ended (``ok``, the code of the refusal, or what escaped), its CPU seconds and the MiB
above those of the imported packages. The bounds are 10 CPU seconds and 512 MiB; a row beyond them ends the script with 1.
Verbs go through the command line, so that what they print is counted. A verb that makes a live model has Keras imported before.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import json
import os
import re
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS, MEBIBYTES = 10.0, 512.0
CEILING = 6 << 30  # address space of a child: a file that wants more is a failure all the same, and the machine stays alive
LONGEST = 60  # CPU seconds after which a child is ended
ESCAPED = ("DEATH", "BUG", "STRAY")
BUG = "AK6009"
MESSAGES = ("Unknown layer: Foo", "bad marshal data (unknown type code)", "No model config found in the file")

Verb = Callable[[str, str], object]  # takes the file and an empty folder


def _call(*arguments: str) -> Verb:
    """The verb of the command line; ``FILE`` and ``OUT`` stand for the file and the folder."""

    def run(path: str, folder: str) -> str:
        from anykeras.cli.main import app
        from anykeras.cli.outcome import REFUSED

        given = [one.replace("FILE", path).replace("OUT", folder) for one in arguments]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                app(given)
            except SystemExit as leaving:
                if leaving.code not in (0, 1, REFUSED):
                    raise RuntimeError(f"exit code {leaving.code}: {printed.getvalue()[-300:]}") from None
                refusal = re.search(r"\[(AK\d{4})\]", printed.getvalue()) if leaving.code == REFUSED else None
                return refusal[1] if refusal else "ok"
        return "ok"

    return run


def _explain(path: str, folder: str) -> None:
    for message in MESSAGES:
        _call("explain", message, "--file", "FILE")(path, folder)


def _scan(path: str, folder: str) -> str:
    from anykeras.scanning import one_file

    job = one_file.Job(path, convert_to=f"{folder}/x.keras", page=f"{folder}/x.html")
    outcome = one_file.process(job.as_dict())
    if outcome["refusal_code"] == BUG:
        raise RuntimeError(outcome["refusal"])
    return str(outcome["refusal_code"] or "ok")


def _load_model(path: str, folder: str) -> None:
    import anykeras

    anykeras.load_model(path)


def _load_weights(path: str, folder: str) -> None:
    import keras

    import anykeras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, name="dense"), keras.layers.Dense(2, name="dense_1")])
    anykeras.load_weights(model, path, skip_mismatch=True)


VERBS: dict[str, Verb] = {
    "inspect": _call("inspect", "FILE"),
    "convert": _call("convert", "FILE", "OUT/x.keras"),
    "code": _call("inspect", "--code", "FILE"),
    "graph": _call("inspect", "--graph", "FILE"),
    "audit": _call("audit", "FILE"),
    "check": _call("check", "--all", "FILE"),
    "explain": _explain,
    "report": _call("report", "--stats", "FILE", "-o", "OUT/x.html"),
    "stub": _call("stub", "FILE"),
    "transfer": _call("transfer", "FILE", "--into", "FILE", "-o", "OUT/x.keras"),
    "tfjs": _call("convert", "--target", "tfjs", "FILE", "OUT/x"),
    "older": _call("convert", "--target", "keras-2.3", "FILE", "OUT/x.h5"),
    "middle": _call("convert", "--target", "tf.keras-2.13", "FILE", "OUT/x.h5"),
    "minor": _call("convert", "--target", "keras-3.0", "FILE", "OUT/x.keras"),
    "scan": _scan,
    "load_model": _load_model,
    "load_weights": _load_weights,
    "verify": _call("verify", "FILE"),
}
LIVE = ("load_model", "load_weights", "verify")
"""The verbs that make a live model."""


def measure(path: Path, verb: str) -> dict[str, Any]:
    """How one verb ends for one file, measured in a fork of this process."""
    import_all(verb in LIVE)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(path, verb, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    _, status, spent = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) or not told:
        cpu = spent.ru_utime + spent.ru_stime
        return {"end": f"DEATH {os.waitstatus_to_exitcode(status)}", "cpu": round(cpu, 2), "mib": float(CEILING >> 20)}
    result: dict[str, Any] = json.loads(told)
    return result


@functools.cache
def import_all(live: bool) -> None:
    """Everything that a verb imports, before anything is measured."""
    import anykeras
    import anykeras.cli.commands.report

    config = {"layers": [{"class_name": "Dense", "config": {"name": "dense", "units": 2, "batch_input_shape": [None, 1]}}]}
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(anykeras.AnyKerasError):
        path = Path(folder, "warm.json")
        path.write_text(json.dumps({"class_name": "Sequential", "config": config, "keras_version": "2.3.1"}))
        for name, verb in VERBS.items():
            if live or name not in LIVE:
                with tempfile.TemporaryDirectory() as empty, contextlib.suppress(anykeras.AnyKerasError):
                    verb(str(path), empty)


def _run(path: Path, verb: str, writing: int) -> None:
    """Runs one verb, writes how it ended and what it took, and ends the process."""
    import anykeras
    from anykeras.boundary import guard_verb
    from anykeras.errors import Bug

    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))
    with tempfile.TemporaryDirectory() as folder:
        began, held = _now(), _peak()
        try:
            end = str(guard_verb(VERBS[verb])(str(path), folder) or "ok")
        except Bug as error:
            end = f"BUG {type(error.__cause__).__name__} {error.__cause__}"
        except anykeras.AnyKerasError as error:
            end = f"{error.code} {type(error).__name__}"
        except BaseException as error:
            end = f"STRAY {type(error).__name__} {error}"
        with os.fdopen(writing, "w") as pipe:
            pipe.write(json.dumps({"end": end, "cpu": round(_now() - began, 2), "mib": round(_peak() - held, 1)}))
    os._exit(0)


def _now() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(spent.ru_utime + spent.ru_stime for spent in map(resource.getrusage, kinds))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def is_within(result: dict[str, Any]) -> bool:
    """Whether a verb kept to the bounds and ended in a model or a clear error."""
    return result["end"].split()[0] not in ESCAPED and result["cpu"] <= SECONDS and result["mib"] <= MEBIBYTES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--verbs", nargs="+", default=["inspect", "convert"], choices=[*VERBS, "all"])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    verbs = list(VERBS) if "all" in chosen.verbs else chosen.verbs
    files = [file for path in chosen.paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    files = [file for file in files if file.suffix != ".md"]
    rows: dict[str, dict[str, Any]] = {file.name: {} for file in files}
    for verb in sorted(verbs, key=lambda verb: verb in LIVE):  # Keras is imported as late as can be
        for file in files:
            rows[file.name][verb] = found = measure(file, verb)
            if not is_within(found):
                print(f"beyond: {verb} {file}: {found}", file=sys.stderr, flush=True)
    beyond = sum(not is_within(result) for results in rows.values() for result in results.values())
    print("| file | " + " | ".join(f"{verb}: end, CPU s, MiB" for verb in verbs) + " |")
    print("|---|" + "---|" * len(verbs))
    for name, results in rows.items():
        cells = [f"{results[verb]['end'][:60]}, {results[verb]['cpu']:.2f}, {results[verb]['mib']:.0f}" for verb in verbs]
        print(f"| {name} | " + " | ".join(cells) + " |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))
    for verb in verbs:
        taken = [results[verb] for results in rows.values()]
        most = ", ".join(f"{max(one[key] for one in taken):g} {unit}" for key, unit in (("cpu", "CPU s"), ("mib", "MiB")))
        print(f"{verb}: at most {most}")
    print(f"{len(rows)} files, {beyond} beyond {SECONDS:.0f} CPU s and {MEBIBYTES:.0f} MiB, or without a clear end")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
