"""Independent witnesses that a conversion is right."""

from . import pages
from .numeric import compare, generated, predict, recorded, stock
from .recovered import witnessed
from .report import Check, Evidence, Report
from .reread import reread

__all__ = [
    "Check", "Evidence", "Report", "compare", "generated", "pages", "predict", "recorded", "reread", "stock",
    "witnessed",
]  # fmt: skip
