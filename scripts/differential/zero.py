# -*- coding: utf-8 -*-
"""Models of Keras 0.3 for `generate.py`: it had no functional models, but chains (Sequential) and named nodes (Graph)."""

from __future__ import print_function

import importlib

import numpy as np

ACTIVATIONS = ["linear", "tanh", "relu", "sigmoid", "hard_sigmoid", "softplus"]
SEQUENCES = [False, True]
INNER = ["sigmoid", "hard_sigmoid"]
BORDERS = ["valid", "same"]
KEYS = ["right", "left"]  # of the inputs of a Graph, not in order

# Class: the rank of what it takes, what its arguments are drawn from.
LAYERS = [
    ("Dense", 2, {"output_dim": [1, 3, 4], "activation": ACTIVATIONS}),
    ("Activation", 2, {"activation": ACTIVATIONS + ["softmax"]}),
    ("Activation", 3, {"activation": ACTIVATIONS + ["softmax"]}),
    ("Activation", 4, {"activation": ACTIVATIONS}),
    ("Dropout", 2, {"p": [0.3]}),
    ("Dropout", 3, {"p": [0.3]}),
    ("GaussianNoise", 2, {"sigma": [0.3]}),
    ("GaussianDropout", 2, {"p": [0.3]}),
    ("RepeatVector", 2, {"n": [2, 4]}),
    ("Reshape", 2, {"dims": [(-1, 1), (1, -1)]}),
    ("Reshape", 3, {"dims": [(-1,)]}),
    ("Flatten", 3, {}),
    ("Flatten", 4, {}),
    ("Permute", 3, {"dims": [(2, 1), (1, 2)]}),
    ("Permute", 4, {"dims": [(2, 3, 1), (3, 1, 2)]}),
    ("MaxoutDense", 2, {"output_dim": [2, 3], "nb_feature": [2, 4]}),
    ("Highway", 2, {"activation": ACTIVATIONS, "transform_bias": [-2, -1]}),
    ("TimeDistributedDense", 3, {"output_dim": [2, 3], "activation": ACTIVATIONS}),
    ("TimeDistributedMerge", 3, {"mode": ["sum", "ave", "mul"]}),
    ("ActivityRegularization", 2, {"l2": [0.1]}),
    ("BatchNormalization", 2, {"mode": [0, 1, 2], "epsilon": [1e-6, 1e-2]}),
    ("BatchNormalization", 3, {"mode": [0, 1], "axis": [-1, 1]}),
    ("BatchNormalization", 4, {"mode": [0, 1], "axis": [-1, 1]}),
    ("LRN2D", 4, {"n": [5]}),
    ("SimpleRNN", 3, {"output_dim": [2, 3], "activation": ["tanh", "relu"], "return_sequences": SEQUENCES, "go_backwards": SEQUENCES}),
    ("GRU", 3, {"output_dim": [2, 3], "inner_activation": INNER, "return_sequences": SEQUENCES, "go_backwards": SEQUENCES}),
    ("LSTM", 3, {"output_dim": [2, 3], "inner_activation": INNER, "return_sequences": SEQUENCES, "go_backwards": SEQUENCES, "forget_bias_init": ["one", "zero"]}),
    ("Convolution1D", 3, {"nb_filter": [2], "filter_length": [1, 2], "border_mode": BORDERS, "subsample_length": [1, 2]}),
    ("MaxPooling1D", 3, {"pool_length": [2], "stride": [None, 1]}),
    ("AveragePooling1D", 3, {"pool_length": [2], "stride": [None, 1]}),
    ("UpSampling1D", 3, {"length": [2]}),
    ("ZeroPadding1D", 3, {"padding": [1]}),
    ("Convolution2D", 4, {"nb_filter": [2, 3], "nb_row": [1, 2, 3], "nb_col": [2], "border_mode": BORDERS, "subsample": [(1, 1), (2, 2)], "activation": ACTIVATIONS}),
    ("MaxPooling2D", 4, {"pool_size": [(2, 2), (1, 2)], "strides": [None, (1, 1)]}),
    ("AveragePooling2D", 4, {"pool_size": [(2, 2)], "strides": [None, (1, 1)]}),
    ("UpSampling2D", 4, {"size": [(2, 1), (2, 2)]}),
    ("ZeroPadding2D", 4, {"padding": [(1, 1), (0, 2)]}),
    ("LeakyReLU", 2, {"alpha": [0.2, 0.3]}),
    ("PReLU", 2, {}),
    ("PReLU", 3, {}),
    ("ELU", 2, {"alpha": [0.7, 1.0]}),
    ("ParametricSoftplus", 2, {"alpha_init": [0.2], "beta_init": [5.0]}),
    ("ThresholdedReLU", 2, {"theta": [0.3]}),
    ("ThresholdedLinear", 2, {"theta": [0.3]}),
    ("SReLU", 2, {}),
    ("Masking", 3, {"mask_value": [0.0]}),
]  # fmt: skip
MODES = ["sum", "mul", "ave", "concat", "dot", "cos"]


def import_parts(keras):
    """The package imports none of its modules, nor has `keras.layers` any class."""
    for name in ("backend", "activations", "models"):
        importlib.import_module("keras." + name)
    for name in ("core", "convolutional", "recurrent", "normalization", "embeddings", "noise", "advanced_activations"):
        module = importlib.import_module("keras.layers." + name)
        vars(keras.layers).update((key, value) for key, value in vars(module).items() if isinstance(value, type))


class ZeroBuilder(object):
    """Grows one random model of Keras 0.3. `source` makes a `generate.Source`."""

    def __init__(self, stack, draw, source):
        self.stack, self.draw, self.source = stack, draw, source
        self.recipe, self.keys = [], None
        self.order = draw.one(["th", "tf"])

    def layer(self, shape, **keywords):
        """A layer that takes tensors of `shape`, batch included."""
        name, _, choices = self.draw.one(row for row in LAYERS if row[1] == len(shape))
        arguments = dict((key, self.draw.one(choices[key])) for key in sorted(choices))
        if len(shape) == 4 and "2D" in name and name != "LRN2D":
            arguments["dim_ordering"] = self.order
        self.recipe.append("%s %s" % (name, sorted(arguments.items())))
        return getattr(self.stack.layers, name)(**dict(arguments, **keywords))

    def new_source(self):
        kind = self.draw.one(["vector", "sequence", "ids", "image"])
        steps = self.draw.integer(4, 5)
        if kind == "ids":
            return self.source((steps,), ids=True, padded=self.draw.chance(0.6), dtype="int32")
        shapes = {
            "vector": (self.draw.integer(2, 5),),
            "sequence": (steps, 3),
            "image": (2, 5, 4) if self.order == "th" else (5, 4, 2),
        }
        return self.source(shapes[kind], padded=kind == "sequence" and self.draw.chance(0.5))

    def chain(self, source):
        """A Sequential that begins with this input."""
        model = self.stack.keras.models.Sequential()
        if source.ids:
            model.add(self.stack.layers.Embedding(9, 3, input_length=source.shape[0], mask_zero=source.padded))
        else:
            model.add(self.layer((None,) + source.shape, input_shape=source.shape))
        return self.extend(model)

    def extend(self, model):
        for _ in range(self.draw.integer(1, 4)):
            model.add(self.layer(tuple(model.output_shape)))
        return model

    def merged(self):
        """A Sequential that begins with a Merge of two."""
        sources = [self.new_source()] * 2
        branches = [self.chain(source) for source in sources]
        merge = {"mode": self.draw.one(MODES)}
        if merge["mode"] == "concat":
            merge["concat_axis"] = self.draw.one([-1, 1])
        self.recipe.append("Merge %s" % merge)
        model = self.stack.keras.models.Sequential()
        model.add(self.stack.layers.Merge(branches, **merge))
        return self.extend(model), sources

    def graph(self):
        model = self.stack.keras.models.Graph()
        sources = [self.new_source() for _ in range(self.draw.integer(1, 2))]
        self.keys = KEYS[: len(sources)]
        live = []
        for key, source in zip(self.keys, sources):
            model.add_input(name=key, input_shape=source.shape, dtype="int" if source.ids else "float")
            if source.ids:
                model.add_node(self.stack.layers.Embedding(9, 3, input_length=source.shape[0]), name="e" + key, input=key)
            live.append("e" + key if source.ids else key)
        leaves = set(live)
        for index in range(self.draw.integer(2, 5)):
            name = "node%d" % index
            before = [self.draw.one(live)]
            shape = self.shape_of(model, before[0])
            equal = [other for other in live if other != before[0] and self.shape_of(model, other) == shape]
            if equal and self.draw.chance(0.5):
                before.append(self.draw.one(equal))
                mode = self.draw.one(["sum", "mul", "ave", "concat"])
                self.recipe.append("%s of %s" % (mode, before))
                model.add_node(self.stack.layers.Activation("tanh"), name=name, inputs=before, merge_mode=mode, concat_axis=-1)
            else:
                model.add_node(self.layer(shape), name=name, input=before[0])
            leaves.difference_update(before)
            leaves.add(name)
            live.append(name)
        for name in sorted(leaves):
            model.add_output(name="out_" + name, input=name)
        return model, sources

    def shape_of(self, model, name):
        return tuple((model.inputs if name in model.inputs else model.nodes)[name].output_shape)

    def build(self):
        """A compiled model and its sources."""
        kind = self.draw.one(["chain", "chain", "merged", "graph", "graph"])
        if kind == "chain":
            source = self.new_source()
            model, sources = self.chain(source), [source]
        else:
            model, sources = getattr(self, kind)()
        loss = dict((name, "mse") for name in model.output_order) if kind == "graph" else "mse"
        np.random.seed(0)
        model.compile("sgd", loss)
        return model, sources
