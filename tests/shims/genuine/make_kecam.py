"""Activations of keras-cv-attention-models 1.4.3 on tf.keras 2.10.

    PYTHONPATH=keras_cv_attention_models-1.4.3 python make_kecam.py OUT
"""

import sys
import types


class Absent(types.ModuleType):  # what the package imports beside TensorFlow, and its layers do not use
    def __getattr__(self, name):
        return Absent(name)

    def __call__(self, *args, **kwargs):
        return self


for absent in ("tqdm", "tqdm.auto", "ftfy", "regex", "PIL", "PIL.Image"):
    sys.modules.setdefault(absent, Absent(absent))

import numpy as np
import tensorflow as tf
from keras_cv_attention_models import common_layers as common

L = tf.keras.layers
x = L.Input((6,))
y = L.Dense(8, activation=common.hard_swish)(x)
y = L.Activation(common.hard_sigmoid_torch)(y)
y = L.Activation(common.phish)(L.Dense(8, activation=common.mish)(y))
model = tf.keras.Model(x, y)
given = 3 * np.random.RandomState(0).normal(size=(5, 6)).astype("float32")
model.save(sys.argv[1] + "/tfkeras2.10_kecam_activations.h5")
np.savez_compressed(sys.argv[1] + "/tfkeras2.10_kecam_activations.golden.npz", in0=given, out0=model.predict(given))
