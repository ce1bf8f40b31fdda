"""Small random models of one genuine stack, saved in all of its formats with recorded inputs and outputs.

    python generate.py OUT --api keras|tf.keras --first 0 --count 50 [--seconds 300]

Runs inside any stack of Python 2.7 to 3.13 and Keras 0.3 to 3.15 and needs nothing but it. A seed makes the same model in
the same stack, whatever was made before it. Arguments are drawn from what the constructor of the stack takes. What the
stack itself refuses is another try or no model; a model whose own outputs change with a millionth of its inputs is left out,
as no tolerance would be fair to it.

OUT/SEED/ gets model.h5, model.json with weights.h5, model.keras (as far as the stack has them) and io.npz with in0.. and out0..
"""

from __future__ import print_function

import argparse
import inspect
import json
import os
import shutil
import sys
import time
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np  # noqa: E402

import further  # noqa: E402
import rare  # noqa: E402
import zero  # noqa: E402

BATCH = 3
STACK = K = None  # of the process; a Lambda names `K` as people's code does


class Stack(object):
    """The names of one installed Keras, and what it calls things."""

    def __init__(self, api):
        if api == "keras":
            import keras
        else:
            import tensorflow as tf

            keras = tf.keras
            if version_of(tf) >= (2, 0):
                tf.get_logger().setLevel("ERROR")
            else:
                getattr(tf, "logging", tf.compat.v1.logging).set_verbosity("ERROR")
        self.keras, self.api = keras, api
        self.version = getattr(keras, "__version__", "?")
        if api != "keras":
            self.version = tf.__version__
        self.major = int(self.version.split(".")[0]) if api == "keras" else 2
        if self.major == 0:
            zero.import_parts(keras)
        self.layers, self.backend = keras.layers, keras.backend
        self.activations = keras.activations
        self.tf = None
        if api != "keras":
            self.tf = tf
        self.ops = getattr(keras, "ops", None) if self.major == 3 else None
        # Operators on symbolic tensors became layers of their own with TensorFlow 1.14, and reliable ones with 2.0.
        self.operators = self.ops is not None or (self.tf is not None and int(tf.__version__.split(".")[0]) == 2)
        self.eager = self.operators

    def has(self, name):
        return hasattr(self.layers, RENAMED.get(name, name) if self.major == 1 else name)

    def cls(self, name):
        if self.major == 1:
            name = RENAMED.get(name, name)
        return getattr(self.layers, name)

    def arguments(self, cls):
        """The names that any constructor of the class takes."""
        names = set()
        for base in inspect.getmro(cls):
            init = base.__dict__.get("__init__")
            if init is None:
                continue
            init = getattr(init, "_original_function", init)
            while hasattr(init, "__wrapped__"):
                init = init.__wrapped__
            try:
                spec = getattr(inspect, "getfullargspec", getattr(inspect, "getargspec", None))(init)
            except TypeError:
                continue
            names.update(spec.args[1:])
            names.update(getattr(spec, "kwonlyargs", ()))
            if not (getattr(spec, "keywords", None) or getattr(spec, "varkw", None)):
                break
        return names

    def shape(self, tensor):
        found = getattr(tensor, "_keras_shape", None)
        if found is None:
            found = tensor.shape if self.ops is not None else self.backend.int_shape(tensor)
        return tuple(found)

    def to_numpy(self, tensor):
        return np.asarray(self.ops.convert_to_numpy(tensor) if self.ops is not None else tensor)

    def change_dtype(self, draw):
        """Another dtype or policy of the process, until `clear`."""
        policies = getattr(self.keras, "mixed_precision", None)
        if hasattr(policies, "set_global_policy") and draw.chance(0.6):
            policies.set_global_policy("mixed_float16")
            return "mixed_float16"
        self.backend.set_floatx("float64")
        return "float64"

    def reset(self, model):
        """Recurrent layers forget what they saw."""
        for layer in model.layers if self.major else ():  # of Keras 0.3 none that remembers is drawn
            for method in ("reset_states", "reset_state"):
                if hasattr(layer, "layers"):
                    self.reset(layer)
                elif getattr(layer, "stateful", False) is True and hasattr(layer, method):
                    getattr(layer, method)()

    def clear(self):
        self.backend.set_floatx("float32")
        policies = getattr(self.keras, "mixed_precision", None)
        if hasattr(policies, "set_global_policy"):
            policies.set_global_policy("float32")
        del getattr(self.backend, "NAME_SCOPE_STACK", [])[:]  # of Theano: a layer that is refused leaves its name there
        if hasattr(self.backend, "clear_session") and (self.major > 1 or self.backend.backend() == "tensorflow"):
            self.backend.clear_session()


# What Keras 1 called the same.
RENAMED = {
    "Conv1D": "Convolution1D", "Conv2D": "Convolution2D", "Conv3D": "Convolution3D", "SeparableConv2D": "SeparableConvolution2D",
    "Conv2DTranspose": "Deconvolution2D",
}  # fmt: skip
OLD_ARGUMENTS = {
    "units": "output_dim", "filters": "nb_filter", "padding": "border_mode", "kernel_initializer": "init",
    "recurrent_initializer": "inner_init", "recurrent_activation": "inner_activation", "rate": "p", "use_bias": "bias",
    "kernel_regularizer": "W_regularizer", "bias_regularizer": "b_regularizer", "kernel_constraint": "W_constraint",
    "dropout": "dropout_W", "recurrent_dropout": "dropout_U", "unit_forget_bias": None, "stddev": "sigma",
}  # fmt: skip


def in_keras1(name, arguments):
    """`arguments` in the spelling of Keras 1."""
    old = {}
    for key, value in arguments.items():
        one = name.endswith("1D")
        if key == "kernel_size":
            if not one and not isinstance(value, tuple):
                value = (value,) * int(name[-2])
            if one:
                old["filter_length"] = value
            elif name.endswith("3D"):
                old.update(zip(("kernel_dim1", "kernel_dim2", "kernel_dim3"), value))
            else:
                old.update(zip(("nb_row", "nb_col"), value))
        elif key == "pool_size":
            old["pool_length" if one else "pool_size"] = value
        elif key == "size" and one:
            old["length"] = value
        elif key == "strides":
            pool = "Pooling" in name
            old[("stride" if pool else "subsample_length") if one else ("strides" if pool else "subsample")] = value
        elif key == "data_format":
            old["dim_ordering"] = "th" if value == "channels_first" else "tf"
        elif key in OLD_ARGUMENTS:
            if OLD_ARGUMENTS[key]:
                old[OLD_ARGUMENTS[key]] = value
        else:
            old[key] = value
    return old


ACTIVATIONS = ["relu", "tanh", "sigmoid", "linear", "softmax", "softplus", "softsign", "hard_sigmoid", "elu", "selu", "exponential",
               "swish", "gelu", "silu", "leaky_relu", "relu6", "log_softmax", "mish", "celu", "hard_silu"]  # fmt: skip
ELEMENTWISE = ACTIVATIONS[:4] + ["softplus", "softsign", "hard_sigmoid", "elu"]

# What may stand in any constructor that has the argument, and how often it does.
OPTIONS = [
    ("activation", 0.6, ACTIVATIONS),
    ("recurrent_activation", 0.4, ["hard_sigmoid", "sigmoid", "tanh", "relu"]),
    ("use_bias", 0.25, [False]),
    ("kernel_initializer", 0.15, ["he_normal", "lecun_uniform", "glorot_normal", "uniform", "zero", "one", "he_uniform"]),
    ("recurrent_initializer", 0.1, ["glorot_uniform", "orthogonal"]),
    ("kernel_regularizer", 0.1, ["l1", "l2"]),
    ("bias_regularizer", 0.1, ["l2"]),
    ("activity_regularizer", 0.1, ["l2"]),
    ("kernel_constraint", 0.1, ["maxnorm", "max_norm", "non_neg", "nonneg"]),
    ("padding", 0.4, ["same", "valid"]),
    ("return_sequences", 0.5, [True]),
    ("go_backwards", 0.25, [True]),
    ("unroll", 0.15, [True]),
    ("implementation", 0.3, [0, 1, 2]),
    ("consume_less", 0.3, ["cpu", "mem", "gpu"]),
    ("reset_after", 0.5, [True, False]),
    ("unit_forget_bias", 0.15, [False]),
    ("dropout", 0.15, [0.2]),
    ("recurrent_dropout", 0.1, [0.2]),
    ("epsilon", 0.4, [1e-5, 1e-2, 0.1]),
    ("momentum", 0.2, [0.9]),
    ("center", 0.2, [False]),
    ("scale", 0.2, [False]),
    ("data_format", 0.25, ["channels_last", "channels_first"]),
    ("keepdims", 0.25, [True]),
    ("trainable", 0.1, [False]),
    ("zero_output_for_mask", 0.3, [True]),
]


class Draw(object):
    """A seeded source of choices that is the same in Python 2 and 3."""

    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def chance(self, share):
        return self.state.random_sample() < share

    def integer(self, low, high):
        return int(self.state.randint(low, high + 1))

    def one(self, choices):
        choices = list(choices)
        return choices[self.state.randint(len(choices))]

    def sizes(self, rank, low, high):
        return tuple(self.integer(low, high) for _ in range(rank))


def same_or_strided(draw, rank):
    return draw.one([1, 1, 2]) if rank == 1 else (draw.one([1, 1, 2]),) * rank


def kernel(draw, rank):
    return draw.integer(1, 3) if rank == 1 else draw.sizes(rank, 1, 3)


def conv(rank, *extra):
    def arguments(draw, shape):
        chosen = {"kernel_size": kernel(draw, rank), "filters": draw.integer(1, 4)}
        if draw.chance(0.35):
            chosen["strides"] = same_or_strided(draw, rank)
        elif draw.chance(0.3):
            chosen["dilation_rate"] = 2 if rank == 1 else (2,) * rank
        if "depth" in extra:
            chosen.pop("filters")
        if "depth" in extra or "separable" in extra:
            if draw.chance(0.5):
                chosen["depth_multiplier"] = draw.integer(1, 3)
        if "groups" in extra and draw.chance(0.15) and shape[-1] and shape[-1] % 2 == 0:
            chosen.update(groups=2, filters=4)
        if "transpose" in extra and draw.chance(0.2):
            chosen["output_padding"] = 0 if rank == 1 else (0,) * rank
        return chosen

    return arguments


def pool(rank):
    def arguments(draw, shape):
        chosen = {"pool_size": draw.integer(1, 3) if rank == 1 else draw.sizes(rank, 1, 3)}
        if draw.chance(0.4):
            chosen["strides"] = draw.integer(1, 2) if rank == 1 else draw.sizes(rank, 1, 2)
        return chosen

    return arguments


def edges(key, rank):
    def arguments(draw, shape):
        if rank == 1:
            return {key: draw.one([1, (1, 0), (0, 2)])}
        if draw.chance(0.5):
            return {key: tuple((draw.integer(0, 1), draw.integer(0, 2)) for _ in range(rank))}
        return {key: (1,) * rank}

    return arguments


def reshape(draw, shape):
    size = int(np.prod(shape[1:]))
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    first = draw.one(divisors)
    target = draw.one([(size,), (first, size // first), (-1, first), (first, 1, size // first)])
    return {"target_shape": target}


def permute(draw, shape):
    order = list(range(1, len(shape)))
    draw.state.shuffle(order)
    return {"dims": tuple(int(d) for d in order)}


def axis_of(draw, shape):
    return draw.one([-1, -1, len(shape) - 1, 1])


def nothing(draw, shape):
    return {}


def units(draw, shape):
    return {"units": draw.integer(1, 5)}


def prelu(draw, shape):
    if len(shape) > 2 and draw.chance(0.6):
        return {"shared_axes": draw.one([[1], list(range(1, len(shape) - 1))])}
    return {}


# Layer: ranks of its input (with the batch), what its arguments are, how often it is drawn.
SINGLE = {
    "Dense": ((2, 3, 4), units, 5),
    "Activation": ((2, 3, 4, 5), lambda d, s: {"activation": d.one(ACTIVATIONS)}, 2),
    "Dropout": ((2, 3, 4), lambda d, s: {"rate": 0.3}, 1),
    "GaussianNoise": ((2, 3), lambda d, s: {"stddev": 0.3}, 1),
    "LeakyReLU": ((2, 3, 4), lambda d, s: d.one([{}, {"alpha": 0.2}, {"negative_slope": 0.2}]), 1),
    "ELU": ((2, 3, 4), lambda d, s: {"alpha": d.one([1.0, 0.7])}, 1),
    "PReLU": ((2, 3, 4), prelu, 2),
    "ReLU": ((2, 3, 4), lambda d, s: d.one([{}, {"max_value": 0.5}, {"negative_slope": 0.1}, {"threshold": 0.1}, {"max_value": 1.0, "threshold": 0.2, "negative_slope": 0.3}]), 2),
    "ThresholdedReLU": ((2, 3, 4), lambda d, s: {"theta": 0.2}, 1),
    "SReLU": ((2, 3), nothing, 1),
    "ParametricSoftplus": ((2, 3), nothing, 1),
    "Softmax": ((2, 3, 4), lambda d, s: d.one([{}, {"axis": axis_of(d, s)}]), 2),
    "BatchNormalization": ((2, 3, 4, 5), lambda d, s: d.one([{}, {"axis": axis_of(d, s)}]), 4),
    "LayerNormalization": ((2, 3, 4), lambda d, s: d.one([{}, {"axis": axis_of(d, s)}, {"axis": [1, len(s) - 1] if len(s) > 2 else [1]}]), 3),
    "GroupNormalization": ((3, 4), lambda d, s: {"groups": d.one([1, -1])}, 2),
    "UnitNormalization": ((2, 3), nothing, 1),
    "RMSNormalization": ((2, 3), nothing, 1),
    "ActivityRegularization": ((2, 3), lambda d, s: {"l2": 0.1}, 1),
    "Reshape": ((2, 3, 4), reshape, 2),
    "Flatten": ((3, 4, 5), nothing, 2),
    "Permute": ((3, 4), permute, 2),
    "RepeatVector": ((2,), lambda d, s: {"n": d.integer(2, 4)}, 2),
    "Masking": ((3,), lambda d, s: {"mask_value": d.one([0.0, 0.0, 0.5])}, 2),
    "Rescaling": ((2, 3, 4), lambda d, s: {"scale": 0.5, "offset": d.one([0.0, 0.3])}, 1),
    "Normalization": ((2, 3), lambda d, s: d.one([{}, {"mean": 0.3, "variance": 2.0}]), 1),
    "Identity": ((2, 3), nothing, 1),
    "MaxoutDense": ((2,), lambda d, s: {"units": d.integer(1, 4), "nb_feature": d.integer(2, 3)}, 2),
    "Highway": ((2,), nothing, 2),
    "TimeDistributedDense": ((3,), units, 2),
    "EinsumDense": ((3,), lambda d, s: {"equation": d.one(["abc,cd->abd", "...x,xy->...y"]), "output_shape": (None, 3), "bias_axes": d.one([None, "d"])}, 1),
    "SpatialDropout1D": ((3,), lambda d, s: {"rate": 0.3}, 1),
    "Conv1D": ((3,), conv(1, "groups"), 3),
    "AtrousConvolution1D": ((3,), lambda d, s: {"filters": 3, "kernel_size": 2, "atrous_rate": 2}, 1),
    "SeparableConv1D": ((3,), conv(1, "separable"), 2),
    "DepthwiseConv1D": ((3,), conv(1, "depth"), 2),
    "Conv1DTranspose": ((3,), conv(1, "transpose"), 2),
    "LocallyConnected1D": ((3,), conv(1), 2),
    "MaxPooling1D": ((3,), pool(1), 2),
    "AveragePooling1D": ((3,), pool(1), 2),
    "GlobalMaxPooling1D": ((3,), nothing, 2),
    "GlobalAveragePooling1D": ((3,), nothing, 3),
    "UpSampling1D": ((3,), lambda d, s: {"size": 2}, 1),
    "ZeroPadding1D": ((3,), edges("padding", 1), 1),
    "Cropping1D": ((3,), edges("cropping", 1), 1),
    "SimpleRNN": ((3,), units, 3),
    "LSTM": ((3,), units, 6),
    "GRU": ((3,), units, 6),
    "Conv2D": ((4,), conv(2, "groups"), 4),
    "AtrousConvolution2D": ((4,), lambda d, s: {"filters": 3, "kernel_size": (2, 2), "atrous_rate": (2, 2)}, 2),
    "SeparableConv2D": ((4,), conv(2, "separable"), 3),
    "DepthwiseConv2D": ((4,), conv(2, "depth"), 3),
    "Conv2DTranspose": ((4,), conv(2, "transpose"), 3),
    "LocallyConnected2D": ((4,), conv(2), 3),
    "MaxPooling2D": ((4,), pool(2), 2),
    "AveragePooling2D": ((4,), pool(2), 2),
    "GlobalMaxPooling2D": ((4,), nothing, 1),
    "GlobalAveragePooling2D": ((4,), nothing, 2),
    "UpSampling2D": ((4,), lambda d, s: d.one([{"size": (2, 1)}, {"size": (2, 2), "interpolation": d.one(["nearest", "bilinear"])}]), 2),
    "ZeroPadding2D": ((4,), edges("padding", 2), 2),
    "Cropping2D": ((4,), edges("cropping", 2), 2),
    "SpatialDropout2D": ((4,), lambda d, s: {"rate": 0.3}, 1),
    "Resizing": ((4,), lambda d, s: {"height": d.integer(2, 7), "width": d.integer(2, 7), "interpolation": d.one(["bilinear", "nearest"])}, 1),
    "CenterCrop": ((4,), lambda d, s: {"height": 3, "width": 2}, 1),
    "Conv3D": ((5,), conv(3), 3),
    "Conv3DTranspose": ((5,), conv(3, "transpose"), 2),
    "MaxPooling3D": ((5,), pool(3), 2),
    "AveragePooling3D": ((5,), pool(3), 1),
    "GlobalAveragePooling3D": ((5,), nothing, 2),
    "UpSampling3D": ((5,), lambda d, s: {"size": (1, 2, 1)}, 1),
    "ZeroPadding3D": ((5,), edges("padding", 3), 1),
    "ConvLSTM2D": ((5,), lambda d, s: {"filters": 2, "kernel_size": (2, 2)}, 3),
    "ConvLSTM1D": ((4,), lambda d, s: {"filters": 2, "kernel_size": 2}, 1),
}  # fmt: skip
CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell")
RECURRENT = ("SimpleRNN", "LSTM", "GRU")
MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot", "Attention", "AdditiveAttention",
          "MultiHeadAttention")  # fmt: skip
ALPHABET = 9  # ids of an Embedding are below
KEYS = ["right", "left"]  # of inputs in a dictionary, not in order
RARE = 200000  # seeds from here on also draw what rare.py holds
FURTHER = 400000  # seeds from here on also draw what further.py holds
WIDE = 100000  # seeds from here on also draw dtypes, policies, stateful layers, explicit masks, lookups and more operators
DTYPES = ("float64", "float64", "float16", "mixed_float16")
NARROW = {"rtol": 2e-2, "atol": 1e-2}  # what is computed in float16 is compared so


class Source(object):
    """An input of a model: its shape without batch, what its numbers are, and whether steps of it are padding."""

    def __init__(self, shape, ids=False, padded=False, dtype="float32"):  # of dtype "string": texts
        self.shape, self.ids, self.padded, self.dtype = shape, ids, padded, dtype

    def numbers(self, draw, batch):
        shape = (batch,) + tuple(5 if d is None else d for d in self.shape)
        if self.dtype == "string":
            return np.array([[draw.one(further.WORDS) for _ in range(shape[1])] for _ in range(batch)])
        if self.dtype == "bool":
            values = draw.state.random_sample(shape) < 0.7
        elif self.ids:
            values = draw.state.randint(1, ALPHABET, shape)
        else:
            values = draw.state.normal(0, 1, shape)
        if self.padded:
            for row in range(batch):
                real = draw.integer(0 if draw.chance(0.1) else 1, shape[1])
                if draw.chance(0.3):  # padded at the front, as pad_sequences does
                    values[row, : shape[1] - real] = 0
                else:
                    values[row, real:] = 0
        return values.astype(self.dtype)


class Builder(rare.RareSteps, further.FurtherSteps):
    """Grows one random model."""

    def __init__(self, stack, draw, seed, recipe=None):
        self.stack, self.draw, self.seed = stack, draw, seed
        self.wide, self.rare, self.further = seed >= WIDE, seed >= RARE, seed >= FURTHER
        self.layers = {}  # what was called once, and on which shape, to be shared
        self.recipe = [] if recipe is None else recipe
        # Keras 1 had one image order for a process, and half its layers do not write it.
        self.image_order = draw.one(["channels_last", "channels_last", "channels_first"]) if stack.major == 1 else None
        self.fixed_batch = None
        self.keys = None  # of inputs in a dictionary
        self.mask_inputs = []  # inputs beside the sources, and the sources of their numbers

    def inner(self):
        """The builder of a model inside this one."""
        builder = Builder(self.stack, self.draw, self.seed, self.recipe)
        builder.image_order = self.image_order
        builder.fixed_batch = self.fixed_batch if self.rare else None
        return builder

    # -- layers ---------------------------------------------------------------------------------------------------

    def make(self, name, shape, **forced):
        """A layer with drawn arguments, and the arguments."""
        cls = self.stack.cls(name)
        taken = self.stack.arguments(cls)
        arguments = dict(SINGLE[name][1](self.draw, shape)) if name in SINGLE else {}
        for key, share, choices in OPTIONS:
            if key not in arguments and self.draw.chance(share):
                value = self.draw.one(choices)
                if "activation" == key[-10:] and not hasattr(self.stack.activations, value):
                    continue
                if key == "data_format" and self.stack.tf is not None and self.draw.chance(0.9):
                    continue  # convolutions of TensorFlow on a CPU do not have it
                if name in SINGLE or key in ("activation", "use_bias", "recurrent_activation", "reset_after"):
                    arguments[key] = value
        if self.image_order:
            arguments["data_format"] = self.image_order  # dropped below where the class has none
        if self.wide:
            if self.stack.major > 1 and self.draw.chance(0.06):
                arguments["dtype"] = self.draw.one(DTYPES)
            if self.fixed_batch and "stateful" in taken and self.draw.chance(0.5):
                arguments["stateful"] = True
        if self.rare:
            self.options(arguments, taken)
            arguments.update(self.name())
        arguments.update(forced)
        arguments = self.spell(name, arguments)
        dropped = [key for key in arguments if key not in taken and key not in forced and key not in ("trainable", "dtype")]
        required = set(SINGLE[name][1](Draw(0), shape)) if name in SINGLE and self.stack.major > 1 else set()
        for key in dropped:
            if key in required and key not in ("alpha", "groups", "interpolation", "strides", "dilation_rate"):
                raise ValueError("%s does not take %s" % (name, key))
            del arguments[key]
        return cls(**arguments), arguments

    def spell(self, name, arguments):
        """`arguments` in the words of the stack."""
        return in_keras1(name, arguments) if self.stack.major == 1 else arguments

    def wrap(self, shape):
        """A wrapper round a random layer."""
        kind = self.draw.one(["Bidirectional", "Bidirectional", "TimeDistributed", "RNN", "BidirectionalRNN"])
        if kind == "TimeDistributed":
            inner = (shape[0],) + shape[2:]
            name = self.single(len(inner))
            if self.draw.chance(0.3) and None not in inner[1:]:
                model = self.inner().nested(inner)
                return self.stack.layers.TimeDistributed(model), "TimeDistributed(model)"
            layer, arguments = self.make(name, inner)
            return self.stack.layers.TimeDistributed(layer), "TimeDistributed(%s %s)" % (name, arguments)
        if len(shape) != 3:
            raise ValueError("a recurrent layer takes sequences")
        if kind == "Bidirectional":
            name = self.draw.one(RECURRENT)
            layer, arguments = self.make(name, shape)
        else:
            cells = []
            for _ in range(self.draw.one([1, 1, 2, 3])):
                cells.append(self.make(self.draw.one(CELLS), shape, units=self.draw.integer(1, 4))[0])
            cell = cells[0] if len(cells) == 1 and self.draw.chance(0.7) else cells
            arguments = {key: True for key in ("return_sequences", "go_backwards", "unroll") if self.draw.chance(0.3)}
            layer, name = self.stack.layers.RNN(cell, **arguments), "RNN%d" % len(cells)
        if not kind.startswith("Bidirectional"):
            return layer, "%s %s" % (name, arguments)
        merge = self.draw.one(["concat", "sum", "mul", "ave"])
        return self.stack.layers.Bidirectional(layer, merge_mode=merge), "Bidirectional(%s %s, %s)" % (name, arguments, merge)

    def single(self, rank):
        names = sorted(name for name in SINGLE if rank in SINGLE[name][0] and self.stack.has(name))
        return self.draw.one([name for name in names for _ in range(SINGLE[name][2])])

    def nested(self, shape):
        """A model of a few layers that takes one tensor of `shape`, batch included."""
        if self.draw.chance(0.5):
            return self.sequential(shape, self.draw.integer(1, 3))
        x = start = self.input(Source(shape[1:]))
        for _ in range(self.draw.integer(1, 3)):
            x = self.step(x)
        if self.draw.chance(0.3):
            other = self.step(start)
            model = self.model([start], [x, other])
            if model is not None:
                return model
        return self.model([start], [x])

    def sequential(self, shape, count):
        model = self.stack.keras.models.Sequential()
        first = True
        for _ in range(count):
            name = self.single(len(shape))
            if self.draw.chance(0.2) and len(shape) == 3 and not first:
                layer, told = self.wrap(shape)
            else:
                forced = {}
                if first and self.stack.major < 3:
                    forced = {"batch_input_shape": (self.fixed_batch,) + tuple(shape[1:])}
                layer, told = self.make(name, shape, **forced)
            if first and self.stack.major == 3:
                model.add(self.stack.layers.Input(shape[1:]))
            model.add(layer)
            self.recipe.append("%s %s" % (name, told))
            first = False
            shape = tuple(model.output_shape)
        return model

    def input(self, source, name=None):
        keywords = {"name": name} if name else {}
        if self.fixed_batch:
            if self.stack.major == 3 or (self.stack.tf is not None):
                return self.stack.layers.Input(batch_size=self.fixed_batch, shape=tuple(source.shape), dtype=source.dtype, **keywords)
            return self.stack.layers.Input(batch_shape=(self.fixed_batch,) + tuple(source.shape), dtype=source.dtype, **keywords)
        return self.stack.layers.Input(shape=tuple(source.shape), dtype=source.dtype, **keywords)

    def model(self, inputs, outputs):
        if self.stack.major == 1:
            return self.stack.keras.models.Model(input=inputs, output=outputs)
        return self.stack.keras.models.Model(inputs, outputs)

    # -- calls ----------------------------------------------------------------------------------------------------

    def step(self, x):
        """What one random layer, wrapper, model or operator makes of `x`: another tensor."""
        shape = self.stack.shape(x)
        if self.further and self.draw.chance(0.55):
            return self.further_step(x)
        if self.rare and self.draw.chance(0.5):
            return self.rare_step(x)
        dice = self.draw.state.random_sample()
        if dice < 0.12 and self.layers:
            fitting = sorted(key for key in self.layers if key[1] == shape)
            if fitting:
                key = self.draw.one(fitting)
                self.recipe.append("share %s" % key[0])
                result = self.layers[key](x)
                return self.draw.one(result) if isinstance(result, (list, tuple)) else result
        if dice < 0.27 and len(shape) in (3, 4, 5):
            layer, told = self.wrap(shape)
        elif dice < 0.36 and None not in shape[1:]:
            layer, told = self.inner().nested(shape), "nested"
        elif dice < 0.43:
            return self.operate(x)
        elif dice < 0.52 and len(shape) == 3 and self.stack.major > 1:
            return self.with_states(x)
        elif dice < 0.60 and self.wide and len(shape) == 3 and self.stack.operators:
            return self.with_mask(x)
        elif dice < 0.66 and self.wide and self.stack.operators:
            return self.sort_in(x)
        else:
            name = self.single(len(shape))
            layer, told = self.make(name, shape)
            told = "%s %s" % (name, told)
        result = layer(x)
        self.recipe.append(told)
        if isinstance(result, (list, tuple)):
            result = self.draw.one(result)
        self.layers[(getattr(layer, "name", told), shape)] = layer
        return result

    def with_states(self, x):
        """A recurrent layer that gives its states, and one that starts from them."""
        shape = self.stack.shape(x)
        name = self.draw.one(RECURRENT)
        size = self.draw.integer(1, 4)
        both = self.draw.chance(0.25)
        layer, told = self.make(name, shape, units=size, return_state=True)
        if both:
            layer = self.stack.layers.Bidirectional(layer)
        found = layer(x)
        output, states = found[0], list(found[1:])
        self.recipe.append("%s with states %s both=%s" % (name, told, both))
        if len(self.stack.shape(output)) != 3 or self.draw.chance(0.4):
            target = x
        else:
            target = output
        second, told = self.make(name, self.stack.shape(target), units=size)
        if both:
            second = self.stack.layers.Bidirectional(second)
        self.recipe.append("then initial_state %s" % (told,))
        return second(target, initial_state=states)

    def with_mask(self, x):
        """A layer that is called with a mask of its own: an input, or computed from numbers."""
        shape = self.stack.shape(x)
        lib, tf = self.stack.ops, self.stack.tf
        kind = self.draw.one(["input", "numbers", "method"])
        if kind == "input":
            source = Source((shape[1],), ids=True, dtype="bool")
            mask = self.input(source)
            self.mask_inputs.append((mask, source))
        elif kind == "method":
            mask = self.stack.layers.Masking().compute_mask(x)
        elif lib is not None:
            mask = lib.any(lib.not_equal(x, 0.0), axis=-1)
        else:
            mask = tf.reduce_any(tf.not_equal(x, 0.0), axis=-1)
        name = self.draw.one(list(RECURRENT) + ["Bidirectional", "RNN", "GlobalAveragePooling1D", "TimeDistributed", "Attention"])
        self.recipe.append("%s mask to %s" % (kind, name))
        if name == "Attention":
            masks = [mask, mask] if self.draw.chance(0.5) else [None, mask]
            return self.stack.cls(name)()([x, x], mask=masks)
        if name == "Bidirectional":
            layer = self.stack.layers.Bidirectional(self.make(self.draw.one(RECURRENT), shape)[0])
        elif name == "RNN":
            layer = self.stack.layers.RNN(self.make(self.draw.one(CELLS), shape, units=2)[0])
        elif name == "TimeDistributed":
            layer = self.stack.layers.TimeDistributed(self.stack.layers.Dense(2))
        else:
            layer, told = self.make(name, shape)
            self.recipe.append("with %s" % (told,))
        return layer(x, mask=mask)

    def sort_in(self, x):
        """Numbers sorted into bins or looked up, and what becomes of the places."""
        layers = self.stack.layers
        name = self.draw.one(["Discretization", "IntegerLookup", "CategoryEncoding", "Hashing"])
        self.recipe.append(name)
        bins = layers.Discretization(bin_boundaries=[-0.7, 0.0, 0.4])(x)
        if name == "IntegerLookup":
            keywords = {"output_mode": "multi_hot"} if self.draw.chance(0.3) else {}
            if self.draw.chance(0.3):
                keywords.update(num_oov_indices=self.draw.integer(1, 2))
            bins = layers.IntegerLookup(vocabulary=[3, 1, 2], **keywords)(bins)
        elif name == "CategoryEncoding":
            mode = self.draw.one(["multi_hot", "count"])
            bins = layers.CategoryEncoding(num_tokens=5, output_mode=mode)(bins)
        elif name == "Hashing":
            bins = layers.Hashing(num_bins=4)(bins)
        if len(self.stack.shape(bins)) == 2 and self.draw.chance(0.5):
            return layers.Embedding(8, 2)(bins)
        return self.stack.ops.cast(bins, "float32") if self.stack.ops is not None else self.stack.tf.cast(bins, "float32")

    def operate_wide(self, x):
        """Functions over tensors as people write them between layers."""
        shape = self.stack.shape(x)
        kind = self.draw.integer(0, 11)
        self.recipe.append("function %d" % kind)
        lib, tf = self.stack.ops, self.stack.tf
        if lib is None:
            names = {"sum": tf.reduce_sum, "max": tf.reduce_max, "power": tf.pow, "concatenate": tf.concat, "clip": tf.clip_by_value}
            find = lambda name: names.get(name) or getattr(tf, name)  # noqa: E731
        else:
            find = lambda name: getattr(lib, name)  # noqa: E731
        if kind == 0:
            return find("concatenate")([x, x * 2.0], axis=self.draw.one([-1, 1]))
        if kind == 1:
            return find("stack")([x, -x], axis=1)
        if kind == 2:
            return find("expand_dims")(x, axis=self.draw.one([1, -1]))
        if kind == 3:
            return find("clip")(x, -0.5, 0.8)
        if kind == 4:
            return find("where")(x > 0.1, x, x * 0.3)
        if kind == 5:
            return find("sum")(find("exp")(x * 0.2), axis=self.draw.one([-1, 1]), keepdims=True)
        if kind == 6:
            return find("max")(x, axis=self.draw.one([-1, len(shape) - 1]), keepdims=self.draw.chance(0.7))
        if kind == 7:
            return find("split")(x, 2, axis=-1)[self.draw.integer(0, 1)]
        if kind == 8:
            return find("matmul")(x, x, **({"transpose_b": True} if lib is None else {})) if lib is None else lib.matmul(x, lib.swapaxes(x, -1, -2))
        if kind == 9:
            return find("abs")(x) ** 2 / (1.0 + find("abs")(x))
        if kind == 10:
            total = find("shape")(x)
            return find("reshape")(x, (total[0], -1)) if None not in shape[1:] else find("zeros_like")(x) + x
        return find("cast")(x > 0.0, "float32") * x - find("square")(x)

    def operate(self, x):
        """An operator, a function of the stack or a Lambda."""
        if self.wide and self.stack.operators and self.draw.chance(0.6):
            return self.operate_wide(x)
        kind = self.draw.integer(0, 6)
        self.recipe.append("operator %d" % kind)
        if self.stack.operators and self.draw.chance(0.8):
            number = [0.5, 2, 1.5][self.draw.integer(0, 2)]
            width = self.stack.shape(x)[-1]
            constant = np.linspace(-1, 1, width).astype("float32")
            if kind == 0:
                return x * number + 1.0
            if kind == 1:
                return 1.0 - x
            if kind == 2:
                return x + constant
            if kind == 3:
                return x[:, :1] if len(self.stack.shape(x)) > 2 else x[:, ::2]
            if kind == 4:
                return constant * x
            lib = self.stack.ops
            if lib is not None:
                return lib.mean(x, axis=-1, keepdims=True) if kind == 5 else lib.tanh(x) / 2.0
            tf = self.stack.tf
            return tf.reduce_mean(x, axis=-1, keepdims=True) if kind == 5 else tf.tanh(x) / 2.0
        shape = self.stack.shape(x)
        forced = {"output_shape": shape[1:]} if self.stack.major == 1 else {}
        functions = [lambda t: t * 2.0 + 1.0, lambda t: 1.0 - t]
        if self.stack.ops is None:
            functions += [lambda t: K.tanh(t), lambda t: K.relu(t) - 0.5]
        return self.stack.layers.Lambda(self.draw.one(functions), **forced)(x)

    def merge(self, tensors):
        """One tensor of two or three, or None where nothing fits."""
        shapes = [self.stack.shape(t) for t in tensors]
        if self.stack.major == 1:
            return self.merge_keras1(tensors, shapes)
        if len(set(shapes)) == 1:
            names = list(MERGES)
        elif len(set(len(s) for s in shapes)) == 1:
            names = ["Concatenate", "Dot", "Attention", "MultiHeadAttention"]
        else:
            return None
        name = self.draw.one(n for n in names if self.stack.has(n))
        arguments = {}
        if name == "Concatenate":
            fitting = [a for a in range(1, len(shapes[0])) if len(set(s[:a] + s[a + 1 :] for s in shapes)) == 1]
            if not fitting:
                return None
            axis = self.draw.one(fitting)
            arguments = {"axis": axis if self.draw.chance(0.5) else axis - len(shapes[0])}
        elif name == "Dot":
            arguments = {"axes": self.draw.one([-1, 1, (1, len(shapes[0]) - 1)]), "normalize": self.draw.chance(0.4)}
        elif name in ("Attention", "AdditiveAttention"):
            if len(shapes[0]) != 3:
                return None
            arguments = {"use_scale": self.draw.chance(0.5)}
            if "score_mode" in self.stack.arguments(self.stack.cls(name)) and self.draw.chance(0.3):
                arguments["score_mode"] = "concat"
        elif name == "MultiHeadAttention":
            if len(shapes[0]) != 3:
                return None
            arguments = {"num_heads": self.draw.integer(1, 2), "key_dim": self.draw.integer(1, 3)}
            if self.draw.chance(0.3):
                arguments["output_shape"] = 3
            called = {"use_causal_mask": True} if self.draw.chance(0.2) else {}
            self.recipe.append("%s %s %s" % (name, arguments, called))
            return self.stack.cls(name)(**arguments)(*tensors[:2], **called)
        if name in ("Subtract", "Dot", "Minimum"):
            tensors = tensors[:2]
        self.recipe.append("%s %s" % (name, arguments))
        return self.stack.cls(name)(**arguments)(tensors)

    def merge_keras1(self, tensors, shapes):
        mode = self.draw.one(["sum", "mul", "ave", "max", "concat", "dot", "cos"])
        if len(set(len(s) for s in shapes)) != 1:
            return None
        arguments = {"mode": mode}
        if mode == "concat":
            arguments["concat_axis"] = self.draw.one([-1, 1])
        elif mode in ("dot", "cos"):
            arguments["dot_axes"] = self.draw.one([-1, 1])
            tensors = tensors[:2]
        elif len(set(shapes)) != 1:
            return None
        self.recipe.append("merge %s" % arguments)
        return self.stack.layers.merge(tensors, **arguments)

    # -- whole models ---------------------------------------------------------------------------------------------

    def sources(self):
        made = []
        if self.further and self.stack.operators and self.draw.chance(0.06):
            return [Source((self.draw.one([1, 1, 2]),), ids=True, dtype="string")]
        base = self.draw.one(["vector", "sequence", "sequence", "sequence", "ids", "ids", "image", "image", "volume"])
        for index in range(self.draw.one([1, 1, 2])):
            kind = base if self.draw.chance(0.7) else self.draw.one(["vector", "sequence", "ids"])
            steps = self.draw.one([4, 5, None])
            if kind == "vector":
                made.append(Source((self.draw.integer(2, 6),)))
            elif kind == "sequence":
                made.append(Source((steps, self.draw.integer(2, 4)), padded=self.draw.chance(0.6)))
            elif kind == "ids":
                dtype = self.draw.one(["int32", "float32"]) if self.stack.major > 1 else "int32"
                made.append(Source((steps or 5,), ids=True, padded=self.draw.chance(0.7), dtype=dtype))
            elif kind == "image":
                made.append(Source((self.draw.integer(4, 7), self.draw.integer(4, 7), self.draw.integer(1, 3))))
            else:
                made.append(
                    Source((self.draw.integer(3, 4), self.draw.integer(3, 4), self.draw.integer(3, 4), self.draw.integer(1, 2)))
                )
        return made

    def enter(self, x, source):
        """What a graph begins with on this input: an Embedding of ids, a mask over padding."""
        layers = self.stack.layers
        if source.dtype == "string":
            return self.read_text(x)
        if source.ids:
            arguments = {"input_dim": ALPHABET, "output_dim": self.draw.integer(2, 4)}
            if source.padded or self.draw.chance(0.2):
                arguments["mask_zero"] = True
            if self.draw.chance(0.2) and "input_length" in self.stack.arguments(layers.Embedding):
                arguments["input_length"] = source.shape[0]
            self.recipe.append("Embedding %s" % arguments)
            return layers.Embedding(**arguments)(x)
        if source.padded:
            self.recipe.append("Masking")
            return layers.Masking()(x)
        return x

    def build(self):
        """A model and its sources."""
        if self.draw.chance(0.2 if self.wide else 0.05):
            self.fixed_batch = BATCH
        if self.wide and self.draw.chance(0.12):
            self.recipe.append("all in %s" % self.stack.change_dtype(self.draw))
        if self.draw.chance(0.2):
            source = self.sources()[0]
            if not source.ids and (self.stack.major > 1 or None not in source.shape):
                return self.sequential((self.fixed_batch,) + tuple(source.shape), self.draw.integer(2, 5)), [source]
        sources = self.sources()
        self.keys = KEYS[: len(sources)] if self.rare and self.stack.operators and self.draw.chance(0.15) else None
        inputs = [self.input(source, key) for source, key in zip(sources, self.keys or [None] * len(sources))]
        entered = [self.enter(x, source) for x, source in zip(inputs, sources)]
        live = list(entered)
        used = set()
        for _ in range(self.draw.integer(2, 7)):
            for _attempt in range(6):
                try:
                    grown = self.grow(live, used)
                except Exception as error:
                    self.recipe.append("refused: %s" % str(error)[:80].replace("\n", " "))
                    continue
                if grown is not None:
                    live.append(grown)
                    break
        outputs = [tensor for index, tensor in enumerate(live) if index not in used and index >= len(entered)][-3:]
        if not outputs:
            raise ValueError("nothing grew")
        for index, tensor in enumerate(entered):
            if index not in used:  # every input reaches an output
                outputs.append(self.stack.layers.Activation("tanh")(tensor))
        for tensor, source in self.mask_inputs:
            inputs.append(tensor)
            sources.append(source)
        if self.keys:
            return self.model(self.name_inputs(inputs), self.nest(outputs)), sources
        return self.model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0]), sources

    def grow(self, live, used):
        if len(live) > 1 and self.draw.chance(0.3):
            count = 3 if len(live) > 2 and self.draw.chance(0.2) else 2
            chosen = [int(i) for i in self.draw.state.choice(len(live), count, replace=self.draw.chance(0.1))]
            result = self.merge([live[i] for i in chosen])
        else:
            chosen = [len(live) - 1 if self.draw.chance(0.7) else self.draw.integer(0, len(live) - 1)]
            result = self.step(live[chosen[0]])
        if result is not None:
            used.update(chosen)
        return result


def randomize(model, draw):
    """Weights of a modest size; what starts at one (a variance, a gamma) stays positive."""
    weights = []
    for value in model.get_weights():
        value = np.asarray(value)
        if value.dtype.kind != "f" or value.ndim == 0:
            weights.append(value)
        elif value.size and (value == 1).all():
            weights.append(draw.state.uniform(0.5, 1.5, value.shape).astype(value.dtype))
        else:
            weights.append(draw.state.uniform(-0.6, 0.6, value.shape).astype(value.dtype))
    model.set_weights(weights)
    for layer in model._flatten_layers() if STACK.major == 3 else ():
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()  # as loading does: the numbers that it computes with are not its variables


def flatten(value):
    """The tensors of nested lists and dictionaries, as `predict` gives them."""
    if isinstance(value, dict):
        return [tensor for key in sorted(value) for tensor in flatten(value[key])]
    return [tensor for item in value for tensor in flatten(item)] if isinstance(value, (list, tuple)) else [value]


def outputs_of(model, inputs, keys):
    tensors = dict(zip(keys, inputs)) if keys else inputs if len(inputs) > 1 else inputs[0]
    STACK.reset(model)
    if STACK.eager:  # what predict computes, without a graph of its own for every model
        found = model(tensors, training=False)
        found = [STACK.to_numpy(value) for value in flatten(found)]
    else:
        found = model.predict(tensors, batch_size=BATCH, **({} if STACK.major == 1 else {"verbose": 0}))
    if isinstance(found, dict):  # of a Graph
        found = [found[name] for name in model.output_order]
    return [np.asarray(value) for value in (found if isinstance(found, (list, tuple)) else [found])]


def record(model, sources, draw, folder, narrow, keys):
    """Inputs, outputs, and every format of the stack, in `folder`."""
    inputs = [source.numbers(draw, BATCH) for source in sources]
    outputs = outputs_of(model, inputs, keys)
    if not all(np.isfinite(value).all() and np.abs(value).max() < 1e4 and value.size for value in outputs):
        raise ValueError("outputs are not finite, or large")
    near = [value if source.ids else value * (1 + 1e-6 * draw.state.uniform(-1, 1, value.shape)).astype(value.dtype)
            for value, source in zip(inputs, sources)]  # fmt: skip
    for value, other in zip(outputs, outputs_of(model, near, keys)):
        if not np.allclose(value, other, **(NARROW if narrow else {"rtol": 5e-5, "atol": 5e-6})):
            raise ValueError("outputs are too sensitive")
    STACK.reset(model)
    saved = []
    formats = [("model.h5", lambda path: model.save(path))] if STACK.major else []
    if STACK.major == 3 or (STACK.tf is not None and version_of(STACK.tf) >= (2, 12)):
        formats.append(("model.keras", lambda path: model.save(path)))
    formats.append(("model.json", lambda path: save_parts(model, folder)))
    for name, save in formats:
        path = os.path.join(folder, name)
        try:
            save(path)
            saved.append(name)
        except Exception as error:
            if os.path.exists(path):
                os.remove(path)
            print("   not saved as %s: %s" % (name, str(error)[:100]))
    if not saved:
        raise ValueError("no format took it")
    arrays = {"in%d" % i: value for i, value in enumerate(inputs)}
    arrays.update({"out%d" % i: value for i, value in enumerate(outputs)})
    np.savez(os.path.join(folder, "io.npz"), **arrays)


def version_of(library):
    return tuple(int(part) for part in library.__version__.split(".")[:2])


def save_parts(model, folder):
    with open(os.path.join(folder, "model.json"), "w") as target:
        target.write(model.to_json())
    path = os.path.join(folder, "model.weights.h5")
    model.save_weights(path) if STACK.major == 3 or STACK.tf is not None else model.save_weights(path, overwrite=True)


def generate(seed, folder):
    """One model in `folder`; the reason where the stack made none."""
    STACK.clear()
    draw = Draw(seed)
    builder = zero.ZeroBuilder(STACK, draw, Source) if STACK.major == 0 else Builder(STACK, draw, seed)
    if os.path.exists(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    try:
        model, sources = builder.build()
        if seed >= RARE and STACK.major:
            builder.freeze(model)
        randomize(model, draw)
        narrow = "float16" in " ".join(builder.recipe)
        record(model, sources, draw, folder, narrow, builder.keys)
    except Exception as error:
        shutil.rmtree(folder)
        if os.environ.get("DIFFERENTIAL_TRACE"):
            traceback.print_exc()
        return "%s: %s" % (type(error).__name__, str(error)[:150].replace("\n", " "))
    backend = STACK.backend.backend() if hasattr(STACK.backend, "backend") else "tensorflow"
    with open(os.path.join(folder, "recipe.json"), "w") as target:
        json.dump({"seed": seed, "api": STACK.api, "keras": STACK.version, "backend": backend, "python": sys.version.split()[0],
                   "tolerance": NARROW if narrow else None, "keys": builder.keys, "steps": builder.recipe}, target, indent=1)  # fmt: skip
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--api", choices=("keras", "tf.keras"), default="keras")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no model after so many seconds")
    args = parser.parse_args()
    global STACK, K
    STACK = Stack(args.api)
    K = rare.K = further.K = STACK.backend
    begun, made, tried = time.time(), 0, 0
    for seed in range(args.first, args.first + args.count):
        if time.time() - begun > args.seconds:
            break
        why = generate(seed, os.path.join(args.out, "%06d" % seed))
        tried += 1
        made += why is None
        if why:
            print("%06d none: %s" % (seed, why))
            sys.stdout.flush()
    print("%s %s: %d models of %d seeds from %d" % (STACK.api, STACK.version, made, tried, args.first))


if __name__ == "__main__":
    main()
