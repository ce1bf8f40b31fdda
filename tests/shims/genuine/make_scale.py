"""Scale as it was published first, for Keras 1, retyped.

    KERAS_BACKEND=theano PYTHONPATH=keras-1.2.2 python make_scale.py OUT         # Theano 0.9, Python 2.7
"""

import sys

import numpy as np
from keras import backend as K
from keras import initializations
from keras.engine import InputSpec, Layer
from keras.layers import Dense, Flatten, Input
from keras.models import Model


class Scale(Layer):
    def __init__(self, weights=None, axis=-1, momentum=0.9, beta_init="zero", gamma_init="one", **kwargs):
        self.momentum, self.axis, self.initial_weights = momentum, axis, weights
        self.beta_init, self.gamma_init = initializations.get(beta_init), initializations.get(gamma_init)
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        shape = (int(input_shape[self.axis]),)
        self.gamma = self.gamma_init(shape, name="{}_gamma".format(self.name))
        self.beta = self.beta_init(shape, name="{}_beta".format(self.name))
        self.trainable_weights = [self.gamma, self.beta]

    def call(self, x, mask=None):
        held = self.input_spec[0].shape
        shape = [1] * len(held)
        shape[self.axis] = held[self.axis]
        return K.reshape(self.gamma, shape) * x + K.reshape(self.beta, shape)

    def get_config(self):
        return dict(super(Scale, self).get_config(), momentum=self.momentum, axis=self.axis)


x = Input((3, 4, 5))
model = Model(x, Dense(2)(Flatten()(Scale(axis=1, name="conv1_scale")(x))))
draw = np.random.RandomState(7)
model.set_weights([w + draw.uniform(0.05, 0.4, w.shape).astype(w.dtype) for w in model.get_weights()])
given = draw.normal(size=(3, 3, 4, 5)).astype("float32")
np.savez_compressed(sys.argv[1] + "/keras1.2.2_scale.golden.npz", in0=given, out0=model.predict(given))
model.save(sys.argv[1] + "/keras1.2.2_scale.h5")
