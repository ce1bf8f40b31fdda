"""What a shim is, and how it is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..document.model import Layer
from ..findings import Fidelity, Finding
from ..migrations import RuleContext
from ..pages import find_page
from ..registry import Registry

Change = Callable[[Layer, RuleContext], Layer | None]


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
    *,
    classes: Sequence[str],
    package: str,
    checked: str = "",
    difference: str = "",
) -> Callable[[Change], Change]:
    """Register the decorated function as a shim. Its page is titled "classes -> layers in their place".

    Raises:
        ValueError: the code has no page, or the package has a shim for one of these classes already.
    """
    page = find_page(code)
    if page is None:
        raise ValueError(f"the shim {code} has no page")
    title, fidelity = page.title.partition(" -> ")[2], page.fidelity or Fidelity.EQUIVALENT

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
