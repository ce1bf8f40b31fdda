"""Building blocks of shims: native layers and operations, and shims that need the shapes and masks which reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..document.build import Builder
from ..document.model import Config, Deferred, Layer, Ref
from ..errors import AnyKerasError
from ..recovery.code_sites import CodeSite
from ..recovery.code_sites.base import Lifter
from ..recovery.functions import Entry, FunctionContext, Operand, Refused, resolve
from ..recovery.graph_ops import GraphOps
from ..recovery.lift import Lifted, write_submodel
from ..recovery.refusals import locate
from ..tensors import Array, Tensor

_LETTERS = "abcdefgh"


def as_activation(layer: Layer, function: Layer) -> Layer:
    """An Activation named as `layer` that computes the model `function`: unlike a model, it hands masks on."""
    config: Config = {"activation": function, "trainable": layer.config.get("trainable") is not False}
    return Layer("Activation", layer.name, config, address=layer.address)


def mask_of(sub: Builder, x: Ref) -> Ref:
    """The mask that `x` (batch, time, features) carries as 0 and 1 (batch, time, 1); ones where it carries none.

    ``Attention`` multiplies its outcome by the mask of its query (keras/src/layers/attention/attention.py 3.15.1), and
    with a single one for the values its outcome is that mask.
    """
    ones = sub.layer("Rescaling", {"scale": 0.0, "offset": 1.0}, x)
    single = sub.op("max", ones, axis=1, keepdims=True)
    return sub.op("max", sub.layer("Attention", {}, (ones, single)), axis=-1, keepdims=True)


def with_mask(sub: Builder, y: Ref, mask: Ref) -> Ref:
    """`y` (batch, time, features) with a mask, from 0 and 1 (batch, time, 1)."""
    inner = Builder(f"{sub.name}_masked", sub.address)
    same = inner.finish(inner.layer("Activation", {"activation": "linear"}, inner.input()))
    return sub.add(same, y, mask=sub.op("not_equal", sub.op("squeeze", mask, axis=-1), 0))


def add_trained_vector(sub: Builder, x: Ref, rank: int, tensor: Tensor, name: str) -> Ref:
    """A trained vector, once for every sample of `x` (of this rank): (batch, its size).

    It is the kernel of a Dense layer without bias, called on a one.
    """
    one = sub.op("expand_dims", sub.op("max", sub.op("ones_like", x), axis=tuple(range(1, rank))), -1)
    config: Config = {"units": tensor.size, "use_bias": False}
    return sub.layer("Dense", config, one, weights={"kernel": tensor.reshape(1, tensor.size)}, name=name)


def scale_axis(ops: GraphOps, x: Operand, axis: int, gamma: Array, beta: Array | None = None) -> Operand:
    """`x` times `gamma`, plus `beta`, both along `axis`: an EinsumDense without a sum.

    Args:
        ops: the graph.
        x: a tensor with `gamma.size` entries along `axis`.
        axis: from 0, or from the end where negative.
        gamma: shape (channels,).
        beta: shape (channels,), or None.
    """
    rank = ops.rank(x)
    axis %= rank
    size = ops.shape(x)[axis]
    if gamma.ndim != 1 or size != gamma.size:
        raise Refused(f"a weight of shape {gamma.shape} is applied along an axis of {size}")
    letters = _LETTERS[:rank]
    sizes = tuple(size if i == axis else None for i in range(1, rank))
    config: dict[str, Operand] = {"equation": f"{letters},{letters[axis]}->{letters}", "output_shape": sizes}
    weights = {"kernel": gamma}
    if beta is not None:
        config["bias_axes"] = letters[axis]
        weights["bias"] = beta.reshape(-1, *[1] * (rank - axis - 1))
    # EinsumDense says sizes or leaves them open for good; the sum with zeros has those of whatever it is called on
    return ops.add(ops.layer("EinsumDense", config, x, weights=weights), ops.zeros_like(x))


# Shims that need what reaches them: they take place with the code of the file, where shapes and masks are known.


Body = Callable[[GraphOps, Operand, Layer], Operand]
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
        try:
            ops = GraphOps.for_layer(layer, site.context)
            return write_submodel(layer, site.args[0], ops, lambda ops, symbols: body(ops, symbols, layer))
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
