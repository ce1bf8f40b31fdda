# Keras 1.2, Theano, Python 2.7: objects of their own in every argument of a built-in layer
import numpy as np
from keras import backend as K
from keras.models import Sequential, Model
from keras.layers import Dense, Input, Activation, BatchNormalization, TimeDistributed, GRU
from keras.regularizers import Regularizer
from keras.constraints import Constraint
from keras.optimizers import Optimizer, SGD
import keras.objectives


def my_init(shape, name=None):
    value = np.random.random(shape)
    return K.variable(value, name=name)


def scaled_init(shape, scale=0.1, name=None, dim_ordering='th'):
    return K.random_uniform_variable(shape, -scale, scale, name=name)


class OrthoReg(Regularizer):
    def __init__(self, strength=0.01):
        self.strength = K.cast_to_floatx(strength)
        self.uses_learning_phase = True

    def __call__(self, w):
        return K.sum(K.square(K.dot(K.transpose(w), w))) * self.strength

    def get_config(self):
        return {'name': self.__class__.__name__, 'strength': float(self.strength)}


class Clip(Constraint):
    def __init__(self, c=2.):
        self.c = c

    def __call__(self, p):
        return K.clip(p, -self.c, self.c)

    def get_config(self):
        return {'name': self.__class__.__name__, 'c': self.c}


def srelu(x):
    return K.switch(x > 0.3, x, 0.1 * x) if False else K.relu(x, alpha=0.1) + 0.05 * K.square(x)


def weighted_mse(y_true, y_pred):
    return K.mean(K.square(y_pred - y_true) * (1. + K.abs(y_true)), axis=-1)


def pearson(y_true, y_pred):
    x = y_true - K.mean(y_true)
    y = y_pred - K.mean(y_pred)
    return K.sum(x * y) / (K.sqrt(K.sum(K.square(x)) * K.sum(K.square(y))) + K.epsilon())


class NormalizedSGD(SGD):
    """Divides each gradient by its norm."""

    def get_gradients(self, loss, params):
        grads = K.gradients(loss, params)
        return [g / (K.sqrt(K.sum(K.square(g))) + 1e-7) for g in grads]


def data(rng):
    return rng.uniform(-1, 1, (6, 3, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


FORMATS = ('h5', 'json', 'yaml')


def build_model():
    model = Sequential()
    model.add(TimeDistributed(Dense(5, init=my_init, activation=srelu, W_regularizer=OrthoReg(0.1)), input_shape=(3, 4)))
    model.add(GRU(3, activation=srelu, inner_init=scaled_init))
    model.add(Dense(3, W_constraint=Clip(0.5), b_regularizer='l2'))
    model.add(Activation(srelu))
    model.add(Dense(2))
    model.compile('adam', weighted_mse, metrics=[pearson])
    return model
