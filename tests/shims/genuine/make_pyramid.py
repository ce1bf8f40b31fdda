"""SpatialPyramidPooling2D of tensorflow-addons 0.15.0 on tf.keras 2.6.

    PYTHONPATH=tensorflow_addons-0.15.0 python make_pyramid.py OUT
"""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

L = tf.keras.layers
x = L.Input((7, 9, 3))
y = tfa.layers.SpatialPyramidPooling2D([1, [2, 3], 4])(L.Conv2D(3, 2)(x))
z = tfa.layers.SpatialPyramidPooling2D([[3, 1]], data_format="channels_first")(x)
model = tf.keras.Model(x, [L.Dense(2)(L.Flatten()(y)), z])
given = np.random.RandomState(0).normal(size=(3, 7, 9, 3)).astype("float32")
outs = model.predict(given)
model.save(sys.argv[1] + "/tfkeras2.6_pyramid.h5")
np.savez_compressed(sys.argv[1] + "/tfkeras2.6_pyramid.golden.npz", in0=given, out0=outs[0], out1=outs[1])
