"""The pages of the codes that parsing can end with."""

from ..registry import Page, document

document(
    Page("AK1201", "More layers than allowed", "The architecture lists more layers, or nests models deeper, than the limits allow.",
         "A file that asks for millions of layers is an attack or an accident.",
         "Widen `limits.layers` or `limits.nesting` if the file is yours."),
    Page("AK1202", "The configuration is not what its format says", "A value in the architecture has the wrong type, or a required key is missing.",
         "The text was damaged, edited by hand, or is not a Keras architecture.",
         "Nothing is guessed: the message names the layer and the key."),
    Page("AK1203", "A graph that needs its own outcome", "A call of a layer depends, through others, on itself.",
         "Keras never writes cycles; the file was damaged or made by hand."),
    Page("AK1204", "Weights for something that is no model", "The weights are those of a model and the architecture is a single layer.",
         "Architecture and weights do not belong together."),
    Page("AK1205", "Other layers in the weights than in the architecture", "The number of layers with weights differs.",
         "Architecture and weights come from different versions of a model."),
    Page("AK1206", "Weights without a layer", "The file holds weights under a name that no layer has.",
         "Nothing in a file is dropped in silence."),
    Page("AK1207", "Another number of weights than the layer has", "A layer of this configuration has more or fewer weights than the file holds for it.",
         "Usually the architecture was changed after the weights were saved."),
    Page("AK1208", "A weight stands in another's place", "Saving order and weight names contradict each other.",
         "Binding by position would swap weights without a word."),
    Page("AK1209", "Nested too deep", "The configuration is nested deeper than any model is.", "Python cannot follow it, and no real file does this."),
    Page("AK1210", "Weights without an architecture", "The file was written by `save_weights`: numbers, and no description of the layers.",
         "The architecture is in the code that made it, or in a JSON or YAML file beside it.",
         "`anykeras.load_model(\"architecture.json\", weights=\"weights.h5\")` opens the two together."),
    Page("AK1211", "Not a model that can be rebuilt from its configuration", "The root of the architecture is a subclassed model or a single layer.",
         "Subclassed models compute in Python code, and the file does not hold it."),
    Page("AK1212", "A weight is missing", "The weights file has no tensor where this layer's weight belongs.", "The file is incomplete, or was changed."),
    Page("AK1213", "Quantized, and not said", "The weights of an attention layer are in 8 bits, and its configuration is that of a plain layer.",
         "`quantize()` of a model quantizes the projections inside MultiHeadAttention, and Keras 3.3 to 3.15 writes none of that into the "
         "configuration: read as plain numbers, the kernels give other outputs."),
)  # fmt: skip
