"""HDF5 files: configurations in attributes, what leads out of the file, and what declares far more than it holds."""

from __future__ import annotations

import re
from array import array
from typing import Final
from urllib.parse import unquote

from .. import limits
from ..bytecode import looks_stored
from ..containers.guard import guard_decoding
from ..containers.hdf5.nodes import StoredNode, open_tree
from ..containers.hdf5.storage import ELSEWHERE
from ..containers.json_text import find_end
from ..containers.source import ByteSource
from ..errors import AnyKerasError
from . import loading
from .beside import judge_shown
from .configuration import audit_text
from .contents import find_hidden
from .functions import judge_stored
from .pickles import looks_pickled
from .risks import Collector, Loading, Severity
from .words import judge_hidden_pickle, judge_words

_LOOKED_INTO: Final = 1 << 20  # bytes of an array of bytes
_INFLATED: Final = 16 << 20  # bytes of an array that lies compressed
_END_AT: Final = {0: 40, 1: 44, 2: 28, 3: 28}  # by the version of the superblock
_PARTS: Final = 10_000  # pieces of one text
_KINDS: Final[dict[str, tuple[str, Severity, Loading]]] = {
    "AK1106": ("AK8010", Severity.HIGH, loading.OUTSIDE),
    "AK1107": ("AK8010", Severity.MEDIUM, loading.UNJUDGED),
    "AK1108": ("AK8011", Severity.HIGH, loading.BOMB),
    "AK1003": ("AK8011", Severity.MEDIUM, loading.BOMB),
}
"""What else no Keras writes is reported at medium too."""
_TEXT_LIKE: Final = ("datatype class 3", ELSEWHERE)
_OF_NUMBERS: Final = ("datatype class 6", "datatype class 8")  # tables of numbers and texts, and named numbers
_UPWARDS: Final = re.compile(r"\.\.[/\\]|^/(?:etc|proc|dev|sys|root|home|tmp|var|usr)/|^[A-Za-z]:[/\\]")
_SHORT: Final = 1000  # characters of a text that is shown


def audit_hdf5(found: Collector, source: ByteSource, part: str) -> None:
    """Audit all attributes and arrays of a file; what hides one of them does not hide the others."""

    def report(error: AnyKerasError) -> None:
        _note(found, error, part)

    try:
        root = open_tree(source, report)
    except AnyKerasError as error:
        report(error)
        scan_texts(found, source, part)
        return
    _judge_end(found, source, part)
    if sum(not _audit_node(found, node, part) for node in root.walk()):
        scan_texts(found, source, part)


def _judge_end(found: Collector, source: ByteSource, part: str) -> None:
    """Bytes behind the end that the superblock declares, of which no HDF5 program knows."""
    head = source.read(0, 64)
    end = int.from_bytes(head[(at := _END_AT.get(head[8], 28)) : at + 8], "little")
    if head[8] < 2 and head[48 + 4 * head[8] :][:8] != b"\xff" * 8:
        found.add("AK8010", Severity.MEDIUM, part, "a block of a driver, by which other files hold its data", loading.OUTSIDE)
    if source.size > end:
        seen = f"{source.size - end:,} bytes behind the end of the HDF5 file"
        found.add("AK8009", Severity.MEDIUM, part, seen, loading.ARCHIVE)


def _note(found: Collector, error: AnyKerasError, part: str) -> None:
    code, severity, as_ = _KINDS.get(error.code, ("AK8014", Severity.MEDIUM, loading.UNJUDGED))
    where = f"{part}/{error.part}" if error.part else part
    if "virtual dataset" in error.seen:
        code, severity, as_ = "AK8010", Severity.HIGH, loading.OUTSIDE
    elif error.code == "AK1106" and "soft link" in error.seen:
        severity = Severity.MEDIUM
    found.add(code, severity, where, error.seen, as_)


def _audit_node(found: Collector, node: StoredNode, part: str) -> bool:
    """Audit what one group or array holds. Whether it could be read."""
    limits.budget().charge(1)
    judge_shown(found, node.path, f"{part}/{node.path}")
    if _UPWARDS.search(unquote(node.path)):
        seen = f"a group or array whose name {node.path[-80:]!r} is a path out of the folder"
        found.add("AK8006", Severity.MEDIUM, f"{part}/{node.path}", seen, loading.LAYER_PATH)
    texts: dict[str, dict[int, str]] = {}
    for key, value in node.attributes.items():
        judge_shown(found, key, f"{part}/{node.path}")
        where = f"{part}/{node.path}/{key}" if node.path else f"{part}/{key}"
        text = _as_text(value)
        if text is None:
            continue
        stem = key.rstrip("0123456789")
        if len(text) < _SHORT and text.lstrip()[:1] not in ("{", "["):
            judge_shown(found, text.rstrip("\0"), where)
            judge_words(found, text, where)
        if stem in ("layer_names", "weight_names") and _UPWARDS.search(text):
            seen = f"layers whose names are paths out of the folder: {text[:80]!r}"
            found.add("AK8006", Severity.MEDIUM, where, seen, loading.LAYER_PATH)
        if stem != key:  # h5py keeps a long text in numbered parts
            texts.setdefault(stem, {})[int(key[len(stem) :][:6])] = text
        _audit_attribute(found, text, where)
    for stem, pieces in texts.items():
        joined = "".join(pieces[number] for number in sorted(pieces)[:_PARTS])
        _audit_attribute(found, joined, f"{part}/{node.path}/{stem}" if node.path else f"{part}/{stem}")
    return node.stored is None or _audit_array(found, node, f"{part}/{node.path}")


def _audit_attribute(found: Collector, text: str, where: str) -> None:
    if text.lstrip()[:1] in ("{", "["):
        audit_text(found, text, where, True)
    elif looks_stored(text):
        judge_stored(found, where, text, False, loading.CODE)
    elif len(text) >= _SHORT:  # a short one is judged already
        judge_words(found, text, where)


def _as_text(value: object) -> str | None:
    if isinstance(value, list):
        if not 0 < len(value) <= _PARTS:
            return None
        most = limits.current().attribute_bytes
        if sum(len(item) for item in value if isinstance(item, bytes | str)) > most:  # many references to one text
            raise limits.limit_error(f"texts of more than {most} bytes in one attribute", "attribute_bytes")
        return "".join(piece for piece in map(_as_text, value) if piece is not None)
    if isinstance(value, array):
        data = value.tobytes() if value.typecode in "BHIQ" else b""
        return data.decode("latin-1") if 0 < len(data) < _LOOKED_INTO else None
    if isinstance(value, bytearray):
        return value.decode("latin-1") if 0 < len(value) < _LOOKED_INTO else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if value[:1] != b"\x80" else value.decode("latin-1")
    return value if isinstance(value, str) else None


def _audit_array(found: Collector, node: StoredNode, where: str) -> bool:
    """An array of bytes or texts may be a pickle or a configuration. Whether it could be read."""
    stored = node.stored
    if stored is None:
        return True
    if stored.dtype is None and stored.kind not in _TEXT_LIKE:
        seen = f"an array of {stored.kind} of HDF5, where Keras keeps numbers and texts"
        severity = Severity.LOW if stored.kind in _OF_NUMBERS else Severity.MEDIUM
        found.add("AK8014", severity, where, seen, loading.UNJUDGED)
    packed = stored.held != stored.declared and stored.held  # what is stored as it is was searched with the file
    of_bytes = stored.dtype in (None, "uint8", "int8") and stored.declared <= _LOOKED_INTO
    if not of_bytes and not (packed and stored.declared <= _INFLATED):
        return True
    try:
        with guard_decoding(where):
            data = stored.load().tobytes()
    except AnyKerasError:
        return False  # the visit has reported what is wrong with it
    if stored.dtype is None and stored.kind == ELSEWHERE:
        return False  # the bytes of such texts lie in a heap of the file
    if packed:
        find_hidden(found, b"\0" + data, where)
    if of_bytes and looks_pickled(data[:4096]):
        judge_hidden_pickle(found, data, where)
    elif of_bytes:
        judge_words(found, data[:_LOOKED_INTO].rstrip(b"\0").decode("latin-1"), where)
    if data.lstrip()[:1] == b"{":
        audit_text(found, data.rstrip(b"\0").decode("utf-8", "replace"), where, True)
    return True


def scan_texts(found: Collector, source: ByteSource, part: str, most: int = 64) -> None:
    """Configurations in bytes of which the structure cannot be read: each JSON object that names a class."""
    data, at = source.read(0, min(source.size, limits.current().config_bytes)).decode("latin-1"), 0
    for _ in range(most):
        at = min((i for i in (data.find(start, at) for start in _STARTS) if i >= 0), default=-1)
        if at < 0:
            return
        end = find_end(data, at)
        if end is None:
            at += 1
            continue
        if '"class_name"' in data[at:end]:
            audit_text(found, data[at:end], f"{part} at byte {at}", True)
        at = end


_STARTS: Final = ('{"class_name"', '{"config"', '{"module"', '{"name"', '{"backend"', '{"keras_version"', '{"layers"')
