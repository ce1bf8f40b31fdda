# Keras 2.2, TensorFlow: layers inside layers, state, losses added, dropout, learning phase
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.engine.topology import Layer
from keras.layers import Dense, Input, Conv1D, Dropout, Add, Concatenate, BatchNormalization, Embedding
from keras.models import Model
from keras import initializers, regularizers


class Attention(Layer):
    """Attention with heads, positional arguments, and layers made in build."""

    def __init__(self, nb_head, size_per_head, **kwargs):
        self.nb_head = nb_head
        self.size_per_head = size_per_head
        self.output_dim = nb_head * size_per_head
        super(Attention, self).__init__(**kwargs)

    def build(self, input_shape):
        self.WQ = self.add_weight(name='WQ', shape=(input_shape[0][-1], self.output_dim),
                                  initializer='glorot_uniform', trainable=True)
        self.WK = self.add_weight(name='WK', shape=(input_shape[1][-1], self.output_dim),
                                  initializer='glorot_uniform', trainable=True)
        self.WV = self.add_weight(name='WV', shape=(input_shape[2][-1], self.output_dim),
                                  initializer='glorot_uniform', trainable=True)
        super(Attention, self).build(input_shape)

    def Mask(self, inputs, seq_len, mode='mul'):
        if seq_len is None:
            return inputs
        mask = K.one_hot(seq_len[:, 0], K.shape(inputs)[1])
        mask = 1 - K.cumsum(mask, 1)
        for _ in range(len(inputs.shape) - 2):
            mask = K.expand_dims(mask, 2)
        return inputs * mask if mode == 'mul' else inputs - (1 - mask) * 1e12

    def call(self, x):
        if len(x) == 3:
            Q_seq, K_seq, V_seq = x
            Q_len, V_len = None, None
        elif len(x) == 5:
            Q_seq, K_seq, V_seq, Q_len, V_len = x
        Q_seq = K.dot(Q_seq, self.WQ)
        Q_seq = K.reshape(Q_seq, (-1, K.shape(Q_seq)[1], self.nb_head, self.size_per_head))
        Q_seq = K.permute_dimensions(Q_seq, (0, 2, 1, 3))
        K_seq = K.dot(K_seq, self.WK)
        K_seq = K.reshape(K_seq, (-1, K.shape(K_seq)[1], self.nb_head, self.size_per_head))
        K_seq = K.permute_dimensions(K_seq, (0, 2, 1, 3))
        V_seq = K.dot(V_seq, self.WV)
        V_seq = K.reshape(V_seq, (-1, K.shape(V_seq)[1], self.nb_head, self.size_per_head))
        V_seq = K.permute_dimensions(V_seq, (0, 2, 1, 3))
        A = K.batch_dot(Q_seq, K_seq, axes=[3, 3]) / self.size_per_head ** 0.5
        A = K.permute_dimensions(A, (0, 3, 2, 1))
        A = self.Mask(A, V_len, 'add')
        A = K.permute_dimensions(A, (0, 3, 2, 1))
        A = K.softmax(A)
        O_seq = K.batch_dot(A, V_seq, axes=[3, 2])
        O_seq = K.permute_dimensions(O_seq, (0, 2, 1, 3))
        O_seq = K.reshape(O_seq, (-1, K.shape(O_seq)[1], self.output_dim))
        O_seq = self.Mask(O_seq, Q_len, 'mul')
        return O_seq

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], input_shape[0][1], self.output_dim)

    def get_config(self):
        config = {'nb_head': self.nb_head, 'size_per_head': self.size_per_head}
        base_config = super(Attention, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class SELayer(Layer):
    """Squeeze and excite with Dense layers of its own, made in build."""

    def __init__(self, ratio=2, **kwargs):
        super(SELayer, self).__init__(**kwargs)
        self.ratio = ratio

    def build(self, input_shape):
        n = int(input_shape[-1])
        self.squeeze = Dense(n // self.ratio, activation='relu', name='squeeze')
        self.squeeze.build((None, n))
        self.excite = Dense(n, activation='sigmoid', name='excite')
        self.excite.build((None, n // self.ratio))
        self._trainable_weights += self.squeeze.trainable_weights
        self._trainable_weights += self.excite.trainable_weights
        self.drop = Dropout(0.5)
        super(SELayer, self).build(input_shape)

    def call(self, x, training=None):
        s = K.mean(x, axis=1)
        s = self.excite(self.drop(self.squeeze(s), training=training))
        return x * K.expand_dims(s, 1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super(SELayer, self).get_config()
        config.update({'ratio': self.ratio})
        return config


class CenterLossLayer(Layer):
    """Running centres as a state, updated in training; a loss of its own."""

    def __init__(self, alpha=0.5, weight=0.1, **kwargs):
        super(CenterLossLayer, self).__init__(**kwargs)
        self.alpha = alpha
        self.weight = weight

    def build(self, input_shape):
        self.centers = self.add_weight(name='centers', shape=(1, input_shape[-1]), initializer='uniform', trainable=False)
        super(CenterLossLayer, self).build(input_shape)

    def call(self, x, mask=None):
        delta = K.mean(self.centers - x, axis=(0, 1))
        self.add_update((self.centers, self.centers - self.alpha * K.expand_dims(delta, 0)), x)
        self.add_loss(self.weight * K.mean(K.square(x - self.centers)), inputs=x)
        return K.in_train_phase(x, x - 0.1 * self.centers)

    def compute_output_shape(self, input_shape):
        return K.int_shape(self.centers) if False else input_shape


class GaussianKernel(Layer):
    """tf functions with the arguments of TF 1."""

    def __init__(self, k=3, **kw):
        self.k = k
        super(GaussianKernel, self).__init__(**kw)

    def build(self, input_shape):
        self.mu = self.add_weight('mu', (self.k, input_shape[-1]), initializer=initializers.RandomUniform(-1, 1))
        self.sigma = self.add_weight('sigma', (self.k,), initializer='ones', regularizer=regularizers.l2(1e-3))
        self.built = True

    def call(self, x):
        d = tf.expand_dims(x, 2) - self.mu
        d2 = tf.reduce_sum(tf.square(d), axis=-1, keep_dims=False)
        z = tf.exp(-d2 / tf.maximum(self.sigma ** 2, 1e-3))
        z = z / tf.reduce_sum(z, reduction_indices=[-1], keep_dims=True)
        z = tf.nn.l2_normalize(z, dim=-1)
        return tf.concat([z, tf.nn.softmax(x, dim=-1)], axis=2)

    def compute_output_shape(self, s):
        return (s[0], s[1], self.k + s[2])

    def get_config(self):
        return dict(super(GaussianKernel, self).get_config(), k=self.k)


class Pool(Layer):
    def call(self, inputs, mask=None):
        length = tf.shape(inputs)[1]
        total = tf.reduce_sum(inputs, 1)
        mean = total / tf.cast(length, tf.float32)
        top = tf.nn.top_k(tf.transpose(inputs, [0, 2, 1]), k=2, sorted=True)[0]
        flat = tf.reshape(top, [tf.shape(inputs)[0], inputs.get_shape().as_list()[-1] * 2])
        return K.concatenate([mean, flat], axis=-1)

    def compute_output_shape(self, s):
        return (s[0], 3 * s[2])


def data(rng):
    return rng.uniform(-1, 1, (6, 5, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


STEP = False  # dropout


def build_model():
    i = Input((5, 4))
    x = Attention(2, 3)([i, i, i])
    x = SELayer(3)(x)
    x = CenterLossLayer(name='centre')(x)
    x = GaussianKernel(3)(x)
    x = Pool()(x)
    model = Model(i, Dense(2)(x))
    model.compile('adam', 'mse')
    return model
