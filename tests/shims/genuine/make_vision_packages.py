"""Layers of packages for images and their activations, run in genuine old stacks.

    PYTHONPATH=keras-2.1.5:keras_spp-1.0 python make_vision_packages.py OUT spp      # TensorFlow 1.8
    PYTHONPATH=keras-2.3.1:echoAI-0.1.3 python make_vision_packages.py OUT echo    # TensorFlow 1.15
"""

import importlib.util
import sys

import keras
import keras.backend as K
import numpy as np
from keras import layers as L

OUT, WANTED = sys.argv[1], sys.argv[2]


def save(name, make, shape, **options):
    K.clear_session()
    K.set_image_data_format("channels_first" if options.get("first") else "channels_last")
    x = L.Input(shape=shape)
    model = keras.models.Model(x, make(x))
    draw = np.random.RandomState(7)
    model.set_weights([w + draw.uniform(0.05, 0.4, w.shape).astype(w.dtype) for w in model.get_weights()])
    given = 3 * draw.normal(size=(3,) + options.get("fed", shape)).astype("float32")
    out = model.predict(given)
    stem = "%s/keras%s_%s" % (OUT, keras.__version__, name)
    model.save(stem + ".h5")
    np.savez_compressed(stem + ".golden.npz", in0=given, out0=out)
    print(name, out.shape, flush=True)


def alone(name, path):
    """A module without the package around it, which imports what no layer needs."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if WANTED == "spp":
    from spp.SpatialPyramidPooling import SpatialPyramidPooling

    save("spp", lambda x: L.Dense(3)(SpatialPyramidPooling([1, 2, 4])(L.Conv2D(2, 2)(x))), (11, 10, 3))
    save("spp_open", lambda x: L.Dense(3)(SpatialPyramidPooling([1, 2, 4])(x)), (None, None, 3), fed=(11, 13, 3))
    save("spp_odd", lambda x: SpatialPyramidPooling([2, 3])(x), (5, 7, 2))
if WANTED == "echo":
    path = next(p for p in sys.path if "echoAI" in p) + "/echoAI/Activation/Keras/custom_activations.py"
    echo = alone("echo_activations", path)
    save("echo", lambda x: echo.Swish(beta=0.7)(L.Conv2D(3, 2)(x)), (5, 4, 2))
    save("echo_more", lambda x: echo.Mila(beta=-0.3)(echo.Eswish(beta=1.5)(x)), (5, 4))
    save("echo_masked", lambda x: L.LSTM(3)(echo.Swish()(L.Masking(0.0)(L.ReLU()(x)))), (6, 1))
