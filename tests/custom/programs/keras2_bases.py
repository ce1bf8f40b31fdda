# Keras 2.1, TensorFlow: derived from built-in layers and wrappers
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import (Dense, Conv2D, Input, Wrapper, BatchNormalization, Lambda, Flatten, Layer, InputSpec, Activation,
                          Conv2DTranspose, Dropout, TimeDistributed, Embedding, GlobalAveragePooling2D, SpatialDropout2D)
from keras.models import Model
from keras.utils import conv_utils
from keras.legacy import interfaces


class ConvSN2D(Conv2D):

    def build(self, input_shape):
        if self.data_format == 'channels_first':
            channel_axis = 1
        else:
            channel_axis = -1
        if input_shape[channel_axis] is None:
            raise ValueError('The channel dimension of the inputs should be defined. Found `None`.')
        input_dim = input_shape[channel_axis]
        kernel_shape = self.kernel_size + (input_dim, self.filters)
        self.kernel = self.add_weight(shape=kernel_shape, initializer=self.kernel_initializer, name='kernel',
                                      regularizer=self.kernel_regularizer, constraint=self.kernel_constraint)
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer=self.bias_initializer, name='bias',
                                        regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        else:
            self.bias = None
        self.u = self.add_weight(shape=tuple([1, self.kernel.shape.as_list()[-1]]),
                                 initializer='random_normal', name='sn', trainable=False)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={channel_axis: input_dim})
        self.built = True

    def call(self, inputs, training=None):
        def _l2normalize(v, eps=1e-12):
            return v / (K.sum(v ** 2) ** 0.5 + eps)

        def power_iteration(W, u):
            _u = u
            _v = _l2normalize(K.dot(_u, K.transpose(W)))
            _u = _l2normalize(K.dot(_v, W))
            return _u, _v

        W_shape = self.kernel.shape.as_list()
        W_reshaped = K.reshape(self.kernel, [-1, W_shape[-1]])
        _u, _v = power_iteration(W_reshaped, self.u)
        sigma = K.dot(_v, W_reshaped)
        sigma = K.dot(sigma, K.transpose(_u))
        W_bar = W_reshaped / sigma
        if training in {0, False}:
            W_bar = K.reshape(W_bar, W_shape)
        else:
            with tf.control_dependencies([self.u.assign(_u)]):
                W_bar = K.reshape(W_bar, W_shape)
        outputs = K.conv2d(inputs, W_bar, strides=self.strides, padding=self.padding,
                           data_format=self.data_format, dilation_rate=self.dilation_rate)
        if self.use_bias:
            outputs = K.bias_add(outputs, self.bias, data_format=self.data_format)
        if self.activation is not None:
            return self.activation(outputs)
        return outputs


class MCDropout(Dropout):
    def call(self, inputs, training=None):
        return super(MCDropout, self).call(inputs, training=False)


class BN(BatchNormalization):
    """Batch normalisation that never learns its statistics."""

    def call(self, inputs, training=None):
        return super(self.__class__, self).call(inputs, training=False)


class CosineDense(Dense):
    @interfaces.legacy_dense_support
    def __init__(self, units, scale=10, **kwargs):
        self.scale = scale
        super(CosineDense, self).__init__(units, use_bias=False, **kwargs)

    def call(self, inputs):
        x = K.l2_normalize(inputs, axis=-1)
        w = K.l2_normalize(self.kernel, axis=0)
        return self.activation(self.scale * K.dot(x, w))

    def get_config(self):
        config = super(CosineDense, self).get_config()
        config.pop('use_bias')
        config['scale'] = self.scale
        return config


class Highway(Wrapper):
    """Lets through what its gate says."""

    def __init__(self, layer, gate_bias=-1, **kwargs):
        self.gate_bias = gate_bias
        super(Highway, self).__init__(layer, **kwargs)

    def build(self, input_shape=None):
        assert len(input_shape) in [2, 3]
        self.input_spec = InputSpec(shape=input_shape)
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
        super(Highway, self).build()

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def call(self, inputs):
        g = K.sigmoid(inputs + self.gate_bias)
        return self.layer.call(inputs) * g + (1 - g) * inputs

    def get_config(self):
        config = {'gate_bias': self.gate_bias}
        base_config = super(Highway, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Scale(Lambda):
    def __init__(self, factor=2., **kwargs):
        kwargs.pop('function', None)
        super(Scale, self).__init__(lambda x: x * factor, **{k: v for k, v in kwargs.items() if k in ('name', 'trainable', 'dtype')})
        self.factor = factor

    def get_config(self):
        return {'factor': self.factor, 'name': self.name}


def data(rng):
    return rng.uniform(-1, 1, (4, 6, 6, 2)).astype('float32'), rng.uniform(-1, 1, (4, 2)).astype('float32')


def build_model():
    i = Input((6, 6, 2))
    x = ConvSN2D(3, 3, padding='same', activation='relu')(i)
    x = BN()(x)
    x = MCDropout(0.3)(x)
    x = GlobalAveragePooling2D()(x)
    x = Highway(Dense(3, activation='tanh'), gate_bias=-2)(x)
    x = Scale(3.)(x)
    x = CosineDense(4, scale=2, activation='relu')(x)
    model = Model(i, Dense(2)(x))
    model.compile('sgd', 'mse')
    return model
