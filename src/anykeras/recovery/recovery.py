"""A document without the code that came with it. What follows code is loaded only where there is some."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..document.model import Document
from ..document.walk import layers_of
from ..findings import Finding
from .code_sites import holds_code
from .past import replace_initializers

if TYPE_CHECKING:
    from .code_sites import Lifter
    from .lift import CustomObjects, Recovered


@dataclass(frozen=True)
class Recovery:
    """The outcome: a document without code, what was found, and the code as it was understood."""

    document: Document
    findings: tuple[Finding, ...] = ()
    code: tuple[Recovered, ...] = ()


def recover(document: Document, custom_objects: CustomObjects | None = None, trace: Lifter | None = None) -> Recovery:
    """The document with native operations for every function found in it, and what was found.

    Args:
        document: in the vocabulary of Keras 3.
        custom_objects: functions and constants by name, for what the code uses and the file does not hold.
        trace: lifts the layers whose class comes from custom_objects.

    Raises:
        MissingObject: the code needs a name that is neither in the file nor given.
        Unsupported: the code cannot be followed, or has no counterpart; the error shows it.
    """
    model, findings = replace_initializers(document.model)
    if not any(map(holds_code, layers_of(model))):
        return Recovery(replace(document, model=model), tuple(findings))
    from .passes import recover_code

    model, more, code = recover_code(model, document.writer, custom_objects or {}, trace)
    return Recovery(replace(document, model=model), (*findings, *more), code)
