"""Pickles judged by the names that their opcodes import and call; nothing is imported."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from ..containers.hdf5 import SIGNATURE
from ..containers.keras_zip.archive import LOCAL
from ..containers.pickle_values import Span
from ..containers.pickle_walker import trace
from ..containers.source import ByteSource, wrap_bytes
from . import loading, names
from .risks import Collector, Loading, Severity

_TEXTS: Final = rb"(?:[SVILF][^\n]{0,400}\n|[pg]\d+\n|[N(\[\]{})ldtaesu0-2]){0,64}?"
_OLD: Final = re.compile(_TEXTS + rb"[ci][A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n")
_NAMED: Final = re.compile(rb"[ci][A-Za-z_][\w.]{0,200}\n[A-Za-z_][\w.]{0,200}\n")
_FIRST: Final = frozenset(
    bytes([code]) for code in b"}])(NIKJMLFGSVTUBCXlstd0cgjhpqrR\x88\x89"
)  # what a pickle without a protocol starts with
_FEW: Final = 16  # pickles behind each other in one file
_WORKERS: Final = re.compile(
    r"(?:numpy|numpy\.core|numpy\._core)(?:\.(?:multiarray|numeric))? (?:_reconstruct|scalar|dtype|ndarray|_frombuffer|bool_|"
    r"u?int\d+|float\d+|complex\d+|str_|bytes_)$|"
    r"numpy\.(?:core|_core)\.multiarray (?:_reconstruct|scalar)$|numpy\.dtypes \w+DType$|"
    r"(?:numpy\.random\._pickle|numpy\.random) (?:__\w+_ctor|RandomState|Generator)$|"
    r"(?:sklearn\.externals\.)?joblib\.numpy_pickle (?:NumpyArrayWrapper|NDArrayWrapper)$|"
    r"(?:copyreg|copy_reg) (?:_reconstructor|__newobj__)$|_codecs encode$|"
    r"collections (?:OrderedDict|defaultdict|deque|Counter)$|"
    r"(?:__builtin__|builtins) (?:object|list|dict|set|frozenset|tuple|str|unicode|bytes|bytearray|int|long|float|complex|bool|"
    r"slice|range|xrange|NoneType)$|_io BytesIO$|"
    r"tensorflow\.python\.(?:training|trackable)\.(?:tracking\.)?data_structures "
    r"(?:_?ListWrapper|_?DictWrapper|_?TupleWrapper)$|"
    r"decimal Decimal$|fractions Fraction$|uuid UUID$|"
    r"datetime (?:datetime|date|time|timedelta|timezone)$|pathlib (?:PurePosixPath|PosixPath|PurePath)$|"
    r"(?:keras|keras\.src|tensorflow\.python\.keras|tf_keras\.src|tf_keras)\.saving\.(?:\w+\.)*pickle_utils \w+$|"
    r"keras\.src\.saving\.keras_saveable KerasSaveable\._unpickle_model$|"
    r"keras\.src\.saving\.keras_saveable KerasSaveable$"
)
"""What pickles of arrays and of Keras models are made of, as ``module name``."""
_OF_DATA: Final = re.compile(
    r"sklearn\.(?!utils\.parallel )"
    r"(?:preprocessing|decomposition|feature_extraction|pipeline|compose|linear_model|ensemble|tree|svm|neighbors|cluster|impute|"
    r"feature_selection|naive_bayes|model_selection|discriminant_analysis|multiclass|multioutput|utils|metrics|manifold|mixture|isotonic|"
    r"kernel_approximation|calibration|neural_network|_loss|random_projection|dummy|gaussian_process|covariance)"
    r"(?:\.\w+)* (?:_?[A-Z]\w+|newObj|__pyx_unpickle_\w+)|"
    r"sklearn\.(?:feature_selection|metrics)\._\w+ [a-z]\w+|"
    r"numpy\.random\.(?:_\w+ [A-Z]\w+|bit_generator (?:__pyx_unpickle_)?SeedSequence)|"
    r"(?:keras_preprocessing|keras(?:\.src)?(?:\.legacy)?\.preprocessing|"
    r"tf_keras(?:\.src)?\.preprocessing|"
    r"tensorflow\.python\.keras\.preprocessing|tensorflow\.keras\.preprocessing)\.text Tokenizer|"
    r"pandas(?!\.io\b)(?:\.\w+)* (?!ExcelFile|ExcelWriter|HDFStore)"
    r"(?:_?[A-Z]\w*|_new_\w*Index|new_block|_unpickle_block|__pyx_unpickle_\w+)|"
    r"scipy\.sparse\.(?:_?\w{3}(?:\._\w{3})?) \w{3}_(?:matrix|array)|numpy\.ma(?:\.core)? (?:_mareconstruct|MaskedArray)|"
    r"re _compile"
)
"""What holds data and fitted numbers, and only that: of scikit-learn, pandas, SciPy, and the words of Keras."""
_GETTERS: Final = ("builtins getattr", "__builtin__ getattr")
_HEADER: Final = re.compile(
    rb"\{(?:'(?:descr|fortran_order|shape)':(?:'[^'\\]*'|True|False|\([\d,L]*\)|\[[\w'<>|=\[\](),]*\]),?)*\}$"
)
_SHAPE: Final = re.compile(rb"'shape': *\(([\d, L]*)\)")
_SIZE: Final = re.compile(rb"'descr': *'[<>|=]?([a-zA-Z])(\d{1,9})'")
_OBJECTS: Final = re.compile(rb"['\"]\|?O\d?['\"]")


def looks_pickled(head: bytes) -> bool:
    """Whether bytes begin as a pickle: protocol 2 and later by their first opcode, 0 and 1 by a name or a container."""
    if head[:1] == b"\x80" and len(head) > 2:
        return head[1] <= 5
    if _OLD.match(head) is None and not (head[:1] in _FIRST and _NAMED.search(head)):
        return False
    traced = trace(wrap_bytes(head, "head"))  # words, one a line, look like names too
    acts = any(judge_pickled(name).severity.rank >= Severity.HIGH.rank for name in traced.names)
    return bool(traced.names) and (acts or bool(traced.calls) or traced.error is None)


def audit_pickle(
    found: Collector, source: ByteSource, part: str, start: int = 0, loading_as: Loading = loading.PICKLE
) -> Iterator[ByteSource]:
    """Judge every pickle from `start` on, one behind another; yields the models that it holds as bytes."""
    count, end = 0, start
    while count < _FEW and end < source.size:
        traced = trace(source, end) if end else source.find_once(trace)
        end = traced.end
        _judge(found, traced.names, traced.calls, part, loading_as)
        yield from _list_models(traced.held, part)
        count += 1
        if traced.error is not None:
            severity = Severity.MEDIUM if traced.error.code != "AK1103" or traced.names else Severity.LOW
            seen = f"a pickle that cannot be walked to its end: {traced.error.seen}"
            found.add("AK8008", severity, part, seen, loading_as)
            break
        if not looks_pickled(source.read(end, 4096)):
            break


def _list_models(held: tuple[bytes | Span, ...], part: str) -> Iterator[ByteSource]:
    for item in held:
        source = wrap_bytes(item, part) if isinstance(item, bytes) else item.source.window(item.start, item.size, part)
        if source.read(0, 8).startswith((SIGNATURE, LOCAL)) or _is_pickle(source):
            yield source


def _is_pickle(source: ByteSource) -> bool:
    head = source.read(0, 2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and source.read(source.size - 1, 1) == b"."


def _judge(found: Collector, imported: tuple[str, ...], called: tuple[str, ...], part: str, loading_as: Loading) -> None:
    worst = Severity.INFO
    for name in dict.fromkeys((*imported, *(call for call in called if " " in call))):
        if found.is_trusted(name.replace(" ", ".")) or (name in _GETTERS and name not in called):
            continue  # what getattr led to is among the names
        judged = judge_pickled(name)
        if judged.severity is Severity.INFO or not judged.why:
            worst = max(worst, judged.severity, key=lambda level: level.rank)
            continue
        verb = "calls" if name in called else "imports"
        found.add("AK8008", judged.severity, part, f"a pickle that {verb} {name.replace(' ', '.')}: {judged.why}", loading_as)
    harmless = f"a pickle of {', '.join(name.replace(' ', '.') for name in imported[:6]) or 'plain values'}"
    found.add("AK8008", max(worst, Severity.LOW, key=lambda level: level.rank), part, harmless, loading_as)


def _judge_shape(found: Collector, source: ByteSource, header: bytes, start: int, part: str) -> None:
    """Whether the file holds what the header of an array declares, no more and no less."""
    shape, kind = _SHAPE.search(header), _SIZE.search(header)
    if shape is None or kind is None:
        return
    size = int(kind[2]) * (4 if kind[1] == b"U" else 1)
    declared = math.prod(int(number) for number in re.findall(rb"\d+", shape[1])) * size
    if declared > source.size - start:
        seen = f"an array of {declared:,} bytes, of which {max(0, source.size - start):,} are there"
        found.add("AK8011", Severity.HIGH, part, seen, loading.BOMB)
    elif declared < source.size - start:
        seen = f"{source.size - start - declared:,} bytes behind the end of an array"
        found.add("AK8009", Severity.MEDIUM, part, seen, loading.ARCHIVE)


def audit_npy(found: Collector, source: ByteSource, part: str, expected: bool = False) -> None:
    """A NumPy array, of which the values are a pickle where its type is object (`expected` in weights that Keras writes)."""
    head = source.read(0, 4096)
    width = {1: 2, 2: 4, 3: 4}.get(head[6] if len(head) > 12 else 0, 2)
    size = int.from_bytes(head[8 : 8 + width], "little")
    header = head[8 + width : 8 + width + size]
    if _OBJECTS.search(header):
        for _ in audit_pickle(found, source, part, 8 + width + size, loading.ARRAYS):
            seen = "a model inside the pickle of an array"
            found.add("AK8008", Severity.MEDIUM, part, seen, loading.ARRAYS)
        return
    _judge_shape(found, source, header, 8 + width + size, part)
    if not _HEADER.match(header.translate(None, b" \n\0")):
        found.add("AK8014", Severity.MEDIUM, part, "an array with a header that numpy does not write", loading.UNJUDGED)


def judge_pickled(name: str) -> names.Judged:
    """What a name in a pickle is, as ``module name``."""
    module, _, attribute = name.partition(" ")
    if _WORKERS.match(name):
        return names.Judged(Severity.INFO, "")
    if _OF_DATA.fullmatch(name):
        return names.Judged(Severity.LOW, "")
    if module in ("builtins", "__builtin__"):
        return names.Judged(Severity.CRITICAL, f"{module}.{attribute} is a function of Python that can run or open anything")
    if names.is_keras(module):
        named = attribute.split(".")[0] in names.list_known_classes()
        return (
            names.Judged(Severity.LOW, "")
            if named
            else names.Judged(Severity.HIGH, f"{module}.{attribute} of Keras would be called")
        )
    found = names.judge_module(module)
    if found is not None:
        return found
    return names.Judged(Severity.MEDIUM, f"{module}.{attribute} would be imported")
