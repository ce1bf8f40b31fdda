"""What a shim is, and how it is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..document.model import Layer
from ..findings import Affects, Fidelity, Finding
from ..migrations import RuleContext
from ..registry import Page, Registry, document

Change = Callable[[Layer, RuleContext], Layer | None]
_NAMED = 3  # classes that the title of a page names


@dataclass(frozen=True)
class Shim:
    """One class of a package in native layers.

    `classes` are the names under which it is saved. `package` names what it is taken for and the versions looked at,
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


_shims: Registry[tuple[str, str], Shim] = Registry("shim")
"""By class name and package."""


def register_shim(
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
    """Register the decorated function as a shim, and its page. What a lossy shim loses concerns training only.

    Raises:
        ValueError: the package has a shim for one of these classes already.
    """
    more = ", ..." if len(classes) > _NAMED else ""
    document(
        Page(
            code,
            f"{', '.join(classes[:_NAMED])}{more} -> {title}",
            what,
            "The class is neither in the file nor in Keras 3, and many files have it.",
            "Native layers replace it. Your custom_objects take precedence.",
            fidelity=fidelity,
            affects=Affects.TRAINING if fidelity is Fidelity.LOSSY else None,
            versions=package,
            references=tuple(references),
            shim=True,
        )
    )

    def register(change: Change) -> Change:
        shim = Shim(code, title, tuple(classes), package, change, fidelity, checked, difference)
        for class_name in shim.classes:
            _shims.add((class_name, package), shim)
        return change

    return register


def shims() -> list[Shim]:
    """All shims, by code."""
    return sorted({shim.code: shim for shim in _shims.values()}.values(), key=lambda shim: shim.code)


def apply_shim(layer: Layer, context: RuleContext) -> Layer | None:
    """What replaces a layer of an unresolved class, None where no shim knows it. Records the finding."""
    class_name = layer.bare_class_name
    for known in shims():
        if class_name not in known.classes:
            continue
        replacement = known.change(layer, context)
        if replacement is None:
            continue
        seen = f"{class_name} is not in custom_objects; its arguments and weights are those of {known.package}"
        context.findings.append(Finding(known.code, layer.address or layer.name, seen, known.title, known.fidelity))
        return replace(replacement, address=layer.address)
    return None
