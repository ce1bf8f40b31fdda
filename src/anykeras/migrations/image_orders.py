"""Where the images of a layer have their channels, when its file does not say it: what the shapes around it leave possible.

Each layer is tried both ways, in the order in which the model calls them. What contradicts a stored weight, leaves nothing of
an image, or cannot be merged or reshaped behind it, is out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..catalog.shapes import UNKNOWN, Argument, Output
from ..catalog.shapes.variables import Calls, infer_variables
from ..document.model import Layer
from ..document.walk import layers_of, rebuild, walk
from ..findings import Affects, Fidelity, Finding

CODE: Final = "AK2103"
FORMATS: Final = ("channels_last", "channels_first")
_MOST_CALLS: Final = 200_000  # of layers, in all trials of a file
_MOST_KEPT: Final = 8  # ways that the layers so far may be, before the rest is left open

Formats = Mapping[str, str]
"""The data format of a layer, by its address."""


def decide_image_orders(model: Layer, findings: Sequence[Finding]) -> tuple[Layer, list[Finding]]:
    """The model with the data format that the shapes leave to each layer of a finding AK2103, and the findings that say so.

    A layer that could be either way keeps the format that the rule took, and the finding says that outputs may differ.
    """
    unsaid = {found.address for found in findings if found.code == CODE and found.fidelity is not Fidelity.EXACT}
    if not unsaid or model.graph is None:
        return model, list(findings)
    possible = find_formats(model, unsaid)
    decided = {address: next(iter(formats)) for address, formats in possible.items() if len(formats) == 1}

    def change(layer: Layer) -> Layer:
        form = decided.get(_address(layer)) if "data_format" in layer.config else None  # not for an input taken out of it
        return layer if form in (None, layer.config.get("data_format")) else layer.with_config(data_format=form)

    return rebuild(model, change), [_restate(found, decided) if found.address in unsaid else found for found in findings]


def _restate(found: Finding, decided: Formats) -> Finding:
    if found.code != CODE:
        return found
    form = decided.get(found.address)
    if form is None:
        done = f"{found.done}, and the shapes around it fit both ways; data_format= (--data-format) says it"
        return replace(found, done=done, fidelity=Fidelity.APPROXIMATE, affects=Affects.OUTPUTS)
    done = f"taken for {form}, the only way that fits the shapes of the model and its weights"
    return replace(found, done=done, fidelity=Fidelity.EQUIVALENT)


def find_formats(model: Layer, addresses: Collection[str]) -> dict[str, set[str]]:
    """The data formats that each layer at one of `addresses` may have; both where nothing decides it.

    Args:
        model: in the vocabulary of Keras 3, with its weights.
        addresses: of the layers whose file does not say it; what has a ``data_format`` in the model is not looked at.
    """
    order = _FormatTrial({}, addresses, collect=True)
    order.graph(model, None)
    size = sum(1 for _ in layers_of(model))
    found: dict[str, set[str]] = {address: set(FORMATS) for address in addresses}
    kept: list[Formats] = [{}]
    trials = 0
    for position, address in enumerate(order.met_open):
        tried = [{**before, address: form} for before in kept for form in FORMATS]
        trials += len(tried)
        if trials * size > _MOST_CALLS:
            break
        later = order.met_open[position + 1 :]
        conflicts = [_count_conflicts(model, formats, later) for formats in tried]
        kept = [formats for formats, count in zip(tried, conflicts, strict=True) if count == min(conflicts)]
        if len(kept) > _MOST_KEPT:
            break
        found |= {known: {formats[known] for formats in kept} for known in kept[0]}
    return found


def _count_conflicts(model: Layer, formats: Formats, open_ones: Collection[str]) -> int:
    trial = _FormatTrial(formats, open_ones)
    trial.graph(model, None)
    shapes = infer_variables(model, trial)
    misfits = sum(
        1
        for path, layer in walk(model)
        for role, tensor in layer.weights.items()
        if not _fits(tensor.shape, shapes.get(path, {}).get(role))
    )
    return misfits + len(trial.emptied) + len(trial.refused)


def _address(layer: Layer) -> str:
    """How findings name a layer."""
    return layer.address or layer.name


def _fits(stored: Sequence[int], shape: Sequence[int | None] | None) -> bool:
    if shape is None:
        return True
    return len(stored) == len(shape) and all(b is None or a == b for a, b in zip(stored, shape, strict=True))


class _FormatTrial(Calls):
    """A pass through a model with these formats, in which nothing is known of what layers that are still open give."""

    def __init__(self, formats: Formats, open_ones: Collection[str], collect: bool = False) -> None:
        super().__init__()
        self.formats, self.open_ones, self.collect = formats, frozenset(open_ones), collect
        self.met_open: list[str] = []

    def call(self, layer: Layer, args: Sequence[Argument], kwargs: Mapping[str, Argument]) -> Output:
        address = _address(layer)
        if address in self.open_ones and layer.graph is None:
            if address not in self.met_open:
                self.met_open.append(address)
            return super().call(layer, args, kwargs) if self.collect else UNKNOWN
        if address in self.formats:
            layer = layer.with_config(data_format=self.formats[address])
        return super().call(layer, args, kwargs)
