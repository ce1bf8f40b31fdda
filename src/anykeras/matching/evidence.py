"""Who wrote weights, by what the weights themselves show: their layout, their names, the stamps beside them.

The architecture that is to take them says nothing about it: it may be of another time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ..catalog.base import OLD
from ..catalog.layout import KERAS2_13_TREE
from ..containers.base import NamedWeights, Raw, TreeWeights
from ..document.model import Era, Evidence, Writer
from ..errors import Undecided
from ..parse import era

_SAID = re.compile(
    r"(?:(keras|tf\.keras|tf_keras)\s+)?(\d+\.\d+[\w.-]*)(?:\s+(?:on\s+)?(theano|tensorflow|cntk))?\Z", re.IGNORECASE
)
_ERAS = {0: Era.KERAS0, 1: Era.KERAS1, 2: Era.KERAS2, 3: Era.KERAS3}
_TREES = frozenset({Era.TF2, Era.KERAS3})
_SIGNS_OF_KERAS2 = (
    (re.compile(KERAS2_13_TREE.container), f"{KERAS2_13_TREE.container} is how Keras 2.12 to 2.14 file layers"),
    (re.compile(r"(.*/)?multi_head_attention(_\d+)?/_query_dense/"), "_query_dense is an attribute that Keras 2.15 filed"),
)
_BOTH_OF_KERAS2 = frozenset({Era.KERAS2, Era.TF2})


def writer_of_weights(raw: Raw, said: str | None = None) -> Writer:
    """The writer of the weights in `raw`: by the architecture too where the same file holds it, never by one beside it.

    Args:
        raw: a file with weights.
        said: what the user knows: a version, with library and backend where they are known too (``"1.0.5"``,
            ``"keras 2.1.6 on theano"``).

    Raises:
        Undecided: `said` is no version; it is not given, and nothing in the file says it.
    """
    if isinstance(raw.weights, NamedWeights) and raw.weights.listed:
        return _writer_of_list(raw, said)
    writer = era.infer(raw if raw.apart is None else replace(raw, architecture=None, part=""))
    if isinstance(raw.weights, TreeWeights):
        for sign, what in _SIGNS_OF_KERAS2:
            if any(sign.match(path) for path in raw.weights.tensors):
                seen = (*writer.evidence, Evidence("weight paths", what))
                return _as_said(replace(writer, era=Era.TF2, library="tf.keras", backend="tensorflow", evidence=seen), said)
    return _as_said(writer, said)


def _writer_of_list(raw: Raw, said: str | None) -> Writer:
    """The writer of plain arrays, as the user says it: the kernels of every era and backend have the same shapes."""
    writer = _as_said(Writer(Era.KERAS2), said)
    if said is not None and (writer.era in (Era.TF2, Era.KERAS3) or writer.backend is not None):
        return writer
    raise Undecided(
        "AK1315",
        "plain arrays do not say which Keras wrote them"
        if said is None
        else f"Keras {said} ran on several backends, whose kernels differ, and plain arrays do not say on which",
        part=raw.match.path,
        key="writer",
        next_step='Say it to anykeras.load_weights or `anykeras transfer`: writer="3.3", "tf.keras 2.4", "keras 2.2.4 on '
        'tensorflow" or "keras 1.2.2 on theano".',
    )


def lists_branches(raw: Raw, writer: Writer) -> bool:
    """Whether the file lists the layers of branches one branch after the other, in the order of the model's inputs.

    So did a Sequential of Keras 0 and 1 that begins with a Merge, whose branches are its inputs: all others of several inputs
    then were a Graph, which has a group of its own, or of the functional API, which lists an InputLayer first.
    """
    weights = raw.weights
    if not isinstance(weights, NamedWeights) or writer.era not in OLD or not weights.groups:
        return False
    if writer.era is Era.KERAS0:
        return all(group.name.startswith("layer_") for group in weights.groups)
    return bool(weights.groups[0].weights)


def _as_said(writer: Writer, said: str | None) -> Writer:
    if said is None:
        return writer
    match = _SAID.match(said.strip())
    if match is None:
        raise Undecided(
            "AK1313", f"writer={said!r}", key="writer", next_step='Give a version, as in "1.0.5" or "keras 2.1.6 on theano".'
        )
    library, version, backend = match[1], match[2], match[3]
    spoken = _ERAS.get(int(version.split(".")[0]), writer.era)
    later = int(version.split(".")[1].split("-")[0]) > 3  # from 2.4 on there was tf.keras alone
    if spoken is Era.KERAS2 and (later or (writer.era is Era.TF2 if library is None else library.lower() != "keras")):
        spoken = Era.TF2
    return replace(
        writer,
        era=spoken,
        library=(library or ("tf.keras" if spoken is Era.TF2 else "keras")).lower(),
        version=version,
        backend=(backend or "").lower() or writer.backend,
        evidence=(*writer.evidence, Evidence("writer", f"given as {said}")),
    )


def find_conflict(raw: Raw, architecture: Writer) -> str | None:
    """Why an architecture and the weights that were given for it are of two writers; None where they are not.

    A tree of objects says Keras 3 or 2.14 and 2.15, unless it has names, which only Keras 3 keeps.
    """
    if isinstance(raw.weights, NamedWeights) and raw.weights.listed:
        return "plain arrays say neither who wrote them nor which layers they are of"
    writer = writer_of_weights(raw)
    empty = not isinstance(raw.weights, TreeWeights | NamedWeights) or not any(_list_tensors(raw.weights))
    if empty or (
        writer.version is not None and (writer.version, writer.backend) == (architecture.version, architecture.backend)
    ):
        return None
    if isinstance(raw.weights, TreeWeights) and not raw.weights.names and {architecture.era, writer.era} == _TREES:
        return None
    return describe_conflict(architecture, writer)


def _list_tensors(weights: NamedWeights | TreeWeights) -> Iterable[object]:
    return weights.tensors if isinstance(weights, TreeWeights) else (group.weights for group in weights.groups)


def describe_conflict(architecture: Writer, weights: Writer) -> str | None:
    """Why these weights are not those that this architecture was saved with; None where nothing speaks against it.

    Keras 2 and tf.keras store weights alike, so they do not contradict each other; neither do versions of one era.
    """
    if architecture.era is not weights.era and not {architecture.era, weights.era} <= _BOTH_OF_KERAS2:
        return f"the weights were written by {weights}, the architecture by {architecture}"
    backends = {architecture.backend, weights.backend} - {None}
    if "theano" in backends and len(backends) > 1:
        return f"the weights were written on {weights.backend}, the architecture on {architecture.backend}"
    return None
