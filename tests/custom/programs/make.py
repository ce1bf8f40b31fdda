"""Makes a genuine file from a program of its time: ``make.py SOURCE FOLDER``, run by the old stack itself.

The program (SOURCE) defines ``build_model()``, which returns a compiled model, and ``data(rng)``, which returns its inputs
and targets. Beside the source's name, in FOLDER:

NAME.h5, NAME.keras, NAME.json + NAME.weights.h5, NAME.yaml   the model after three steps of training (``FORMATS``, default h5)
NAME.golden.npz   in0.., out0.. (what predict gave), y0.., and after0..: what predict gave after one more step
"""
from __future__ import print_function

import os
import sys

import numpy as np


def listed(value):
    if isinstance(value, dict):
        return [np.asarray(value[key]) for key in sorted(value)]
    return [np.asarray(v) for v in value] if isinstance(value, (list, tuple)) else [np.asarray(value)]


def single(arrays):
    return arrays if len(arrays) > 1 else arrays[0]


def save(model, stem, formats):
    for kind in formats:
        if kind in ("json", "yaml"):
            with open(stem + "." + kind, "w") as out:
                out.write(model.to_json() if kind == "json" else model.to_yaml())
            model.save_weights(stem + ".weights.h5", overwrite=True)
        else:
            model.save(stem + "." + kind, overwrite=True)


def randomise(model, rng):
    model.set_weights([
        w + rng.uniform(0.02, 0.4, np.shape(w)).astype(w.dtype) if w.dtype.kind == "f" else w for w in model.get_weights()
    ])


def main(source, folder):
    name = os.path.basename(source)[:-3]
    sys.path.insert(0, os.path.dirname(os.path.abspath(source)))
    program = __import__(name)
    np.random.seed(1)
    rng = np.random.RandomState(7)
    xs, ys = program.data(rng)
    xs, ys = listed(xs), listed(ys)
    model = program.build_model()
    if getattr(program, "RANDOMISE", True):
        randomise(model, rng)
    for _ in range(3):
        model.train_on_batch(single(xs), single(ys))
    golden = {}
    for stem, arrays in (("in", xs), ("y", ys), ("out", listed(model.predict(single(xs), batch_size=len(xs[0]), verbose=0)))):
        golden.update(("%s%d" % (stem, i), array) for i, array in enumerate(arrays))
    save(model, os.path.join(folder, name), getattr(program, "FORMATS", ("h5",)))
    if getattr(program, "STEP", True):
        model.train_on_batch(single(xs), single(ys))
        after = listed(model.predict(single(xs), batch_size=len(xs[0]), verbose=0))
        golden.update(("after%d" % i, array) for i, array in enumerate(after))
    np.savez_compressed(os.path.join(folder, name + ".golden.npz"), **golden)
    print("made", name, [a.shape for a in listed(model.predict(single(xs), batch_size=len(xs[0]), verbose=0))])


main(*sys.argv[1:])
