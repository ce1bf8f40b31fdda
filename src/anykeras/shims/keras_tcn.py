"""TCN of keras-tcn: stacks of dilated convolutions with residuals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..document.build import Builder
from ..document.model import Config, Ellipsis_, Layer, Ref, Slice, Value
from ..migrations import RuleContext
from ..recovery.code_sites import CodeSite
from ..tensors import Tensor
from .base import SHARED, combine_direction_and_length, register_shim, strip_number
from .blocks import defer, in_layers, input_steps

_KEYS = frozenset({"nb_filters", "kernel_size", "nb_stacks", "dilations", "padding", "use_skip_connections"}) | {
    *("dropout_rate", "return_sequences", "activation", "use_batch_norm", "kernel_initializer")
}
_LATER = frozenset({"use_layer_norm", "use_weight_norm", "go_backwards", "return_state"})
_CONV, _BATCH, _LAYER = ("kernel", "bias"), ("gamma", "beta", "moving_mean", "moving_variance"), ("gamma", "beta")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _TcnForm:
    """How a range of versions builds the layer.

    `main`: a convolution before the blocks, and one beside each of them. `through`: the activation is used inside the
    blocks too, and on what they skip with; else ReLU is used inside.
    """

    main: bool
    through: bool


_FIRST, _SECOND, _THIRD = _TcnForm(True, False), _TcnForm(False, False), _TcnForm(False, True)  # 2.9 to 3.0; 3.1; since 3.2


@register_shim("AK5080", classes=("TCN",))
def tcn(layer: Layer, context: RuleContext) -> Layer | None:
    """The weights lie in the order in which the versions build them, each kind by itself."""
    keys = layer.config.keys() - SHARED
    if not _KEYS <= keys <= _KEYS | _LATER or not _is_initialized(layer):
        return None
    return defer(layer, _make_tcn) if _find_form(layer) is not None else None


def _is_initialized(layer: Layer) -> bool:
    """Whether all the lengths that weight normalisation keeps have been set (at the first call)."""
    return all(tensor.read().all() for role, tensor in layer.weights.items() if strip_number(role) == "initialized")


@in_layers
def _make_tcn(layer: Layer, site: CodeSite) -> Layer:
    form = _find_form(layer)
    assert form is not None  # the shim replaces no other layer
    return _TcnLayers(layer, form).model(input_steps(site))


def _find_form(layer: Layer) -> _TcnForm | None:
    """The form whose convolutions have the shapes of the weights."""
    found = [tensor.shape for role, tensor in layer.weights.items() if strip_number(role) == "kernel"]
    later = {"use_weight_norm", "go_backwards"} & layer.config.keys()
    forms = [
        form
        for form in ((_THIRD,) if later else (_FIRST, _SECOND))
        if _starts_with(found, list(_kernel_shapes(layer, form, found)))
    ]
    return forms[0] if len(forms) == 1 else None


def _starts_with(found: list[Shape], wanted: list[Shape]) -> bool:
    """Whether these are the shapes; under weight normalisation those of its copies come last."""
    return found[: len(wanted)] == wanted and all(shape in wanted for shape in found[len(wanted) :])


def _blocks(layer: Layer) -> list[tuple[int, int]]:
    """The dilation and the number of filters of every block."""
    dilations, filters = layer.config["dilations"], layer.config["nb_filters"]
    rates = [int(str(rate)) for rate in dilations] if isinstance(dilations, tuple) else []
    sizes = [int(str(size)) for size in filters] if isinstance(filters, tuple) else [int(str(filters))] * len(rates)
    return list(zip(rates, sizes, strict=False)) * int(str(layer.config["nb_stacks"]))


def _kernel_shapes(layer: Layer, form: _TcnForm, found: list[Shape]) -> Iterator[Shape]:
    size, steps = found[0][1] if found else 0, int(str(layer.config["kernel_size"]))
    blocks = _blocks(layer)
    if form.main:
        yield (1, size, blocks[0][1])
        size = blocks[0][1]
    for number, (_, filters) in enumerate(blocks):
        yield (steps, size, filters)
        yield (steps, filters, filters)
        if _match(layer, form, size, filters, number == len(blocks) - 1):
            yield (1, size, filters)
        size = filters


def _match(layer: Layer, form: _TcnForm, size: int, filters: int, last: bool) -> bool:
    """Whether there is a convolution beside a block."""
    if form.main:
        return not (last and layer.config["use_skip_connections"])
    return size != filters


class _TcnLayers:
    """The layers of one TCN; weights are taken in the order of the file, each kind by itself."""

    def __init__(self, layer: Layer, form: _TcnForm) -> None:
        self.layer, self.form, self.config = layer, form, layer.config
        self.sub = Builder(layer.name, layer.address)
        self._waiting: dict[str, list[Tensor]] = {}
        for role, tensor in layer.weights.items():
            self._waiting.setdefault(strip_number(role), []).append(tensor)

    def model(self, steps: int | None) -> Layer:
        """The whole; `steps` is the length of the input where it is known."""
        x = self.sub.input()
        if self.config.get("go_backwards"):
            x = self.sub.op("flip", x, axis=1)
        blocks, size = _blocks(self.layer), self._waiting["kernel"][0].shape[1]
        if self.form.main:
            x, size = self._conv(x, "main"), blocks[0][1]
        skips = []
        for number, (rate, filters) in enumerate(blocks):
            matched = _match(self.layer, self.form, size, filters, number == len(blocks) - 1)
            x, skip = self._block(x, f"block_{number}", rate, matched)
            skips.append(skip)
            size = filters
        if self.config["use_skip_connections"]:
            x = self.sub.layer("Add", {}, tuple(skips)) if len(skips) > 1 else skips[0]
        if not self.config["return_sequences"]:
            x = self._one(x, steps)
        return self.sub.finish(x, self.config.get("trainable") is not False)

    def _block(self, x: Ref, name: str, rate: int, matched: bool) -> tuple[Ref, Ref]:
        """The outcome of a block, and what it skips with."""
        inner: Value = self.config["activation"] if self.form.through else "relu"
        out = x
        for number in range(2):
            out = self._conv(out, f"{name}_conv_{number}", rate)
            out = self._normalize(out, f"{name}_norm_{number}")
            out = self.sub.layer("Activation", {"activation": inner}, out)
            out = self.sub.layer("SpatialDropout1D", {"rate": self.config["dropout_rate"]}, out)
        beside = self._conv(x, f"{name}_matching") if matched else x
        if self.form.through:
            out = self.sub.layer("Activation", {"activation": inner}, out)
        total = self.sub.layer("Add", {}, (beside, out))
        return self.sub.layer("Activation", {"activation": self.config["activation"]}, total), out

    def _conv(self, x: Ref, name: str, rate: int = 0) -> Ref:
        """A convolution inside a block, or (without a rate) one of a single step."""
        weights = self._take(_CONV)
        if rate and self.config.get("use_weight_norm"):
            weights["kernel"] = combine_direction_and_length(weights["kernel"], self._waiting["g"].pop(0))
        config: Config = {
            "filters": weights["kernel"].shape[-1],
            "kernel_size": (weights["kernel"].shape[0],),
            "dilation_rate": (rate or 1,),
            "padding": self.config["padding"] if rate else "same",
        }
        return self.sub.layer("Conv1D", config, x, weights=weights, name=f"{self.layer.name}_{name}")

    def _normalize(self, x: Ref, name: str) -> Ref:
        if self.config["use_batch_norm"]:
            return self.sub.layer("BatchNormalization", {}, x, weights=self._take(_BATCH), name=f"{self.layer.name}_{name}")
        if self.config.get("use_layer_norm"):
            return self.sub.layer("LayerNormalization", {}, x, weights=self._take(_LAYER), name=f"{self.layer.name}_{name}")
        return x

    def _take(self, roles: tuple[str, ...]) -> dict[str, Tensor]:
        return {role: self._waiting[role].pop(0) for role in roles}

    def _one(self, x: Ref, steps: int | None) -> Ref:
        """The last step, or that in the middle where the padding is on both sides (since 2.9.3)."""
        if self.config["padding"] != "same" or "use_layer_norm" not in self.config:
            return self.sub.op("get_item", x, (Slice(), -1, Ellipsis_()))
        if steps is not None:
            return self.sub.op("get_item", x, (Slice(), steps // 2, Ellipsis_()))
        ones = self.sub.op("ones_like", self.sub.op("get_item", x, (Ellipsis_(), Slice(0, 1))))
        middle = self.sub.op("floor", self.sub.op("multiply", self.sub.op("sum", ones, axis=1, keepdims=True), 0.5))
        places = self.sub.op("subtract", self.sub.op("cumsum", ones, axis=1), 1.0)
        here = self.sub.op("cast", self.sub.op("equal", places, middle), "float32")
        return self.sub.op("sum", self.sub.op("multiply", x, here), axis=1)
