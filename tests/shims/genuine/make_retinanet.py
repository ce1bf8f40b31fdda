"""Layers of keras-retinanet 0.5.1 and keras-resnet 0.2.0 on Keras 2.3.1, TensorFlow 1.15.

    PYTHONPATH=keras-2.3.1:keras_retinanet-0.5.1:keras_resnet-0.2.0 python make_retinanet.py OUT
"""

import sys
import types

sys.modules["keras_retinanet.utils.compute_overlap"] = types.ModuleType("compute_overlap")  # C, for training only
sys.modules["keras_retinanet.utils.compute_overlap"].compute_overlap = None

import keras
import numpy as np
from keras import layers as L
from keras_resnet.layers import BatchNormalization
from keras_retinanet import initializers
from keras_retinanet.layers import UpsampleLike

OUT = sys.argv[1]


def save(name, make, shape, fed):
    x = L.Input(shape=shape)
    model = keras.models.Model(x, make(x))
    draw = np.random.RandomState(7)
    model.set_weights([w + draw.uniform(0.05, 0.4, w.shape).astype(w.dtype) for w in model.get_weights()])
    given = draw.normal(size=(3,) + fed).astype("float32")
    outs = model.predict(given)
    outs = outs if isinstance(outs, list) else [outs]
    model.save("%s/keras2.3.1_%s.h5" % (OUT, name))
    held = {"out%d" % i: v for i, v in enumerate(outs)}
    np.savez_compressed("%s/keras2.3.1_%s.golden.npz" % (OUT, name), in0=given, **held)


def pyramid(x):
    c3 = L.Activation("relu")(BatchNormalization(freeze=True, epsilon=1e-5, name="bn")(L.Conv2D(2, 2)(x)))
    c4 = L.Conv2D(2, 2, strides=3)(c3)
    c5 = L.Conv2D(2, 1, strides=2, padding="same")(c4)
    p4 = L.Add(name="P4_merged")([UpsampleLike(name="P5_upsampled")([c5, c4]), c4])
    p3 = UpsampleLike(name="P4_upsampled")([p4, c3])
    prior = initializers.PriorProbability(probability=0.01)
    return L.Conv2D(3, 1, bias_initializer=prior, activation="sigmoid")(p3)


save("retinanet", pyramid, (14, 17, 3), (14, 17, 3))
save("retinanet_open", pyramid, (None, None, 3), (13, 16, 3))
