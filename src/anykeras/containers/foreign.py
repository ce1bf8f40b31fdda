"""Files that are no Keras model: what each is, by its content, with a code and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import NotAModel
from . import npy
from .json_text import detect_encoding

Test = Callable[[bytes, int], bool]
LFS_POINTERS = (b"version https://git-lfs", b"version https://hawser")
"""How a file starts that git-lfs left in the place of the real one (spec.md of git-lfs, and its alpha version)."""


@dataclass(frozen=True)
class ForeignKind:
    """A kind of file: `test` gets the first bytes and the size of the file."""

    code: str
    what: str
    test: Test


def make_foreign_error(code: str, seen: str, path: str) -> NotAModel:
    """The refusal of a file that is something else; what to do stands on the page of `code`."""
    return NotAModel(code, seen, part=path)


def _starts(*signatures: bytes) -> Test:
    return lambda head, size: head.startswith(signatures)


def _read_at(offset: int, *signatures: bytes) -> Test:
    return lambda head, size: head[offset:].startswith(signatures)


def _read_text(pattern: str, within: int = 4096) -> Test:
    expression = re.compile(pattern, re.IGNORECASE)

    def test(head: bytes, size: int) -> bool:
        return bool(expression.search(head[:within].decode(detect_encoding(head), "replace")))

    return test


def _is_safetensors(head: bytes, size: int) -> bool:
    return len(head) > 9 and head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= size - 8


def _read_fields(data: bytes, count: int) -> list[tuple[int, int]] | None:
    """The first fields of a protobuf message as (number, wire type), None when the bytes are no message."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(data) and len(found) < count:
        key, at = _read_varint(data, at)
        number, wire = key >> 3, key & 7
        if not 0 < number < 1 << 12 or wire not in (0, 1, 2, 5):
            return None
        length, at = _read_varint(data, at) if wire in (0, 2) else ({1: 8, 5: 4}[wire], at)
        at += 0 if wire == 0 else length
        found.append((number, wire))
    return found


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value, at, shift = value | (byte & 127) << shift, at + 1, shift + 7
        if byte < 128:
            return value, at
    return 0, len(data) + 1


def _is_onnx(head: bytes, size: int) -> bool:
    """ModelProto: ir_version (field 1, number) first, then producer_name, a graph or imports (onnx.proto3)."""
    fields = _read_fields(head, 4)
    return bool(
        fields
        and fields[0] == (1, 0)
        and len(fields) > 1
        and all(field in ((2, 2), (3, 2), (4, 2), (5, 0), (6, 2), (7, 2), (8, 2), (14, 2)) for field in fields[1:])
    )


def _is_saved_model(head: bytes, size: int) -> bool:
    """SavedModel: schema version (field 1) is 1, then meta graphs (field 2; saved_model.proto)."""
    return head[:2] == b"\x08\x01" and head[2:3] == b"\x12"


def is_graph(head: bytes, size: int) -> bool:
    """GraphDef: nodes (field 1) with a name (field 1) and an operation (field 2; graph.proto, node_def.proto)."""
    if head[:1] != b"\x0a":
        return False
    _, inside = _read_varint(head, 1)
    return (_read_fields(head[inside:], 2) or [])[:2] == [(1, 2), (2, 2)]


def _is_first_checkpoint(head: bytes, size: int) -> bool:
    """A table whose first key is empty and whose first value is SavedTensorSlices (saved_tensor_slice.proto): field 1
    describes tensors, each with its name in field 1."""
    if head[:2] != b"\0\0":
        return False
    _, value = _read_varint(head, 2)
    if head[value : value + 1] != b"\x0a":
        return False
    _, described = _read_varint(head, value + 1)
    return (_read_fields(head[described:], 1) or [])[:1] == [(1, 2)]


def _is_meta_graph(head: bytes, size: int) -> bool:
    """MetaGraphDef: information (field 1) that starts with the list of operations (field 2; meta_graph.proto)."""
    if head[:1] != b"\x0a":
        return False
    _, inside = _read_varint(head, 1)
    return (_read_fields(head[inside:], 1) or []) == [(2, 2)]


def _is_text(head: bytes, size: int) -> bool:
    text = head.decode(detect_encoding(head), "replace")
    return not re.search(r"[\x00-\x08\x0e-\x1f]", text) and text.count("�") <= len(text) // 100


# A protobuf message in its text format (SavedModel, GraphDef, MetaGraphDef), which YAML is not.
TEXT_OF_MESSAGES = re.compile(
    r"\A(?:\s*#[^\n]*\n)*\s*(?:saved_model_schema_version\s*:|(?:node|library|versions|meta_info_def|graph_def|meta_graphs)\s*\{)"
)

KINDS: tuple[ForeignKind, ...] = (
    ForeignKind(
        "AK1130",
        "a git-lfs pointer of about 130 bytes; the model itself was never downloaded",
        _starts(*LFS_POINTERS),
    ),
    ForeignKind(
        "AK1131",
        "a web page (HTML) saved in place of the model: an error, a login or a download warning",
        _read_text(r"\A\s*(<!doctype html|<html|<head|<\?xml)"),
    ),
    ForeignKind("AK1133", "a NumPy array (.npy), without the layers that it belongs to", _starts(npy.MAGIC)),
    ForeignKind("AK1135", "a TensorFlow Lite model: compiled for devices, without layers", _read_at(4, b"TFL3")),
    ForeignKind(
        "AK1141",
        "a compressed archive (gzip, tar, 7z, rar, xz, bzip2 or zstd)",
        lambda head, size: (
            head.startswith((b"\x1f\x8b", b"7z\xbc\xaf'\x1c", b"Rar!", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd"))
            or head[257:262] == b"ustar"
        ),
    ),
    ForeignKind(
        "AK1110",
        "a zip archive that is empty or does not start with a member",
        _starts(b"PK\x05\x06", b"PK\x07\x08", b"PK\x06\x06"),
    ),
    ForeignKind(
        "AK1142",
        "a picture or document (PNG, JPEG, GIF, PDF, RIFF or OLE)",
        _starts(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"RIFF", b"\xd0\xcf\x11\xe0"),
    ),
    ForeignKind(
        "AK1142", "a program (ELF, Windows or a script), not a model", _starts(b"\x7fELF", b"MZ", b"#!", b"\xcf\xfa\xed\xfe")
    ),
    ForeignKind("AK1140", "a safetensors file: arrays by name without the layers that they belong to", _is_safetensors),
    ForeignKind(
        "AK1146",
        "an HDF5 file with other bytes in front",
        lambda head, size: any(head[at : at + 8] == b"\x89HDF\r\n\x1a\n" for at in (512, 1024, 2048, 4096, 8192)),
    ),
    ForeignKind("AK1137", "the saved_model.pb of a TensorFlow SavedModel", _is_saved_model),
    ForeignKind(
        "AK1143",
        "the index of a TensorFlow checkpoint (or another table of keys): weights without layers",
        lambda head, size: b"_CHECKPOINTABLE_OBJECT_GRAPH" in head or head.startswith(b"\x00\x00\x08\x08\x01"),
    ),
    ForeignKind("AK1157", "a TensorFlow checkpoint of the first format, which ended with TensorFlow 1.0", _is_first_checkpoint),
    ForeignKind("AK1143", "the graph beside a checkpoint of TensorFlow 1 (.meta), not its weights", _is_meta_graph),
    ForeignKind("AK1156", "a graph of TensorFlow as text (.pbtxt)", _read_text(TEXT_OF_MESSAGES.pattern)),
    ForeignKind(
        "AK1143",
        "the list of the checkpoints of a folder, not one of them",
        _read_text(r"\A\s*(all_)?model_checkpoint_path\s*:"),
    ),
    ForeignKind("AK1136", "an ONNX model: operations without the Keras layers", _is_onnx),
    ForeignKind("AK1149", "plain text, not a Keras architecture", _is_text),
)


def name_file(path: str, head: bytes, size: int) -> NotAModel:
    """What the file is, for a file that no container recognises."""
    if not size:
        return make_foreign_error("AK1102", "the file is empty (0 bytes)", path)
    if not any(head):
        return make_foreign_error("AK1102", f"the file holds nothing but zeros ({size:,} bytes)", path)
    for kind in KINDS:
        if kind.test(head, size):
            return make_foreign_error(kind.code, f"this is {kind.what}" + _read_first_line(kind, head), path)
    return make_foreign_error("AK1101", f"unknown file type: it starts with the bytes {head[:8].hex(' ')}", path)


def _read_first_line(kind: ForeignKind, head: bytes) -> str:
    if kind.code not in ("AK1130", "AK1149"):
        return ""
    lines = [line for line in head[:400].decode(detect_encoding(head), "replace").splitlines() if line.strip()]
    shown = lines[-1] if kind.code == "AK1130" else lines[0] if lines else ""
    return f" ({shown.strip()[:80]!r})"
