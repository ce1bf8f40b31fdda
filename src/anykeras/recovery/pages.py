"""The pages of what recovery finds and refuses."""

from ..findings import Affects, Fidelity
from ..registry import Page, document

document(
    Page(
        "AK3000",
        "Code followed without running it",
        "A Lambda layer, an activation or an op layer held Python code. It was read, followed over symbols by a small "
        "machine of our own, and replaced by native operations in a submodel of the same name.",
        "The bytecode of one Python is refused, misread or unsafe in every other; operations open everywhere.",
        "The layer's class becomes Functional (or a single operation). Names, inputs and outputs stay.",
        "Lambda(lambda x: x / 127.5 - 1) becomes the nodes true_divide and subtract.",
        Fidelity.EQUIVALENT,
        "Keras 0.3 to 3.15, Python 2.7 to 3.14",
    ),
    Page(
        "AK3001",
        "A function in an unknown spelling",
        "The place where a layer keeps its function holds something that no Keras writes.",
        "Guessing would be running a stranger's meaning.",
    ),
    Page(
        "AK3002",
        "A function that is not in the file",
        "The code calls a name that was a global of its author's program: a helper, a constant, a module.",
        "Keras stores the code of one function, not of those that it calls.",
        'Give it by name: `load_model(path, custom_objects={"name": function})`. It is traced through Keras, so '
        "that the converted file still holds no code.",
    ),
    Page(
        "AK3003",
        "Code that several Pythons read differently",
        "Keras does not store which Python compiled a function. Those that fit the bytes disagree about this one.",
        "Choosing one would be a guess.",
    ),
    Page(
        "AK3005",
        "A library's function without a counterpart",
        "Code or an op layer names a function of TensorFlow, Keras, NumPy or Theano that the tables do not have.",
        "Nothing is guessed.",
    ),
    Page(
        "AK3006",
        "A method of a ragged or sparse tensor",
        "ClassMethod, InstanceMethod and InstanceProperty layers of tf.keras work on ragged and sparse tensors.",
        "Keras 3 operations work on dense ones.",
    ),
    Page(
        "AK3007",
        "A shape that could not be found",
        "What code means can depend on the shape that reaches it, and the shape before this layer is not known.",
        "A layer before it is not in the tables of shapes.",
    ),
    Page(
        "AK3008",
        "Shared code that means several things",
        "A layer with code is called on tensors of different shapes, and its code branches on the shape.",
        "One submodel cannot do both.",
    ),
    Page(
        "AK3009",
        "What tracing took for granted",
        "A branch on the learning phase, a random operation, or a constant that was folded.",
        "Nothing of this changes the outputs of inference; it is said because it may matter to you.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3010",
        "Damage repaired",
        "Keras on Windows replaced every backslash byte of the code by a slash. The damage was undone where it is decidable.",
        "The damaged code is another program, or none.",
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3011",
        "A mask that operations cannot reach",
        "The code takes or computes a mask, in a way that has no form among native operations.",
        "Keras keeps masks beside tensors. A function that takes the mask of a (batch, time, features) tensor is "
        "supported, and so is one that hands its mask on unchanged.",
    ),
    Page(
        "AK3012",
        "Values that Keras did not store",
        "The function has defaults of keyword-only parameters, or values of an enclosing function, that are not in the file.",
        "Keras stores the code, the defaults of positional parameters and (since 1.1) the values closed over, no more.",
        "Give the values by name, or the whole function under the layer's name: "
        '`load_model(path, custom_objects={"lambda_1": function})`.',
    ),
    Page(
        "AK3013",
        "Several layers with the same code and the same value around it",
        "Lambdas made in a loop all see the last value of the loop variable when they are saved; each may have "
        "computed with another value when the model was built.",
        "The values are not in the file. Layers made by calling a function several times look the same, and are right.",
        "Nothing is changed. Compare with a recorded output, or give each function under its layer's name.",
        fidelity=Fidelity.APPROXIMATE,
    ),
    Page(
        "AK3014",
        "A function for an initializer",
        "The initializer of a layer is the author's own function; the file holds the weights that it made, trained or not.",
        "It is needed only to make a new model.",
        "The configuration says zeros; the weights are those of the file.",
        affects=Affects.NOTHING,
        fidelity=Fidelity.EQUIVALENT,
    ),
    Page(
        "AK3015",
        "Code that reaches outside",
        "The code uses a module of Python's standard library that opens files, runs programs or looks around.",
        "No layer needs that to compute its outputs, and a file can come from a stranger.",
        "Nothing of it is ever run, and it cannot be given.",
    ),
    Page(
        "AK3016",
        "Random numbers",
        "The code draws random numbers, as the sampling of a VAE does. They become a GaussianNoise or Dropout layer "
        "that is called with training=True.",
        "Keras 3 has no operation that draws. Its Functional models replace training=True by their own flag, which is "
        "False in predict and evaluate (keras 3.15.1 models/functional.py operation_fn).",
        "The model of load_model draws in every call, as the old one did. Of a converted file in stock Keras, "
        "`model(x)` and `fit` draw; `predict` and `evaluate` give the value without noise.",
        fidelity=Fidelity.APPROXIMATE,
    ),
)
