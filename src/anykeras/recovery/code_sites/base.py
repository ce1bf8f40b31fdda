"""What a lifter is: it turns one layer that holds code into native operations, given the shapes that reach it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...catalog.shapes import Argument
from ...document.model import Deferred, FromUser, Layer
from ...errors import Bug
from ...registry import Registry
from ..functions import FunctionContext
from ..lift import CustomObjects, Lifted


@dataclass(frozen=True)
class CodeSite:
    """One call of a layer: its arguments with specs where tensors stand, who wrote it, and the custom objects.

    `masked` says which of the tensors carry a mask; `mask_consumed` whether any layer of the model uses masks; `trace`
    lifts a layer whose class is the user's.
    """

    args: Sequence[Argument]
    kwargs: Mapping[str, Argument]
    context: FunctionContext
    custom_objects: CustomObjects
    masked: tuple[bool, ...] = ()
    mask_consumed: bool = False
    trace: Lifter | None = None


Lifter = Callable[[Layer, CodeSite], Lifted]
Test = Callable[[Layer], bool]
_by_class: Registry[str, Lifter] = Registry("lifter of the class")
_by_test: list[tuple[Test, Lifter]] = []


def code_site(*class_names: str) -> Callable[[Lifter], Lifter]:
    """Enter a lifter for classes that are nothing but code."""
    return _by_class.register(*class_names)


def code_site_where(test: Test) -> Callable[[Lifter], Lifter]:
    """Enter a lifter for layers of any class that pass a test."""

    def enter(lift: Lifter) -> Lifter:
        _by_test.append((test, lift))
        return lift

    return enter


def trace_custom_class(layer: Layer, site: CodeSite) -> Lifted:
    """A layer whose class comes from ``custom_objects``. Raises Bug where nothing traces such classes."""
    if site.trace is None:
        raise Bug("AK6009", f"nothing traces the class {layer.class_name!r}", layer=layer.name)
    return site.trace(layer, site)


def find_lifter(layer: Layer) -> Lifter | None:
    """The lifter of a layer, or None where it holds no code."""
    if layer.operation or layer.graph is not None:
        return None
    if isinstance(layer.origin, FromUser):
        return trace_custom_class
    if isinstance(layer.origin, Deferred):
        return layer.origin.make
    found = _by_class.get(layer.class_name)
    if found is not None:
        return found
    return next((lift for test, lift in _by_test if test(layer)), None)
