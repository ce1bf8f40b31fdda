# Keras 2.2, TensorFlow: losses, metrics, activations, initializers, regularizers, constraints, an optimizer of their own
import numpy as np
import keras
from keras import backend as K
from keras.layers import Dense, Input, LSTM, Conv1D, Activation, TimeDistributed, Bidirectional, Flatten
from keras.models import Model, Sequential
from keras.initializers import Initializer
from keras.regularizers import Regularizer
from keras.constraints import Constraint
from keras.optimizers import Optimizer
from keras.utils.generic_utils import get_custom_objects
from keras.legacy import interfaces


def swish(x, beta=1.0):
    return x * K.sigmoid(beta * x)


class Gelu(Activation):
    def __init__(self, activation, **kwargs):
        super(Gelu, self).__init__(activation, **kwargs)
        self.__name__ = 'gelu'


def gelu(x):
    return 0.5 * x * (1 + K.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * K.pow(x, 3))))


get_custom_objects().update({'gelu': Gelu(gelu)})


def dice_coef(y_true, y_pred, smooth=1.):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def dice_coef_loss(y_true, y_pred):
    return 1 - dice_coef(y_true, y_pred)


def focal_loss(gamma=2., alpha=.25):
    def focal_loss_fixed(y_true, y_pred):
        import tensorflow as tf
        pt_1 = tf.where(tf.equal(y_true, 1), y_pred, tf.ones_like(y_pred))
        pt_0 = tf.where(tf.equal(y_true, 0), y_pred, tf.zeros_like(y_pred))
        return -K.mean(alpha * K.pow(1. - pt_1, gamma) * K.log(pt_1 + K.epsilon())) \
               - K.mean((1 - alpha) * K.pow(pt_0, gamma) * K.log(1. - pt_0 + K.epsilon()))
    return focal_loss_fixed


def f1(y_true, y_pred):
    tp = K.sum(K.cast(y_true * y_pred, 'float'), axis=0)
    fp = K.sum(K.cast((1 - y_true) * y_pred, 'float'), axis=0)
    fn = K.sum(K.cast(y_true * (1 - y_pred), 'float'), axis=0)
    p = tp / (tp + fp + K.epsilon())
    r = tp / (tp + fn + K.epsilon())
    return K.mean(2 * p * r / (p + r + K.epsilon()))


def icnr(shape, dtype=None):
    return K.random_uniform(shape, -.3, .3, dtype=dtype)


class ConstantDiagonal(Initializer):
    def __init__(self, value=.5):
        self.value = value

    def __call__(self, shape, dtype=None):
        return K.constant(self.value, shape=shape, dtype=dtype)

    def get_config(self):
        return {'value': self.value}


def l_half(weight_matrix):
    return 0.05 * K.sum(K.sqrt(K.abs(weight_matrix) + 1e-6))


class Orth(Regularizer):
    def __init__(self, c=0.02):
        self.c = K.cast_to_floatx(c)

    def __call__(self, x):
        return self.c * K.sum(K.square(K.dot(K.transpose(x), x) - 1.))

    def get_config(self):
        return {'c': float(self.c)}


class Clip(Constraint):
    def __init__(self, c):
        self.c = c

    def __call__(self, w):
        return K.clip(w, -self.c, self.c)

    def get_config(self):
        return {'c': self.c}


def half(w):
    return w * K.cast(K.less(K.abs(w), 0.6), K.floatx())


class SignSGD(Optimizer):
    """Momentum, and only the sign of it."""

    def __init__(self, lr=0.01, momentum=0.9, **kwargs):
        super(SignSGD, self).__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            self.lr = K.variable(lr, name='lr')
            self.momentum = K.variable(momentum, name='momentum')

    @interfaces.legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        shapes = [K.int_shape(p) for p in params]
        moments = [K.zeros(shape) for shape in shapes]
        self.weights = [self.iterations] + moments
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m + (1 - self.momentum) * g
            self.updates.append(K.update(m, v))
            new_p = p - self.lr * K.sign(v)
            if getattr(p, 'constraint', None) is not None:
                new_p = p.constraint(new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates

    def get_config(self):
        config = {'lr': float(K.get_value(self.lr)), 'momentum': float(K.get_value(self.momentum))}
        base_config = super(SignSGD, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


focal_loss_fixed = focal_loss()


def data(rng):
    y = rng.randint(0, 2, (6, 2)).astype('float32')
    return rng.uniform(-1, 1, (6, 5, 4)).astype('float32'), [y, y]


FORMATS = ('h5', 'json', 'yaml')


def build_model():
    get_custom_objects().update({'swish': swish, 'half': half, 'l_half': l_half, 'icnr': icnr, 'Orth': Orth})
    i = Input((5, 4))
    x = TimeDistributed(Dense(4, activation=swish, kernel_initializer=icnr, kernel_regularizer=Orth(0.3)))(i)
    x = Bidirectional(LSTM(3, return_sequences=True, activation=swish))(x)
    inner = Sequential([Conv1D(3, 2, activation='gelu', kernel_constraint=Clip(0.4), input_shape=(5, 6)),
                        Activation(swish), Activation('gelu')])
    x = Flatten()(inner(x))
    x = Dense(3, activation=swish, kernel_initializer=ConstantDiagonal(0.2), kernel_constraint=half, kernel_regularizer=l_half)(x)
    model = Model(i, [Dense(2, activation='sigmoid', name='a')(x), Dense(2, activation='sigmoid', name='b')(x)])
    model.compile('adam', {'a': dice_coef_loss, 'b': focal_loss()}, metrics={'a': [dice_coef, f1], 'b': f1})
    return model
