"""Independent witnesses that a conversion is right."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .backends import verify_backends
    from .converted import check_converted
    from .documents import NamedDocument, verify_documents
    from .inputs import Arrays, generate_inputs, read_outputs, read_recording
    from .numeric import compare_outputs, predict
    from .objects import find_objects
    from .recovered import check_recovered
    from .report import RTOL, Check, EvidenceKind, OutputDifference, Report, Verdict
    from .routes import ByGraph
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "backends": "verify_backends",
            "converted": "check_converted",
            "documents": "NamedDocument verify_documents",
            "inputs": "Arrays generate_inputs read_outputs read_recording",
            "numeric": "compare_outputs predict",
            "objects": "find_objects",
            "recovered": "check_recovered",
            "report": "RTOL Check EvidenceKind OutputDifference Report Verdict",
            "routes": "ByGraph",
        },
    )

__all__ = [
    "RTOL",
    "Arrays",
    "ByGraph",
    "Check",
    "EvidenceKind",
    "NamedDocument",
    "OutputDifference",
    "Report",
    "Verdict",
    "check_converted",
    "check_recovered",
    "compare_outputs",
    "find_objects",
    "generate_inputs",
    "predict",
    "read_outputs",
    "read_recording",
    "verify_backends",
    "verify_documents",
]
