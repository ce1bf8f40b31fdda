"""The ``.keras`` file of Keras 3, written without Keras.

A zip, nothing compressed, of ``metadata.json``, ``config.json`` and ``model.weights.h5`` (keras 3.15.1
``saving/saving_lib.py``). Tensors are read and written one at a time; the same document gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

import h5py
import ml_dtypes

from ..document.model import Document
from ..errors import TargetError
from ..keras_private import save_to_stream
from . import keras_live
from .lowering import MINORS, Lowered, lower
from .output import check_output, open_output
from .reread import Checksums, check_written, checksum

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 8 << 20


def write(
    document: Document,
    path: str,
    *,
    minor: str = MINORS[-1],
    force: bool = False,
    sources: Sequence[str] = (),
    custom_objects: Mapping[str, Any] | None = None,
) -> None:
    """Write `document` to `path` as a ``.keras`` file.

    `sources` are the files that were read, which are never replaced.
    `custom_objects` are the user's classes. Where layers of such a class are left, only a live model knows how
    they file their weights, and the running Keras writes the file.

    Raises:
        OutputExists: `path` exists and `force` is false.
        TargetError: it cannot be written, or is one of the `sources`.
        AnyKerasError: the document cannot be lowered.
    """
    check_output(path, force=force, sources=sources)
    lowered = lower(document, minor)
    if lowered.expected and not lowered.bindings:
        raise TargetError("AK6012", "the model has no weights", next_step="Pass the weights file too: --weights weights.h5.")
    model = keras_live.build(document, custom_objects=custom_objects) if lowered.custom else None
    with open_output(path, force=force, sources=sources) as stream:
        if model is None:
            written = _write(lowered, stream, os.path.dirname(path) or os.curdir)
            check_written(stream, path, lowered, written)
        else:
            import keras

            save_to_stream(keras, model, stream)


def _write(lowered: Lowered, stream: IO[bytes], beside: str) -> Checksums:
    """Write the archive; the checksums of what its weights were written from."""
    metadata: dict[str, object] = {"keras_version": f"{lowered.minor}.0", "written_by": "anykeras"}
    if lowered.renamed:
        metadata["renamed"] = dict(sorted(lowered.renamed.items()))
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member("metadata.json"), json.dumps(metadata))
        compiled = {"compile_config": lowered.training.config} if lowered.training is not None else {}
        archive.writestr(_member("config.json"), json.dumps({**lowered.config, **compiled}))
        with tempfile.TemporaryFile(dir=beside, prefix=".anykeras-") as weights:
            written = write_weights(lowered, weights)
            weights.seek(0)
            with archive.open(_member("model.weights.h5"), "w", force_zip64=True) as member:
                shutil.copyfileobj(weights, member, _CHUNK)
    return written


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o600 << 16
    return info


def write_weights(lowered: Lowered, stream: IO[bytes]) -> Checksums:
    """The weights as Keras 3 lays them out in HDF5, one tensor in memory at a time; the checksum of each."""
    written: dict[str, int] = {}
    with h5py.File(stream, "w") as file:
        for number, tensor in enumerate(lowered.training.variables if lowered.training is not None else ()):
            file.create_dataset(f"optimizer/vars/{number}", data=tensor.read())
        for path in lowered.empty_groups():
            file.create_group(path)
        for owner in lowered.owners():
            group = file.create_group(f"{owner.path}/vars" if owner.path else "vars")
            group.attrs["name"] = owner.name
            for key, tensor in owner.tensors.items():
                array = tensor.read()
                written[f"{group.name.strip('/')}/{key}"] = checksum(array)
                if tensor.dtype == "bfloat16":
                    made = group.create_dataset(key, data=array.astype(ml_dtypes.bfloat16))
                    made.attrs["dtype"] = "bfloat16"
                else:
                    group.create_dataset(key, data=array)
    return written
