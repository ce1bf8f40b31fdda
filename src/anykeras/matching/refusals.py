"""What is said where an assignment is not proven, or there is none: the layers that it is about, and the argument that
settles it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..errors import Malformed, Undecided
from ..texts import spell_count
from .fitting import Fits
from .places import Place, Places


class Refusals:
    """The errors of one file and one model."""

    def __init__(self, places: Places, fits: Fits) -> None:
        self.atoms, self.places, self.fits = fits.atoms, places.all, fits

    def list_both(self) -> str:
        """The layers of both sides."""
        stored, wanted = (atom.name for atom in self.atoms), (place.label for place in self.places)
        return f"{_list(stored)} in the file, {_list(wanted)} in the model"

    def misfit(self, i: int, j: int) -> Malformed:
        atom, place = self.atoms[i], self.places[j]
        if self.fits.refusal(i, j):
            return self.wants_argument(i, j)
        return Malformed(
            "AK1302",
            f"{atom} of the file does not fit {_describe(place)} of the model",
            layer=place.name,
            next_step="Use the model as it was, or skip_mismatch=True to leave the layer as it is.",
        )

    def wants_argument(self, i: int, j: int) -> Malformed:
        atom, place = self.atoms[i], self.places[j]
        wanted = self.fits.refusal(i, j)
        return Malformed(
            "AK1305",
            f"{atom.name!r} of the file was made with {wanted}, and {place.class_name} {place.label!r} of the model is not",
            layer=place.name,
            next_step=f"Make the layer with {place.class_name}(..., {wanted}).",
        )

    def ask_order(self, i: int, k: int, pairs: Mapping[int, int]) -> Undecided:
        one, other = self.atoms[i].name, self.atoms[k].name
        there, beside = (self.places[pairs[n]].label if n in pairs else "?" for n in (i, k))
        return Undecided(
            "AK1303",
            f"{one!r} stands before {other!r} in the file, and the model has {there!r} behind {beside!r}",
            layer=there,
            next_step=f"by_name=True follows the names; layers={{{one!r}: ...}} says which layer it is.",
        )

    def ask_which(self, i: int, k: int, pairs: Mapping[int, int]) -> Undecided:
        one, other = self.atoms[i], self.atoms[k]
        fitting = [self.places[j].label for j in self.fits.places_for(i)]
        seen = f"{one.name!r} and {other.name!r} fit" if i != k else f"{one.name!r} fits"
        return Undecided(
            "AK1304",
            f"{seen} {_list(fitting)} of the model either way, and nothing says which is which",
            layer=fitting[0] if fitting else None,
            next_step=f"Say it: layers={{{'/'.join(one.owner) if one.path else one.name!r}: {fitting[0]!r}}}"
            if fitting
            else "Say it with layers={...}.",
        )

    def ask_number(self, i: int, j: int, then: int, now: int) -> Undecided:
        name, label = self.atoms[i].name, self.places[j].label
        return Undecided(
            "AK1304",
            f"{name!r} is a name that Keras made in the file and in the model, and they count from {then} and from {now}",
            layer=label,
            next_step=f"Leave by_name out, or say which layer it is: layers={{{name!r}: {label!r}}}.",
        )

    def mismatch(self) -> Malformed:
        without, empty = self.fits.homeless(), self.fits.empty()
        for i in without:
            for j in empty:
                if self.fits.refusal(i, j):
                    return self.wants_argument(i, j)
        seen = f"the file has {spell_count(len(self.atoms), 'layer')} with weights, the model {len(self.places)}"
        if without:
            seen += f"; nothing in the model takes {self.atoms[without[0]]} of the file"
        if empty:
            seen += f"; nothing in the file fits {_describe(self.places[empty[0]])} of the model"
        return Malformed(
            "AK1302",
            seen,
            layer=self.places[empty[0]].name if empty else None,
            next_step="Use the model as it was when the weights were saved; skip_mismatch=True fills what fits.",
        )


def _describe(place: Place) -> str:
    shapes = ", ".join(f"{role} {_describe_size(shape)}" for role, shape in place.shapes.items())
    return f"{place.class_name} {place.label!r} ({shapes})"


def _describe_size(shape: Sequence[int | None] | None) -> str:
    return "?" if shape is None else "x".join("?" if size is None else str(size) for size in shape) or "scalar"


def _list(names: Iterator[str] | Sequence[str], most: int = 4) -> str:
    found = list(dict.fromkeys(names))
    shown = ", ".join(repr(name) for name in found[:most])
    return shown + (f" and {len(found) - most} more" if len(found) > most else "")
