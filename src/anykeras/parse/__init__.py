"""From everything in the box to a typed document in the writer's own vocabulary."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from . import era
    from .parsing import architecture, describe_known_model, parse
else:
    __getattr__ = load_lazily(__name__, {"": "era", "parsing": "architecture describe_known_model parse"})

__all__ = ["architecture", "describe_known_model", "era", "parse"]
