"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..findings import Affects, Fidelity
from ..registry import Page, document

_PASS = 'anykeras.load_model("old.h5", custom_objects="my_layers.py")'

document(
    Page(
        "AK5001",
        "A function of custom_objects does not run on symbolic tensors",
        "A function of custom_objects raises an error when it is called on symbolic tensors.",
        "It is called once, through Keras, to find its operations.",
    ),
    Page(
        "AK5002",
        "A function of custom_objects makes weights",
        "A function of custom_objects makes a layer with weights.",
        "The file holds no numbers for them.",
    ),
    Page(
        "AK5003",
        "The source file in custom_objects cannot be used",
        "custom_objects names a file that does not exist, or that is not Python of any version.",
        "The classes of the model are expected in it.",
        example=_PASS,
    ),
    Page(
        "AK5004",
        "A class of custom_objects cannot be made from the file",
        "The constructor needs arguments that the file lacks, does not take one that the file has, or fails.",
        "A file holds what get_config of its time wrote. Either this is another class, or its get_config was incomplete.",
    ),
    Page(
        "AK5005",
        "The weights of a class of custom_objects do not match the file",
        "The variables that the class makes differ from the tensors of the layer in number or shape.",
        "Weights in the wrong variables would change predictions without any error.",
    ),
    Page(
        "AK5006",
        "A statement of the source file failed",
        "A statement at the top level of the file in custom_objects raised an error. It was skipped, the others were run.",
        "Such files often contain plots, downloads and training that the classes do not need.",
        fidelity=Fidelity.LOSSY,
    ),
    Page(
        "AK5007",
        "A subclass of Model with its whole graph -> a plain model",
        "A subclass of Model that was built from inputs and outputs saved its whole graph under its own class name.",
        "The graph defines the computation, so the class is not needed.",
        changes="The model is rebuilt as a plain Functional or Sequential model.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK5008",
        "An initializer, regularizer or constraint that Keras 3 does not have",
        "User-defined, or from a third-party package. Predictions are unaffected.",
        "It acts on training alone, and most models are loaded to predict.",
        changes="Passed in custom_objects it is kept in a live model; a converted file does without it.",
        fidelity=Fidelity.LOSSY,
        affects=Affects.TRAINING,
    ),
    Page(
        "AK5009",
        "Optimizer state beside classes of custom_objects",
        "Only the class knows the names and the order of the weights that the optimizer's state belongs to.",
        "State in the wrong place would spoil further training without any error.",
        changes="Predictions are unaffected. Training starts with a fresh optimizer of the same configuration.",
        fidelity=Fidelity.LOSSY,
        affects=Affects.TRAINING,
    ),
    Page(
        "AK5011",
        "Classes that are neither in the file nor in Keras",
        "A model file holds names, arguments and weights of its layers, and no code. The error lists every class that "
        "is missing, one a line: arguments, weights, input shapes, where it is used, the likely package.",
        "Without the class nobody knows what the layer computes.",
        changes="Pass the source file as it was then, or a mapping of names to classes of Keras 3.",
        example=_PASS,
    ),
    Page(
        "AK5012",
        "A class of custom_objects does not run",
        "The class was made from the file, and fails when it is called on the shapes that reach it.",
        "It uses a function or a Keras that is not emulated, or expects another input.",
    ),
    Page(
        "AK5013",
        "A class of custom_objects -> native layers",
        "The class was called once on symbolic tensors, and its operations and weights were recorded.",
        "The converted file then needs no custom objects.",
        changes="A functional submodel of the layer's name. Each weight stays a variable, the row of an Embedding.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK5014",
        "custom_objects['X'] is not a Layer subclass",
        "The object of custom_objects for a layer is not a subclass of keras.layers.Layer of the running Keras.",
        "A class of tf_keras or of an old Keras cannot be part of a model of Keras 3.",
        example=_PASS,
    ),
    Page(
        "AK5015",
        "A class of custom_objects stays in the converted file",
        "The layer cannot be expressed by native layers; the finding says why.",
        "The file is right, and whoever opens it needs the same custom_objects.",
        fidelity=Fidelity.EXACT,
    ),
)
