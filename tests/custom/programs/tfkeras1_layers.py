# tf.keras of TensorFlow 1.15, graph mode
import numpy as np
import tensorflow as tf
from tensorflow.python.keras import backend as K
from tensorflow.python.keras.layers import Layer, Input, Dense, Embedding, LSTM
from tensorflow.keras.models import Model
from tensorflow.python.keras import initializers, activations
from tensorflow.python.keras.utils import tf_utils
from tensorflow.python.ops import math_ops, nn_ops, array_ops


class CrossNet(Layer):
    """The cross network of DeepCTR."""

    def __init__(self, layer_num=2, l2_reg=0, seed=1024, **kwargs):
        self.layer_num = layer_num
        self.l2_reg = l2_reg
        self.seed = seed
        super(CrossNet, self).__init__(**kwargs)

    def build(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError("Unexpected inputs dimensions %d, expect to be 2 dimensions" % (len(input_shape),))
        dim = int(input_shape[-1])
        self.kernels = [self.add_weight(name='kernel' + str(i), shape=(dim, 1),
                                        initializer=tf.keras.initializers.glorot_normal(seed=self.seed),
                                        regularizer=tf.keras.regularizers.l2(self.l2_reg),
                                        trainable=True) for i in range(self.layer_num)]
        self.bias = [self.add_weight(name='bias' + str(i), shape=(dim, 1), initializer=tf.keras.initializers.Zeros(),
                                     trainable=True) for i in range(self.layer_num)]
        super(CrossNet, self).build(input_shape)

    def call(self, inputs, **kwargs):
        if K.ndim(inputs) != 2:
            raise ValueError("Unexpected inputs dimensions")
        x_0 = tf.expand_dims(inputs, axis=2)
        x_l = x_0
        for i in range(self.layer_num):
            xl_w = tf.tensordot(x_l, self.kernels[i], axes=(1, 0))
            dot_ = tf.matmul(x_0, xl_w)
            x_l = dot_ + self.bias[i] + x_l
        x_l = tf.squeeze(x_l, axis=2)
        return x_l

    def get_config(self):
        config = {'layer_num': self.layer_num, 'l2_reg': self.l2_reg, 'seed': self.seed}
        base_config = super(CrossNet, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))

    def compute_output_shape(self, input_shape):
        return input_shape


class FM(Layer):
    def call(self, inputs, **kwargs):
        square_of_sum = tf.square(tf.reduce_sum(inputs, axis=1, keep_dims=True))
        sum_of_square = tf.reduce_sum(inputs * inputs, axis=1, keep_dims=True)
        cross_term = square_of_sum - sum_of_square
        return 0.5 * tf.reduce_sum(cross_term, axis=2, keep_dims=False)

    def compute_output_shape(self, input_shape):
        return (None, 1)


class Linear(Layer):
    """The layer of the guide of 2018: add_variable, Dimension.value, a variable scope."""

    def __init__(self, units=3, activation=None, **kwargs):
        super(Linear, self).__init__(**kwargs)
        self.units = int(units)
        self.activation = activations.get(activation)

    def build(self, input_shape):
        input_shape = tf.TensorShape(input_shape)
        last = input_shape[-1].value
        with tf.variable_scope('linear'):
            self.kernel = self.add_variable('kernel', shape=[last, self.units], dtype=self.dtype,
                                            initializer=tf.glorot_uniform_initializer())
            self.bias = self.add_variable('bias', shape=tf.TensorShape([self.units]), initializer=tf.zeros_initializer())
        self.built = True

    def call(self, inputs):
        inputs = tf.convert_to_tensor(inputs)
        with tf.name_scope('mm'):
            y = math_ops.matmul(inputs, self.kernel)
        y = nn_ops.bias_add(y, self.bias)
        return self.activation(y) if self.activation is not None else y

    @tf_utils.shape_type_conversion
    def compute_output_shape(self, input_shape):
        return tuple(input_shape[:-1]) + (self.units,)

    def get_config(self):
        config = {'units': self.units, 'activation': activations.serialize(self.activation)}
        return dict(list(super(Linear, self).get_config().items()) + list(config.items()))


class SequencePooling(Layer):
    """Mean over the valid steps, by the mask or a length; tf of then."""

    def __init__(self, mode='mean', supports_masking=False, **kwargs):
        if mode not in ['sum', 'mean', 'max']:
            raise ValueError("mode must be sum or mean")
        self.mode = mode
        self.eps = tf.constant(1e-8, tf.float32)
        super(SequencePooling, self).__init__(**kwargs)
        self.supports_masking = supports_masking

    def call(self, seq_value_len_list, mask=None, **kwargs):
        if self.supports_masking:
            if mask is None:
                raise ValueError("When supports_masking=True,input must support masking")
            uiseq_embed_list = seq_value_len_list
            mask = tf.to_float(mask)
            user_behavior_length = tf.reduce_sum(mask, axis=-1, keep_dims=True)
            mask = tf.expand_dims(mask, axis=2)
        else:
            uiseq_embed_list, user_behavior_length = seq_value_len_list
            mask = tf.sequence_mask(user_behavior_length, 5, dtype=tf.float32)
            mask = tf.transpose(mask, (0, 2, 1))
        embedding_size = uiseq_embed_list.shape[-1]
        mask = tf.tile(mask, [1, 1, embedding_size])
        hist = uiseq_embed_list
        if self.mode == "max":
            hist = hist - (1 - mask) * 1e9
            return tf.reduce_max(hist, 1, keep_dims=True)
        hist = tf.reduce_sum(tf.multiply(hist, mask), 1, keep_dims=False)
        if self.mode == "mean":
            hist = tf.div(hist, tf.cast(user_behavior_length, tf.float32) + self.eps)
        return hist

    def compute_mask(self, inputs, mask):
        return None

    def get_config(self):
        config = {'mode': self.mode, 'supports_masking': self.supports_masking}
        base_config = super(SequencePooling, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Scan(Layer):
    """tf.scan, tf.map_fn, tf.while_loop and tf.cond."""

    def build(self, input_shape):
        self.w = self.add_weight('w', shape=[int(input_shape[-1])], initializer='ones')
        super(Scan, self).build(input_shape)

    def call(self, x):
        steps = tf.transpose(x, [1, 0, 2])
        run = tf.scan(lambda a, b: 0.5 * a + b * self.w, steps, initializer=tf.zeros_like(steps[0]))
        each = tf.map_fn(lambda row: row / (1.0 + tf.reduce_sum(tf.abs(row))), run)
        acc = each[-1]
        return tf.cond(tf.less(tf.constant(1), tf.constant(2)), lambda: acc + 1.0, lambda: acc)


def data(rng):
    a = rng.randint(1, 9, (6, 5))
    a[:, 3:] = 0
    return [a, rng.uniform(-1, 1, (6, 4)).astype('float32')], rng.uniform(-1, 1, (6, 2)).astype('float32')


def build_model():
    a, b = Input((5,)), Input((4,))
    e = Embedding(9, 3, mask_zero=True)(a)
    s = LSTM(3, return_sequences=True)(e)
    p = SequencePooling(supports_masking=True)(s)
    f = FM()(s)
    q = Scan()(s)
    c = CrossNet(2)(tf.keras.layers.concatenate([p, b]))
    x = tf.keras.layers.concatenate([c, f, q])
    x = Linear(4, activation=tf.nn.elu)(x)
    model = Model([a, b], Dense(2)(x))
    model.compile('adam', 'mse')
    return model
