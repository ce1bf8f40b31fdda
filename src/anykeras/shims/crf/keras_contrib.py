"""CRF of keras-contrib, which anago and kashgari took over: decoding, and marginal probabilities."""

from __future__ import annotations

from ...document.build import Builder
from ...document.model import Config, Ellipsis_, Layer, Ref, Slice
from ...migrations import RuleContext
from ...recovery.code_sites import CodeSite
from ...tensors import Tensor, constant
from ..base import register_shim
from ..blocks import mask_of
from ..deferred import defer, in_layers
from ..stored import SHARED, role_arguments
from .scanning import place_identity, scan, take_columns

_KEYS = role_arguments("kernel", "chain", "bias", "boundary") | {
    *("units", "learn_mode", "test_mode", "use_boundary", "use_bias", "sparse_target", "activation", "input_dim", "unroll")
}


@register_shim(
    "AK5072",
    classes=("CRF",),
    package="keras-contrib (as in anago 1.0.8 and kashgari 0.2.6)",
    checked="anago 1.0.8 on Keras 2.2.4, kashgari 0.2.6's copy on Keras 2.2.4 and 2.3.1",
    difference="0 (paths), 7e-07 (marginals)",
)
def crf(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights kernel, chain_kernel, bias, left_boundary, right_boundary."""
    units = layer.config.get("units")
    wanted = {"kernel", "chain_kernel"}
    wanted |= {"bias"} if layer.config.get("use_bias") is True else set()
    wanted |= {"left_boundary", "right_boundary"} if layer.config.get("use_boundary") is True else set()
    if layer.config.keys() - SHARED != _KEYS or layer.weights.keys() != wanted or not isinstance(units, int):
        return None
    if layer.weights["chain_kernel"].shape != (units, units):
        return None
    return defer(layer, _make_crf)


@in_layers
def _make_crf(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(layer.name, layer.address)
    chain = _Chain(layer, sub, any(site.masked[:1]))
    out = chain.marginal() if layer.config.get("test_mode") == "marginal" else chain.path()
    return sub.finish(out, layer.config.get("trainable") is not False)


class _Chain:
    """The energies of one CRF, and the recursions over them."""

    def __init__(self, layer: Layer, sub: Builder, masked: bool) -> None:
        self.layer, self.sub, self.masked = layer, sub, masked
        self.transitions = layer.weights["chain_kernel"]
        self.units = self.transitions.shape[0]
        x = sub.input()
        energy = self._dense(x)
        one = sub.op("ones_like", take_columns(sub, energy, 0, 1))
        self.mask = mask_of(sub, x) if masked else one
        if "left_boundary" in layer.weights:
            energy = self._add_boundaries(energy)
        self.energy = sub.op("multiply", energy, self.mask) if masked else energy

    def _dense(self, x: Ref) -> Ref:
        weights = {role: self.layer.weights[role] for role in ("kernel", "bias") if role in self.layer.weights}
        config: Config = {"units": self.units, "activation": self.layer.config["activation"], "use_bias": "bias" in weights}
        return self.sub.layer("Dense", config, x, weights=weights, name=f"{self.layer.name}_energy")

    def _add_boundaries(self, energy: Ref) -> Ref:
        """Energies of the start where a mask begins, and of the end at the last step.

        With a mask those of the end are added to the step before a mask begins, which is left out (`add_boundary_energy`).
        """
        left, right = self.layer.weights["left_boundary"], self.layer.weights["right_boundary"]
        energy = self._edge(energy, self._shift_later(self.mask), left)
        return energy if self.masked else self._edge(energy, self._shift_earlier(self.mask), right)

    def _edge(self, energy: Ref, neighbours: Ref, more: Tensor) -> Ref:
        here = self.sub.op("cast", self.sub.op("greater", self.mask, neighbours), "float32")
        return self.sub.op("add", energy, self.sub.op("multiply", here, more))

    def _shift_later(self, x: Ref) -> Ref:
        """Every step in the place of the next, zeros first."""
        padded = self.sub.op("pad", x, ((0, 0), (1, 0), (0, 0)))
        return self._steps(padded, None, -1)

    def _shift_earlier(self, x: Ref) -> Ref:
        """Every step in the place of the one before, zeros last."""
        padded = self.sub.op("pad", x, ((0, 0), (0, 1), (0, 0)))
        return self._steps(padded, 1, None)

    def _steps(self, x: Ref, start: int | None, stop: int | None) -> Ref:
        return self.sub.op("get_item", x, (Slice(), Slice(start, stop), Ellipsis_()))

    def _recur(self, energy: Ref, mask: Ref, kind: str) -> Ref:
        """The values of `step` in columns; `kind` is ``path`` or ``sum``."""
        sub, units, size = self.sub, self.units, 2 * self.units
        linked = sub.op("multiply", mask, self._shift_earlier(mask)) if self.masked else mask
        least = kind == "path"
        kernel = place_identity(units + 1, size, units, factor=1.0 if least else -1.0)
        kernel[units, units] = 1.0
        step = _step_least(self.transitions, sub.name) if least else _step_sum(self.transitions, sub.name)
        x = sub.op("concatenate", (energy, linked), axis=-1)
        return scan(sub, x, step, kernel, place_identity(size, size, units), f"{sub.name}_{kind}")

    def path(self) -> Ref:
        """The path of least energy, one-hot: (batch, time, units)."""
        sub, units = self.sub, self.units
        tables = take_columns(sub, self._recur(self.energy, self.mask, "path"), units, 2 * units)
        tables = sub.op("flip", tables, axis=1)
        # The last table is used twice: once for where to begin, at its column 0.
        x = sub.op("concatenate", (self._steps(tables, 0, 1), tables), axis=1)
        size = 2 * units
        found = scan(
            sub,
            x,
            _step_back(units, sub.name),
            place_identity(units, size, units),
            place_identity(size, size, units, 0, units),
            f"{sub.name}_back",
        )
        found = sub.op("flip", take_columns(sub, self._steps(found, 1, None), 0, units), axis=1)
        return sub.op("add", found, _first_tag(units))

    def marginal(self) -> Ref:
        """Probabilities (batch, time, units)."""
        sub, units = self.sub, self.units
        alpha = take_columns(sub, self._recur(self.energy, self.mask, "sum"), 0, units)
        energy, mask = (sub.op("flip", each, axis=1) for each in (self.energy, self.mask))
        beta = take_columns(sub, sub.op("flip", self._recur(energy, mask, "sum"), axis=1), 0, units)
        total = sub.op("add", sub.op("add", self._shift_later(alpha), self.energy), self._shift_earlier(beta))
        return sub.op("softmax", sub.op("negative", total), axis=-1)


def _first_tag(units: int) -> Tensor:
    return constant([1.0, *[0.0] * (units - 1)])


def _energies(sub: Builder, x: Ref, transitions: Tensor) -> tuple[Ref, Ref]:
    """The transitions (batch, from, to) where a step is linked to the next, and its values (batch, from, 1)."""
    units = transitions.shape[0]
    linked = sub.op("expand_dims", take_columns(sub, x, units, units + 1), -1)
    values = sub.op("expand_dims", take_columns(sub, x, 0, units), -1)
    return sub.op("multiply", linked, transitions), values


def _step_least(transitions: Tensor, name: str) -> Layer:
    """Least energies up to a step, and by way of which value each was reached."""
    sub = Builder(f"{name}_least")
    linked, values = _energies(sub, sub.input((2 * transitions.shape[0],)), transitions)
    energy = sub.op("add", linked, values)
    by = sub.op("cast", sub.op("argmin", energy, axis=1), "float32")
    return sub.finish(sub.op("concatenate", (sub.op("min", energy, axis=1), by), axis=-1))


def _step_sum(transitions: Tensor, name: str) -> Layer:
    """Logarithms of the sums over all paths up to a step."""
    sub = Builder(f"{name}_summed")
    linked, values = _energies(sub, sub.input((2 * transitions.shape[0],)), transitions)
    sums = sub.op("logsumexp", sub.op("subtract", values, linked), axis=1)
    return sub.finish(sub.op("concatenate", (sums, sub.op("zeros_like", sums)), axis=-1))


def _step_back(units: int, name: str) -> Layer:
    """One step back: the number that a table has at the place found before.

    The place is kept as one-hot less the first of its columns, so that the zeros before the first step are place 0.
    """
    sub = Builder(f"{name}_chosen")
    x = sub.input((2 * units,))
    table, before = take_columns(sub, x, 0, units), take_columns(sub, x, units, 2 * units)
    place = sub.op("sum", sub.op("multiply", table, sub.op("add", before, _first_tag(units))), axis=-1)
    found = sub.op("subtract", sub.op("one_hot", sub.op("cast", place, "int32"), units), _first_tag(units))
    return sub.finish(sub.op("concatenate", (found, sub.op("zeros_like", found)), axis=-1))
