# -*- coding: utf-8 -*-
"""What `generate.py` draws for seeds from 200000 on: compositions and arguments that its plain draws leave out.

Each kind is a method of `RareSteps` that makes another tensor of one, and a row of `KINDS`; each function a row of a table. What a
stack does not have or refuses is another try.
"""

from __future__ import print_function

import numpy as np

K = None  # of the process, set by generate.py; a Lambda names `K` as people's code does

# Arguments that stand in any constructor that has them, and how often: (argument, share, values).
OPTIONS = [
    ("go_backwards", 0.3, [True]),
    ("unroll", 0.2, [True]),
    ("time_major", 0.1, [True]),
    ("activity_regularizer", 0.15, ["l2", "l1"]),
    ("bias_constraint", 0.1, ["non_neg", "nonneg"]),
    ("bias_initializer", 0.1, ["ones", "normal"]),
    ("dilation_rate", 0.2, [2]),
    ("implementation", 0.3, [1, 2, 3]),
    ("padding", 0.5, ["same", "causal", "valid"]),
    ("rotation", 0.1, [True]),
    ("renorm", 0.1, [True]),
    ("crop_to_aspect_ratio", 0.3, [True]),
    ("pad_to_aspect_ratio", 0.3, [True]),
    ("antialias", 0.3, [True]),
    ("axis", 0.1, [1, -1]),
    ("return_state", 0.15, [True]),
    ("rms_scaling", 0.2, [True]),
    ("mode", 0.1, [1]),
]
NAMES = [u"block/conv", u"naïve", u"a b", u"dense.1", u"x-y:0", u"層", u"model", u"lambda", u"input_1", u"UPPER", u"_head", u"1st",
         u"kernel", u"weights", u"conv1/relu", u"dense", u"add"]  # fmt: skip

# Layers whose numbers are the same at prediction, or that are drawn nowhere else: ranks, arguments.
QUIET = {
    "GaussianDropout": ((2, 3, 4), {"rate": 0.3}),
    "AlphaDropout": ((2, 3), {"rate": 0.3}),
    "SpatialDropout3D": ((5,), {"rate": 0.3}),
    "RandomFlip": ((4,), {}),
    "RandomRotation": ((4,), {"factor": 0.2}),
    "RandomZoom": ((4,), {"height_factor": 0.2}),
    "RandomContrast": ((4,), {"factor": 0.2}),
    "RandomTranslation": ((4,), {"height_factor": 0.1, "width_factor": 0.1}),
    "RandomCrop": ((4,), {"height": 3, "width": 3}),
    "RandomBrightness": ((4,), {"factor": 0.2}),
    "SpectralNormalization": ((2, 3), None),
    "GroupQueryAttention": ((3,), None),
    "AutoContrast": ((4,), {"value_range": (-1, 1)}),
    "AdaptiveAveragePooling2D": ((4,), {"output_size": 2}),
}

# Functions of a Lambda on one tensor, by the ranks they take.
LAMBDAS = [
    ((2, 3, 4), lambda t: K.mean(t, axis=-1, keepdims=True)),
    ((2, 3, 4), lambda t: K.sum(K.square(t), axis=1, keepdims=True)),
    ((3,), lambda t: K.permute_dimensions(t, (0, 2, 1))),
    ((2, 3, 4), lambda t: K.concatenate([t, -t], axis=-1)),
    ((2,), lambda t: K.expand_dims(t, 1)),
    ((2, 3, 4), lambda t: K.clip(t, -0.5, 0.5) * K.sign(t)),
    ((2, 3), lambda t: K.l2_normalize(t, axis=-1)),
    ((3,), lambda t: t[:, -1, :]),
    ((3,), lambda t: t[:, ::-1, :]),
    ((3, 4), lambda t: K.max(t, axis=1)),
    ((2, 3, 4), lambda t: K.pow(K.abs(t) + 0.1, 0.5)),
    ((2, 3), lambda t: K.softmax(t)),
    ((2,), lambda t: K.repeat(t, 3)),
    ((3,), lambda t: K.repeat_elements(t, 2, axis=1)),
    ((3, 4), lambda t: K.batch_flatten(t)),
    ((2, 3, 4), lambda t: K.exp(-K.square(t)) + K.log(K.abs(t) + 1.0)),
    ((2, 3, 4), lambda t: K.relu(t, alpha=0.1, max_value=0.8)),
    ((2, 3), lambda t: K.switch(K.greater(t, 0.0), t, t * 0.5)),
    ((3,), lambda t: K.reverse(t, axes=1)),
    ((2, 3), lambda t: K.stack([t, t * 2], axis=1)),
    ((3,), lambda t: K.squeeze(t[:, :1], 1)),
    ((2, 3), lambda t: K.cast(K.argmax(t, axis=-1), "float32")),
    ((2, 3), lambda t: K.one_hot(K.argmax(t), 4)),
    ((3,), lambda t: K.batch_dot(t, K.permute_dimensions(t, (0, 2, 1)))),
    ((2, 3, 4), lambda t: (t - K.mean(t, axis=-1, keepdims=True)) / (K.std(t, axis=-1, keepdims=True) + K.epsilon())),
    ((3,), lambda t: K.cumsum(t, axis=1)),
    ((4,), lambda t: K.spatial_2d_padding(t, ((1, 0), (0, 1)))),
    ((4,), lambda t: K.resize_images(t, 2, 1, "channels_last")),
    ((2, 3), lambda t: K.dot(t, K.ones((K.int_shape(t)[-1], 2)))),
]
PAIRS = [
    lambda t: t[0] * t[1],
    lambda t: K.abs(t[0] - t[1]),
    lambda t: K.concatenate([t[0], t[1]], axis=-1),
    lambda t: K.maximum(t[0], t[1]) / 2.0,
    lambda t: t[0] + 0.3 * K.sigmoid(t[1]),
    lambda t: K.sqrt(K.maximum(K.sum(K.square(t[0] - t[1]), axis=1, keepdims=True), K.epsilon())),
]
SCALED = lambda t, factor=1.0, shift=0.0: t * factor + shift  # noqa: E731  called with arguments={...}

# Functions of TensorFlow as people write them between layers.
TENSORFLOW = [
    ((2, 3, 4), lambda tf, t: tf.nn.relu(t)),
    ((2, 3), lambda tf, t: tf.nn.l2_normalize(t, axis=-1)),
    ((3,), lambda tf, t: tf.einsum("bij,bkj->bik", t, t)),
    ((3,), lambda tf, t: tf.transpose(t, [0, 2, 1])),
    ((2, 3), lambda tf, t: tf.tile(t, [1, 2] + [1] * (len(t.shape) - 2))),
    ((2, 3), lambda tf, t: tf.gather(t, [0, 1, 0], axis=1)),
    ((2, 3), lambda tf, t: tf.one_hot(tf.argmax(t, axis=-1), 4)),
    ((3, 4), lambda tf, t: tf.pad(t, [[0, 0], [1, 0]] + [[0, 1]] * (len(t.shape) - 2))),
    ((2, 3), lambda tf, t: tf.cumsum(t, axis=1)),
    ((3,), lambda tf, t: tf.reverse(t, axis=[1])),
    ((2, 3), lambda tf, t: tf.roll(t, shift=1, axis=1)),
    ((2, 3), lambda tf, t: tf.norm(t, axis=-1, keepdims=True)),
    ((3, 4), lambda tf, t: t[:, 0]),
    ((3,), lambda tf, t: t[..., tf.newaxis]),
    ((3,), lambda tf, t: t[:, ::-1]),
    ((2, 3), lambda tf, t: tf.reshape(t, [-1, t.shape[1] * (t.shape[2] if len(t.shape) > 2 else 1)])),
    ((3,), lambda tf, t: tf.reshape(t, [tf.shape(t)[0], tf.shape(t)[1] * t.shape[2]])),
    ((3,), lambda tf, t: tf.zeros([tf.shape(t)[0], tf.shape(t)[1], 2]) + t[:, :, :1]),
    ((3,), lambda tf, t: t / tf.cast(tf.shape(t)[1], tf.float32)),
    ((3,), lambda tf, t: tf.gather(t, tf.fill([tf.shape(t)[0]], 1), batch_dims=1)),
    ((2, 3), lambda tf, t: tf.math.softplus(t) - tf.math.log1p(tf.abs(t))),
    ((2, 3), lambda tf, t: tf.maximum(t, 0.1) / tf.math.rsqrt(tf.square(t) + 1.0)),
    ((2, 3), lambda tf, t: tf.math.divide_no_nan(t, tf.nn.relu(t))),
    ((3,), lambda tf, t: tf.reduce_logsumexp(t, axis=1)),
    ((2, 3), lambda tf, t: tf.math.top_k(t, k=2)[0]),
    ((2, 3), lambda tf, t: tf.sort(t, axis=-1, direction="DESCENDING")),
    ((3,), lambda tf, t: tf.linalg.band_part(t, -1, 0)),
    ((4,), lambda tf, t: tf.image.resize(t, (4, 4))),
    ((4,), lambda tf, t: tf.nn.depth_to_space(tf.concat([t] * 4, -1), 2)),
    ((4,), lambda tf, t: tf.nn.avg_pool2d(t, 2, 1, "SAME")),
    ((2, 3), lambda tf, t: tf.where(tf.logical_and(t > -0.5, t < 0.5), t, tf.zeros_like(t))),
    ((2, 3), lambda tf, t: tf.stop_gradient(t) // 0.3 + t % 0.7),
    ((3,), lambda tf, t: tf.concat([tf.ones_like(t[:, :1]), t], axis=1)),
    ((3,), lambda tf, t: tf.unstack(t, axis=2)[0]),
    ((3,), lambda tf, t: tf.sequence_mask(tf.ones_like(t[:, 0, 0]) * 2, 4, dtype=tf.float32)),
    ((2, 3), lambda tf, t: -t ** 2 + abs(t) - 3),
    ((2, 3), lambda tf, t: tf.reduce_prod(t, axis=-1) + tf.reduce_min(t, axis=-1)),
    ((2, 3), lambda tf, t: tf.cast(tf.cast(t * 3, tf.int32), tf.float32) * tf.math.sigmoid(t)),
]
OPS = [
    ((2, 3), lambda ops, t: ops.einsum("...i,...i->...", t, t)),
    ((3,), lambda ops, t: ops.transpose(t, (0, 2, 1))),
    ((2, 3), lambda ops, t: ops.take(t, [0, 1, 0], axis=1)),
    ((2, 3), lambda ops, t: ops.flip(t, axis=1)),
    ((2, 3), lambda ops, t: ops.roll(t, 1, axis=1)),
    ((3,), lambda ops, t: t[:, 0]),
    ((3,), lambda ops, t: t[..., None]),
    ((3,), lambda ops, t: t[:, ::-1]),
    ((2, 3), lambda ops, t: ops.logsumexp(t, axis=-1, keepdims=True)),
    ((2, 3), lambda ops, t: ops.one_hot(ops.argmax(t, axis=-1), 4)),
    ((2, 3), lambda ops, t: ops.pad(t, [[0, 0]] + [[1, 0]] * (len(t.shape) - 1))),
    ((2, 3), lambda ops, t: ops.sort(t, axis=-1)),
    ((2, 3), lambda ops, t: ops.var(t, axis=-1) + ops.std(t, axis=-1)),
    ((2, 3), lambda ops, t: ops.where(t > 0, t, ops.zeros_like(t))),
    ((3,), lambda ops, t: ops.tril(t)),
    ((2, 3), lambda ops, t: ops.cumsum(t, axis=1)),
    ((2, 3), lambda ops, t: ops.norm(t, axis=-1, keepdims=True)),
    ((2, 3), lambda ops, t: ops.cast(t * 3, "int32")),
    ((3,), lambda ops, t: ops.reshape(t, (ops.shape(t)[0], -1))),
    ((4,), lambda ops, t: ops.image.resize(t, (4, 4))),
    ((2, 3), lambda ops, t: ops.concatenate([ops.ones_like(t[:, :1]), t], axis=1)),
    ((2, 3), lambda ops, t: ops.top_k(t, 2)[0]),
]


class RareSteps(object):
    """Steps of a builder (see generate.Builder, which is one)."""

    # Kinds by how often they are drawn, with the ranks of the tensor they take.
    KINDS = [
        ("cells", 3, (3,)),
        ("wrapped_twice", 4, (3, 4, 5)),
        ("both_ways", 3, (3,)),
        ("shared_model", 4, (2, 3, 4)),
        ("several_outputs", 3, (2, 3, 4)),
        ("in_training", 2, (2, 3, 4)),
        ("quiet", 3, (2, 3, 4, 5)),
        ("rare_lambda", 4, (2, 3, 4)),
        ("rare_function", 4, (2, 3, 4)),
        ("attend", 3, (3,)),
        ("convolved_over_time", 2, (4, 5)),
        ("masked_inside", 3, (3,)),
        ("merged_by_name", 3, (2, 3, 4)),
        ("lambda_of_two", 2, (2, 3)),
        ("frozen_model", 2, (2, 3)),
    ]

    def rare_step(self, x):
        rank = len(self.stack.shape(x))
        kinds = [name for name, times, ranks in self.KINDS if rank in ranks for _ in range(times)]
        if not kinds:
            return None
        kind = self.draw.one(kinds)
        self.recipe.append("rare %s" % kind)
        result = getattr(self, kind)(x)
        return self.draw.one(result) if isinstance(result, (list, tuple)) else result

    def name(self):
        """Keywords with a name that few people give, or none."""
        return {"name": self.draw.one(NAMES)} if self.draw.chance(0.25) else {}

    def options(self, arguments, taken):
        """More arguments for a constructor that takes `taken`."""
        for key, share, choices in OPTIONS:
            if key in taken and self.draw.chance(share):
                arguments[key] = self.draw.one(choices)

    # -- kinds ----------------------------------------------------------------------------------------------------

    def cells(self, x):
        """RNN of cells with arguments of their own, stacked inside a stack, in both directions."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        cells = [self.make(self.draw.one(["SimpleRNNCell", "LSTMCell", "GRUCell"]), shape, units=self.draw.integer(1, 3))[0]
                 for _ in range(self.draw.integer(1, 3))]  # fmt: skip
        if len(cells) == 3 and self.draw.chance(0.5):
            cells = [layers.StackedRNNCells(cells[:2]), cells[2]]
        arguments = {key: True for key in ("return_sequences", "go_backwards", "unroll", "return_state") if self.draw.chance(0.3)}
        if self.fixed_batch and self.draw.chance(0.5):
            arguments["stateful"] = True
        arguments.update(self.name())
        layer = layers.RNN(cells if len(cells) > 1 or self.draw.chance(0.3) else cells[0], **arguments)
        if self.draw.chance(0.3):
            layer = layers.Bidirectional(layer, merge_mode=self.draw.one(["concat", "sum", "ave"]))
        self.recipe.append("cells %d %s" % (len(cells), arguments))
        return layer(x)

    def wrapped_twice(self, x):
        """TimeDistributed round another wrapper, a recurrent layer or a convolution."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        inner = (shape[0],) + shape[2:]
        kinds = {1: ["Dense", "BatchNormalization"], 2: ["both", "LSTM", "GRU", "Conv1D", "twice", "GlobalMaxPooling1D", "Flatten"],
                 3: ["Conv2D", "MaxPooling2D", "Flatten", "twice", "GlobalAveragePooling2D"]}[len(inner) - 1]  # fmt: skip
        kind = self.draw.one(kinds)
        if kind == "both":
            layer = layers.Bidirectional(self.make(self.draw.one(["LSTM", "GRU", "SimpleRNN"]), inner, return_sequences=self.draw.chance(0.5))[0])
        elif kind == "twice":
            layer = layers.TimeDistributed(self.make(self.draw.one(["Dense", "Activation"]), inner[:1] + inner[2:])[0])
        else:
            layer = self.make(kind, inner)[0]
        self.recipe.append("TimeDistributed(%s)" % kind)
        return layers.TimeDistributed(layer, **self.name())(x)

    def both_ways(self, x):
        """Bidirectional with a layer of its own for the other direction, states, or no merge."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        name = self.draw.one(["LSTM", "GRU", "SimpleRNN"])
        units, sequences = self.draw.integer(1, 3), self.draw.chance(0.6)
        forced = {"return_sequences": sequences}
        if self.stack.major > 1:
            forced["units"] = units
        layer, told = self.make(name, shape, **forced)
        keywords = {"merge_mode": self.draw.one(["concat", "sum", "mul", "ave", None])}
        if self.stack.major > 1 and "backward_layer" in self.stack.arguments(layers.Bidirectional) and self.draw.chance(0.5):
            keywords["backward_layer"] = self.make(name, shape, units=units, return_sequences=sequences, go_backwards=True)[0]
        self.recipe.append("both %s %s %s" % (name, told, sorted(keywords)))
        return layers.Bidirectional(layer, **keywords)(x)

    def shared_model(self, x):
        """One model called on two or three tensors."""
        model = self.inner().nested(self.stack.shape(x))
        calls = [model(x), model(x if self.draw.chance(0.2) else self.stack.layers.Activation("tanh")(x))]
        calls = [call[0] if isinstance(call, (list, tuple)) else call for call in calls]
        return self.merge(calls)

    def several_outputs(self, x):
        """A model of two outputs, both of which are used."""
        start = self.input_like(x)
        first = self.step(start)
        model = self.model([start], [first, self.step(first if self.draw.chance(0.5) else start), start][: self.draw.integer(2, 3)])
        found = model(x)
        other = found[1] if self.draw.chance(0.5) else self.step(found[1])
        return self.merge([found[0], other]) if self.stack.shape(found[0]) == self.stack.shape(other) else [found[0], other]

    def input_like(self, x):
        shape = self.stack.shape(x)[1:]
        layer = self.stack.layers.Input
        return layer(batch_shape=(self.fixed_batch,) + shape) if self.fixed_batch else layer(shape=shape)

    def in_training(self, x):
        """BatchNormalization called in training mode, or frozen."""
        if self.stack.major == 1:
            return self.make("BatchNormalization", self.stack.shape(x), trainable=False)[0](x)
        layer, told = self.make("BatchNormalization", self.stack.shape(x), **self.name())
        layer.trainable = not self.draw.chance(0.3)
        training = self.draw.one([True, False, None])
        self.recipe.append("BatchNormalization %s training=%s trainable=%s" % (told, training, layer.trainable))
        return layer(x, training=training)

    def quiet(self, x):
        layers, shape = self.stack.layers, self.stack.shape(x)
        name = self.draw.one(sorted(n for n in QUIET if len(shape) in QUIET[n][0] and hasattr(layers, n)))
        self.recipe.append(name)
        if name == "SpectralNormalization":
            return layers.SpectralNormalization(layers.Dense(3))(x)
        if name == "GroupQueryAttention":
            return layers.GroupQueryAttention(head_dim=2, num_query_heads=4, num_key_value_heads=2)(x, x)
        arguments = dict(QUIET[name][1])
        if self.stack.major == 1:
            arguments = {"p": 0.3}
        return getattr(layers, name)(**dict(arguments, **self.name()))(x)

    def rare_lambda(self, x):
        layers, shape = self.stack.layers, self.stack.shape(x)
        if self.stack.ops is not None:
            return self.rare_function(x)
        fitting = [(i, row) for i, row in enumerate(LAMBDAS) if len(shape) in row[0]]
        index, (_, function) = self.draw.one(fitting)
        self.recipe.append("lambda %d" % index)
        if self.draw.chance(0.15):
            function, keywords = SCALED, {"arguments": {"factor": 0.5, "shift": self.draw.integer(0, 2)}}
        else:
            keywords = {}
        keywords.update(self.name())
        if self.stack.major == 1:
            keywords["output_shape"] = self.computed_shape(function, x)
        return layers.Lambda(function, **keywords)(x)

    def computed_shape(self, function, x):
        """The outcome's shape without batch: Keras 1 has to be told."""
        shape = tuple(2 if size is None else size for size in self.stack.shape(x))
        backend = self.stack.backend
        value = backend.eval(function(backend.variable(np.ones(shape))))
        return tuple(value.shape[1:])

    def rare_function(self, x):
        shape = self.stack.shape(x)
        lib, table = (self.stack.ops, OPS) if self.stack.ops is not None else (self.stack.tf, TENSORFLOW)
        if lib is None or not self.stack.operators:
            return None
        index, (_, function) = self.draw.one([(i, row) for i, row in enumerate(table) if len(shape) in row[0]])
        self.recipe.append("function %d of the rare ones" % index)
        return function(lib, x)

    def lambda_of_two(self, x):
        if self.stack.ops is not None or self.stack.major == 1:
            return None
        other = self.stack.layers.Dense(self.stack.shape(x)[-1], activation="tanh")(x)
        index = self.draw.integer(0, len(PAIRS) - 1)
        self.recipe.append("pair %d" % index)
        return self.stack.layers.Lambda(PAIRS[index], **self.name())([x, other])

    def attend(self, x):
        layers, shape = self.stack.layers, self.stack.shape(x)
        kinds = [kind for kind in ("Attention", "AdditiveAttention", "MultiHeadAttention") if hasattr(layers, kind)]
        if not kinds:
            return None
        kind = self.draw.one(kinds)
        taken = self.stack.arguments(getattr(layers, kind))
        if kind == "MultiHeadAttention":
            arguments = {"num_heads": 2, "key_dim": self.draw.integer(2, 3), "value_dim": self.draw.one([None, 2]),
                         "use_bias": self.draw.chance(0.7), "dropout": self.draw.one([0.0, 0.2]), "output_shape": self.draw.one([None, 3])}  # fmt: skip
            called = {"return_attention_scores": True} if self.draw.chance(0.3) else {}
            if "use_causal_mask" in taken or self.draw.chance(0.2):
                called["use_causal_mask"] = True
            tensors = self.draw.one([(x, x), (x, x, x), (layers.Activation("tanh")(x), x)])
            self.recipe.append("%s %s %s %d" % (kind, arguments, called, len(tensors)))
            return layers.MultiHeadAttention(**dict(arguments, **self.name()))(*tensors, **called)
        arguments = {}
        for key, value in (("use_scale", True), ("causal", True), ("dropout", 0.2), ("score_mode", "concat")):
            if key in taken and self.draw.chance(0.4):
                arguments[key] = value
        called = {"use_causal_mask": True} if self.stack.major == 3 and self.draw.chance(0.3) else {}
        if self.stack.operators and self.draw.chance(0.2):
            called["return_attention_scores"] = True
        other = layers.Dense(shape[-1])(x)
        tensors = self.draw.one([[x, other], [x, other, x], [other, x, x]])
        self.recipe.append("%s %s %s" % (kind, arguments, called))
        return getattr(layers, kind)(**arguments)(tensors, **called)

    def convolved_over_time(self, x):
        layers, shape = self.stack.layers, self.stack.shape(x)
        rank = len(shape) - 3
        kind = "ConvLSTM%dD" % rank
        if not hasattr(layers, kind):
            return None
        arguments = {"filters": 2, "kernel_size": 2 if rank == 1 else (2,) * rank, "padding": self.draw.one(["same", "valid"])}
        if self.draw.chance(0.3):
            arguments["strides" if self.draw.chance(0.5) else "dilation_rate"] = 2 if rank == 1 else (2,) * rank
        for key in ("return_sequences", "go_backwards", "return_state"):
            if self.draw.chance(0.4):
                arguments[key] = True
        if self.fixed_batch:
            arguments["stateful"] = self.draw.chance(0.5)
        if self.stack.major == 1:
            arguments = {"nb_filter": 2, "nb_row": 2, "nb_col": 2, "border_mode": "same", "dim_ordering": {"channels_last": "tf"}.get(self.image_order, "th")}
        layer = getattr(layers, kind)(**dict(arguments, **self.name()))
        if self.stack.major > 1 and self.draw.chance(0.3):
            layer = layers.Bidirectional(layer)
        self.recipe.append("%s %s" % (kind, arguments))
        return layer(x)

    def masked_inside(self, x):
        """A mask that arises inside a nested model, or reaches a model or a wrapper inside one."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        start = self.input_like(x)
        masked = layers.Masking(mask_value=self.draw.one([0.0, 0.5]))(start) if self.draw.chance(0.7) else start
        for _ in range(self.draw.integer(1, 2)):
            name = self.draw.one(["LSTM", "GRU", "Dense", "TimeDistributed", "Bidirectional", "BatchNormalization", "Dropout", "Activation"])
            if name == "TimeDistributed":
                masked = layers.TimeDistributed(self.make("Dense", (shape[0],) + self.stack.shape(masked)[2:])[0])(masked)
            elif name == "Bidirectional":
                masked = layers.Bidirectional(self.make("GRU", self.stack.shape(masked), return_sequences=True)[0])(masked)
            else:
                forced = {"return_sequences": True} if name in ("LSTM", "GRU") else {}
                masked = self.make(name, self.stack.shape(masked), **forced)[0](masked)
        model = self.model([start], [masked])
        self.recipe.append("masked inside")
        result = model(x)
        if len(self.stack.shape(result)) == 3 and self.draw.chance(0.5):
            return self.make(self.draw.one(["LSTM", "GRU", "SimpleRNN"]), self.stack.shape(result))[0](result)
        return result

    def merged_by_name(self, x):
        """The functions of merges, and the modes of Keras 1."""
        layers, shape = self.stack.layers, self.stack.shape(x)
        other = self.make("Dense", shape, **({"output_dim": shape[-1]} if self.stack.major == 1 else {"units": shape[-1]}))[0](x) if len(shape) == 2 else layers.Activation("tanh")(x)
        if self.stack.major == 1:
            mode = self.draw.one(["sum", "mul", "concat", "ave", "max", "function"])
            self.recipe.append("mode %s" % mode)
            if mode == "function":
                return layers.merge([x, other], mode=lambda t: t[0] - t[1], output_shape=shape[1:])
            return layers.merge([x, other], mode=mode, **self.name())
        name = self.draw.one(["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"])
        keywords = {"axes": -1, "normalize": self.draw.chance(0.5)} if name == "dot" else {}
        self.recipe.append("function %s" % name)
        return getattr(layers, name)([x, other], **keywords)

    def frozen_model(self, x):
        """A nested model that does not learn, or a part of which does not: the order of saved weights follows."""
        shape = self.stack.shape(x)
        start = self.input_like(x)
        inside = self.make("BatchNormalization", shape)[0](self.make("Dense", shape)[0](start))
        model = self.model([start], [self.make("Dense", self.stack.shape(inside))[0](inside)])
        self.draw.one([model, model.layers[1], model.layers[2]]).trainable = False
        self.recipe.append("frozen")
        return model(x)

    def freeze(self, model):
        """Some layers of a finished model do not learn."""
        for layer in model.layers:
            if self.draw.chance(0.1):
                layer.trainable = False

    def name_inputs(self, inputs):
        """Inputs in a dictionary."""
        if self.mask_inputs:
            self.keys = self.keys + ["mask%d" % i for i in range(len(self.mask_inputs))]
        return dict(zip(self.keys, inputs))

    def nest(self, outputs):
        """Outputs in a dictionary, a list in a list, or plainly."""
        kind = self.draw.integer(0, 2) if len(outputs) > 1 else 2
        self.recipe.append("inputs %s outputs %d" % (self.keys, kind))
        if kind == 0:
            return dict(("out%d" % i, tensor) for i, tensor in enumerate(outputs))
        return [outputs[0], outputs[1:]] if kind == 1 else outputs
