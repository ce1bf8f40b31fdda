"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..fidelity import Affects, Fidelity
from ..registry import Page, document

document(
    Page(
        "AK6001",
        "Python code is left in the model",
        "A function that came with the file could not be expressed by operations of Keras.",
        "Code from a file is never run, and a converted file holds none.",
        "Pass the function, or a layer that does the same, through custom_objects.",
    ),
    Page(
        "AK6002",
        "Not part of Keras 3",
        "The model uses a layer, an initializer or another class that Keras 3 does not have.",
        "Stock Keras could not open the result without that class.",
        "Pass the class through custom_objects.",
    ),
    Page(
        "AK6003",
        "An argument that Keras 3 does not take",
        "After migration a layer still has an argument that its class does not have in Keras 3.",
        "Leaving it out could change predictions.",
        "Please report the file: a rule for this argument is missing.",
    ),
    Page(
        "AK6004",
        "An operation that a model file cannot hold",
        "A function is not one of keras.ops, or is called with arguments that it does not take.",
        "A model file can hold functions of keras.ops only.",
    ),
    Page(
        "AK6005",
        "An unknown target",
        "The target, or the Keras release asked for, is not one that AnyKeras writes.",
        "The message lists those that there are.",
    ),
    Page(
        "AK6006",
        "Some weights are missing",
        "Some variables of the model have no tensor in the file; others have one.",
        "The layers without weights would start untrained, and predictions would differ.",
        "Check that architecture and weights were saved from the same model. If they were, please report the file.",
    ),
    Page(
        "AK6007",
        "Some weights would be lost",
        "The file has a tensor for a layer that has no variable for it in Keras 3.",
        "Dropping it could change predictions.",
        "Please report the file.",
    ),
    Page(
        "AK6008",
        "The live model has other variables than the file fills",
        "The model that Keras built does not have the variables that the file has weights for.",
        "Filling them by position could put weights in the wrong place, so the model is refused.",
        "Please report the file.",
    ),
    Page(
        "AK6009",
        "An inconsistency in AnyKeras",
        "Two parts of AnyKeras contradict each other.",
        "This is a mistake in AnyKeras.",
        "Please report the file.",
    ),
    Page(
        "AK6010",
        "The output file already exists",
        "There is already a file of that name.",
        "It is replaced only when you ask for that.",
        "Use --force to overwrite it.",
        example="anykeras convert old.h5 new.keras --force",
    ),
    Page(
        "AK6011",
        "The output file cannot be written",
        "The folder does not exist, the disk is full, or writing is not allowed there.",
        "Nothing is left behind: the file is written whole or not at all.",
    ),
    Page(
        "AK6012",
        "No weights to write",
        "The source is an architecture without weights, and a .keras file holds both.",
        "With random weights it would look like a trained model.",
        example="anykeras convert arch.json model.keras --weights weights.h5",
    ),
    Page(
        "AK6013",
        "Keras is not installed",
        "A live model needs Keras 3 and a backend.",
        "Converting a file needs neither.",
        'Install one: `pip install "anykeras[jax]"`.',
    ),
    Page(
        "AK6014",
        "Keras could not build the model",
        "Keras refused the configuration of the model; its own message is quoted.",
        "AnyKeras writes only what Keras should accept.",
        "Please report the file.",
    ),
    Page(
        "AK6015",
        "The shape of an input is not known",
        "Neither the file nor the layers around it tell the shape of an input.",
        "Keras 3 builds an input from its shape; a wrong one would refuse or reshape your data.",
    ),
    Page(
        "AK6016",
        "Keras refuses the compile configuration",
        "The model was built. Compiling it as the file says failed in Keras, whose own message is quoted. Predictions are unaffected.",
        "AnyKeras writes only what Keras should accept.",
        "Open the model with `compile=False`, and please report the file.",
    ),
    Page(
        "AK6017",
        "The optimizer has other variables than the file fills",
        "After compiling, the optimizer's variables do not have the shapes of the state in the file.",
        "Assigning them by position would continue training from a wrong state.",
        "Open the model with `compile=False`, and please report the file.",
    ),
    Page(
        "AK6018",
        "This backend has no tensors of text",
        "The model takes text as its input (StringLookup, TextVectorization, Hashing), and tensors of jax and torch hold numbers only.",
        "Stock Keras opens such a model there, and fails in `predict` with a TypeError about dtypes.",
        "Set KERAS_BACKEND=tensorflow to open it. Converting works on every backend.",
        references=("keras 3.15.1 backend/jax/core.py, convert_to_tensor",),
    ),
    Page(
        "AK6040",
        "A name that no model may hold",
        "The configuration names a class, a function or a file that is not on AnyKeras' own list of what Keras 3 has for models, "
        "and that is not from your custom_objects.",
        "Keras looks such names up by importing them, and opens paths and URLs. AnyKeras never lets one through, whatever "
        "the installed Keras would do with it, and whatever `safe_mode` or "
        "`keras.config.enable_unsafe_deserialization()` say.",
        "The file is refused, and nothing was run. Find out what it is meant to do before you trust it. Your own classes "
        "and functions go through custom_objects; a vocabulary has to be in the file itself.",
    ),
    Page(
        "AK4060",
        "Training names something that no model may hold",
        "The compile configuration names a class or a function that is neither Keras 3's nor from your custom_objects.",
        "Such names are never looked up or imported.",
        "The model opens uncompiled; predictions are unaffected.",
        fidelity=Fidelity.LOSSY,
        affects=Affects.TRAINING,
    ),
    Page(
        "AK6023",
        "Not in this minor release of Keras 3",
        "The model needs a layer, an argument or an operation that came to Keras 3 after the release that it is opened with or "
        "written for.",
        "Arguments at their default are left out, so that Keras 3.12 and newer open most models. This one uses more: that "
        "release would refuse the model, or ignore the setting.",
        "Use the release that the message names, or a newer one.",
    ),
    Page(
        "AK6024",
        "Not a name for the output",
        "The output is empty, a folder, a device, `-`, a link that leads nowhere, or does not end in `.keras`.",
        "Keras opens a `.keras` file only under a name that ends so; under `.h5` it would be taken for an HDF5 file.",
        example="anykeras convert old.h5 new.keras",
    ),
    Page(
        "AK6025",
        "The output is the source",
        "The output is the file that is read, its weights file or the file of custom_objects, by the same name or through a link.",
        "The source is never touched, not even with --force.",
        "Give the output another name.",
    ),
)
