"""``anykeras.audit``: one file or folder, whatever it is."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .. import limits
from ..containers.remote import is_url, open_any, open_box
from ..containers.table import sniff
from ..errors import AnyKerasError, MissingFile
from . import loading
from .examine import examine, examine_box, examine_folder
from .risks import Audit, Collector, Severity

Path = str | os.PathLike[str]


def audit(path: Path, *, trust: Sequence[str] = ()) -> Audit:
    """What a file or folder would do if Keras loaded it, with safe mode, without, and in old versions.

    Args:
        path: any file, or the folder of a model.
        trust: patterns of classes and functions that are yours, ``"mypackage.layers.*"``; they are not reported.

    Raises:
        MissingFile: there is no such file.
        NotAModel: the path is not a regular file or a folder that can be read.
    """
    name = os.fsdecode(path)
    found = Collector(trust=(trust,) if isinstance(trust, str) else tuple(trust))
    refusal = ""
    with limits.spend(limits.begin_budget()):
        try:
            sniff(name)
        except MissingFile:
            raise
        except AnyKerasError as error:
            refusal = f"[{error.code}] {error.seen}"
        try:
            if os.path.isdir(name):
                examine_folder(found, name)
            elif is_url(name) and (box := open_box(name)) is not None:
                examine_box(found, name, box)
            else:
                source = open_any(name)
                examine(found, source, os.path.basename(name) or name)
        except AnyKerasError as error:
            if error.code in ("AK1001", "AK1002"):
                raise
            found.add("AK8014", Severity.MEDIUM, name, f"it could not be audited to its end: {error.seen}", loading.UNJUDGED)
    risks = sorted(found.risks, key=lambda risk: -risk.severity.rank)
    return Audit(name, tuple(found.kinds), tuple(risks), found.functions, refusal)
