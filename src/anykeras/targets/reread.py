"""The written file, read again by our own reader before it gets its name: no framework, one tensor in memory at a time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import IO, Final

from .. import parse
from ..catalog.layout import list_variable_specs
from ..containers.base import Match, Raw, TreeWeights
from ..containers.keras_zip.container import read_archive
from ..containers.source import ByteSource
from ..errors import AnyKerasError, Bug, LimitExceeded
from ..tensors import Tensor
from .lowering import Lowered, bind

Checksums = Mapping[str, int]
"""The checksum of each weight by its path in the file."""
_SHOWN: Final = 3


def compute_checksum(tensor: Tensor) -> int:
    """A number that tells apart tensors of other bytes; shape and dtype are compared by themselves."""
    number = 0
    for block in tensor.blocks():
        number = zlib.crc32(block, number)
    return number


def check_written(stream: IO[bytes], path: str, lowered: Lowered, written: Checksums) -> None:
    """Compare a file with what it was written from: configuration, weights, and where each weight belongs.

    Args:
        stream: the file.
        path: its name to be, for messages.
        lowered: what it was written from.
        written: of each weight as it was written.

    Raises:
        Bug: it does not hold that, or cannot be read.
        LimitExceeded: it is larger than `anykeras.limits` allow.
    """
    try:
        raw = _read(stream, path)
        difference = _compare_text(raw, lowered) or _compare_weights(raw, written) or _compare_places(raw, lowered)
    except LimitExceeded:
        raise
    except AnyKerasError as error:
        difference = str(error)
    if difference:
        raise Bug(
            "AK6029",
            f"the file that was written does not read back: {difference}; it was removed",
            part=path,
            next_step="Try again on another disk, then please report the file.",
        )


def _read(stream: IO[bytes], path: str) -> Raw:
    def fetch(start: int, count: int) -> bytes:
        stream.seek(start)
        return stream.read(count)

    # The checksum in the archive is of what was read back from it, and each tensor is compared with what it was written from.
    source = ByteSource(path, stream.seek(0, 2), fetch, sound=True)
    return read_archive(source, Match("keras_zip", path, "written just now"))


def _compare_text(raw: Raw, lowered: Lowered) -> str:
    held = raw.architecture if isinstance(raw.architecture, dict) else {}
    text = json.dumps({key: value for key, value in held.items() if key in lowered.config})  # as text, for NaN is not itself
    return "" if text == json.dumps(lowered.config) else "the configuration differs"


def _compare_weights(raw: Raw, written: Checksums) -> str:
    weights = raw.weights.tensors if isinstance(raw.weights, TreeWeights) else {}
    tensors = {**weights, **{tensor.origin: tensor for _, tensor in raw.optimizer}}
    apart = sorted(tensors.keys() ^ written.keys())
    differing = apart or [key for key, number in written.items() if compute_checksum(tensors[key]) != number]
    return f"the weights differ: {', '.join(differing[:_SHOWN])}" if differing else ""


def _compare_places(raw: Raw, lowered: Lowered) -> str:
    """Whether every weight belongs to the layer again that it was written for."""
    model = parse.parse(raw, parse.era.infer(raw)).model
    found = {
        binding.path: (binding.spec.layer.name, binding.spec.role.name) for binding in bind(model, list_variable_specs(model))
    }
    meant = {binding.path: (binding.spec.layer.name, binding.spec.role.name) for binding in lowered.bindings}
    differing = sorted(key for key in found.keys() | meant.keys() if found.get(key) != meant.get(key))
    return f"weights belong elsewhere: {', '.join(differing[:_SHOWN])}" if differing else ""
