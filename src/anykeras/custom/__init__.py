"""Names that a file uses and does not define: custom_objects, what is missing, what can be done without."""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .custom_objects import CustomObjects, CustomObjectsSource, load_custom_objects
    from .preparation import Preparation, find_namesakes, prepare
    from .skeleton import write_stub
    from .trace import list_objects_for_code
    from .tracer import Tracer
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "custom_objects": "CustomObjects CustomObjectsSource load_custom_objects",
            "trace": "list_objects_for_code",
            "preparation": "Preparation find_namesakes prepare",
            "skeleton": "write_stub",
            "tracer": "Tracer",
        },
    )

__all__ = [
    "CustomObjects",
    "CustomObjectsSource",
    "Preparation",
    "Tracer",
    "find_namesakes",
    "list_objects_for_code",
    "load_custom_objects",
    "prepare",
    "write_stub",
]
