"""Independent witnesses that a conversion is right."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .converted import check_converted
    from .documents import verify_documents
    from .recovered import check_recovered
    from .report import Check, EvidenceKind, Report, Verdict
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "converted": "check_converted",
            "documents": "verify_documents",
            "recovered": "check_recovered",
            "report": "Check EvidenceKind Report Verdict",
        },
    )

__all__ = ["Check", "EvidenceKind", "Report", "Verdict", "check_converted", "check_recovered", "verify_documents"]
