"""From everything in the box to a typed document in the writer's own vocabulary."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from . import era
    from .parsing import describe_known_model, parse, parse_architecture
else:
    __getattr__ = load_lazily(__name__, {"": "era", "parsing": "parse_architecture describe_known_model parse"})

__all__ = ["describe_known_model", "era", "parse", "parse_architecture"]
