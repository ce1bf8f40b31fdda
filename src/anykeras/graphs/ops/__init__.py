"""What each op of TensorFlow means, one row or one small function an op, over the functions that recovery has."""

from __future__ import annotations

from ...registry import load_all
from .base import OPS, NodeCall

load_all(__name__)
FLOW = (
    "Const", "Placeholder", "PlaceholderV2", "VarHandleOp", "VariableV2", "Variable", "Switch", "Merge", "Enter", "RefEnter",
    "Exit", "RefExit", "NextIteration", "RefNextIteration", "If", "StatelessIf", "Case", "StatelessCase", "While",
    "StatelessWhile", "PartitionedCall", "StatefulPartitionedCall",
)  # fmt: skip
"""Ops that the engine evaluates itself."""

__all__ = ["FLOW", "OPS", "NodeCall", "list_supported"]


def list_supported() -> frozenset[str]:
    """Every op that is translated."""
    return frozenset((*OPS, *FLOW))
