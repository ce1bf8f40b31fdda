"""What files that ask for too much really cost: CPU seconds and memory above the start, each in a process of its own.

    python scripts/measure_burdens.py FILE_OR_FOLDER ... [--verbs inspect convert] [--json OUT]

Prints one row a file: how each verb ended (``ok``, the code of the refusal, or what escaped), its CPU seconds and the MiB
above those of the imported package. The bounds are 10 CPU seconds and 512 MiB; a row beyond them ends the script with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS, MEBIBYTES = 10.0, 512.0
CEILING = 4 << 30  # address space of a child: a file that wants more is a failure all the same, and the machine stays alive
LONGEST = 120  # CPU seconds after which a child is ended


def measure(path: Path, verb: str) -> dict[str, Any]:
    """How one verb ends for one file, measured in a new process."""
    command = [sys.executable, __file__, "--child", verb, str(path)]
    child = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, PYTHONHASHSEED="0"), check=False)
    lines = child.stdout.splitlines()
    if child.returncode or not lines:
        detail = (child.stderr.strip().splitlines() or [""])[-1][:80]
        return {"end": f"DEATH {child.returncode} {detail}", "cpu": float(LONGEST), "mib": float(CEILING >> 20)}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def child(verb: str, path: str) -> None:
    """Runs one verb and prints how it ended and what it took."""
    import anykeras
    from anykeras.errors import Bug

    def run(target: str) -> None:
        if verb == "convert":
            anykeras.convert(path, target)
        else:
            getattr(anykeras, verb)(path)

    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))
    with tempfile.TemporaryDirectory() as folder:
        began, held = _now(), _peak()
        try:
            run(os.path.join(folder, "out.keras"))
            end = "ok"
        except Bug as error:
            end = f"BUG {type(error.__cause__).__name__}"
        except anykeras.AnyKerasError as error:
            end = f"{error.code} {type(error).__name__}"
        except BaseException as error:
            end = f"STRAY {type(error).__name__}"
        print(json.dumps({"end": end, "cpu": round(_now() - began, 2), "mib": round(_peak() - held, 1)}))


def _now() -> float:
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def is_within(result: dict[str, Any]) -> bool:
    """Whether a verb kept to the bounds and ended in a model or a clear error."""
    strayed = result["end"].split()[0] in ("DEATH", "BUG", "STRAY")
    return not strayed and result["cpu"] <= SECONDS and result["mib"] <= MEBIBYTES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--verbs", nargs="+", default=["inspect", "convert"])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    files = [file for path in chosen.paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    rows, beyond = [], 0
    print("| file | " + " | ".join(f"{verb}: end, CPU s, MiB" for verb in chosen.verbs) + " |")
    print("|---|" + "---|" * len(chosen.verbs))
    for file in files:
        if file.suffix == ".md":
            continue
        results = {verb: measure(file, verb) for verb in chosen.verbs}
        beyond += sum(not is_within(result) for result in results.values())
        rows.append({"file": file.name, **results})
        cells = [f"{'' if is_within(r) else '**'}{r['end']}, {r['cpu']:.2f}, {r['mib']:.0f}" for r in results.values()]
        print(f"| {file.name} | " + " | ".join(cells) + " |", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1))
    print(f"{beyond} beyond {SECONDS:.0f} CPU s and {MEBIBYTES:.0f} MiB, or without a clear end")
    return 1 if beyond else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3])
    else:
        sys.exit(main())
