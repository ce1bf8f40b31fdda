"""Who wrote the weights of a program: by their own evidence, and by its words where they leave that open."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..containers.base import NamedWeights, Raw
from ..document.model import Era, Evidence, Writer
from ..matching.evidence import writer_of_weights
from ..parse.era import KERAS1_WORDS, KERAS2_WORDS
from .choices import Sliced

# What programs of TensorFlow 1 mention, and those of 2 have not.
_TENSORFLOW1 = ("tf.Session", "tf.placeholder", "tf.enable_eager_execution", "tf.train.AdamOptimizer", "tf.ConfigProto",
                "tf.train.RMSPropOptimizer", "tf.contrib", "tf.get_default_graph", "global_variables_init")  # fmt: skip


def find_writer(sliced: Sliced, weights: Raw, said: str | None = None) -> Writer:
    """Whose libraries the program imports: by the evidence of its weights, and by its own words where they leave that open."""
    writer = writer_of_weights(weights, said)
    text = "\n".join(ast.unparse(statement) for statement in sliced.statements)
    if weights.weights is None or (isinstance(weights.weights, NamedWeights) and not weights.weights.groups):
        return _writer_of_text(text)
    if "ASK(" not in text and (writer.version is not None or writer.era is Era.KERAS3):
        return writer
    if "ASK(" in text or _speaks_later(writer.era, text):
        return Writer(Era.KERAS3, "keras", evidence=(Evidence("source", "its arguments are those of Keras 3"),))
    if writer.era is Era.KERAS0:
        return replace(writer, version="0.3.3")
    if writer.era is Era.KERAS1:
        return replace(writer, version="1.2.2", backend=writer.backend or "tensorflow")
    spoken = _writer_of_text(text)
    if spoken.era is Era.TF2:
        return replace(spoken, backend="tensorflow")
    return replace(writer, version="2.2.4", backend=writer.backend or "tensorflow")


def _speaks_later(era: Era, text: str) -> bool:
    """Whether a source has the words of Keras 2 and later alone, while its weights are older."""
    said = {word for word in KERAS2_WORDS if f"{word}=" in text} - {"padding"}
    return era in (Era.KERAS0, Era.KERAS1) and bool(said) and not any(f"{word}=" in text for word in KERAS1_WORDS)


def _writer_of_text(text: str) -> Writer:
    """The writer by what a program imports and how it names arguments."""
    seen = (Evidence("source", "its imports and arguments"),)
    if "tensorflow.keras" in text or "tf.keras" in text or "tensorflow.python.keras" in text:
        return Writer(Era.TF2, "tf.keras", "2.4.0", "tensorflow", evidence=seen)
    if any(word in text for word in ("Graph(", "add_node(", "layers.containers")):
        return Writer(Era.KERAS0, "keras", "0.3.3", "theano", evidence=seen)
    if any(f"{word}=" in text for word in KERAS1_WORDS):
        return Writer(Era.KERAS1, "keras", "1.2.2", "tensorflow", evidence=seen)
    return Writer(Era.KERAS2, "keras", "2.2.4", "tensorflow", evidence=seen)


def guess_format(weights: Raw, writer: Writer) -> str:
    """Where images have their channels: the kernels of Keras 0 and 1 tell; else as the backend had it.

    Theano's kernels of then are (out, in, rows, columns), TensorFlow's (rows, columns, in, out).
    """
    if writer.era not in (Era.KERAS0, Era.KERAS1):
        return "channels_last"
    votes = 0
    for group in weights.weights.groups if isinstance(weights.weights, NamedWeights) else ():
        for _, tensor in group.weights:
            if len(tensor.shape) == 4:
                first, last = max(tensor.shape[:2]), max(tensor.shape[2:])
                votes += (first > last) - (last > first)
    if votes:
        return "channels_first" if votes > 0 else "channels_last"
    return "channels_first" if writer.backend == "theano" else "channels_last"


def list_writers(writer: Writer, sliced: Sliced) -> list[Writer]:
    """The writer, or both that it may be: TensorFlow 1.13 to 1.15, 2.0 and 2.1 stamp the same, and had other defaults."""
    if writer.version != "2.2.4-tf" or writer.tensorflow is not None:
        return [writer]
    old = any(word in sliced.text for word in _TENSORFLOW1)
    return [replace(writer, tensorflow=major) for major in ((1, 2) if old else (2, 1))]
