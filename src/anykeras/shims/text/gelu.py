"""The two formulas that programs and packages saved as `gelu` before Keras had a function of that name."""

from __future__ import annotations

from typing import Final

from ...document.build import Builder
from ...document.model import Era, Layer, Value
from ...findings import Fidelity, Finding
from ...migrations import Context
from ...registry import Page, document
from .reading import before_june_2020

CODE: Final = "AK5144"
_NAMES = ("gelu", "gelu_tensorflow", "gelu_fallback")
_FAMILY = frozenset({"TokenEmbedding", "EmbeddingRet", "EmbeddingSim", "EmbeddingSimilarity", "FeedForward"})

document(
    Page(
        CODE,
        "A gelu of before Keras had one",
        "Keras 2 and tf.keras before 2.4 have no `gelu`; a file of theirs holds the name of a function of a program or a "
        "package. keras-transformer has the tanh approximation; keras-bert has the exact formula up to 0.82 on TensorFlow, "
        "and that of keras-transformer since.",
        "The formulas differ by up to 0.0005, and the file says neither which it is nor the version of the package.",
        "In models of keras-bert: the exact formula where the file is of Keras 2.3 or before, or of tf.keras before 2.2, as "
        "keras-bert 0.83 came out in June 2020; else the tanh approximation. In models of keras-transformer: the tanh "
        "approximation. In others: the exact formula. A function given through custom_objects goes first.",
        example='anykeras.load_model("bert.h5", custom_objects={"gelu": my_gelu})',
        fidelity=Fidelity.APPROXIMATE,
        references=("keras_transformer/gelu.py 0.30.0 and 0.38.0", "keras_bert/activations 0.75.0 to 0.82.0",
                    "keras_bert/bert.py 0.83.0"),
    )
)  # fmt: skip


def meant(name: str, key: str, layer: Layer, context: Context) -> Value:
    """What `gelu` stands for in this file, None where it is a function of the Keras that wrote it or another name."""
    if name not in _NAMES:
        return None
    classes = context.surroundings.class_names
    family = bool(classes & _FAMILY)
    if not (family or _unknown(context)):
        return None
    on_tensorflow = context.writer.backend in (None, "tensorflow")
    bert = "TokenEmbedding" in classes
    exact = not family or (bert and on_tensorflow and before_june_2020(context))
    done = "the exact formula" if exact else "the tanh approximation"
    seen = f"{key} is {name}, by which several formulas were saved; they differ by up to 0.0005"
    fidelity = Fidelity.EQUIVALENT if family and not bert else Fidelity.APPROXIMATE
    context.findings.append(Finding(CODE, layer.address or layer.name, seen, done, fidelity))
    sub = Builder(f"{layer.name}_{key}")
    return sub.finish(sub.op("gelu", sub.input(), approximate=not exact))


def _unknown(context: Context) -> bool:
    """Whether the writer's Keras had no gelu (TensorFlow 2.4 brought it)."""
    writer = context.writer
    return writer.era in (Era.KERAS0, Era.KERAS1, Era.KERAS2) or (writer.era is Era.TF2 and () < writer.release < (2, 4))
