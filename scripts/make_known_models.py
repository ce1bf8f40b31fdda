"""Writes catalog/known_models.json: the layers and weight shapes of the networks that keras_applications offered.

Runs in an old stack (Keras 2.3.1 on TensorFlow 1.15 with keras_applications 1.0.8), where building a model runs no
initialiser: python make_known_models.py OUT.json
"""

import json
import sys

import keras

NAMES = {
    "vgg16": ["VGG16"],
    "vgg19": ["VGG19"],
    "resnet50": ["ResNet50"],
    "resnet_v2": ["ResNet50V2", "ResNet101V2"],
    "inception_v3": ["InceptionV3"],
    "inception_resnet_v2": ["InceptionResNetV2"],
    "xception": ["Xception"],
    "mobilenet": ["MobileNet"],
    "mobilenet_v2": ["MobileNetV2"],
    "densenet": ["DenseNet121", "DenseNet169"],
    "nasnet": ["NASNetMobile"],
}


def shapes(layer):
    return ",".join("x".join(str(int(n)) for n in w.shape) for w in layer.weights)


found = {}
for module, names in sorted(NAMES.items()):
    loaded = __import__("keras_applications." + module, fromlist=names)
    for name in names:
        keras.backend.clear_session()
        kwargs = dict(
            backend=keras.backend, layers=keras.layers, models=keras.models, utils=keras.utils, weights=None, include_top=True
        )
        model = getattr(loaded, name)(**kwargs)
        found[name] = [[layer.name, shapes(layer)] for layer in model.layers if layer.weights]
        print(name, len(found[name]))
json.dump(found, open(sys.argv[1], "w"), separators=(",", ":"), sort_keys=True)
