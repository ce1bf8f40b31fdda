"""The pages of what recovery finds and refuses."""

from ..findings import Affects, Fidelity
from ..registry import Page, document

_GIVE_LAYER = 'Pass the whole function under the layer\'s name: `load_model(path, custom_objects={"lambda_1": function})`.'

document(
    Page(
        "AK3000",
        "Python code replaced by native operations",
        "A Lambda layer, an activation or an op layer contains Python code. AnyKeras interpreted its bytecode symbolically, "
        "without executing it, and replaced it by native Keras operations in a submodel of the same name.",
        "Bytecode only runs on the Python version that wrote it, and loading it is unsafe. Operations load everywhere.",
        "The layer's class becomes Functional (or a single operation). Names, inputs and outputs stay the same.",
        "Lambda(lambda x: x / 127.5 - 1) becomes the nodes true_divide and subtract.",
        Fidelity.EQUIVALENT,
        "Keras 0.3 to 3.15, Python 2.7 to 3.14",
    ),
    Page(
        "AK3001",
        "Unknown format of a stored function",
        "The layer's function is stored in a form that no known version of Keras writes.",
        "AnyKeras does not guess what unknown code does.",
        _GIVE_LAYER,
    ),
    Page(
        "AK3002",
        "Function or name not in the file",
        "The code uses a global name of the program that saved the model: a helper function, a constant, a module.",
        "Keras stores the code of one function, not of the functions that it calls.",
        'Pass it by name: `load_model(path, custom_objects={"name": function})`. It is traced through Keras, so '
        "that the converted file still contains no code.",
    ),
    Page(
        "AK3003",
        "Ambiguous bytecode: the Python version cannot be determined",
        "Keras does not store which Python version compiled a function. Several versions fit these bytes, and the function "
        "means something else in each of them.",
        "AnyKeras does not guess what unknown code does.",
        _GIVE_LAYER,
    ),
    Page(
        "AK3005",
        "Unsupported library function",
        "Code or an op layer calls a function of TensorFlow, Keras, NumPy or Theano that AnyKeras has no equivalent for.",
        "AnyKeras does not guess what unknown code does.",
        _GIVE_LAYER,
    ),
    Page(
        "AK3006",
        "Method of a ragged or sparse tensor",
        "ClassMethod, InstanceMethod and InstanceProperty layers of tf.keras work on ragged and sparse tensors.",
        "Keras 3 operations take dense tensors only.",
        "Rebuild this part of the model with dense tensors.",
    ),
    Page(
        "AK3007",
        "Unknown input shape of a layer with code",
        "What code does can depend on the shape of its input, and the input shape of this layer could not be inferred.",
        "Shape inference does not know a layer before this one.",
        "Report the file: the missing layer can be added.",
    ),
    Page(
        "AK3008",
        "Shared layer whose code depends on the input shape",
        "A layer with code is called on tensors of different shapes, and its code does something else for each shape.",
        "One submodel cannot do both.",
        "Rebuild the model with one layer for each shape.",
    ),
    Page(
        "AK3009",
        "Assumption made while interpreting code",
        "The code branches on the learning phase, draws random numbers, or computes a constant that was evaluated once.",
        "Predictions are unaffected. Check the note if you continue training.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3010",
        "Damaged bytecode repaired",
        "Keras on Windows replaced every backslash byte of the code by a slash. Where the original byte is certain, it was "
        "restored.",
        "The damaged bytes are a different program, or none at all.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3011",
        "Mask that operations cannot express",
        "The code takes or computes a mask in a way that native operations cannot express.",
        "Keras keeps masks beside tensors. Supported are functions that take the mask of a (batch, time, features) tensor, "
        "and functions that return their mask unchanged.",
        "Compute the mask in the model, and pass it to the layers that need it with mask=.",
    ),
    Page(
        "AK3012",
        "Values that Keras did not store",
        "The function uses default values of keyword-only parameters, or variables of an enclosing function, that are not "
        "in the file.",
        "Keras stores the code, the defaults of positional parameters and (since 1.1) closure values, nothing else.",
        f"Pass the values by name. {_GIVE_LAYER}",
    ),
    Page(
        "AK3013",
        "Lambda layers that share code and closure values",
        "Lambdas created in a loop all store the last value of the loop variable; each may have used another value when the "
        "model was built. Predictions can differ.",
        "The original values are not in the file. Layers made by calling one function several times look the same, and are "
        "correct.",
        "Nothing is changed. Compare with a known prediction, or pass each function under its layer's name.",
        fidelity=Fidelity.APPROXIMATE,
    ),
    Page(
        "AK3014",
        "Custom initializer replaced",
        "A layer's initializer is a user-defined function. The file contains the weights, so the initializer is not needed.",
        "It would only be needed to create a new model. Predictions are unaffected.",
        "The configuration says zeros; the weights are those of the file.",
        affects=Affects.NOTHING,
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3015",
        "Code that accesses the system",
        "The code uses a module of Python's standard library that opens files, runs programs or inspects the process.",
        "No layer needs that to compute its outputs. The file may be malicious.",
        "AnyKeras never runs it, and custom_objects cannot replace it. Do not load this file elsewhere.",
    ),
    Page(
        "AK3016",
        "Random numbers in code",
        "The code draws random numbers, as the sampling layer of a VAE does. They become a GaussianNoise or Dropout layer "
        "that is called with training=True.",
        "Keras 3 has no operation that draws random numbers and can be saved. Its Functional models replace training=True "
        "by their own flag, which is False in predict and evaluate (keras 3.15.1 models/functional.py operation_fn).",
        "The model of load_model draws in every call, as the old one did. For a converted file in stock Keras, "
        "`model(x)` and `fit` draw; `predict` and `evaluate` return the value without noise.",
        fidelity=Fidelity.APPROXIMATE,
    ),
)
