"""Saves Lambda functions as models with the Keras of this interpreter, and what predict gave. Python 2.7 and 3.6+.

    python make.py FOLDER (keras | tf.keras) [NAME ... | --all]

Without names: the functions of functions.json that are to stand in FOLDER. Beside each NAME.h5: NAME.golden.npz (in0..,
out0..) and NAME.meta.json. make.sh says which stack makes which folder.
"""
from __future__ import print_function

import json
import os
import sys

import numpy as np
import tensorflow as tf

FOLDER, API, NAMES = sys.argv[1], sys.argv[2], sys.argv[3:]
HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 3
if API == "tf.keras":
    keras = tf.keras
else:
    import keras
K, L, models = keras.backend, keras.layers, keras.models


def text(value):
    """JSON's text as this Python's own kind of text."""
    if isinstance(value, dict):
        return {text(key): text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [text(item) for item in value]
    return value if isinstance(value, (str, int, float, type(None))) else value.encode("utf8")


def function_of(source):
    """The function ``f`` of a source, or the lambda that the source is."""
    space = {"K": K, "tf": tf, "np": np, "keras": keras, "__name__": "strangers"}
    space.update(Flatten=L.Flatten, Reshape=L.Reshape, Permute=L.Permute)
    exec("f = " + source if source.startswith("lambda") else source, space)
    return space["f"]


def inputs_of(case, masked, rng):
    """Input layers, and numbers for them."""
    layers, arrays = [], []
    for wanted in case["inputs"]:
        shape, whole = tuple(wanted["shape"]), "low" in wanted
        layers.append(L.Input(shape=shape, dtype="int32" if whole else "float32"))
        size = (BATCH,) + shape
        array = rng.randint(wanted["low"], wanted["high"], size) if whole else rng.uniform(-1.5, 1.5, size)
        array = array.astype("int32" if whole else "float32")
        if masked:
            array[:, -1] = array[1, 1:] = 0.0
        arrays.append(array)
    return layers, arrays


def one(values):
    return values if len(values) > 1 else values[0]


def make(name, case):
    K.clear_session()
    options = case.get("options", {})
    layers, arrays = inputs_of(case, options.get("masked"), np.random.RandomState(sum(map(ord, name))))
    given = L.Masking()(layers[0]) if options.get("masked") else one(layers)
    made = L.Lambda(function_of(case["source"]), arguments=options.get("arguments", {}), name="own")(given)
    model = models.Model(one(layers), made)
    outputs = model.predict(one(arrays), batch_size=BATCH)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    stem = os.path.join(FOLDER, name)
    model.save(stem + ".h5")
    golden = {"in%d" % i: array for i, array in enumerate(arrays)}
    golden.update({"out%d" % i: np.asarray(array) for i, array in enumerate(outputs)})
    np.savez_compressed(stem + ".golden.npz", **golden)
    meta = {"family": "lambda", "custom_objects": {}, "source": case["source"]}
    meta["random_outputs"] = list(range(len(outputs))) if options.get("random") else []
    with open(stem + ".meta.json", "w") as out:
        json.dump(meta, out, indent=1, sort_keys=True)


def main():
    with open(os.path.join(HERE, "functions.json")) as held:
        cases = text(json.load(held))
    if not os.path.isdir(FOLDER):
        os.makedirs(FOLDER)
    folder = os.path.basename(os.path.normpath(FOLDER))
    names = sorted(cases) if NAMES == ["--all"] else NAMES or [n for n in sorted(cases) if folder in cases[n].get("on", ())]
    for name in names:
        try:
            make(name, cases[name])
            print(folder, name, "made")
        except Exception as error:  # this stack does not have the function
            print(folder, name, type(error).__name__, str(error)[:150])


if __name__ == "__main__":
    main()
