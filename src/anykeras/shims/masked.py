"""Masks at a shim: layers that hand them on, and a mask as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..catalog.shapes import Spec
from ..catalog.shapes.engine import Inference
from ..document.build import Builder
from ..document.model import STANDING, Config, Layer, Ref
from ..errors import AnyKerasError
from ..recovery.code_sites import CodeSite
from ..recovery.code_sites.base import code_site_where
from ..recovery.functions import Refused
from ..recovery.lift import Lifted
from ..recovery.refusals import told

Make = Callable[[Layer, CodeSite], Layer]
"""Gives what stands for a layer, when the shapes and masks of its inputs are known."""

_makes: dict[str, Make] = {}


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


def once_known(layer: Layer, make: Make) -> Layer:
    """The layer with a mark, for `make` to be asked once it is known what reaches it."""
    name = f"{make.__module__}.{make.__qualname__}"
    _makes[name] = make
    return replace(layer, module=STANDING, registered_name=name)


def rank(site: CodeSite) -> int:
    """The number of axes of the input, that of the batch with them. Raises Refused."""
    return len(shape(site))


def time(site: CodeSite) -> int | None:
    """The number of steps of an input (batch, time, ...), None where it is open. Raises Refused."""
    return shape(site)[1]


def shape(site: CodeSite) -> tuple[int | None, ...]:
    """The sizes of the input, that of the batch first, None where open. Raises Refused."""
    spec = site.args[0]
    if not isinstance(spec, Spec) or spec.shape is None:
        raise Refused("the shape of its input could not be found", "AK3043")
    return tuple(spec.shape)


@code_site_where(lambda layer: layer.module == STANDING and layer.registered_name in _makes)
def _standing(layer: Layer, site: CodeSite) -> Lifted:
    try:
        made = _makes[layer.registered_name or ""](layer, site)
    except AnyKerasError as error:
        raise told(error, layer.name) from None
    return Lifted(made, Inference().call(made, site.args, {}))
