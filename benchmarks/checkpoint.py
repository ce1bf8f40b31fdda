"""What does a checkpoint of 1 GB cost to look at, and to convert?

    python benchmarks/checkpoint.py FOLDER [--runs 5]      # needs TensorFlow for the checkpoint, once

Prints for each command the median CPU seconds (user and system) of `runs` processes and their largest peak RSS. The bar of
`inspect` is a file of a few kilobytes, and the memory of importing the library; that of `convert` the largest tensor (268 MB).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

MAKE = """
import sys, keras, tensorflow as tf
for name, units, count in (("large", 8192, 4), ("small", 4, 1)):
    layers = [keras.layers.Dense(units, name=f"dense_{n}") for n in range(count)]
    model = keras.Sequential([keras.Input((units,)), *layers])
    open(f"{sys.argv[1]}/{name}.json", "w").write(model.to_json())
    tf.train.Checkpoint(model=model).write(f"{sys.argv[1]}/{name}")
"""


def measure(command: list[str], runs: int) -> tuple[float, int]:
    """Median CPU seconds, and the largest peak RSS in MB. Raises CalledProcessError."""
    seconds, memory = [], 0
    for _ in range(runs):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise subprocess.CalledProcessError(status, command)
        seconds.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss // 1024)
    return statistics.median(seconds), memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    folder = options.folder
    if not (folder / "large.index").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-c", MAKE, str(folder)], check=True, env={**os.environ, "KERAS_BACKEND": "tensorflow"})
    ours, new = [sys.executable, "-m", "anykeras"], str(folder / "new.keras")
    rows = {"import anykeras": [sys.executable, "-c", "import anykeras"]}
    for name in ("small", "large"):
        rows[f"inspect {name}"] = [*ours, "inspect", str(folder / name)]
        rows[f"convert {name}.json --weights {name}"] = [
            *(*ours, "convert", str(folder / f"{name}.json"), new, "--force"),
            *("--weights", str(folder / name)),
        ]
    print("| command | CPU, median | peak RSS |\n|---|---|---|")
    for name, command in rows.items():
        measure(command, 1)
        seconds, memory = measure(command, options.runs)
        print(f"| `{name}` | {seconds:.2f} s | {memory:,} MB |", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
