"""A model file as one page to look at: the model drawn, its layers and code, what was found, what was done to each layer."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .drawing import list_graph
    from .page import report, write_page
else:
    __getattr__ = load_lazily(__name__, {"drawing": "list_graph", "page": "report write_page"})

__all__ = ["list_graph", "report", "write_page"]
