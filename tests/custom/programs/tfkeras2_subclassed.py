# tf.keras of TensorFlow 2.13: models that are Python code, saved as .keras
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


@keras.saving.register_keras_serializable(package='Net')
class Block(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units, activation='relu')
        self.norm = layers.LayerNormalization()

    def call(self, x):
        return self.norm(self.dense(x))

    def get_config(self):
        return {**super().get_config(), 'units': self.units}


@keras.saving.register_keras_serializable(package='Net')
class Classifier(keras.Model):
    def __init__(self, units, classes, **kwargs):
        super().__init__(**kwargs)
        self.units, self.classes = units, classes
        self.blocks = [Block(units), Block(units + 1)]
        self.top = layers.Dense(classes)

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x)
        return self.top(x)

    def get_config(self):
        return {'units': self.units, 'classes': self.classes}


def data(rng):
    return rng.uniform(-1, 1, (6, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


FORMATS = ('keras',)
RANDOMISE = False


def build_model():
    model = Classifier(3, 2)
    model.compile('adam', 'mse')
    return model
