"""Shims that need what reaches them: they take place with the code of the file, where shapes and masks are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..document.model import Deferred, Layer
from ..errors import AnyKerasError
from ..recovery.code_sites import CodeSite
from ..recovery.code_sites.base import Lifter
from ..recovery.functions import Entry, FunctionContext, Refused, resolve
from ..recovery.graph_ops import GraphOps
from ..recovery.lift import Lifted, submodel
from ..recovery.refusals import locate

Body = Callable[[GraphOps, Any, Layer], Any]
"""Writes operations, from the graph, the symbol (or list of symbols) called on, and the layer of the file."""


def defer(layer: Layer, make: Lifter) -> Layer:
    """The layer, to be replaced by what `make` gives as soon as it is known what reaches it."""
    return replace(layer, origin=Deferred(make))


def in_layers(make: Callable[[Layer, CodeSite], Layer]) -> Lifter:
    """The lifter whose layer or submodel the decorated function gives for the shapes and masks of its inputs."""

    @wraps(make)
    def lift(layer: Layer, site: CodeSite) -> Lifted:
        try:
            result = make(layer, site)
        except AnyKerasError as error:
            raise locate(error, layer.name) from None
        return Lifted(result, Inference().call(result, site.args, {}))

    return lift


def in_operations(body: Body) -> Lifter:
    """The lifter whose submodel the decorated function writes, operation by operation."""

    @wraps(body)
    def lift(layer: Layer, site: CodeSite) -> Lifted:
        inputs = list(site.args[0]) if isinstance(site.args[0], tuple) else site.args[0]
        try:
            return submodel(layer, inputs, site.context, lambda ops, symbols: body(ops, symbols, layer))
        except AnyKerasError as error:
            raise locate(error, layer.name) from None

    return lift


def input_rank(site: CodeSite) -> int:
    """The number of axes of the input, that of the batch with them. Raises Refused."""
    return len(input_shape(site))


def input_steps(site: CodeSite) -> int | None:
    """The number of steps of an input (batch, time, ...), None where it is open. Raises Refused."""
    return input_shape(site)[1]


def input_shape(site: CodeSite) -> tuple[int | None, ...]:
    """The sizes of the input, that of the batch first, None where open. Raises Refused."""
    spec = site.args[0]
    if not isinstance(spec, Spec) or spec.shape is None:
        raise Refused("the shape of its input could not be found", "AK3043")
    return tuple(spec.shape)


def legacy_function(context: FunctionContext, name: str) -> Entry:
    """A function of an old library under its full dotted name, as the writer of the file had it.

    Raises:
        Refused: the writer's stack has no such function.
    """
    entry = resolve(name, context)
    if entry is None:
        raise Refused(f"the writer's stack has no {name}")
    return entry
