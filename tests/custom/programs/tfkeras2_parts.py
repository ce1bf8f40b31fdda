# tf.keras of TensorFlow 2.3
import numpy as np
import tensorflow as tf
import tensorflow.keras.backend as K
from tensorflow.keras import layers, Model, regularizers, initializers
from tensorflow.keras.layers import Layer, Dense, Conv2D, Input, BatchNormalization, Dropout, Wrapper, LSTMCell, RNN


class Sampling(layers.Layer):
    """Uses (z_mean, z_log_var) to sample z."""

    def call(self, inputs, training=None):
        z_mean, z_log_var = inputs
        kl = -0.5 * tf.reduce_mean(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
        self.add_loss(0.01 * kl)
        self.add_metric(kl, name='kl', aggregation='mean')
        if not training:
            return z_mean
        batch = tf.shape(z_mean)[0]
        dim = tf.shape(z_mean)[1]
        epsilon = tf.keras.backend.random_normal(shape=(batch, dim))
        return z_mean + 0.0 * tf.exp(0.5 * z_log_var) * epsilon


class VectorQuantizer(layers.Layer):
    def __init__(self, num_embeddings, embedding_dim, beta=0.25, **kwargs):
        super().__init__(**kwargs)
        self.embedding_dim = embedding_dim
        self.num_embeddings = num_embeddings
        self.beta = beta
        w_init = tf.random_uniform_initializer()
        self.embeddings = tf.Variable(
            initial_value=w_init(shape=(self.embedding_dim, self.num_embeddings), dtype="float32"),
            trainable=True, name="embeddings_vqvae")

    def call(self, x):
        input_shape = tf.shape(x)
        flattened = tf.reshape(x, [-1, self.embedding_dim])
        encoding_indices = self.get_code_indices(flattened)
        encodings = tf.one_hot(encoding_indices, self.num_embeddings)
        quantized = tf.matmul(encodings, self.embeddings, transpose_b=True)
        quantized = tf.reshape(quantized, input_shape)
        commitment_loss = tf.reduce_mean((tf.stop_gradient(quantized) - x) ** 2)
        codebook_loss = tf.reduce_mean((quantized - tf.stop_gradient(x)) ** 2)
        self.add_loss(self.beta * commitment_loss + codebook_loss)
        quantized = x + tf.stop_gradient(quantized - x)
        return quantized

    def get_code_indices(self, flattened_inputs):
        similarity = tf.matmul(flattened_inputs, self.embeddings)
        distances = (tf.reduce_sum(flattened_inputs ** 2, axis=1, keepdims=True)
                     + tf.reduce_sum(self.embeddings ** 2, axis=0) - 2 * similarity)
        return tf.argmin(distances, axis=1)

    def get_config(self):
        return {**super().get_config(), 'num_embeddings': self.num_embeddings, 'embedding_dim': self.embedding_dim,
                'beta': self.beta}


class ComputeSum(layers.Layer):
    """The layer with a state of the guide, and a tf.function."""

    def __init__(self, input_dim=4, **kwargs):
        super(ComputeSum, self).__init__(**kwargs)
        self.input_dim = input_dim
        self.total = tf.Variable(initial_value=tf.zeros((input_dim,)), trainable=False)
        self.count = self.add_weight(shape=(), initializer='zeros', trainable=False, name='count')

    @tf.function
    def call(self, inputs, training=False):
        if training:
            self.total.assign_add(tf.reduce_sum(inputs, axis=0))
            self.count.assign_add(1.)
        return inputs + 0.01 * self.total / tf.maximum(self.count, 1.)

    def get_config(self):
        cfg = super(ComputeSum, self).get_config()
        cfg['input_dim'] = self.input_dim
        return cfg


class ResBlock(layers.Layer):
    """Layers made in build and __init__, in lists and dicts; a regulariser and an initialiser by name."""

    def __init__(self, filters, n=2, **kwargs):
        super(ResBlock, self).__init__(**kwargs)
        self.filters, self.n = filters, n
        self.convs = [Dense(filters, activation='relu', kernel_regularizer=regularizers.l2(1e-3)) for _ in range(n)]
        self.bns = {'a': BatchNormalization(), 'b': BatchNormalization(momentum=0.5)}
        self.short = None

    def build(self, input_shape):
        if input_shape[-1] != self.filters:
            self.short = Dense(self.filters, use_bias=False, name='short')
        self.gamma = self.add_weight('gamma', shape=(1,), initializer=initializers.Constant(0.7))
        super().build(input_shape)

    def call(self, x, training=None):
        y = x
        for i, conv in enumerate(self.convs):
            y = conv(y)
            y = self.bns['ab'[i]](y, training=training)
        if self.short is not None:
            x = self.short(x)
        return x + self.gamma * y

    def get_config(self):
        return dict(super().get_config(), filters=self.filters, n=self.n)


class LayerNormCell(LSTMCell):
    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.ln = layers.LayerNormalization()

    def call(self, inputs, states, training=None):
        out, (h, c) = super().call(inputs, states, training=training)
        h = self.ln(h)
        return h, [h, c]


class MCDropout(Dropout):
    def call(self, inputs):
        return super().call(inputs, training=False)


class SelectiveRows(layers.Layer):
    def call(self, x):

        rows = tf.gather(x, tf.constant([3, 1, 2, 0]), axis=1)
        rows.set_shape([None, x.shape[1]])
        parts = tf.split(rows, 2, axis=-1)
        mixed = tf.einsum('bi,bj->bij', parts[0], parts[1])
        upper = tf.linalg.band_part(mixed, 0, -1)
        z = tf.unstack(upper, axis=1)
        return tf.concat([tf.clip_by_value(tf.math.log1p(tf.abs(v)), 0., 4.) for v in z], -1)


def data(rng):
    return rng.uniform(-1, 1, (6, 5, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    i = Input((5, 4))
    x = RNN(LayerNormCell(4))(i)
    x = ResBlock(6)(x)
    x = ResBlock(6, name='again')(x)
    x = MCDropout(.4)(x)
    z = Sampling()([Dense(4)(x), Dense(4)(x)])
    x = ComputeSum(4)(z)
    x = VectorQuantizer(5, 4)(x)
    x = SelectiveRows()(x)
    model = Model(i, Dense(2)(x))
    model.compile('adam', 'mse')
    return model
