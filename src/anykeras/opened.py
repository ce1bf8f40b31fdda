"""What the verbs give: an opened file, a converted one, an inspected one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import graphs, limits, notebook, pipeline, recovery, targets, verification
from .boundary import guard_verb
from .errors import AnyKerasError, TargetError, Unfaithful, Unsupported
from .findings import Affects, Fidelity, Finding, find_worst
from .texts import spell_count
from .warning import warn_of_findings

if TYPE_CHECKING:
    from keras import Model as Model

    from .containers.base import Raw
    from .document.model import Document, Layer
    from .pipeline import Path
else:
    Model = Any  # keras is imported only where a model is built

Strict = Fidelity | str | Mapping[str, str]
"""The least faithful level allowed: one for everything, or one each for ``outputs`` and ``training``."""
_TRACED = "AK3072"  # a layer is the function that was traced of it


class _HasFindings:
    """Fidelity as its findings tell it."""

    findings: tuple[Finding, ...]

    @property
    def fidelity(self) -> Fidelity:
        """The least faithful thing that was done."""
        return find_worst(self.findings)

    @property
    def outputs_fidelity(self) -> Fidelity:
        """The least faithful thing that was done to what the model predicts."""
        return find_worst(self.findings, Affects.OUTPUTS)

    @property
    def training_fidelity(self) -> Fidelity:
        """The least faithful thing that was done to how training goes on."""
        return find_worst(self.findings, Affects.TRAINING)


@dataclass(frozen=True, repr=False)
class Opened(_HasFindings):
    """A file brought to current Keras 3: what was in the box, what its writer meant, what it means now.

    ``original`` is the document in the writer's own vocabulary, ``document`` the one in that of Keras 3, ``findings``
    what was found and done on the way, in order, and ``code`` the functions that were in the file.
    """

    path: str
    document: Document
    findings: tuple[Finding, ...]
    code: tuple[recovery.Recovered, ...]
    migrated: pipeline.Migrated
    native: bool = False  # whether the document is made for a file, which does without the user's objects
    lowered: targets.Lowered | None = None  # the document in the words of current Keras, once that was asked for

    @property
    def raw(self) -> Raw:
        """What was in the box."""
        return self.migrated.parsed.raw

    @property
    def original(self) -> Document:
        """The document in the vocabulary of its writer."""
        return self.migrated.parsed.document

    @guard_verb
    def build(self, compile: bool = True) -> Model:
        """A live Keras model on the running backend, compiled as the file says with `compile`.

        Warns of what differs: :class:`AnyKerasWarning`.

        Raises:
            TargetError: Keras is not installed, or refuses the model.
        """
        warn_of_findings(self.path, self.findings, training=compile)
        return targets.build(self.document, compile=compile, custom_objects=self.list_objects())

    @guard_verb
    def convert(
        self,
        dst: Path,
        *,
        force: bool = False,
        target: str = targets.DEFAULT,
        strict: Strict | None = None,
        check: bool = False,
    ) -> Converted:
        """Write a file that stock Keras opens; the arguments are those of :func:`anykeras.convert`.

        Raises:
            OutputExists: `dst` is there already, and `force` is false.
            Unfaithful: the result is less faithful than `strict` allows. Nothing is written then.
            TargetError: `dst` cannot be written, or `check` was asked for with an older release as target.
        """
        opened, path = self._for_file(), os.fsdecode(dst)
        plan = targets.plan(opened.document, path, target, opened.lowered)
        findings = (*opened.findings, *plan.findings)
        if strict is not None:
            _check_strict(findings, strict)
        if check and not plan.is_current:
            raise TargetError(
                "AK6053",
                f"the installed Keras cannot check a file for {target}; nothing was written",
                key="check",
                next_step="Convert without --check, then: anykeras check OUTPUT --for RELEASE --run PYTHON.",
            )
        plan.write(path, force=force, sources=self._sources, custom_objects=opened.list_objects())
        report = self._check(opened, path) if check else None
        return Converted(path, opened, findings, report)

    def _check(self, opened: Opened, path: str) -> verification.Report:
        """The file at `path`, which `opened` was written to, with all witnesses of what was read."""
        objects = verification.find_objects(self.raw)
        return verification.check_converted(opened.document, path, opened.list_objects(), self.by_graph(), objects)

    @property
    def _sources(self) -> list[str]:
        """The files that were read."""
        used = (self.path, self.raw.weights_path, self.migrated.parsed.custom_objects.path)
        return [path for path in used if path]

    def by_graph(self) -> verification.ByGraph | None:
        """The same model by the graph of its SavedModel, a witness of the configuration; why not, where that is refused.

        The graph as it is, to be computed on numbers, where this is opened by it, or has a layer that is out of it.
        None where there is no graph.
        """
        raw, selection = self.raw, self.migrated.parsed.selection
        if raw.graph is None:
            return None
        usual = next(iter(raw.graph.signatures), None)
        if raw.architecture is None or selection.stated:
            return graphs.NumberGraph(raw, selection)
        if usual is None:
            return None
        if any(finding.code == _TRACED for finding in self.findings):
            return graphs.NumberGraph(raw, graphs.Selection(usual))
        try:
            parsed = pipeline.parse_raw(raw, selection=graphs.Selection(usual))
            return open_migrated(pipeline.migrate(parsed)).document
        except AnyKerasError as refusal:
            return refusal

    def renew_misfits(self) -> Opened:
        """This file with every weight that does not fit its configuration initialized anew; a finding for each (AK6028)."""
        with limits.spend(self.raw.budget):
            document, renewed = targets.renew_misfits(self.document)
        return replace(self, document=document, findings=(*self.findings, *renewed), lowered=None)

    def lower(self) -> Opened:
        """This file with its document lowered for current Keras, which a conversion then takes.

        Raises:
            AnyKerasError: Keras cannot hold it.
        """
        return replace(self, lowered=targets.lower(self.document))

    def _for_file(self) -> Opened:
        """This file with what the user passed as native layers, where that can be."""
        passed = self.migrated.parsed.custom_objects
        if self.native or not (passed.objects or passed.registered):
            return self
        return open_migrated(self.migrated, native=True)

    def list_objects(self) -> Mapping[str, Any]:
        """The user's objects that the document needs, by the names it has for them."""
        return self.migrated.parsed.custom_objects.for_keras(self.document)

    def _repr_html_(self) -> str:
        """The file for a notebook: its line, layers and findings."""
        return notebook.show(repr(self), _list_layers(self.original), notebook.list_findings(self.findings))

    def __repr__(self) -> str:
        layers = spell_count(len(_summarize(self.original.model)), "layer")
        return f"<Opened {_shorten(self.path)}: {self.original.writer}, {layers}, {_describe_fidelity(self)}>"


@dataclass(frozen=True, repr=False)
class Converted(_HasFindings):
    """The outcome of a conversion: the file written, the file it was made from, and all findings."""

    path: str
    opened: Opened
    findings: tuple[Finding, ...]
    check: verification.Report | None = None  # with `check`: the file as the installed stock Keras opens and runs it

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        return {
            "path": self.path,
            "fidelity": list_fidelities(self),
            "findings": [finding.as_dict() for finding in self.findings],
            **({"check": self.check.as_dict()} if self.check is not None else {}),
        }

    def _repr_html_(self) -> str:
        """The conversion for a notebook."""
        return notebook.show(repr(self), notebook.list_findings(self.findings))

    def __repr__(self) -> str:
        return f"<Converted {_shorten(self.path)} from {_shorten(self.opened.path)}, {_describe_fidelity(self)}>"


@dataclass(frozen=True, repr=False)
class Inspection:
    """What :func:`anykeras.inspect` tells of a file. `refusal` says why it cannot be opened, where it cannot."""

    raw: Raw
    original: Document
    opened: Opened | None = field(default=None)
    refusal: AnyKerasError | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found; empty where the file is refused."""
        return self.opened.findings if self.opened is not None else ()

    @property
    @guard_verb
    def signatures(self) -> tuple[graphs.GraphSignature, ...]:
        """The signatures of a SavedModel with their inputs and outputs, the usual one first; empty for other files."""
        return graphs.list_signatures(self.raw.graph) if self.raw.graph is not None else ()

    @property
    @guard_verb
    def effects(self) -> tuple[graphs.OutsideEffect, ...]:
        """Ops of a graph that would touch files, run code or reach the network in TensorFlow; AnyKeras runs none of them."""
        return graphs.list_effects(self.raw.graph) if self.raw.graph is not None else ()

    @property
    @guard_verb
    def code(self) -> tuple[recovery.Recovered, ...]:
        """Every function of the file, also where the file is refused: as Python text, else as its instructions."""
        followed = self.opened.code if self.opened is not None else ()
        known = {(record.address, record.key) for record in followed}
        return (*followed, *(found for found in recovery.read(self.original) if (found.address, found.key) not in known))

    @guard_verb
    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        opened = self.opened
        return {
            "path": self.raw.match.path,
            "container": self.raw.match.name,
            "writer": self.original.writer.as_dict(),
            "layers": _summarize(self.original.model),
            "signatures": [signature.as_dict() for signature in self.signatures],
            "effects": [effect.as_dict() for effect in self.effects],
            "notes": list(self.raw.notes),
            "leftovers": list(self.raw.leftovers),
            "kept": dict(self.raw.kept.notes) if self.raw.kept is not None else None,
            "code": [record.as_dict() for record in self.code],
            "fidelity": list_fidelities(opened) if opened is not None else None,
            "findings": [finding.as_dict() for finding in self.findings],
            "refusal": str(self.refusal) if self.refusal is not None else None,
        }

    def _repr_html_(self) -> str:
        """The inspection for a notebook: its line, why it is refused, layers, findings, functions."""
        why = f" {self.refusal}" if self.refusal is not None else ""
        rows = [(record.address, record.source) for record in self.code]
        code = notebook.fold("Functions", notebook.write_table(("where", "source"), rows), len(rows))
        return notebook.show(f"{self!r}{why}", _list_layers(self.original), notebook.list_findings(self.findings), code)

    def __repr__(self) -> str:
        state = f"refused ({self.refusal.code})" if self.refusal is not None else spell_count(len(self.findings), "finding")
        layers = len(_summarize(self.original.model))
        return f"<Inspection {_shorten(self.raw.match.path)}: {self.original.writer}, {spell_count(layers, 'layer')}, {state}>"


def open_migrated(migrated: pipeline.Migrated, native: bool = False) -> Opened:
    """The last step of opening: names and code resolved. Raises AnyKerasError."""
    resolved = pipeline.resolve(migrated, native)
    path = migrated.parsed.raw.match.path
    return Opened(path, resolved.document, resolved.findings, resolved.code, migrated, native)


def list_fidelities(of: Opened | Converted) -> dict[str, str]:
    """The three figures for JSON: of everything, of outputs, of training."""
    return {"all": str(of.fidelity), "outputs": str(of.outputs_fidelity), "training": str(of.training_fidelity)}


def _summarize(model: Layer) -> list[dict[str, Any]]:
    from .document.walk import summarize_document

    return summarize_document(model)


def _check_strict(findings: tuple[Finding, ...], strict: Strict) -> None:
    """Raises Unfaithful where findings are below the level, Unsupported for a level that does not exist."""
    levels = strict if isinstance(strict, Mapping) else {"all": strict}
    for kind, level in levels.items():
        if level not in list(Fidelity) or kind not in ("all", *Affects):
            raise Unsupported(
                "AK6033",
                f"strict asks for {kind}={level}, which is no level",
                next_step=f"Choose one of {', '.join(Fidelity)}, as strict='exact' or strict={{'outputs': 'exact'}}.",
            )
        allowed, affects = Fidelity(level), None if kind == "all" else Affects(kind)
        below = [f for f in findings if f.fidelity.rank > allowed.rank and (affects is None or f.affects is affects)]
        if below:
            what = "the conversion" if affects is None else str(affects)
            codes = ", ".join(sorted({finding.code for finding in below}))
            raise Unfaithful(
                "AK6020",
                f"{what} would be {find_worst(below)}, and at most {allowed} is allowed: {codes}; nothing was written",
                next_step="Look at the findings with `anykeras inspect`, then ask for a lower level if they do not matter.",
            )


def _list_layers(document: Document) -> str:
    rows = [(row["layer"], row["class"], row["weights"] or "", row["parameters"] or "") for row in _summarize(document.model)]
    return notebook.fold("Layers", notebook.write_table(("layer", "class", "weights", "parameters"), rows), len(rows))


def _describe_fidelity(of: Opened | Converted) -> str:
    findings = spell_count(len(of.findings), "finding")
    return f"{findings}, {of.fidelity} (outputs {of.outputs_fidelity}, training {of.training_fidelity})"


def _shorten(path: str) -> str:
    return repr(path if len(path) <= 80 else f"...{path[-77:]}")
