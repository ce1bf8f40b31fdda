"""The ``.keras`` file of Keras 3, written without Keras.

A zip, nothing compressed, of ``metadata.json``, ``config.json`` and ``model.weights.h5`` (keras 3.15.1
``saving/saving_lib.py``). The same document gives the same bytes. Weights go from their file to their place in the new one
without being held; of those whose layout changes, one is in memory at a time.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Final

import h5py
import ml_dtypes
import numpy as np

from ..document.model import Document
from ..errors import TargetError
from ..keras_private import save_to_stream
from ..progress import Meter
from ..tensors import Tensor, blocks_of
from . import keras_live
from .lowering import MINORS, Lowered, lower
from .output import check_output, open_output
from .reread import Checksums, check_written

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 1 << 20
_ALIGNMENT, _ALIGNED = 64, 4096  # bytes; arrays of the second size and more start at multiples of the first
_PADDING: Final = struct.Struct("<HH")


def write(
    document: Document,
    path: str,
    lowered: Lowered | None = None,
    *,
    minor: str = MINORS[-1],
    force: bool = False,
    sources: Sequence[str] = (),
    custom_objects: Mapping[str, object] | None = None,
) -> None:
    """Write `document` to `path` as a ``.keras`` file.

    `lowered` is it for that minor, where that is made already. `sources` are the files that were read, never replaced.
    `custom_objects` are the user's classes. Where layers of such a class are left, only a live model knows how
    they file their weights, and the running Keras writes the file.

    Raises:
        OutputExists: `path` exists and `force` is false.
        TargetError: it cannot be written, or is one of the `sources`.
        AnyKerasError: the document cannot be lowered.
    """
    check_output(path, force=force, sources=sources)
    lowered = lowered or lower(document, minor)
    if lowered.expected and not lowered.bindings:
        raise TargetError("AK6012", "the model has no weights", next_step="Pass the weights file too: --weights weights.h5.")
    model = keras_live.build(document, custom_objects=custom_objects) if lowered.custom else None
    with open_output(path, force=force, sources=sources) as stream:
        if model is None:
            written = _write(lowered, stream)
            check_written(stream, path, lowered, written)
        else:
            import keras

            save_to_stream(keras, model, stream)


def _write(lowered: Lowered, stream: IO[bytes]) -> Checksums:
    """Write the archive; the checksums of what its weights were written from."""
    metadata: dict[str, object] = {"keras_version": f"{lowered.minor}.0", "written_by": "anykeras"}
    if lowered.renamed:
        metadata["renamed"] = dict(sorted(lowered.renamed.items()))
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(write_member("metadata.json"), json.dumps(metadata))
        compiled = {"compile_config": lowered.training.config} if lowered.training is not None else {}
        archive.writestr(write_member("config.json"), json.dumps({**lowered.config, **compiled}))
        written: dict[str, int] = {}
        _write_in_place(archive, stream, "model.weights.h5", lambda window: written.update(write_weights(lowered, window)))
    return written


def write_member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o600 << 16
    return info


def _write_in_place(archive: zipfile.ZipFile, stream: IO[bytes], name: str, write: Callable[[FileTail], None]) -> None:
    """Add a member that is written where it lies, with a start that is a multiple of `_ALIGNMENT`.

    Its header goes in front of it afterwards, when its size and checksum are known (APPNOTE 4.3.7, 4.5.3); the extra field
    that fills up to the start has the number that zipalign of Android uses.
    """
    info = write_member(name)
    info.CRC = info.file_size = info.compress_size = 0
    info.header_offset = stream.seek(archive.start_dir)
    bare = info.header_offset + len(info.FileHeader(zip64=True)) + _PADDING.size
    info.extra = _PADDING.pack(0xD935, -bare % _ALIGNMENT) + bytes(-bare % _ALIGNMENT)
    stream.write(info.FileHeader(zip64=True))
    window = FileTail(stream, stream.tell())
    write(window)
    info.file_size = info.compress_size = window.size()
    info.CRC = window.checksum()
    stream.seek(info.header_offset)
    stream.write(info.FileHeader(zip64=True))
    info.extra = b""
    archive.filelist.append(info)
    archive.NameToInfo[name] = info
    archive.start_dir = stream.seek(0, os.SEEK_END)


class FileTail(io.RawIOBase):
    """The end of a file, from `start` on, as a file of its own."""

    def __init__(self, stream: IO[bytes], start: int) -> None:
        self._stream, self._start = stream, start

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; what is before the window does not exist."""
        if whence == os.SEEK_SET:
            return self._stream.seek(self._start + offset) - self._start
        return self._stream.seek(offset, whence) - self._start

    def tell(self) -> int:
        """The position."""
        return self._stream.tell() - self._start

    def readinto(self, buffer: object) -> int:
        """Fill a buffer from here."""
        return self._stream.readinto(buffer)  # type: ignore[attr-defined, no-any-return]

    def write(self, data: Any) -> int:
        """Write here."""
        return self._stream.write(data)

    def truncate(self, size: int | None = None) -> int:
        """End the file here, or give it zeros up to here."""
        return self._stream.truncate(self._start + (self.tell() if size is None else size)) - self._start

    def flush(self) -> None:
        """Hand on what is held back."""
        self._stream.flush()

    def size(self) -> int:
        """How many bytes there are."""
        return self._stream.seek(0, os.SEEK_END) - self._start

    def checksum(self) -> int:
        """The CRC-32 of all bytes."""
        self.seek(0)
        number, buffer = 0, bytearray(_CHUNK)
        while count := self.readinto(buffer):
            number = zlib.crc32(memoryview(buffer)[:count], number)
        return number


def write_weights(lowered: Lowered, window: FileTail) -> Checksums:
    """The weights as Keras 3 lays them out in HDF5; the checksum of each.

    HDF5 gives each array its place, and the bytes go there as they come from where they are read, a few megabytes at a time.
    """
    written: dict[str, int] = {}
    training = lowered.training.variables if lowered.training is not None else ()
    total = sum(tensor.nbytes for tensor in (*training, *(binding.tensor for binding in lowered.bindings)))
    meter = Meter("writing", total)
    with h5py.File(window, "w", alignment_threshold=_ALIGNED, alignment_interval=_ALIGNMENT) as file:
        for number, tensor in enumerate(training):
            path = f"optimizer/vars/{number}"
            written[path] = _write_tensor(file, path, tensor, window, meter)
        for path in lowered.empty_groups():
            file.create_group(path)
        for owner in lowered.owners():
            group = file.create_group(f"{owner.path}/vars" if owner.path else "vars")
            group.attrs["name"] = owner.name
            for key, tensor in owner.tensors.items():
                written[f"{group.name.strip('/')}/{key}"] = _write_tensor(group, key, tensor, window, meter)
                if tensor.dtype == "bfloat16":
                    group[key].attrs["dtype"] = "bfloat16"
    return written


def _write_tensor(group: h5py.Group, key: str, tensor: Tensor, window: FileTail, meter: Meter) -> int:
    """An array that HDF5 gives a place at once and no content, and its content at that place; its checksum."""
    array = tensor.read() if tensor.stream is None else None
    dtype = array.dtype if array is not None else np.dtype(getattr(ml_dtypes, tensor.dtype, tensor.dtype))
    if tensor.dtype == "bfloat16" and array is not None:
        array, dtype = array.astype(ml_dtypes.bfloat16), np.dtype(ml_dtypes.bfloat16)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)  # the same document gives the same bytes
    parent, _, name = key.rpartition("/")
    home = group.require_group(parent) if parent else group
    space = h5py.h5s.create_simple(tensor.shape)
    made = h5py.h5d.create(home.id, name.encode(), h5py.h5t.py_create(dtype, logical=True), space, properties)
    number, at = 0, made.get_offset()
    for block in meter.pass_on(tensor.blocks() if array is None else blocks_of(array)):
        number = zlib.crc32(block, number)
        window.seek(at)
        at += window.write(block)
    return number
