"""Errors of Keras, TensorFlow, h5py and Python about model files, recognised by their words: ``anykeras explain "..."``.

What is known stands in ``known.toml``, a cause a table; the engine knows no message. A traceback is read from its end: the
last error that is known decides. What is not known is said to be so, with the three causes whose words are nearest.
"""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .causes import Cause, load_causes
    from .checking import check_file
    from .explanation import LONGEST, Explanation, FileCheck, explain_message
else:
    __getattr__ = load_lazily(
        __name__,
        {
            "causes": "Cause load_causes",
            "checking": "check_file",
            "explanation": "LONGEST Explanation FileCheck explain_message",
        },
    )

__all__ = ["LONGEST", "Cause", "Explanation", "FileCheck", "check_file", "explain_message", "load_causes"]
