"""The pages of the codes that parsing can end with."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK1201",
        "More layers than allowed",
        "The architecture lists more layers, or nests models deeper, than the limits allow.",
        "A file that asks for millions of layers can exhaust the memory of the machine that opens it.",
        "Raise `limits.layers` or `limits.nesting` if you trust the file.",
    ),
    Page(
        "AK1202",
        "The configuration does not follow its format",
        "A value in the architecture has the wrong type, or a required key is missing. The message names the layer and the key.",
        "The text was edited, cut off, or written by a Keras that AnyKeras does not know. Nothing is guessed.",
        "Undo the edit, or export the architecture again. If Keras wrote it so, please report the file.",
    ),
    Page(
        "AK1203",
        "Cycle in the layer graph",
        "A call of a layer depends, through other layers, on its own output.",
        "No Keras can build such a model, and none writes one.",
        "Check whether the architecture was edited by hand.",
    ),
    Page(
        "AK1204",
        "Weights of a model for a single layer",
        "The weights file holds the weights of a model, and the architecture describes a single layer.",
        "They were not saved from the same object.",
        "Give the architecture of the whole model.",
    ),
    Page(
        "AK1205",
        "The weights file has other layers than the architecture",
        "The number of layers with weights differs.",
        "They come from different versions of a model.",
        "Give the weights that were saved from this architecture.",
    ),
    Page(
        "AK1206",
        "Weights without a layer",
        "The file holds weights under a name that no layer of the architecture has.",
        "Dropping them could change predictions.",
        "Give the architecture that these weights were saved from.",
    ),
    Page(
        "AK1207",
        "Weight count does not match the layer",
        "The file holds more or fewer weights for a layer than its configuration asks for.",
        "Usually the architecture was changed after the weights were saved.",
        "Give the architecture that these weights were saved from.",
    ),
    Page(
        "AK1208",
        "Weight names contradict the saving order",
        "A weight is named for one role and saved where another one belongs.",
        "Assigning it by position could swap two weights of the same shape.",
        "Please report the file: its saving order is not one that AnyKeras knows.",
    ),
    Page(
        "AK1209",
        "Nested too deep",
        "The configuration is nested deeper than Python can follow.",
        "No model that Keras built is nested like this.",
    ),
    Page(
        "AK1210",
        "Weights without an architecture",
        "The file holds weights alone, as `save_weights` writes them. The layers are not described in it.",
        "The architecture is in the code that built the model, or in a JSON or YAML file beside it.",
        'Open both together: `anykeras.load_model("architecture.json", weights="weights.h5")`.',
    ),
    Page(
        "AK1211",
        "Not a Sequential or functional model",
        "The architecture is a subclassed model or a single layer.",
        "A subclassed model computes in Python code, and that code is not in the file.",
        "Build the model with the code that defined it, and load the weights into it.",
    ),
    Page(
        "AK1212",
        "A weight is missing",
        "The weights file has no tensor for a weight that this layer has.",
        "Without it the layer would start untrained, and predictions would differ.",
        "Check that architecture and weights were saved from the same model.",
    ),
    Page(
        "AK1213",
        "Quantized weights that the configuration does not mention",
        "The weights of an attention layer are stored in 8 bits, and its configuration is that of a plain layer.",
        "`quantize()` of a model quantizes the projections inside MultiHeadAttention, and Keras 3.3 to 3.15 does not write that "
        "into the configuration. Stock Keras cannot open such a file either.",
        "Save the model before `quantize()`.",
    ),
)
