# Keras 1.2, Theano, Python 2.7: derived from built-in layers, wrappers, theano inside
import numpy as np
import theano
import theano.tensor as T
from keras import backend as K
from keras.engine import InputSpec, Layer
from keras.layers import Input, Dense, BatchNormalization, Convolution2D, Flatten, Wrapper, Lambda, TimeDistributed, Dropout
from keras.models import Model, Sequential


class ScaledDense(Dense):
    def __init__(self, output_dim, scale=1., **kwargs):
        super(ScaledDense, self).__init__(output_dim, **kwargs)
        self.scale = scale

    def call(self, x, mask=None):
        return self.scale * super(ScaledDense, self).call(x, mask)

    def get_config(self):
        config = super(ScaledDense, self).get_config()
        config['scale'] = self.scale
        return config


class WNDense(Dense):
    """Weight normalisation: an own build."""

    def build(self, input_shape):
        assert len(input_shape) == 2
        self.input_dim = input_dim = input_shape[1]
        self.input_spec = [InputSpec(dtype=K.floatx(), shape=(None, input_dim))]
        self.W = self.add_weight((input_dim, self.output_dim), initializer=self.init, name='{}_W'.format(self.name),
                                 regularizer=self.W_regularizer, constraint=self.W_constraint)
        self.g = self.add_weight((self.output_dim,), initializer='one', name='{}_g'.format(self.name))
        if self.bias:
            self.b = self.add_weight((self.output_dim,), initializer='zero', name='{}_b'.format(self.name))
        else:
            self.b = None
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights
        self.built = True

    def call(self, x, mask=None):
        W = self.W * (self.g / K.sqrt(K.sum(K.square(self.W), axis=0) + 1e-5))
        output = K.dot(x, W)
        if self.bias:
            output += self.b
        return self.activation(output)


class KMax(Layer):
    """The k largest of each row, by way of Theano."""

    def __init__(self, k=2, **kwargs):
        self.k = k
        super(KMax, self).__init__(**kwargs)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.k)

    def call(self, x, mask=None):
        neighbours = T.sort(x, axis=1)[:, -self.k:]
        return neighbours.astype('float32') + T.nnet.sigmoid(T.max(x, axis=1)).dimshuffle(0, 'x')

    def get_config(self):
        config = {'k': self.k}
        base_config = super(KMax, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Residual(Wrapper):
    """layer(x) + x"""

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
        super(Residual, self).build()

    def get_output_shape_for(self, input_shape):
        return self.layer.get_output_shape_for(input_shape)

    def call(self, x, mask=None):
        return self.layer.call(x, mask) + x


def data(rng):
    return rng.uniform(-1, 1, (6, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    a = Input((4,))
    x = ScaledDense(5, scale=0.5, activation='tanh')(a)
    x = Residual(Dense(5, activation='relu'))(x)
    x = WNDense(5, activation='sigmoid', W_regularizer='l2')(x)
    x = BatchNormalization(mode=0)(x)
    x = Residual(ScaledDense(5, scale=2.0))(x)
    x = KMax(3)(x)
    model = Model(a, Dense(2)(x))
    model.compile('adam', 'mse')
    return model
