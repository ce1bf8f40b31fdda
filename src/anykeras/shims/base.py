"""What a shim is, and how it is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..document.model import Layer
from ..findings import Affects, Fidelity, Finding
from ..migrations import Context
from ..registry import Page, document

Change = Callable[[Layer, Context], Layer | None]


@dataclass(frozen=True)
class Shim:
    """One class of a package in native layers.

    `classes` are the names under which it is saved. `package` names what it stands for and the versions looked at,
    `change` gives the layer or submodel in its place, or None where the configuration is not that package's.
    `checked` says against what it was compared, `difference` the largest difference then.
    """

    code: str
    title: str
    classes: tuple[str, ...]
    package: str
    change: Change
    fidelity: Fidelity = Fidelity.EQUIVALENT
    checked: str = ""
    difference: str = ""


_shims: list[Shim] = []


def stands_for(
    code: str,
    title: str,
    *,
    classes: Sequence[str],
    package: str,
    what: str,
    fidelity: Fidelity = Fidelity.EQUIVALENT,
    checked: str = "",
    difference: str = "",
    references: Sequence[str] = (),
) -> Callable[[Change], Change]:
    """Register the decorated function as a shim, and its page. What a lossy shim loses concerns training only."""
    document(
        Page(
            code, title, what, "The class is not in the file and not in Keras 3, and many files have it.",
            "Native layers take its place. A class of this name given through custom_objects goes first.",
            fidelity=fidelity, versions=package, references=tuple(references),
            affects=Affects.TRAINING if fidelity is Fidelity.LOSSY else None, shim=True,
        )
    )  # fmt: skip

    def register(change: Change) -> Change:
        _shims.append(Shim(code, title, tuple(classes), package, change, fidelity, checked, difference))
        return change

    return register


def shims() -> list[Shim]:
    """All shims, by code."""
    return sorted(_shims, key=lambda shim: shim.code)


def shim(layer: Layer, context: Context) -> Layer | None:
    """What stands for a layer of an unknown class, None where no shim knows it. Records the finding."""
    class_name = layer.bare_class_name
    for known in shims():
        if class_name not in known.classes:
            continue
        made = known.change(layer, context)
        if made is None:
            continue
        seen = f"{class_name} was not given; it looks like that of {known.package}"
        context.findings.append(Finding(known.code, layer.address or layer.name, seen, known.title, known.fidelity))
        return replace(made, address=layer.address)
    return None
