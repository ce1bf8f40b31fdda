"""Shims that need the shapes that reach them: they are settled with the code of the file, where shapes are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..document.model import STANDING, Layer
from ..errors import AnyKerasError
from ..recovery.code_sites import CodeSite
from ..recovery.code_sites.base import code_site_where
from ..recovery.functions import Entry, FunctionContext, Refused, resolve
from ..recovery.graph_ops import GraphOps
from ..recovery.lift import Lifted, submodel
from ..recovery.refusals import told

Body = Callable[[GraphOps, Any, Layer], Any]
"""Writes the operations: it is given the graph, the symbol (or list of symbols) called on, and the layer of the file."""

_bodies: dict[str, Body] = {}


def later(layer: Layer, body: Body) -> Layer:
    """The layer with a mark, for `body` to be written in its place once it is known what reaches it."""
    name = f"{body.__module__}.{body.__qualname__}"
    _bodies[name] = body
    return replace(layer, module=STANDING, registered_name=name)


def old(context: FunctionContext, name: str) -> Entry:
    """A function of an old library under its full dotted name, as the writer of the file had it.

    Raises:
        Refused: the writer's stack has no such function.
    """
    entry = resolve(name, context)
    if entry is None:
        raise Refused(f"the writer's stack has no {name}")
    return entry


@code_site_where(lambda layer: layer.module == STANDING and layer.registered_name in _bodies)
def standing(layer: Layer, site: CodeSite) -> Lifted:
    """The submodel that the body of the shim writes."""
    given = list(site.args[0]) if isinstance(site.args[0], tuple) else site.args[0]
    body = _bodies[layer.registered_name or ""]
    try:
        return submodel(layer, given, site.context, lambda ops, inputs: body(ops, inputs, layer))
    except AnyKerasError as error:
        raise told(error, layer.name) from None
