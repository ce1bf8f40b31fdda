"""Conditional random fields: keras-contrib and the packages with its class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..document.build import Builder
from ..document.model import Config, Ellipsis_, Layer, Ref, Slice
from ..migrations import RuleContext
from ..recovery.code_sites import CodeSite
from ..tensors import Tensor, constant
from .base import SHARED, list_role_arguments, register_shim
from .blocks import defer, in_layers, mask_of

# Any recursion over time as a layer that stock Keras opens: a SimpleRNN whose activation is a model.
#
# A SimpleRNN computes ``activation(x W + h R)`` at every step and hands it on as h. With W and R that only lay numbers side
# by side, its activation sees the numbers of the step and those of the step before, and may be any model.


Places = NDArray[np.float32]


def scan(sub: Builder, x: Ref, step: Layer, kernel: Places, recurrent: Places, name: str) -> Ref:
    """The outcome of `step` at every step, (batch, time, units).

    Args:
        sub: where the layer is added.
        x: (batch, time, size).
        step: a model from (batch, units) to (batch, units).
        kernel: (size, units), where the numbers of a step go.
        recurrent: (units, units), where the outcome of the step before goes; zeros before the first.
        name: of the layer, which is not trained.
    """
    config: Config = {
        "units": kernel.shape[1],
        "activation": step,
        "use_bias": False,
        "return_sequences": True,
        "trainable": False,
    }
    weights = {"kernel": constant(kernel), "recurrent_kernel": constant(recurrent)}
    return sub.layer("SimpleRNN", config, x, weights=weights, name=name)


def place_identity(rows: int, columns: int, size: int, row: int = 0, column: int = 0, factor: float = 1.0) -> Places:
    """Zeros (rows, columns) with `factor` on the diagonal of the square of `size` at (row, column)."""
    matrix = np.zeros((rows, columns), "float32")
    matrix[row : row + size, column : column + size] = np.eye(size) * factor
    return matrix


def take_columns(sub: Builder, x: Ref, start: int, stop: int) -> Ref:
    """The columns `start` to `stop` of the last axis of `x`."""
    return sub.op("get_item", x, (Ellipsis_(), Slice(start, stop)))


# The path of the highest score, as ``crf_decode`` of tensorflow-addons (and before it tf.contrib) finds it.


def decode(sub: Builder, scores: Ref, transitions: Tensor, lengths: Ref | None) -> Ref:
    """The tags of the best path, one-hot (batch, time, tags).

    Steps at and after the length of a row go on from its first tag by its last table, as upstream: nobody should read them.

    Args:
        sub: where it is added.
        scores: (batch, time, tags).
        transitions: (tags, tags), from and to.
        lengths: (batch, 1, 1), as floats; None where all rows are full.
    """
    tags = transitions.shape[0]
    one = sub.op("ones_like", take_columns(sub, scores, 0, 1))
    places = sub.op("subtract", sub.op("cumsum", one, axis=1), 1.0)
    first = sub.op("cast", sub.op("less", places, 0.5), "float32")
    valid = one if lengths is None else sub.op("cast", sub.op("less", places, lengths), "float32")
    size = 3 * tags + 2
    x = sub.op("concatenate", (scores, valid, first), axis=-1)
    found = scan(
        sub,
        x,
        _step_best(transitions, sub.name),
        place_identity(tags + 2, size, tags + 2),
        place_identity(size, size, 2 * tags, 0, tags + 2),
        f"{sub.name}_scores",
    )
    last = sub.op("argmax", take_columns(sub, _steps(sub, found, -1, None), 0, tags), axis=-1)
    tables = take_columns(sub, found, tags, 2 * tags)
    path = sub.op("flip", _walk_path(sub, tags, sub.op("one_hot", last, tags), tables, valid, first, True), axis=1)
    if lengths is None:
        return path
    left = sub.op("subtract", 1.0, valid)
    after = _walk_path(sub, tags, _steps(sub, path, 0, 1), tables, left, first, False)
    return sub.op("where", sub.op("greater", valid, 0.5), path, after)


def _walk_path(sub: Builder, tags: int, start: Ref, tables: Ref, moving: Ref, first: Ref, back: bool) -> Ref:
    """From `start` (batch, 1, tags) by the tables after the first, where `moving`; from the last one on if `back`."""
    turned = [_steps(sub, each, 1, None) for each in (tables, moving)]
    if back:
        turned = [sub.op("flip", each, axis=1) for each in turned]
    rows = sub.op("concatenate", (start, turned[0]), axis=1)
    going = sub.op("concatenate", (_steps(sub, moving, 0, 1), turned[1]), axis=1)
    size = 2 * tags + 2
    x = sub.op("concatenate", (rows, going, first), axis=-1)
    found = scan(
        sub,
        x,
        _step_along(tags, sub.name),
        place_identity(tags + 2, size, tags + 2),
        place_identity(size, size, tags, 0, tags + 2),
        f"{sub.name}_walk",
    )
    return take_columns(sub, found, 0, tags)


def _steps(sub: Builder, x: Ref, start: int | None, stop: int | None) -> Ref:
    return sub.op("get_item", x, (Slice(), Slice(start, stop), Ellipsis_()))


def _step_best(transitions: Tensor, name: str) -> Layer:
    """One step on: the best scores, and the tag before by which each is reached; both as before where it is not valid."""
    tags = transitions.shape[0]
    sub = Builder(f"{name}_best")
    x = sub.input((3 * tags + 2,))
    scores, before = take_columns(sub, x, 0, tags), take_columns(sub, x, tags + 2, 2 * tags + 2)
    valid, first = (sub.op("greater", take_columns(sub, x, at, at + 1), 0.5) for at in (tags, tags + 1))
    moves = sub.op("add", sub.op("expand_dims", before, -1), transitions)
    new = sub.op("where", valid, sub.op("add", scores, sub.op("max", moves, axis=1)), before)
    via = sub.op("cast", sub.op("argmax", moves, axis=1), "float32")
    by = sub.op("where", valid, via, take_columns(sub, x, 2 * tags + 2, 3 * tags + 2))
    new, by = sub.op("where", first, scores, new), sub.op("where", first, sub.op("zeros_like", by), by)
    return sub.finish(sub.op("concatenate", (new, by, sub.op("zeros_like", take_columns(sub, x, 0, tags + 2))), axis=-1))


def _step_along(tags: int, name: str) -> Layer:
    """One step along the path: the row itself at first, else what the table says of the tag, where it moves."""
    sub = Builder(f"{name}_next")
    x = sub.input((2 * tags + 2,))
    row, before = take_columns(sub, x, 0, tags), take_columns(sub, x, tags + 2, 2 * tags + 2)
    moving, first = (sub.op("greater", take_columns(sub, x, at, at + 1), 0.5) for at in (tags, tags + 1))
    place = sub.op("cast", sub.op("sum", sub.op("multiply", row, before), axis=-1), "int32")
    new = sub.op("where", moving, sub.op("one_hot", place, tags), before)
    new = sub.op("where", first, row, new)
    return sub.finish(sub.op("concatenate", (new, sub.op("zeros_like", take_columns(sub, x, 0, tags + 2))), axis=-1))


# CRF layers on top of ``crf_decode``: tensorflow-addons, tf2crf, kashgari 1, nlp-architect.


@register_shim("AK5073", classes=("CRF",))
def crf_tensorflow(layer: Layer, context: RuleContext) -> Layer | None:
    """The transitions, and a kernel and bias where the class has a Dense layer inside."""
    keys = layer.config.keys() - SHARED - {"units", "regularizer"}
    one_hot = {"output_dim", "transitions"} <= keys <= {"output_dim", "transitions", "mode", "supports_masking"}
    if not (one_hot or keys == {"chain_initializer"}) or layer.config.get("mode", "reg") != "reg":
        return None
    if layer.weights.keys() not in ({"transitions"}, {"transitions", "kernel", "bias"}):
        return None
    return defer(layer, _make_one_hot if one_hot else _make_tuple)


@register_shim("AK5082", classes=("CRF",))
def crf_addons(layer: Layer, context: RuleContext) -> Layer | None:
    """Weights chain_kernel, left_boundary, right_boundary, and kernel and bias of a Dense layer."""
    wanted = {"chain_kernel"}
    wanted |= {"left_boundary", "right_boundary"} if layer.config.get("use_boundary") is True else set()
    wanted |= {"kernel", "bias"} if layer.config.get("use_kernel") is True else set()
    if not (layer.registered_name or "").startswith("Addons>") or layer.weights.keys() != wanted:
        return None
    return defer(layer, _make_of_addons)


@in_layers
def _make_one_hot(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    lengths = _count_steps(sub, x, any(site.masked[:1]) and "supports_masking" not in layer.config)
    return sub.finish(decode(sub, _score(layer, sub, x), layer.weights["transitions"], lengths))


@in_layers
def _make_tuple(layer: Layer, site: CodeSite) -> Layer:
    sub = Builder(layer.name, layer.address)
    x = sub.input()
    lengths = _count_steps(sub, x, any(site.masked[:1]))
    return _finish_four(sub, x, _score(layer, sub, x), layer.weights["transitions"], lengths, "int32")


@in_layers
def _make_of_addons(layer: Layer, site: CodeSite) -> Layer:
    sub, masked = Builder(layer.name, layer.address), any(site.masked[:1])
    x = sub.input()
    scores = _score(layer, sub, x)
    if "left_boundary" in layer.weights:
        mask = mask_of(sub, x) if masked else sub.op("ones_like", sub.op("max", scores, axis=-1, keepdims=True))
        for role, reverse in (("left_boundary", False), ("right_boundary", True)):
            scores = sub.op("add", scores, sub.op("multiply", _mark_edge(sub, mask, reverse), layer.weights[role]))
    return _finish_four(sub, x, scores, layer.weights["chain_kernel"], _count_steps(sub, x, masked), "int64")


def _mark_edge(sub: Builder, mask: Ref, reverse: bool) -> Ref:
    """1 where the mask begins, or ends if `reverse`."""
    turned = sub.op("flip", mask, axis=1) if reverse else mask
    rise = sub.op("diff", sub.op("pad", turned, ((0, 0), (1, 0), (0, 0))), axis=1)
    edge = sub.op("cast", sub.op("greater", rise, 0.5), "float32")
    return sub.op("flip", edge, axis=1) if reverse else edge


def _score(layer: Layer, sub: Builder, x: Ref) -> Ref:
    weights = {role: layer.weights[role] for role in ("kernel", "bias") if role in layer.weights}
    if not weights:
        return sub.op("multiply", x, 1.0)
    config: Config = {"units": weights["bias"].size}
    return sub.layer("Dense", config, x, weights=weights, name=f"{layer.name}_scores")


def _count_steps(sub: Builder, x: Ref, masked: bool) -> Ref | None:
    return sub.op("sum", mask_of(sub, x), axis=1, keepdims=True) if masked else None


def _finish_four(sub: Builder, x: Ref, scores: Ref, transitions: Tensor, lengths: Ref | None, dtype: str) -> Layer:
    """The tags, the scores, the lengths, and the transitions hung on the input."""
    tags = sub.op("argmax", decode(sub, scores, transitions, lengths), axis=-1)
    if lengths is None:
        lengths = sub.op("sum", sub.op("ones_like", sub.op("max", x, axis=-1, keepdims=True)), axis=1, keepdims=True)
    nothing = sub.op("sum", sub.op("zeros_like", x))
    counts = sub.op("cast", sub.op("squeeze", lengths, (1, 2)), dtype)
    return sub.finish((tags, sub.op("multiply", scores, 1.0), counts, sub.op("add", nothing, transitions)))


# CRF of keras-contrib, which anago and kashgari took over: decoding, and marginal probabilities.


_KEYS = list_role_arguments("kernel", "chain", "bias", "boundary") | {
    *("units", "learn_mode", "test_mode", "use_boundary", "use_bias", "sparse_target", "activation", "input_dim", "unroll")
}


@register_shim("AK5072", classes=("CRF",))
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
    chain = _Energies(layer, sub, any(site.masked[:1]))
    out = chain.marginal() if layer.config.get("test_mode") == "marginal" else chain.path()
    return sub.finish(out, layer.config.get("trainable") is not False)


class _Energies:
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
