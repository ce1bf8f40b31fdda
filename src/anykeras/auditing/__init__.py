"""What a file would do if Keras loaded it, found without loading it: ``anykeras.audit``.

Nothing of the file is imported, called, unpickled, unpacked or fetched. Unlike the readers, which refuse a file at the first
thing that is wrong, an audit goes on, since one bad part must not hide the rest.
"""

from typing import TYPE_CHECKING

from ..lazily import load_lazily

if TYPE_CHECKING:
    from .examine import audit
    from .risks import Audit, Loading, Risk, Severity
else:
    __getattr__ = load_lazily(__name__, {"examine": "audit", "risks": "Audit Loading Risk Severity"})

__all__ = ["Audit", "Loading", "Risk", "Severity", "audit"]
