"""The releases of Keras that a file can be made for, by name, and how each spells a model file.

A release is a minor of one library: ``keras-3.6``, ``keras-2.3``, ``tf.keras-2.8``, ``tf_keras-2.16``. What it has is a
:class:`Since`: the first minor of each line that has it, so one row answers for all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from ..errors import Unsupported

Numbers = tuple[int, ...]
Line = Literal["keras3", "tf", "keras2", "keras1", "tfjs"]
"""Which of the lines of development a release belongs to; tf_keras goes on with tf.keras, tfjs is TensorFlow.js."""


@dataclass(frozen=True)
class Release:
    """One minor of one library.

    `stamp` is what its files give as ``keras_version``. `boxes` are the suffixes of the files that AnyKeras writes for
    it, its own default first; () where it writes none.
    """

    library: str
    version: str
    boxes: tuple[str, ...] = ()
    stamp: str = ""

    @cached_property
    def numbers(self) -> Numbers:
        """The version as numbers: ``(2, 8)``."""
        return tuple(int(part) for part in self.version.split("."))

    @property
    def line(self) -> Line:
        """The line of development."""
        if self.library == "tfjs":
            return "tfjs"
        if self.library != "keras":
            return "tf"
        return "keras3" if self.numbers >= (3,) else "keras2" if self.numbers >= (2,) else "keras1"

    @property
    def pythons(self) -> tuple[Numbers, Numbers]:
        """The oldest and the newest Python that it ran in."""
        return next(span for since, span in _PYTHONS[self.line] if self.numbers >= since)

    @property
    def signatures(self) -> str:
        """The release as :mod:`anykeras.catalog.signatures` names it: its last patch, so that "at or before" finds it."""
        if self.line == "tf":
            major, minor = min(self.numbers, (2, 15))
            return f"tf.keras {major}.{minor}.9"
        return f"tfjs {self.version}.9" if self.line == "tfjs" else f"{self.version}.9"

    def __str__(self) -> str:
        return f"{self.library}-{self.version}"


@dataclass(frozen=True)
class Since:
    """The first minor of each line that has something; None for a line that never had it.

    Keras 3 has what it says (from 3.0 on where it says nothing), whatever the older lines have.
    """

    keras3: str | None = "3.0"
    tf: str | None = None
    keras2: str | None = None
    tfjs: str | None = None

    def holds(self, release: Release) -> bool:
        """Whether a release has it."""
        first = {"keras3": self.keras3, "tf": self.tf, "keras2": self.keras2, "tfjs": self.tfjs}.get(release.line)
        return first is not None and release.numbers >= tuple(int(part) for part in first.split("."))


def exists_in_keras3(version: str) -> Since:
    """What every older line has, and Keras 3 from a minor on."""
    return Since(version, tf="1.13", keras2="2.0", tfjs="4.22")


_TF_BOXES: Final[dict[tuple[int, ...], tuple[str, ...]]] = {
    (2, 12): (".h5", ".keras"),
    (2, 13): (".keras", ".h5"),
    (2, 14): (".keras", ".h5"),
    (2, 15): (".keras", ".h5"),
}


def _make_tf(version: str, stamp: str = "") -> Release:
    numbers = tuple(int(part) for part in version.split("."))
    return Release("tf.keras", version, _TF_BOXES.get(numbers, (".h5",)), stamp or f"{version}.0")


# Newest first. Of TensorFlow the Pythons that its wheels are for; of Keras 3 what its packages ask for. Keras 1 and 2 ask for
# nothing, and do not import in Python 3.10 (collections.Iterable).
_ANY_LATER: Final = (99, 0)
_PYTHONS: Final[dict[Line, tuple[tuple[Numbers, tuple[Numbers, Numbers]], ...]]] = {
    "keras3": (((3, 1), ((3, 9), _ANY_LATER)), ((3, 0), ((3, 8), _ANY_LATER))),
    "tf": (
        ((2, 16), ((3, 9), _ANY_LATER)), ((2, 14), ((3, 9), (3, 11))), ((2, 12), ((3, 8), (3, 11))),
        ((2, 8), ((3, 7), (3, 10))), ((2, 7), ((3, 7), (3, 9))), ((2, 5), ((3, 6), (3, 9))), ((2, 4), ((3, 6), (3, 8))),
        ((2, 2), ((3, 5), (3, 8))), ((1, 0), ((2, 7), (3, 7))),
    ),
    "keras2": (((2, 0), ((2, 7), (3, 9))),),
    "keras1": (((1, 0), ((2, 7), (3, 9))),),
    "tfjs": (((4, 0), ((99, 0), (99, 0))),),
}  # fmt: skip


# The stamps are `__version__` of tensorflow/python/keras/__init__.py, and from TensorFlow 2.5 on that of keras itself.
RELEASES: Final = (
    Release("keras", "1.2", (), "1.2.2"), Release("keras", "2.0", (), "2.0.9"), Release("tf.keras", "1.13", (), "2.2.4-tf"),
    Release("tf.keras", "1.14", (), "2.2.4-tf"),
    *(Release("keras", version, (".h5",), stamp) for version, stamp in
      (("2.1", "2.1.6"), ("2.2", "2.2.4"), ("2.3", "2.3.1"))),
    _make_tf("1.15", "2.2.4-tf"), _make_tf("2.0", "2.2.4-tf"), _make_tf("2.1", "2.2.4-tf"), _make_tf("2.2", "2.3.0-tf"),
    _make_tf("2.3", "2.4.0"), _make_tf("2.4", "2.4.0"), *(_make_tf(f"2.{minor}") for minor in range(5, 16)),
    *(Release("tf_keras", f"2.{minor}", (".keras", ".h5"), f"2.{minor}.0") for minor in range(15, 22)),
    *(Release("keras", f"3.{minor}", (".keras",), f"3.{minor}.0") for minor in range(16)),
)  # fmt: skip
"""Every release of Keras that there is a record of, oldest first within its line."""
NEWEST: Final = RELEASES[-1]
TFJS: Final = Release("tfjs", "4.22", ("",), "2.15.0")
"""The layers of TensorFlow.js, whose models are folders in the words of tf.keras. No Keras, so not in `RELEASES`."""

_NAMES: Final = {
    "keras": "keras",
    "tf.keras": "tf.keras",
    "tensorflow": "tf.keras",
    "tf-keras": "tf_keras",
    "tf_keras": "tf_keras",
}
_NAME: Final = re.compile(r"(?P<library>[A-Za-z._-]+?)\s*(?:==|[-=@ ])\s*v?(?P<version>\d+(?:\.\d+)+)")


# How the minors of Keras 3 spell a file (keras 3.0.5 to 3.15.1: models/functional.py, saving/saving_lib.py, ops/operation.py).
ENDS_AS_THEY_ARE: Final = Since("3.4")
"""One input or output as ``["x", 0, 0]``; before, every end is one of a list."""
ENDS_COUNT_CONSTRUCTION: Final = Since("3.3")
"""A nested Functional among the outputs counts its own construction as a call; 3.1 and 3.2 write so and do not read it."""
BARE_GROUPS: Final = Since("3.6")
"""Layers without variables have no group ``vars`` in the weights file."""
DEFAULTS_STAY: Final = Since("3.11")
"""Constructors of operations have the defaults of today; before, some have others."""
CAUSAL_CALLS: Final = Since(tf="2.10")
"""Attention takes ``use_causal_mask`` in a call; before, ``causal`` is an argument of the layer, or there is none."""
CALLS_WAIT: Final = Since("3.7", tf="2.15", keras2="2.3")
"""A call whose tensors are not there yet is put off, so layers may be listed in any order (measured; keras 3.6.0 and 3.7.0
models/functional.py). Before, Keras 3 refuses such a file, and tf.keras counts the calls of a shared layer in another order,
without a word, where no order of the layers lets each wait for none behind it."""
POLICIES_AS_OBJECTS: Final = Since("3.4")
"""Every layer takes a dtype policy as an object; before, Hashing compares it with names (layers/preprocessing/hashing.py)."""
AXES_AS_NUMBERS: Final = Since("3.11")
"""Reductions take one axis as a number; before, logsumexp and moments only in a row (ops/operation_utils.py)."""
ORTHOGONAL_CLASS: Final = Since("3.7")
"""The class is called Orthogonal; before, OrthogonalInitializer."""

# How tf.keras from 2.12 on spells a .keras file (keras 2.12.0 to 2.15.0, tf_keras: saving/saving_lib.py).
SOURCES_APART: Final = Since(tf="2.13")
"""Classes that are not exported are in ``keras.src``; before, in ``keras``."""
LAYERS_COUNTED_ONCE: Final = Since(tf="2.14")
"""``_save_container_state`` passes over a layer that was met already without counting it."""
LAYERS_IN_TREE: Final = Since(tf="2.15")
"""Weights lie under ``layers``; before, under ``_layer_checkpoint_dependencies``."""

_KERAS3: Final = {release.version: release for release in RELEASES if release.line == "keras3"}


def find_release(name: str) -> Release | None:
    """The release of a name: ``tf.keras-2.8``, ``tf.keras==2.8.4``, ``keras-3.6``; None where none is meant.

    From 2.4 to 2.15 the package ``keras`` is that of TensorFlow; TensorFlow from 2.16 on comes with Keras 3, whose minor it
    does not say, so it is no release here.
    """
    if re.fullmatch(r"tfjs([-=@ ]+4\.\d+(\.\d+)?)?", name.strip()):
        return TFJS
    found = _NAME.fullmatch(name.strip())
    library = _NAMES.get(found["library"].lower()) if found else None
    if found is None or library is None:
        return None
    numbers = tuple(int(part) for part in found["version"].split("."))[:2]
    if library == "keras" and (2, 4) <= numbers < (3, 0):
        library = "tf.keras"
    return next((release for release in RELEASES if release.library == library and release.numbers == numbers), None)


def keras3(minor: str) -> Release:
    """The record of a minor of Keras 3: ``"3.6"``. Raises KeyError where there is none."""
    return _KERAS3[minor]


def require_release(name: str) -> Release:
    """As `find_release`; raises Unsupported AK6005 where there is none."""
    release = find_release(name)
    if release is None or not release.boxes:
        lines = f"keras-2.1 to 2.3, keras-3.0 to {NEWEST.version}, tf.keras-1.15 and 2.0 to 2.15, tf_keras-2.15 to 2.21, tfjs"
        raise Unsupported("AK6005", f"AnyKeras does not write for {name!r}", next_step=f"Choose one of: {lines}.")
    return release
