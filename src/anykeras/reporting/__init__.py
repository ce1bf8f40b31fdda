"""What a verb gives, in the form that every program around it reads: text, JSON, GitHub annotations, SARIF, JUnit.

A verb adds one :class:`Result` a file to a :class:`Run`; what it found are :class:`Notice` objects, each with a code, a
severity and a place. The formats know these three and nothing of models.
"""

from .formats import FORMATS, write_run
from .notices import Notice, Severity, notice_of_error, notice_of_finding
from .results import Result, Run, Status
from .settings import Settings, find_settings, read_settings

__all__ = [
    "FORMATS",
    "Notice",
    "Result",
    "Run",
    "Settings",
    "Severity",
    "Status",
    "find_settings",
    "notice_of_error",
    "notice_of_finding",
    "read_settings",
    "write_run",
]
