# Keras 2.2, TensorFlow: cells of their own, K.rnn in a layer, derived recurrent layers
import numpy as np
from keras import backend as K
from keras import activations, initializers
from keras.engine.base_layer import Layer, InputSpec
from keras.layers import RNN, LSTM, GRU, LSTMCell, GRUCell, Input, Dense, Bidirectional, TimeDistributed, StackedRNNCells
from keras.models import Model
from keras.utils import get_custom_objects


class MinimalRNNCell(Layer):

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super(MinimalRNNCell, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer='uniform', name='kernel')
        self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), initializer='uniform',
                                                name='recurrent_kernel')
        self.built = True

    def call(self, inputs, states):
        prev_output = states[0]
        h = K.dot(inputs, self.kernel)
        output = h + K.dot(prev_output, self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        config = {'units': self.units}
        base_config = super(MinimalRNNCell, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class PeepholeCell(LSTMCell):
    """LSTMCell with connections from the memory to the gates."""

    def build(self, input_shape):
        super(PeepholeCell, self).build(input_shape)
        self.peep = self.add_weight(shape=(self.units, 3), name='peep', initializer='glorot_uniform')

    def call(self, inputs, states, training=None):
        h_tm1, c_tm1 = states[0], states[1]
        z = K.dot(inputs, self.kernel) + K.dot(h_tm1, self.recurrent_kernel)
        z = K.bias_add(z, self.bias)
        i = self.recurrent_activation(z[:, :self.units] + self.peep[:, 0] * c_tm1)
        f = self.recurrent_activation(z[:, self.units:2 * self.units] + self.peep[:, 1] * c_tm1)
        c = f * c_tm1 + i * self.activation(z[:, 2 * self.units:3 * self.units])
        o = self.recurrent_activation(z[:, 3 * self.units:] + self.peep[:, 2] * c)
        h = o * self.activation(c)
        return h, [h, c]


class MyGRU(GRU):
    """Its output is scaled."""

    def __init__(self, units, factor=0.5, **kwargs):
        super(MyGRU, self).__init__(units, **kwargs)
        self.factor = factor

    def call(self, inputs, mask=None, training=None, initial_state=None):
        return self.factor * super(MyGRU, self).call(inputs, mask=mask, training=training, initial_state=initial_state)

    def get_config(self):
        config = super(MyGRU, self).get_config()
        config['factor'] = self.factor
        return config


class QRNNPool(Layer):
    """fo-pooling by K.rnn, and the last state as a second output."""

    def __init__(self, units, **kwargs):
        self.units = units
        super(QRNNPool, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(name='kernel', shape=(2, input_shape[-1], self.units * 2),
                                      initializer='glorot_uniform', trainable=True)
        super(QRNNPool, self).build(input_shape)

    def call(self, x):
        z = K.conv1d(K.temporal_padding(x, (1, 0)), self.kernel)
        initial = [K.zeros_like(z[:, 0, :self.units])]

        def step(inputs, states):
            f = K.sigmoid(inputs[:, :self.units])
            c = f * states[0] + (1 - f) * K.tanh(inputs[:, self.units:])
            return c, [c]

        last, outputs, states = K.rnn(step, z, initial)
        return [outputs, states[0]]

    def compute_output_shape(self, input_shape):
        return [(input_shape[0], input_shape[1], self.units), (input_shape[0], self.units)]

    def get_config(self):
        return dict(super(QRNNPool, self).get_config(), units=self.units)


def data(rng):
    return rng.uniform(-1, 1, (6, 5, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    get_custom_objects()['MinimalRNNCell'] = MinimalRNNCell
    i = Input((5, 4))
    x = RNN(MinimalRNNCell(3), return_sequences=True)(i)
    x = Bidirectional(RNN(MinimalRNNCell(2), return_sequences=True))(x)
    x = RNN(PeepholeCell(3), return_sequences=True, go_backwards=True)(x)
    x = RNN([MinimalRNNCell(3), GRUCell(2)], return_sequences=True)(x)
    x = MyGRU(3, factor=0.7, return_sequences=True)(x)
    x, s = QRNNPool(4)(x)
    x = MyGRU(4, factor=2., name='last')(x, initial_state=s)
    model = Model(i, Dense(2)(x))
    model.compile('adam', 'mse')
    return model
