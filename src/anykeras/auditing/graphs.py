"""Operations of TensorFlow graphs that touch files, run Python or reach the network, found in the bytes of a graph.

The bytes are searched for the field of a node that names its operation, at whatever depth: functions, graphs inside the
constants of a graph, and nodes that no parser reaches count too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Final

from . import loading
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
            WriteHistogramSummary
            WriteGraphSummary WriteRawProtoSummary CreateSummaryFileWriter CreateSummaryDbWriter SaveDataset SaveDatasetV2
            SnapshotDataset SnapshotDatasetV2 DatasetToTFRecord CacheDataset CacheDatasetV2 DistributedSave DebugIdentity
            DebugIdentityV2 DebugIdentityV3 DebugNanCount DebugNumericSummary DebugNumericSummaryV2 DumpTensor
            ExperimentalDatasetToTFRecord CalibrationStatisticsSaver"""
        ),
    ),
    "runs native code": (Severity.HIGH, _split("TRTEngineOp RemoteFusedGraphExecute")),
    "ends the process": (Severity.MEDIUM, _split("Abort")),
    "reads files": (
        Severity.HIGH,
        _split(
            """ReadFile MatchingFiles WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader
            TFRecordReaderV2 FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader IdentityReader ReaderRead ReaderReadV2
            TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 LMDBDataset
            SqlDataset ExperimentalSqlDataset ExperimentalLMDBDataset MatchingFilesDataset LoadDataset ImmutableConst
            LoadAndRemapMatrix GenerateVocabRemapping Restore RestoreSlice ExperimentalMatchingFilesDataset CSVDataset
            CSVDatasetV2 ExperimentalCSVDataset RecordInput IdentityReaderV2 ReaderReadUpTo ReaderReadUpToV2
            SnapshotDatasetReader SnapshotChunkDataset SnapshotNestedDatasetReader ListSnapshotChunksDataset DTensorRestoreV2"""
        ),
    ),
    "reaches the network": (
        Severity.HIGH,
        _split(
            """Rpc TryRpc RpcCall RpcClient RpcServer DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3
            DataServiceDatasetV4 RegisterDataset RegisterDatasetV2 RemoteCall BigQueryReader
            BigtableClient CloudBigtable BigQueryDataset KafkaDataset PubSubDataset RpcServerStart RpcServerRegister
            GcsConfigureCredentials GcsConfigureBlockCache FileSystemSetConfiguration"""
        ),
    ),
}
"""What operations do outside of their graph. Those that every SavedModel has to save and restore itself are not listed."""

_OPERATION: Final = re.compile(r"\"?\bop\"?\s*:\s*\\*[\"'](\w+)\\*[\"']")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([0-7]{3}))")
_PRINTS_TO_FILE: Final = re.compile(rb"output_stream.{0,12}file://", re.DOTALL)
_DESCRIBED_BY_FILE: Final = re.compile(rb"descriptor_source\x12.{1,3}\x12.{1,2}?(?!local://|bytes://)[/\w.~]", re.DOTALL)
_TABLE_OF_FILE: Final = re.compile(rb"\x12.InitializeTableFromTextFile", re.DOTALL)
_PATH_OF_SYSTEM: Final = re.compile(
    rb"\x42.(?=/(?:etc|proc|dev|root|sys)/|[^\x00-\x1f]{0,80}/\.(?:ssh|aws|config)/)", re.DOTALL
)
_ASSET_OUTSIDE: Final = re.compile(rb"\x12[\x04-\xff](?:\.\.[/\\]){1,}")
_OF_TFIO: Final = re.compile(rb"\x12[\x04-\x40](IO>\w+)")
_NAMED: Final = re.compile(rb"\w+\Z")
_NAME: Final = 255


@cache
def _pattern() -> re.Pattern[bytes]:
    """Field 2 of a node, its operation, as a text with its length before it."""
    listed = sorted({name for _, names in OPERATIONS.values() for name in names}, key=len, reverse=True)
    written = (
        rb"\x12(?:%b|%b\x80{0,8}\0)%b" % (re.escape(bytes([size])), re.escape(bytes([size | 0x80])), name.encode())
        for name in listed
        for size in [len(name)]
    )
    return re.compile(b"|".join(written))  # a length may be written longer than it needs


@cache
def _effects() -> dict[str, tuple[Severity, str]]:
    return {name: (severity, effect) for effect, (severity, names) in OPERATIONS.items() for name in names}


def judge_operation(found: Collector, name: str, where: str, times: int = 1) -> None:
    """Note an operation that does something outside of its graph."""
    effect = _effects().get(name)
    if effect is not None:
        count = f" ({times} times)" if times > 1 else ""
        found.add("AK8012", effect[0], where, f"the operation {name}{count} {effect[1]}", loading.GRAPH)


def audit_graph(found: Collector, data: bytes | memoryview, part: str) -> None:
    """Find the operations in the bytes of a SavedModel, a graph or a function library."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for match in _pattern().finditer(data):
        name = _NAMED.search(match[0])[0].decode()  # type: ignore[index]  # it ends with the name
        counts[name] += 1
        first.setdefault(name, _find_node(bytes(data[max(0, match.start() - _NAME) : match.start()])))
    for name, times in counts.items():
        judge_operation(found, name, f"{part}/{first[name]}" if first[name] else part, times)
    for name_of in sorted({match[1].decode() for match in _OF_TFIO.finditer(data)}):
        seen = f"the operation {name_of} of tensorflow-io reads files or reaches the network"
        found.add("AK8012", Severity.HIGH, part, seen, loading.GRAPH)
    if _PRINTS_TO_FILE.search(data):
        found.add("AK8012", Severity.HIGH, part, "an operation that prints into a file", loading.GRAPH)
    if _ASSET_OUTSIDE.search(data):
        found.add("AK8006", Severity.HIGH, part, "a file beside the graph whose name leads out of its folder", loading.READS)
    if _TABLE_OF_FILE.search(data) and _PATH_OF_SYSTEM.search(data):
        found.add("AK8006", Severity.HIGH, part, "a table that is filled from a file of the system", loading.READS)
    if _DESCRIBED_BY_FILE.search(data):
        found.add("AK8012", Severity.HIGH, part, "an operation that reads the form of its data from a file", loading.GRAPH)


def _find_node(before: bytes) -> str:
    """The name of a node: field 1, which ends where field 2 begins; "" where it does not stand there."""
    for size in range(1, min(len(before) - 1, 127)):
        start = len(before) - size
        if before[start - 2] == 0x0A and before[start - 1] == size:
            return before[start:].decode("utf-8", "replace")
    return ""


def names_operations(head: bytes) -> bool:
    """Whether bytes hold an operation that reaches outside, as a graph does that is cut down to it."""
    return _pattern().search(head) is not None


def judge_node_text(found: Collector, node: object, where: str) -> None:
    """Nodes as text of a protocol buffer or JSON: those of a TensorFlowOpLayer, of a ``.pbtxt``, of a graph for a browser."""
    text = node if isinstance(node, str) else json.dumps(node) if isinstance(node, dict) else ""
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16) if found[1] else int(found[2], 8) & 0xFF), text)
    for name, times in Counter(_OPERATION.findall(text)).items():
        judge_operation(found, name, where, times)
