"""Which files a model is made of, by their names and first bytes: what is not on these lists is reported.

An archive of Keras has its few names; a folder or another archive may hold texts, pictures, numbers and models of known kinds.
What bytes hide that are none of these (programs and archives inside of arrays) is searched for.
"""

from __future__ import annotations

import re
import stat
import unicodedata
from posixpath import normpath
from typing import Final, NamedTuple

from .. import limits
from ..containers.source import BLOCK, ByteSource
from . import loading
from .beside import judge_shown
from .risks import Collector, Severity

OF_KERAS: Final = re.compile(
    r"(?:config|metadata)\.json|model(?:_\d+)?\.weights\.(?:h5|npz|json)|variables\.h5|assets/(?:[^/]+/)*[^/]*|(?:[\w.-]+/)+"
)
"""Members of a ``.keras`` file."""
_ONES: Final = re.compile(r"(?:config|metadata)\.json|model(?:_\d+)?\.weights\.(?:h5|npz|json)|variables\.h5")
_TEXTS: Final = """md markdown txt rst csv tsv json jsonl yaml yml toml cfg ini conf log lock license bib prototxt pbtxt vocab
    bpe merges labels names list template jinja gitattributes gitignore keep gitkeep readme in py_env cff crc md5 sha1 sha256
    properties ipynb"""
_STARTS: Final[dict[str, tuple[int, bytes]]] = {
    "png": (0, b"\x89PNG\r\n\x1a\n"), "jpg": (0, b"\xff\xd8\xff"), "jpeg": (0, b"\xff\xd8\xff"), "gif": (0, b"GIF8"),
    "bmp": (0, b"BM"), "webp": (8, b"WEBP"), "wav": (8, b"WAVE"), "ico": (0, b"\0\0\1\0"), "flac": (0, b"fLaC"),
    "ogg": (0, b"OggS"),
    "mp4": (4, b"ftyp"), "tflite": (4, b"TFL3"), "ttf": (0, b"\0\1\0\0"), "tif": (0, b""), "tiff": (0, b""), "mp3": (0, b""),
    "safetensors": (8, b"{"), "pdf": (0, b"%PDF"), "parquet": (0, b"PAR1"),
}  # fmt: skip
"""Files of other programs, with the bytes that they start with."""
_NUMBERS: Final = """h5 hdf5 keras weights npz npy pb index meta ckpt bin spm model onnx msgpack zip gz tgz tar bz2 xz mlmodel
    tfrecord tfrecords proto dat"""
_NAMED: Final = re.compile(
    r"(?:^|/)(?:LICEN[CS]E|README|NOTICE|AUTHORS|CHANGELOG|CITATION|MLmodel|checkpoint|tf_serving_warmup_requests|VERSION|"
    r"\._[^/]+|Thumbs\.db|vocab|merges|\.git\w*|\.DS_Store|\.keep|[\w.-]*\.data-\d{5}-of-\d{5}|events\.out\.tfevents\.[\w.-]+|group\d+-shard\d+of\d+(?:\.bin)?|"
    r"\.?(?:Docker|Container|Make|Jenkins|Just|Proc|Snake|Pip)file[\w.-]*|refs/[\w./-]+|\.(?:npm|pip)rc|\.envrc)$",
    re.IGNORECASE,
)
_LONGEST: Final = 255
_RUNS: Final = (
    r"py[cdow]?|so(?:\.\d+)*|dll|dylib|exe|sh|bash|bat|cmd|psm?1|vb[es]|jse?|wsf|hta|jar|class|whl|egg|"
    r"service|desktop|lnk|rb|pl|lua|php|msi|msc|scr|com|cpl|reg|inf|scpt|command|app|deb|rpm|apk|dmg|iso|xls[mb]|docm|pptm|chm"
)
_RESERVED: Final = re.compile(r"(?:^|[/\\])(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\.[^/\\]*)?$", re.IGNORECASE)
PROGRAMS: Final = re.compile(rf"\.(?:{_RUNS}|pth|pkl|pickle|joblib|dill)$", re.IGNORECASE)
PROGRAM: Final = re.compile(rf"\.(?:{_RUNS})$", re.IGNORECASE)
_ESCAPES: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.[ .]*(?:[/\\]|$)|\\|\0")
_PICKLED: Final = re.compile(r"\.(?:p|pkl|pickle|joblib|pth|pt)$", re.IGNORECASE)
_POINTER: Final = b"version https://git-lfs.github.com/spec/v1\n"
_OF_SYSTEMS: Final = {"._": b"\0\5\x16\7", "Thumbs.db": b"\xd0\xcf\x11\xe0"}
"""What macOS and Windows leave in folders, with the bytes that it starts with."""
_HARMLESS: Final = frozenset((*_TEXTS.split(), *_STARTS, *_NUMBERS.split()))
_OF_BYTES: Final = re.compile(
    r"\.(?:mlmodel|data-\d{5}-of-\d{5}|index|bin|spm|model|onnx|msgpack|tfrecords?|proto|dat|meta|weights|ckpt|pbtxt)$|"
    r"events\.out\.tfevents\.[\w.-]+$|tf_serving_warmup_requests$|group\d+-shard\d+of\d+$|\.DS_Store$",
    re.IGNORECASE,
)
"""Files of bytes that no mark tells apart; programs that only look so are found by what they hide."""
_OF_PYTHON: Final = (b"os", b"posix", b"nt", b"subprocess", b"builtins", b"__builtin__", b"runpy", b"pty", b"socket", b"sys")
_OF_MODELS: Final = re.compile(
    r"\.(?:keras|h5|hdf5|weights|np[yz]|pkl|pickle|joblib|pb|meta|tflite|zip|tar|gz)$", re.IGNORECASE
)
_HIDDEN: Final[tuple[tuple[str, bytes, re.Pattern[bytes]], ...]] = tuple(
    (what, start, re.compile(pattern, re.DOTALL))
    for what, start, pattern in (
        ("a program of Linux", b"\x7fELF", rb"\x7fELF[\x01\x02]{2}\x01[\x00-\x12]"),
        ("a program of Windows", b"This program ", rb"This program (?:cannot be run in DOS mode|must be run under)"),
        ("a program of macOS", b"\xcf\xfa\xed\xfe", rb"\xcf\xfa\xed\xfe[\x07\x0c]\x00\x00\x01"),
        ("a script", b"#!/", rb"#!/(?:usr/|bin/|system/|opt/)[\w/.-]+"),
        ("a script", b"<?php", rb"<\?php\s"),
        ("a program of Java", b"\xca\xfe\xba\xbe", rb"\xca\xfe\xba\xbe\0[\0-\x03]\0[\x2d-\x48]"),
        ("a program of Android", b"dex\n03", rb"dex\n03\d\0"),
        ("a program of the web", b"\0asm", rb"\x00asm\x01\x00\x00\x00"),
        ("an archive", b"PK\3\4", rb"PK\x03\x04[\x0a\x14\x2d]\x00.[\x00\x08][\x00\x08]\x00"),
        ("an archive", b"7z\xbc\xaf\x27\x1c", rb"7z\xbc\xaf\x27\x1c\0"),
        ("an archive", b"Rar!\x1a\x07", rb"Rar!\x1a\x07[\0\1]"),
        ("an object of Python in YAML", b"!!python/", rb"!!python/(?:object|name|module)"),
        *(
            ("a pickle as text", start, rb"(?<![A-Za-z0-9+/])%b[A-Za-z0-9+/]{16}" % start)
            for start in (b"gAJj", b"gANj", b"gASV", b"gAWV", b"gASM", b"gAN9", b"gAJ9")
        ),
        ("an HDF5 file", b"\x89HDF\r\n", rb"\x89HDF\r\n\x1a\n"),
        ("code of Python", b"__import__(", rb"__import__\("),
        ("code of Python", b"import os", rb"import os\b"),
        ("code of Python", b"os.system(", rb"os\.system\("),
        ("code of Python", b"subprocess.", rb"subprocess\.\w+\("),
        *(("a pickle", b"c%b\n" % name, rb"c%b\n[A-Za-z_]{2,30}\n" % name) for name in _OF_PYTHON),
        *(
            ("a pickle", b"\x8c%c%b" % (len(name), name), rb"\x8c.%b\x94?(?:h.)?\x8c.\w{2,30}\x94?\x93" % name)
            for name in _OF_PYTHON
        ),
    )
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_AHEAD: Final = 128
_SEARCHED: Final = 4 * limits.GIB
_MOST: Final = 1000  # places that look so at first


class Kept(NamedTuple):
    """Where files are kept: in a folder or archive, of Keras itself or of people."""

    part: str
    of_keras: bool = False
    project: bool = False


def judge_member(found: Collector, name: str, where: str, mode: int = 0) -> None:
    """What the name and mode of a file in an archive or folder tell."""
    judge_shown(found, name, where)
    if _ESCAPES.search(name):
        found.add(
            "AK8009", Severity.HIGH, where, f"a file named {name[:120]!r}, which leads out of its folder", loading.ARCHIVE
        )
    if max(map(len, name.split("/"))) > _LONGEST:
        found.add("AK8009", Severity.MEDIUM, where[:_LONGEST], "a name longer than file systems take", loading.ARCHIVE)
    if _RESERVED.search(name):
        found.add("AK8009", Severity.MEDIUM, where, f"a file named {name[:120]!r}, a device on Windows", loading.ARCHIVE)
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        found.add("AK8009", Severity.HIGH, where, "a link or device in place of a file", loading.ARCHIVE)
    if mode & 0o6000:
        seen = "a file that runs with the rights of its owner"
        found.add("AK8009", Severity.HIGH, where, seen, loading.ARCHIVE)


def is_of_models(name: str) -> bool:
    """Whether files of this name are among those that models come with."""
    last = name.rpartition("/")[2]
    return not last or _NAMED.search(name) is not None or last.rpartition(".")[2].lower() in _HARMLESS


def judge_name(found: Collector, name: str, where: str, kept: Kept) -> None:
    """Report a file whose name is none of a model."""
    of_keras, judged = kept.of_keras, kept.project and _PICKLED.search(name) is not None  # by what they hold
    if PROGRAMS.search(name) and not judged:
        seen = f"a program or pickle, {name[-60:]!r}, where a model keeps none"
        found.add("AK8009", Severity.MEDIUM, where, seen, loading.ARCHIVE)
    last, suffix = name.rpartition("/")[2], name.rpartition(".")[2].lower()
    known = is_of_models(name) or judged
    if of_keras and (plain := _as_systems_see(name)) != name and _ONES.fullmatch(plain):
        seen = f"a file {name[:80]!r}, which some systems take for one of those that Keras writes"
        found.add("AK8009", Severity.MEDIUM, where, seen, loading.ARCHIVE)
    elif of_keras and OF_KERAS.fullmatch(name):
        known = known or "." not in last
    elif of_keras:
        known = known and suffix not in _NUMBERS.split() and ("/" not in name or name.startswith("__MACOSX/"))
        found.add("AK8009", Severity.LOW, where, f"a file {name[:80]!r}, which Keras does not write", loading.NOTHING)
    if not known:
        seen = f"a file {name[-80:]!r} of a kind that no model needs"
        found.add("AK8009", Severity.MEDIUM, where, seen, loading.ARCHIVE)


def _as_systems_see(name: str) -> str:
    """A name without what file systems drop or do not tell apart: case, forms of letters, dots at the end, detours."""
    return normpath(unicodedata.normalize("NFKC", name).casefold().replace("\\", "/")).rstrip(". ").lstrip("/")


def is_of_systems(head: bytes, part: str) -> bool:
    """Whether macOS or Windows left the file, by its name and first bytes."""
    return any(part.rpartition("/")[2].startswith(name) and head.startswith(start) for name, start in _OF_SYSTEMS.items())


def judge_unknown(found: Collector, source: ByteSource, head: bytes, part: str, alone: bool) -> None:
    """Bytes that are no kind of model: text, a picture, what another program wrote; else nobody can say what they do.

    `alone` says that they are the whole of what is audited, not one file of several.
    """
    if is_of_systems(head, part):
        return
    if head.startswith(_POINTER) and source.size < 1024:
        found.add("AK8014", Severity.LOW, part, "a pointer of Git LFS: the file itself is not here", loading.NOTHING)
        return
    start = _STARTS.get(part.rpartition(".")[2].lower())
    if start is not None and head[start[0] :].startswith(start[1]):
        if part.endswith(".safetensors") and int.from_bytes(head[:8], "little") > source.size - 8:
            found.add("AK8011", Severity.MEDIUM, part, "a header longer than its file", loading.BOMB)
        return
    if part.endswith(".json") and source.size:
        found.add("AK8014", Severity.MEDIUM, part, "a file of JSON by its name that holds none", loading.UNJUDGED)
        return
    if start is None and (is_text(head) or _OF_BYTES.search(part)):
        if alone and _OF_MODELS.search(part) and source.size:
            found.add("AK8014", Severity.MEDIUM, part, "text where its name says that there is a model", loading.UNJUDGED)
        return
    if source.size:
        severity = Severity.LOW if part.endswith("/(inflated)") else Severity.MEDIUM  # data that somebody packed
        found.add("AK8014", severity, part, "bytes of no known kind", loading.UNJUDGED)


def is_text(head: bytes) -> bool:
    """Whether bytes are a text without characters that none has."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4 or len(head) < 1 << 16:
            return False
        text = head[: error.start].decode("utf-8")
    return _CONTROL.search(text) is None


def find_hidden(found: Collector, data: bytes, part: str, base: int = 0) -> None:
    """Programs inside of other bytes, such as numbers; `base` is where in the file the bytes start."""
    for what, start, pattern in _HIDDEN:
        at = data.find(start)
        for _ in range(_MOST):
            if at < 0:
                break
            if pattern.match(data, at) is not None and at + base > 0:
                seen = f"{what} hidden at byte {at + base:,} of other data"
                found.add("AK8017", Severity.MEDIUM, part, seen, loading.HIDDEN)
                break
            at = data.find(start, at + 1)


def search_source(found: Collector, source: ByteSource, part: str) -> None:
    """The same over all of a file that is no text and no archive, of which each member is searched, some at a time."""
    if is_text(source.read(0, 1 << 16)):
        return
    for at in range(0, min(source.size, _SEARCHED), BLOCK):
        start = max(0, at - _AHEAD)
        find_hidden(found, source.read(start, BLOCK + at - start), part, start)
