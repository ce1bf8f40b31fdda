# tf.keras of TensorFlow 2.15: registered objects of every kind, and an optimizer
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, backend as K
from tensorflow.keras.utils import register_keras_serializable


@register_keras_serializable(package='My', name='mish')
def mish(x):
    return x * tf.math.tanh(tf.math.softplus(x))


@keras.utils.register_keras_serializable()
class Shift(keras.initializers.Initializer):
    def __init__(self, by=0.1):
        self.by = by

    def __call__(self, shape, dtype=None, **kwargs):
        return tf.ones(shape, dtype=dtype or tf.float32) * self.by

    def get_config(self):
        return {'by': self.by}


@register_keras_serializable(package='My')
class Soft(tf.keras.regularizers.Regularizer):
    def __init__(self, strength):
        self.strength = strength

    def __call__(self, x):
        return self.strength * tf.reduce_sum(tf.math.softplus(x))

    def get_config(self):
        return {'strength': self.strength}


@register_keras_serializable(package='My')
class Ball(tf.keras.constraints.Constraint):
    def __init__(self, r=1.0):
        self.r = r

    def __call__(self, w):
        return w * tf.minimum(1.0, self.r / (tf.norm(w) + 1e-6))

    def get_config(self):
        return {'r': self.r}


@register_keras_serializable(package='My')
class Tversky(tf.keras.losses.Loss):
    def __init__(self, alpha=0.3, name='tversky', reduction=tf.keras.losses.Reduction.AUTO):
        super().__init__(name=name, reduction=reduction)
        self.alpha = alpha

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, y_pred.dtype)
        tp = tf.reduce_sum(y_true * y_pred, axis=-1)
        fn = tf.reduce_sum(y_true * (1 - y_pred), axis=-1)
        fp = tf.reduce_sum((1 - y_true) * y_pred, axis=-1)
        return 1 - (tp + 1) / (tp + self.alpha * fn + (1 - self.alpha) * fp + 1)

    def get_config(self):
        config = super().get_config()
        config['alpha'] = self.alpha
        return config


@register_keras_serializable(package='My')
class F1(tf.keras.metrics.Metric):
    def __init__(self, name='f1', threshold=0.5, **kwargs):
        super().__init__(name=name, **kwargs)
        self.threshold = threshold
        self.tp = self.add_weight(name='tp', initializer='zeros')
        self.fp = self.add_weight(name='fp', initializer='zeros')
        self.fn = self.add_weight('fn', initializer='zeros')

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = tf.cast(y_pred > self.threshold, tf.float32)
        y_true = tf.cast(y_true, tf.float32)
        self.tp.assign_add(tf.reduce_sum(y_true * y_pred))
        self.fp.assign_add(tf.reduce_sum((1 - y_true) * y_pred))
        self.fn.assign_add(tf.reduce_sum(y_true * (1 - y_pred)))

    def result(self):
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn + K.epsilon())

    def reset_state(self):
        for v in self.variables:
            v.assign(0.)

    def get_config(self):
        return {**super().get_config(), 'threshold': self.threshold}


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, top, steps):
        super().__init__()
        self.top, self.steps = top, steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32)
        return self.top * tf.minimum(1.0, (step + 1) / self.steps)

    def get_config(self):
        return {'top': self.top, 'steps': self.steps}


def data(rng):
    return rng.uniform(-1, 1, (6, 4)).astype('float32'), rng.randint(0, 2, (6, 2)).astype('float32')


FORMATS = ('h5', 'keras')


def build_model():
    model = keras.Sequential([
        layers.Dense(5, activation=mish, kernel_initializer=Shift(0.2), kernel_regularizer=Soft(0.01), input_shape=(4,)),
        layers.Dense(4, activation='My>mish', kernel_constraint=Ball(0.9)),
        layers.Activation(mish),
        layers.Dense(2, activation='sigmoid'),
    ])
    model.compile(keras.optimizers.Adam(WarmUp(0.01, 10)), Tversky(0.4), metrics=[F1(threshold=0.4), 'mse'])
    return model
