"""What a matching tells: each pair with its witness, what stayed empty, what stayed unused, and what was concluded."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .. import notebook
from ..texts import escape, spell_count

if TYPE_CHECKING:
    from ..document.model import Path, Value, Writer
    from ..findings import Finding
    from ..tensors import Tensor

Defaults = Literal["ask", "then", "mine"]


class Witness(enum.StrEnum):
    """Why an atom is said to be a layer."""

    TOLD = "told"
    NAME = "name"
    PATH = "path"
    ORDER = "order"
    NUMBERING = "numbering"
    ONLY_FIT = "only fit"


_SHOWN = 12  # pairs, in text


@dataclass(frozen=True)
class Pair:
    """Weights of the file in a layer of the model.

    Attributes:
        stored: the layer as the file calls it.
        layer: the layer of the model, with the names around it.
        class_name: the class of that layer.
        witness: why they belong together.
        form: what was done to the tensors, in words; ``as stored`` where nothing was.
        shapes: the shape of each variable by role.
    """

    stored: str
    layer: str
    class_name: str
    witness: Witness
    form: str
    shapes: Mapping[str, tuple[int, ...]]

    def __str__(self) -> str:
        form = "" if self.form == "as stored" else f", {self.form}"
        return escape(f"{self.stored} -> {self.layer} ({self.class_name}; {self.witness}{form})")


@dataclass(frozen=True, repr=False)
class WeightsReport:
    """Which weights of a file went into which layers of a model, and by which witness.

    ``pairs`` are in the order of the model, ``unfilled`` the layers that kept what they had, ``unused`` the layers of the file
    that went nowhere. ``writer`` wrote the weights, as far as they tell. The activations, strides and padding of the model are
    in no weights file: that they are those of then is not witnessed by anything here.
    """

    path: str
    writer: Writer
    pairs: tuple[Pair, ...]
    unfilled: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every layer was filled and every weight used."""
        return not self.unfilled and not self.unused

    def _headline(self) -> str:
        by = Counter(str(pair.witness) for pair in self.pairs)
        how = ", ".join(f"{number} by {witness}" for witness, number in by.most_common())
        filled = f"{spell_count(len(self.pairs), 'layer')} filled ({how or 'none'})"
        return f"{filled}, {len(self.unfilled)} unfilled, {len(self.unused)} unused; written by {self.writer}"

    def __repr__(self) -> str:
        return f"<WeightsReport {escape(self._headline())}>"

    def __str__(self) -> str:
        lines = [escape(self._headline())]
        lines += [f"  {pair}" for pair in self.pairs[:_SHOWN]]
        if len(self.pairs) > _SHOWN:
            lines.append(f"  ... {len(self.pairs) - _SHOWN} more: report.pairs")
        lines += [escape(f"  unfilled: {name}") for name in self.unfilled]
        lines += [escape(f"  unused: {name}") for name in self.unused]
        lines += [escape(f"  {finding.code} {finding.address}: {finding.seen}; {finding.done}") for finding in self.findings]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The report as a table, for a notebook."""
        head = ("file", "model", "class", "witness", "form", "shapes")
        rows = [
            (p.stored, p.layer, p.class_name, str(p.witness), p.form, ", ".join(f"{r} {list(s)}" for r, s in p.shapes.items()))
            for p in self.pairs
        ]
        rows += [("", name, "", "unfilled", "", "") for name in self.unfilled]
        rows += [(name, "", "", "unused", "", "") for name in self.unused]
        pairs = notebook.write_table(head, rows)
        return notebook.show(self._headline(), pairs, notebook.list_findings(self.findings))

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "path": self.path,
            "writer": str(self.writer),
            "evidence": [f"{e.where}: {e.says}" for e in self.writer.evidence],
            "pairs": [
                {
                    "stored": pair.stored,
                    "layer": pair.layer,
                    "class": pair.class_name,
                    "witness": str(pair.witness),
                    "form": pair.form,
                    "shapes": {role: list(shape) for role, shape in pair.shapes.items()},
                }
                for pair in self.pairs
            ],
            "unfilled": list(self.unfilled),
            "unused": list(self.unused),
            "findings": [finding.as_dict() for finding in self.findings],
        }


@dataclass(frozen=True)
class Match:
    """A matching that is proven: what to report, and which tensor goes into which variable.

    Attributes:
        report: for the user.
        tensors: by the path of the layer in the document, then by role; in the layout of today.
        arguments: arguments to set on layers of the model, by path (``defaults="then"``).
    """

    report: WeightsReport
    tensors: Mapping[Path, Mapping[str, Tensor]]
    arguments: Mapping[Path, Mapping[str, Value]] = field(default_factory=dict)
    unfilled: Sequence[Path] = ()
