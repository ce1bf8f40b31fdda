"""Every kind that bytes can be taken for, and what each of them would do.

A file can be several kinds at once, and Keras chooses by other marks than people do, so that all of them are looked into.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from .. import limits
from ..containers.compressed import COMPRESSIONS, DAMAGE, Inflater, find_compression
from ..containers.config_text.container import JSON_START, YAML_START, parse_decoded, parse_text
from ..containers.folder import Box, list_names
from ..containers.hdf5 import SIGNATURE
from ..containers.json_text import detect_encoding
from ..containers.keras_zip.archive import END
from ..containers.npy import MAGIC as NPY
from ..containers.pickle_walker import trace
from ..containers.remote import is_url, open_any, open_box
from ..containers.source import ByteSource, open_source, wrap_bytes
from ..containers.table import sniff
from ..errors import AnyKerasError, MissingFile
from ..texts import list_words
from . import loading
from .archives import audit_tar, audit_zip, find_archive, starts_member
from .beside import judge_beside
from .configuration import audit_parsed, walk_value
from .contents import PROGRAM, Kept, is_of_systems, is_text, judge_member, judge_name, judge_unknown, search_source
from .graphs import audit_graph, audit_nodes, audit_tflite, find_operation_names, judge_node_text
from .hdf5_files import audit_hdf5, scan_texts
from .pickles import audit_npy, audit_pickle, judge_pickled, looks_pickled
from .projects import judge_listed
from .risks import Audit, Collector, Severity

DEEPEST: Final = 4  # files inside files
MOST_FILES: Final = 10_000  # of a folder
_HEAD: Final = 1 << 16
_INFLATED: Final = 64 * limits.MIB
_OFFSETS: Final = (512, 1024, 2048, 4096, 8192, 16384, 32768)  # where HDF5 looks for its signature
_EXECUTABLES: Final = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_SCRIPT: Final = re.compile(rb"#!.{1,200}\n|@echo off|<\?php|<script|<!doctype html|<html", re.IGNORECASE)
_PYTHON_TAG: Final = re.compile(
    r"(?:!!|tag:yaml\.org,2002:|![\w-]*!?)python/(?P<kind>[\w/]+)(?::(?P<name>[\w.]*))?|(?P<directive>^%TAG\b[^\n]*)",
    re.MULTILINE,
)
_OF_CLASSES: Final = re.compile(r"class_name|\\")  # an escape may spell it
_PLAIN_TAGS: Final = frozenset(list_words("tuple unicode str none bool int long float complex list dict bytes"))
_GRAPH_LIKE: Final = (b"\x08\x01\x12", b"\x0a")
_OF_WORDS: Final = re.compile(rb"\x0a[\x08-\x7f]\x0a([\x01-\x70])[^\0]{1,112}?\x15")  # a vocabulary of SentencePiece
_GRAPH_TEXT: Final = re.compile(r"^[ \t]*(?:graph_def|meta_graphs|node|library|saved_model_schema_version)\b\s*[{:]", re.M)
_OF_NUMBERS: Final = re.compile(r"\.data-\d{5}-of-\d{5}$")
_NO_GRAPH: Final = re.compile(
    r"(?:^|/)(?:keras_metadata|fingerprint|tfhub_module|saved_model_debug_info|[^/]*\.(?:xplane|memory_profile|hlo_proto))\.pb$"
)
_PICKLES: Final = re.compile(r"\.(?:pkl|pickle|p|joblib)$", re.IGNORECASE)


def examine(found: Collector, source: ByteSource, part: str, depth: int = 0) -> None:
    """Audit bytes, whatever they are; `part` names them."""
    head = source.read(0, _HEAD)
    kinds = [] if is_of_systems(head, part) else _find_kinds(source, head)
    judge_beside(found, source, part)
    if not kinds and part.endswith((".pb", ".meta")) and not (part.endswith(".meta") and is_text(head)):
        kinds = ["graph"]
    if not kinds and _PICKLES.search(part) and source.find_once(trace).error is None:
        kinds = ["pickle"]  # of plain values, in protocol 0
    if depth == 0 and not kinds and PROGRAM.search(part):
        kinds = ["program"]
    if not kinds:
        judge_unknown(found, source, head, part, depth == 0)
    if not any(kind == "pickle" or kind.startswith(("zip", "tar")) for kind in kinds):
        search_source(found, source, part)
    if depth == 0:
        found.kinds += kinds or ["unknown"]
    if len([kind for kind in kinds if kind != "graph text"]) > 1:
        seen = f"bytes that are {' and '.join(kinds)} at once, so that programs see different files in them"
        found.add("AK8009", Severity.HIGH, part, seen, loading.ARCHIVE)
    for kind in kinds:
        try:
            _examine_as(kind, found, source, head, part, depth)
        except AnyKerasError as error:
            found.add("AK8014", Severity.MEDIUM, part, f"it could not be audited to its end: {error.seen}", loading.UNJUDGED)


def _find_kinds(source: ByteSource, head: bytes) -> list[str]:
    kinds = []
    if head.startswith(SIGNATURE):
        kinds.append("hdf5")
    elif any(source.read(at, 8) == SIGNATURE and not starts_member(source, at) for at in _OFFSETS):
        kinds.append("hdf5 behind other bytes")
    if find_archive(source):
        kinds.append("zip" if head.startswith(b"PK\3\4") else "zip behind other bytes")
    elif head.startswith(b"PK\3\4"):
        kinds.append("zip without an end")
    if head.startswith(NPY):
        kinds.append("npy")
    elif looks_pickled(head):
        kinds = ["pickle"]  # a pickle of a model ends as the archive in it
    if not kinds and (compression := find_compression(head)) is not None:
        kinds.append(compression)
    if head[4:8] == b"TFL3":
        kinds.append("tflite")
    if head[257:262] == b"ustar":
        kinds = [kind for kind in kinds if "behind other bytes" not in kind] + ["tar"]  # what its members are
    if head.startswith(_EXECUTABLES) or _SCRIPT.match(head):
        kinds.append("program")
    graph_like = head.startswith(_GRAPH_LIKE) and not _OF_WORDS.match(head) and b"\x12" in head and b"\0" in head[:4096]
    graph_like = graph_like and not source.name.endswith(".mlmodel")  # of Core ML, which numbers its fields so, too
    if not kinds and (graph_like or find_operation_names(head)):
        kinds.append("graph")
    text = head[: len(head) & ~1].decode(detect_encoding(head), "replace")
    if not kinds and "\0" not in text[:256]:
        is_yaml = YAML_START.search(text) and not source.name.endswith((".pbtxt", ".prototxt"))
        kinds += ["json"] if JSON_START.match(text) else ["yaml"] if is_yaml or _PYTHON_TAG.search(text) else []
    if all(kind == "yaml" for kind in kinds) and _GRAPH_TEXT.search(text):
        kinds.append("graph text")
    return kinds


def _examine_as(kind: str, found: Collector, source: ByteSource, head: bytes, part: str, depth: int) -> None:
    if kind.startswith("hdf5"):
        at = 0 if kind == "hdf5" else next(at for at in _OFFSETS if source.read(at, 8) == SIGNATURE)
        audit_hdf5(found, source if not at else source.window(at, source.size - at, source.name), part)
        if at:
            seen = "an HDF5 file with other bytes in front of it"
            found.add("AK8009", Severity.MEDIUM, part, seen, loading.ARCHIVE)
    elif kind.startswith("zip"):
        _examine_zip(kind, found, source, part, depth)
    elif kind == "npy":
        audit_npy(found, source, part)
    elif kind == "pickle":
        for number, held in enumerate(audit_pickle(found, source, part)):
            _go_deeper(found, held, f"{part}/(model {number})", depth)
    elif kind in COMPRESSIONS:
        _go_deeper(found, _inflate(found, COMPRESSIONS[kind].inflater(), source, part), f"{part}/(inflated)", depth)
    elif kind == "tar":
        _examine_tar(found, source, part, depth)
    elif kind == "program":
        found.add("AK8009", Severity.MEDIUM, part, "a program, where a model keeps none", loading.UNJUDGED)
    elif kind == "tflite":
        audit_tflite(found, source.read(0, min(source.size, limits.current().asset_bytes)), part)
    elif kind == "graph":
        examine_graph(found, source, part)
    elif kind == "graph text":
        judge_node_text(found, source.read(0, min(source.size, _INFLATED)).decode("latin-1"), part)
    elif kind in ("json", "yaml"):
        _examine_text(found, source, head, part)


def _examine_zip(kind: str, found: Collector, source: ByteSource, part: str, depth: int) -> None:
    if kind == "zip without an end":
        misled = END in source.read(max(0, source.size - 66_000), 66_000)
        seen = "an archive with an end record that does not hold" if misled else "an archive that is cut off"
        found.add("AK8014", Severity.MEDIUM, part, seen, loading.UNJUDGED)
        scan_texts(found, source, part)
    elif depth >= DEEPEST:
        found.add("AK8009", Severity.MEDIUM, part, "archives inside archives inside archives", loading.ARCHIVE)
    else:
        if kind != "zip":
            seen = "an archive with other bytes in front of it"
            found.add("AK8009", Severity.MEDIUM, part, seen, loading.ARCHIVE)
        audit_zip(found, source, part, depth, examine)


def _inflate(found: Collector, inflater: Inflater, source: ByteSource, part: str) -> ByteSource:
    try:
        data = inflater.decompress(source.read(0, _INFLATED), _INFLATED)
    except DAMAGE as error:
        found.add("AK8014", Severity.MEDIUM, part, f"a stream that cannot be inflated: {str(error)[:80]}", loading.UNJUDGED)
        return wrap_bytes(b"", part)
    if len(data) > 1000 * source.size:
        seen = f"{len(data):,} bytes come out of {source.size:,}"
        found.add("AK8011", Severity.HIGH, part, seen, loading.BOMB)
    if not inflater.eof and len(data) < _INFLATED:
        found.add("AK8014", Severity.MEDIUM, part, "a compressed stream that is cut off", loading.UNJUDGED)
    if inflater.unused_data:
        found.add("AK8009", Severity.MEDIUM, part, "bytes behind the end of a compressed stream", loading.ARCHIVE)
    return wrap_bytes(data, part)


def _go_deeper(found: Collector, source: ByteSource, part: str, depth: int) -> None:
    if depth >= DEEPEST:
        found.add("AK8009", Severity.MEDIUM, part, "archives inside archives inside archives", loading.ARCHIVE)
    else:
        examine(found, source, part, depth + 1)


def _examine_tar(found: Collector, source: ByteSource, part: str, depth: int) -> None:
    if depth >= DEEPEST:
        found.add("AK8009", Severity.MEDIUM, part, "archives inside archives inside archives", loading.ARCHIVE)
        return
    try:
        audit_tar(found, source.read(0, _INFLATED), part, depth, examine)
    except (tarfile.TarError, ValueError, OSError) as error:
        found.add("AK8014", Severity.MEDIUM, part, f"a tar archive that cannot be read: {str(error)[:80]}", loading.UNJUDGED)


def _examine_text(found: Collector, source: ByteSource, head: bytes, part: str) -> None:
    bound = limits.current().config_bytes
    data = source.read(0, min(source.size, bound))
    text = data.decode(detect_encoding(head), "replace")
    if part.endswith(".ipynb"):
        return  # its text is judged as a program
    is_json = JSON_START.match(text) is not None
    if not is_json:
        _judge_tags(found, text, part)
        if not _OF_CLASSES.search(text):
            return  # settings of some tool, which no Keras takes for a model
    is_read = source.size <= bound and "\ufffd" not in text  # else this is not what a reader takes
    parsed = source.find_once(parse_text) if is_read else parse_decoded(text)
    if is_json:
        if not audit_parsed(found, text, parsed if isinstance(parsed, AnyKerasError) else parsed.value, part, True):
            scan_texts(found, source, part)
        return
    try:
        if isinstance(parsed, AnyKerasError):
            raise parsed
        walk_value(found, parsed.value, part, True)
    except AnyKerasError as error:
        found.add("AK8014", Severity.MEDIUM, part, f"YAML that no Keras writes: {error.seen}", loading.UNJUDGED)


def _judge_tags(found: Collector, text: str, part: str) -> None:
    """Tags with which a loader of YAML makes objects of Python."""
    for match in {match[0]: match for match in _PYTHON_TAG.finditer(unquote(text))}.values():
        kind, name = match["kind"] or "", match["name"] or ""
        if kind in _PLAIN_TAGS:
            continue
        if match["directive"]:
            severity, why = Severity.MEDIUM, "a directive that renames tags"
        else:
            module, _, attribute = name.rpartition(".")
            judged = judge_pickled(f"{module} {attribute}") if module else judge_pickled(f"builtins {attribute}")
            worst = Severity.LOW if kind == "name" and judged.severity is Severity.MEDIUM else judged.severity
            severity, why = worst, judged.why or "data of numpy or Keras"
        found.add("AK8013", severity, part, f"the YAML tag {match[0][:120]!r} makes an object of Python: {why}", loading.YAML)


def examine_graph(found: Collector, source: ByteSource, part: str) -> None:
    """A protocol buffer of TensorFlow: its operations, and the configurations that tf.keras keeps beside the graph."""
    data = source.read(0, min(source.size, limits.current().asset_bytes))
    audit_graph(found, data, part)
    if not _NO_GRAPH.search(part) and not audit_nodes(found, data, part):
        found.add("AK8014", Severity.MEDIUM, part, "a graph without a node that can be read", loading.UNJUDGED)
    scan_texts(found, wrap_bytes(data, part), part, 4096)


def examine_folder(found: Collector, root: str) -> None:
    """Every file of a folder that is one model: an unpacked ``.keras``, a SavedModel, a checkpoint."""
    found.kinds.append("folder")
    left, count = [""], 0
    while left:
        at = left.pop()
        for name in sorted(list_names(os.path.join(root, at) if at else root)):
            count += 1
            if count > MOST_FILES:
                found.add("AK8014", Severity.MEDIUM, root, f"more than {MOST_FILES} files", loading.UNJUDGED)
                return
            inside = f"{at}/{name}" if at else name
            path = os.path.join(root, *inside.split("/"))
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode):
                left.append(inside)
            elif _is_blob(root, path, mode):
                examine(found, open_source(os.path.realpath(path)), inside, 1)
            else:
                judge_member(found, inside, inside, mode)
                kept = Kept(inside, project=True)
                if not stat.S_ISREG(mode):
                    judge_name(found, inside, inside, kept)
                elif judge_listed(found, source := open_source(path), inside, inside, kept):
                    _examine_source(found, source, inside)


def examine_box(found: Collector, name: str, box: Box) -> None:
    """Every file of a folder that a store holds."""
    found.kinds.append("folder")
    if len(box.sizes) >= MOST_FILES:
        found.add("AK8014", Severity.MEDIUM, name, f"{MOST_FILES} files or more", loading.UNJUDGED)
    for inside in box.sizes:
        judge_member(found, inside, inside)
        source = box.open(inside, limits.current().asset_bytes)
        if judge_listed(found, source, inside, inside, Kept(inside, project=True)):
            _examine_source(found, source, inside)


def _is_blob(root: str, path: str, mode: int) -> bool:
    """Whether a link is that of a Hugging Face cache: into the ``blobs`` beside ``snapshots``."""
    if not stat.S_ISLNK(mode) or "snapshots" not in os.path.abspath(root).split(os.sep):
        return False
    home = os.path.abspath(root).split(f"{os.sep}snapshots")[0]
    target = os.path.realpath(path)
    return os.path.dirname(target) == os.path.join(os.path.realpath(home), "blobs") and os.path.isfile(target)


def _examine_source(found: Collector, source: ByteSource, inside: str) -> None:
    if _OF_NUMBERS.search(inside):
        search_source(found, source, inside)
    elif inside.endswith(".pb"):
        head = source.read(0, _HEAD)
        judge_beside(found, source, inside)
        examine_graph(found, source, inside)
        for kind in _find_kinds(source, head):
            if kind not in ("graph", "graph text", "pickle"):
                _examine_as(kind, found, source, head, inside, 1)
    elif inside.endswith(".index"):
        search_source(found, source, inside)
        _examine_index(found, source, inside)
    else:
        examine(found, source, inside, 1)


def _examine_index(found: Collector, source: ByteSource, part: str) -> None:
    """The table of a checkpoint: every key and entry of it can be read."""
    from ..containers.checkpoint.table import read_table

    try:
        for _ in read_table(source.read(0, source.size), part):
            pass  # its keys are names of variables, and are looked up only
    except AnyKerasError as error:
        found.add("AK8014", Severity.MEDIUM, part, f"a table that TensorFlow does not write: {error.seen}", loading.UNJUDGED)


Path = str | os.PathLike[str]


def audit(path: Path, *, trust: Sequence[str] = ()) -> Audit:
    """What a file or folder would do if Keras loaded it, with safe mode, without, and in old versions.

    Args:
        path: any file, or the folder of a model.
        trust: patterns of classes, functions and operations of graphs that are yours (``"mypackage.layers.*"``, ``"My>*"``);
            they are not reported.

    Raises:
        MissingFile: there is no such file.
        NotAModel: the path is not a regular file or a folder that can be read.
    """
    name, source = os.fsdecode(path), None
    found = Collector(trust=(trust,) if isinstance(trust, str) else tuple(trust))
    refusal = ""
    with limits.spend_one():
        try:
            match = sniff(path)
            source = match.source if match.path == name else None  # a checkpoint is named by its prefix
        except MissingFile:
            raise
        except AnyKerasError as error:
            refusal = f"[{error.code}] {error.seen}"
        try:
            if os.path.isdir(name):
                examine_folder(found, name)
            elif is_url(name) and (box := open_box(name)) is not None:
                examine_box(found, name, box)
            else:
                examine(found, source or open_any(name), os.path.basename(name) or name)
        except AnyKerasError as error:
            if error.code in ("AK1001", "AK1002"):
                raise
            found.add("AK8014", Severity.MEDIUM, name, f"it could not be audited to its end: {error.seen}", loading.UNJUDGED)
    risks = sorted(found.risks, key=lambda risk: -risk.severity.rank)
    return Audit(name, tuple(found.kinds), tuple(risks), found.functions, refusal)
