"""What does a command cost from start to end?

    python benchmarks/start.py [--runs 5] [FILE.h5 ...]

Prints, for each command, the median and the least CPU seconds (user and system) of `runs` processes and the largest peak RSS of
a child so far; beside them what the same Python needs for nothing, for ``import numpy`` and for ``cp`` of the file. Modules are
compiled before, as those of an installed package are. Files are your own; `benchmarks/loading.py --folder DIR` makes some of
1 GB.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def measure(command: list[str], runs: int, environment: dict[str, str]) -> tuple[float, float, int]:
    """Median and least CPU seconds, and the largest peak RSS in MB of any child yet. Raises CalledProcessError."""
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times), min(times), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    python, ours = [sys.executable, "-c"], [sys.executable, "-m", "anykeras"]
    rows = {name: [*python, name] for name in ("import numpy", "import anykeras")}
    rows = {"python": [*python, "pass"], **rows, "anykeras --help": [*ours, "--help"]}
    for file in options.files:
        rows[f"anykeras inspect {file.name}"] = [*ours, "inspect", str(file)]
    with tempfile.TemporaryDirectory() as folder:
        for file in options.files:
            rows[f"cp {file.name}"] = ["cp", str(file), f"{folder}/copy"]
            rows[f"anykeras convert {file.name}"] = [*ours, "convert", str(file), f"{folder}/converted.keras", "--force"]
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        print("| command | CPU, median | least | peak RSS |\n|---|---|---|---|")
        for name, command in rows.items():
            measure(command, 1, environment)
            seconds, least, memory = measure(command, options.runs, environment)
            print(f"| `{name}` | {seconds:.2f} s | {least:.2f} s | {memory:,} MB |", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
