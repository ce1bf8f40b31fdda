"""`.keras` archives: config.json, metadata.json, model.weights.h5 (or .npz) and assets, read where they lie."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ... import limits
from ...errors import Malformed, NotAModel
from ...tensors import Tensor
from ..base import Asset, Json, Kept, Match, Raw, TreeWeights
from ..folder import Box
from ..foreign import make_foreign_error
from ..guard import guard_decoding
from ..json_text import decode_text, parse_json
from ..npy import OBJECT, read_header
from ..source import ByteSource
from .archive import LOCAL, ArchiveMember, list_members, open_member

CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ = "config.json", "metadata.json", "model.weights.h5", "model.weights.npz"
ASSETS = "assets/"
KEPT_FOLDER, KEPT, RECORDING = "anykeras/", "anykeras/kept.json", "anykeras/recording.npz"
STAMPS = ("keras_version", "date_saved")


class KerasZip:
    """The archive that `model.save("x.keras")` writes, of Keras 2.12 to 2.15 and 3.x."""

    name = "keras_zip"

    def match(self, path: str, head: bytes) -> str | None:
        """By the signature of a zip member at byte 0."""
        return "zip member signature at byte 0" if head.startswith(LOCAL) else None

    def read(self, match: Match) -> Raw:
        """Everything in the archive. Raises Malformed, LimitExceeded, Unsupported, or NotAModel for other zips."""
        return read_archive(match.require_source(), match)


def read_archive(source: ByteSource, match: Match) -> Raw:
    """The Raw of a `.keras` archive or of a window that holds one."""
    found = list_members(source)
    box = _open_box(source, found)
    if CONFIG in found:
        return read_box(box, match)
    from ..packed import read_packed  # loaded only for archives of other kinds

    packed = read_packed(box, match)
    if packed is None:
        raise name_archive(source.name, list(found))
    return packed


def _open_box(source: ByteSource, found: Mapping[str, ArchiveMember]) -> Box:
    sizes = {name: member.size for name, member in found.items() if not name.endswith("/")}
    return Box(sizes, lambda name, limit: open_member(source, found[name], limit))


def read_box(box: Box, match: Match) -> Raw:
    """The Raw of the files of one `.keras` model, wherever they lie."""
    notes: list[str] = []
    architecture = _read_json(box, CONFIG, notes)
    if not isinstance(architecture, dict) or "class_name" not in architecture:
        raise make_foreign_error("AK1112", "config.json holds no Keras model", f"{match.path}/{CONFIG}")
    metadata = _read_json(box, METADATA, notes) if METADATA in box.sizes else {}
    stamps = metadata if isinstance(metadata, dict) else {}
    raw = Raw(
        match,
        architecture,
        CONFIG,
        {key: str(stamps[key]) for key in STAMPS if key in stamps},
        training=architecture.get("compile_config"),
        kept=_read_kept(box, notes),
        assets=_read_assets(box),
        notes=tuple(notes),
    )
    return _add_weights(raw, box)


def _read_json(box: Box, name: str, notes: list[str]) -> Json:
    source = box.open(name, limits.current().config_bytes)
    return parse_json(decode_text(source.whole(limits.current().config_bytes, source.name), name), name, notes)


def _add_weights(raw: Raw, box: Box) -> Raw:
    """The weights by path; the other files of the box that no reader claims are leftovers."""
    known = {CONFIG, METADATA, WEIGHTS_H5, WEIGHTS_NPZ}
    others = tuple(name for name in box.sizes if name not in known and not name.startswith((ASSETS, KEPT_FOLDER)))
    if WEIGHTS_H5 in box.sizes:
        from ..hdf5.container import read_weights_store  # loaded only where there are weights

        weights, optimizer, left = read_weights_store(box.open(WEIGHTS_H5, limits.current().tensor_bytes))
        return replace(raw, weights=weights, optimizer=optimizer, leftovers=left + others)
    if WEIGHTS_NPZ in box.sizes:
        weights, optimizer = read_npz(box.open(WEIGHTS_NPZ, limits.current().tensor_bytes))
        return replace(raw, weights=weights, optimizer=optimizer, leftovers=others)
    return replace(raw, notes=(*raw.notes, "there are no weights in the file"), leftovers=others)


def _read_kept(box: Box, notes: list[str]) -> Kept | None:
    """What `anykeras.save_model` left, where it wrote the file."""
    said = _read_json(box, KEPT, notes) if KEPT in box.sizes else None
    if not isinstance(said, dict):
        return None
    size = box.sizes.get(RECORDING)
    recording = Asset(RECORDING, size, lambda: _read_asset(box, RECORDING)) if size is not None else None
    hashes = said.get("sha256")
    wanted = {str(name): value for name, value in hashes.items()} if isinstance(hashes, dict) else {}
    return Kept(said, recording, lambda: tuple(name for name, value in wanted.items() if _digest(box, name) != value))


def _digest(box: Box, name: str) -> str:
    """The SHA-256 of a member, "" where there is none."""
    if name not in box.sizes:
        return ""
    source, found = box.open(name, limits.current().tensor_bytes), hashlib.sha256()
    for block in source.blocks(0, source.size, name):
        found.update(block)
    return found.hexdigest()


def _read_assets(box: Box) -> dict[str, Asset]:
    return {
        name: Asset(name, size, partial(_read_asset, box, name)) for name, size in box.sizes.items() if name.startswith(ASSETS)
    }


def _read_asset(box: Box, name: str) -> bytes:
    limit = limits.current().asset_bytes
    return box.open(name, limit).whole(limit, name)


Names = Sequence[str]


def _search(pattern: str) -> Callable[[Names], bool]:
    return lambda names: any(re.search(pattern, name) for name in names)


KINDS: tuple[tuple[Callable[[Names], bool], str, str], ...] = (
    (_search(r"(^|/)data\.pkl$"), "AK1139", "a PyTorch file (a zip with a pickle in it)"),
    (_search(r"\.npy$"), "AK1133", "a NumPy archive (.npz): arrays without the layers that they belong to"),
    (_search(r"(^|/)saved_model\.pb$"), "AK1147", "a zip with several models in it, SavedModels among them"),
    (_search(r"(^|/)saved_model\.pbtxt$"), "AK1156", "a SavedModel as text, packed as a zip"),
    (
        _search(r"(^|/)model\.json$"),
        "AK1134",
        "a zip with a model.json in it (TensorFlow.js, or an architecture packed with its weights)",
    ),
    (
        _search(r"\.(keras|h5|hdf5)$|(^|/)config\.json$"),
        "AK1112",
        "a zip with the model in a folder or as a file of its own",
    ),
)


def name_archive(part: str, names: Names) -> NotAModel:
    """What this zip is instead of a `.keras` file."""
    for test, code, what in KINDS:
        if test(names):
            return make_foreign_error(code, f"this is {what}", part)
    shown = ", ".join(repr(name) for name in names[:5]) or "nothing"
    return make_foreign_error("AK1112", f"this zip is no Keras model: config.json is missing, and it holds {shown}", part)


# Weights of a `.keras` archive kept as `model.weights.npz` (`weights_format="npz"` of Keras 2.12 to 3.x).
#
# Each member is named for an object of the model and holds its variables in a dictionary by number
# (keras/src/saving/saving_lib.py, NpzIOStore).


ROOT = "__root__"


def read_npz(source: ByteSource) -> tuple[TreeWeights, tuple[tuple[str, Tensor], ...]]:
    """(weights by path, the optimizer's tensors). Raises Malformed (AK1110 to AK1114), Unsupported, LimitExceeded."""
    tensors: dict[str, Tensor] = {}
    for name, member in list_members(source).items():
        path = name.removesuffix(".npy").removeprefix(ROOT)
        for key, tensor in _list_variables(source, member, path).items():
            tensors[f"{path}/vars/{key}" if path else f"vars/{key}"] = tensor
    optimizer = tuple((path, tensor) for path, tensor in tensors.items() if path.startswith("optimizer/"))
    others = {p: t for p, t in tensors.items() if not p.startswith(("optimizer/", "metrics/"))}
    return TreeWeights(others), optimizer


def _list_variables(source: ByteSource, member: ArchiveMember, path: str) -> dict[str, Tensor]:
    from ..pickle_values import PickledCall, tensor_of  # NumPy, for weights in .npz alone
    from ..pickle_walker import ARRAYS_ONLY, walk

    part = f"model.weights.npz/{member.name}"
    data = open_member(source, member, limits.current().tensor_bytes)
    header = read_header(data, part)
    if header.dtype != OBJECT or header.shape:
        raise Malformed("AK1114", "an array where Keras keeps a dictionary of variables", part=part)
    with guard_decoding(part):
        value = walk(data, ARRAYS_ONLY, header.start, part)
    listed = value.state[-1] if isinstance(value, PickledCall) and isinstance(value.state, tuple) and value.state else None
    content = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
    if not isinstance(content, dict):
        raise Malformed("AK1114", "the file holds no dictionary of variables", part=part)
    found = {key: tensor_of(array, f"{part}[{key}]") for key, array in content.items()}
    if unread := [key for key, tensor in found.items() if tensor is None]:
        raise Malformed("AK1114", f"{unread[0]!r} is no array of numbers", part=part)
    return {key: tensor for key, tensor in found.items() if tensor is not None}
