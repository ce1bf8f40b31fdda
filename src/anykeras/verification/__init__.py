"""Independent witnesses that a conversion is right."""

from .converted import check_converted
from .documents import verify_documents
from .recovered import check_recovered
from .report import Check, EvidenceKind, Report, Verdict

__all__ = ["Check", "EvidenceKind", "Report", "Verdict", "check_converted", "check_recovered", "verify_documents"]
