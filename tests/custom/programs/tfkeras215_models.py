# tf.keras of TensorFlow 2.15: a class of models with a train_step of its own, around a graph
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Gain(layers.Layer):
    def build(self, input_shape):
        self.g = self.add_weight(name='g', shape=(input_shape[-1],), initializer='ones')

    def call(self, x):
        return x * self.g


class CustomModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


def data(rng):
    return rng.uniform(-1, 1, (6, 4)).astype('float32'), rng.uniform(-1, 1, (6, 2)).astype('float32')


FORMATS = ('h5', 'keras')


def build_model():
    i = keras.Input((4,))
    inner = CustomModel(i, Gain()(layers.Dense(3, activation='relu')(i)), name='inner')
    j = keras.Input((4,))
    model = CustomModel(inputs=j, outputs=layers.Dense(2)(inner(j)))
    model.compile('adam', 'mse', metrics=['mae'])
    return model
