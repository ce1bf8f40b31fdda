"""``anykeras.save_model``: stock Keras saves, AnyKeras reads that back as native layers and writes it for the target.

The file then computes what the live model computed, or nothing is written. A recording of that, who wrote the file, and the
hashes of its members lie beside the model, where stock Keras does not look.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import numpy as np

from .. import pipeline, targets
from ..boundary import guard_verb
from ..catalog.releases import NEWEST, require_release
from ..checking.reading import forecast
from ..containers.keras_zip.container import KEPT, RECORDING
from ..errors import OutputExists, TargetError
from ..opened import Converted
from ..opening import open_file
from ..targets.output import open_output
from ..verification import Arrays, EvidenceKind, compare_outputs, generate_inputs, predict

Path = str | os.PathLike[str]
FORMAT: Final = 1  # of the notes
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_LIMIT: Final = 16 << 20  # bytes of a recording


@guard_verb
def save_model(
    model: Any,
    path: Path,
    *,
    target: str | None = None,
    recording: Any = True,
    commit: str | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    overwrite: bool = True,
) -> Converted:
    """Save a live Keras 3 model as a ``.keras`` file that needs none of your code, and that can be checked for ever.

    Lambdas and layers of your own become native layers and operations. Stock Keras of the target opens the file in safe mode
    without custom objects. Inside it, where stock Keras does not look: versions, platform and date, inputs with the outputs
    that the live model gave for them, and hashes. ``anykeras verify FILE`` compares with them in any later version.

    The file is compared with the live model before it takes its name; an existing file is replaced at once or not at all.

    Args:
        model: a built functional or sequential model of Keras 3.
        path: the file, ``.keras``.
        target: the release to write for (``"keras-3.6"``, ``"tf.keras-2.15"``); current Keras 3 by default.
        recording: inputs to record (an array, or a list of them), True for a few seeded ones, False for none.
        commit: what to note as the version of your code, a git commit.
        custom_objects: functions and classes of yours that the model uses, where they are not those of its layers.
        overwrite: replace a file of that name.

    Raises:
        OutputExists: there is such a file and `overwrite` is false.
        Unsupported: something in the model is no native layer and cannot be made one, or the target cannot hold it.
        TargetError: the file would compute something else than the model; nothing is written.
    """
    name = os.path.abspath(os.fsdecode(path))
    if not overwrite and os.path.lexists(name):
        raise OutputExists("AK6010", f"Output {name} exists.", part=name)
    inputs = _list_inputs(model, recording)
    outputs = predict(model, inputs) if inputs else []
    with tempfile.TemporaryDirectory() as folder:
        own, ready = os.path.join(folder, "own.keras"), os.path.join(folder, "ready.keras")
        model.save(own)
        opened = open_file(own, {**list_own_classes(model), **(custom_objects or {})}, native=True)
        done = opened.convert(ready, target=target or targets.DEFAULT)
        _check_free(ready, target)
        _compare(ready, inputs, outputs)
        members = {RECORDING: _pack(inputs, outputs)} if inputs else {}
        members[KEPT] = json.dumps(_list_notes(ready, members, target, commit), indent=1).encode()
        with open_output(name, force=overwrite) as stream:
            _write_with(stream, ready, members)
    return Converted(name, done.opened, done.findings, None)


def _write_with(stream: IO[bytes], ready: str, members: Mapping[str, bytes]) -> None:
    """The archive `ready`, and these members behind its own."""
    with open(ready, "rb") as written:
        shutil.copyfileobj(written, stream)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for member, data in members.items():
            archive.writestr(zipfile.ZipInfo(member, _EPOCH), data)


def _list_inputs(model: object, recording: object) -> Arrays:
    if recording is False or recording is None:
        return []
    if recording is True:
        return generate_inputs(model)
    given: Sequence[Any] = recording if isinstance(recording, list | tuple) else [recording]
    arrays = [np.asarray(array) for array in given]
    if sum(array.nbytes for array in arrays) > _LIMIT:
        advice = "Pass a few samples; they are kept in the file."
        raise TargetError("AK7201", f"the recording is larger than {_LIMIT >> 20} MiB", next_step=advice)
    return arrays


def list_own_classes(model: Any) -> dict[str, Any]:
    """The classes of layers that are not Keras's, by the names that the saved configuration gives them."""
    from keras import saving

    found: dict[str, Any] = {}
    for layer in model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers:
        kind = type(layer)
        if kind.__module__.split(".")[0] != "keras":
            found[kind.__name__] = found[saving.get_registered_name(kind)] = kind
    return found


def _check_free(path: str, target: str | None) -> None:
    """Whether stock Keras of the target opens what was written, by a forecast: no code, no class of the user.

    Raises:
        TargetError: it does not.
    """
    release = require_release(target) if target else NEWEST
    found = forecast(pipeline.read(path), release)
    if found.objected:
        first = found.obstacles[0].reason if found.obstacles else found.doubt
        layer = found.obstacles[0].layer if found.obstacles else None
        raise TargetError("AK7202", f"{release} would not open the file: {first}", layer=layer)


def _compare(path: str, inputs: Arrays, outputs: Arrays) -> None:
    """What the file computes against what the model did. Raises TargetError."""
    again = open_file(path)
    if not inputs:
        return
    found = compare_outputs("outputs", EvidenceKind.WITNESSED, predict(again.build(compile=False), inputs), outputs)
    if not found.agrees:
        raise TargetError(
            "AK7203",
            f"the file would compute something else than the model: {found.detail}",
            next_step="Nothing was written. Please report the model; model.save keeps it meanwhile.",
        )


def _pack(inputs: Arrays, outputs: Arrays) -> bytes:
    stream = io.BytesIO()
    held: dict[str, Any] = {f"in{number}": array for number, array in enumerate(inputs)}
    held |= {f"out{number}": array for number, array in enumerate(outputs)}
    np.savez_compressed(stream, **held)
    return stream.getvalue()


def _list_notes(path: str, members: Mapping[str, bytes], target: str | None, commit: str | None) -> dict[str, Any]:
    """Who wrote the file, with what, and the hashes of its members."""
    import keras

    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            found = hashlib.sha256()
            with archive.open(name) as member:
                while block := member.read(1 << 20):
                    found.update(block)
            hashes[name] = found.hexdigest()
    return {
        "format": FORMAT,
        "anykeras": sys.modules[__name__.partition(".")[0]].__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "saved": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "target": str(require_release(target)) if target else "keras",
        "commit": commit,
        "sha256": hashes,
    }
