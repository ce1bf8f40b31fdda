# Keras 1.2, Theano, Python 2.7
import numpy as np
from keras import backend as K
from keras.engine import InputSpec
from keras.layers.recurrent import Recurrent, GRU, LSTM, time_distributed_dense
from keras import activations, initializations, regularizers
from keras.layers import Input, Dense, Masking, Bidirectional
from keras.models import Model


class RAN(Recurrent):
    """A recurrent additive network in the way of SimpleRNN of 1.2."""

    def __init__(self, output_dim, init='glorot_uniform', inner_init='orthogonal', activation='tanh',
                 inner_activation='hard_sigmoid', dropout_W=0., dropout_U=0., **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get(init)
        self.inner_init = initializations.get(inner_init)
        self.activation = activations.get(activation)
        self.inner_activation = activations.get(inner_activation)
        self.dropout_W = dropout_W
        self.dropout_U = dropout_U
        if self.dropout_W or self.dropout_U:
            self.uses_learning_phase = True
        super(RAN, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        input_dim = input_shape[2]
        self.input_dim = input_dim
        if self.stateful:
            self.reset_states()
        else:
            self.states = [None, None]
        self.W_c = self.init((input_dim, self.output_dim), name='{}_W_c'.format(self.name))
        self.W_i = self.init((input_dim, self.output_dim), name='{}_W_i'.format(self.name))
        self.U_i = self.inner_init((self.output_dim, self.output_dim), name='{}_U_i'.format(self.name))
        self.b_i = K.zeros((self.output_dim,), name='{}_b_i'.format(self.name))
        self.W_f = self.init((input_dim, self.output_dim), name='{}_W_f'.format(self.name))
        self.U_f = self.inner_init((self.output_dim, self.output_dim), name='{}_U_f'.format(self.name))
        self.b_f = K.variable(np.ones((self.output_dim,)), name='{}_b_f'.format(self.name))
        self.trainable_weights = [self.W_c, self.W_i, self.U_i, self.b_i, self.W_f, self.U_f, self.b_f]

    def preprocess_input(self, x):
        input_shape = self.input_spec[0].shape
        input_dim, timesteps = input_shape[2], input_shape[1]
        x_c = time_distributed_dense(x, self.W_c, None, self.dropout_W, input_dim, self.output_dim, timesteps)
        x_i = time_distributed_dense(x, self.W_i, self.b_i, self.dropout_W, input_dim, self.output_dim, timesteps)
        x_f = time_distributed_dense(x, self.W_f, self.b_f, self.dropout_W, input_dim, self.output_dim, timesteps)
        return K.concatenate([x_c, x_i, x_f], axis=2)

    def step(self, x, states):
        h_tm1, c_tm1 = states[0], states[1]
        B_U = states[2]
        x_c = x[:, :self.output_dim]
        x_i = x[:, self.output_dim:2 * self.output_dim]
        x_f = x[:, 2 * self.output_dim:]
        i = self.inner_activation(x_i + K.dot(h_tm1 * B_U, self.U_i))
        f = self.inner_activation(x_f + K.dot(h_tm1 * B_U, self.U_f))
        c = i * x_c + f * c_tm1
        h = self.activation(c)
        return h, [h, c]

    def get_constants(self, x):
        constants = []
        if 0 < self.dropout_U < 1:
            ones = K.ones_like(K.reshape(x[:, 0, 0], (-1, 1)))
            ones = K.tile(ones, (1, self.output_dim))
            constants.append(K.in_train_phase(K.dropout(ones, self.dropout_U), ones))
        else:
            constants.append(K.cast_to_floatx(1.))
        return constants

    def get_config(self):
        config = {'output_dim': self.output_dim, 'init': self.init.__name__, 'inner_init': self.inner_init.__name__,
                  'activation': self.activation.__name__, 'inner_activation': self.inner_activation.__name__,
                  'dropout_W': self.dropout_W, 'dropout_U': self.dropout_U}
        base_config = super(RAN, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


def data(rng):
    x = rng.uniform(-1, 1, (6, 5, 4)).astype('float32')
    x[:, 3:] = 0
    return x, rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    a = Input((5, 4))
    x = Masking()(a)
    x = RAN(3, return_sequences=True, dropout_U=0.0)(x)
    x = Bidirectional(RAN(2, return_sequences=True), merge_mode='concat')(x)
    x = RAN(3)(x)
    model = Model(a, Dense(2)(x))
    model.compile('sgd', 'mse')
    return model
