"""What :func:`anykeras.inspect` tells of a file that holds weights alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import matching
from ..errors import AnyKerasError
from ..findings import Finding
from ..texts import spell_count

if TYPE_CHECKING:
    from ..catalog.known_models import KnownModel
    from ..containers.base import Raw
    from ..document.model import Writer
    from ..matching import Chain, SavedLayer, SavedLayers
    from .siblings import Sibling


@dataclass(frozen=True, repr=False)
class WeightsInspection:
    """A file of weights without an architecture: who wrote it, its layers, what follows from shapes, and what does not.

    `refusal` and `findings` are those of an :class:`anykeras.Inspection`; reading weights alone has none.
    """

    raw: Raw
    refusal: AnyKerasError | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Nothing was done to the file, so there is none."""
        return ()

    @property
    def code(self) -> tuple[Any, ...]:
        """Weights hold no code."""
        return ()

    @cached_property
    def writer(self) -> Writer:
        """Who wrote the weights, by their own evidence."""
        return matching.writer_of_weights(self.raw)

    @cached_property
    def saved(self) -> SavedLayers:
        """The layers of the file."""
        if self.raw.weights is None:
            return matching.SavedLayers((), True, False)
        return matching.read_layers(self.raw.weights, self.writer)

    @cached_property
    def chain(self) -> Chain:
        """How widths follow from each other."""
        return matching.follow_widths(self.saved)

    @cached_property
    def known_model(self) -> KnownModel | None:
        """The network of keras.applications that has weights of these shapes."""
        from ..catalog.known_models import find_known_model

        return find_known_model([shape for layer in self.saved.weighted for shape in layer.weights.values()])

    @cached_property
    def known_parts(self) -> dict[str, KnownModel]:
        """Networks of keras.applications that lie in one layer of the file, by its name."""
        inner = {layer.name: layer for layer in self.saved.layers if layer.inner}
        from ..catalog.known_models import find_known_model

        found = {name: find_known_model(list(layer.weights.values())) for name, layer in inner.items()}
        return {name: known for name, known in found.items() if known is not None}

    @cached_property
    def siblings(self) -> tuple[Sibling, ...]:
        """The architecture files beside it, those of the same stem before others, and whether every layer fits by name."""
        from .siblings import find_siblings

        return find_siblings(self.raw)

    @property
    def alike(self) -> list[list[str]]:
        """Names of layers of one class and equal shapes."""
        return [[layer.name for layer in group] for group in matching.alike(self.saved.weighted)]

    @property
    def certain(self) -> bool:
        """Whether the class of every layer with weights is told."""
        return all(layer.kind is not None and layer.kind.certain for layer in self.saved.weighted)

    @property
    def missing(self) -> list[str]:
        """What the file does not hold and the outputs depend on, counted."""
        return list(_count_missing(self.saved, self.writer))

    @property
    def next_steps(self) -> list[str]:
        """What to do with such a file, the best way first."""
        return list(_advise(self))

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        chain = self.chain
        return {
            "path": self.raw.match.path,
            "container": self.raw.match.name,
            "weights_only": True,
            "writer": self.writer.as_dict(),
            "kernels": {"layout": self.saved.layout, "proved": self.saved.layout_proved} if self.saved.layout else None,
            "layers": [_as_dict(layer) for layer in self.saved.layers],
            "in_order": self.saved.in_order,
            "chain": {
                "linear": chain.linear,
                "only_order": chain.unique,
                "flattened": [
                    {"layer": jump.layer.name, "positions": jump.positions, "features": jump.features} for jump in chain.jumps
                ],
                "breaks": [{"layer": name, "why": why} for name, why in chain.breaks.items()],
            },
            "equal_shapes": self.alike,
            "known_model": _known_as_dict(self.known_model),
            "known_parts": {name: _known_as_dict(known) for name, known in self.known_parts.items()},
            "not_in_the_file": self.missing,
            "architectures_beside": [
                {"path": sibling.path, "same_stem": sibling.same_stem, "fits": sibling.fits, "why_not": sibling.why_not}
                for sibling in self.siblings
            ],
            "next": self.next_steps,
            "notes": list(self.raw.notes),
            "leftovers": list(self.raw.leftovers),
            "findings": [],
            "refusal": None,
        }

    def __repr__(self) -> str:
        path = self.raw.match.path
        shown = repr(path if len(path) <= 80 else f"...{path[-77:]}")
        return f"<WeightsInspection {shown}: {self.writer}, {spell_count(len(self.saved.weighted), 'layer')} with weights>"


def _known_as_dict(known: KnownModel | None) -> dict[str, object] | None:
    if known is None:
        return None
    return {"name": known.name, "include_top": known.include_top, "classes": known.classes, "further": known.further}


def _as_dict(layer: SavedLayer) -> dict[str, object]:
    kind = layer.kind
    row: dict[str, object] = {
        "layer": layer.name,
        "class": kind.class_name if kind is not None else layer.class_name,
        "weights": {role: list(shape) for role, shape in layer.weights.items()},
    }
    if kind is not None:
        row |= {
            "wrapper": kind.wrapper,
            "arguments": dict(kind.arguments),
            "takes": kind.takes,
            "gives": kind.gives,
            "certain": kind.certain,
            "or": list(kind.others),
        }
    if layer.inner:
        row["layers"] = [_as_dict(inner) for inner in layer.inner]
    return row


def _count_missing(saved: SavedLayers, writer: Writer) -> Iterator[str]:
    """``2 activations``, ``strides of 1 layer``, ..."""
    counted: Counter[str] = Counter()
    for layer in matching.unfold(saved.layers):
        if layer.inner:
            continue
        kind = layer.kind
        class_name = kind.class_name if kind is not None else layer.class_name
        if class_name is None or (layer.atoms and kind is None):
            counted["class"] += 1
            continue
        told = kind.arguments if kind is not None else {}
        for unknown in matching.list_unknown_arguments(matching.SUCCESSORS.get(class_name, class_name), told, writer):
            counted[unknown.name] += 1
    if not saved.lists_all:
        yield "layers without weights (Activation, pooling, Flatten, Reshape, ...)"
    for name, number in counted.most_common():
        yield f"{name} of {number} layer{'s' if number > 1 else ''}"
    yield "the input shape"


def _advise(found: WeightsInspection) -> Iterator[str]:
    file = os.path.basename(found.raw.match.path)
    fitting = [sibling for sibling in found.siblings if sibling.fits]
    if fitting:
        beside = os.path.basename(fitting[0].path)
        yield f'anykeras.load_model("{beside}", weights="{file}"): {beside} lies beside it, and every layer fits by name'
    yield f'anykeras.load_model("{file}", architecture="model.py:build(...)"), with the code of its time'
    yield f'anykeras.load_weights(your_model, "{file}"), into a model that you built'
    if found.known_model is not None:
        yield f'anykeras.load_weights({found.known_model.call}, "{file}")'
    yield f"anykeras stub {file} > model.py, a skeleton to fill in"


def list_saved_layers(found: WeightsInspection) -> Iterator[tuple[str, str, str, str]]:
    """(name, class with what shapes tell, features in and out, weights) of every layer; those inside a layer indented."""
    yield from _list(found, found.saved.layers, "")


def _list(found: WeightsInspection, layers: Iterable[SavedLayer], indent: str) -> Iterator[tuple[str, str, str, str]]:
    for layer in layers:
        kind = layer.kind
        weights = ", ".join(f"{role} {tuple(shape)}" for role, shape in layer.weights.items())
        if layer.inner:
            known = found.known_parts.get(layer.name)
            yield f"{indent}{layer.name}", str(known) if known else spell_count(len(layer.inner), "layer"), "", ""
            yield from _list(found, layer.inner, f"{indent}  ")
            continue
        words, widths = str(kind or layer.class_name or "?"), ""
        if kind is not None and kind.others:
            words += f" or {' or '.join(kind.others)}"
        if kind is not None and (kind.takes is not None or kind.gives is not None):
            widths = f"{'' if kind.takes is None else kind.takes} -> {'' if kind.gives is None else kind.gives}"
        yield f"{indent}{layer.name}", words, widths, weights


def describe_weights(found: WeightsInspection) -> Iterator[tuple[str, str]]:
    """(title, text) of what follows from names and shapes, what is not in the file, and what to do."""
    saved, chain = found.saved, found.chain
    if saved.layout is not None:
        order = "(filters, channels, rows, columns)" if saved.layout == "th" else "(rows, columns, channels, filters)"
        sure = "as shapes prove" if saved.layout_proved else f"as {found.writer.backend} had it; shapes allow both"
        yield "kernels", f"{saved.layout!r} {order}, {sure}"
    if chain.linear:
        order = "" if saved.in_order else (", in one order only" if chain.unique else ", in several orders")
        yield "chain", f"every width follows from the one before{order}"
    else:
        breaks = [f"{name} {why}" for name, why in chain.breaks.items()]
        more = f"; and {len(breaks) - 3} more" if len(breaks) > 3 else ""
        yield "chain", f"widths do not follow in one line: {'; '.join(breaks[:3])}{more}"
    for jump in chain.jumps:
        total = jump.positions * jump.features
        yield "flatten", f"{jump.layer.name} takes {total} = {jump.positions} positions of {jump.features}, behind a Flatten"
    groups = found.alike
    yield "equal shapes", "; ".join(", ".join(group) for group in groups) if groups else "no two layers"
    if found.known_model is not None:
        yield "network", str(found.known_model)
    yield "not in the file", "; ".join(found.missing)
    for sibling in found.siblings:
        yield "beside it", f"{sibling.name}: {'every layer fits by name' if sibling.fits else sibling.why_not}"
    for number, step in enumerate(found.next_steps, 1):
        yield f"next {number}", step
