"""Opens a file in a given interpreter and compares what it computes: the proof that a forecast is not.

One model, one process: TensorFlow 2.15 computes some convolutions wrongly after others in the same process, and TensorFlow 1.8
crashes after a dozen models. Stock Keras of that interpreter reads the file, so whatever it runs of a file is run.
"""

from __future__ import annotations

import enum
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import numpy as np

from .. import targets
from ..errors import AnyKerasError, MissingFile, Unsupported, describe_error
from ..opening import open_file
from ..verification import Arrays, EvidenceKind, compare_outputs, generate_inputs, predict, read_outputs, read_recording

OF_THIS_PYTHON: Final = ("PYTHONPATH", "PYTHONHOME")  # what they say is of this interpreter, not of the other one
TIMEOUT: Final = 300.0  # seconds for one model, the import of an old TensorFlow included


class Outcome(enum.StrEnum):
    """How it went in the interpreter."""

    RIGHT = "right"  # it opens and computes the same
    WRONG = "wrong"  # it opens and computes something else
    OPENS = "opens"  # it opens; there was nothing to compare with
    REFUSED = "does not open"
    FAILS = "opens and does not run"
    NO_KERAS = "no Keras there"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Run:
    """One file opened in one interpreter.

    `evidence` is witnessed where the outputs were compared with a recording, cross-checked where with our live model.
    """

    path: str
    interpreter: str
    outcome: Outcome
    keras: str = ""
    python: str = ""
    evidence: EvidenceKind = EvidenceKind.UNWITNESSED
    difference: float | None = None
    detail: str = ""

    @property
    def right(self) -> bool:
        """Whether it opened there, and computed the same as far as that could be compared."""
        return self.outcome in (Outcome.RIGHT, Outcome.OPENS)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON values."""
        return {key: (str(value) if isinstance(value, enum.Enum) else value) for key, value in self.__dict__.items()} | {
            "right": self.right
        }


def run(
    path: str | os.PathLike[str],
    interpreter: str,
    *,
    library: str = "",
    recording: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
) -> Run:
    """Open a file with the stock Keras of an interpreter, run it, and compare its outputs.

    They are compared with the recording: the one that is passed, or the one in the file (`anykeras.save_model`). Without one,
    with our live model on seeded inputs, for which a backend is needed here; without that, opening is all that is shown.

    Args:
        path: the file. The Keras of that interpreter reads it as it always does: old versions run code from a file.
        interpreter: a Python of 2.7 to 3.14 with the stack in question, as a path or a command.
        library: ``"keras"``, ``"tf.keras"`` or ``"tf_keras"``; keras where it is installed, else that of TensorFlow.
        recording: an ``.npz`` with inputs ``in0..`` and outputs ``out0..``.
        timeout: seconds after which it is stopped.

    Raises:
        MissingFile: there is no such file.
        Unsupported: there is no such interpreter.
    """
    name, python = os.path.abspath(os.fsdecode(path)), shutil.which(interpreter)
    if not os.path.exists(name):
        raise MissingFile("AK1001", f"No such file: {name}", part=name)
    if python is None:
        raise Unsupported("AK7102", f"there is no interpreter {interpreter!r}", next_step="Pass the path of its python.")
    inputs, wanted, evidence, detail = _choose_what_to_compare(name, recording)
    with tempfile.TemporaryDirectory() as folder:
        told, ended = _open_there(python, name, library, inputs, folder, timeout)
        outputs = read_outputs(os.path.join(folder, "outputs.npz")) if told.get("stage") == "done" and inputs else []
    keras, version = str(told.get("keras", "")), str(told.get("python", ""))
    if ended is not None:
        return Run(name, interpreter, ended, keras, version, detail=f"while it was to {told.get('stage', 'start')}")
    if told.get("stage") != "done":
        stages = {"import": Outcome.NO_KERAS, "load": Outcome.REFUSED, "run": Outcome.FAILS}
        return Run(name, interpreter, stages[str(told["stage"])], keras, version, detail=str(told.get("error", "")))
    if not inputs:
        return Run(name, interpreter, Outcome.OPENS, keras, version, detail=detail)
    found = compare_outputs("outputs", evidence, outputs, wanted)
    outcome = Outcome.RIGHT if found.agrees else Outcome.WRONG
    return Run(name, interpreter, outcome, keras, version, evidence=evidence, difference=found.difference, detail=found.detail)


def _choose_what_to_compare(path: str, recording: Any) -> tuple[Arrays, Arrays, EvidenceKind, str]:
    """Inputs, the outputs that belong to them, and what an agreement is worth; no inputs where there are none to be had."""
    if recording is not None:
        return *read_recording(os.fsdecode(recording)), EvidenceKind.WITNESSED, ""
    try:
        model = targets.build(open_file(path).document, compile=False)
        inputs = generate_inputs(model)
        return inputs, predict(model, inputs), EvidenceKind.CROSS_CHECKED, ""
    except AnyKerasError as error:
        return [], [], EvidenceKind.UNWITNESSED, f"nothing to compare with: {describe_error(error)}"
    except Exception as error:  # some models take no inputs that can be made up (tables, indices)
        return [], [], EvidenceKind.UNWITNESSED, f"no inputs could be generated: {describe_error(error)}"


def _open_there(
    python: str, path: str, library: str, inputs: Arrays, folder: str, timeout: float
) -> tuple[dict[str, Any], Outcome | None]:
    """What the script told, and how the process ended where it did not end by itself."""
    job = {"file": path, "library": library, "inputs": "", "outputs": os.path.join(folder, "outputs.npz")}
    job["answer"] = os.path.join(folder, "answer.json")
    if inputs:
        job["inputs"] = os.path.join(folder, "inputs.npz")
        held: dict[str, Any] = {f"in{number}": array for number, array in enumerate(inputs)}
        np.savez(job["inputs"], **held)
    job_path = os.path.join(folder, "job.json")
    with open(job_path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    script = os.path.join(folder, "opens.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write(files(__package__).joinpath("opens.py.txt").read_text("utf-8"))
    ended = None
    null = subprocess.DEVNULL
    env = {name: value for name, value in os.environ.items() if name not in OF_THIS_PYTHON}
    try:
        done = subprocess.run(
            [python, script, job_path], timeout=timeout, check=False, cwd=folder, env=env, stdin=null, stdout=null, stderr=null
        )
        ended = Outcome.CRASHED if done.returncode else None
    except subprocess.TimeoutExpired:
        ended = Outcome.TIMED_OUT
    try:
        with open(job["answer"], encoding="utf-8") as file:
            told: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return {}, ended or Outcome.CRASHED
    return told, ended
