"""AnyKeras opens any Keras model file ever saved, in today's Keras 3, with the outputs it had when it was saved.

The verbs and values below are loaded when they are first used, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import limits
from .errors import AnyKerasError
from .findings import Affects, Fidelity, Finding
from .warning import AnyKerasWarning

if TYPE_CHECKING:
    from .api import convert, explain, inspect, load_model, load_weights, match, open, stub, transfer, verify
    from .auditing import Audit, audit
    from .checking import Outlook, check
    from .html_report import report
    from .keeping import save_model
    from .matching import WeightsReport
    from .opened import Converted, Inspection, Opened
    from .scanning import Scan, scan
    from .verification import Report
    from .weights_only import WeightsInspection

__version__ = "0.1.0"
__all__ = [
    "Affects",
    "AnyKerasError",
    "AnyKerasWarning",
    "Audit",
    "Converted",
    "Fidelity",
    "Finding",
    "Inspection",
    "Opened",
    "Outlook",
    "Report",
    "Scan",
    "WeightsInspection",
    "WeightsReport",
    "__version__",
    "audit",
    "check",
    "convert",
    "explain",
    "inspect",
    "limits",
    "load_model",
    "load_weights",
    "match",
    "open",
    "report",
    "save_model",
    "scan",
    "stub",
    "transfer",
    "verify",
]
_LATER = {
    **dict.fromkeys(
        ("convert", "explain", "inspect", "load_model", "load_weights", "match", "open", "stub", "transfer", "verify"), "api"
    ),
    **dict.fromkeys(("Converted", "Inspection", "Opened"), "opened"),
    **dict.fromkeys(("Audit", "audit"), "auditing"),
    **dict.fromkeys(("Scan", "scan"), "scanning"),
    "report": "html_report",
    **dict.fromkeys(("Outlook", "check"), "checking"),
    "save_model": "keeping",
    "Report": "verification",
    "WeightsInspection": "weights_only",
    "WeightsReport": "matching",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
