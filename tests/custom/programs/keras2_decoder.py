# Keras 2.0, TensorFlow: the attention decoder that everybody copied
from keras import backend as K
from keras import regularizers, constraints, initializers, activations
from keras.layers.recurrent import Recurrent, _time_distributed_dense
from keras.engine import InputSpec
from keras.layers import Input, LSTM, Dense, Bidirectional
from keras.models import Model

tfPrint = lambda d, T: None


class AttentionDecoder(Recurrent):

    def __init__(self, units, output_dim,
                 activation='tanh',
                 return_probabilities=False,
                 name='AttentionDecoder',
                 kernel_initializer='glorot_uniform',
                 recurrent_initializer='orthogonal',
                 bias_initializer='zeros',
                 kernel_regularizer=None,
                 bias_regularizer=None,
                 activity_regularizer=None,
                 kernel_constraint=None,
                 bias_constraint=None,
                 **kwargs):
        self.units = units
        self.output_dim = output_dim
        self.return_probabilities = return_probabilities
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)

        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

        super(AttentionDecoder, self).__init__(**kwargs)
        self.name = name
        self.return_sequences = True  # must return sequences

    def build(self, input_shape):
        self.batch_size, self.timesteps, self.input_dim = input_shape

        if self.stateful:
            super(AttentionDecoder, self).reset_states()

        self.states = [None, None]  # y, s

        self.V_a = self.add_weight(shape=(self.units,), name='V_a', initializer=self.kernel_initializer,
                                   regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.W_a = self.add_weight(shape=(self.units, self.units), name='W_a', initializer=self.kernel_initializer,
                                   regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.U_a = self.add_weight(shape=(self.input_dim, self.units), name='U_a', initializer=self.kernel_initializer,
                                   regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        self.b_a = self.add_weight(shape=(self.units,), name='b_a', initializer=self.bias_initializer,
                                   regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self.C_r = self.add_weight(shape=(self.input_dim, self.units), name='C_r', initializer=self.recurrent_initializer)
        self.U_r = self.add_weight(shape=(self.units, self.units), name='U_r', initializer=self.recurrent_initializer)
        self.W_r = self.add_weight(shape=(self.output_dim, self.units), name='W_r', initializer=self.recurrent_initializer)
        self.b_r = self.add_weight(shape=(self.units,), name='b_r', initializer=self.bias_initializer)
        self.C_p = self.add_weight(shape=(self.input_dim, self.units), name='C_p', initializer=self.recurrent_initializer)
        self.U_p = self.add_weight(shape=(self.units, self.units), name='U_p', initializer=self.recurrent_initializer)
        self.W_p = self.add_weight(shape=(self.output_dim, self.units), name='W_p', initializer=self.recurrent_initializer)
        self.b_p = self.add_weight(shape=(self.units,), name='b_p', initializer=self.bias_initializer)
        self.C_o = self.add_weight(shape=(self.input_dim, self.output_dim), name='C_o', initializer=self.recurrent_initializer)
        self.U_o = self.add_weight(shape=(self.units, self.output_dim), name='U_o', initializer=self.recurrent_initializer)
        self.W_o = self.add_weight(shape=(self.output_dim, self.output_dim), name='W_o',
                                   initializer=self.recurrent_initializer)
        self.b_o = self.add_weight(shape=(self.output_dim,), name='b_o', initializer=self.bias_initializer)
        self.W_s = self.add_weight(shape=(self.input_dim, self.units), name='W_s', initializer=self.recurrent_initializer)

        self.input_spec = [InputSpec(shape=(self.batch_size, self.timesteps, self.input_dim))]
        self.built = True

    def call(self, x):
        # store the whole sequence so we can "attend" to it at each timestep
        self.x_seq = x
        # apply the a dense layer over the time dimension of the sequence
        self._uxpb = _time_distributed_dense(self.x_seq, self.U_a, b=self.b_a, input_dim=self.input_dim,
                                             timesteps=self.timesteps, output_dim=self.units)
        return super(AttentionDecoder, self).call(x)

    def get_initial_state(self, inputs):
        # apply the matrix on the first time step to get the initial s0.
        s0 = activations.tanh(K.dot(inputs[:, 0], self.W_s))
        y0 = K.zeros_like(inputs)  # (samples, timesteps, input_dims)
        y0 = K.sum(y0, axis=(1, 2))  # (samples, )
        y0 = K.expand_dims(y0)  # (samples, 1)
        y0 = K.tile(y0, [1, self.output_dim])
        return [y0, s0]

    def step(self, x, states):
        ytm, stm = states
        # repeat the hidden state to the length of the sequence
        _stm = K.repeat(stm, self.timesteps)
        # now multiplty the weight matrix with the repeated hidden state
        _Wxstm = K.dot(_stm, self.W_a)
        # calculate the attention probabilities
        et = K.dot(activations.tanh(_Wxstm + self._uxpb), K.expand_dims(self.V_a))
        at = K.exp(et)
        at_sum = K.sum(at, axis=1)
        at_sum_repeated = K.repeat(at_sum, self.timesteps)
        at /= at_sum_repeated  # vector of size (batchsize, timesteps, 1)
        # calculate the context vector
        context = K.squeeze(K.batch_dot(at, self.x_seq, axes=1), axis=1)
        rt = activations.sigmoid(K.dot(ytm, self.W_r) + K.dot(stm, self.U_r) + K.dot(context, self.C_r) + self.b_r)
        zt = activations.sigmoid(K.dot(ytm, self.W_p) + K.dot(stm, self.U_p) + K.dot(context, self.C_p) + self.b_p)
        s_tp = activations.tanh(K.dot(ytm, self.W_p) + K.dot((rt * stm), self.U_p) + K.dot(context, self.C_p) + self.b_p)
        st = (1 - zt) * stm + zt * s_tp
        yt = activations.softmax(K.dot(ytm, self.W_o) + K.dot(stm, self.U_o) + K.dot(context, self.C_o) + self.b_o)
        if self.return_probabilities:
            return at, [yt, st]
        else:
            return yt, [yt, st]

    def compute_output_shape(self, input_shape):
        if self.return_probabilities:
            return (None, self.timesteps, self.timesteps)
        else:
            return (None, self.timesteps, self.output_dim)

    def get_config(self):
        config = {'output_dim': self.output_dim, 'units': self.units, 'return_probabilities': self.return_probabilities}
        base_config = super(AttentionDecoder, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


def data(rng):
    return rng.uniform(-1, 1, (6, 5, 4)).astype('float32'), rng.uniform(0, 1, (6, 5, 3)).astype('float32')


def build_model():
    i = Input(shape=(5, 4))
    enc = Bidirectional(LSTM(3, return_sequences=True), merge_mode='concat', trainable=True)(i)
    model = Model(i, AttentionDecoder(4, 3, name='attention_decoder_1')(enc))
    model.compile('adam', 'categorical_crossentropy')
    return model
