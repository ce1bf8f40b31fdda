"""Operations of TensorFlow graphs that touch files, run Python or reach the network, found in the bytes of a graph.

Operations that are not on the list of those that only compute are reported: what no release of TensorFlow has needs a native
library. The bytes are searched too for the field of a node that names its operation, at whatever depth: graphs inside the
constants of a graph, and nodes that no parser reaches count too.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from typing import Final

from ..containers.wire import read_message
from ..containers.wire.messages import AttrValue, FunctionDef, GraphDef, MetaGraph, NodeDef, SavedModel
from ..errors import AnyKerasError
from . import loading
from .contents import find_hidden
from .flows import Flows, Place
from .names import read_harmless
from .risks import Collector, Severity


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


# tensorflow/core/ops of TensorFlow 2.21 (io_ops, script_ops, summary_ops, lookup_ops, dataset_ops, debug_ops, rpc_ops).
OPERATIONS: Final = {
    "runs Python": (Severity.CRITICAL, _split("PyFunc PyFuncStateless EagerPyFunc GeneratorDataset ParallelPyFunc")),
    "writes files": (
        Severity.CRITICAL,
        _split(
            """WriteFile Save SaveSlices WriteImageSummary WriteAudioSummary WriteSummary WriteScalarSummary
            WriteHistogramSummary WriteGraphSummary WriteRawProtoSummary CreateSummaryFileWriter CreateSummaryDbWriter
            SaveDataset SaveDatasetV2 SnapshotDataset SnapshotDatasetV2 DatasetToTFRecord CacheDataset CacheDatasetV2
            DistributedSave DebugIdentity DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary
            DebugNumericSummaryV2 DumpTensor ExperimentalDatasetToTFRecord CalibrationStatisticsSaver"""
        ),
    ),
    "runs native code": (Severity.HIGH, _split("TRTEngineOp RemoteFusedGraphExecute")),
    "ends the process": (Severity.MEDIUM, _split("Abort")),
    "reads files": (
        Severity.HIGH,
        _split(
            """ReadFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader
            TFRecordReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader IdentityReader ReaderRead
            ReaderReadV2 TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset
            FixedLengthRecordDatasetV2 LMDBDataset SqlDataset ExperimentalSqlDataset ExperimentalLMDBDataset
            MatchingFilesDataset LoadDataset ImmutableConst LoadAndRemapMatrix GenerateVocabRemapping Restore RestoreSlice
            ExperimentalMatchingFilesDataset CSVDataset CSVDatasetV2 ExperimentalCSVDataset RecordInput IdentityReaderV2
            ReaderReadUpTo ReaderReadUpToV2 SnapshotDatasetReader SnapshotChunkDataset SnapshotNestedDatasetReader
            ListSnapshotChunksDataset DTensorRestoreV2"""
        ),
    ),
    "reaches the network": (
        Severity.HIGH,
        _split(
            """Rpc TryRpc RpcCall RpcClient RpcServer DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3
            DataServiceDatasetV4 RegisterDataset RegisterDatasetV2 RemoteCall BigQueryReader BigtableClient CloudBigtable
            BigQueryDataset KafkaDataset PubSubDataset RpcServerStart RpcServerRegister GcsConfigureCredentials
            GcsConfigureBlockCache FileSystemSetConfiguration"""
        ),
    ),
}
"""What operations do outside of their graph. Those that every SavedModel has to save and restore itself are not listed."""

_OPENING: Final = _split(
    """RestoreV2 SaveV2 MergeV2Checkpoints ShardedFilename ShardedFilespec InitializeTableFromTextFile
    InitializeTableFromTextFileV2"""
)
"""What every SavedModel has, and what opens the files that it is given."""

_OPERATION: Final = re.compile(r"\"?\bop\"?\s*:\s*\\*[\"'](\w+)\\*[\"']")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-7]{3}))")
_PRINTS_TO_FILE: Final = re.compile(rb"output_stream.{0,12}file://", re.DOTALL)
_DESCRIBED_BY_FILE: Final = re.compile(rb"descriptor_source\x12.{1,3}\x12.{1,2}?(?!local://|bytes://)[/\w.~]", re.DOTALL)
_OUTSIDE: Final = re.compile(
    rb"(?:/(?!part\b)[\w.~-]+/[^\0\n]*|~[\w/][^\0\n]*|\.\.[/\\][^\0]*|[A-Za-z]:\\[^\0]*|\\\\[^\0]+|[A-Za-z][A-Za-z0-9+.-]{1,12}://[^\0]*)\Z"
)
"""A constant that is a path of the machine or a URL."""
_OF_PACKAGES: Final = re.compile(
    r"(?:Text>|TFText>|TfText|Addons>|SimpleML|Wordpiece|Sentencepiece|Unicode|Whitespace|Regex(?:Split)|Normalize|CaseFold|"
    r"Bert|FastWordpiece|FastBert|SentencePiece|RoundRobin|ConstrainedSequence|MaxSpanningTree|Ngrams|Rouge|SplitMerge|Tfdf)\w*$|"
    r"_?Fused(?:Depthwise)?(?:Conv|MatMul)\w*$"
)
"""Operations of tensorflow-text, -addons and -decision-forests, which people import for their models, and of TensorFlow.js."""
_ASSET_OUTSIDE: Final = re.compile(rb"\x12[\x04-\xff](?:\.\.[/\\]){1,}")
_OF_TFIO: Final = re.compile(rb"\x12[\x04-\x40](IO>\w+)")
_FLEX: Final = re.compile(rb"\0Flex(\w+)\0")
_NAMED: Final = re.compile(rb"\w+\Z")
_NAME: Final = 255
_MOST: Final = 2**31  # numbers in a constant
_SHAPED: Final = re.compile(
    r"(?:Fill|BroadcastTo|Tile|Empty|(?:Stateless|Stateful)?(?:Random|Truncated)\w*|TensorListReserve)$"
)
_READ: Final = 1 << 20  # bytes of a text
_SHORT: Final = 64  # bytes of a value that is remembered


@cache
def _compile_pattern() -> re.Pattern[bytes]:
    """Field 2 of a node, its operation, as a text with its length before it."""
    listed = sorted({name for _, names in OPERATIONS.values() for name in names}, key=len, reverse=True)
    written = (
        rb"\x12(?:%b|%b\x80{0,8}\0)%b" % (re.escape(bytes([size])), re.escape(bytes([size | 0x80])), name.encode())
        for name in listed
        for size in [len(name)]
    )
    return re.compile(b"|".join(written))  # a length may be written longer than it needs


@cache
def _list_effects() -> dict[str, tuple[Severity, str]]:
    return {name: (severity, effect) for effect, (severity, names) in OPERATIONS.items() for name in names}


def judge_operation(found: Collector, name: str, where: str, times: int = 1) -> None:
    """Note an operation that does something outside of its graph."""
    if found.is_trusted(name):
        return
    effect = _list_effects().get(name)
    count = f" ({times} times)" if times > 1 else ""
    if effect is not None:
        found.add("AK8012", effect[0], where, f"the operation {name}{count} {effect[1]}", loading.GRAPH)
    elif name not in read_harmless("operations") and not _OF_PACKAGES.match(name):
        seen = f"the operation {name[:80]!r}{count} is none that models compute with"
        found.add("AK8012", Severity.MEDIUM, where, seen, loading.GRAPH)


def audit_graph(found: Collector, data: bytes | memoryview, part: str) -> None:
    """Find the operations in the bytes of a SavedModel, a graph or a function library."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for match in _compile_pattern().finditer(data):
        name = _NAMED.search(match[0])[0].decode()  # type: ignore[index]  # it ends with the name
        counts[name] += 1
        first.setdefault(name, _find_node(bytes(data[max(0, match.start() - _NAME) : match.start()])))
    for name, times in counts.items():
        judge_operation(found, name, f"{part}/{first[name]}" if first[name] else part, times)
    for name_of in sorted({match[1].decode() for match in _OF_TFIO.finditer(data)}):
        if found.is_trusted(name_of):
            continue
        seen = f"the operation {name_of} of tensorflow-io reads files or reaches the network"
        found.add("AK8012", Severity.HIGH, part, seen, loading.GRAPH)
    if _PRINTS_TO_FILE.search(data):
        found.add("AK8012", Severity.HIGH, part, "an operation that prints into a file", loading.GRAPH)
    if _ASSET_OUTSIDE.search(data):
        found.add("AK8006", Severity.HIGH, part, "a file beside the graph whose name leads out of its folder", loading.READS)
    if _DESCRIBED_BY_FILE.search(data):
        found.add("AK8012", Severity.HIGH, part, "an operation that reads the form of its data from a file", loading.GRAPH)


def audit_tflite(found: Collector, data: bytes, part: str) -> None:
    """The operations of TensorFlow that a model of TensorFlow Lite takes along, and those that no release has."""
    for name in sorted({match[1].decode() for match in _FLEX.finditer(data)}):
        judge_operation(found, name, part)


def audit_nodes(found: Collector, data: bytes, part: str) -> bool:
    """Every node of a SavedModel, a ``.meta`` file or a frozen graph, by its message. Whether there were any."""
    counts, own = Counter[str](), set[str]()
    try:
        for graph, assets in _list_graphs(data, part):
            functions = [read_message(FunctionDef, held, part) for held in graph.library.functions] if graph.library else []
            nodes = [
                *(("", read_message(NodeDef, held, part)) for held in graph.nodes),
                *((name, read_message(NodeDef, held, part)) for name, function in _name(functions) for held in function.nodes),
            ]
            own |= {name for name, _ in _name(functions)}
            counts.update(node.op for _, node in nodes)
            calls = [called & own for called in (_list_called(node, part) for _, node in nodes)]
            if _has_cycle(own, nodes, calls):
                found.add(
                    "AK8012", Severity.MEDIUM, part, "a function that calls itself, which ends the process", loading.GRAPH
                )
            paths = _judge_nodes(found, nodes, assets, part)
            if paths:
                _judge_paths(found, Flows(functions, nodes, calls), paths, own, part)
    except AnyKerasError as error:
        found.add("AK8014", Severity.MEDIUM, part, f"a graph that TensorFlow does not write: {error.seen}", loading.UNJUDGED)
        return True
    for name, times in counts.items():
        if name not in own and name not in _list_effects():  # what has an effect is found in the bytes
            judge_operation(found, name, part, times)
    return bool(counts)


def _name(functions: list[FunctionDef]) -> list[tuple[str, FunctionDef]]:
    return [(function.signature.name, function) for function in functions if function.signature]


def _judge_nodes(found: Collector, nodes: list[tuple[str, NodeDef]], assets: frozenset[str], part: str) -> dict[Place, str]:
    """Judge each node by itself; the constants that are paths or URLs, but for those that loading sets to its own assets."""
    large, paths = set[str](), dict[Place, str]()
    plain = set[bytes]()  # values of constants of which there is nothing to say, and which large graphs hold many times
    for own, node in nodes:
        if node.op == "Const":
            held, told = bytes(node.attributes.get("value", b"")[:_SHORT]), len(found.risks)
            path, is_large = ("", False) if held in plain else _judge_constant(found, node, part)
            if not path and not is_large and told == len(found.risks) and len(held) < _SHORT:
                plain.add(held)
            if path and (own or node.name not in assets):
                paths[Place(own, node.name)] = path
            large |= {node.name} if is_large else set()
        elif _SHAPED.match(node.op) and large.intersection(node.inputs[:2]):
            seen = f"a shape from {node.inputs[:2]} that no memory holds"
            found.add("AK8011", Severity.HIGH, f"{part}/{node.name}", seen, loading.BOMB)
        _judge_attributes(found, node, part)
    return paths


def _judge_paths(found: Collector, flows: Flows, paths: dict[Place, str], own: set[str], part: str) -> None:
    """A path is a text as any other until an operation opens it."""

    def opens(operation: str) -> bool:
        known = operation in own or operation in read_harmless("operations") or _OF_PACKAGES.match(operation)
        return operation in _OPENING or operation in _list_effects() or not known

    for place, path in paths.items():
        if operation := flows.find_operation(place, opens):
            seen = f"a constant that is the path or URL {path!r}, which {operation} takes"
            found.add("AK8006", Severity.HIGH, f"{part}/{place.name}", seen, loading.READS)
        elif not flows.leads_on(place):
            seen = f"a constant that is the path or URL {path!r}, and that nothing in the graph uses"
            found.add("AK8006", Severity.MEDIUM, f"{part}/{place.name}", seen, loading.READS)


def _list_called(node: NodeDef, part: str) -> set[str]:
    """What a node may call: its operation, and the functions that it is given."""
    found = {node.op}
    for key in ("f", "cond", "body", "then_branch", "else_branch", "branches"):
        if (given := node.attributes.get(key)) is not None:
            attribute = read_message(AttrValue, given, part)
            listed = attribute.items.functions if attribute.items is not None else ()
            found |= {named.name for named in (attribute.function, *listed) if named is not None}
    return found


def _has_cycle(own: set[str], nodes: list[tuple[str, NodeDef]], calls: list[set[str]]) -> bool:
    """Whether a function reaches itself: functions without calls are taken away until none is left, or none is without."""
    left: dict[str, set[str]] = {name: set() for name in own}
    for (name, _), called in zip(nodes, calls, strict=True):
        if name:
            left[name] |= called
    while leaves := {name for name, called in left.items() if not called}:
        left = {name: called - leaves for name, called in left.items() if name not in leaves}
    return bool(left)


def _list_graphs(data: bytes, part: str) -> list[tuple[GraphDef, frozenset[str]]]:
    """The graphs of what the name says it is, else of the first kind of message that has nodes; the constants of assets."""
    if part.endswith("saved_model.pb"):
        metas = list(read_message(SavedModel, data, part).meta_graphs)
    elif part.endswith(".meta"):
        metas = [read_message(MetaGraph, data, part)]
    else:
        return [(read_message(GraphDef, data, part), frozenset())]
    return [
        (
            read_message(GraphDef, meta.graph, part),
            frozenset(asset.tensor.name.split(":")[0] for asset in meta.assets if asset.tensor),
        )
        for meta in metas
    ]


def _judge_attributes(found: Collector, node: NodeDef, part: str) -> None:
    """What else a node holds: a path by which it reads, a step of nothing, which ends the process."""
    for key, held in node.attributes.items():
        if bytes(held[:1]) == b"\x12" and key not in ("shared_name", "container"):
            text = bytes(read_message(AttrValue, held, part).text or b"")
            if (match := _OUTSIDE.match(text)) is not None:
                seen = f"the argument {key} of {node.op} is the path or URL {match[0][:120].decode('utf-8', 'replace')!r}"
                found.add("AK8006", Severity.HIGH, f"{part}/{node.name}", seen, loading.READS)
        elif key in ("strides", "dilations", "ksize", "ksizes", "rates"):
            items = read_message(AttrValue, held, part).items
            if items is not None and any(step <= 0 for step in items.integers):
                seen = f"{key} of {items.integers}, by which {node.op} ends the process"
                found.add("AK8012", Severity.MEDIUM, f"{part}/{node.name}", seen, loading.GRAPH)


def _judge_constant(found: Collector, node: NodeDef, part: str) -> tuple[str, bool]:
    """Judge a constant; a path or URL in it, and whether its few numbers come to more than any memory as a shape."""
    held = node.attributes.get("value")
    tensor = read_message(AttrValue, held, part).tensor if held is not None else None
    if tensor is None:
        return "", False
    sizes = [dimension.size for dimension in tensor.shape.dimensions] if tensor.shape is not None else []
    if math.prod(sizes) > _MOST and len(held or b"") < _MOST // 64:
        seen = f"a constant of {math.prod(sizes):,} numbers, of which the file holds one"
        found.add("AK8011", Severity.HIGH, f"{part}/{node.name}", seen, loading.BOMB)
    path = ""
    for text in tensor.texts:
        find_hidden(found, b"\0" + bytes(text[:_READ]), f"{part}/{node.name}")
        if not path and (match := _OUTSIDE.match(bytes(text[:4096]))) is not None:
            path = match[0][:120].decode("utf-8", "replace")
    if not 0 < tensor.dtype < 32 or tensor.dtype in (20, 21) or min(sizes, default=0) < 0:  # DataType of types.proto
        seen = "a constant of a type or size that TensorFlow does not write"
        found.add("AK8014", Severity.MEDIUM, f"{part}/{node.name}", seen, loading.UNJUDGED)
    width = {3: 4, 9: 8}.get(tensor.dtype, 0)
    packed = bytes(tensor.content) if width and len(tensor.content) <= 64 else b""
    numbers = [int.from_bytes(packed[at : at + width], "little", signed=True) for at in range(0, len(packed), width or 1)]
    return path, abs(math.prod((*numbers, *tensor.small[:8], *tensor.integers[:8]))) > _MOST


def _find_node(before: bytes) -> str:
    """The name of a node: field 1, which ends where field 2 begins; "" where it does not stand there."""
    for size in range(1, min(len(before) - 1, 127)):
        start = len(before) - size
        if before[start - 2] == 0x0A and before[start - 1] == size:
            return before[start:].decode("utf-8", "replace")
    return ""


def find_operation_names(head: bytes) -> bool:
    """Whether bytes hold an operation that reaches outside, as a graph does that is cut down to it."""
    return _compile_pattern().search(head) is not None


def judge_node_text(found: Collector, node: object, where: str) -> None:
    """Nodes as text of a protocol buffer or JSON: those of a TensorFlowOpLayer, of a ``.pbtxt``, of a graph for a browser."""
    text = node if isinstance(node, str) else json.dumps(node) if isinstance(node, dict) else ""
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16) if found[1] else int(found[2], 8) & 0xFF), text)
    for name, times in Counter(_OPERATION.findall(text)).items():
        judge_operation(found, name, where, times)
