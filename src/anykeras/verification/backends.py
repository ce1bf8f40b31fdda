"""One file on several backends of Keras, each in a process of its own, compared across."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import TargetError, Unsupported
from .inputs import read_recording
from .numeric import compare_outputs
from .report import RTOL, Check, EvidenceKind, Report

BACKENDS = ("jax", "tensorflow", "torch", "numpy", "openvino")


def verify_backends(
    file: str, backends: Sequence[str], options: Sequence[str] = (), *, inputs: str | None = None, tolerance: float = RTOL
) -> Report:
    """Run `file` on every backend on the same inputs, and compare each with the first.

    Args:
        file: the model file.
        backends: their names as ``KERAS_BACKEND`` has them; the first is what the others are compared with.
        options: further options of ``anykeras verify`` that say how to open the file (``--custom-objects x.py``).
        inputs: the path of an ``.npz`` with inputs; the first backend makes them up where it is None.
        tolerance: as for :func:`verify_documents`.

    Raises:
        Unsupported: a name is no backend, or there is only one.
        TargetError: a backend is not installed, or does not run the model; the message is that of its process.
    """
    wrong = [name for name in backends if name not in BACKENDS]
    if wrong or len(set(backends)) < 2 or len(set(backends)) != len(backends):
        raise Unsupported(
            "AK7004",
            f"{', '.join(backends)} are not two or more backends of Keras",
            key="backend",
            next_step=f"Name at least two of {', '.join(BACKENDS)}, each once.",
        )
    with tempfile.TemporaryDirectory() as folder:
        recordings: list[str] = []
        for name in backends:
            taken = inputs if not recordings else _take_inputs(recordings[0], folder)
            recordings.append(_run(file, name, options, taken, str(Path(folder, f"{name}.npz"))))
        return _compare(file, backends, recordings, tolerance)


def _run(file: str, backend: str, options: Sequence[str], inputs: str | None, record: str) -> str:
    """The recording that a process with one backend writes."""
    given = ["--inputs", inputs] if inputs is not None else []
    arguments = ["--isolated", "verify", *options, *given, "--record", record, "--format", "json", "--", file]
    process = subprocess.run(
        [sys.executable, "-m", "anykeras", *arguments],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    if os.path.exists(record):
        return record
    try:
        error = json.loads(process.stdout)["results"][0]["error"]
        said, advice = error["details"]["seen"], error["details"]["next_step"]
    except (ValueError, LookupError, TypeError):
        said = (process.stderr.strip().splitlines() or [f"its process ended with {process.returncode}"])[-1]
        advice = None
    raise TargetError(
        "AK7005",
        f"the backend {backend} did not run the model: {said}",
        key="backend",
        next_step=f"Leave it out of --backend{f', or: {advice}' if advice else '.'}",
    )


def _take_inputs(recording: str, folder: str) -> str:
    """The inputs of a recording as a file of their own."""
    import numpy as np

    path = str(Path(folder, "inputs.npz"))
    if not os.path.exists(path):
        arrays, _ = read_recording(recording)
        np.savez(path, **{f"in{i}": array for i, array in enumerate(arrays)})  # type: ignore[arg-type]
    return path


def _compare(file: str, backends: Sequence[str], recordings: Sequence[str], tolerance: float) -> Report:
    outputs = [read_recording(path)[1] for path in recordings]
    checks: list[Check] = []
    for name, got in zip(backends[1:], outputs[1:], strict=True):
        what = f"outputs of {file} on {name} equal those on {backends[0]}"
        check = compare_outputs(what, EvidenceKind.CROSS_CHECKED, got, outputs[0], tolerance=tolerance)
        checks.append(check)
    return Report(tuple(checks))
