"""Documentation of the codes of this folder."""

from __future__ import annotations

from ..registry import Page, document

document(
    Page(
        "AK6001",
        "Python code is left in the model",
        "A function that came with the file could not be expressed by Keras operations.",
        "A target file holds no code, and code from a file is never run.",
        changes="The conversion stops here.",
    ),
    Page(
        "AK6002",
        "A class that Keras does not have",
        "The model uses a layer, an initializer or another class that is not part of the target Keras.",
        "Stock Keras could not open the result without that class.",
    ),
    Page(
        "AK6003",
        "An argument that Keras does not take",
        "After migration a layer still has an argument that its class does not know in the target Keras.",
        "Leaving it out could change the outputs without a word, so it is an error until a rule says what it means.",
    ),
    Page(
        "AK6004",
        "An operation that cannot be a node of a model",
        "A function is not one of keras.ops, or is called with arguments that it does not take.",
        "Only functions of keras.ops can be stored in a model file.",
    ),
    Page("AK6005", "Unknown target", "There is no target of this name.", "The message lists the targets."),
    Page(
        "AK6006",
        "Weights are missing",
        "Some variables of the model have no tensor in the file, others have.",
        "A model with a part of its weights would give other outputs than the one that was saved.",
    ),
    Page(
        "AK6007",
        "Weights are left over",
        "A tensor of the file belongs to a layer that has no variable for it in the target Keras.",
        "No weight is dropped in silence.",
    ),
    Page(
        "AK6008",
        "The live model has other variables",
        "The model that Keras built does not have the variables that the file fills.",
        "Filling by position would put weights in the wrong place; the model is refused.",
    ),
    Page(
        "AK6009",
        "A bug in AnyKeras",
        "Something happened that should not: two parts of AnyKeras contradict each other, or an unexpected exception was raised.",
        "Every exception is caught, so that a program sees an `AnyKerasError`; the original one is its `__cause__`.",
        "Please report it with the message, and with the file if you can share it.",
    ),
    Page(
        "AK6010",
        "The output already exists",
        "There is already a file at the path to write to.",
        "A file is replaced only with `force=True` or `--force`.",
        example="anykeras convert old.h5 new.keras --force",
    ),
    Page(
        "AK6011",
        "The target cannot be written",
        "The folder does not exist, the disk is full, or writing is not allowed there.",
        "Nothing is left behind: the file appears whole or not at all.",
    ),
    Page(
        "AK6012",
        "No weights to write",
        "The source is an architecture without weights, and a .keras file holds both.",
        "A file with made-up weights would look like a trained model.",
        example="anykeras convert arch.json model.keras --weights weights.h5",
    ),
    Page(
        "AK6013",
        "Keras is not installed",
        "A live model needs Keras 3 and a backend.",
        "Converting needs neither.",
        "`pip install 'anykeras[jax]'`, or `[tensorflow]` or `[torch]`.",
    ),
    Page(
        "AK6014",
        "Keras could not build the model",
        "Keras refused the lowered configuration; its own message is quoted.",
        "The configuration should be one that Keras takes: please report the file.",
    ),
    Page(
        "AK6015",
        "The shape of an input is not known",
        "Neither the file nor the layers around it tell the shape of an input.",
        "Keras 3 makes an input from its shape; a made-up one would refuse or reshape data.",
    ),
    Page(
        "AK6016",
        "Keras refuses the compile configuration",
        "The model was built; compiling it as the file says failed in Keras, whose own message is quoted.",
        "The configuration should be one that Keras takes: please report the file. The model opens with `compile=False`.",
    ),
    Page(
        "AK6017",
        "The optimizer has other variables than the file fills",
        "After compiling, the optimizer's variables do not have the shapes of the state in the file.",
        "Assigning them by position would train on with the wrong state.",
    ),
    Page(
        "AK6018",
        "Text on a backend without text",
        "The model takes text as its input (StringLookup, TextVectorization, Hashing), and jax and torch have no tensors of text.",
        "Stock Keras opens such a model there and fails in `predict` with a TypeError about dtypes.",
        "Open it with KERAS_BACKEND=tensorflow. Converting works everywhere.",
        references=("keras 3.15.1 backend/jax/core.py, convert_to_tensor",),
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
)
