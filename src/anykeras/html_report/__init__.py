"""A model file as one page to look at: the model drawn, its layers and code, what was found, what was done to each layer."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .drawing import list_graph
    from .index import write_index
    from .page import SUFFIX, report, write_page
else:
    __getattr__ = load_lazily(__name__, {"drawing": "list_graph", "index": "write_index", "page": "SUFFIX report write_page"})

__all__ = ["SUFFIX", "list_graph", "report", "write_index", "write_page"]
