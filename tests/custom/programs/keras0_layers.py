# Keras 0.3, Theano, Python 2.7
import numpy as np
import theano.tensor as T
from keras import backend as K
from keras import initializations, activations
from keras.models import Sequential
from keras.layers.core import Layer, MaskedLayer, Dense, Activation, Flatten
from keras.layers.embeddings import Embedding


class Maxout(Layer):
    input_ndim = 2

    def __init__(self, output_dim, nb_feature=2, init='glorot_uniform', weights=None, input_dim=None, **kwargs):
        self.output_dim = output_dim
        self.nb_feature = nb_feature
        self.init = initializations.get(init)
        self.initial_weights = weights
        self.input_dim = input_dim
        if self.input_dim:
            kwargs['input_shape'] = (self.input_dim,)
        super(Maxout, self).__init__(**kwargs)

    def build(self):
        input_dim = self.input_shape[1]
        self.W = self.init((self.nb_feature, input_dim, self.output_dim))
        self.b = K.zeros((self.nb_feature, self.output_dim))
        self.trainable_weights = [self.W, self.b]
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            del self.initial_weights

    @property
    def output_shape(self):
        return (self.input_shape[0], self.output_dim)

    def get_output(self, train=False):
        X = self.get_input(train)
        return K.max(K.dot(X, self.W) + self.b, axis=1)

    def get_config(self):
        config = {'name': self.__class__.__name__,
                  'output_dim': self.output_dim,
                  'nb_feature': self.nb_feature,
                  'init': self.init.__name__}
        base_config = super(Maxout, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class TemporalMean(MaskedLayer):
    def get_output_mask(self, train=None):
        return None

    @property
    def output_shape(self):
        return (self.input_shape[0], self.input_shape[2])

    def get_output(self, train=False):
        x = self.get_input(train)
        mask = self.get_input_mask(train)
        if mask is None:
            return T.mean(x, axis=1)
        m = K.cast(T.shape_padright(mask), 'float32')
        return T.sum(x * m, axis=1) / T.sum(m, axis=1)


def data(rng):
    x = rng.randint(1, 9, (6, 5))
    x[:, 3:] = 0
    return x, rng.uniform(-1, 1, (6, 2)).astype('float32')


FORMATS = ('json', 'yaml')


def build_model():
    model = Sequential()
    model.add(Embedding(9, 4, mask_zero=True, input_length=5))
    model.add(TemporalMean())
    model.add(Maxout(3, nb_feature=4))
    model.add(Dense(2))
    model.compile('sgd', 'mse')
    return model
