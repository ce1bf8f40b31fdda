"""The verbs, each the steps that a file goes through: read -> parse -> migrate -> resolve -> build | write | tell."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from . import custom, explaining, graphs, matching, pipeline, targets, verification, weights_only
from .boundary import guard_verb, pause_collection, rename_argument
from .errors import AnyKerasError
from .opened import Converted, Inspection, Model, Opened, Strict, open_migrated
from .opening import match_into, open_file
from .pages import Page, find_page
from .pipeline import Architecture, CustomObjectsSource, Path
from .warning import warn_of_findings


@guard_verb
def slice_source(source: str, *, weights: Path | None = None) -> str:
    """Which statements of a source ``architecture=`` would run, as Python text with their lines; nothing is run.

    Args:
        source: ``"model.py"``, ``"model.py:build(32)"``, or a notebook.
        weights: the weights file, which a statement of the source may name.

    Raises:
        MissingFile: there is no such file.
        MissingObject: the source is no Python, or it does not say which model is meant.
    """
    return pipeline.slice_source(source, weights)


@guard_verb
@pause_collection
def open(
    path: Path,
    custom_objects: CustomObjectsSource = None,
    *,
    weights: Path | None = None,
    architecture: Architecture | None = None,
    data_format: str | None = None,
    signature: str | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Opened:
    """A model file of any Keras, brought to current Keras 3: to look at, to build, or to convert.

    Imports no framework, unless `custom_objects` are passed.

    Args:
        path: HDF5, ``.keras``, JSON or YAML architecture, pickle, or an unpacked ``.keras`` folder.
        custom_objects: what the file names and does not hold: a mapping as for :func:`keras.models.load_model`, a module,
            or the path of the source file that defined it, in which legacy Keras imports are emulated.
        weights: the weights file that goes with an architecture file.
        architecture: what `path`, a file of weights alone, belongs to: a model file, a live Keras model, or the source that
            builds it (``"model.py"``, ``"model.py:build(32)"``, a notebook), which is run as far as the model needs it.
        data_format: ``"channels_first"`` or ``"channels_last"``, for the layers of Keras 1 that do not write it (AK2103).
        signature: of a SavedModel, the signature whose graph is meant, in place of its Keras configuration.
        inputs, outputs: of a graph, the tensors that are meant (``"image:0"``), where no signature says it.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: the file is refused; the message names the part, the layer, the reason, and what to do.
    """
    selection = graphs.Selection(signature, tuple(inputs), tuple(outputs))
    return open_file(path, custom_objects, weights, architecture=architecture, selection=selection, data_format=data_format)


@rename_argument("path", "filepath")
@guard_verb
@pause_collection
def load_model(
    filepath: Path,
    custom_objects: CustomObjectsSource = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    weights: Path | None = None,
    skip_mismatch: bool = False,
    architecture: Architecture | None = None,
    data_format: str | None = None,
    signature: str | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Model:
    """A live Keras 3 model with the outputs that the file had when it was saved, on the running backend.

    What differs, in outputs or (with `compile`) in further training, is an :class:`AnyKerasWarning`.

    Args:
        filepath: a model file of any Keras, as for :func:`anykeras.open`.
        custom_objects: as for :func:`anykeras.open`.
        compile: compile the model as the file says, as far as the current Keras can.
        safe_mode: accepted for compatibility. Code in the file is never run, whatever its value.
        weights: the weights file that goes with an architecture file.
        skip_mismatch: initialize weights anew that do not fit their layer, as ``Model.load_weights`` of Keras does for
            another head; without it such a file is refused.
        architecture, data_format: as for :func:`anykeras.open`.
        signature, inputs, outputs: as for :func:`anykeras.open`.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: the file is refused; the message names the part, the layer, the reason, and what to do.
    """
    selection = graphs.Selection(signature, tuple(inputs), tuple(outputs))
    opened = open_file(
        filepath,
        custom_objects,
        weights,
        skip_mismatch=skip_mismatch,
        architecture=architecture,
        selection=selection,
        data_format=data_format,
    )
    return opened.build(compile)


@guard_verb
def load_weights(
    model: Model,
    path: Path,
    *,
    by_name: bool = False,
    skip_mismatch: bool = False,
    layers: Mapping[str, str] | None = None,
    data_format: str | None = None,
    writer: str | None = None,
    defaults: matching.Defaults = "ask",
) -> matching.WeightsReport:
    """Put the weights of a file of any Keras into a live model of today, each weight by proof.

    Which weights belong to which layer is shown by names, order, numbers of creation and shapes, or it is asked: never taken by
    place where two ways fit. Layouts are those of today afterwards: gates, kernels, halves of biases, rows after Flatten. All
    values are read and checked before the first variable changes.

    Args:
        model: a built model of Keras 3 on any backend: functional, sequential, or of a class of its own.
        path: weights in any layout, or a whole model file, whose weights are taken.
        by_name: follow the names alone; layers of other names stay as they are.
        skip_mismatch: fill what fits and leave the rest, as for another head.
        layers: what you know: layers of the file by name, with the layers of the model that they are.
        data_format: how images were laid out when the weights were trained, ``"channels_first"`` or ``"channels_last"``.
        writer: the version that wrote the weights (``"1.0.5"``, ``"keras 2.1.6 on theano"``), where the file does not say.
        defaults: what to do where a default changed since then and the model has today's: ``"ask"`` refuses, ``"then"`` sets
            what it was on the layers, ``"mine"`` keeps what the model has.

    Returns:
        Each pair with its witness, what stayed unfilled, what stayed unused, and what was concluded.

    Raises:
        MissingFile: there is no such file.
        Undecided: the file leaves something open; the message names the argument that settles it.
        AnyKerasError: the weights do not go into this model, or the file is refused. The model is as it was.
    """
    options = matching.Options(by_name, skip_mismatch, layers, data_format, writer, defaults)
    live = targets.read_model(model)
    raw = pipeline.read(path)
    era = matching.writer_of_weights(raw, writer).era
    located = targets.locate_weights(live, raw.weights, era)
    found = matching.match(raw, live.document, options, located.homes)
    targets.fill_model(live, found.tensors, found.arguments, located.others)
    left = targets.list_unfilled(live, located.others)
    unfilled = (*found.report.unfilled, *(finding.address for finding in left))
    report = replace(found.report, unfilled=unfilled, findings=(*found.report.findings, *left))
    warn_of_findings(report.path, report.findings, training=False)
    return report


@guard_verb
@pause_collection
def convert(
    src: Path,
    dst: Path,
    custom_objects: CustomObjectsSource = None,
    *,
    weights: Path | None = None,
    force: bool = False,
    target: str = targets.DEFAULT,
    strict: Strict | None = None,
    skip_mismatch: bool = False,
    check: bool = False,
    architecture: Architecture | None = None,
    data_format: str | None = None,
    signature: str | None = None,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Converted:
    """Write `src` as a ``.keras`` file that stock Keras opens in safe mode without custom objects.

    Imports no framework, unless `custom_objects` are passed. `src` is only read; `dst` appears whole or not at all.

    Args:
        src: a model file of any Keras, as for :func:`anykeras.open`.
        dst: the file to write.
        custom_objects: as for :func:`anykeras.open`; they become native layers and operations where that can be.
        weights: the weights file that goes with an architecture file.
        force: replace `dst` if it exists.
        target: what is to open the file: ``keras`` for current Keras, a release such as ``keras-3.6``, or ``tfjs`` for
            TensorFlow.js, for which `dst` is a folder. What that cannot hold is refused, what it holds in other words is a
            finding.
        strict: the least faithful level allowed (``"exact"``, ``"equivalent"``, ``"approximate"``, ``"lossy"``), or a
            mapping of ``"outputs"`` and ``"training"`` to levels.
        skip_mismatch: as for :func:`anykeras.load_model`.
        check: open the written file with the installed stock Keras, run it on generated inputs and compare with the live
            model; the result is ``Converted.check``. Needs a backend.
        architecture, data_format: as for :func:`anykeras.open`.
        signature, inputs, outputs: as for :func:`anykeras.open`.

    Raises:
        MissingFile, OutputExists: `src` does not exist; `dst` does, and `force` is false.
        Unfaithful: the result is less faithful than `strict` allows. Nothing is written then.
        AnyKerasError: the file is refused.
    """
    opened = open_file(
        src,
        custom_objects,
        weights,
        native=True,
        skip_mismatch=skip_mismatch,
        architecture=architecture,
        selection=graphs.Selection(signature, tuple(inputs), tuple(outputs)),
        data_format=data_format,
    )
    return opened.convert(dst, force=force, target=target, strict=strict, check=check)


@guard_verb
@pause_collection
def inspect(
    path: Path, *, weights: Path | None = None, signature: str | None = None
) -> Inspection | weights_only.WeightsInspection:
    """Who wrote the file, its layers, and what bringing it to current Keras finds. Imports no framework.

    A file that cannot be brought to current Keras is still described; `refusal` then says why. Of a graph of TensorFlow the
    signatures are told with their inputs and outputs. Of a file that holds weights
    alone, what their names and shapes tell of the layers: a :class:`WeightsInspection`.

    Args:
        path, weights, signature: as for :func:`anykeras.open`.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: the file is no model, or too damaged to describe.
    """
    raw = pipeline.read(path, weights)
    if raw.architecture is None and raw.weights is not None:
        return weights_only.WeightsInspection(raw)
    try:
        parsed = pipeline.parse_raw(raw, selection=graphs.Selection(signature))
    except AnyKerasError as refusal:
        if raw.graph is None or (raw.architecture is not None and signature is None):
            raise
        return Inspection(raw, graphs.describe(raw.graph), refusal=refusal)
    try:
        opened = open_migrated(pipeline.migrate(parsed)).lower()
    except AnyKerasError as refusal:
        return Inspection(parsed.raw, parsed.document, refusal=refusal)
    return Inspection(parsed.raw, parsed.document, opened)


@guard_verb
def match(
    path: Path,
    into: Path,
    *,
    by_name: bool = False,
    skip_mismatch: bool = False,
    layers: Mapping[str, str] | None = None,
    data_format: str | None = None,
    writer: str | None = None,
    defaults: matching.Defaults = "ask",
) -> matching.WeightsReport:
    """Which weights of a file belong into which layers of a model, and by which witness. Loads nothing, needs no framework.

    Args:
        path: weights of any Keras, or a whole model file, whose weights are taken.
        into: the model: an architecture (JSON, YAML), a whole model file, or the source that builds it
            (``"model.py:build(10)"``), which is run.
        by_name, skip_mismatch, layers, data_format, writer, defaults: as for ``anykeras.load_weights``.

    Raises:
        MissingFile: a file does not exist.
        Undecided: the file leaves something open; the message names the argument that settles it.
        AnyKerasError: the weights do not go into this model, or a file is refused.
    """
    options = matching.Options(by_name, skip_mismatch, layers, data_format, writer, defaults)
    return match_into(path, into, options)[1].report


@guard_verb
def transfer(
    path: Path,
    into: Path,
    dst: Path,
    *,
    by_name: bool = False,
    skip_mismatch: bool = False,
    layers: Mapping[str, str] | None = None,
    data_format: str | None = None,
    writer: str | None = None,
    defaults: matching.Defaults = "ask",
    force: bool = False,
    strict: Strict | None = None,
) -> tuple[Converted, matching.WeightsReport]:
    """Write the model of `into` with the weights of `path`, as a ``.keras`` file that stock Keras opens. Needs no framework.

    Args:
        path, into: as for :func:`match`; both are only read.
        dst: the file to write; it appears whole or not at all.
        by_name, skip_mismatch, layers, data_format, writer, defaults: as for ``anykeras.load_weights``.
        force: replace `dst` if it exists.
        strict: as for :func:`convert`.

    Raises:
        MissingFile, OutputExists: a file does not exist; `dst` does, and `force` is false.
        Undecided: the file leaves something open; the message names the argument that settles it.
        AnyKerasError: the weights do not go into this model, or a file is refused. Nothing is written then.
    """
    options = matching.Options(by_name, skip_mismatch, layers, data_format, writer, defaults)
    opened, found = match_into(path, into, options, native=True)
    filled = replace(opened, document=matching.fill_document(opened.document, found))
    filled = replace(filled, findings=(*opened.findings, *found.report.findings))
    return filled.convert(dst, force=force, strict=strict), found.report


@guard_verb
def stub(path: Path, *, weights: Path | None = None) -> str:
    """Python text with a class to fill in for every class that the file needs and does not hold; empty where none is.

    Filled in, the text is what ``custom_objects="my_layers.py"`` takes. Imports no framework.

    For a file that holds weights alone, the text is a function ``build`` with every layer that the file tells, and an
    ``ASK(...)`` for each argument that it does not; filled in, it is what ``architecture="model.py:build()"`` takes.

    Raises:
        MissingFile: there is no such file.
        AnyKerasError: the file is no model, or too damaged to describe.
    """
    raw = pipeline.read(path, weights)
    if raw.architecture is None and raw.weights is not None:
        return weights_only.write_sketch(weights_only.WeightsInspection(raw))
    migrated = pipeline.migrate(pipeline.parse_raw(raw))
    return custom.write_stub(migrated.document, migrated.parsed.raw.match.path)


@guard_verb
def verify(
    a: Path,
    b: Path | None = None,
    *,
    recording: Path | None = None,
    weights: Path | None = None,
    custom_objects: CustomObjectsSource = None,
    inputs: Path | None = None,
    tolerance: float | None = None,
    record: Path | None = None,
    backends: Sequence[str] = (),
    signature: str | None = None,
) -> verification.Report:
    """Whether two files compute the same, or one file what was recorded, or what it computes on another backend.

    Args:
        a: the file to trust or to test. It is opened by AnyKeras.
        b: the file made from it; read again, and run by stock Keras where it can open it.
        recording: an ``.npz`` with inputs ``in0..`` and the outputs ``out0..`` that the old stack gave.
        weights: the weights file, where `a` is an architecture.
        custom_objects: as for :func:`anykeras.open`, for both files; with `backends` the path of a source file.
        inputs: an ``.npz`` with what to run on, by the names of the inputs or as ``in0..``; made up where it is not given.
        tolerance: a number agrees within ``tolerance * (0.1 + |wanted|)``; 1e-4 by default.
        record: where to write inputs and outputs of `a` as a recording; the file must not exist.
        backends: two or more backends; each runs `a` in a process of its own and is compared with the first.
        signature: of `a`, where it is a SavedModel: the signature whose graph is meant, as for :func:`anykeras.open`.

    Raises:
        MissingFile: a file does not exist.
        Unsupported: the inputs do not fit a model.
        AnyKerasError: a file is refused, or no backend is installed.
    """
    allowed = verification.RTOL if tolerance is None else tolerance
    if backends:
        given = (("weights", weights), ("signature", signature))
        options = [f"--{name}={os.fsdecode(value)}" for name, value in given if value is not None]
        if custom_objects is not None:
            if not isinstance(custom_objects, str | os.PathLike):
                raise TypeError("with backends=, which run in processes of their own, custom_objects is a source file's path")
            options.append(f"--custom-objects={os.fspath(custom_objects)}")
        passed = os.fsdecode(inputs) if inputs is not None else None
        return verification.verify_backends(os.fsdecode(a), backends, options, inputs=passed, tolerance=allowed)
    first = open_file(a, custom_objects, weights, selection=graphs.Selection(signature))
    second = open_file(b, custom_objects) if b is not None else None
    return verification.verify_documents(
        verification.NamedDocument(first.path, first.document, first.list_objects()),
        verification.NamedDocument(second.path, second.document, second.list_objects()) if second is not None else None,
        recovered=first.code,
        recording=recording,
        inputs=inputs,
        tolerance=allowed,
        record=record,
        graph=first.by_graph() if second is None or first.raw.architecture is None else None,
        kept=first.raw.kept,
        objects=verification.find_objects(first.raw),
    )


@guard_verb
def explain(message: str, file: Path | None = None) -> Page | explaining.Explanation | None:
    """The page of a code; or what an error of Keras, TensorFlow, h5py or Python about a model file means.

    Args:
        message: a code (``"AK2101"``), or a pasted message or traceback; one of AnyKeras itself leads to its page.
        file: a model file in which to look for the cause of a message.

    Returns:
        The page, None for a code that does not exist, or an Explanation, which says so where the message is not known.

    Raises:
        MissingFile: there is no such `file`.
        AnyKerasError: `file` is no model, or too damaged to describe.
    """
    if re.fullmatch(r"\s*[A-Za-z]{2}\d{4}\s*", message):
        return find_page(message.strip())
    ours = re.findall(r"\[(AK\d{4})\]", message)
    if ours and (page := find_page(ours[-1])) is not None:
        return page
    explained = explaining.explain_message(message)
    if file is None:
        return explained
    return replace(explained, check=explaining.check_file(explained, inspect(file)))
