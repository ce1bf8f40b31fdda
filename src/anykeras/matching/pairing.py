"""One engine for every case in which weights and architecture do not come from one hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .. import limits
from ..containers.base import NamedWeights, Raw, TreeWeights
from ..document.model import Document, Era, Path, Value
from ..document.walk import fill_weights, rebuild_paths, walk
from ..errors import NotAModel, Undecided
from ..findings import Fidelity, Finding
from ..tensors import Tensor
from .assign import Asked, Assigner, Assignment
from .atoms import Atom, leave_out, read_atoms, tensors_of
from .defaults import Changed, list_changed_defaults, read_own_layers, spell
from .evidence import lists_branches, writer_of_weights
from .fitting import Fits
from .forms import FIRST, LAST, Form, Forms
from .places import Place, Places
from .report import Defaults, Match, Pair, WeightsReport
from .rows import Flattened, Flattenings, reorder, rows_of_file
from .segments import cut_numbered

_ORDERS = (FIRST, LAST)
Led = Mapping[str, tuple[Path, str]]
"""The path of a layer and a role there, by the origin of a tensor."""


@dataclass(frozen=True)
class Options:
    """What the user says of weights; see :func:`anykeras.load_weights`."""

    by_name: bool = False
    skip_mismatch: bool = False
    layers: Mapping[str, str] | None = None
    data_format: str | None = None
    writer: str | None = None
    defaults: Defaults = "ask"
    stated: bool = False  # whether the architecture states its arguments, as a file does

    def __post_init__(self) -> None:
        if self.data_format not in (None, *_ORDERS):
            raise _make_no_such_value_error("data_format", self.data_format, _ORDERS)
        if self.defaults not in ("ask", "then", "mine"):
            raise _make_no_such_value_error("defaults", self.defaults, ("ask", "then", "mine"))


def _make_no_such_value_error(argument: str, value: object, allowed: Sequence[str]) -> Undecided:
    return Undecided(
        "AK1313", f"{argument}={value!r}", key=argument, next_step=f"It is one of {', '.join(map(repr, allowed))}."
    )


def match(raw: Raw, document: Document, options: Options | None = None, led: Led | None = None) -> Match:
    """Which weights of a file belong into which layers of a model.

    Args:
        raw: a file with weights, of whatever time; an architecture of its own says who wrote it, how images were laid out
            and which arguments its layers had.
        document: the model in the vocabulary of Keras 3. Weights in it say the shapes of its variables.
        options: what the user says.
        led: the layer of a weight and its role there by the origin of its tensor, where attributes of the model led to it.

    Raises:
        NotAModel: the file holds no weights.
        Malformed: weights and model do not go together.
        Undecided: they do in several ways, or mean several things; the message names the argument that says which.
    """
    with limits.spend(raw.budget):
        return _Matching(raw, document, options or Options(), led or {}).run()


class _Matching:
    def __init__(self, raw: Raw, document: Document, options: Options, led: Led) -> None:
        if raw.weights is None:
            raise NotAModel(
                "AK1311", f"{raw.match.path} holds no weights", part=raw.match.name, next_step="Give the file with the weights."
            )
        self.raw, self.options = raw, options
        self.writer = writer_of_weights(raw, options.writer)
        self.places = Places(document.model, lists_branches(raw, self.writer))
        self.forms = Forms(self.writer, self.places)
        whole = dict(self._join_led(raw.weights, led))
        rest = (
            raw.weights if not whole else leave_out(raw.weights, [t for atom in whole.values() for t in atom.tensors.values()])
        )
        found = [part for atom in read_atoms(rest, self.writer.era) for part in self.forms.split(atom)]
        found += whole.values()
        cut = cut_numbered(found, self.places.all, self.forms)
        self.atoms = tuple(self.forms.renumber(atom, index) for index, atom in enumerate(cut))
        self.findings: list[Finding] = []
        at = {id(tensor): i for i, atom in enumerate(self.atoms) for tensor in atom.tensors.values()}
        self.led = {at[id(next(iter(atom.tensors.values())))]: j for j, atom in whole.items()}

    def _join_led(self, weights: NamedWeights | TreeWeights, led: Led) -> Iterator[tuple[int, Atom]]:
        """An atom for each place to all variables of which attributes led, where they led to all of those of the model."""
        by_place: dict[Path, dict[str, Tensor]] = {}
        for tensor in tensors_of(weights):
            if tensor.origin in led:
                path, role = led[tensor.origin]
                by_place.setdefault(path, {})[role] = tensor
        if any(set(place.shapes) != set(by_place.get(place.path, ())) for place in self.places.all):
            return
        for place in self.places.all:
            own = by_place[place.path]
            tensors = {role: own[role] for role in place.shapes}
            way = next(iter(own.values())).origin.partition("/.ATTRIBUTES")[0].split("/")[:-1]
            yield place.index, Atom(-1, way[0] if way else place.name, tuple(way), tensors, hint=place.class_name)

    def run(self) -> Match:
        options = self.options
        fits = Fits(self.atoms, self.places.all, self.forms, led=self.led)
        layout = fits.choose_layout(options.data_format or self.writer.data_format)
        assigner = Assigner(self.places, fits, self.led)
        asked = Asked(options.by_name, options.skip_mismatch, options.layers or {})
        assignment = assigner.assign(asked)
        if not options.skip_mismatch and not options.by_name:
            assigner.require_complete(assignment)
        chosen = {i: self._choose(i, j, fits.of(i, j)) for i, j in assignment.pairs.items()}
        self._note_layout(layout, chosen)
        chosen = self._reorder_rows(assignment, chosen, layout)
        arguments = self._settle_defaults(assignment, chosen)
        self._note_training()
        return self._result(assignment, chosen, arguments)

    def _choose(self, i: int, j: int, found: Sequence[Form]) -> Form:
        """The one form of a pair. Raises Undecided where several are left."""
        good = [form for form in found if form.refused is None]
        if len({form.layout for form in good}) > 1:
            raise Undecided(
                "AK1307",
                f"the kernel of {self.atoms[i].name!r} reads as channels first and as channels last, and no other kernel tells",
                layer=self.places.all[j].name,
                writer=str(self.writer),
                next_step='Say it: data_format="channels_first" or data_format="channels_last".',
            )
        if len(good) > 1 and len({_make_signature(form) for form in good}) > 1:
            raise Undecided(
                "AK1304",
                f"{self.atoms[i].name!r} can be read as {' and as '.join(dict.fromkeys(form.old_class for form in good))}",
                layer=self.places.all[j].name,
                writer=str(self.writer),
                next_step='Say who wrote the file: writer="1.2.2".',
            )
        return good[0]

    # Images

    def _note_layout(self, layout: str | None, chosen: Mapping[int, Form]) -> None:
        turned = [form for form in chosen.values() if any("flip" in step for t in form.tensors.values() for step in t.steps)]
        if turned:
            self._note("AK1308", "kernels", f"{self.writer} convolved with kernels turned round", "turned for Keras 3")
        if layout is not None and any(form.layout for form in chosen.values()):
            self._note("AK1308", "kernels", f"kernels are laid out {layout.replace('_', ' ')}", "laid out as Keras 3 has them")
        unstamped = self.writer.era is Era.KERAS1 and not self.writer.release
        if unstamped and any("running_std" in atom.tensors for atom in self.atoms):
            self._note(
                "AK1308",
                "running_std",
                "a deviation up to Keras 1.0.5, a variance from 1.0.6 on, and the file does not say which wrote it",
                'taken as a variance; writer="1.0.5" takes it as a deviation',
                Fidelity.APPROXIMATE,
            )

    def _reorder_rows(self, assignment: Assignment, chosen: dict[int, Form], layout: str | None) -> dict[int, Form]:
        flattenings = Flattenings(self.places)
        changed = dict(chosen)
        for i, j in assignment.pairs.items():
            place = self.places.all[j]
            found = flattenings.before(place)
            if found is None or not found.matters or "kernel" not in chosen[i].tensors:
                continue
            there = rows_of_file(self.writer.era, self.writer.release, layout)
            if there is None:
                there = self._rows_unsaid(place, found)
            if there != found.rows:
                tensors = {**chosen[i].tensors, "kernel": reorder(chosen[i].tensors["kernel"], found, there)}
                changed[i] = replace(chosen[i], tensors=tensors)
                sizes = "x".join(map(str, found.sizes))
                self._note("AK1308", place.label, f"its rows are those of an image of {sizes}, {there}", "reordered")
        return changed

    def _rows_unsaid(self, place: Place, found: Flattened) -> str:
        """The order of rows where the file tells nothing: that of an architecture which states it, or asked."""
        if found.data_format == LAST and not self.options.stated:
            sizes = "x".join(map(str, found.sizes))
            raise Undecided(
                "AK1307",
                f"{self.writer} does not say if images had channels first: Dense {place.label!r} follows a Flatten of {sizes}",
                layer=place.name,
                next_step='Say it: data_format="channels_first" or data_format="channels_last".',
            )
        self._note(
            "AK1308",
            place.label,
            f"{self.writer} does not say whether images had channels first, which the rows after Flatten depend on",
            f"taken as {found.data_format}, as the model has it; data_format= says otherwise",
            Fidelity.APPROXIMATE,
        )
        return found.data_format

    # Defaults

    def _settle_defaults(self, assignment: Assignment, chosen: Mapping[int, Form]) -> dict[Path, dict[str, Value]]:
        own = read_own_layers(self.raw, self.writer)
        found = [
            changed
            for i, j in assignment.pairs.items()
            for changed in list_changed_defaults(self.forms, self.atoms[i], self.places.all[j], chosen[i], own)
        ]
        if not found:
            return {}
        if self.options.stated or self.options.defaults == "mine":
            for changed in found:
                self._note("AK1310", changed.place.label, str(changed), "left as the model has it", Fidelity.EQUIVALENT)
            return {}
        if self.options.defaults == "ask":
            raise self._ask_defaults(found)
        arguments: dict[Path, dict[str, Value]] = {}
        for changed in found:
            arguments.setdefault(changed.place.path, {})[changed.key] = changed.then
            self._note("AK1310", changed.place.label, str(changed), f"set to {spell(changed.then)}")
        return arguments

    def _ask_defaults(self, found: Sequence[Changed]) -> Undecided:
        others = {changed.place.label for changed in found} - {found[0].place.label}
        more = f"; so it is for {len(others)} more layers" if others else ""
        return Undecided(
            "AK1306",
            f"{found[0]}{more}",
            layer=found[0].place.name,
            writer=str(self.writer),
            next_step='defaults="then" sets what was the default; defaults="mine" keeps what the model has.',
        )

    def _note_training(self) -> None:
        if count := len(self.raw.optimizer) + len(self.raw.slots):
            seen = f"the file holds the state of an optimizer too ({count} tensors)"
            self._note("AK1314", "optimizer", seen, "left in the file: training goes on afresh", Fidelity.LOSSY)

    # What comes out

    def _note(self, code: str, address: str, seen: str, done: str, fidelity: Fidelity = Fidelity.EXACT) -> None:
        self.findings.append(Finding(code, address, seen, done, fidelity))

    def _result(
        self, assignment: Assignment, chosen: Mapping[int, Form], arguments: Mapping[Path, Mapping[str, Value]]
    ) -> Match:
        taken = set(assignment.pairs.values())
        left = [place for place in self.places.all if place.index not in taken]
        report = WeightsReport(
            self.raw.match.path,
            self.writer,
            tuple(self._pairs(assignment, chosen)),
            tuple(place.label for place in left),
            tuple(atom.name for i, atom in enumerate(self.atoms) if i not in assignment.pairs),
            tuple(self.findings),
        )
        tensors = {self.places.all[j].path: dict(chosen[i].tensors) for i, j in assignment.pairs.items()}
        return Match(report, tensors, arguments, tuple(place.path for place in left))

    def _pairs(self, assignment: Assignment, chosen: Mapping[int, Form]) -> Iterator[Pair]:
        for i, j in sorted(assignment.pairs.items(), key=lambda pair: pair[1]):
            atom, place = self.atoms[i], self.places.all[j]
            shapes = {role: tensor.shape for role, tensor in chosen[i].tensors.items()}
            yield Pair(atom.label, place.label, place.class_name, assignment.witnesses[i], str(chosen[i]), shapes)


def fill_document(document: Document, found: Match) -> Document:
    """The document with the tensors of a match in the layers that they belong to, and the arguments that it sets."""

    layers = dict(walk(document.model))
    weights: dict[Path, Mapping[str, Tensor]] = {path: {**layers[path].weights, **own} for path, own in found.tensors.items()}
    model = fill_weights(document.model, weights)
    if found.arguments:
        model = rebuild_paths(model, lambda path, layer: layer.with_config(**found.arguments.get(path, {})))
    return replace(document, model=model)


def _make_signature(form: Form) -> tuple[tuple[str, Tensor, tuple[str, ...]], ...]:
    """What a form does to which tensors."""
    return tuple((role, leaf, tensor.steps) for role, tensor in sorted(form.tensors.items()) for leaf in tensor.leaves())


Beside = tuple[list[tuple[int, ...]], list[tuple[int | None, ...]], bool]
"""The shapes of an atom, those of a place, and whether the one fits the other."""


def stand_beside(raw: Raw, document: Document) -> list[Beside]:
    """Each place of a model beside the atom of its name, or of its number where names differ; none where neither is told."""
    found = _Matching(raw, document, Options(stated=True), {})
    fits = Fits(found.atoms, found.places.all, found.forms)
    named = {atom.name: i for i, atom in enumerate(found.atoms)}
    order = [named.get(place.name, -1) for place in found.places.all]
    if -1 in order or len(set(order)) < len(order):
        order = list(range(len(found.atoms)))
    if len(order) != len(found.places.all):
        return []
    return [
        (
            [tensor.shape for tensor in found.atoms[i].tensors.values()],
            [shape for shape in place.shapes.values() if shape is not None],
            (i, place.index) in fits,
        )
        for i, place in zip(order, found.places.all, strict=True)
    ]
