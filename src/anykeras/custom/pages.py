"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..findings import Affects, Fidelity
from ..registry import Page, document

_GIVE = 'anykeras.load_model("old.h5", custom_objects="my_layers.py")'

document(
    Page(
        "AK5001",
        "A given function does not run on symbolic tensors",
        "A function given for a name in the file raises an error when it is called on symbolic tensors.",
        "It is followed once through Keras to find its operations.",
    ),
    Page(
        "AK5002",
        "A given function makes weights",
        "A function given for a name in the file makes a layer with weights.",
        "The file holds no numbers for them.",
    ),
    Page(
        "AK5003",
        "The source file given cannot be used",
        "custom_objects names a file that does not exist, or whose text is no Python of any version.",
        "The classes of the model are expected in it.",
        example=_GIVE,
    ),
    Page(
        "AK5004",
        "A class cannot be made from the file",
        "The constructor of a given class needs arguments that the file lacks, takes none of that name, or fails.",
        "A file holds what get_config of then wrote; the class is another one, or its get_config was incomplete.",
    ),
    Page(
        "AK5005",
        "A class has other weights than the file",
        "The variables that a given class makes do not agree with the tensors of the layer in number or shape.",
        "Weights in the wrong place would give other outputs without a word.",
    ),
    Page(
        "AK5006",
        "A statement of the source file did not run",
        "A statement at the top level of the file given as custom_objects raised an error; the others were run.",
        "Files have plots, downloads and training in them that the classes do not need.",
        fidelity=Fidelity.LOSSY,
    ),
    Page(
        "AK5007",
        "A class of models that keeps its graph",
        "A subclass of Model that was built from inputs and outputs saved its whole graph under its own class name.",
        "The graph says everything, so the class is not needed.",
        changes="The model is rebuilt as a plain Functional or Sequential model.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK5008",
        "An initializer, regularizer or constraint that Keras 3 does not have",
        "It is a person's own, or of a package. Outputs do not depend on it.",
        "A model is opened far more often to be used than to be trained further.",
        changes="Given through custom_objects it is kept in a live model; a written file does without it.",
        affects=Affects.TRAINING,
        fidelity=Fidelity.LOSSY,
    ),
    Page(
        "AK5009",
        "Optimizer state beside classes that were given",
        "The state of the optimizer belongs to weights whose names and order only their class knows.",
        "Slots in the wrong place would spoil further training without a word.",
        changes="Training starts with a fresh optimizer of the same configuration.",
        fidelity=Fidelity.LOSSY,
    ),
    Page(
        "AK5011",
        "Classes that are neither in the file nor in Keras",
        "A model file holds names, arguments and weights of its layers, and no code. The error lists every class that "
        "is missing with what the file knows of it: arguments, weights, shapes, where it is used, the likely package.",
        "Without the class nobody knows what the layer computes.",
        changes="Give the source file as it was then, or a mapping of names to classes of Keras 3.",
        example=_GIVE,
    ),
    Page(
        "AK5012",
        "A given class does not run",
        "The class was made from the file, and fails when it is called on the shapes that reach it.",
        "It was written for a function or a Keras that is not known here, or expects another input.",
    ),
    Page(
        "AK5013",
        "A given class in native layers",
        "The call of the class was followed once over symbolic tensors, into native operations on its weights.",
        "The written file then needs no custom objects.",
        changes="A functional submodel of the layer's name. Each weight stays a variable, the row of an Embedding.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK5014",
        "What was given is no layer class",
        "The object given for the name of a layer is not a subclass of keras.layers.Layer of the running Keras.",
        "A class of tf_keras or of an old Keras cannot be part of a model of Keras 3.",
        example=_GIVE,
    ),
    Page(
        "AK5015",
        "A given class stays in the written file",
        "The layer could not be expressed by native layers; the finding says why.",
        "The file is right, and needs the same custom_objects wherever it is opened.",
        fidelity=Fidelity.EXACT,
    ),
)
