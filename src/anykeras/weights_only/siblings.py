"""The architecture beside a file of weights: taken where it is the one that belongs there, and every layer fits by name.

Fitting by shapes is not belonging: the architecture of another run has the same shapes and other activations.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .. import containers, limits, parse, pipeline
from ..containers.base import NamedWeights, Raw, TreeWeights
from ..document.model import Layer, Writer
from ..document.walk import layers_of
from ..errors import AnyKerasError, NotAModel
from ..findings import Finding
from ..matching import writer_of_weights

_TEXTS = (".json", ".yaml", ".yml")
_SUFFIX = re.compile(r"\.weights\.h5\Z|\.(h5|hdf5|h5f|keras|npz|json|yaml|yml)\Z", re.IGNORECASE)
_WORDS = re.compile(r"[-_. ]?(model|weights?|architecture|arch|config)[-_. ]?", re.IGNORECASE)
_LOOKED_AT = 40
_LARGEST = 1 << 26  # bytes


@dataclass(frozen=True)
class Sibling:
    """An architecture file in the folder of a weights file.

    Attributes:
        path: of the architecture.
        same_stem: whether both files are called alike (``model.json``, ``model_weights.h5``).
        why_not: what speaks against it; empty where every layer of either file is in the other by name.
    """

    path: str
    same_stem: bool
    why_not: str = ""

    @property
    def fits(self) -> bool:
        """Whether every layer fits by name."""
        return not self.why_not

    @property
    def name(self) -> str:
        """The name of the file."""
        return os.path.basename(self.path)


def find_siblings(weights: Raw) -> tuple[Sibling, ...]:
    """The architecture files in the folder of a weights file, those called alike before the others."""
    path = weights.match.path
    folder = os.path.dirname(os.path.abspath(path))
    try:
        names = sorted(name for name in os.listdir(folder) if name.lower().endswith(_TEXTS))
    except OSError:
        return ()
    names.sort(key=lambda name: _find_stem(name) != _find_stem(path))
    found = []
    for name in names[:_LOOKED_AT]:
        beside = os.path.join(os.path.dirname(path), name)
        architecture = _open(beside)
        if architecture is not None:
            found.append(Sibling(beside, _find_stem(name) == _find_stem(path), _compare(architecture, weights)))
    return tuple(found)


def _find_stem(path: str) -> str:
    """The name of a file without its suffix and the words that say what it holds: ``cnn`` of ``cnn_weights.h5``."""
    name = _SUFFIX.sub("", os.path.basename(path))
    return (_WORDS.sub("", name) or name).lower()


def _open(path: str) -> Raw | None:
    """The architecture in a file; None where it holds none."""
    try:
        if not _may_be_model(path):
            return None
        with limits.spend(limits.begin_budget()):
            match = containers.sniff(path)
            raw = match.read() if match.name == "config_text" else None
    except (AnyKerasError, OSError):
        return None
    return raw if raw is not None and raw.architecture is not None else None


def _may_be_model(path: str) -> bool:
    """Whether a text is worth reading: data sets are JSON too, and lie beside weights."""
    if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
        return False
    with open(path, "rb") as file:
        head = file.read(1 << 16)
    return any(word in head for word in (b"class_name", b"layers", b"node_config"))


def _compare(architecture: Raw, weights: Raw) -> str:
    """Why the layers of both files are not the same by name; empty where they are."""
    try:
        document = pipeline.parse_raw(architecture).document
    except AnyKerasError as error:
        return f"it is refused ({error.code})"
    return _compare_names(document.model, weights) or _compare_shapes(architecture, weights)


def _compare_names(model: Layer, weights: Raw) -> str:
    """What is in one file and not in the other, by name. Trees before Keras 3.6 and files of Keras 0 have no names."""
    names = {layer.name for layer in layers_of(model)}
    if isinstance(weights.weights, NamedWeights) and not weights.weights.indexed:
        held = [group.name for group in weights.weights.groups if group.weights and group.name != "top_level_model_weights"]
    elif isinstance(weights.weights, TreeWeights) and weights.weights.names:
        held = [name for home, name in weights.weights.names.items() if home]
    else:
        return "the weights have no names of layers"
    lacking = [name for name in held if name not in names]
    return f"it has no layer {lacking[0]!r}" if lacking else ""


def _compare_shapes(architecture: Raw, weights: Raw) -> str:
    try:
        pipeline.migrate(pipeline.parse_raw(architecture.with_weights(weights)))
    except AnyKerasError as error:
        return error.seen
    return ""


def read_beside(weights: Raw) -> tuple[Raw, Finding]:
    """The architecture beside a file of weights, with these weights in it, and the finding that says so.

    Raises NotAModel (AK1210) where none belongs to them.
    """
    chosen, finding = choose_sibling(weights, writer_of_weights(weights), find_siblings(weights))
    return pipeline.read(chosen.path, weights.match.path), finding


def choose_sibling(weights: Raw, writer: Writer, found: Sequence[Sibling]) -> tuple[Sibling, Finding]:
    """The one that belongs to the weights: called alike, or the only one there, and every layer fits by name.

    Raises NotAModel (AK1210) where there is none, with the candidates and what to do.
    """
    alike = [sibling for sibling in found if sibling.same_stem]
    conventional = alike or (list(found) if len({_find_stem(sibling.path) for sibling in found}) == 1 else [])
    # a.json and a.yaml are one architecture in two spellings; a.json and a_model.json are two.
    stems = {os.path.splitext(sibling.path)[0] for sibling in conventional}
    fitting = [sibling for sibling in conventional if sibling.fits]
    if not fitting or len(stems) > 1:
        raise refuse_alone(weights, writer, found)
    chosen = fitting[0]
    why = "is called alike" if chosen.same_stem else "is the only architecture beside it"
    seen = f"weights alone; {chosen.name} {why} and has every layer by name"
    return chosen, Finding("AK1331", "architecture", seen, f"the architecture was taken from {chosen.path}")


def refuse_alone(weights: Raw, writer: Writer, found: Sequence[Sibling] = ()) -> NotAModel:
    """The error about weights that no architecture goes with."""
    file = os.path.basename(weights.match.path)
    beside = [f"{s.name} ({'fits by name' if s.fits else s.why_not})" for s in found[:4]]
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    seen = f"{weights.match.path} holds weights and no architecture{parse.describe_known_model(weights)}"
    if beside:
        seen += f"; beside it: {', '.join(beside)}{more}"
    return NotAModel(
        "AK1210",
        seen,
        part=weights.part or weights.match.name,
        writer=str(writer),
        next_step=(
            f'Name the architecture: anykeras.load_model("model.json", weights="{file}"), or '
            f'load_model("{file}", architecture=...) with the code that built it; or load_weights(your_model, "{file}"). '
            f"`anykeras inspect {file}` says what is in it, `anykeras stub {file}` writes code to fill in."
        ),
    )
