# Keras 1.2, Theano, Python 2.7
import numpy as np
from keras import backend as K
from keras.engine.topology import Layer, InputSpec
from keras import initializations, regularizers, constraints, activations
from keras.models import Model
from keras.layers import Input, Embedding, LSTM, Dense, merge


class AttLayer(Layer):
    """Attention of the hierarchical attention networks, as everybody copied it in 2016."""

    def __init__(self, W_regularizer=None, b_regularizer=None, W_constraint=None, bias=True, **kwargs):
        self.supports_masking = True
        self.init = initializations.get('glorot_uniform')
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.bias = bias
        self.input_spec = [InputSpec(ndim=3)]
        super(AttLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        assert len(input_shape) == 3
        self.W = self.add_weight((input_shape[-1],), initializer=self.init, name='{}_W'.format(self.name),
                                 regularizer=self.W_regularizer, constraint=self.W_constraint)
        if self.bias:
            self.b = self.add_weight((input_shape[1],), initializer='zero', name='{}_b'.format(self.name),
                                     regularizer=self.b_regularizer)
        else:
            self.b = None
        self.built = True

    def compute_mask(self, input, input_mask=None):
        return None

    def call(self, x, mask=None):
        eij = K.reshape(K.dot(K.reshape(x, (-1, x.shape[2])), K.reshape(self.W, (x.shape[2], 1))), (-1, x.shape[1]))
        if self.bias:
            eij += self.b
        eij = K.tanh(eij)
        a = K.exp(eij)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        a = K.expand_dims(a)
        weighted_input = x * a
        return K.sum(weighted_input, axis=1)

    def get_output_shape_for(self, input_shape):
        return input_shape[0], input_shape[-1]


class NTN(Layer):
    """A neural tensor layer on two inputs; its configuration was never written."""

    def __init__(self, output_dim=2, **kwargs):
        self.output_dim = output_dim
        super(NTN, self).__init__(**kwargs)

    def build(self, input_shape):
        d = input_shape[0][-1]
        self.W = K.variable(np.random.uniform(-.1, .1, (self.output_dim, d, d)), name='W')
        self.V = K.variable(np.random.uniform(-.1, .1, (2 * d, self.output_dim)), name='V')
        self.b = K.zeros((self.output_dim,))
        self.trainable_weights = [self.W, self.V, self.b]

    def call(self, inputs, mask=None):
        if type(inputs) is not list or len(inputs) <= 1:
            raise Exception('takes a list of tensors')
        e1, e2 = inputs
        batch_size = K.shape(e1)[0]
        feed = K.dot(K.concatenate([e1, e2]), self.V)
        bilinear = [K.sum((e2 * K.dot(e1, self.W[0])) + self.b[0], axis=1)]
        for i in range(self.output_dim)[1:]:
            bilinear.append(K.sum((e2 * K.dot(e1, self.W[i])) + self.b[i], axis=1))
        return K.tanh(K.reshape(K.concatenate(bilinear, axis=0), (self.output_dim, batch_size)).T + feed)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0][0], self.output_dim)


def data(rng):
    x = rng.randint(1, 9, (6, 5))
    x[:, 4:] = 0
    return [x, rng.uniform(-1, 1, (6, 4)).astype('float32')], rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    a, b = Input((5,), dtype='int32'), Input((4,))
    x = Embedding(9, 4, mask_zero=True)(a)
    x = LSTM(4, return_sequences=True)(x)
    x = AttLayer(W_regularizer='l2', name='att')(x)
    x = NTN(2, name='ntn')([x, b])
    model = Model([a, b], Dense(2)(x))
    model.compile('rmsprop', 'mse')
    return model
